//! Whether a journal is whole and unaltered.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use super::entry::{self, Entry, Standing};
use super::reader::{ReadError, Reader};
use crate::event::Event;

/// What a journal that verifies is like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// How many entries it has.
    pub entries: u64,
    /// Whether the run came to its end.
    pub finished: bool,
    /// Whether it is sealed: then its last line is vouched for, too.
    pub sealed: bool,
    /// How many bytes of a cut-off last line stand at its end.
    pub torn: Option<usize>,
    /// The SHA-256 of its last whole line, in hex.
    pub digest: String,
}

/// A journal that does not verify.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    /// It can't be read at all.
    #[error(transparent)]
    Unreadable(ReadError),
    /// Something is wrong at a line.
    #[error("line {line} of the journal `{path}`: {flaw}")]
    Line {
        /// The path.
        path: String,
        /// Its number, from 1.
        line: u64,
        /// What is wrong.
        flaw: Flaw,
    },
}

/// What is wrong at a line of a journal.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Flaw {
    /// It is no entry.
    #[error("{0}")]
    Malformed(String),
    /// Its number is not the next one.
    #[error("entry {found} stands where {expected} belongs: lines were removed, added or moved")]
    Number {
        /// What belongs here.
        expected: u64,
        /// What stands here.
        found: u64,
    },
    /// Its `prev` is not the hash of the line before.
    #[error("it does not continue the line before: one of the two was altered")]
    Chain,
    /// The first entry is not the beginning of a run, or another one is.
    #[error("a run begins with one `run-started`, and only there, unless it says that it resumes")]
    Beginning,
    /// It comes after the end of the run.
    #[error("it comes after the end of the run")]
    AfterEnd,
    /// The seal beside the journal names another last line.
    #[error("the journal's seal names another last line: the end was altered, cut off or added to")]
    Seal,
    /// There is nothing in the file.
    #[error("the journal is empty")]
    Empty,
}

/// What is written beside a journal when it ends: how many entries, and the hash of the last.
pub(super) struct Seal {
    pub(super) entries: u64,
    pub(super) digest: String,
}

impl Seal {
    /// The seal's file for a journal.
    pub(super) fn beside(journal: &Path) -> PathBuf {
        journal.with_extension("seal")
    }

    fn read(text: &str) -> Option<Self> {
        let (digest, entries) = text.trim_end().split_once(' ')?;
        Some(Self {
            entries: entries.parse().ok()?,
            digest: digest.to_owned(),
        })
    }
}

impl fmt::Display for Seal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} {}", self.digest, self.entries)
    }
}

/// Checks a journal: every line an entry, numbers without a gap, each line bearing the hash of the
/// one before, one beginning, nothing after the end but a resumption, and the seal where there is
/// one.
///
/// A last line without its newline is a crash's, not an alteration, unless the journal is sealed.
///
/// # Errors
/// Says at which line it is broken, and how.
pub fn verify(path: impl AsRef<Path>) -> Result<Verified, Broken> {
    walk(path.as_ref(), Ending::Exact, &mut |_| {}).map(|(verified, _)| verified)
}

/// What counts as a last line that was cut off.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    /// One without its newline.
    Exact,
    /// Also one that is no entry, which a crash of the machine leaves.
    Crashed,
}

/// Checks a journal and gives each entry; also tells how many bytes its whole lines have.
pub(super) fn walk(
    path: &Path,
    ending: Ending,
    each: &mut dyn FnMut(Entry),
) -> Result<(Verified, u64), Broken> {
    let broken = |line: u64, flaw: Flaw| Broken::Line {
        path: path.display().to_string(),
        line,
        flaw,
    };
    let mut reader = Reader::open(path).map_err(Broken::Unreadable)?;
    let mut verified = Verified {
        entries: 0,
        finished: false,
        sealed: false,
        torn: None,
        digest: entry::FIRST.to_owned(),
    };
    let (mut last, mut length) = (1, 0);
    while let Some(raw) = reader.raw().map_err(|error| unreadable(error, &broken))? {
        let bytes = raw.text.len();
        if !raw.whole {
            verified.torn = Some(bytes);
            break;
        }
        last = raw.number;
        let digest = entry::digest(&raw.text);
        let entry = match reader.entry(raw.text) {
            Ok(entry) => entry,
            Err(ReadError::Line { .. })
                if ending == Ending::Crashed && raw.number > 1 && reader.at_end() =>
            {
                verified.torn = Some(bytes + 1);
                break;
            }
            Err(error) => return Err(unreadable(error, &broken)),
        };
        if let Some(flaw) = flaw(&entry, &verified, reader.line()) {
            return Err(broken(raw.number, flaw));
        }
        verified.entries += 1;
        verified.digest = digest;
        verified.finished = matches!(entry.event, Event::RunFinished { .. });
        length += bytes as u64 + 1;
        each(entry);
    }
    if let Ok(text) = fs::read_to_string(Seal::beside(path)) {
        let holds = Seal::read(&text)
            .is_some_and(|seal| seal.entries == verified.entries && seal.digest == verified.digest);
        if !holds || verified.torn.is_some() {
            return Err(broken(last, Flaw::Seal));
        }
        verified.sealed = true;
    }
    if verified.entries == 0 && verified.torn.is_none() {
        return Err(broken(1, Flaw::Empty));
    }
    Ok((verified, length))
}

/// What is wrong with an entry that comes after those that `so_far` tells of.
fn flaw(entry: &Entry, so_far: &Verified, line: &str) -> Option<Flaw> {
    let expected = so_far.entries + 1;
    let (begins, resumes) = match &entry.event {
        Event::RunStarted(head) => (true, head.resumes.as_ref()),
        _ => (false, None),
    };
    if entry.seq != expected {
        Some(Flaw::Number {
            expected,
            found: entry.seq,
        })
    } else if entry.prev != so_far.digest {
        Some(Flaw::Chain)
    } else if begins && expected > 1 && resumes.is_some_and(|it| it.after == so_far.entries) {
        None
    } else if begins != (expected == 1) || resumes.is_some() {
        Some(Flaw::Beginning)
    } else if so_far.finished {
        Some(Flaw::AfterEnd)
    } else if Standing::of(&entry.v) == Standing::Known && entry.to_line() != line {
        // What we write has one form; bytes that reading passes over were put there.
        Some(Flaw::Malformed("it is not as it was written".to_owned()))
    } else {
        None
    }
}

/// A line that can't be read, as a flaw at its place.
fn unreadable(error: ReadError, broken: &impl Fn(u64, Flaw) -> Broken) -> Broken {
    match error {
        ReadError::Line { line, source, .. } => broken(line, Flaw::Malformed(source.reason)),
        other => Broken::Unreadable(other),
    }
}
