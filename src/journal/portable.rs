//! A journal as one file to pass on: what a reader of a diff wants to see, and nothing else.
//!
//! ```text
//! {"recording":"1.1","run":"…","entries":12,"digest":"…"}
//! {"page":"# Title"}
//! {"page":"…"}
//! {"at":"2026-11-23T08:00:00.000000Z","event":"run-started",…}
//! {"at":"+0.012000","event":"step-started",…}
//! ```
//!
//! The page's text stands line by line, times are since the beginning, numbers and hashes are left
//! out: they are computed again, and the digest of the last line tells whether all is as it was. All
//! else of an entry is copied as it stands, and a journal has one form as a recording: what reads as
//! the same and is written in another way was altered.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::ops::Range;
use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::{Value, json};

use super::entry::{self, Malformed};
use super::reader::{LONGEST, ReadError};
use crate::visible;

/// How a recording begins.
const BEGINNING: &[u8] = b"{\"recording\":";
/// What is wrong with a line that `export` writes in another way.
const ALTERED: &str = "it is not as `runbook export` writes it: it was altered";

/// The first line of a recording.
#[derive(Clone, Deserialize)]
struct Head {
    /// The version of the journal's first entry.
    recording: String,
    run: Value,
    entries: u64,
    /// Of the journal's last line.
    digest: String,
}

/// A journal's lines as a recording.
///
/// # Errors
/// Says which line is no entry, or not one that continues the line before.
pub fn export<'a>(lines: impl IntoIterator<Item = &'a str>) -> Result<String, Malformed> {
    let mut head = Head {
        recording: String::new(),
        run: Value::Null,
        entries: 0,
        digest: entry::FIRST.to_owned(),
    };
    let mut page = String::new();
    let mut entries = String::new();
    let mut began = None;
    for line in lines {
        let number = head.entries + 1;
        let stamped = Stamped::of(line, number, &head.digest).ok_or_else(|| Malformed {
            reason: format!("line {number}: it is not as a journal's line is written"),
        })?;
        let at = shown(began, stamped.at);
        began.get_or_insert(stamped.at);
        let text = if head.entries == 0 {
            stamped.version.clone_into(&mut head.recording);
            head.run = run(line);
            page_of(stamped.rest)
        } else {
            None
        };
        let version = if stamped.version == head.recording {
            String::new()
        } else {
            format!("\"v\":\"{}\",", stamped.version)
        };
        let _ = write!(entries, "{{{version}\"at\":\"{at}\",");
        if let Some(text) = text {
            for line in lines_of(&stamped.rest[text.start + 1..text.end - 1]) {
                let _ = writeln!(page, "{{\"page\":\"{line}\"}}");
            }
            entries.push_str(&stamped.rest[..text.start]);
            entries.push_str("null");
            entries.push_str(&stamped.rest[text.end..]);
        } else {
            entries.push_str(stamped.rest);
        }
        entries.push('\n');
        head.digest = entry::digest(line.as_bytes());
        head.entries = number;
    }
    Ok(format!("{}\n{page}{entries}", head.to_line()))
}

impl Head {
    fn to_line(&self) -> String {
        let line = json!({
            "recording": self.recording,
            "run": self.run,
            "entries": self.entries,
            "digest": self.digest,
        });
        visible::json(&line.to_string()).into_owned()
    }

    /// Reads a recording's first line.
    fn of(line: &str) -> Option<Self> {
        let head: Self = serde_json::from_str(line).ok()?;
        (is_version(&head.recording) && head.to_line() == line).then_some(head)
    }
}

/// A line of a journal, apart from what is computed again.
struct Stamped<'a> {
    version: &'a str,
    at: Timestamp,
    /// What comes behind the stamp, up to the end.
    rest: &'a str,
}

impl<'a> Stamped<'a> {
    /// Takes apart the line of a number that continues a line with a digest.
    fn of(line: &'a str, number: u64, prev: &str) -> Option<Self> {
        let (version, _) = line.strip_prefix("{\"v\":\"")?.split_once('"')?;
        let (_, at) = line.split_once(",\"at\":\"")?;
        let at = at.split_once('"')?.0.parse().ok()?;
        let rest = line.strip_prefix(&*stamp(version, number, at, prev))?;
        is_version(version).then_some(Self { version, at, rest })
    }
}

/// How a line begins.
fn stamp(version: &str, number: u64, at: Timestamp, prev: &str) -> String {
    format!("{{\"v\":\"{version}\",\"seq\":{number},\"at\":\"{at:.6}\",\"prev\":\"{prev}\",")
}

/// Whether a text can be a version, and stands in JSON as it is.
fn is_version(text: &str) -> bool {
    text.bytes()
        .all(|byte| byte.is_ascii_digit() || byte == b'.')
}

