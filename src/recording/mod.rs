//! A run as its journal tells it, ready to be asked: what each process wrote and how it ended,
//! what each call came to, what was answered, when.
//!
//! It is a fold of entries, and holds only what may be shown: where a secret was, stands its mask.
//! This room never runs anything, and reads no file.

mod compare;
mod exit;
mod fold;
mod masks;
mod missing;
mod step;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use jiff::Timestamp;

use crate::event::{RunStarted, Status};
use crate::journal::Entry;
use crate::secret::Clean;

pub use crate::event::Stream;
pub use compare::{Comparison, Difference, Verdict, compare};
pub use exit::{Exit, How, Why};
pub use missing::Missing;
pub use step::{Asked, Attempt, Called, Check, Ended, Piece, Step, stream};

/// A run that was recorded.
#[derive(Clone, Debug, PartialEq)]
pub struct Recording {
    /// The head of the run.
    pub head: RunStarted,
    /// When it began.
    pub began: Timestamp,
    /// When its last entry was recorded.
    pub last: Timestamp,
    /// How it ended; `None` where the journal does not say.
    pub end: Option<End>,
    /// The variables of the environment that scripts read before any step had changed them; `None`
    /// where one was not set.
    pub environment: BTreeMap<String, Option<Clean>>,
    steps: Vec<Step>,
    places: HashMap<String, usize>,
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq)]
pub struct End {
    /// How.
    pub status: Status,
    /// The exit status of the program.
    pub exit: u8,
    /// Why it did not pass, in one line.
    pub reason: Option<Clean>,
    /// How long it took.
    pub elapsed: Duration,
}

/// Entries that are no run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unusable {
    /// There are none.
    #[error("there is nothing in it")]
    Empty,
    /// They don't begin with the head of a run.
    #[error("it does not begin with the head of a run")]
    Headless,
}

impl Recording {
    /// The recording of a run's entries, in order.
    ///
    /// # Errors
    /// Where they don't begin with the head of a run.
    pub fn new<'a>(entries: impl IntoIterator<Item = &'a Entry>) -> Result<Self, Unusable> {
        fold::fold(entries)
    }

    /// A step by its id, as in `drain` or `drain[2]`.
    #[must_use]
    pub fn step(&self, id: &str) -> Option<&Step> {
        self.steps.get(*self.places.get(id)?)
    }

    /// What happened in each step, in the order in which they came up.
    pub fn steps(&self) -> impl Iterator<Item = &Step> {
        self.steps.iter()
    }

    /// The same, to be changed: for what would have been.
    pub fn steps_mut(&mut self) -> impl Iterator<Item = &mut Step> {
        self.steps.iter_mut()
    }

    /// The outputs of which only a part is in the journal, in the order in which they were begun;
    /// each with its step. They can be changed: the whole may be elsewhere.
    pub fn partial_mut(&mut self, of: Stream) -> Vec<(String, &mut Vec<Piece>)> {
        let mut partial: Vec<(Timestamp, String, &mut Vec<Piece>)> = Vec::new();
        for step in &mut self.steps {
            let id = &step.id;
            let attempts = step.attempts.iter_mut().map(|attempt| &mut attempt.output);
            let calls = step.calls.iter_mut().map(|call| &mut call.output);
            for output in attempts.chain(calls) {
                let cut = |piece: &&Piece| piece.stream == of && piece.skipped > 0;
                if let Some(at) = output.iter().find(cut).map(|piece| piece.at) {
                    partial.push((at, id.clone(), output));
                }
            }
        }
        partial.sort_by_key(|(at, ..)| *at);
        partial
            .into_iter()
            .map(|(_, id, output)| (id, output))
            .collect()
    }

    /// The masks that stand in it in the place of secrets, as in `«secret:db-pw»`.
    #[must_use]
    pub fn masks(&self) -> std::collections::BTreeSet<String> {
        masks::of(self)
    }

    /// The time between the beginning of the run and a moment of it.
    #[must_use]
    pub fn since(&self, at: Timestamp) -> Duration {
        Duration::try_from(at.duration_since(self.began)).unwrap_or_default()
    }

    /// The line of a step's cell in the document, from 1, where the head names it.
    #[must_use]
    pub fn line(&self, step: &str) -> Option<usize> {
        let cell = cell_of(step);
        self.head
            .steps
            .iter()
            .find(|head| head.id == step || head.id == cell)
            .map(|head| head.line)
    }
}

/// The id of a step without the number of its instance: `drain` of `drain[2]`.
#[must_use]
pub fn cell_of(step: &str) -> &str {
    step.strip_suffix(']')
        .and_then(|step| step.rsplit_once('['))
        .map_or(step, |(cell, _)| cell)
}
