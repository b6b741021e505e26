//! Stamps events, chains them, writes the journal and feeds the sinks; owns all of these.

use jiff::Timestamp;

use crate::event::Event;
use crate::sink::Sink;

/// The way into a run's journal and sinks; clones lead to the same one.
///
/// One thread owns the sequence, the file and the sinks, so that all of them see one order.
#[derive(Clone, Debug)]
pub struct Recorder {}

/// The journal can't be kept.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// A file or folder of it can't be made, written or synced.
    #[error("the journal `{path}` can't be written: {reason}")]
    Write {
        /// The path.
        path: String,
        /// What the system said.
        reason: String,
    },
}

impl Recorder {
    /// Starts a journal in a new run's folder; `clock` stamps the entries.
    ///
    /// # Errors
    /// Where the folder or the file can't be made.
    pub fn start(
        folder: &std::path::Path,
        sinks: Vec<Box<dyn Sink>>,
        clock: impl Fn() -> Timestamp + Send + 'static,
    ) -> Result<Self, Error> {
        let _ = (folder, sinks, clock);
        Ok(Self {})
    }

    /// Records an event in order, without waiting for the disk.
    ///
    /// A full queue (a slow disk under much output) makes the caller wait.
    pub async fn record(&self, event: Event) {
        let _ = event;
    }

    /// Records an event and waits until it and all before it are on disk.
    ///
    /// # Errors
    /// Where the journal can't be written: then nothing may be started.
    pub async fn commit(&self, events: Vec<Event>) -> Result<(), Error> {
        let _ = events;
        Ok(())
    }

    /// Ends: syncs the journal, ends the sinks, and tells what went wrong with either.
    ///
    /// # Errors
    /// Where the journal could not be kept whole.
    pub async fn finish(self) -> Result<(), Error> {
        Ok(())
    }
}
