//! A condition in prose is put to the operator: no program can tell whether it holds.

use crate::diagnostic::{Code, Diagnostic};
use crate::document::{CellKind, Document};

const BRANCH: Code = Code("RB0602");

/// Notes each prose condition.
pub(super) fn lint(document: &Document) -> Vec<Diagnostic> {
    document
        .cells
        .iter()
        .filter(|cell| cell.kind == CellKind::Branch)
        .map(|cell| {
            let line = cell.body.text.lines().next().unwrap_or_default();
            let span = cell.body.span(0..line.len());
            let text = line.trim();
            let text = text.trim_start_matches(['#', ' ']).trim_end_matches(':');
            Diagnostic::note(
                BRANCH,
                span,
                format!("the operator will be asked: `{text}`"),
            )
            .help(format!(
                "let the run decide with `<!-- runbook: when=\"STEP.{}\" -->` under a heading",
                if text.contains("succe") {
                    "ok"
                } else {
                    "failed"
                }
            ))
        })
        .collect()
}
