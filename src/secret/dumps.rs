//! Secrets among the bytes that `od`, `xxd` and `hexdump` write.
//!
//! Bytes stand there as hex digits in groups, in lines that may begin with an offset and end with
//! the bytes as text.

use std::collections::BTreeMap;
use std::ops::Range;

use super::joined::Joined;
use super::known::Search;
use super::matcher::{Found, Matcher};

/// Fewer digits are found in innocent text.
const FEWEST: usize = 12;
/// Only one byte of so many is looked at: what is looked for is longer.
const STRIDE: usize = FEWEST;
/// The most bytes that a line of a dump has as text.
const COLUMN: usize = 16;
/// A longer line is no line of a dump.
pub(super) const LONGEST_LINE: usize = 256;

/// The forms that are hex digits, and what else `od`, `hexdump` and `xxd` write of their bytes.
pub(super) fn forms(forms: &BTreeMap<Vec<u8>, usize>) -> BTreeMap<Vec<u8>, usize> {
    let is_digit = |byte: &u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    forms
        .iter()
        .filter(|(form, _)| form.len() >= FEWEST && form.iter().all(is_digit))
        .flat_map(|(form, secret)| {
            let written = bytes(form).map_or_else(Vec::new, |bytes| digits(&bytes));
            let all = written.into_iter().chain([form.clone()]);
            all.map(|form| (form, *secret))
        })
        .collect()
}

/// The bytes that hex digits stand for.
fn bytes(digits: &[u8]) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(digits).ok()?;
    (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(text.get(at..at + 2)?, 16).ok())
        .collect()
}

/// Bytes in octal, decimal and binary, and in words whose lowest byte comes first, of which those
/// at the ends may have other bytes, too.
fn digits(bytes: &[u8]) -> Vec<Vec<u8>> {
    let each = |write: fn(&u8) -> String| bytes.iter().map(write).collect();
    let words = |width: usize, skipped: usize, write: fn(u64) -> String| -> String {
        let words = bytes.get(skipped..).unwrap_or_default().chunks_exact(width);
        let word = |bytes: &[u8]| {
            bytes
                .iter()
                .rev()
                .fold(0, |word, byte| word << 8 | u64::from(*byte))
        };
        words.map(|bytes| write(word(bytes))).collect()
    };
    let mut written: Vec<String> = vec![
        each(|byte| format!("{byte:03o}")),
        each(|byte| format!("{byte}")),
        each(|byte| format!("{byte:08b}")),
    ];
    for skipped in 0..2 {
        written.push(words(2, skipped, |word| format!("{word:04x}")));
        written.push(words(2, skipped, |word| format!("{word:06o}")));
    }
    for skipped in 0..4 {
        written.push(words(4, skipped, |word| format!("{word:08x}")));
    }
    written.retain(|digits| digits.len() >= FEWEST);
    written.into_iter().map(String::into_bytes).collect()
}

/// Looks for forms of hex digits in dumps.
///
/// `is_line` says whether a line begins where the text does.
pub(super) fn find(text: &[u8], is_line: bool, forms: &Matcher, search: &mut Search) {
    if scan(text, Some(is_line), forms, search) {
        // What looks like an offset may be a group of digits.
        scan(text, None, forms, search);
    }
    // The text at the end of a line that is still to come belongs to the bytes before it.
    if let Some(line) = line_of(text, text.len(), is_line)
        && text.len() - line <= LONGEST_LINE
    {
        let into = |one: &&Found| one.end > line;
        let found = || search.found.iter().filter(into);
        // What is shown of it already is looked at once more: without it nothing would be found.
        let begin = found().map(|one| one.begin).min();
        let start = found().map(|one| one.start).min();
        let begin = begin.map_or(line, |begin| begin.min(line));
        search.decided = search
            .decided
            .min(start.map_or(line, |start| start.min(line)));
        let kept = line_of(text, begin, is_line).unwrap_or(begin);
        search.kept = search.kept.min(kept);
    }
}

/// Looks at all stretches of digits, in lines with offsets where `lines` is given, which says
/// whether the text begins with one; says whether there is an offset.
fn scan(text: &[u8], lines: Option<bool>, forms: &Matcher, search: &mut Search) -> bool {
    let mut has_offset = false;
    let mut done = 0;
    let mut at = 0;
    let tail = text
        .iter()
        .rposition(|byte| !belongs(*byte))
        .map_or(0, |last| last + 1);
    while at < text.len() {
        if at < tail && !belongs(text[at]) {
            at = (at + STRIDE).min(tail.max(at + 1));
            continue;
        }
        let before = text[done..at].iter().rposition(|byte| !belongs(*byte));
        let start = before.map_or(done, |last| done + last + 1);
        if let Some(end) = passed(text, start, lines) {
            done = end;
            at = end;
            continue;
        }
        let dump = Dump::read(text, start, lines);
        if dump.open || dump.digits.bytes().len() >= FEWEST {
            search.across(
                &dump.digits,
                forms,
                dump.open,
                |from| {
                    let line = lines.and_then(|is_line| line_of(text, from, is_line));
                    line.unwrap_or(from)
                },
                |end| dump.end(end),
            );
        }
        has_offset |= dump.has_offset;
        done = dump.end + 1;
        at = done;
    }
    has_offset
}