/// The run that an entry is of, where it says so.
fn run(line: &str) -> Value {
    #[derive(Deserialize)]
    struct Named {
        run: Value,
    }
    serde_json::from_str(line).map_or(Value::Null, |named: Named| named.run)
}

/// Where the page's text stands, with its quotes, in the rest of a first entry.
fn page_of(rest: &str) -> Option<Range<usize>> {
    let text = text_of(rest)?;
    let value = &rest[text.clone()];
    (value.len() > 1 && value.starts_with('"') && value.ends_with('"')).then_some(text)
}

/// Where the value of `text` stands in the rest of an entry, which begins with a key.
fn text_of(rest: &str) -> Option<Range<usize>> {
    let bytes = rest.as_bytes();
    let (mut depth, mut at, mut key) = (0_usize, 0, true);
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' if depth == 0 && key && rest[at..].starts_with("\"text\":") => {
                let start = at + "\"text\":".len();
                return Some(start..value_end(bytes, start));
            }
            b'"' => {
                at = quoted_end(bytes, at);
                key = false;
                continue;
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.checked_sub(1)?,
            b',' if depth == 0 => key = true,
            _ => {}
        }
        if *byte != b',' {
            key = false;
        }
        at += 1;
    }
    None
}

/// Where a value ends that is a text or a word.
fn value_end(bytes: &[u8], start: usize) -> usize {
    if bytes.get(start) == Some(&b'"') {
        return quoted_end(bytes, start);
    }
    let rest = bytes.get(start..).unwrap_or_default();
    let word = rest.iter().take_while(|byte| byte.is_ascii_alphabetic());
    start + word.count()
}

/// Behind the closing quote of a text that opens here.
fn quoted_end(bytes: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'\\' => at += 2,
            b'"' => return at + 1,
            _ => at += 1,
        }
    }
    bytes.len()
}

/// The lines of a text as it stands in JSON.
fn lines_of(text: &str) -> Vec<&str> {
    let bytes = text.as_bytes();
    let mut lines = Vec::new();
    let (mut start, mut at) = (0, 0);
    while let Some(found) = memchr::memchr(b'\\', bytes.get(at..).unwrap_or_default()) {
        at += found + 2;
        if bytes.get(at - 1) == Some(&b'n') {
            lines.push(&text[start..at - 2]);
            start = at;
        }
    }
    lines.push(&text[start..]);
    lines
}

/// When an entry was recorded: the first in full, others since then.
fn shown(began: Option<Timestamp>, at: Timestamp) -> String {
    match began {
        None => format!("{at:.6}"),
        Some(began) => since(began, at),
    }
}

/// `+12.345678`: seconds since the beginning, negative where a clock was set back.
fn since(began: Timestamp, at: Timestamp) -> String {
    let micros = at.as_microsecond() - began.as_microsecond();
    let sign = if micros < 0 { '-' } else { '+' };
    let micros = micros.unsigned_abs();
    format!("{sign}{}.{:06}", micros / 1_000_000, micros % 1_000_000)
}

fn until(began: Timestamp, text: &str) -> Option<Timestamp> {
    let (sign, number) = match text.split_at_checked(1)? {
        ("+", number) => (1, number),
        ("-", number) => (-1, number),
        _ => return None,
    };
    let (seconds, micros) = number.split_once('.')?;
    let seconds: i64 = seconds.parse().ok()?;
    let micros: i64 = micros.parse().ok()?;
    let since = seconds.checked_mul(1_000_000)?.checked_add(micros)?;
    began
        .checked_add(SignedDuration::from_micros(sign * since))
        .ok()
}

/// A file that may be a recording as a journal: an unnamed copy where it is one.
pub(super) fn opened(path: &Path, mut file: File) -> io::Result<Result<File, ReadError>> {
    if !is_recording(&mut file)? {
        return Ok(Ok(file));
    }
    let mut journal = tempfile::tempfile()?;
    let mut expansion = Expansion::default();
    let mut lines = BufReader::new(file);
    for number in 1.. {
        let mut line = Vec::new();
        if (&mut lines).take(LONGEST).read_until(b'\n', &mut line)? == 0 {
            break;
        }
        let entry = if line.len() as u64 == LONGEST {
            Err("the line is too long for a recording")
        } else {
            expansion.line(&line)
        };
        match entry {
            Ok(Some(entry)) => {
                journal.write_all(entry.as_bytes())?;
                journal.write_all(b"\n")?;
            }
            Ok(None) => {}
            Err(reason) => {
                return Ok(Err(ReadError::Line {
                    path: path.display().to_string(),
                    line: number,
                    source: Malformed {
                        reason: reason.to_owned(),
                    },
                }));
            }
        }
    }
    journal.seek(SeekFrom::Start(0))?;
    Ok(Ok(journal))
}

