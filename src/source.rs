//! A text with a name, and places in it.
//!
//! Every message that `runbook` prints about a document points into a [`Source`]. Offsets are
//! bytes of the original file (a BOM and CRs included); lines and columns count from 1, and a
//! column is a character (Unicode scalar value), as editors count.

use std::ops::Range;
use std::sync::OnceLock;

/// A range of bytes in a [`Source`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// Offset of the first byte.
    pub start: usize,
    /// Offset after the last byte.
    pub end: usize,
}

impl Span {
    /// Makes the span `start..end`; an end before the start is raised to it.
    #[must_use]
    pub const fn new(start: usize, end: usize) -> Self {
        Self {
            start,
            end: if end < start { start } else { end },
        }
    }

    /// The span as a range, for slicing.
    #[must_use]
    pub const fn range(self) -> Range<usize> {
        self.start..self.end
    }

    /// The smallest span that holds both.
    #[must_use]
    pub fn to(self, other: Self) -> Self {
        Self::new(self.start.min(other.start), self.end.max(other.end))
    }
}

impl From<Range<usize>> for Span {
    fn from(range: Range<usize>) -> Self {
        Self::new(range.start, range.end)
    }
}

/// A value and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spanned<T> {
    /// The value.
    pub value: T,
    /// Where it stands.
    pub span: Span,
}

impl<T> Spanned<T> {
    /// Joins a value with its place.
    #[must_use]
    pub const fn new(value: T, span: Span) -> Self {
        Self { value, span }
    }
}

/// A line and a column, both from 1; the column counts characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// The line, from 1.
    pub line: usize,
    /// The character in the line, from 1.
    pub column: usize,
}

/// A named text.
///
/// ```
/// use runbook::source::{Position, Source};
/// let source = Source::new("a.md", "one\ntwø x\n");
/// assert_eq!(source.position(9), Position { line: 2, column: 5 });
/// ```
#[derive(Clone, Debug)]
pub struct Source {
    name: String,
    text: String,
    /// Offset of the first byte of each line, once somebody asks for a line: most pages have
    /// nothing to be said of them.
    lines: OnceLock<Vec<usize>>,
}

impl Source {
    /// Takes a text under a name (a path as the operator wrote it).
    #[must_use]
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            text: text.into(),
            lines: OnceLock::new(),
        }
    }

    fn lines(&self) -> &[usize] {
        self.lines.get_or_init(|| {
            let mut lines = vec![0];
            lines.extend(memchr::memchr_iter(b'\n', self.text.as_bytes()).map(|at| at + 1));
            lines
        })
    }

    /// The name it was given.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The whole text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// How many lines it has; a text that ends in a newline has an empty last one.
    #[must_use]
    pub fn line_count(&self) -> usize {
        self.lines().len()
    }

    /// The line (from 1) that holds a byte; an offset past the end is in the last line.
    #[must_use]
    pub fn line(&self, offset: usize) -> usize {
        self.lines().partition_point(|start| *start <= offset)
    }

    /// The line and column of a byte; an offset past the end or inside a character is moved back.
    #[must_use]
    pub fn position(&self, offset: usize) -> Position {
        let mut offset = offset.min(self.text.len());
        while !self.text.is_char_boundary(offset) {
            offset -= 1;
        }
        let line = self.line(offset);
        let start = self.lines()[line - 1];
        Position {
            line,
            column: self.text[start..offset].chars().count() + 1,
        }
    }

    /// The offset of a line and column; places outside are moved to the nearest one inside.
    #[must_use]
    pub fn offset(&self, position: Position) -> usize {
        let line = position.line.clamp(1, self.lines().len());
        let span = self.line_span(line);
        self.text[span.range()]
            .char_indices()
            .nth(position.column.saturating_sub(1))
            .map_or(span.end, |(at, _)| span.start + at)
    }

    /// The span of a line (from 1) without its line ending.
    #[must_use]
    pub fn line_span(&self, line: usize) -> Span {
        let line = line.clamp(1, self.lines().len());
        let start = self.lines()[line - 1];
        let end = self
            .lines()
            .get(line)
            .map_or(self.text.len(), |next| next - 1);
        let text = &self.text[start..end];
        Span::new(start, start + text.strip_suffix('\r').unwrap_or(text).len())
    }

    /// The text of a span; a span that does not fit is cut to what there is.
    #[must_use]
    pub fn slice(&self, span: Span) -> &str {
        self.text.get(span.range()).unwrap_or_default()
    }
}

