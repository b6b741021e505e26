//! Whether a journal is whole and unaltered.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::{self, File};
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

use super::chain::{self, Blocks, Digest, Kind, Link, Part, Stretch, Unlinked};
use super::entry::{self, Entry};
use super::outputs::Summed;
use super::portable;
use super::reader::{self, LONGEST, ReadError};
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
    /// How many bytes its whole lines have.
    pub bytes: u64,
    /// What the operator should know of it: a newer minor version.
    pub notice: Option<String>,
    /// The SHA-256 of its last whole line, in hex.
    pub digest: String,
    /// The files of output that it vouches for, by their names.
    pub outputs: BTreeMap<String, Summed>,
    /// Whether it is a recording, one file that was taken from the others.
    pub portable: bool,
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
    #[error("a run begins with one `run-started`, and only there")]
    Beginning,
    /// It comes after the end of the run.
    #[error("it comes after the end of the run")]
    AfterEnd,
    /// The seal beside the journal names another text of the last line.
    #[error("the journal's seal names another text of the last line: one of the two was altered")]
    Seal,
    /// The seal beside the journal counts more entries.
    #[error(
        "the end was cut off: the journal's seal counts {entries} more, and up to here nothing was altered"
    )]
    Cut {
        /// How many are missing.
        entries: u64,
    },
    /// The seal beside the journal counts fewer entries.
    #[error("something was added: the journal was sealed after entry {sealed}")]
    Added {
        /// The last entry that the seal counts.
        sealed: u64,
    },
    /// There is nothing in the file.
    #[error("the journal is empty")]
    Empty,
    /// There is nothing in the file but a part of its first line.
    #[error(
        "there is no whole entry: the program or the machine went down at the first, before any step began"
    )]
    Unbegun,
    /// The file has no line, and no beginning of one.
    #[error("it is no journal")]
    NoJournal,
}

/// How the first line begins that we write.
const BEGINNING: &[u8] = b"{\"v\":\"";

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
/// one before, one beginning, nothing but notes and a resumption after the end, and the seal where there is one.
///
/// A last line without its newline, or with zeros in it, is a crash's, not an alteration, unless the
/// journal is sealed. Memory is bounded by the longest line.
///
/// # Errors
/// Says at which line it is broken, and how.
pub fn verify(path: impl AsRef<Path>) -> Result<Verified, Broken> {
    let path = path.as_ref();
    match zeroed(path) {
        Ok(Some((start, torn))) => verify_torn(path, start, Some(torn)),
        // Where it can't be read, going through it says so.
        Ok(None) | Err(_) => verify_up_to(path, u64::MAX),
    }
}

/// Checks the whole lines of a journal, whose last one ends at a length; so many bytes of a torn one
/// follow.
pub(super) fn verify_torn(
    path: &Path,
    length: u64,
    torn: Option<usize>,
) -> Result<Verified, Broken> {
    let verified = verify_up_to(path, length)?;
    if verified.sealed && torn.is_some() {
        return Err(Broken::Line {
            path: path.display().to_string(),
            line: verified.entries,
            flaw: Flaw::Added {
                sealed: verified.entries,
            },
        });
    }
    Ok(Verified { torn, ..verified })
}

/// Whether a line was never brought to disk in whole: JSON has no zeros, and blocks that were not
/// synced come back as such.
pub(super) fn is_zeroed(line: &[u8]) -> bool {
    memchr::memchr(0, line).is_some()
}

/// Where the last line begins and how long it is, if there are zeros in it and a newline behind; a
/// first one is no last one.
fn zeroed(path: &Path) -> io::Result<Option<(u64, usize)>> {
    let mut file = File::open(path)?;
    let metadata = file.metadata()?;
    let length = metadata.len();
    let mut size = 64 * 1024;
    while metadata.is_file() {
        let start = length.saturating_sub(size);
        let mut tail = Vec::new();
        file.seek(SeekFrom::Start(start))?;
        (&mut file).take(length - start).read_to_end(&mut tail)?;
        let Some(lines) = tail.strip_suffix(b"\n") else {
            break;
        };
        if let Some(before) = memchr::memrchr(b'\n', lines) {
            let line = lines.get(before + 1..).unwrap_or_default();
            let start = start + before as u64 + 1;
            return Ok(is_zeroed(line).then_some((start, line.len() + 1)));
        }
        if start == 0 || size >= LONGEST {
            break;
        }
        size *= 8;
    }
    Ok(None)
}

