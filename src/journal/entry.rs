//! One line of a journal.

use jiff::Timestamp;

use crate::event::Event;

/// An event with its place in the journal.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The vocabulary's version, `major.minor`.
    pub v: String,
    /// Its number, from 1.
    pub seq: u64,
    /// When it was recorded, UTC.
    pub at: Timestamp,
    /// The SHA-256 of the line before without its newline, in hex; 64 zeros for the first.
    pub prev: String,
    /// What happened.
    pub event: Event,
}

/// A line that is no entry.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct Malformed {
    /// Why.
    pub reason: String,
}
