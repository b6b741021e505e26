//! The way into a run's journal and sinks.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;

use jiff::Timestamp;
use tokio::sync::{mpsc, oneshot};

use super::Entry;
use super::append;
use super::memory::Memory;
use super::stopped::Stopped;
use super::store::JOURNAL;
use super::writer::{End, Message, Writer};
use crate::event::Event;
use crate::sink::Sink;

/// How many messages may wait. Outputs are up to 64 KiB each, so this bounds memory, too.
const QUEUE: usize = 128;

/// The way into a run's journal and sinks; clones lead to the same one.
///
/// One thread owns the sequence, the file and the sinks, so that all of them see one order: an
/// entry is in the journal before a sink gets it. Where several wait for the disk, one sync
/// serves them all.
#[derive(Clone, Debug)]
pub struct Recorder(Way);

/// A clock that events are stamped by.
#[derive(Clone)]
struct Clock(Arc<dyn Fn() -> Timestamp + Send + Sync>);

impl std::fmt::Debug for Clock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Clock").finish_non_exhaustive()
    }
}

#[derive(Clone, Debug)]
enum Way {
    /// To the thread that owns a file.
    File {
        queue: mpsc::Sender<Message>,
        path: String,
        /// Stamps events as they come, not as they are written.
        clock: Option<Clock>,
    },
    /// To memory, at once.
    Memory(Arc<Memory>),
}

/// The journal can't be kept.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A file or folder of it can't be made, written or synced.
    #[error("the journal `{path}` can't be written: {reason}")]
    Write {
        /// The path.
        path: String,
        /// What the system said.
        reason: String,
    },
    /// The folder of runs can't be read.
    #[error("the folder `{path}` can't be read: {reason}")]
    Read {
        /// The path.
        path: String,
        /// What the system said.
        reason: String,
    },
}

impl Error {
    /// A failure to write `path`.
    pub(super) fn write(path: &Path, error: &io::Error) -> Self {
        Self::Write {
            path: path.display().to_string(),
            reason: error.to_string(),
        }
    }
}

impl Recorder {
    /// Starts a journal in a new run's folder; `clock` stamps the entries.
    ///
    /// The folder is made where it isn't there, for its owner only. A journal that is there
    /// already is never touched.
    ///
    /// # Errors
    /// Where the folder or the file can't be made.
    pub fn start(
        folder: &Path,
        sinks: Vec<Box<dyn Sink>>,
        clock: impl Fn() -> Timestamp + Send + 'static,
    ) -> Result<Self, Error> {
        let path = folder.join(JOURNAL);
        let file = create(folder, &path).map_err(|error| Error::write(&path, &error))?;
        Self::of(file, path, End::empty(), sinks, Box::new(clock))
    }

    /// The same for a clock that others move: events are stamped when they come, not when they
    /// are written.
    ///
    /// # Errors
    /// Where the folder or the file can't be made.
    pub fn start_stamped(
        folder: &Path,
        sinks: Vec<Box<dyn Sink>>,
        clock: impl Fn() -> Timestamp + Send + Sync + 'static,
    ) -> Result<Self, Error> {
        let stamps = Clock(Arc::new(clock));
        let inner = stamps.clone();
        let mut started = Self::start(folder, sinks, move || (inner.0)())?;
        if let Way::File { clock, .. } = &mut started.0 {
            *clock = Some(stamps);
        }
        Ok(started)
    }

    /// Goes on with the journal of a run that had stopped: a last line that was cut off is taken
    /// away, and the seal until the run ends again.
    ///
    /// # Errors
    /// Where the file can't be written.
    pub fn resume(
        stopped: Stopped,
        sinks: Vec<Box<dyn Sink>>,
        clock: impl Fn() -> Timestamp + Send + 'static,
    ) -> Result<Self, Error> {
        let (file, path, end) = stopped.reopen()?;
        Self::of(file, path, end, sinks, Box::new(clock))
    }

