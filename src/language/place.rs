//! Where the parser's positions are in the document.

use rhai::Position;

use crate::source::{Excerpt, Span};

/// The parser keeps lines and columns in 16 bits and stays at the last one.
const LAST: usize = u16::MAX as usize;

/// The lines of a piece of code, for turning the parser's positions into spans.
pub(super) struct Places<'a> {
    code: &'a Excerpt,
    /// Offset of the first byte of each line.
    lines: Vec<usize>,
}

impl<'a> Places<'a> {
    pub(super) fn new(code: &'a Excerpt) -> Self {
        let mut lines = vec![0];
        lines.extend(code.text.match_indices('\n').map(|(at, _)| at + 1));
        Self { code, lines }
    }

    /// The offset in the code of a position; one that the parser does not know is the start.
    pub(super) fn offset(&self, position: Position) -> usize {
        let text = &self.code.text;
        let Some(line) = position.line() else {
            return 0;
        };
        let Some(start) = self.lines.get(line - 1).copied() else {
            return text.len();
        };
        let column = position.position().unwrap_or(1);
        let line = text[start..].split('\n').next().unwrap_or_default();
        line.char_indices()
            .nth(column - 1)
            .map_or(start + line.len(), |(at, _)| start + at)
    }

    /// The span of a word that stands at a position.
    ///
    /// A position past what the parser can count is looked for below the last line it counts.
    pub(super) fn word(&self, position: Position, word: &str) -> Span {
        let text = &self.code.text;
        let at = self.offset(position);
        if text[at..].starts_with(word) {
            return self.code.span(at..at + word.len());
        }
        let saturated = position.line().is_some_and(|line| line >= LAST)
            || position.position().is_some_and(|column| column >= LAST);
        if saturated && let Some(found) = text[at..].find(word) {
            return self.code.span(at + found..at + found + word.len());
        }
        self.token(position)
    }

    /// The span of the word or sign at a position; at the end of a line or of the text, of the
    /// last character before it.
    pub(super) fn token(&self, position: Position) -> Span {
        let text = &self.code.text;
        if position.is_none() {
            return self.last();
        }
        let at = self.offset(position);
        let mut characters = text[at..].chars();
        match characters.next() {
            Some(first) if first.is_alphanumeric() || first == '_' => {
                let length: usize = text[at..]
                    .chars()
                    .take_while(|c| c.is_alphanumeric() || *c == '_')
                    .map(char::len_utf8)
                    .sum();
                self.code.span(at..at + length)
            }
            Some(first) if first != '\n' => self.code.span(at..at + first.len_utf8()),
            _ => self.last_before(at),
        }
    }

    /// The word at a position; empty where there is none.
    pub(super) fn word_at(&self, position: Position) -> &str {
        if position.is_none() {
            return "";
        }
        let rest = &self.code.text[self.offset(position)..];
        let end = rest
            .find(|c: char| !(c.is_alphanumeric() || c == '_'))
            .unwrap_or(rest.len());
        &rest[..end]
    }

    /// The span of the last character that is not white.
    fn last(&self) -> Span {
        self.last_before(self.code.text.len())
    }

    fn last_before(&self, at: usize) -> Span {
        let before = self.code.text[..at].trim_end();
        match before.char_indices().next_back() {
            Some((start, _)) => self.code.span(start..before.len()),
            None => self.code.span(0..0),
        }
    }

    /// The text of the whole code.
    pub(super) fn text(&self) -> &str {
        &self.code.text
    }

    /// The span of a range of bytes of the code.
    pub(super) fn span(&self, range: std::ops::Range<usize>) -> Span {
        self.code.span(range)
    }
}
