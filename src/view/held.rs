//! A step's output held back until the step ends: its first and last lines.

use std::collections::VecDeque;

use crate::event::Stream;

/// How many of the first lines are shown where there are too many.
pub(super) const FIRST: usize = 3;
/// How many of the last lines are shown where there are too many.
pub(super) const LAST: usize = 6;
/// How much of one line is kept, in bytes.
const LINE: usize = 4096;

/// The first and the last lines of what a step wrote, however much it was.
#[derive(Default)]
pub(super) struct Held {
    first: Vec<(Stream, String)>,
    /// One more than is shown of a long output, so that ten lines are shown whole.
    last: VecDeque<(Stream, String)>,
    total: usize,
    /// Bytes that are not even in the journal.
    skipped: u64,
    stderr: VecDeque<String>,
}

/// A line of held output, or what is left out at its place: lines, and bytes that are not in the
/// journal.
pub(super) enum Part<'a> {
    Line(Stream, &'a str),
    Omitted(usize, u64),
}

impl Held {
    /// Takes a piece of output: whole lines without the last newline, after `skipped` bytes that
    /// are elsewhere.
    pub(super) fn push(&mut self, stream: Stream, skipped: u64, text: &str) {
        self.skipped += skipped;
        if stream == Stream::Stderr {
            keep(&mut self.stderr, LAST, text, |line| line);
        }
        let mut rest = Some(text);
        while self.first.len() < FIRST {
            let Some(text) = rest else { return };
            let (line, after) = match text.split_once('\n') {
                Some((line, after)) => (line, Some(after)),
                None => (text, None),
            };
            self.first.push((stream, cut(line)));
            self.total += 1;
            rest = after;
        }
        if let Some(text) = rest {
            self.total += text.bytes().filter(|byte| *byte == b'\n').count() + 1;
            keep(&mut self.last, LAST + 1, text, |line| (stream, line));
        }
    }

    /// Forgets all: another attempt begins.
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    /// What is shown, in order.
    pub(super) fn parts(&self) -> impl Iterator<Item = Part<'_>> {
        let whole = self.skipped == 0 && self.total <= FIRST + LAST + 1;
        let skipped = if whole { 0 } else { 1.min(self.last.len()) };
        let omitted =
            (!whole).then(|| Part::Omitted(self.total.saturating_sub(FIRST + LAST), self.skipped));
        self.first
            .iter()
            .map(|(stream, line)| Part::Line(*stream, line))
            .chain(omitted)
            .chain(
                self.last
                    .iter()
                    .skip(skipped)
                    .map(|(stream, line)| Part::Line(*stream, line)),
            )
    }

    /// The last lines of standard error, or, where there are none, of what there is.
    pub(super) fn tail(&self) -> Vec<(Stream, String)> {
        if self.stderr.is_empty() {
            let mut all: Vec<_> = self.first.iter().chain(&self.last).cloned().collect();
            all.drain(..all.len().saturating_sub(LAST));
            return all;
        }
        self.stderr
            .iter()
            .map(|line| (Stream::Stderr, line.clone()))
            .collect()
    }
}

/// Appends the last lines of a text, dropping the first ones over `limit`.
fn keep<T>(lines: &mut VecDeque<T>, limit: usize, text: &str, make: impl Fn(String) -> T) {
    let mut fresh: Vec<T> = text
        .rsplit('\n')
        .take(limit)
        .map(|line| make(cut(line)))
        .collect();
    fresh.reverse();
    lines.extend(fresh);
    while lines.len() > limit {
        lines.pop_front();
    }
}

fn cut(line: &str) -> String {
    end_of(line).to_owned()
}

/// What of a line would be seen: after its last carriage return, at most [`LINE`] bytes.
pub(super) fn end_of(line: &str) -> &str {
    let line = line.trim_end_matches('\r');
    let line = line.rsplit('\r').next().unwrap_or(line);
    &line[..line.floor_char_boundary(LINE)]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(held: &Held) -> Vec<String> {
        held.parts()
            .map(|part| match part {
                Part::Line(_, line) => line.to_owned(),
                Part::Omitted(count, _) => format!("… {count}"),
            })
            .collect()
    }

    #[test]
    fn ten_lines_are_whole_and_eleven_are_not() {
        let mut held = Held::default();
        held.push(Stream::Stdout, 0, "1\n2\n3\n4\n5");
        held.push(Stream::Stdout, 0, "6\n7\n8\n9\n10");
        assert_eq!(shown(&held).join(" "), "1 2 3 4 5 6 7 8 9 10");
        held.push(Stream::Stderr, 0, "11");
        assert_eq!(shown(&held).join(" "), "1 2 3 … 2 6 7 8 9 10 11");
        assert_eq!(held.tail(), [(Stream::Stderr, "11".to_owned())]);
    }

    #[test]
    fn how_output_is_cut_into_pieces_does_not_matter() {
        let text: Vec<String> = (1..=50).map(|n| n.to_string()).collect();
        let mut whole = Held::default();
        whole.push(Stream::Stdout, 0, &text.join("\n"));
        for size in 1..20 {
            let mut held = Held::default();
            for piece in text.chunks(size) {
                held.push(Stream::Stdout, 0, &piece.join("\n"));
            }
            assert_eq!(shown(&held), shown(&whole), "{size}");
        }
    }

    #[test]
    fn memory_is_bounded() {
        let mut held = Held::default();
        for _ in 0..100 {
            held.push(Stream::Stdout, 0, &"ß".repeat(100_000));
        }
        assert!(shown(&held).iter().all(|line| line.len() <= LINE));
        assert_eq!(held.last.len(), LAST + 1);
    }
}