/// A text taken out of a [`Source`], each piece of which knows where it came from.
///
/// A fence inside a list or a quote loses its container's prefix, and a quoted attribute loses
/// its backslashes; `pieces` says where each unbroken piece begins in both texts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Excerpt {
    /// The text itself; line endings are `\n`.
    pub text: String,
    /// `(offset in text, offset in source)`, ascending; never empty unless the text is empty.
    pub pieces: Vec<(usize, usize)>,
}

impl Excerpt {
    /// Takes an unbroken span as it stands.
    #[must_use]
    pub fn whole(source: &Source, span: Span) -> Self {
        Self {
            text: source.slice(span).to_owned(),
            pieces: vec![(0, span.start)],
        }
    }

    /// Appends a piece whose first byte stands at `origin` in the source.
    pub fn push(&mut self, text: &str, origin: usize) {
        if text.is_empty() && !self.pieces.is_empty() {
            return;
        }
        let follows = self
            .pieces
            .last()
            .is_some_and(|(at, from)| from + (self.text.len() - at) == origin);
        if !follows {
            self.pieces.push((self.text.len(), origin));
        }
        self.text.push_str(text);
    }

    /// The offset in the source of a byte of this text.
    #[must_use]
    pub fn origin(&self, offset: usize) -> usize {
        let index = self.pieces.partition_point(|(at, _)| *at <= offset);
        match index.checked_sub(1).and_then(|last| self.pieces.get(last)) {
            Some((at, from)) => from + (offset - at),
            None => 0,
        }
    }

    /// The offset in this text of a byte of the source, if that byte is part of it.
    #[must_use]
    pub fn locate(&self, origin: usize) -> Option<usize> {
        self.pieces
            .iter()
            .enumerate()
            .find_map(|(index, (at, from))| {
                let end = self
                    .pieces
                    .get(index + 1)
                    .map_or(self.text.len(), |(next, _)| *next);
                (*from <= origin && origin - from < end - at).then(|| at + (origin - from))
            })
    }

    /// The span in the source of a range of this text.
    #[must_use]
    pub fn span(&self, range: Range<usize>) -> Span {
        let start = self.origin(range.start);
        let end = if range.end > range.start {
            self.origin(range.end - 1) + 1
        } else {
            start
        };
        Span::new(start, end)
    }

    /// A part of this excerpt that still knows its origin.
    #[must_use]
    pub fn part(&self, range: Range<usize>) -> Self {
        let mut part = Self::default();
        let mut at = range.start;
        let mut later = self.pieces.partition_point(|(start, _)| *start <= at);
        while at < range.end {
            let next = self
                .pieces
                .get(later)
                .map_or(range.end, |(start, _)| *start)
                .min(range.end);
            part.push(&self.text[at..next], self.origin(at));
            at = next;
            later += 1;
        }
        if part.pieces.is_empty() {
            part.pieces.push((0, self.origin(range.start)));
        }
        part
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_count_characters_and_stay_inside() {
        let source = Source::new("a", "a\r\nß!\n");
        assert_eq!(source.position(3), Position { line: 2, column: 1 });
        assert_eq!(source.position(4), Position { line: 2, column: 1 });
        assert_eq!(source.position(5), Position { line: 2, column: 2 });
        assert_eq!(source.position(99), Position { line: 3, column: 1 });
        assert_eq!(source.line_span(1), Span::new(0, 1));
        assert_eq!(source.offset(Position { line: 2, column: 2 }), 5);
    }

    #[test]
    fn an_excerpt_maps_every_byte_back() {
        let source = Source::new("a", "> abc\n> def\n");
        let mut excerpt = Excerpt::default();
        excerpt.push("abc\n", 2);
        excerpt.push("def\n", 8);
        assert_eq!(excerpt.origin(0), 2);
        assert_eq!(excerpt.origin(4), 8);
        assert_eq!(source.slice(excerpt.span(4..7)), "def");
        assert_eq!(excerpt.part(5..7).origin(0), 9);
        assert_eq!(excerpt.locate(9), Some(5));
        assert_eq!(excerpt.locate(6), None);
        assert_eq!(excerpt.part(2..6).pieces, vec![(0, 4), (2, 8)]);
    }
}