/// Where a stretch ends that has too few digits to be looked at, as nearly all have: behind what
/// [`Dump::read`] ends at, or at what belongs to none.
fn passed(text: &[u8], start: usize, lines: Option<bool>) -> Option<usize> {
    let mut digits = 0;
    let mut at = start;
    while belongs(*text.get(at)?) {
        digits += usize::from(text[at].is_ascii_hexdigit());
        if digits >= FEWEST {
            return None;
        }
        if let Some(is_line) = lines
            && begins_line(text, at, is_line)
            && offset(text, at).is_some()
        {
            return None;
        }
        at += match (text[at], text.get(at + 1)) {
            (b'0' | b'\\', Some(b'x')) => 2,
            (b'x', _) | (b'\\', Some(_)) => return Some(at + 1),
            _ => 1,
        };
    }
    Some(at)
}

/// Whether a byte is a digit, or stands between digits.
const fn belongs(byte: u8) -> bool {
    byte.is_ascii_hexdigit()
        || matches!(
            byte,
            b' ' | b'\t' | b'\n' | b'\r' | b':' | b',' | b'\\' | b'x'
        )
}

/// The start of the line of a dump that a byte is in, if it is one.
pub(super) fn line_of(text: &[u8], at: usize, is_line: bool) -> Option<usize> {
    let before = text[..at].iter().rposition(|byte| *byte == b'\n');
    let start = before.map_or(0, |end| end + 1);
    (begins_line(text, start, is_line) && offset(text, start).is_some()).then_some(start)
}

fn begins_line(text: &[u8], at: usize, is_line: bool) -> bool {
    at.checked_sub(1)
        .map_or(is_line, |before| text[before] == b'\n')
}

/// Where an offset ends that stands at the start of a line.
pub(super) fn offset(text: &[u8], start: usize) -> Option<usize> {
    let rest = text.get(start..)?;
    let digits = rest
        .iter()
        .take(9)
        .take_while(|byte| byte.is_ascii_hexdigit())
        .count();
    match (digits, rest.get(digits)) {
        (6..=8, Some(b':')) => Some(start + digits + 1),
        (6..=8, Some(b' ')) => Some(start + digits),
        // It may become one.
        (1..=8, None) => Some(text.len()),
        _ => None,
    }
}

/// A stretch of digits and what stands between them.
struct Dump {
    digits: Joined,
    end: usize,
    /// Whether the text ends in it.
    open: bool,
    /// The lines that end with their bytes as text, up to its end.
    lines: Vec<Range<usize>>,
    /// Whether anything was taken for an offset.
    has_offset: bool,
}

impl Dump {
    fn read(text: &[u8], start: usize, lines: Option<bool>) -> Self {
        let mut dump = Self {
            digits: Joined::default(),
            end: start,
            open: true,
            lines: Vec::new(),
            has_offset: false,
        };
        let mut at = start;
        // The start of the line, where that is one with an offset.
        let mut line = None;
        while let Some(byte) = text.get(at) {
            if lines.is_some_and(|is_line| begins_line(text, at, is_line)) {
                let after = offset(text, at);
                line = after.map(|_| at);
                if let Some(after) = after {
                    dump.has_offset = true;
                    dump.digits.pass(after, false);
                    at = after;
                    continue;
                }
            }
            if let Some(line) = line
                && let Some(end) = column(text, at)
            {
                dump.digits.pass(end, true);
                dump.lines.push(line..end);
                at = end;
                continue;
            }
            at += 1;
            match (byte, text.get(at)) {
                (b'0' | b'\\', Some(b'x')) => {
                    at += 1;
                    dump.digits.pass(at, false);
                }
                // An `x` may come.
                (b'\\', None) => dump.digits.pass(at, false),
                (b'0', None) if !matches!(text.get(at.wrapping_sub(2)), Some(before) if before.is_ascii_hexdigit()) =>
                {
                    dump.digits.pass(at, false);
                }
                (digit, _) if digit.is_ascii_hexdigit() => {
                    dump.digits.push(digit.to_ascii_lowercase(), at);
                }
                (b'\n' | b'\r', _) => dump.digits.pass(at, true),
                (b' ' | b'\t' | b':' | b',', _) => dump.digits.pass(at, false),
                _ => {
                    dump.open = false;
                    at -= 1;
                    break;
                }
            }
        }
        dump.end = at;
        dump
    }

    /// Where what is hidden ends: the bytes of a line are there as text, too.
    fn end(&self, end: usize) -> usize {
        let line = self.lines.iter().find(|line| line.contains(&end));
        line.map_or(end, |line| line.end)
    }
}

/// Where the text at the end of a line ends, if it begins here.
fn column(text: &[u8], at: usize) -> Option<usize> {
    let rest = text.get(at..)?;
    if !rest.starts_with(b"  ") {
        return None;
    }
    let end = rest
        .iter()
        .take(LONGEST_LINE)
        .position(|byte| *byte == b'\n')
        .unwrap_or(rest.len().min(LONGEST_LINE));
    let column = rest[..end].trim_ascii_start();
    // Numbers stand so far from each other in decimal.
    let numbers = column
        .iter()
        .all(|byte| byte.is_ascii_digit() || *byte == b' ')
        && (column.len() <= 3 || memchr::memmem::find(column, b"  ").is_some());
    let is_text = matches!(column.first(), Some(b'|' | b'>'))
        || ((1..=COLUMN).contains(&column.len()) && !numbers);
    is_text.then_some(at + end)
}
