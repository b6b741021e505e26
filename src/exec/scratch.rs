//! A folder for one run, which nobody else can read: scripts that are too long for an argument, and
//! what shells leave. In memory where the system has a place for that.
//!
//! It goes with the run. A run that was killed can't see to that, so the next one does: a folder
//! that nobody holds locked (flock(2), which ends with the program however it ended) is nobody's.

use std::fs::{self, File, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;

use tempfile::{Builder, TempDir};

/// What the folders' names begin with.
const PREFIX: &str = "runbook-run-";
/// How often a folder is made anew that another run took for left behind.
const TURNS: usize = 16;

/// A folder of this run alone, gone when this is dropped.
pub(super) struct Scratch {
    folder: TempDir,
    /// Held as long as the folder is used.
    _lock: File,
}

impl Scratch {
    /// Makes one, and takes those away that killed runs left behind.
    pub(super) fn new() -> io::Result<Self> {
        let memory = Path::new("/dev/shm");
        if memory.is_dir() {
            sweep(memory);
            Self::within(memory).or_else(|_| Self::within(&std::env::temp_dir()))
        } else {
            let folder = std::env::temp_dir();
            sweep(&folder);
            Self::within(&folder)
        }
    }

    pub(super) fn path(&self) -> &Path {
        self.folder.path()
    }

    fn within(place: &Path) -> io::Result<Self> {
        for _ in 0..TURNS {
            let folder = Builder::new()
                .prefix(PREFIX)
                .permissions(Permissions::from_mode(0o700))
                .tempdir_in(place)?;
            // Between the two lines above and below it was nobody's.
            let Ok(lock) = File::open(folder.path()) else {
                continue;
            };
            if lock.try_lock().is_ok() && folder.path().exists() {
                return Ok(Self {
                    folder,
                    _lock: lock,
                });
            }
        }
        Err(io::Error::other(format!(
            "no folder could be kept in `{}`",
            place.display()
        )))
    }
}

/// Removes this user's folders in which no run is; what can't be removed stays.
fn sweep(place: &Path) {
    let user = rustix::process::geteuid().as_raw();
    let entries = fs::read_dir(place).into_iter().flatten();
    for entry in entries.filter_map(Result::ok) {
        let is_ours = entry.file_name().as_encoded_bytes().starts_with(PREFIX.as_bytes())
            // Of the entry itself: a link may lead anywhere.
            && entry
                .metadata()
                .is_ok_and(|metadata| metadata.is_dir() && metadata.uid() == user);
        if is_ours
            && let Ok(folder) = File::open(entry.path())
            && folder.try_lock().is_ok()
        {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_its_owners_alone_and_kept_while_it_is_used() {
        let place = tempfile::tempdir().unwrap();
        let one = Scratch::within(place.path()).unwrap();
        assert_eq!(fs::metadata(one.path()).unwrap().mode() & 0o777, 0o700);
        sweep(place.path());
        assert!(one.path().exists());
    }

    #[test]
    fn what_a_killed_run_left_is_taken_away() {
        let place = tempfile::tempdir().unwrap();
        let left = Scratch::within(place.path()).unwrap();
        let path = left.path().to_owned();
        fs::write(path.join("0-1.left"), "its exports").unwrap();
        // As a program does that is killed: the lock goes and the folder stays.
        let Scratch {
            folder,
            _lock: lock,
        } = left;
        let _ = folder.keep();
        drop(lock);
        let elsewhere = place.path().join("another");
        fs::create_dir(&elsewhere).unwrap();
        std::os::unix::fs::symlink(&elsewhere, place.path().join("runbook-run-link")).unwrap();
        sweep(place.path());
        assert!(!path.exists());
        assert!(elsewhere.exists(), "it was not ours");
    }
}
