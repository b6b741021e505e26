//! Console transcripts: commands after a `$ ` prompt, and the output under each.

use super::Exchange;
use crate::source::Excerpt;

/// Whether a text is a transcript: its first line that is neither blank nor a comment has a
/// prompt.
pub(super) fn is_transcript(text: &str) -> bool {
    text.lines()
        .map(str::trim_start)
        .find(|line| !line.is_empty() && !line.starts_with('#'))
        .is_some_and(|line| prompt(line).is_some())
}

/// The prompt of a line: `$ `, or zsh's `% `. A command never begins with either.
fn prompt(line: &str) -> Option<&'static str> {
    ["$ ", "% "]
        .into_iter()
        .find(|prompt| line.starts_with(prompt))
}

/// Takes a transcript apart.
///
/// The lines of a here-document, a line after a trailing `\` and lines after a `> ` prompt
/// belong to their command; the others are the output that it should print. Lines above the
/// first prompt belong to nothing.
pub(super) fn exchanges(body: &Excerpt) -> Vec<Exchange> {
    let mut exchanges = Vec::new();
    let mut open: Option<Open> = None;
    // The first prompt is the transcript's: `% ` under a `$ ` is output.
    let mut sign = None;
    let mut at = 0;
    for raw in body.text.split_inclusive('\n') {
        let start = at;
        at += raw.len();
        let line = raw.strip_suffix('\n').unwrap_or(raw);
        let end = start + line.len();
        if let Some(command) = &mut open
            && command.output.is_none()
            && command.continues(line)
        {
            command.add(line, start, end);
            continue;
        }
        let indent = line.len() - line.trim_start_matches(' ').len();
        if sign.is_none() {
            sign = prompt(&line[indent..]);
        }
        if let Some(text) = sign.and_then(|sign| line[indent..].strip_prefix(sign)) {
            exchanges.extend(open.take().map(|command| command.close(body)));
            let mut command = Open::default();
            command.add(text, end - text.len(), end);
            open = Some(command);
        } else if line.trim() == "$" {
            exchanges.extend(open.take().map(|command| command.close(body)));
        } else if let Some(command) = &mut open {
            // Blank lines at the end are the page's, not the program's.
            let until = if line.trim().is_empty() {
                None
            } else {
                Some(at)
            };
            let output = command.output.get_or_insert((start, start));
            output.1 = until.unwrap_or(output.1);
        }
    }
    exchanges.extend(open.map(|command| command.close(body)));
    exchanges
}

/// A command that is being read.
#[derive(Default)]
struct Open {
    /// Its lines in the body, prompts left out, line ends left out.
    lines: Vec<(usize, usize)>,
    /// Delimiters of here-documents still open, and whether tabs before them count.
    here: Vec<(String, bool)>,
    /// Whether a here-document's lines carry a `> ` prompt.
    prompted: Option<bool>,
    escaped: bool,
    output: Option<(usize, usize)>,
}

impl Open {
    fn continues(&self, line: &str) -> bool {
        self.escaped || !self.here.is_empty() || line.starts_with("> ") || line == ">"
    }

    fn add(&mut self, line: &str, start: usize, end: usize) {
        let has_prompt = line.starts_with("> ") || line == ">";
        let prompted = if self.lines.is_empty() {
            false
        } else if self.here.is_empty() {
            has_prompt
        } else {
            // A here-document without prompts may quote mail: the first line decides.
            *self.prompted.get_or_insert(has_prompt) && has_prompt
        };
        let skipped = if prompted { line.len().min(2) } else { 0 };
        let text = &line[skipped..];
        self.lines.push((start + skipped, end));
        if let Some((delimiter, tabs)) = self.here.first() {
            let candidate = if *tabs {
                text.trim_start_matches('\t')
            } else {
                text
            };
            if candidate == delimiter {
                self.here.remove(0);
            }
            return;
        }
        let trailing = text.len() - text.trim_end_matches('\\').len();
        self.escaped = trailing % 2 == 1;
        self.here = here_documents(text);
        self.prompted = None;
    }

    fn close(self, body: &Excerpt) -> Exchange {
        let mut command = Excerpt::default();
        let last = self.lines.len().saturating_sub(1);
        for (index, (start, end)) in self.lines.into_iter().enumerate() {
            // The line's own `\n` joins it to the next.
            let end = if index < last { end + 1 } else { end };
            for (text, origin) in pieces(body, start, end) {
                command.push(text, origin);
            }
        }
        let expected = self
            .output
            .filter(|(start, end)| end > start)
            .map(|(start, end)| body.part(start..end));
        Exchange { command, expected }
    }
}

/// The unbroken pieces of a range of an excerpt.
fn pieces(body: &Excerpt, start: usize, end: usize) -> Vec<(&str, usize)> {
    let mut found = Vec::new();
    let mut at = start;
    let mut later = body.pieces.partition_point(|(piece, _)| *piece <= at);
    loop {
        let next = body
            .pieces
            .get(later)
            .map_or(end, |(piece, _)| *piece)
            .min(end);
        found.push((body.text.get(at..next).unwrap_or_default(), body.origin(at)));
        if next >= end {
            return found;
        }
        at = next;
        later += 1;
    }
}

/// The delimiters of the here-documents that a line opens (POSIX.1-2024, 2.7.4), outside quotes.
fn here_documents(line: &str) -> Vec<(String, bool)> {
    let mut found = Vec::new();
    let bytes = line.as_bytes();
    let mut quote = None;
    let mut at = 0;
    while at < bytes.len() {
        match (quote, bytes[at]) {
            (None, b'\\') => at += 1,
            (None, open @ (b'"' | b'\'')) => quote = Some(open),
            (Some(open), byte) if open == byte => quote = None,
            (None, b'#') if at == 0 || bytes[at - 1] == b' ' => break,
            (None, b'<') if bytes[at..].starts_with(b"<<<") => at += 2,
            (None, b'<') if bytes[at..].starts_with(b"<<") => {
                let rest = &line[at + 2..];
                let tabs = rest.starts_with('-');
                let rest = rest.strip_prefix('-').unwrap_or(rest).trim_start();
                let word: String = rest
                    .chars()
                    .take_while(|c| !c.is_whitespace() && !";|&<>()".contains(*c))
                    .filter(|c| !matches!(c, '"' | '\'' | '\\'))
                    .collect();
                // `1 << 2` is arithmetic.
                if word.starts_with(|c: char| c.is_alphabetic() || matches!(c, '_' | '!' | '-')) {
                    found.push((word, tabs));
                }
                // The delimiter's own quotes must not count as the line's.
                at = line.len() - rest.len();
                while at < bytes.len() && !bytes[at].is_ascii_whitespace() {
                    at += 1;
                }
                continue;
            }
            _ => {}
        }
        at += 1;
    }
    found
}
