//! The journal of a run that has stopped, held so that it can go on.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use super::entry::Entry;
use super::reader::Reader;
use super::recorder::Error;
use super::verify::{Broken, Seal, Verified, verify_torn, verify_up_to};
use super::writer::End;

/// The journal of a run that has stopped; while this is held nobody else can go on with it.
#[derive(Debug)]
pub struct Stopped {
    file: File,
    path: PathBuf,
    verified: Verified,
}

/// Why a run can't go on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotStopped {
    /// Its program is still at it.
    #[error("the run is still going on")]
    Running,
    /// Its journal can't be written.
    #[error(transparent)]
    Unwritable(#[from] Error),
    /// Its journal does not verify.
    #[error(transparent)]
    Broken(Broken),
}

impl Stopped {
    /// Takes hold of a journal, checks it, and gives each of its entries; where it fails, those
    /// that were given count for nothing.
    ///
    /// # Errors
    /// Where the run still goes on, or the journal can't be written or does not verify.
    pub fn take(journal: &Path, mut each: impl FnMut(Entry)) -> Result<Self, NotStopped> {
        let unwritable = |error: &io::Error| Error::write(journal, error);
        let file = OpenOptions::new()
            .append(true)
            .open(journal)
            .map_err(|error| unwritable(&error))?;
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => return Err(NotStopped::Running),
            // A file system without locks: then the operator must know.
            Err(TryLockError::Error(_)) | Ok(()) => {}
        }
        let verified = read(journal, &mut each).map_err(NotStopped::Broken)?;
        Ok(Self {
            file,
            path: journal.to_owned(),
            verified,
        })
    }

    /// What the journal is like.
    #[must_use]
    pub const fn verified(&self) -> &Verified {
        &self.verified
    }

    /// Makes the file end with its last whole line.
    pub(super) fn reopen(self) -> Result<(File, PathBuf, End), Error> {
        let seal = Seal::beside(&self.path);
        let written = || -> io::Result<()> {
            match fs::remove_file(&seal) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
            if let Some(folder) = self.path.parent() {
                // The seal must not come back after a crash, when the journal is longer.
                File::open(folder)?.sync_all()?;
            }
            if self.verified.torn.is_some() {
                self.file.set_len(self.verified.bytes)?;
            }
            self.file.sync_all()
        };
        written().map_err(|error| Error::write(&self.path, &error))?;
        let end = End {
            seq: self.verified.entries,
            prev: self.verified.digest,
            length: self.verified.bytes,
        };
        Ok((self.file, self.path, end))
    }
}

/// Reads and checks a journal; a last line that a crash cut off, or left with zeros in it, is no part
/// of it.
fn read(journal: &Path, each: &mut dyn FnMut(Entry)) -> Result<Verified, Broken> {
    let mut reader = Reader::open(journal).map_err(Broken::Unreadable)?;
    let mut length = 0;
    while let Some(entry) = reader.next() {
        match entry {
            Ok(entry) => each(entry),
            // The chain tells better what is wrong, and where.
            Err(error) => {
                verify_up_to(journal, u64::MAX)?;
                return Err(Broken::Unreadable(error));
            }
        }
        length += reader.line().len() as u64 + 1;
    }
    verify_torn(journal, length, reader.torn())
}
