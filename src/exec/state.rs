//! What steps leave for the steps that wait for them: exports, directory, notebook.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::sync::Arc;

use crate::credentials::Environment;
use crate::graph::Graph;
use crate::script::Notebook;

/// What a step sees of the steps it waits for, and leaves behind; cheap to clone.
#[derive(Clone)]
pub(super) struct State {
    /// Changes to the environment of the run.
    changes: Arc<BTreeMap<OsString, Change>>,
    /// The directory, and the step that went there.
    directory: Arc<(PathBuf, Option<usize>)>,
    /// Names of scripts.
    pub(super) notebook: Notebook,
}

/// A variable set or removed (`None`) by a step.
#[derive(Clone, PartialEq, Eq)]
struct Change {
    value: Option<OsString>,
    by: usize,
}

/// Two steps that did not wait for each other exported different values of one name.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Conflict {
    pub(super) name: OsString,
    pub(super) lost: usize,
    pub(super) won: usize,
}

impl State {
    /// The state before the first step.
    pub(super) fn new(directory: PathBuf, notebook: Notebook) -> Self {
        Self {
            changes: Arc::default(),
            directory: Arc::new((directory, None)),
            notebook,
        }
    }

    /// Joins what several steps left; of two exports of one name the lower step's wins.
    pub(super) fn join<'a>(
        states: impl IntoIterator<Item = &'a Self>,
        graph: &Graph,
    ) -> Option<(Self, Vec<Conflict>)> {
        let mut states = states.into_iter();
        let mut joined = states.next()?.clone();
        let mut conflicts = Vec::new();
        for state in states {
            joined.notebook.merge(&state.notebook);
            if state.directory.1 > joined.directory.1 {
                joined.directory = Arc::clone(&state.directory);
            }
            if Arc::ptr_eq(&state.changes, &joined.changes) {
                continue;
            }
            for (name, change) in state.changes.iter() {
                let mine = joined.changes.get(name).cloned();
                let lower = mine.as_ref().is_none_or(|mine| mine.by < change.by);
                if let Some(mine) = mine
                    && mine.value != change.value
                {
                    let (lost, won) = (mine.by.min(change.by), mine.by.max(change.by));
                    if !graph.ancestors(won).contains(&lost) {
                        conflicts.push(Conflict {
                            name: name.clone(),
                            lost,
                            won,
                        });
                    }
                }
                if lower {
                    Arc::make_mut(&mut joined.changes).insert(name.clone(), change.clone());
                }
            }
        }
        Some((joined, conflicts))
    }

    /// The directory that a step starts in.
    pub(super) fn directory(&self) -> &PathBuf {
        &self.directory.0
    }

    /// The environment that a step sees: the run's with the changes of earlier steps.
    pub(super) fn environment(&self, base: &Environment) -> Environment {
        let mut environment = base.clone();
        for (name, change) in self.changes.iter() {
            match &change.value {
                Some(value) => environment.set(name.clone(), value.clone()),
                None => {
                    environment.remove(name);
                }
            }
        }
        environment
    }

    /// Takes over what a step left; gives the names whose values it changed.
    pub(super) fn take(
        &mut self,
        step: usize,
        before: &Environment,
        after: &Environment,
    ) -> Vec<(OsString, Option<OsString>)> {
        let mut changed = Vec::new();
        for (name, value) in after.iter() {
            if before.get(name) != Some(value) && !is_the_shells_own(name) {
                changed.push((name.to_owned(), Some(value.to_owned())));
            }
        }
        for (name, _) in before.iter() {
            if after.get(name).is_none() && !is_the_shells_own(name) {
                changed.push((name.to_owned(), None));
            }
        }
        self.put(step, &changed);
        changed
    }

    /// Takes over changes that a step made to the environment before.
    pub(super) fn put(&mut self, step: usize, changed: &[(OsString, Option<OsString>)]) {
        if changed.is_empty() {
            return;
        }
        let changes = Arc::make_mut(&mut self.changes);
        for (name, value) in changed {
            changes.insert(
                name.clone(),
                Change {
                    value: value.clone(),
                    by: step,
                },
            );
        }
    }

    /// Goes to another directory.
    pub(super) fn go(&mut self, step: usize, directory: PathBuf) {
        self.directory = Arc::new((directory, Some(step)));
    }
}

/// Variables that a shell keeps for itself: they say where it is, not what the cell exported.
fn is_the_shells_own(name: &OsStr) -> bool {
    matches!(
        name.to_str(),
        Some("_" | "SHLVL" | "PWD" | "OLDPWD" | "SHELLOPTS" | "BASHOPTS")
    ) || name
        .to_str()
        .is_some_and(|name| name.starts_with("RUNBOOK_VALUE_"))
}