/// Checks the first bytes of a journal, of which there are so many.
pub(super) fn verify_up_to(path: &Path, length: u64) -> Result<Verified, Broken> {
    // First, since a run that is going on may write it meanwhile.
    let beside = fs::read_to_string(Seal::beside(path))
        .ok()
        // A crash amid its writing leaves a part of it, which seals as much as none.
        .filter(|seal| seal.ends_with('\n'));
    let inside = portable::seal(path);
    let portable = inside.is_some();
    let seal = beside.or(inside);
    let mut blocks = Blocks::new(reader::open(path).map_err(Broken::Unreadable)?, length);
    let mut walk = Walk::new(path);
    while let Some(block) = blocks.next().map_err(|error| walk.unreadable(&error))? {
        for part in chain::parts(block) {
            match part {
                Part::Stretch(stretch) => walk.stride(&stretch)?,
                Part::Line(line, link) => walk.step(line, link)?,
            }
        }
        walk.remember(block);
    }
    let rest = blocks.rest();
    if rest.len() as u64 >= LONGEST {
        walk.number += 1;
        return Err(walk.broken(Flaw::Malformed(
            "the line is too long for a journal".to_owned(),
        )));
    }
    walk.end(rest, seal.as_deref()).map(|verified| Verified {
        portable,
        ..verified
    })
}

/// A journal on the way from its first line to its last.
struct Walk<'a> {
    path: &'a Path,
    /// The number of the line that was read last.
    number: u64,
    /// The line itself, where it stands in an earlier block.
    last: Vec<u8>,
    digest: Digest,
    finished: bool,
    bytes: u64,
    newer: Option<String>,
    outputs: BTreeMap<String, Summed>,
}

impl<'a> Walk<'a> {
    fn new(path: &'a Path) -> Self {
        Self {
            path,
            number: 0,
            last: Vec::new(),
            digest: [0; 32],
            finished: false,
            bytes: 0,
            newer: None,
            outputs: BTreeMap::new(),
        }
    }

    /// Goes over lines that are known to continue each other.
    fn stride(&mut self, stretch: &Stretch<'_>) -> Result<(), Broken> {
        let goes_on = self.number > 0
            && stretch.seq == self.number + 1
            && stretch.prev == self.digest
            && !self.finished;
        if !goes_on {
            self.step(stretch.first, chain::link(stretch.first))?;
            return Err(self.broken(Flaw::Chain));
        }
        self.number += stretch.lines;
        self.bytes += stretch.bytes;
        self.digest = stretch.digest;
        Ok(())
    }

    fn step(&mut self, line: &[u8], link: Result<Link, Unlinked>) -> Result<(), Broken> {
        let link = link.map_err(|unlinked| self.unlinked(self.number + 1, unlinked))?;
        let expected = self.number + 1;
        let flaw = if link.seq != expected {
            Some(Flaw::Number {
                expected,
                found: link.seq,
            })
        } else if link.prev != self.digest {
            Some(Flaw::Chain)
        } else if let Kind::Resumption(after) = link.kind {
            (expected == 1 || after != self.number).then_some(Flaw::Beginning)
        } else if (link.kind == Kind::Beginning) != (expected == 1) {
            Some(Flaw::Beginning)
        } else if self.finished && link.kind != Kind::Note {
            Some(Flaw::AfterEnd)
        } else {
            None
        };
        self.number = expected;
        if let Some(flaw) = flaw {
            // A line that is no entry tells more than that its neighbour does not fit it.
            chain::by_reading(line, link.digest)
                .map_err(|unlinked| self.unlinked(expected, unlinked))?;
            return Err(self.broken(flaw));
        }
        self.digest = link.digest;
        match link.kind {
            Kind::End => self.finished = true,
            Kind::Resumption(_) => self.finished = false,
            Kind::Kept => self.vouch(line),
            Kind::Beginning | Kind::Note | Kind::Other => {}
        }
        self.bytes += line.len() as u64 + 1;
        if self.newer.is_none() {
            self.newer = link.newer;
        }
        Ok(())
    }

