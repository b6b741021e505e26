//! What a run amounts to: a fold of its entries. Reads records, never runs or prints.
//!
//! Every summary (the terminal's, `show`, `JUnit`) is drawn from a [`Report`], so none of them can
//! disagree with another.

mod by_hand;
mod fold;
mod junit;
mod postmortem;
mod step;
mod tail;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;

use crate::event::{RunStarted, Status};
use crate::journal::Entry;
use crate::secret::Clean;
use crate::sink::Sink;

pub use by_hand::{ByHand, by_hand};
pub use junit::{Case, junit, suite};
pub use postmortem::{Account, postmortem};
pub use step::{Check, State, Step};
pub use tail::Tail;

/// A run, as far as its entries tell.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// The head of the run; `None` before its first entry.
    pub head: Option<RunStarted>,
    /// When it began.
    pub started: Option<Timestamp>,
    /// When its last entry was recorded.
    pub last: Option<Timestamp>,
    /// How it ended; `None` while it runs.
    pub status: Option<Status>,
    /// The exit status of the program, where the journal says.
    pub exit: Option<u8>,
    /// Why it did not pass, in one line.
    pub reason: Option<Clean>,
    /// How long it took; of one that did not come to its end, until its last entry.
    pub elapsed: Option<Duration>,
    /// Whether the journal has the run's end.
    pub finished: bool,
    /// What was noted of the run as a whole, the last ones.
    pub notes: Tail,
    /// When its last part began: a run that was resumed has several.
    part: Option<Timestamp>,
    /// How long the parts before took.
    before: Duration,
    steps: BTreeMap<Place, Step>,
    places: HashMap<String, Place>,
}

/// Where a step stands: the place of its cell in the document, then its number in an `each`.
type Place = (usize, u64);

/// How many steps ended how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// All of them.
    pub steps: usize,
    /// They did what they should.
    pub passed: usize,
    /// They did not.
    pub failed: usize,
    /// They were not allowed to run.
    pub refused: usize,
    /// They were ended from outside.
    pub interrupted: usize,
    /// They were passed over.
    pub skipped: usize,
    /// They are running.
    pub running: usize,
    /// It has not come to them, or never did.
    pub waiting: usize,
    /// Assertions that held.
    pub held: usize,
    /// Assertions that did not.
    pub broken: usize,
}

impl Report {
    /// The report of a whole journal; one without the run's end is of an interrupted run.
    #[must_use]
    pub fn fold(entries: impl IntoIterator<Item = Entry>) -> Self {
        let mut report = Self::default();
        for entry in entries {
            report.apply(&entry);
        }
        report.close();
        report
    }

    /// Its steps in the order of the document, the instances of an `each` by their numbers.
    pub fn steps(&self) -> impl Iterator<Item = &Step> {
        self.steps.iter().filter_map(|(place, step)| {
            // The cell of an `each` stands for its instances until they are there.
            let replaced = step.state == State::Waiting
                && place.1 == 0
                && self
                    .steps
                    .range((place.0, 1)..(place.0 + 1, 0))
                    .next()
                    .is_some();
            (!replaced).then_some(step)
        })
    }

    /// A step by its id, as in `drain` or `drain[2]`.
    #[must_use]
    pub fn step(&self, id: &str) -> Option<&Step> {
        self.steps.get(self.places.get(id)?)
    }

    /// How many steps ended how.
    #[must_use]
    pub fn totals(&self) -> Totals {
        let mut totals = Totals::default();
        for step in self.steps() {
            totals.steps += 1;
            *match step.state {
                State::Waiting => &mut totals.waiting,
                State::Running => &mut totals.running,
                State::Skipped => &mut totals.skipped,
                State::Finished(Status::Passed) => &mut totals.passed,
                State::Finished(Status::Failed) => &mut totals.failed,
                State::Finished(Status::Refused) => &mut totals.refused,
                State::Finished(Status::Interrupted) => &mut totals.interrupted,
            } += 1;
            totals.held += step.held;
            totals.broken += step.broken;
        }
        totals
    }
}

/// A sink that keeps a report up to date; clones share it.
#[derive(Clone, Debug, Default)]
pub struct Collect(Arc<Mutex<Report>>);

impl Collect {
    /// The report as it is now.
    #[must_use]
    pub fn report(&self) -> Report {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

impl Sink for Collect {
    fn receive(&mut self, entry: &Entry) -> io::Result<()> {
        let mut report = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        report.apply(entry);
        Ok(())
    }

    fn finish(&mut self) -> io::Result<()> {
        let mut report = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        report.close();
        Ok(())
    }
}
