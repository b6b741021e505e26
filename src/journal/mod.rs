//! The append-only file of a run's entries.
//!
//! An entry is an event with its number, its time and the hash of the line before. This room
//! writes, reads and verifies journals and finds runs; it never decides what happens in a run.

mod append;
mod chain;
mod entry;
mod lines;
mod lock;
mod memory;
mod outputs;
mod portable;
mod reader;
mod recorder;
mod stopped;
mod store;
#[cfg(test)]
mod tests;
mod verify;
mod writer;

pub use append::{Appended, Unappended, append};
pub use entry::{Entry, Malformed, digest};
pub use lines::Lines;
pub use lock::{Lock, Locked};
pub use outputs::{How, Outputs, Spoiled, Sum, Summed, output, outputs};
pub use portable::export;
pub use reader::{ReadError, Reader};
pub use recorder::{Error, Recorder};
pub use stopped::{NotStopped, Stopped};
pub use store::{NotFound, Run, Store, short};
pub use verify::{Broken, Flaw, Verified, verify};
