//! Values through the real shells, and the places that are refused.

mod places;
mod refusals;
mod shells;
mod values;
mod words;

use std::ops::Range;

use super::{Dialect, Misplaced, Piece, render};

/// The ranges of `${{ … }}` in a text.
fn ranges(text: &str) -> Vec<Range<usize>> {
    text.match_indices("${{")
        .map(|(start, _)| {
            let end = text[start..].find("}}").expect("the tests close them") + start + 2;
            start..end
        })
        .collect()
}

/// Puts one value into all `${{ … }}` of a text.
fn fill(dialect: Dialect, text: &str, piece: Piece<'_>) -> Result<Vec<u8>, Vec<Misplaced>> {
    let pieces: Vec<_> = ranges(text)
        .into_iter()
        .map(|range| (range, piece))
        .collect();
    render(dialect, text, &pieces)
}
