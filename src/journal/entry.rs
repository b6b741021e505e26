//! One line of a journal.

use std::borrow::Cow;
use std::io::Write;

use jiff::Timestamp;
use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::event::{Event, VERSION};
use crate::visible;

use super::chain::unhex;

/// An event with its place in the journal.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The vocabulary's version, `major.minor`.
    pub v: String,
    /// Its number, from 1.
    pub seq: u64,
    /// When it was recorded, UTC, to the microsecond.
    pub at: Timestamp,
    /// The SHA-256 of the line before without its newline, in hex; 64 zeros for the first.
    pub prev: String,
    /// What happened.
    pub event: Event,
}

/// A line that is no entry.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct Malformed {
    /// Why.
    pub reason: String,
}

/// The `prev` of the first entry.
pub(super) const FIRST: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// What an entry has besides its event.
#[derive(Deserialize)]
struct Stamp {
    v: String,
    seq: u64,
    at: Timestamp,
    prev: String,
}

/// What is read of a line whatever its version.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct Version {
    pub(super) v: String,
    #[serde(default)]
    pub(super) seq: u64,
    #[serde(default)]
    pub(super) prev: String,
    #[serde(default)]
    pub(super) event: String,
    /// Of the first entry: the program's version that wrote it.
    #[serde(default)]
    pub(super) program: Option<String>,
}

impl Entry {
    /// Takes an event and its place; the time is cut to microseconds, which is what lines hold.
    #[must_use]
    pub fn new(seq: u64, at: Timestamp, prev: String, event: Event) -> Self {
        Self {
            v: VERSION.to_owned(),
            seq,
            at: Timestamp::from_microsecond(at.as_microsecond()).unwrap_or(at),
            prev,
            event,
        }
    }

    /// The entry as a line of a journal, without the newline.
    ///
    /// The keys come in this order: `v`, `seq`, `at`, `prev`, `event`, then the event's own.
    #[must_use]
    pub fn to_line(&self) -> String {
        let mut line = Vec::new();
        self.write_line(&mut line);
        String::from_utf8(line).expect("JSON of texts is UTF-8")
    }

    /// Puts the line at the end of `line`.
    pub(super) fn write_line(&self, line: &mut Vec<u8>) {
        const MEMORY: &str = "memory takes all that is written";
        line.extend_from_slice(b"{\"v\":");
        serde_json::to_writer(&mut *line, &self.v).expect(MEMORY);
        write!(
            line,
            ",\"seq\":{},\"at\":\"{:.6}\",\"prev\":",
            self.seq, self.at
        )
        .expect(MEMORY);
        serde_json::to_writer(&mut *line, &self.prev).expect(MEMORY);
        let brace = line.len();
        serde_json::to_writer(&mut *line, &self.event)
            .expect("events have texts for keys and finite numbers");
        // The event is an object, `{"event":…}`, which goes on where the stamp ended.
        line[brace] = b',';
        // JSON escapes the controls below U+0020 only, and lines are shown as they stand.
        if let Ok(event) = std::str::from_utf8(&line[brace..])
            && let Cow::Owned(event) = visible::json(event)
        {
            line.truncate(brace);
            line.extend_from_slice(event.as_bytes());
        }
    }

    /// Reads what a line of any version has besides what happened.
    pub(super) fn stamp(line: &str) -> Result<Version, Malformed> {
        serde_json::from_str(line).map_err(malformed)
    }

    /// Reads a line of a journal of this major version; fields that it doesn't know are passed
    /// over.
    ///
    /// # Errors
    /// Says what is wrong with the line.
    pub fn from_line(line: &str) -> Result<Self, Malformed> {
        let stamp: Stamp = serde_json::from_str(line).map_err(malformed)?;
        if Standing::of(&stamp.v) == Standing::Foreign {
            return Err(Malformed {
                reason: format!(
                    "an entry of version {}; this program reads {VERSION}",
                    stamp.v
                ),
            });
        }
        if unhex(stamp.prev.as_bytes()).is_none() {
            return Err(Malformed {
                reason: "its `prev` is no hash".to_owned(),
            });
        }
        let event: Event = serde_json::from_str(line).map_err(malformed)?;
        Ok(Self {
            v: stamp.v,
            seq: stamp.seq,
            at: stamp.at,
            prev: stamp.prev,
            event,
        })
    }
}

fn malformed(error: serde_json::Error) -> Malformed {
    Malformed {
        reason: if error.is_eof() {
            "the line is cut off".to_owned()
        } else {
            format!("not an entry: {error}")
        },
    }
}

/// How a version stands to ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// All of it is known.
    Known,
    /// It may hold fields and events that this program does not know.
    Newer,
    /// It can't be read.
    Foreign,
}

impl Standing {
    pub(super) fn of(version: &str) -> Self {
        let numbers = |text: &str| -> Option<(u32, u32)> {
            let (major, minor) = text.split_once('.')?;
            Some((major.parse().ok()?, minor.parse().ok()?))
        };
        if version == VERSION {
            return Self::Known;
        }
        match (numbers(version), numbers(VERSION)) {
            (Some(theirs), Some(ours)) if theirs.0 == ours.0 => {
                if theirs.1 > ours.1 {
                    Self::Newer
                } else {
                    Self::Known
                }
            }
            _ => Self::Foreign,
        }
    }
}

/// The SHA-256 of bytes, in hex: of a line without its newline, of a document's text.
#[must_use]
pub fn digest(line: &[u8]) -> String {
    hex(&Sha256::digest(line))
}

/// Bytes in hex.
pub(super) fn hex(bytes: &[u8]) -> String {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        text.push(char::from(HEX[usize::from(byte >> 4)]));
        text.push(char::from(HEX[usize::from(byte & 15)]));
    }
    text
}
