//! Runbooks with their last run, as a table.

use super::columns::Table;
use super::paint::Paint;
use super::runs::{Past, colored, mark, plain_mark, when};
use super::{Style, sanitize};
use crate::diagnostic::count;

/// A runbook that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Its path, as the operator would write it.
    pub path: String,
    /// Its title.
    pub title: String,
    /// How many steps it has.
    pub steps: usize,
    /// How many errors keep it from running.
    pub errors: usize,
    /// Its last run, if it ever ran.
    pub last: Option<Past>,
}

/// A table of runbooks in the order given; times are UTC.
#[must_use]
pub fn list(runbooks: &[Listed], style: Style) -> String {
    if runbooks.is_empty() {
        return "no runbooks here; `runbook new FILE` makes one\n".to_owned();
    }
    let paint = Paint { color: style.color };
    let mut table = Table::default();
    let head = ["", "runbook", "title", "steps", "last run (UTC)"];
    table.row(&head, |_, cell| paint.dim(cell));
    for runbook in runbooks {
        let steps = if runbook.errors > 0 {
            count(runbook.errors, "error")
        } else {
            runbook.steps.to_string()
        };
        let (status, last) = match &runbook.last {
            Some(past) => (
                Some(past.status),
                format!("{}  {}", when(past.at), past.word()),
            ),
            None => (None, "never".to_owned()),
        };
        let cells = [
            status.map_or("", plain_mark),
            &sanitize::line(&runbook.path),
            &sanitize::line(&runbook.title),
            &steps,
            &last,
        ];
        table.row(&cells, |column, cell| match (column, status) {
            (0, Some(status)) => mark(status, paint),
            (4, Some(status)) => colored(status, cell, paint),
            (3, _) if runbook.errors > 0 => paint.red(cell),
            (2..=4, _) => paint.dim(cell),
            _ => cell.to_owned(),
        });
    }
    table.render(style.width)
}
