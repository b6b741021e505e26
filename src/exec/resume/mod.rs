//! Goes on with a run that had stopped: what stays as it was, what runs again, and why.
//!
//! [`History`] is what the journal says of each step. [`Earlier`] judges it by the page as it is
//! now. What passed steps left for others is made again from the journal, never by running them.

mod history;
mod judge;
mod reasons;
mod remembered;
mod restore;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use crate::document::Effect;
use crate::event::Resumes;
use crate::graph::StepKind;
use crate::plan::{Plan, Selected};

pub use self::history::History;
use self::judge::Fate;
pub(super) use self::restore::{Restored, instance, restored};

/// What the operator decides of steps.
#[derive(Clone, Debug, Default)]
pub struct Choices {
    /// Steps to run again, each with who says so.
    pub again: BTreeMap<String, String>,
    /// Steps that had begun and are done, each with who says so.
    pub done: BTreeMap<String, String>,
}

/// A step that had begun and not ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interrupted {
    /// Its id.
    pub step: String,
    /// When its last attempt began.
    pub at: Option<jiff::Timestamp>,
    /// Whether it may run again without a word: it only looks, or says that it is `idempotent`.
    pub may_run_again: bool,
    /// Whether it can't be taken as done, for it gives names to others.
    pub gives_names: bool,
}

/// What was done before a run had stopped, judged by the page as it is now.
#[derive(Clone, Debug)]
pub struct Earlier {
    /// What is said before anything runs, and kept in the journal.
    pub resumes: Resumes,
    history: History,
    fates: Vec<Fate>,
    /// For each step whether its names are used by what will run.
    needed: Vec<bool>,
    /// Instances of steps that stay as they ended.
    instances: BTreeSet<String>,
}

impl History {
    /// The steps that had begun and not ended, in the order of the document.
    #[must_use]
    pub fn interrupted(&self, plan: &Plan) -> Vec<Interrupted> {
        let graph = &plan.graph;
        let mut found = Vec::new();
        for (index, step) in graph.steps.iter().enumerate() {
            if plan.selected[index] == Selected::No {
                continue;
            }
            let id = step.id.to_string();
            let may_run_again = step.idempotent
                || graph.effect(index) == Effect::Read
                || matches!(step.kind, StepKind::Manual | StepKind::Branch);
            let own = self.steps.get_key_value(&id).into_iter();
            for (name, past) in own.chain(self.instances(&id)) {
                if past.is_interrupted() {
                    found.push(Interrupted {
                        step: name.clone(),
                        at: past.at,
                        may_run_again,
                        gives_names: !step.defines.is_empty(),
                    });
                }
            }
        }
        found
    }

    /// Whether an attempt at a step had begun.
    #[must_use]
    pub fn has_begun(&self, step: &str) -> bool {
        self.steps.get(step).is_some_and(|past| past.begun)
    }
}

impl Earlier {
    /// Whether a step stays as it ended.
    pub(super) fn keeps(&self, index: usize) -> bool {
        self.fates.get(index) == Some(&Fate::Kept)
    }

    /// Whether nothing is left to run: every step stays as it ended.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.history.ended && !self.fates.iter().any(Fate::runs)
    }
}
