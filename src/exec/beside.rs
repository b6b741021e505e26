//! A file of output beside the journal, while it is written.

use std::fs::File;
use std::io::{self, Write as _};

use crate::journal::{Sum, Summed};

/// A file of output beside the journal, while it is written.
pub(super) struct Beside {
    file: File,
    name: String,
    sum: Sum,
    /// Why it is not whole: nothing more is written then.
    failed: Option<io::Error>,
}

impl Beside {
    pub(super) fn new(file: File, name: String) -> Self {
        Self {
            file,
            name,
            sum: Sum::default(),
            failed: None,
        }
    }

    /// Its name in its folder.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn write(&mut self, bytes: &[u8]) {
        if self.failed.is_some() {
            return;
        }
        match self.file.write_all(bytes) {
            Ok(()) => self.sum.update(bytes),
            Err(error) => self.failed = Some(error),
        }
    }

    /// Brings it to the disk, before the journal vouches for it.
    ///
    /// # Errors
    /// Where it is not whole.
    pub(super) async fn close(self) -> io::Result<Summed> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        // Much of it may still be on its way: others go on meanwhile.
        let synced = tokio::task::spawn_blocking(move || self.file.sync_data());
        synced.await.map_err(io::Error::other)??;
        Ok(self.sum.finish())
    }
}
