//! Entries behind a journal whose run is over: the operator's notes.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use jiff::Timestamp;

use super::entry::{self, Entry};
use super::recorder::Error;
use super::verify::{Broken, Seal, verify};
use crate::event::Event;

/// What was put behind a journal.
#[derive(Clone, Debug, PartialEq)]
pub struct Appended {
    /// The entry.
    pub entry: Entry,
    /// How many bytes of a cut-off last line were taken away before it.
    pub mended: Option<usize>,
}

/// Why nothing was put behind a journal.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unappended {
    /// The run goes on: its journal is being written.
    #[error("the run is not over: its journal is being written")]
    Live,
    /// The journal does not verify, and what stands behind it would vouch for it.
    #[error(transparent)]
    Broken(#[from] Broken),
    /// The file can't be written.
    #[error(transparent)]
    Unwritable(#[from] Error),
}

/// Puts an entry behind a journal whose run is over; a seal is renewed.
///
/// Where the machine goes down meanwhile, the journal is without a seal at worst. A last line that
/// was cut off by an earlier crash is taken away.
///
/// # Errors
/// Where the run goes on, or the journal does not verify or can't be written.
pub fn append(journal: &Path, at: Timestamp, event: Event) -> Result<Appended, Unappended> {
    let unwritable = |error: io::Error| Error::write(journal, &error);
    let mut file = OpenOptions::new()
        .append(true)
        .open(journal)
        .map_err(unwritable)?;
    if !lock(&file) {
        return Err(Unappended::Live);
    }
    let verified = verify(journal)?;
    let entry = Entry::new(verified.entries + 1, at, verified.digest, event);
    let mut line = entry.to_line().into_bytes();
    let seal = Seal {
        entries: entry.seq,
        digest: entry::digest(&line),
    };
    line.push(b'\n');
    let mut write = || -> io::Result<()> {
        if verified.torn.is_some() {
            file.set_len(verified.bytes)?;
        }
        if verified.sealed {
            fs::remove_file(Seal::beside(journal))?;
        }
        file.write_all(&line)?;
        file.sync_all()?;
        if verified.sealed {
            seal.write(journal)?;
        }
        Ok(())
    };
    write().map_err(unwritable)?;
    Ok(Appended {
        entry,
        mended: verified.torn,
    })
}

/// Takes a journal for the one who writes it, until the file is closed; says whether nobody else
/// has it. Where the system has no locks, nobody has.
pub(super) fn lock(file: &File) -> bool {
    !matches!(file.try_lock(), Err(TryLockError::WouldBlock))
}

impl Seal {
    /// Writes the seal of a journal that has none.
    pub(super) fn write(&self, journal: &Path) -> io::Result<()> {
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(Self::beside(journal))?;
        file.write_all(self.to_string().as_bytes())?;
        file.sync_all()
    }
}
