//! Reads a journal line by line, in memory bounded by its longest line.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use super::entry::{Entry, Malformed, Standing};
use super::portable;
use super::verify::is_zeroed;
use crate::event::VERSION;

/// No line of ours is near to this; a file with longer ones is no journal.
pub(super) const LONGEST: u64 = 64 * 1024 * 1024;

/// A journal that can't be read, or a line of it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// The file can't be opened or read.
    #[error("the journal `{path}` can't be read: {reason}")]
    File {
        /// The path.
        path: String,
        /// What the system said.
        reason: String,
    },
    /// A line is no entry.
    #[error("line {line} of the journal `{path}`: {source}")]
    Line {
        /// The path.
        path: String,
        /// Its number, from 1.
        line: u64,
        /// What is wrong with it.
        source: Malformed,
    },
    /// It is written in a version that this program does not know.
    #[error(
        "the journal `{path}` is of version {version}, this program reads {}: {}",
        VERSION,
        reader_of(program.as_deref())
    )]
    Version {
        /// The path.
        path: String,
        /// Its version.
        version: String,
        /// The program's version that wrote it, where it says so.
        program: Option<String>,
    },
}

fn reader_of(program: Option<&str>) -> String {
    match program {
        Some(program) => format!("read it with runbook {program}, which wrote it"),
        None => "read it with the version of runbook that wrote it".to_owned(),
    }
}

/// A line as it stands in a file.
struct Raw {
    number: u64,
    /// Without the newline.
    text: Vec<u8>,
    /// Whether the newline is there.
    whole: bool,
}

/// The entries of a journal, in order.
///
/// A last line that was cut off (the program or the machine went down) is no error: it is left
/// out, and [`Self::torn`] says how long it is.
pub struct Reader {
    path: PathBuf,
    lines: BufReader<File>,
    number: u64,
    text: String,
    torn: Option<usize>,
    notice: Option<String>,
    ended: bool,
}

impl Reader {
    /// Opens a journal.
    ///
    /// # Errors
    /// Where the file can't be opened.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, ReadError> {
        let path = path.as_ref().to_owned();
        let file = open(&path)?;
        Ok(Self {
            path,
            lines: BufReader::with_capacity(64 * 1024, file),
            number: 0,
            text: String::new(),
            torn: None,
            notice: None,
            ended: false,
        })
    }

    /// The line of the entry that came last, as it stands in the file, without the newline.
    #[must_use]
    pub fn line(&self) -> &str {
        &self.text
    }

    /// The number of that line, from 1.
    #[must_use]
    pub const fn number(&self) -> u64 {
        self.number
    }

    /// How many bytes of a cut-off last line were left out; known at the end.
    #[must_use]
    pub const fn torn(&self) -> Option<usize> {
        self.torn
    }

    /// What the operator should know of how it was read: a newer minor version.
    #[must_use]
    pub fn notice(&self) -> Option<&str> {
        self.notice.as_deref()
    }

    /// The next line, whatever is in it.
    fn raw(&mut self) -> Result<Option<Raw>, ReadError> {
        let mut text = Vec::new();
        let read = (&mut self.lines)
            .take(LONGEST)
            .read_until(b'\n', &mut text)
            .map_err(|error| file_error(&self.path, &error))?;
        if read == 0 {
            return Ok(None);
        }
        self.number += 1;
        let whole = text.last() == Some(&b'\n');
        if whole {
            text.pop();
        } else if read as u64 == LONGEST {
            return Err(self.malformed("the line is too long for a journal"));
        }
        Ok(Some(Raw {
            number: self.number,
            text,
            whole,
        }))
    }

    /// Reads an entry from a line; `None` where a newer version has an event that ours has not.
    fn entry(&mut self, text: Vec<u8>) -> Result<Option<Entry>, ReadError> {
        self.text = String::from_utf8(text).map_err(|_| self.malformed("it is not UTF-8"))?;
        let read = Entry::from_line(&self.text);
        let version = match &read {
            Ok(entry) => entry.v.clone(),
            Err(_) => Entry::stamp(&self.text).map_or_else(|_| String::new(), |version| version.v),
        };
        let standing = Standing::of(&version);
        if self.notice.is_none() && standing == Standing::Newer {
            self.notice = Some(newer(&version));
        }
        match read {
            Ok(entry) => Ok(Some(entry)),
            Err(_) if standing == Standing::Newer => Ok(None),
            Err(_) if standing == Standing::Foreign && !version.is_empty() => {
                Err(ReadError::Version {
                    path: self.path.display().to_string(),
                    version,
                    program: Entry::stamp(&self.text).ok().and_then(|v| v.program),
                })
            }
            Err(source) => Err(ReadError::Line {
                path: self.path.display().to_string(),
                line: self.number,
                source,
            }),
        }
    }

    fn malformed(&self, reason: &str) -> ReadError {
        ReadError::Line {
            path: self.path.display().to_string(),
            line: self.number,
            source: Malformed {
                reason: reason.to_owned(),
            },
        }
    }

    pub(super) fn at_end(&mut self) -> bool {
        self.lines.fill_buf().is_ok_and(<[u8]>::is_empty)
    }

    fn advance(&mut self) -> Result<Option<Entry>, ReadError> {
        while let Some(raw) = self.raw()? {
            let length = raw.text.len();
            let zeroed = is_zeroed(&raw.text);
            if !raw.whole {
                self.torn = Some(length);
                return Ok(None);
            }
            match self.entry(raw.text) {
                Ok(None) => {}
                // What a crash of the machine leaves, newline or not.
                Err(ReadError::Line { .. }) if zeroed && raw.number > 1 && self.at_end() => {
                    self.torn = Some(length + 1);
                    return Ok(None);
                }
                result => return result,
            }
        }
        Ok(None)
    }
}

impl Iterator for Reader {
    type Item = Result<Entry, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let next = self.advance();
        self.ended = !matches!(next, Ok(Some(_)));
        next.transpose()
    }
}

/// What the operator should know of a journal of a newer minor version.
pub(super) fn newer(version: &str) -> String {
    format!("this journal is of version {version}; what is newer than {VERSION} in it is not shown")
}

pub(super) fn file_error(path: &Path, error: &io::Error) -> ReadError {
    ReadError::File {
        path: path.display().to_string(),
        reason: error.to_string(),
    }
}

/// Opens a file that may be a journal.
pub(super) fn open(path: &Path) -> Result<File, ReadError> {
    File::open(path)
        .and_then(|file| {
            if file.metadata()?.is_dir() {
                return Err(io::ErrorKind::IsADirectory.into());
            }
            Ok(file)
        })
        .and_then(|file| portable::opened(path, file))
        .map_err(|error| file_error(path, &error))?
}
