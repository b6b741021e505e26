//! How a runbook stands as a whole: by its last run, and by when each of its steps last passed.
//!
//! A run may be of a few steps only, and then says nothing of the others.

use jiff::Timestamp;

use super::history::{History, Past};
use super::standing::Standing;
use crate::event::Status;
use crate::graph::{Graph, StepKind};

/// How a runbook stands.
#[derive(Clone, Debug)]
pub(super) struct Verdict {
    pub(super) standing: Standing,
    /// How many of its steps passed too long ago.
    pub(super) stale: usize,
    /// How many of its steps did not pass when they last ran, in a run before the last one.
    broken: usize,
    /// The moment from which its age counts: when the step passed that passed longest ago.
    pub(super) since: Option<Timestamp>,
    /// Whether the last run itself is too old.
    old: bool,
}

impl Verdict {
    pub(super) fn of(graph: &Graph, history: &History, now: Timestamp) -> Self {
        let standing = match (history.last(), history.rehearsed()) {
            (Some(past), _) | (None, Some(past)) => past.standing(),
            (None, None) if history.runs.is_empty() => Standing::Never,
            (None, None) => Standing::Unproven,
        };
        let mut verdict = Self {
            standing,
            stale: 0,
            broken: 0,
            since: history.last().and_then(|past| past.started()),
            old: false,
        };
        if history.last().is_some() {
            let seen = verdict.look(graph, history, now);
            // Of one that did not pass its steps say no more.
            if standing == Standing::Passed {
                verdict.standing = seen;
            }
        }
        verdict
    }

    /// Looks at the steps: how a runbook stands whose last run passed.
    fn look(&mut self, graph: &Graph, history: &History, now: Timestamp) -> Standing {
        self.old = Standing::Passed.aged(self.since, now) == Standing::Stale;
        let mut never = false;
        for step in &graph.steps {
            if matches!(step.kind, StepKind::Value) {
                continue;
            }
            let verified = history.step(step.id.as_str(), now);
            match verified.standing {
                Standing::Never => never |= !matches!(step.kind, StepKind::Branch),
                Standing::Stale => self.stale += 1,
                Standing::Passed | Standing::Skipped => {}
                // What a run allowed, or handled, is no failure of the runbook.
                _ if verified.last.as_ref().is_some_and(|(_, past)| passed(past)) => {}
                // The last run says so itself.
                _ if !history.last().is_some_and(|past| passed(past)) => {}
                _ => self.broken += 1,
            }
            let at = verified.passed.as_ref().and_then(|past| past.started());
            self.since = self.since.min(at.or(self.since));
        }
        if self.broken > 0 {
            Standing::Failed
        } else if self.old || self.stale > 0 {
            Standing::Stale
        } else if never {
            Standing::Partly
        } else {
            Standing::Passed
        }
    }

    /// What it says to somebody who would rely on the runbook.
    pub(super) const fn phrase(&self) -> &'static str {
        match self.standing {
            Standing::Passed => "Holds",
            Standing::Partly => "Holds in part: some steps never ran",
            Standing::Stale if self.old => "Stale: it passed more than 90 days ago",
            Standing::Stale => "Stale: parts of it passed more than 90 days ago",
            Standing::Rehearsed => "Never run for real; passed on a recording",
            Standing::Misplayed => "Never run for real; failed on a recording",
            Standing::Failed if self.broken > 0 => "Does not hold: a step failed when it last ran",
            Standing::Failed => "Failed the last time",
            Standing::Refused => "Was refused the last time",
            Standing::Interrupted => "Was interrupted the last time",
            Standing::Unfinished => "Unfinished: its last run has no end yet",
            Standing::Unproven => "Not verified: the journal of its run is not as it was written",
            _ => "Never run",
        }
    }
}

fn passed(past: &Past) -> bool {
    past.status() == Some(Status::Passed)
}