    fn of(
        file: File,
        path: PathBuf,
        end: End,
        sinks: Vec<Box<dyn Sink>>,
        clock: Box<dyn Fn() -> Timestamp + Send>,
    ) -> Result<Self, Error> {
        let (queue, messages) = mpsc::channel(QUEUE);
        let shown = path.display().to_string();
        let writer = Writer::new(file, path.clone(), sinks, clock, end);
        thread::Builder::new()
            .name("journal".to_owned())
            .spawn(move || writer.run(messages))
            .map_err(|error| Error::write(&path, &error))?;
        Ok(Self(Way::File {
            queue,
            path: shown,
            clock: None,
        }))
    }

    /// Starts a journal that is kept in memory only; `clock` stamps the entries, each when it is
    /// recorded. [`Self::take`] gives them.
    pub fn in_memory(clock: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        Self(Way::Memory(Arc::new(Memory::new(Box::new(clock)))))
    }

    /// Takes the entries of a journal that is kept in memory; none of one in a file.
    #[must_use]
    pub fn take(&self) -> Vec<Entry> {
        match &self.0 {
            Way::File { .. } => Vec::new(),
            Way::Memory(memory) => memory.take(),
        }
    }

    /// Records an event in order, without waiting for the disk.
    ///
    /// A full queue (a slow disk under much output) makes the caller wait. Where the journal
    /// can't be written the event is dropped; the next [`Self::commit`] says so.
    pub async fn record(&self, event: Event) {
        match &self.0 {
            Way::File { queue, clock, .. } => {
                let at = clock.as_ref().map(|clock| (clock.0)());
                let _ = queue.send(Message::Record(event, at)).await;
            }
            Way::Memory(memory) => memory.stamp(event),
        }
    }

    /// Records events and waits until they and all before them are on disk.
    ///
    /// # Errors
    /// Where the journal can't be written: then nothing may be started.
    pub async fn commit(&self, events: Vec<Event>) -> Result<(), Error> {
        let (queue, path, clock) = match &self.0 {
            Way::File { queue, path, clock } => (queue, path, clock),
            Way::Memory(memory) => {
                for event in events {
                    memory.stamp(event);
                }
                return Ok(());
            }
        };
        let (done, wait) = oneshot::channel();
        let at = clock.as_ref().map(|clock| (clock.0)());
        let sent = queue.send(Message::Commit(events, at, done)).await;
        match (sent, wait.await) {
            (Ok(()), Ok(result)) => result,
            _ => Err(ended(path)),
        }
    }

    /// Ends: syncs and seals the journal, ends the sinks, and gives a note for each sink that
    /// failed on the way. What clones record afterwards is dropped.
    ///
    /// # Errors
    /// Where the journal could not be kept whole.
    pub async fn finish(self) -> Result<Vec<String>, Error> {
        let Way::File { queue, path, .. } = self.0 else {
            return Ok(Vec::new());
        };
        let (done, wait) = oneshot::channel();
        let sent = queue.send(Message::Finish(done)).await;
        match (sent, wait.await) {
            (Ok(()), Ok(result)) => result,
            _ => Err(ended(&path)),
        }
    }
}

fn ended(path: &str) -> Error {
    Error::Write {
        path: path.to_owned(),
        reason: "it has ended".to_owned(),
    }
}

/// Makes the folder and the file, for the owner only and lastingly.
fn create(folder: &Path, path: &Path) -> io::Result<File> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)?;
    let file = OpenOptions::new()
        .append(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    // Held until the run ends: whoever would write behind it sees that it is live.
    append::lock(&file);
    File::open(folder)?.sync_all()?;
    if let Some(parent) = folder
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty())
    {
        // Only the name of the folder is at stake where the system refuses this.
        let _ = File::open(parent).and_then(|parent| parent.sync_all());
    }
    Ok(file)
}
