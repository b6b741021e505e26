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

    /// Ends: nothing more will come.
    ///
    /// # Errors
    /// Where what it writes to is gone.
    fn finish(&mut self) -> io::Result<()> {
        Ok(())
    }
}
