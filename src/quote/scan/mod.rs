//! Reading a shell's text once, to find where the values stand.
//!
//! A scanner knows the grammar of its dialect as far as quoting goes, not commands. Where it
//! loses track, everything after is refused. It never recurses, so that no text overflows the
//! stack.

mod arguments;
mod builtins;
mod commands;
mod document;
mod expansions;
mod fish;
mod names;
mod operators;
mod posix;
mod standing;
mod words;

use std::ops::Range;

use super::{Context, Dialect};

/// The place of one value.
#[derive(Clone, Debug)]
pub(super) struct Place {
    /// Where it stands.
    pub(super) context: Context,
    /// The here-document it is part of, directly or inside one of its `$(…)`.
    pub(super) document: Option<usize>,
    /// Whether it stands right after an unbraced `$name`.
    pub(super) after_name: bool,
    /// Whether it stands right after a `$` that names nothing.
    pub(super) after_dollar: bool,
    /// Whether bash may take it for an array's words if it begins with `(`.
    pub(super) declared: bool,
}

impl Place {
    pub(super) const fn new(context: Context) -> Self {
        Self {
            context,
            document: None,
            after_name: false,
            after_dollar: false,
            declared: false,
        }
    }
}

/// A here-document of the text.
#[derive(Clone, Debug)]
pub(super) struct HereDocument {
    /// The delimiter where it opens, quotes included.
    pub(super) opening: Range<usize>,
    /// The delimiter without its quotes.
    pub(super) delimiter: Vec<u8>,
    /// Whether any part of the delimiter is quoted.
    pub(super) quoted: bool,
    /// Whether leading tabs are taken away.
    pub(super) strip_tabs: bool,
    /// Whether it stands in a `$(…)`, or a `<(…)`.
    pub(super) substituted: bool,
    /// Its lines.
    pub(super) body: Range<usize>,
    /// The delimiter on the line that ends it.
    pub(super) closing: Range<usize>,
}

/// What a scan found.
#[derive(Clone, Debug, Default)]
pub(super) struct Scan {
    /// One for each value, in order.
    pub(super) places: Vec<Place>,
    /// In the order in which they open.
    pub(super) documents: Vec<HereDocument>,
}

/// Finds the place of each atom; atoms are ascending, disjoint, not empty, and in the text.
pub(super) fn scan(dialect: Dialect, text: &[u8], atoms: &[Range<usize>]) -> Scan {
    let masked = Masked::new(text, atoms);
    match dialect {
        Dialect::Fish => fish::scan(&masked),
        Dialect::Sh | Dialect::Bash | Dialect::Zsh => posix::scan(dialect, &masked),
    }
}

/// A text whose values are blotted out with NUL, so that nothing in them is read as syntax.
struct Masked<'a> {
    text: Vec<u8>,
    atoms: &'a [Range<usize>],
}

impl<'a> Masked<'a> {
    fn new(text: &[u8], atoms: &'a [Range<usize>]) -> Self {
        let mut text = text.to_vec();
        for atom in atoms {
            text[atom.clone()].fill(0);
        }
        Self { text, atoms }
    }

    /// The byte at an offset; NUL past the end and in a value.
    fn byte(&self, at: usize) -> u8 {
        self.text.get(at).copied().unwrap_or(0)
    }

    /// The value that begins at an offset.
    fn atom(&self, at: usize) -> Option<usize> {
        if self.byte(at) != 0 {
            return None;
        }
        self.atoms.binary_search_by_key(&at, |atom| atom.start).ok()
    }

    /// The values that begin in a range.
    fn atoms_in(&self, range: Range<usize>) -> Range<usize> {
        let first = self.atoms.partition_point(|atom| atom.start < range.start);
        let last = self.atoms.partition_point(|atom| atom.start < range.end);
        first..last.max(first)
    }

    /// The first offset in a range that holds one of the bytes, else the range's end.
    fn find(&self, range: Range<usize>, wanted: &[u8]) -> usize {
        let end = range.end.min(self.text.len());
        let start = range.start.min(end);
        self.text[start..end]
            .iter()
            .position(|byte| wanted.contains(byte))
            .map_or(end, |at| start + at)
    }

    /// The end of the name that begins at an offset.
    fn name_end(&self, at: usize) -> usize {
        self.text
            .get(at..)
            .unwrap_or_default()
            .iter()
            .position(|byte| !(byte.is_ascii_alphanumeric() || *byte == b'_'))
            .map_or(self.text.len(), |length| at + length)
    }
}
