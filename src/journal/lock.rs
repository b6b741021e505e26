//! Locks by name: two runs with one lock don't run at a time.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;

/// A lock, held until this is dropped or the program is gone, however it went.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

/// Why a lock can't be had.
#[derive(Debug, thiserror::Error)]
pub enum Locked {
    /// Another run holds it.
    #[error("the lock `{name}` is held by {by}")]
    Held {
        /// The lock.
        name: String,
        /// What the holder said of itself.
        by: String,
    },
    /// It is no name.
    #[error("`{name}` is no name for a lock: letters, digits, `.`, `_` and `-`, at most 64")]
    Name {
        /// What was given.
        name: String,
    },
    /// The system refused.
    #[error("the lock `{name}` can't be taken: {reason}")]
    Refused {
        /// The lock.
        name: String,
        /// What the system said.
        reason: String,
    },
}

impl Lock {
    /// Takes a lock that lives in a folder; `holder` is told to those who come later.
    ///
    /// The file stays behind: only the system's lock on it (flock(2)) counts, which ends with the
    /// program.
    ///
    /// # Errors
    /// Where another run has it, or it can't be had.
    pub fn take(folder: &Path, name: &str, holder: &str) -> Result<Self, Locked> {
        let fits = (1..=64).contains(&name.len())
            && !name.starts_with(['.', '-'])
            && name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte));
        if !fits {
            return Err(Locked::Name {
                name: name.to_owned(),
            });
        }
        let refused = |error: io::Error| Locked::Refused {
            name: name.to_owned(),
            reason: error.to_string(),
        };
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)
            .map_err(refused)?;
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(folder.join(name))
            .map_err(refused)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut by = String::new();
                // Who has just taken it may not have written yet.
                let read = (&mut file).take(4096).read_to_string(&mut by);
                let by = by.trim();
                return Err(Locked::Held {
                    name: name.to_owned(),
                    by: if read.is_err() || by.is_empty() {
                        "another run".to_owned()
                    } else {
                        by.to_owned()
                    },
                });
            }
            Err(TryLockError::Error(error)) => return Err(refused(error)),
        }
        file.set_len(0)
            .and_then(|()| file.write_all(holder.as_bytes()))
            .map_err(refused)?;
        Ok(Self { _file: file })
    }
}
