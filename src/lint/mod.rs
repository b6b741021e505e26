//! What a careful reader would say about a document that is not wrong.
//!
//! Each lint is one file with one function and its reason. A lint never stops a run: all are
//! warnings or notes. It reads shell text well enough to find words, not to run it, and where in
//! doubt says nothing. Each can be turned off where it stands, by name or code: `allow=NAME` on
//! the fence, or in the `<!-- runbook: … -->` of its section.

mod allow;
mod branch;
mod commands;
mod credential;
mod destructive;
mod goes_on;
mod history;
mod inline_command;
mod piped_script;
mod placeholder;
mod read_twice;
mod redirection;
mod secret_argument;
mod secret_variable;
pub mod shellcheck;
mod trace;
mod unguarded;
mod unquoted;

#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::cell::OnceCell;
use std::ops::Range;

use memchr::memmem::Finder;

use self::commands::Command;
use crate::diagnostic::Diagnostics;
use crate::document::{Cell, CellKind, Document, Interpolated};
use crate::quote::Dialect;
use crate::source::Excerpt;

/// Says what a careful reader would about a document, in its order.
#[must_use]
pub fn lint(document: &Document) -> Diagnostics {
    let mut found = Diagnostics::default();
    found.extend(placeholder::lint(document));
    found.extend(branch::lint(document));
    // What is asked of the whole page is asked once, and not for each of its cells; the text of a
    // shell is read once, and not for each of the lints.
    let cells = document.cells.iter();
    let shells: Vec<Vec<Shell<'_>>> = cells.map(|cell| shells(document, cell)).collect();
    let all = || shells.iter().flatten();
    found.extend(inline_command::lint(document, all()));
    let variables = unquoted::variables(document, all());
    let fresh = destructive::fresh(document);
    let holders = secret_variable::holders(document, all());
    for (cell, shells) in document.cells.iter().zip(&shells) {
        if cell.attributes.skip {
            continue;
        }
        found.extend(credential::lint(cell));
        found.extend(destructive::lint(document, &fresh, cell, shells));
        for shell in shells {
            found.extend(goes_on::lint(cell, shell));
            found.extend(history::lint(shell));
            found.extend(piped_script::lint(shell));
            found.extend(read_twice::lint(shell));
            found.extend(redirection::lint(document, shell));
            found.extend(secret_argument::lint(document, &holders, shell));
            found.extend(trace::lint(document, &holders, shell));
            found.extend(unguarded::lint(document, cell, shell));
            found.extend(unquoted::lint(&variables, shell));
        }
    }
    let mut found = wanted(document, found);
    found.extend(allow::lint(document));
    found.sort();
    found
}

/// Leaves out what a document allows where it stands.
#[must_use]
pub fn wanted(document: &Document, found: Diagnostics) -> Diagnostics {
    let mut wanted = Diagnostics::default();
    wanted.extend(
        found
            .into_iter()
            .filter(|diagnostic| !allow::is_allowed(document, diagnostic)),
    );
    wanted
}

/// Commands of a cell: its whole body, or one command of a transcript.
struct Shell<'a> {
    dialect: Dialect,
    text: &'a Excerpt,
    /// The parts of `text` that values replace, in order, and what gives each.
    values: Vec<Value<'a>>,
    /// The text without what quotes, likewise.
    bare: OnceCell<Cow<'a, str>>,
    /// Its commands, once one of the lints has asked for them.
    commands: OnceCell<Vec<Command<'a>>>,
}

impl<'a> Shell<'a> {
    /// Whether a word of a command may have this in it, whatever quotes stand around or inside.
    fn may_say(&self, words: &Finder<'_>) -> bool {
        let bare = self.bare.get_or_init(|| commands::bare(&self.text.text));
        words.find(bare.as_bytes()).is_some()
    }

    /// The values of which all stands in a part of the text.
    fn values_in(&self, part: &Range<usize>) -> &[Value<'a>] {
        let first = (self.values).partition_point(|(range, _)| range.start < part.start);
        let end = (self.values).partition_point(|(range, _)| range.end <= part.end);
        self.values.get(first..end).unwrap_or_default()
    }

    /// Whether a byte of the text belongs to a value.
    fn is_value(&self, at: usize) -> bool {
        let next = (self.values).partition_point(|(range, _)| range.end <= at);
        let next = self.values.get(next);
        next.is_some_and(|(range, _)| range.contains(&at))
    }

    /// The commands of the text, in order.
    fn commands(&self) -> &[Command<'a>] {
        self.commands
            .get_or_init(|| commands::commands(&self.text.text))
    }
}

/// A part of a text that a value replaces, and what gives the value.
type Value<'a> = (Range<usize>, &'a Interpolated);

/// The shell text of a cell; none where it has none.
fn shells<'a>(document: &Document, cell: &'a Cell) -> Vec<Shell<'a>> {
    let default = document.front_matter.shell.unwrap_or(Dialect::Bash);
    let dialect = cell.attributes.shell.unwrap_or(default);
    let texts: Vec<(Dialect, &Excerpt)> = match &cell.kind {
        CellKind::Shell(shell) => {
            let dialect = cell.attributes.shell.or(*shell).unwrap_or(default);
            vec![(dialect, &cell.body)]
        }
        CellKind::Console(exchanges) => exchanges
            .iter()
            .map(|exchange| (dialect, &exchange.command))
            .collect(),
        _ => Vec::new(),
    };
    texts
        .into_iter()
        .map(|(dialect, text)| Shell {
            dialect,
            text,
            values: values(cell, text),
            bare: OnceCell::new(),
            commands: OnceCell::new(),
        })
        .collect()
}

/// The values of a cell that stand in a text taken from it.
fn values<'a>(cell: &'a Cell, text: &Excerpt) -> Vec<Value<'a>> {
    let mut values = Vec::new();
    if cell.interpolations.is_empty() {
        return values;
    }
    let mut at = 0;
    let whole = text.span(0..text.text.len());
    for interpolation in &cell.interpolations {
        let origin = cell.body.origin(interpolation.range.start);
        let length = interpolation.range.len();
        if !whole.range().contains(&origin) {
            continue;
        }
        // The texts are in one order, so that the search goes on where the last one ended.
        let found = (at..text.text.len()).find(|start| text.origin(*start) == origin);
        if let Some(start) = found
            && text.text.get(start..start + length).is_some()
        {
            at = start + length;
            values.push((start..at, &interpolation.value));
        }
    }
    values
}
