//! The end of an output, in bounded memory.

use std::collections::VecDeque;

/// How many lines are kept.
const LINES: usize = 20;
/// How many bytes of a line are kept.
const WIDTH: usize = 4096;

/// The last lines of an output.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tail {
    lines: VecDeque<String>,
    left_out: usize,
}

impl Tail {
    /// Adds whole lines, without the last newline.
    pub(super) fn push(&mut self, text: &str) {
        let mut last: Vec<&str> = text.rsplit('\n').take(LINES).collect();
        let kept: usize = last.iter().map(|line| line.len() + 1).sum();
        if let Some(before) = text.len().checked_sub(kept) {
            // All lines before these, the last of which ends right before them.
            self.left_out += 1 + text[..before].matches('\n').count();
        }
        while let Some(line) = last.pop() {
            if self.lines.len() == LINES {
                self.lines.pop_front();
                self.left_out += 1;
            }
            self.lines.push_back(shortened(line));
        }
    }

    /// The lines that are kept, at most 20, without newlines.
    pub fn lines(&self) -> impl ExactSizeIterator<Item = &str> + DoubleEndedIterator {
        self.lines.iter().map(String::as_str)
    }

    /// How many lines came before them.
    #[must_use]
    pub const fn left_out(&self) -> usize {
        self.left_out
    }

    /// Whether there was no output.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// The lines as one text; says first how many were left out.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::new();
        if self.left_out > 0 {
            text.push_str(&format!("… {} lines before these\n", self.left_out));
        }
        for line in &self.lines {
            text.push_str(line);
            text.push('\n');
        }
        text
    }
}

fn shortened(line: &str) -> String {
    let end = line.floor_char_boundary(WIDTH);
    if end == line.len() {
        line.to_owned()
    } else {
        format!("{}…", &line[..end])
    }
}
