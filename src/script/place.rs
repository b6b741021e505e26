//! From a position that Rhai reports to a span of the document.

use rhai::Position;

use crate::source::{Excerpt, Source, Span};

/// Lines of padding stay below this: Rhai counts lines with 16 bits.
const MOST_PADDING: usize = 50_000;

/// A piece of code and how its positions map to the document.
///
/// It is compiled behind as many empty lines as stand above it in the document, so that the
/// position of an error also tells from which cell a function came.
#[derive(Debug)]
pub(super) struct Place {
    padding: usize,
    excerpt: Excerpt,
}

impl Place {
    pub(super) fn new(excerpt: &Excerpt, source: &Source) -> Self {
        let line = source.position(excerpt.origin(0)).line;
        Self {
            padding: line.saturating_sub(1) % MOST_PADDING,
            excerpt: excerpt.clone(),
        }
    }

    /// The code as it is to be compiled.
    pub(super) fn code(&self) -> String {
        let mut code = "\n".repeat(self.padding);
        code.push_str(&self.excerpt.text);
        code
    }

    /// The code as it stands.
    pub(super) fn text(&self) -> &str {
        &self.excerpt.text
    }

    /// The offset in [`Self::text`] of a position, if the position is in this piece.
    pub(super) fn offset(&self, position: Position) -> Option<usize> {
        let line = position.line()?.checked_sub(self.padding + 1)?;
        let column = position.position().unwrap_or(1).saturating_sub(1);
        let mut start = 0;
        for (index, text) in self.excerpt.text.split('\n').enumerate() {
            if index == line {
                let within = text
                    .char_indices()
                    .nth(column)
                    .map_or(text.len(), |(at, _)| at);
                return Some(start + within);
            }
            start += text.len() + 1;
        }
        None
    }

    /// The span in the document of the word or sign at a position.
    pub(super) fn word(&self, position: Position) -> Option<Span> {
        let offset = self.offset(position)?;
        let rest = self.excerpt.text.get(offset..)?;
        let is_word = |c: char| c.is_alphanumeric() || c == '_';
        let length = match rest.chars().next() {
            Some(c) if is_word(c) => rest.find(|c| !is_word(c)).unwrap_or(rest.len()),
            Some('\n') | None => 0,
            Some(c) => c.len_utf8(),
        };
        Some(self.span(offset..offset + length))
    }

    /// The span in the document of a range of [`Self::text`].
    pub(super) fn span(&self, range: std::ops::Range<usize>) -> Span {
        self.excerpt.span(range)
    }
}
