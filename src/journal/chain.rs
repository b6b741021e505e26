//! The links of a journal's chain, read without reading what the entries say.
//!
//! A line begins in one form (`{"v":…,"seq":…,"at":…,"prev":…,"event":…`), so its place in the
//! chain is found by position and the rest is only hashed. Lines do not depend on one another
//! here, so all cores share them; whoever asks puts the links in order.

use std::fs::File;
use std::io::{self, Read, Take};
use std::thread;

use sha2::{Digest as _, Sha256};

use super::entry::{Entry, Standing, Version};
use super::reader::LONGEST;
use crate::event::Event;
use crate::side_by_side;

/// How much of the file is read at once.
const BLOCK: usize = 4 * 1024 * 1024;
/// What is worth a thread of its own.
const SHARE: usize = 256 * 1024;
/// More threads than this wait for the file.
const THREADS: usize = 4;

/// A SHA-256.
pub(super) type Digest = [u8; 32];

/// A line's place in the chain.
pub(super) struct Link {
    pub(super) seq: u64,
    pub(super) prev: Digest,
    /// Of the line itself.
    pub(super) digest: Digest,
    pub(super) kind: Kind,
    /// The version, where it is a newer minor one.
    pub(super) newer: Option<String>,
}

/// What of an entry matters to the chain.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// It vouches for a file beside the journal.
    Kept,
    Beginning,
    /// A further head, of a run that goes on after the entry of this number.
    Resumption(u64),
    Note,
    End,
    Other,
}

/// A line that is no link.
#[derive(Clone, Debug)]
pub(super) enum Unlinked {
    /// It is of another major version.
    Foreign(Version),
    Malformed(String),
}

/// Whole lines of a file, many at a time.
pub(super) struct Blocks {
    file: Take<File>,
    buffer: Vec<u8>,
    /// How many bytes of the buffer are whole lines that were given already.
    given: usize,
    ended: bool,
}

impl Blocks {
    /// Reads a file up to a length.
    pub(super) fn new(file: File, length: u64) -> Self {
        Self {
            file: file.take(length),
            buffer: Vec::new(),
            given: 0,
            ended: false,
        }
    }

    /// The next whole lines, each with its newline; `None` at the end.
    pub(super) fn next(&mut self) -> io::Result<Option<&[u8]>> {
        self.buffer.drain(..self.given);
        self.given = 0;
        while !self.ended {
            let before = self.buffer.len();
            let read = (&mut self.file)
                .take(BLOCK as u64)
                .read_to_end(&mut self.buffer)?;
            self.ended = read == 0;
            if let Some(at) = memchr::memrchr(b'\n', self.buffer.get(before..).unwrap_or_default())
            {
                self.given = before + at + 1;
                return Ok(self.buffer.get(..self.given));
            }
            if self.buffer.len() as u64 >= LONGEST {
                break;
            }
        }
        Ok(None)
    }

    /// What stands behind the last newline, once all lines are read.
    pub(super) fn rest(&self) -> &[u8] {
        self.buffer.get(self.given..).unwrap_or_default()
    }
}

/// A part of a block of lines, and what it is in the chain.
pub(super) enum Part<'a> {
    /// Lines that continue each other, and do nothing else to the chain.
    Stretch(Stretch<'a>),
    /// A line to be looked at by itself.
    Line(&'a [u8], Result<Link, Unlinked>),
}

/// Lines of which each continues the one before.
pub(super) struct Stretch<'a> {
    /// The first of them.
    pub(super) first: &'a [u8],
    /// The number of the first.
    pub(super) seq: u64,
    /// What the first says of the line before.
    pub(super) prev: Digest,
    pub(super) lines: u64,
    /// How many bytes they have, with their newlines.
    pub(super) bytes: u64,
    /// Of the last of them.
    pub(super) digest: Digest,
}

/// The parts of a block of whole lines, in their order.
pub(super) fn parts(block: &[u8]) -> Vec<Part<'_>> {
    let threads = side_by_side::cores()
        .min(THREADS)
        .min(block.len() / SHARE)
        .max(1);
    if threads == 1 {
        return in_turn(block);
    }
    let mut rest = block;
    let mut shares = Vec::with_capacity(threads);
    for left in (1..=threads).rev() {
        let about = (rest.len() / left).max(1) - 1;
        let after = rest.get(about..).unwrap_or_default();
        let end = memchr::memchr(b'\n', after).map_or(rest.len(), |at| about + at + 1);
        let (share, further) = rest.split_at(end);
        shares.push(share);
        rest = further;
    }
    thread::scope(|scope| {
        let running: Vec<_> = shares
            .into_iter()
            .map(|share| scope.spawn(move || in_turn(share)))
            .collect();
        running
            .into_iter()
            .flat_map(|thread| thread.join().expect("reading a line does not panic"))
            .collect()
    })
}

/// The parts of whole lines, looked at one by one.
fn in_turn(lines: &[u8]) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let mut stretch: Option<Stretch<'_>> = None;
    let mut start = 0;
    for end in memchr::memchr_iter(b'\n', lines) {
        let line = &lines[start..end];
        start = end + 1;
        let link = link(line);
        match (&mut stretch, &link) {
            (Some(stretch), Ok(link)) if link.is_plain() && stretch.takes(link) => {
                stretch.lines += 1;
                stretch.bytes += line.len() as u64 + 1;
                stretch.digest = link.digest;
            }
            (_, Ok(link)) if link.is_plain() => {
                let next = Stretch {
                    first: line,
                    seq: link.seq,
                    prev: link.prev,
                    lines: 1,
                    bytes: line.len() as u64 + 1,
                    digest: link.digest,
                };
                parts.extend(stretch.replace(next).map(Part::Stretch));
            }
            _ => {
                parts.extend(stretch.take().map(Part::Stretch));
                let is_last = link.is_err();
                parts.push(Part::Line(line, link));
                if is_last {
                    // Nobody asks further, and a file of newlines must not fill the memory.
                    return parts;
                }
            }
        }
    }
    parts.extend(stretch.map(Part::Stretch));
    parts
}

