//! Values among the lines of a here-document.

use std::ops::Range;

use super::Dialect;
use super::scan::{HereDocument, Scan};

/// A range of the text and the bytes that take its place.
pub(super) type Edit = (Range<usize>, Vec<u8>);

/// Expands to nothing in every shell, set or not: what follows it does not begin the line.
const NOTHING: &[u8] = b"${IFS+}";

/// What stands around a value on the line that holds it.
pub(super) struct Line {
    /// The text before the first value of the line, without the tabs that are taken away.
    before: Vec<u8>,
    /// Whether other values stand before it on its line.
    follows: bool,
    /// The text after the value to the line's end; `None` where another value stands there.
    after: Option<Vec<u8>>,
}

impl Line {
    /// Reads the line around a value.
    pub(super) fn around(
        value: &Range<usize>,
        document: &HereDocument,
        shell: &[u8],
        atoms: &[Range<usize>],
    ) -> Self {
        let index = atoms.partition_point(|atom| atom.start < value.start);
        // Back over the values before it, whose own bytes may hold newlines.
        let mut first = value.start;
        let mut follows = false;
        let mut end = value.start;
        let mut start = document.body.start;
        for atom in atoms[..index].iter().rev() {
            let from = atom.end.max(document.body.start);
            if let Some(newline) = shell[from..end].iter().rposition(|byte| *byte == b'\n') {
                start = from + newline + 1;
                break;
            }
            if atom.start < document.body.start {
                break;
            }
            follows = true;
            first = atom.start;
            end = atom.start;
        }
        if start == document.body.start
            && let Some(newline) = shell[start..end].iter().rposition(|byte| *byte == b'\n')
        {
            start += newline + 1;
        }
        let mut before = &shell[start..first];
        while let (true, [b'\t', rest @ ..]) = (document.strip_tabs, before) {
            before = rest;
        }
        let line_end = shell[value.end..document.body.end]
            .iter()
            .position(|byte| *byte == b'\n')
            .map_or(document.body.end, |at| value.end + at);
        let after = match atoms.get(index + 1) {
            Some(next) if next.start < line_end => None,
            _ => Some(shell[value.end..line_end].to_vec()),
        };
        Self {
            before: before.to_vec(),
            follows,
            after,
        }
    }

    /// Whether a line of the value begins with a tab that would be taken away.
    pub(super) fn loses_tabs(&self, value: &[u8]) -> bool {
        value.windows(2).any(|pair| pair == b"\n\t")
            || (self.before.is_empty() && value.first() == Some(&b'\t'))
            // The text after the value may begin with tabs that would now begin a line.
            || (value.last() == Some(&b'\n')
                && self.after.as_ref().is_none_or(|after| after.first() == Some(&b'\t')))
    }
}

/// Whether bash 5.2 takes a byte away in a quoted here-document of a command substitution: there it
/// reads 0x01, by which it marks others for itself, as the mark of a 0x01 or 0x7F behind it.
pub(super) fn loses_control(value: &[u8], line: &Line) -> bool {
    let is_marked = |next: Option<&u8>| matches!(next, Some(1 | 0x7F));
    let next = line.after.as_ref();
    value
        .windows(2)
        .any(|pair| pair[0] == 1 && is_marked(pair.get(1)))
        || (value.last() == Some(&1) && next.is_none_or(|after| is_marked(after.first())))
}

/// A value as it stands among lines in which `\`, `$` and backquotes are special.
pub(super) fn escaped(
    value: &[u8],
    document: &HereDocument,
    line: &Line,
    dialect: Dialect,
    after_name: bool,
) -> Vec<u8> {
    let mut escaped = Vec::with_capacity(value.len());
    if after_name {
        escaped.extend(NOTHING);
    }
    let mut segments = value.split(|byte| *byte == b'\n').enumerate().peekable();
    while let Some((index, segment)) = segments.next() {
        let first = index == 0;
        let last = segments.peek().is_none();
        if !first {
            escaped.push(b'\n');
        }
        let begins = !first || line.before.is_empty();
        let next = segment.first().or_else(|| match &line.after {
            Some(after) if last => after.first(),
            _ => None,
        });
        let unknown_next = segment.is_empty() && last && line.after.is_none();
        let loses_tab = document.strip_tabs && begins && (next == Some(&b'\t') || unknown_next);
        let loses_byte = dialect == Dialect::Sh
            && may_lose_byte(segment, &document.delimiter, line, first, last);
        let ends = may_end(segment, document, line, first, last)
            || ends_early(document, dialect) && may_begin(segment, document, line, first);
        if loses_tab || loses_byte || ends {
            escaped.extend(NOTHING);
        }
        for byte in segment {
            if matches!(byte, b'\\' | b'$' | b'`') {
                escaped.push(b'\\');
            }
            escaped.push(*byte);
        }
    }
    escaped
}

