//! Files that nobody else can read: what programs are given, and plans that wait for their apply.

use std::fs::Permissions;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicU32, Ordering};

use tempfile::{NamedTempFile, TempDir};

use crate::world::{CallError, codes};

/// A folder for this user alone, made when it is first needed and removed with the world.
#[derive(Default)]
pub(super) struct Private {
    folder: Mutex<Option<TempDir>>,
    count: AtomicU32,
}

impl Private {
    /// A path in the folder that nothing has yet; what is written there stays.
    pub(super) fn place(&self, name: &str) -> Result<PathBuf, CallError> {
        let number = self.count.fetch_add(1, Ordering::Relaxed) + 1;
        Ok(self.folder()?.join(format!("{number}-{name}")))
    }

    /// A file with a text, removed when the value is dropped.
    pub(super) fn file(&self, suffix: &str, text: &[u8]) -> Result<NamedTempFile, CallError> {
        let written = tempfile::Builder::new()
            .suffix(suffix)
            .tempfile_in(self.folder()?)
            .and_then(|mut file| file.write_all(text).map(|()| file));
        written.map_err(|error| refused(&error))
    }

    fn folder(&self) -> Result<PathBuf, CallError> {
        let mut folder = self.folder.lock().unwrap_or_else(PoisonError::into_inner);
        if folder.is_none() {
            let made = tempfile::Builder::new()
                .prefix("runbook-")
                .permissions(Permissions::from_mode(0o700))
                .tempdir();
            *folder = Some(made.map_err(|error| refused(&error))?);
        }
        Ok(folder
            .as_ref()
            .map(|folder| folder.path().to_owned())
            .unwrap_or_default())
    }
}

fn refused(error: &std::io::Error) -> CallError {
    CallError::new(
        codes::UNCONFIGURED,
        format!("a private file can't be written: {error}"),
        "see whether there is room in TMPDIR, and whether you may write there",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_else_may_enter_the_folder() {
        let private = Private::default();
        let plan = private.place("plan").unwrap();
        let folder = plan.parent().unwrap().metadata().unwrap();
        assert_eq!(folder.permissions().mode() & 0o777, 0o700);
    }
}
