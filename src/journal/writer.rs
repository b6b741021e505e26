//! The thread that stamps events, chains them, writes the journal and feeds the sinks.

use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::MetadataExt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;

use jiff::Timestamp;
use tokio::sync::{mpsc, oneshot};

use super::entry::{self, Entry};
use super::recorder::Error;
use super::verify::Seal;
use crate::event::Event;
use crate::sink::Sink;

/// One `write` takes about so many bytes at most.
const BATCH: usize = 1024 * 1024;

/// When events came; `None`: when they are written.
type At = Option<Timestamp>;

/// What comes through the queue.
pub(super) enum Message {
    Record(Event, At),
    Commit(Vec<Event>, At, oneshot::Sender<Result<(), Error>>),
    Finish(oneshot::Sender<Result<Vec<String>, Error>>),
}

pub(super) struct Writer {
    file: File,
    path: PathBuf,
    clock: Box<dyn Fn() -> Timestamp + Send>,
    sinks: Vec<Box<dyn Sink>>,
    /// Of sinks that failed.
    notes: Vec<String>,
    /// The number of the last entry.
    seq: u64,
    /// The digest of the last line.
    prev: String,
    /// How many bytes of whole lines the file has.
    length: u64,
    /// Whether all of it is on disk.
    is_synced: bool,
    failed: Option<Error>,
    batch: Batch,
}

/// Where a journal's file ends.
pub(super) struct End {
    /// The number of the last entry.
    pub(super) seq: u64,
    /// The digest of its line.
    pub(super) prev: String,
    /// How many bytes there are.
    pub(super) length: u64,
}

impl End {
    /// That of an empty file.
    pub(super) fn empty() -> Self {
        Self {
            seq: 0,
            prev: entry::FIRST.to_owned(),
            length: 0,
        }
    }
}

/// What goes to the file in one `write`, and on to the sinks.
#[derive(Default)]
struct Batch {
    text: Vec<u8>,
    /// Each entry with the end of its line in `text`, the newline not counted.
    entries: Vec<(Entry, usize)>,
    waiting: Vec<oneshot::Sender<Result<(), Error>>>,
}

impl Writer {
    pub(super) fn new(
        file: File,
        path: PathBuf,
        sinks: Vec<Box<dyn Sink>>,
        clock: Box<dyn Fn() -> Timestamp + Send>,
        end: End,
    ) -> Self {
        Self {
            file,
            path,
            clock,
            sinks,
            notes: Vec::new(),
            seq: end.seq,
            prev: end.prev,
            length: end.length,
            is_synced: false,
            failed: None,
            batch: Batch::default(),
        }
    }

    /// Takes messages until the run ends or nobody is left to send any.
    pub(super) fn run(mut self, mut messages: mpsc::Receiver<Message>) {
        while let Some(message) = messages.blocking_recv() {
            let mut next = Some(message);
            while let Some(message) = next {
                match message {
                    Message::Record(event, at) => self.stamp(event, at),
                    Message::Commit(events, at, done) => {
                        for event in events {
                            self.stamp(event, at);
                        }
                        self.batch.waiting.push(done);
                    }
                    Message::Finish(done) => {
                        self.write();
                        let result = self.end();
                        // The sinks must be gone before the caller goes on.
                        drop(self);
                        let _ = done.send(result);
                        return;
                    }
                }
                next = if self.batch.text.len() < BATCH {
                    messages.try_recv().ok()
                } else {
                    None
                };
            }
            self.write();
            if messages.is_empty() {
                self.each_sink(|sink| sink.settle());
            }
        }
        self.write();
        // All clones are gone without a word: a crash of the caller, whose notes nobody reads.
        let _ = self.end();
    }