/// Whether the line that holds this part of a value may come out as the delimiter.
fn may_end(segment: &[u8], document: &HereDocument, line: &Line, first: bool, last: bool) -> bool {
    let before: &[u8] = if first { &line.before } else { b"" };
    let Some(rest) = document.delimiter.strip_prefix(before) else {
        return false;
    };
    let is_alone = !(first && line.follows);
    match &line.after {
        // All of the line is known.
        Some(after) if last && is_alone => rest.strip_prefix(segment) == Some(after.as_slice()),
        _ if is_alone && !last => rest == segment,
        _ => contains(rest, segment),
    }
}

/// Whether a line that begins with the delimiter ends the document as well where a `)` stands behind
/// it: bash 5.2 takes `EOF)` for both ends in a `$(…)`, so that the rest of the line would run.
pub(super) fn ends_early(document: &HereDocument, dialect: Dialect) -> bool {
    document.substituted && matches!(dialect, Dialect::Bash | Dialect::Sh)
}

/// Whether the line that holds this part of a value may come out with the delimiter as its beginning.
fn may_begin(segment: &[u8], document: &HereDocument, line: &Line, first: bool) -> bool {
    let before: &[u8] = if first { &line.before } else { b"" };
    let rest = document.delimiter.strip_prefix(before);
    rest.is_some_and(|rest| rest.starts_with(segment) || segment.starts_with(rest))
}

/// Whether dash may lose a byte of this line: it drops the first byte from 0x80 up after a part
/// of the delimiter at a line's start (seen in 0.5.12).
fn may_lose_byte(segment: &[u8], delimiter: &[u8], line: &Line, first: bool, last: bool) -> bool {
    if first && line.follows {
        return true;
    }
    let before: &[u8] = if first { &line.before } else { b"" };
    match (&line.after, last) {
        (Some(after), true) => loses_byte(&[before, segment, after].concat(), delimiter),
        (None, true) => {
            let known = [before, segment].concat();
            delimiter.starts_with(&known) || loses_byte(&known, delimiter)
        }
        (_, false) => loses_byte(&[before, segment].concat(), delimiter),
    }
}

fn loses_byte(line: &[u8], delimiter: &[u8]) -> bool {
    let same = line
        .iter()
        .zip(delimiter)
        .take_while(|(one, other)| one == other)
        .count();
    same > 0 && line.get(same).is_some_and(|byte| *byte >= 0x80)
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    part.is_empty() || text.windows(part.len()).any(|window| window == part)
}

/// New delimiters, at both ends, for the literal here-documents that a value would end.
///
/// The error is the range of a here-document for which no delimiter is found.
pub(super) fn renamed(
    dialect: Dialect,
    shell: &[u8],
    scan: &Scan,
    edits: &[Edit],
) -> Result<Vec<Edit>, Range<usize>> {
    let mut renames = Vec::new();
    for document in scan.documents.iter().filter(|document| document.quoted) {
        let body = &document.body;
        let first = edits.partition_point(|(range, _)| range.start < body.start);
        let last = edits.partition_point(|(range, _)| range.start < body.end);
        if first >= last {
            continue;
        }
        let mut lines: Vec<u8> = Vec::with_capacity(body.len());
        let mut done = body.start;
        for (range, bytes) in &edits[first..last] {
            lines.extend(&shell[done..range.start]);
            lines.extend(bytes);
            done = range.end;
        }
        lines.extend(&shell[done..body.end]);
        let is_broken_by = |delimiter: &[u8]| {
            lines.split(|byte| *byte == b'\n').any(|line| {
                let tabs = line.iter().take_while(|byte| **byte == b'\t').count();
                let line = &line[if document.strip_tabs { tabs } else { 0 }..];
                line == delimiter
                    || (dialect == Dialect::Sh && loses_byte(line, delimiter))
                    || (ends_early(document, dialect)
                        && line.starts_with(delimiter)
                        && line.contains(&b')'))
            })
        };
        if !is_broken_by(&document.delimiter) {
            continue;
        }
        let fresh = (0..1000)
            .map(|number: usize| {
                let letter = char::from(b'A' + u8::try_from(number % 26).unwrap_or_default());
                format!("{letter}_END_OF_DOCUMENT_{number}").into_bytes()
            })
            .find(|delimiter| !is_broken_by(delimiter))
            .ok_or_else(|| body.clone())?;
        renames.push((document.opening.clone(), [b"'", &fresh[..], b"'"].concat()));
        renames.push((document.closing.clone(), fresh));
    }
    Ok(renames)
}
