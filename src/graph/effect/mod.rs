//! What a step does to the world, as far as its text tells.
//!
//! A guess that people see before they say yes: it errs towards `change`.

mod commands;
mod program;
mod table;
#[cfg(test)]
mod tests;

use super::attributes::Inherited;
use super::names::{Purpose, StepNames};
use super::{Step, StepKind};
use crate::document::{Cell, CellKind, Document, Effect};
use crate::language::{HOLE, Literal};

/// Sets a step's effect where the document does not say it.
pub(super) fn infer(
    document: &Document,
    step: &mut Step,
    names: &StepNames,
    inherited: &[Inherited<'_>],
) {
    let Some(cell) = document.cells.get(step.cell) else {
        return;
    };
    let around = cell.section.and_then(|section| inherited.get(section));
    let said = cell
        .attributes
        .effect
        .or(around.and_then(|around| around.effect));
    step.effect = said.unwrap_or_else(|| match &step.kind {
        StepKind::Shell(_) => of_shell(&shell_text(cell)),
        StepKind::Console(_) => of_shell(&console_text(cell)),
        StepKind::Script => of_script(names),
        StepKind::Value | StepKind::Branch => Effect::Read,
        StepKind::Interpreter(_) | StepKind::Manual => Effect::Change,
    });
}

/// The cell's text with a hole for each part that only the run knows.
fn shell_text(cell: &Cell) -> String {
    let text = &cell.body.text;
    let mut shown = String::with_capacity(text.len());
    let mut from = 0;
    for interpolation in &cell.interpolations {
        if let Some(before) = text.get(from..interpolation.range.start) {
            shown.push_str(before);
            shown.push(HOLE);
            from = interpolation.range.end;
        }
    }
    shown.push_str(text.get(from..).unwrap_or_default());
    shown
}

fn console_text(cell: &Cell) -> String {
    let CellKind::Console(exchanges) = &cell.kind else {
        return String::new();
    };
    let commands: Vec<&str> = exchanges
        .iter()
        .map(|exchange| exchange.command.text.as_str())
        .collect();
    commands.join("\n")
}

/// The worst that a shell text does; one without commands reads.
fn of_shell(text: &str) -> Effect {
    let commands = commands::split(text);
    let writes = commands.iter().any(|command| command.writes);
    commands
        .iter()
        .map(|command| program::effect(&command.words))
        .chain(writes.then_some(Effect::Change))
        .max()
        .unwrap_or(Effect::Read)
}

/// The worst of a script's processes and calls; one without any reads.
fn of_script(names: &StepNames) -> Effect {
    names
        .calls
        .iter()
        .filter(|(_, purpose)| *purpose == Purpose::Act)
        .map(|(call, _)| match (call.name.as_str(), call.method) {
            ("sh" | "sh_unchecked" | "run" | "run_unchecked", false) => match &call.literal {
                Some(Literal::Text(text)) => of_shell(text),
                Some(Literal::Words(words)) => program::effect(words),
                None => Effect::Change,
            },
            (name, _) => match name.rsplit_once("::") {
                Some((_, verb)) => table::of_verb(verb),
                None => Effect::Read,
            },
        })
        .max()
        .unwrap_or(Effect::Read)
}