/// What a recording says its journal ended with, as a seal says it; `None` of what is no recording,
/// and nothing of one that does not say it.
pub(super) fn seal(path: &Path) -> Option<String> {
    let mut file = File::open(path).ok()?;
    if !is_recording(&mut file).ok()? {
        return None;
    }
    let mut line = String::new();
    BufReader::new(file.take(64 * 1024))
        .read_line(&mut line)
        .ok()?;
    let head = Head::of(line.trim_end_matches('\n'));
    Some(head.map_or_else(String::new, |head| {
        format!("{} {}\n", head.digest, head.entries)
    }))
}

fn is_recording(file: &mut File) -> io::Result<bool> {
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Ok(false);
    }
    let mut beginning = Vec::new();
    file.take(BEGINNING.len() as u64)
        .read_to_end(&mut beginning)?;
    file.seek(SeekFrom::Start(0))?;
    Ok(beginning == BEGINNING)
}

/// A recording on the way to its journal.
#[derive(Default)]
struct Expansion {
    head: Option<Head>,
    /// The page's lines as they stand in JSON.
    page: Vec<String>,
    began: Option<Timestamp>,
    seq: u64,
    prev: Option<String>,
}

impl Expansion {
    /// The journal's line that a recording's line stands for, if any.
    fn line(&mut self, line: &[u8]) -> Result<Option<String>, &'static str> {
        let line = str::from_utf8(line).map_err(|_| "it is not UTF-8")?;
        let line = line
            .strip_suffix('\n')
            .ok_or("its end is missing: the recording was cut off")?;
        let Some(head) = &self.head else {
            self.head = Some(Head::of(line).ok_or(ALTERED)?);
            return Ok(None);
        };
        if let Some(text) = line.strip_prefix("{\"page\":") {
            if self.seq > 0 {
                return Err("a line of the page stands behind an entry: it was put there");
            }
            self.page.push(page_line(text).ok_or(ALTERED)?.to_owned());
            return Ok(None);
        }
        let entry = Undated::of(line).ok_or("it is no line of a recording")?;
        let at = match self.began {
            Some(began) => until(began, entry.at),
            None => entry.at.parse().ok(),
        };
        let at = at.ok_or("it has no time that can be read")?;
        let version = entry.version.unwrap_or(&head.recording);
        let is_ours = shown(self.began, at) == entry.at
            && is_version(version)
            && entry.version != Some(&head.recording)
            // The head has the version of the first.
            && (self.seq > 0 || entry.version.is_none());
        if !is_ours {
            return Err(ALTERED);
        }
        self.began.get_or_insert(at);
        self.seq += 1;
        let prev = self.prev.take().unwrap_or_else(|| entry::FIRST.to_owned());
        let mut line = stamp(version, self.seq, at, &prev);
        if self.seq == 1 {
            line.push_str(&with_page(entry.rest, &std::mem::take(&mut self.page))?);
            if run(&line) != head.run {
                return Err("the recording's first line names another run");
            }
        } else {
            line.push_str(entry.rest);
        }
        self.prev = Some(entry::digest(line.as_bytes()));
        Ok(Some(line))
    }
}

/// An entry's line in a recording.
struct Undated<'a> {
    version: Option<&'a str>,
    at: &'a str,
    rest: &'a str,
}

impl<'a> Undated<'a> {
    fn of(line: &'a str) -> Option<Self> {
        let line = line.strip_prefix('{')?;
        let (version, line) = match line.strip_prefix("\"v\":\"") {
            Some(line) => {
                let (version, line) = line.split_once("\",")?;
                (Some(version), line)
            }
            None => (None, line),
        };
        let (at, rest) = line.strip_prefix("\"at\":\"")?.split_once("\",")?;
        Some(Self { version, at, rest })
    }
}

/// The text of one line of the page, as it stands in JSON, of what follows its key.
fn page_line(value: &str) -> Option<&str> {
    let quoted = value.strip_suffix('}')?;
    let text = quoted.strip_prefix('"')?.strip_suffix('"')?;
    let is_one = serde_json::from_str::<String>(quoted).is_ok() && lines_of(text).len() == 1;
    is_one.then_some(text)
}

/// The rest of a first entry with the page's lines in their place.
fn with_page(rest: &str, page: &[String]) -> Result<String, &'static str> {
    let text = text_of(rest);
    let value = text.clone().map_or("", |text| &rest[text]);
    match text {
        Some(text) if value == "null" && !page.is_empty() => Ok(format!(
            "{}\"{}\"{}",
            &rest[..text.start],
            page.join("\\n"),
            &rest[text.end..]
        )),
        _ if page.is_empty() && !value.starts_with('"') => Ok(rest.to_owned()),
        _ => Err(ALTERED),
    }
}
