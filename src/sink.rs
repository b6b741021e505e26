//! Anything that consumes a run's entries: a terminal, JSON, `JUnit`, a page.

use std::io;

use crate::journal::Entry;

/// Consumes entries in order.
pub trait Sink: Send {
    /// Takes the next entry.
    ///
    /// # Errors
    /// Where what it writes to is gone; the run goes on without this sink and says so.
    fn receive(&mut self, entry: &Entry) -> io::Result<()>;

    /// Takes the next entry with its line in the journal (no newline at its end).
    ///
    /// Whoever feeds sinks calls this one; only sinks that pass lines on need it.
    ///
    /// # Errors
    /// As [`Self::receive`].
    fn receive_line(&mut self, entry: &Entry, line: &str) -> io::Result<()> {
        let _ = line;
        self.receive(entry)
    }

    /// For now nothing more comes: what is buffered should be shown.
    ///
    /// # Errors
    /// Where what it writes to is gone.
    fn settle(&mut self) -> io::Result<()> {
        Ok(())
    }

    /// Ends: nothing more will come.
    ///
    /// # Errors
    /// Where what it writes to is gone.
    fn finish(&mut self) -> io::Result<()> {
        Ok(())
    }
}
