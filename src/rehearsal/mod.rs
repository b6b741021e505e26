//! Goes through a page against a recording: what would have happened.
//!
//! Steps run by the same code as in a real run, in a world that has nothing but the recording, and
//! with a journal in memory. The same page and recording give the same entries, byte for byte.

mod inputs;
pub mod mutation;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::credentials::{Environment, Guards, Identity};
use crate::event::Status;
use crate::exec::{self, About, Interrupt, Settings};
use crate::graph::Graph;
use crate::journal::{Entry, Recorder};
use crate::plan::{Given, Plan, Selection, Unready};
use crate::recording::{self, Comparison, Missing, Recording};
use crate::secret::Redactor;
use crate::world::World;
use crate::world::recorded::{Fit, Recorded};

pub use inputs::given;

/// How a page is gone through.
#[derive(Clone, Debug, Default)]
pub struct Terms {
    /// Values of inputs that take the place of the recorded ones.
    pub inputs: Vec<Given>,
    /// What must be so before each step that changes something.
    pub guards: Guards,
    /// How strictly answers must fit.
    pub fit: Fit,
}

/// What came of it.
#[derive(Clone, Debug)]
pub struct Rehearsed {
    /// How the run ended.
    pub status: Status,
    /// Its entries.
    pub entries: Vec<Entry>,
    /// The same as a recording.
    pub recording: Recording,
    /// How it stands to the recorded run.
    pub comparison: Comparison,
    /// What the recording could not answer.
    pub missing: Vec<Missing>,
    /// The recorded ids of steps that have another one now.
    pub matched: BTreeMap<String, String>,
}

/// Why a page can't be gone through.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Its inputs don't fit the recorded ones.
    #[error("the inputs of the recording don't fit")]
    Unready(Unready),
    /// The run could not be kept going.
    #[error(transparent)]
    Broken(#[from] exec::Error),
    /// What came of it is no run.
    #[error(transparent)]
    Unusable(#[from] recording::Unusable),
}

/// Goes through a page against a recording.
///
/// # Errors
/// Where an input has no value, or there is no room for the run's scripts.
pub async fn rehearse(
    graph: Arc<Graph>,
    recording: Arc<Recording>,
    terms: &Terms,
) -> Result<Rehearsed, Error> {
    let plan = plan(&graph, &recording, &terms.inputs).map_err(Error::Unready)?;
    let redactor = redactor(&recording);
    plan.learn_defaults(&redactor);
    let world = Arc::new(Recorded::new(Arc::clone(&recording), terms.fit));
    let clock = Arc::clone(&world);
    let recorder = Recorder::in_memory(move || clock.now());
    let ended = exec::run(
        Arc::new(plan),
        Arc::clone(&world) as Arc<dyn World>,
        recorder.clone(),
        redactor,
        settings(&recording, terms.guards.clone()),
        Interrupt::default(),
    )
    .await?;
    let entries = recorder.take();
    let now = Recording::new(&entries)?;
    let matched = world.matched();
    Ok(Rehearsed {
        status: ended.status,
        comparison: recording::compare(&recording, &now, &matched),
        recording: now,
        entries,
        missing: world.missing(),
        matched,
    })
}

/// The plan of a page for a recording: its inputs, and the steps that the recorded run was
/// restricted to.
///
/// # Errors
/// As [`Plan::new`].
pub fn plan(graph: &Arc<Graph>, recording: &Recording, more: &[Given]) -> Result<Plan, Unready> {
    let given = given(&graph.document, recording, more);
    Plan::new(Arc::clone(graph), &given, &selection(graph, recording))
}

/// A redactor for which the masks of a recording are the secrets that they stand for.
#[must_use]
pub fn redactor(recording: &Recording) -> Redactor {
    let redactor = Redactor::default();
    for mask in recording.masks() {
        redactor.recall(&mask);
    }
    redactor
}

/// The environment that scripts read in a recording.
#[must_use]
pub fn environment(recording: &Recording) -> Environment {
    let read = recording.environment.iter();
    read.filter_map(|(name, value)| Some((name.into(), value.as_ref()?.as_str().into())))
        .collect()
}

/// Who the recorded run's credentials were.
#[must_use]
pub fn identity(recording: &Recording) -> Option<Identity> {
    recording.head.identity.as_ref().map(|identity| Identity {
        account: identity.account.to_string(),
        arn: identity.arn.to_string(),
        // No journal keeps it.
        user_id: String::new(),
        source: identity.source.to_string(),
        key: identity.key.clone(),
        expires: identity.expires,
    })
}

/// The guards of a page without those that a recording has nothing to say to.
#[must_use]
pub fn answerable(mut guards: Guards, recording: &Recording) -> Guards {
    guards.regions.clear();
    if recording.head.identity.is_none() {
        guards.accounts.clear();
    }
    if recording.head.context.is_none() {
        guards.contexts.clear();
    }
    guards
}

/// How a page is run against a recording: as the recorded run was, and one step at a time.
#[must_use]
pub fn settings(recording: &Recording, guards: Guards) -> Settings {
    let head = &recording.head;
    Settings {
        run: head.run.clone(),
        operator: head.operator.clone(),
        target: head.target.clone(),
        // One at a time, so that the order is always the same.
        jobs: 1,
        keep_going: head.keep_going,
        attended: head.attended,
        environment: environment(recording),
        removed: head.removed.clone(),
        directory: directory(recording),
        // Nothing can be made in there: long output is not kept a second time.
        folder: PathBuf::from("/dev/null/none"),
        grace: Duration::ZERO,
        guards: answerable(guards, recording),
        identity: identity(recording),
        context: head.context.as_ref().map(ToString::to_string),
        notes: Vec::new(),
        recording: head.recording.as_ref().map(ToString::to_string),
        about: About {
            tools: head.tools.clone(),
            selection: head.selection.clone(),
            ..About::default()
        },
    }
}

/// Where the recorded run began.
#[must_use]
pub fn directory(recording: &Recording) -> PathBuf {
    let of_a_step = || {
        let mut attempts = recording.steps().flat_map(|step| &step.attempts);
        attempts.find_map(|attempt| attempt.directory.as_ref())
    };
    let directory = recording.head.directory.as_ref().or_else(of_a_step);
    directory.map_or_else(|| PathBuf::from("/"), |path| PathBuf::from(path.as_str()))
}

/// The steps that a recorded run was restricted to, as far as the page still has them.
fn selection(graph: &Graph, recording: &Recording) -> Selection {
    let Some(selection) = &recording.head.selection else {
        return Selection::default();
    };
    let is_there = |id: &&String| {
        graph
            .steps
            .iter()
            .any(|step| step.id.as_str() == id.as_str())
    };
    Selection {
        steps: selection.steps.iter().filter(is_there).cloned().collect(),
        from: selection.from.as_ref().filter(is_there).cloned(),
        until: selection.until.as_ref().filter(is_there).cloned(),
    }
}
