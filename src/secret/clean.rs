//! Text, bytes and values that may be shown.

use std::fmt;
use std::ops::Deref;

use serde::{Deserialize, Serialize};

use super::CleanMap;

/// Text that holds no known secret.
///
/// It comes from a [`Redactor`](super::Redactor), from words of our own, or from a journal, whose
/// entries were clean when they were written.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Clean(String);

impl Clean {
    /// Takes words of the program's own.
    #[must_use]
    pub fn constant(text: &'static str) -> Self {
        Self(text.to_owned())
    }

    /// Takes what a redactor has been over; only this room can call it.
    pub(super) fn redacted(text: String) -> Self {
        Self(text)
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Clean {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// Bytes that hold no known secret, and need not be UTF-8; a [`Filter`](super::Filter) gives them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CleanBytes(Vec<u8>);

impl CleanBytes {
    /// Takes what a filter has been over; only this room can call it.
    pub(super) fn redacted(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// Puts more after these.
    pub fn append(&mut self, more: &Self) {
        self.0.extend_from_slice(&more.0);
    }

    /// Puts more after these, and keeps of all the last `most` bytes.
    pub fn append_last(&mut self, more: &Self, most: usize) {
        let more = &more.0[more.0.len().saturating_sub(most)..];
        let surplus = (self.0.len() + more.len()).saturating_sub(most);
        self.0.drain(..surplus);
        self.0.extend_from_slice(more);
    }

    /// Takes away the first `count` bytes (at most all) and gives them.
    #[must_use]
    pub fn take(&mut self, count: usize) -> Self {
        let rest = self.0.split_off(count.min(self.0.len()));
        Self(std::mem::replace(&mut self.0, rest))
    }

    /// These bytes as text.
    ///
    /// # Errors
    /// Gives them back where they are no UTF-8.
    pub fn into_text(self) -> Result<Clean, Self> {
        String::from_utf8(self.0)
            .map(Clean)
            .map_err(|error| Self(error.into_bytes()))
    }
}

impl Deref for CleanBytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

/// A redacted value: every text in it is clean.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum CleanValue {
    /// Nothing.
    #[default]
    Null,
    /// True or false.
    Boolean(bool),
    /// A number.
    Number(serde_json::Number),
    /// A text.
    Text(Clean),
    /// A list.
    List(Vec<CleanValue>),
    /// A map.
    Map(CleanMap),
}
