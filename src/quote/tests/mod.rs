//! Values through the real shells, and the places that are refused.

mod builtins;
mod misread;
mod places;
mod powershell;
mod prompt;
mod refusals;
mod shells;
mod values;
mod words;

use std::ops::Range;

use super::{Dialect, Misplaced, Piece, render};

/// How many random values a test takes: so many, or `RUNBOOK_QUOTE_CASES`.
fn cases(few: usize) -> usize {
    #[expect(
        clippy::disallowed_methods,
        reason = "a test is told how long it may take"
    )]
    let wanted = std::env::var("RUNBOOK_QUOTE_CASES");
    wanted.map_or(few, |number| number.parse().expect("a number of cases"))
}

/// The ranges of `${{ … }}` in a text; one that does not close is none.
fn ranges(text: &str) -> Vec<Range<usize>> {
    text.match_indices("${{")
        .filter_map(|(start, _)| {
            let end = text[start..].find("}}")? + start + 2;
            Some(start..end)
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