impl Stretch<'_> {
    fn takes(&self, link: &Link) -> bool {
        link.prev == self.digest && self.seq.checked_add(self.lines) == Some(link.seq)
    }
}

impl Link {
    /// Whether it does nothing to the chain but go on.
    fn is_plain(&self) -> bool {
        self.kind == Kind::Other && self.newer.is_none()
    }
}

/// The link of a line.
pub(super) fn link(line: &[u8]) -> Result<Link, Unlinked> {
    let digest = Sha256::digest(line).into();
    match by_position(line, digest) {
        Some(link) => Ok(link),
        None => by_reading(line, digest),
    }
}

/// The link of a line in the form that we write, of a version that we know; entries that begin or
/// end something are read whole.
fn by_position(line: &[u8], digest: Digest) -> Option<Link> {
    let rest = line.strip_prefix(b"{\"v\":\"")?;
    let (version, rest) = split(rest, b'"')?;
    if Standing::of(std::str::from_utf8(version).ok()?) != Standing::Known {
        return None;
    }
    let rest = rest.strip_prefix(b",\"seq\":")?;
    let (digits, rest) = split(rest, b',')?;
    let seq = match digits {
        [b'1'..=b'9', ..] if digits.len() < 20 => digits.iter().try_fold(0_u64, |seq, digit| {
            let digit = digit.is_ascii_digit().then(|| u64::from(digit - b'0'))?;
            seq.checked_mul(10)?.checked_add(digit)
        })?,
        _ => return None,
    };
    let rest = rest.strip_prefix(b"\"at\":\"")?;
    let (at, rest) = split(rest, b'"')?;
    if at.len() != 27 || at.last() != Some(&b'Z') {
        return None;
    }
    let rest = rest.strip_prefix(b",\"prev\":\"")?;
    let prev = unhex(rest.get(..64)?)?;
    let rest = rest.get(64..)?.strip_prefix(b"\",\"event\":\"")?;
    let (event, rest) = split(rest, b'"')?;
    let kind = match event {
        b"noted" => Kind::Note,
        b"output-kept" => Kind::Kept,
        b"output" | b"step-started" | b"called" | b"captured" | b"checked" | b"asked"
        | b"answered" | b"step-finished" | b"step-skipped" => Kind::Other,
        _ => return None,
    };
    let is_text = rest.last() == Some(&b'}') && std::str::from_utf8(rest).is_ok();
    is_text.then_some(Link {
        seq,
        prev,
        digest,
        kind,
        newer: None,
    })
}

/// The link of any line, which is read whole; one of a known version must be as it was written.
pub(super) fn by_reading(line: &[u8], digest: Digest) -> Result<Link, Unlinked> {
    let malformed = |reason: &str| Unlinked::Malformed(reason.to_owned());
    let text = std::str::from_utf8(line).map_err(|_| malformed("it is not UTF-8"))?;
    let stamp = Entry::stamp(text).map_err(|error| Unlinked::Malformed(error.reason))?;
    let standing = Standing::of(&stamp.v);
    if standing == Standing::Foreign {
        return Err(Unlinked::Foreign(stamp));
    }
    let mut kind = match stamp.event.as_str() {
        "run-started" => Kind::Beginning,
        "noted" => Kind::Note,
        "output-kept" => Kind::Kept,
        "run-finished" => Kind::End,
        _ => Kind::Other,
    };
    if standing == Standing::Known {
        let entry = Entry::from_line(text).map_err(|error| Unlinked::Malformed(error.reason))?;
        if entry.to_line() != text {
            // What we write has one form; bytes that reading passes over were put there.
            return Err(malformed("it is not as it was written"));
        }
        if let Event::RunStarted(head) = &entry.event
            && let Some(resumes) = &head.resumes
        {
            kind = Kind::Resumption(resumes.after);
        }
    }
    Ok(Link {
        seq: stamp.seq,
        prev: unhex(stamp.prev.as_bytes()).ok_or_else(|| malformed("its `prev` is no hash"))?,
        digest,
        kind,
        newer: (standing == Standing::Newer).then_some(stamp.v),
    })
}

fn split(text: &[u8], at: u8) -> Option<(&[u8], &[u8])> {
    let index = memchr::memchr(at, text)?;
    Some((text.get(..index)?, text.get(index + 1..)?))
}

/// The digest that 64 digits in lower case spell.
pub(super) fn unhex(text: &[u8]) -> Option<Digest> {
    if text.len() != 64 {
        return None;
    }
    let mut digest = [0; 32];
    // Looked at once for all of them: a question for each would take longer than the rest of a line.
    let mut all = 0;
    for (byte, pair) in digest.iter_mut().zip(text.chunks_exact(2)) {
        let (high, low) = (DIGITS[usize::from(pair[0])], DIGITS[usize::from(pair[1])]);
        all |= high | low;
        *byte = high << 4 | low;
    }
    (all < NO_DIGIT).then_some(digest)
}

/// What is no digit; greater than all that are.
const NO_DIGIT: u8 = 0x10;

/// For each byte the digit that it is.
static DIGITS: [u8; 256] = {
    let mut digits = [NO_DIGIT; 256];
    let mut digit = 0;
    while digit < 16 {
        digits[b"0123456789abcdef"[digit as usize] as usize] = digit;
        digit += 1;
    }
    digits
};