    /// Makes an entry of an event and puts its line into the batch.
    fn stamp(&mut self, event: Event, at: At) {
        if self.failed.is_some() {
            return;
        }
        self.seq += 1;
        let prev = std::mem::take(&mut self.prev);
        let at = at.unwrap_or_else(&self.clock);
        let entry = Entry::new(self.seq, at, prev, event);
        let start = self.batch.text.len();
        entry.write_line(&mut self.batch.text);
        let end = self.batch.text.len();
        self.prev = entry::digest(&self.batch.text[start..end]);
        self.batch.text.push(b'\n');
        self.batch.entries.push((entry, end));
    }

    /// Brings the batch to the file, tells those who wait for it, then feeds the sinks.
    fn write(&mut self) {
        let mut batch = std::mem::take(&mut self.batch);
        let before = self.length;
        if self.failed.is_none()
            && let Err(error) = self.append(&batch.text, !batch.waiting.is_empty())
        {
            self.failed = Some(Error::write(&self.path, &error));
            // No half line stays behind where it can be helped.
            let _ = self.file.set_len(before);
        }
        let result = self.failed.clone().map_or(Ok(()), Err);
        for done in batch.waiting.drain(..) {
            // Who no longer waits need not know.
            let _ = done.send(result.clone());
        }
        if result.is_ok() {
            let mut start = 0;
            for (entry, end) in batch.entries.drain(..) {
                let line =
                    std::str::from_utf8(&batch.text[start..end]).expect("JSON of texts is UTF-8");
                self.each_sink(|sink| sink.receive_line(&entry, line));
                start = end + 1;
            }
        }
        batch.entries.clear();
        if batch.text.capacity() <= 2 * BATCH {
            batch.text.clear();
            self.batch = batch;
        }
    }

    fn append(&mut self, text: &[u8], sync: bool) -> io::Result<()> {
        self.is_synced &= text.is_empty();
        self.file.write_all(text)?;
        self.length += text.len() as u64;
        if sync {
            self.file.sync_data()?;
            self.is_synced = true;
            // What has no name or was cut short is kept no more, though writing it succeeds.
            let metadata = self.file.metadata()?;
            if metadata.is_file() && metadata.nlink() == 0 {
                return Err(io::Error::new(io::ErrorKind::NotFound, "it was removed"));
            }
            if metadata.is_file() && metadata.len() < self.length {
                return Err(io::Error::other("it was cut short by another program"));
            }
        }
        Ok(())
    }

    /// Ends the sinks, syncs and seals the journal.
    fn end(&mut self) -> Result<Vec<String>, Error> {
        if self.failed.is_none()
            && let Err(error) = self.sync().and_then(|()| self.seal())
        {
            self.failed = Some(Error::write(&self.path, &error));
        }
        self.each_sink(|sink| sink.finish());
        self.sinks.clear();
        let notes = std::mem::take(&mut self.notes);
        self.failed.clone().map_or(Ok(notes), Err)
    }

    /// Syncs what the last commit has not synced: mostly it was the end of the run.
    fn sync(&self) -> io::Result<()> {
        if self.is_synced {
            return Ok(());
        }
        self.file.sync_all()
    }

    fn seal(&self) -> io::Result<()> {
        let seal = Seal {
            entries: self.seq,
            digest: self.prev.clone(),
        };
        seal.write(&self.path)
    }

    /// Does something with every sink; one that fails or panics is dropped and noted.
    fn each_sink(&mut self, mut act: impl FnMut(&mut dyn Sink) -> io::Result<()>) {
        let mut index = 0;
        while let Some(sink) = self.sinks.get_mut(index) {
            let reason = match catch_unwind(AssertUnwindSafe(|| act(sink.as_mut()))) {
                Ok(Ok(())) => {
                    index += 1;
                    continue;
                }
                Ok(Err(error)) => error.to_string(),
                Err(_) => "it panicked, which is a bug of this program".to_owned(),
            };
            self.notes
                .push(format!("a view of the run ended early: {reason}"));
            let sink = self.sinks.remove(index);
            // Where dropping it panics as well, it is noted already.
            let _ = catch_unwind(AssertUnwindSafe(|| drop(sink)));
        }
    }
}
