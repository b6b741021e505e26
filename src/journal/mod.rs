//! The append-only file of a run's entries.
//!
//! An entry is an event with its number, its time and the hash of the line before. This room
//! writes, reads and verifies journals and finds runs; it never decides what happens in a run.

mod entry;
mod recorder;
mod store;

pub use entry::{Entry, Malformed};
pub use recorder::{Error, Recorder};
pub use store::{Run, Store};
