//! What happened in one step.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;

use crate::event::{Part, Status, Stream};
use crate::secret::{Clean, CleanValue};

use super::exit::Exit;

/// A step of a recorded run, or one instance of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Step {
    /// Its id, as in `drain` or `drain[2]`.
    pub id: String,
    /// Its attempts, the first one first.
    pub attempts: Vec<Attempt>,
    /// What its scripts called, conditions included, in order.
    pub calls: Vec<Called>,
    /// What it asked, in order.
    pub questions: Vec<Asked>,
    /// The assertions that were checked, in order.
    pub checks: Vec<Check>,
    /// What its shell exported; `None` for what it took away.
    pub environment: BTreeMap<String, Option<Clean>>,
    /// Where its shell ended, if it went away from where it began.
    pub directory: Option<Clean>,
    /// The variables that its scripts read, in order.
    pub reads: Vec<(String, Option<Clean>)>,
    /// The times of day that its scripts read, in order.
    pub clock: Vec<Timestamp>,
    /// What was noted of it.
    pub notes: Vec<Clean>,
    /// How it ended; `None` where it did not run, or not to its end.
    pub end: Option<Ended>,
    /// Whether it was a service that had been ready when it failed.
    pub fell: bool,
    /// Why it was passed over, if it was.
    pub skipped: Option<Clean>,
}

/// One attempt at a step.
#[derive(Clone, Debug, PartialEq)]
pub struct Attempt {
    /// 1 for the first.
    pub number: u32,
    /// When it began.
    pub at: Timestamp,
    /// What it ran, with its values in place; empty for manual steps.
    pub command: Option<Clean>,
    /// Where; empty for what starts no process.
    pub directory: Option<Clean>,
    /// What its process wrote, in order.
    pub output: Vec<Piece>,
    /// Of a transcript: how many bytes each of its commands printed.
    pub parts: Vec<usize>,
    /// How its process ended; `None` for what starts no process, and for a service that ran as
    /// long as the run.
    pub exit: Option<Exit>,
}

/// A piece of output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// When it was recorded.
    pub at: Timestamp,
    /// Which stream it came on.
    pub stream: Stream,
    /// How many bytes of the stream are left out before it.
    pub skipped: u64,
    /// The bytes, line ends included.
    pub bytes: Vec<u8>,
}

/// A call of a script to the outside.
#[derive(Clone, Debug, PartialEq)]
pub struct Called {
    /// Its number, as the journal has it; conditions count for themselves.
    pub number: u32,
    /// The function, as in `run` or `k8s::get`.
    pub function: String,
    /// Its arguments, for people.
    pub request: Clean,
    /// When it was made.
    pub at: Timestamp,
    /// What its process wrote into the record.
    pub output: Vec<Piece>,
    /// What came back; `None` where the step was ended before.
    pub outcome: Option<CleanValue>,
    /// When that came.
    pub ended: Option<Timestamp>,
}

/// A question to the operator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// The question.
    pub question: Clean,
    /// When it was put.
    pub at: Timestamp,
    /// The answer, if there was one, who gave it, and when.
    pub answer: Option<(Clean, String, Timestamp)>,
}

/// An assertion that was checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// Its line in the document, from 1.
    pub line: usize,
    /// The expression as written.
    pub expression: Clean,
    /// Whether it held.
    pub held: bool,
    /// The message given with it.
    pub message: Option<Clean>,
    /// Where it did not hold: each part of the expression and its value.
    pub parts: Vec<Part>,
}

/// How a step ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// How.
    pub status: Status,
    /// Why it did not pass.
    pub reason: Option<Clean>,
    /// The exit status of its process.
    pub code: Option<i32>,
    /// The number of its last attempt; 0 where it was refused before the first.
    pub attempts: u32,
    /// How long it took.
    pub elapsed: Duration,
    /// When.
    pub at: Timestamp,
}

impl Step {
    /// When the first thing of it was recorded, where something was.
    #[must_use]
    pub fn began(&self) -> Option<Timestamp> {
        let attempts = self.attempts.first().map(|attempt| attempt.at);
        let calls = self.calls.first().map(|call| call.at);
        let questions = self.questions.first().map(|asked| asked.at);
        [attempts, calls, questions].into_iter().flatten().min()
    }

    /// How it ended in a word: a status, `skipped`, or `unfinished`.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match (&self.end, &self.skipped) {
            (Some(end), _) => end.status.word(),
            (None, Some(_)) => "skipped",
            (None, None) => "unfinished",
        }
    }
}

/// All bytes of one stream.
#[must_use]
pub fn stream(pieces: &[Piece], stream: Stream) -> Vec<u8> {
    pieces
        .iter()
        .filter(|piece| piece.stream == stream)
        .flat_map(|piece| piece.bytes.iter().copied())
        .collect()
}
