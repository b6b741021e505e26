//! What a report says of one step.

use std::collections::VecDeque;
use std::time::Duration;

use jiff::Timestamp;

use super::Tail;
use crate::event::{Part, Status, StepHead};
use crate::secret::Clean;

/// How far a step is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum State {
    /// It has not come to it, or never did.
    #[default]
    Waiting,
    /// It runs.
    Running,
    /// It ended.
    Finished(Status),
    /// It was passed over.
    Skipped,
}

impl State {
    /// A word for it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Running => "running",
            Self::Finished(status) => status.word(),
            Self::Skipped => "skipped",
        }
    }
}

/// A step, as far as the entries tell.
#[derive(Clone, Debug, Default)]
pub struct Step {
    /// Its id, as in `drain` or `drain[2]`.
    pub id: String,
    /// Its title.
    pub title: Clean,
    /// The section it stands in.
    pub section: Option<Clean>,
    /// What it is: a shell's name, `rhai`, `manual`, …
    pub kind: String,
    /// Its line in the document, from 1; 0 where the head of the run does not name it.
    pub line: usize,
    /// The ids of the steps it waits for.
    pub needs: Vec<String>,
    /// Whether its shell goes on after a failing command.
    pub goes_on: bool,
    /// What it does to the world, where the journal tells.
    pub effect: Option<String>,
    /// How far it is.
    pub state: State,
    /// The number of its last attempt; 0 before the first.
    pub attempts: u32,
    /// What its last attempt ran.
    pub command: Option<Clean>,
    /// Where it ran, where a process did.
    pub directory: Option<Clean>,
    /// When its first attempt began.
    pub started: Option<Timestamp>,
    /// How long it took, all attempts and waits.
    pub elapsed: Option<Duration>,
    /// The exit status of its process.
    pub code: Option<i32>,
    /// Why it did not pass, or was skipped, in one line.
    pub reason: Option<Clean>,
    /// Where it failed, for people.
    pub detail: Option<Clean>,
    /// How many of its assertions held.
    pub held: usize,
    /// How many did not.
    pub broken: usize,
    /// Its last assertions, whether they held or not.
    pub checks: VecDeque<Check>,
    /// The end of its standard output.
    pub stdout: Tail,
    /// The end of its standard error.
    pub stderr: Tail,
    /// What was noted of it.
    pub notes: Tail,
}

/// An assertion that was checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// Its line in the document, from 1.
    pub line: usize,
    /// Its column, from 1.
    pub column: usize,
    /// The expression as written.
    pub expression: Clean,
    /// Whether it held.
    pub held: bool,
    /// The message given with it.
    pub message: Option<Clean>,
    /// Where it did not hold: each part of the expression and its value.
    pub parts: Vec<Part>,
}

impl From<StepHead> for Step {
    fn from(head: StepHead) -> Self {
        Self {
            id: head.id,
            title: head.title,
            section: head.section,
            kind: head.kind,
            line: head.line,
            needs: head.needs,
            goes_on: head.goes_on,
            effect: head.effect,
            ..Self::default()
        }
    }
}
