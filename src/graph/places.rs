//! Values in places of a cell where they can't be made safe, said before anything runs.

use std::ops::Range;

use super::{Step, StepKind};
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::document::{Cell, CellKind, Document, Interpolated};
use crate::quote::{self, Dialect, Misplaced};

const UNSAFE: Code = Code("RB0501");
const NOT_A_SHELL: Code = Code("RB0502");

/// Looks at the place of every value in the cells of the steps.
pub(super) fn check(document: &Document, steps: &[Step], diagnostics: &mut Diagnostics) {
    for step in steps {
        let Some(cell) = document.cells.get(step.cell) else {
            continue;
        };
        if cell.interpolations.is_empty() {
            continue;
        }
        match &step.kind {
            StepKind::Shell(dialect) => {
                let places = quoted(cell, |range| Some(range.clone()));
                report(cell, *dialect, &cell.body.text, &places, diagnostics);
            }
            StepKind::Console(dialect) => console(cell, *dialect, diagnostics),
            StepKind::Interpreter(program) => {
                for (index, _) in quoted(cell, |range| Some(range.clone())) {
                    diagnostics.push(
                        Diagnostic::error(
                            NOT_A_SHELL,
                            cell.body.span(cell.interpolations[index].range.clone()),
                            format!("a value can't be placed safely in the code of `{program}`"),
                        )
                        .help(
                            "give it an environment variable (`env:` in front matter), or write \
                             `${{ raw(…) }}`",
                        ),
                    );
                }
            }
            StepKind::Script | StepKind::Value | StepKind::Manual | StepKind::Branch => {}
        }
    }
}

/// The commands of a transcript, each a text of its own.
fn console(cell: &Cell, dialect: Dialect, diagnostics: &mut Diagnostics) {
    let CellKind::Console(exchanges) = &cell.kind else {
        return;
    };
    for exchange in exchanges {
        let command = &exchange.command;
        let places = quoted(cell, |range| {
            let start = command.locate(cell.body.origin(range.start))?;
            let end = start + range.len();
            (end <= command.text.len()).then_some(start..end)
        });
        report(cell, dialect, &command.text, &places, diagnostics);
    }
}

/// The values that are to be quoted: the number of each and its place, as `place` gives it.
fn quoted(
    cell: &Cell,
    place: impl Fn(&Range<usize>) -> Option<Range<usize>>,
) -> Vec<(usize, Range<usize>)> {
    cell.interpolations
        .iter()
        .enumerate()
        .filter(|(_, interpolation)| match &interpolation.value {
            Interpolated::Placeholder(_) => true,
            Interpolated::Expression(expression) => !is_raw(&expression.text),
        })
        .filter_map(|(index, interpolation)| Some((index, place(&interpolation.range)?)))
        .collect()
}

/// Whether an expression is nothing but a call of `raw`.
fn is_raw(expression: &str) -> bool {
    expression
        .strip_prefix("raw")
        .is_some_and(|rest| rest.trim_start().starts_with('(') && rest.trim_end().ends_with(')'))
}

fn report(
    cell: &Cell,
    dialect: Dialect,
    text: &str,
    places: &[(usize, Range<usize>)],
    diagnostics: &mut Diagnostics,
) {
    let ranges: Vec<Range<usize>> = places.iter().map(|(_, range)| range.clone()).collect();
    for Misplaced {
        range,
        reason,
        help,
    } in quote::check(dialect, text, &ranges)
    {
        let Some((index, _)) = places.iter().find(|(_, place)| *place == range) else {
            continue;
        };
        let interpolation = &cell.interpolations[*index];
        let span = cell.body.span(interpolation.range.clone());
        let diagnostic = match interpolation.value {
            Interpolated::Expression(_) => Diagnostic::error(UNSAFE, span, reason),
            // Whoever wrote a plain document did not write for us: its other steps still run.
            Interpolated::Placeholder(_) => Diagnostic::warning(UNSAFE, span, reason),
        };
        diagnostics.push(diagnostic.help(help));
    }
}
