//! A sink that writes the journal's own lines, for `--format json`.

use std::io::{self, Write};

use super::Entry;
use crate::sink::Sink;

/// Writes one entry per line.
#[derive(Debug)]
pub struct Lines<W> {
    to: W,
    buffer: Vec<u8>,
}

impl<W: Write> Lines<W> {
    /// Writes to `to`.
    pub const fn new(to: W) -> Self {
        Self {
            to,
            buffer: Vec::new(),
        }
    }
}

impl<W: Write + Send> Sink for Lines<W> {
    fn receive(&mut self, entry: &Entry) -> io::Result<()> {
        self.receive_line(entry, &entry.to_line())
    }

    fn receive_line(&mut self, _entry: &Entry, line: &str) -> io::Result<()> {
        self.buffer.clear();
        self.buffer.extend_from_slice(line.as_bytes());
        self.buffer.push(b'\n');
        self.to.write_all(&self.buffer)
    }

    fn settle(&mut self) -> io::Result<()> {
        self.to.flush()
    }

    fn finish(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}
