//! The blocks of a page in order, for what only a plain document asks: which texts are steps.

use crate::source::{Excerpt, Source, Span};

/// What a block is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BlockKind {
    /// A heading that opens the section of this index.
    Heading(usize),
    /// A paragraph, or the text of a list item without one.
    Text,
    /// A list.
    List {
        /// Whether its items are numbered.
        ordered: bool,
    },
    /// An item of a list, and whether it is a task, and then whether it is ticked.
    Item(Option<bool>),
    /// A fence, and the cell that it became.
    Fence(Option<usize>),
    /// Indented code that looks like commands, an index into the page's.
    Commands(usize),
    /// A block quote.
    Quote,
    /// A table, HTML, other code: shown, never a step.
    Other,
}

/// A block and where its children end.
#[derive(Clone, Debug)]
pub(super) struct Block {
    /// What it is.
    pub kind: BlockKind,
    /// Where it stands, line ends at its end left out.
    pub span: Span,
    /// The index after its last descendant.
    pub end: usize,
    /// How many block quotes are around it.
    pub quotes: usize,
}

/// Takes the text of a span with the prefixes of its containers removed from all lines but the
/// first: as many `>` as there are quotes, and the indentation of the first line.
pub(super) fn text(source: &Source, span: Span, quotes: usize) -> Excerpt {
    let before = &source.text().as_bytes()[..span.start];
    let line_start = memchr::memrchr(b'\n', before).map_or(0, |at| at + 1);
    let prefix = source.slice(Span::new(line_start, span.start));
    let column = prefix.len() - quoted(prefix, quotes);
    let mut excerpt = Excerpt::default();
    let whole = source.slice(span);
    let kept = !whole.is_empty() && memchr::memchr(b'\r', whole.as_bytes()).is_none();
    if quotes == 0 && column == 0 && kept {
        // Nothing is before its lines: it is the text as it stands.
        excerpt.push(whole, span.start);
        return excerpt;
    }
    excerpt.text.reserve(whole.len());
    let mut at = span.start;
    for (index, raw) in whole.split_inclusive('\n').enumerate() {
        let line = raw.trim_end_matches(['\n', '\r']);
        let skipped = if index == 0 {
            0
        } else {
            let inside = quoted(line, quotes);
            let rest = &line[inside..];
            let blanks = rest.len() - rest.trim_start_matches([' ', '\t']).len();
            inside + blanks.min(column)
        };
        excerpt.push(&line[skipped..], at + skipped);
        if raw.ends_with('\n') {
            excerpt.push("\n", at + raw.len() - 1);
        }
        at += raw.len();
    }
    excerpt
}

/// The length of a line's first `quotes` quote markers and the blank after each.
fn quoted(line: &str, quotes: usize) -> usize {
    let mut rest = line;
    for _ in 0..quotes {
        let Some(after) = rest.trim_start_matches([' ', '\t']).strip_prefix('>') else {
            break;
        };
        rest = after.strip_prefix(' ').unwrap_or(after);
    }
    line.len() - rest.len()
}
