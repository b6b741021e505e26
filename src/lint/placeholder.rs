//! A `<placeholder>` becomes an input, so that nobody runs a command with it still in.

use std::collections::HashSet;

use crate::diagnostic::{Code, Diagnostic};
use crate::document::{Document, Interpolated};

const PLACEHOLDER: Code = Code("RB0601");

/// Notes where each placeholder stands first.
pub(super) fn lint(document: &Document) -> Vec<Diagnostic> {
    let mut seen = HashSet::new();
    let mut found = Vec::new();
    for cell in &document.cells {
        for interpolation in &cell.interpolations {
            let Interpolated::Placeholder(name) = &interpolation.value else {
                continue;
            };
            if !seen.insert(name) {
                continue;
            }
            let span = cell.body.span(interpolation.range.clone());
            let written = document.source.slice(span);
            found.push(
                Diagnostic::note(PLACEHOLDER, span, format!("`{written}` becomes an input"))
                    .at(format!("the input `{name}`"))
                    .help(format!("give its value with `--input {name}=…`")),
            );
        }
    }
    found
}
