//! Where runs live: `.runbook/runs/<id>/journal.jsonl`.

use std::path::{Path, PathBuf};

/// The folder that holds runs.
#[derive(Clone, Debug)]
pub struct Store {
    /// `…/.runbook/runs`.
    pub root: PathBuf,
}

/// A run on disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// Its id, a `UUIDv7`.
    pub id: String,
    /// Its folder.
    pub folder: PathBuf,
}

impl Store {
    /// Takes the folder that holds runs; it need not exist yet.
    #[must_use]
    pub fn new(root: impl AsRef<Path>) -> Self {
        Self {
            root: root.as_ref().to_owned(),
        }
    }
}
