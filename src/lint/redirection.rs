//! Where a document is annotated, `<name>` is a redirection: it reads a file that is not there.

use super::Shell;
use crate::diagnostic::{Code, Diagnostic};
use crate::document::{Document, Interpolated, placeholders};
use crate::name::variable;
use crate::quote::{Context, contexts};

const REDIRECTION: Code = Code("RB0613");

/// Warns of each `<placeholder>` that stays one.
pub(super) fn lint(document: &Document, shell: &Shell<'_>) -> Vec<Diagnostic> {
    if document.plain {
        return Vec::new();
    }
    let text = shell.text.text.as_str();
    let mut found = placeholders(text);
    found.retain(|found| {
        let values = shell.values_in(&found.range);
        values.iter().all(|(range, _)| *range != found.range)
    });
    let ranges: Vec<_> = found.iter().map(|found| found.range.clone()).collect();
    found
        .iter()
        .zip(contexts(shell.dialect, text, &ranges))
        .filter(|(_, context)| *context == Context::Bare)
        .filter_map(|(found, _)| {
            let Interpolated::Placeholder(name) = &found.value else {
                return None;
            };
            let span = shell.text.span(found.range.clone());
            let written = text.get(found.range.clone())?;
            Some(
                Diagnostic::warning(
                    REDIRECTION,
                    span,
                    format!("`{written}` is a redirection here, not a placeholder"),
                )
                .help("declare an input in the front matter and write its value's place")
                .suggest(span, format!("${{{{ {} }}}}", variable(name))),
            )
        })
        .collect()
}
