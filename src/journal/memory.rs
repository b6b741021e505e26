//! A journal in memory, for runs that never happened: each entry is stamped when it comes.

use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;

use super::entry::{self, Entry};
use crate::event::Event;

/// Entries, chained like those of a file.
pub(super) struct Memory {
    clock: Box<dyn Fn() -> Timestamp + Send + Sync>,
    kept: Mutex<Kept>,
}

struct Kept {
    entries: Vec<Entry>,
    prev: String,
}

impl Memory {
    pub(super) fn new(clock: Box<dyn Fn() -> Timestamp + Send + Sync>) -> Self {
        let kept = Kept {
            entries: Vec::new(),
            prev: entry::FIRST.to_owned(),
        };
        Self {
            clock,
            kept: Mutex::new(kept),
        }
    }

    pub(super) fn stamp(&self, event: Event) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let seq = kept.entries.len() as u64 + 1;
        let prev = std::mem::take(&mut kept.prev);
        let entry = Entry::new(seq, (self.clock)(), prev, event);
        kept.prev = entry::digest(entry.to_line().as_bytes());
        kept.entries.push(entry);
    }

    pub(super) fn take(&self) -> Vec<Entry> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut kept.entries)
    }
}

impl std::fmt::Debug for Memory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Memory").finish_non_exhaustive()
    }
}