    /// Takes what an entry says of a file; of a step that ran again, the last counts.
    fn vouch(&mut self, line: &[u8]) {
        let entry = str::from_utf8(line).ok().map(Entry::from_line);
        if let Some(Ok(entry)) = entry
            && let Event::OutputKept {
                file,
                bytes,
                sha256,
                ..
            } = entry.event
        {
            self.outputs.insert(file, Summed { bytes, sha256 });
        }
    }

    /// Keeps the last line of a block of lines.
    fn remember(&mut self, block: &[u8]) {
        let text = block.strip_suffix(b"\n").unwrap_or(block);
        let start = memchr::memrchr(b'\n', text).map_or(0, |at| at + 1);
        self.last.clear();
        self.last
            .extend_from_slice(text.get(start..).unwrap_or_default());
    }

    fn end(self, rest: &[u8], seal: Option<&str>) -> Result<Verified, Broken> {
        if self.number > 0 {
            // No line after it bears its hash.
            chain::by_reading(&self.last, self.digest)
                .map_err(|unlinked| self.unlinked(self.number, unlinked))?;
        }
        let torn = (!rest.is_empty()).then_some(rest.len());
        let digest = entry::hex(&self.digest);
        if let Some(text) = seal {
            let Some(seal) = Seal::read(text) else {
                return Err(self.broken(if self.number == 0 {
                    Flaw::Empty
                } else {
                    Flaw::Seal
                }));
            };
            let flaw = if seal.entries > self.number {
                Some(Flaw::Cut {
                    entries: seal.entries - self.number,
                })
            } else if seal.entries < self.number || torn.is_some() {
                Some(Flaw::Added {
                    sealed: seal.entries,
                })
            } else if seal.digest != digest {
                Some(Flaw::Seal)
            } else {
                None
            };
            if let Some(flaw) = flaw {
                return Err(self.broken(flaw));
            }
        }
        if self.number == 0 {
            // Blocks that were not synced come back as zeros.
            let zeros = rest.iter().rev().take_while(|byte| **byte == 0).count();
            let written = &rest[..rest.len() - zeros];
            return Err(self.broken(if torn.is_none() {
                Flaw::Empty
            } else if written.starts_with(BEGINNING) || BEGINNING.starts_with(written) {
                Flaw::Unbegun
            } else {
                Flaw::NoJournal
            }));
        }
        Ok(Verified {
            entries: self.number,
            finished: self.finished,
            sealed: seal.is_some(),
            torn,
            bytes: self.bytes,
            notice: self.newer.as_deref().map(reader::newer),
            digest,
            outputs: self.outputs,
            portable: false,
        })
    }

    fn broken(&self, flaw: Flaw) -> Broken {
        Broken::Line {
            path: self.path.display().to_string(),
            line: self.number.max(1),
            flaw,
        }
    }

    fn unlinked(&self, line: u64, unlinked: Unlinked) -> Broken {
        let path = self.path.display().to_string();
        match unlinked {
            Unlinked::Foreign(version) => Broken::Unreadable(ReadError::Version {
                path,
                version: version.v,
                program: version.program,
            }),
            Unlinked::Malformed(reason) => Broken::Line {
                path,
                line,
                flaw: Flaw::Malformed(reason),
            },
        }
    }

    fn unreadable(&self, error: &io::Error) -> Broken {
        Broken::Unreadable(reader::file_error(self.path, error))
    }
}
