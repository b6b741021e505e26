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
//! out: they are computed again, and the digest of the last line tells whether all is as it was.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};

use super::entry::{self, Malformed};
use super::reader::{LONGEST, ReadError};

/// How a recording begins.
const BEGINNING: &[u8] = b"{\"recording\":";

/// A journal's lines as a recording.
///
/// # Errors
/// Says which line is no entry.
pub fn export<'a>(lines: impl IntoIterator<Item = &'a str>) -> Result<String, Malformed> {
    let mut head = None;
    let mut page = String::new();
    let mut entries = String::new();
    let mut began = None;
    let mut digest = String::new();
    let mut count: u64 = 0;
    for line in lines {
        let malformed = |reason: &str| Malformed {
            reason: format!("line {}: {reason}", count + 1),
        };
        let mut entry: Map<String, Value> =
            serde_json::from_str(line).map_err(|error| malformed(&error.to_string()))?;
        digest = entry::digest(line.as_bytes());
        let at = time(&entry).ok_or_else(|| malformed("it has no time"))?;
        let version = entry.get("v").cloned().unwrap_or_default();
        let (head_version, _) =
            head.get_or_insert_with(|| (version.clone(), entry.get("run").cloned()));
        let mut kept = Map::new();
        if version != *head_version {
            kept.insert("v".to_owned(), version);
        }
        let shown = match began {
            None => format!("{at:.6}"),
            Some(began) => since(began, at),
        };
        began.get_or_insert(at);
        kept.insert("at".to_owned(), Value::from(shown));
        if let Some(Value::String(text)) = entry.get_mut("text").filter(|_| count == 0) {
            for line in text.split('\n') {
                let _ = writeln!(page, "{}", json!({ "page": line }));
            }
            entry.insert("text".to_owned(), Value::Null);
        }
        for name in ["v", "seq", "at", "prev"] {
            entry.shift_remove(name);
        }
        kept.extend(entry);
        let _ = writeln!(entries, "{}", Value::Object(kept));
        count += 1;
    }
    let (version, run) = head.unwrap_or_default();
    let head = json!({
        "recording": version,
        "run": run.unwrap_or_default(),
        "entries": count,
        "digest": digest,
    });
    Ok(format!("{head}\n{page}{entries}"))
}

fn time(entry: &Map<String, Value>) -> Option<Timestamp> {
    entry.get("at")?.as_str()?.parse().ok()
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
        _ => return text.parse().ok(),
    };
    let (seconds, micros) = number.split_once('.')?;
    if micros.len() != 6 {
        return None;
    }
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
            Err("the line is too long for a recording".to_owned())
        } else {
            str::from_utf8(&line)
                .map_err(|_| "it is not UTF-8".to_owned())
                .and_then(|line| expansion.line(line))
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
                    source: Malformed { reason },
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
    let head: Value = serde_json::from_str(&line).unwrap_or_default();
    let sealed = || {
        let digest = head.get("digest")?.as_str()?;
        Some(format!("{digest} {}\n", head.get("entries")?.as_u64()?))
    };
    Some(sealed().unwrap_or_default())
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
    version: Value,
    /// The run, as the recording's first line has it.
    run: Option<Value>,
    page: Vec<String>,
    began: Option<Timestamp>,
    seq: u64,
    prev: Option<String>,
}

impl Expansion {
    fn line(&mut self, line: &str) -> Result<Option<String>, String> {
        let mut value: Map<String, Value> =
            serde_json::from_str(line).map_err(|error| format!("not of a recording: {error}"))?;
        if let Some(version) = value.remove("recording") {
            self.version = version;
            self.run = value.remove("run");
            return Ok(None);
        }
        if let Some(Value::String(text)) = value.get("page") {
            self.page.push(text.clone());
            return Ok(None);
        }
        let at = value.shift_remove("at");
        let at = at.as_ref().and_then(Value::as_str).unwrap_or_default();
        let at = match self.began {
            Some(began) => until(began, at),
            None => at.parse().ok(),
        };
        let at = at.ok_or("it has no time that can be read")?;
        self.began.get_or_insert(at);
        let version = value
            .shift_remove("v")
            .unwrap_or_else(|| self.version.clone());
        if self.seq == 0 && value.get("text").is_some_and(Value::is_null) {
            value.insert("text".to_owned(), Value::from(self.page.join("\n")));
        }
        if self.seq == 0 && value.get("run") != self.run.as_ref() {
            return Err("the recording's first line names another run".to_owned());
        }
        self.seq += 1;
        let mut entry = Map::new();
        entry.insert("v".to_owned(), version);
        entry.insert("seq".to_owned(), Value::from(self.seq));
        entry.insert("at".to_owned(), Value::from(format!("{at:.6}")));
        let prev = self.prev.take().unwrap_or_else(|| entry::FIRST.to_owned());
        entry.insert("prev".to_owned(), Value::from(prev));
        entry.extend(value);
        let line = Value::Object(entry).to_string();
        self.prev = Some(entry::digest(line.as_bytes()));
        Ok(Some(line))
    }
}
