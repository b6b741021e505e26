//! A console transcript as one shell script, and its output back into one part for each command.
//!
//! All commands run in one shell, so that variables and functions carry from one to the next.
//! After each the shell prints a mark that no program prints; the marks are taken out again
//! before anyone sees the output.

use std::ops::Range;

use crate::document::{Cell, Exchange};
use crate::quote::Dialect;

/// The script of a transcript and where the cell's interpolations stand in it.
pub(super) struct Script {
    pub(super) text: String,
    /// For each of the cell's interpolations that is part of a command.
    pub(super) places: Vec<(usize, Range<usize>)>,
}

/// Puts the commands of a transcript into one script, each on its own line of the document.
pub(super) fn script(cell: &Cell, exchanges: &[Exchange], dialect: Dialect, mark: &str) -> Script {
    let mut text = String::new();
    let mut places = Vec::new();
    // Both streams into one pipe: a transcript shows them as they came.
    let (open, close) = match dialect {
        Dialect::Fish => ("begin; ", "end 2>&1"),
        Dialect::Sh | Dialect::Bash | Dialect::Zsh => ("exec 2>&1; ", ""),
    };
    text.push_str(open);
    let mut line = 0;
    for exchange in exchanges {
        let Some(at) = cell.body.locate(exchange.command.origin(0)) else {
            continue;
        };
        let wanted = cell.body.text[..at].matches('\n').count();
        while line < wanted {
            text.push('\n');
            line += 1;
        }
        let start = text.len();
        let command = exchange.command.text.trim_end_matches('\n');
        text.push_str(command);
        text.push('\n');
        line += command.matches('\n').count() + 1;
        text.push_str(&format!("printf '\\036{mark}\\036'; "));
        for (index, interpolation) in cell.interpolations.iter().enumerate() {
            let origin = cell.body.origin(interpolation.range.start);
            if let Some(offset) = exchange.command.locate(origin) {
                let place = start + offset;
                places.push((index, place..place + interpolation.range.len()));
            }
        }
    }
    text.push_str(close);
    text.push('\n');
    Script { text, places }
}

/// Takes the marks out of a stream and keeps what stood between them.
pub(super) struct Splitter {
    mark: Vec<u8>,
    held: Vec<u8>,
    /// The output of each command so far; the last one's may be unfinished.
    pub(super) parts: Vec<Vec<u8>>,
}

/// How much of one command's output is compared.
const COMPARED: usize = 1024 * 1024;

impl Splitter {
    pub(super) fn new(mark: &str) -> Self {
        Self {
            mark: format!("\u{1e}{mark}\u{1e}").into_bytes(),
            held: Vec::new(),
            parts: vec![Vec::new()],
        }
    }

    /// Takes the next piece; gives what the commands printed.
    pub(super) fn push(&mut self, bytes: &[u8]) -> Vec<u8> {
        self.held.extend_from_slice(bytes);
        let mut shown = Vec::new();
        while let Some(at) = find(&self.held, &self.mark) {
            let rest = self.held.split_off(at + self.mark.len());
            self.held.truncate(at);
            self.show(&mut shown);
            self.parts.push(Vec::new());
            self.held = rest;
        }
        // What could be the beginning of a mark waits for the next piece.
        let keep = (1..self.mark.len().min(self.held.len() + 1))
            .rev()
            .find(|length| self.held.ends_with(&self.mark[..*length]))
            .unwrap_or(0);
        let rest = self.held.split_off(self.held.len() - keep);
        self.show(&mut shown);
        self.held = rest;
        shown
    }

    /// Gives what was held back.
    pub(super) fn finish(&mut self) -> Vec<u8> {
        let mut shown = Vec::new();
        self.show(&mut shown);
        shown
    }

    fn show(&mut self, shown: &mut Vec<u8>) {
        if let Some(part) = self.parts.last_mut() {
            let room = COMPARED.saturating_sub(part.len());
            part.extend_from_slice(&self.held[..self.held.len().min(room)]);
        }
        shown.append(&mut self.held);
    }
}

fn find(text: &[u8], wanted: &[u8]) -> Option<usize> {
    text.windows(wanted.len())
        .position(|window| window == wanted)
}

/// Whether output is what a transcript expects: `...` on a line of its own stands for any lines,
/// `[..]` for any characters within a line; blanks at line ends don't count.
pub(super) fn matches(expected: &str, actual: &str) -> bool {
    let expected: Vec<&str> = expected.trim_end().lines().map(str::trim_end).collect();
    let actual: Vec<&str> = actual.trim_end().lines().map(str::trim_end).collect();
    // Each line but `...` stands for one line, so the first place where the lines behind a `...`
    // fit is as good as any later one: only the last `...` is ever gone back to.
    let (mut at, mut line) = (0, 0);
    let mut any: Option<(usize, usize)> = None;
    while line < actual.len() {
        match expected.get(at) {
            Some(wanted) if wanted.trim() == "..." => {
                at += 1;
                any = Some((at, line));
            }
            Some(wanted) if line_matches(wanted, actual[line]) => {
                at += 1;
                line += 1;
            }
            _ => {
                let Some((after, from)) = &mut any else {
                    return false;
                };
                *from += 1;
                (at, line) = (*after, *from);
            }
        }
    }
    expected[at..].iter().all(|wanted| wanted.trim() == "...")
}

fn line_matches(expected: &str, actual: &str) -> bool {
    let mut parts = expected.split("[..]");
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = actual.strip_prefix(first) else {
        return false;
    };
    let parts: Vec<&str> = parts.collect();
    let Some((last, middle)) = parts.split_last() else {
        return rest.is_empty();
    };
    for part in middle {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expected_output_elides() {
        #[track_caller]
        fn case(expected: &str, actual: &str, holds: bool) {
            assert_eq!(matches(expected, actual), holds, "{expected:?} {actual:?}");
        }
        case("a\nb\n", "a\nb", true);
        case("a\nb\n", "a\nc", false);
        case("a\n...\nd", "a\nb\nc\nd\n", true);
        case("a\n...\nd", "a\nd\n", true);
        case("...\nd\n...", "d\n", true);
        case("...\na\nb\n...\nb", "a\na\nb\nb", true);
        case("...\na\nb\n...\nb", "a\na\nb", false);
        case("a\n...\n...", "a", true);
        case("pod/[..] ready in [..]s", "pod/api-7f ready in 12s", true);
        case("pod/[..] ready in [..]s", "pod/api-7f ready in 12m", false);
        case("", "x", false);
        case("x", "", false);
    }

    #[test]
    fn many_lines_are_compared_in_no_time() {
        let lines = "x\n".repeat(200_000);
        assert!(matches(&lines, &lines));
        assert!(matches(&format!("...\n{lines}"), &lines));
        assert!(!matches(&lines, &format!("{lines}y\n")));
    }

    #[test]
    fn marks_are_found_in_any_split() {
        let text = b"one\n\x1eMARK\x1etwo\x1e\n\x1eMARK\x1e";
        for size in 1..text.len() {
            let mut splitter = Splitter::new("MARK");
            let mut shown = Vec::new();
            for piece in text.chunks(size) {
                shown.extend(splitter.push(piece));
            }
            shown.extend(splitter.finish());
            assert_eq!(shown, b"one\ntwo\x1e\n");
            assert_eq!(
                splitter.parts,
                [b"one\n".to_vec(), b"two\x1e\n".to_vec(), vec![]]
            );
        }
    }
}
