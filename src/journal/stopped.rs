//! The journal of a run that has stopped, held so that it can go on.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use super::append::lock;
use super::entry::{Entry, digest};
use super::reader::Reader;
use super::recorder::Error;
use super::verify::{Broken, Flaw, Seal, Verified, verify};
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
    /// Takes hold of a journal, checks it, and gives each of its entries.
    ///
    /// # Errors
    /// Where the run still goes on, or the journal can't be written or does not verify.
    pub fn take(journal: &Path, mut each: impl FnMut(Entry)) -> Result<Self, NotStopped> {
        let unwritable = |error: &io::Error| Error::write(journal, error);
        let file = OpenOptions::new()
            .append(true)
            .open(journal)
            .map_err(|error| unwritable(&error))?;
        if !lock(&file) {
            return Err(NotStopped::Running);
        }
        let verified = verify(journal);
        let mut reader =
            Reader::open(journal).map_err(|error| NotStopped::Broken(Broken::Unreadable(error)))?;
        let mut entries = 0;
        let mut last = String::new();
        while let Some(entry) = reader.next() {
            let entry = entry.map_err(|error| match &verified {
                Err(broken) => NotStopped::Broken(broken.clone()),
                Ok(_) => NotStopped::Broken(Broken::Unreadable(error)),
            })?;
            entries = entry.seq;
            reader.line().clone_into(&mut last);
            each(entry);
        }
        let length = file.metadata().map_err(|error| unwritable(&error))?.len();
        let verified = match (verified, reader.torn()) {
            (Ok(verified), _) => verified,
            // A last line that is no entry is what a crash of the machine may leave.
            (
                Err(Broken::Line {
                    line,
                    flaw: Flaw::Malformed(_),
                    ..
                }),
                Some(torn),
            ) if line == entries + 1 && entries > 0 && !Seal::beside(journal).exists() => {
                Verified {
                    entries,
                    finished: false,
                    sealed: false,
                    torn: Some(torn),
                    bytes: length - torn as u64,
                    notice: None,
                    digest: digest(last.as_bytes()),
                }
            }
            (Err(broken), _) => return Err(NotStopped::Broken(broken)),
        };
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
