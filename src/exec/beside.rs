//! A file of output beside the journal, while it is written.
//!
//! It is written and hashed by a thread of its own: whoever reads what a step prints would else
//! hold up the step, and the run with it, for longer than reading takes. Another brings it to the
//! disk meanwhile, so that little is left for the end.

use std::fs::File;
use std::io::{self, Write as _};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{Builder, JoinHandle};

use crate::journal::{Sum, Summed};
use crate::secret::CleanBytes;

/// How many pieces may wait to be written; a piece is what one read of a pipe gave.
const WAITING: usize = 32;
/// How much is written until it is brought to the disk.
const SYNCED: usize = 8 * 1024 * 1024;

/// A file of output beside the journal, while it is written.
pub(super) struct Beside {
    name: String,
    pieces: SyncSender<CleanBytes>,
    writer: JoinHandle<io::Result<Summed>>,
}

impl Beside {
    /// Takes a new file.
    ///
    /// # Errors
    /// Where there can be no thread for it.
    pub(super) fn new(file: File, name: String) -> io::Result<Self> {
        let (pieces, waiting) = sync_channel(WAITING);
        let writer = Builder::new()
            .name("output".to_owned())
            .spawn(move || write(file, &waiting))?;
        Ok(Self {
            name,
            pieces,
            writer,
        })
    }

    /// Its name in its folder.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Adds bytes; waits only where the disk is slower than what prints.
    pub(super) fn write(&mut self, bytes: CleanBytes) {
        // A writer that failed takes no more, and says so in the end.
        let _ = self.pieces.send(bytes);
    }

    /// Brings it to the disk, before the journal vouches for it.
    ///
    /// # Errors
    /// Where it is not whole.
    pub(super) async fn close(self) -> io::Result<Summed> {
        drop(self.pieces);
        let writer = self.writer;
        // Much of it may still be on its way: others go on meanwhile.
        tokio::task::spawn_blocking(move || writer.join())
            .await
            .map_err(io::Error::other)?
            .map_err(|_| io::Error::other("its writer broke down"))?
    }
}

/// Writes the pieces that come, and has them brought to the disk.
fn write(mut file: File, pieces: &Receiver<CleanBytes>) -> io::Result<Summed> {
    let (due, syncs) = sync_channel(1);
    let same = file.try_clone()?;
    let syncer = Builder::new()
        .name("sync".to_owned())
        .spawn(move || sync(&same, &syncs))?;
    let mut sum = Sum::default();
    let mut unsynced = 0;
    while let Ok(piece) = pieces.recv() {
        file.write_all(&piece)?;
        sum.update(&piece);
        unsynced += piece.len();
        // A slow disk, which is busy with the last of them, takes more at once.
        if unsynced >= SYNCED && due.try_send(()).is_ok() {
            unsynced = 0;
        }
    }
    drop(due);
    syncer
        .join()
        .map_err(|_| io::Error::other("its disk's thread broke down"))??;
    Ok(sum.finish())
}

/// Brings a file to the disk each time it is due, and in the end; its first error is the file's, as
/// the system tells of each only once.
fn sync(file: &File, due: &Receiver<()>) -> io::Result<()> {
    while let Ok(()) = due.recv() {
        file.sync_data()?;
    }
    file.sync_data()
}
