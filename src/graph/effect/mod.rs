//! What a step does to the world, as far as its text tells.
//!
//! A guess that people see before they say yes: it errs towards `change`.

mod commands;
mod program;
mod table;
#[cfg(test)]
mod tests;

use super::names::{Purpose, StepNames};
use super::{Step, StepKind};
use crate::document::{Cell, CellKind, Document, Effect};
use crate::language::{Call, HOLE, Literal};

/// Sets a script's effect where the document does not say it: only here are its calls known.
pub(super) fn of_calls(step: &mut Step, names: &StepNames) {
    if step.kind == StepKind::Script && step.effect.is_none() {
        step.effect = Some(of_script(names));
    }
}

/// The requests of HTTP that a script makes: they go anywhere, so a plan tells them.
pub(super) fn requests(names: &StepNames) -> Vec<String> {
    let to = |call: &Call| match &call.literal {
        Some(Literal::Text(address)) => address.replace(HOLE, "…"),
        _ => "an address that the run knows".to_owned(),
    };
    names
        .calls
        .iter()
        .filter(|(call, _)| call.name.starts_with("http::") && !call.method)
        .map(|(call, _)| format!("{} {}", call.name, to(call)))
        .collect()
}

/// What a step does, as its document says or its text tells.
///
/// A shell's text is read when somebody asks: most of a graph's users do not.
pub(super) fn of_step(document: &Document, step: &Step) -> Effect {
    step.effect.unwrap_or_else(|| {
        let Some(cell) = document.cells.get(step.cell) else {
            return Effect::Change;
        };
        match &step.kind {
            StepKind::Shell(_) => of_shell(&shell_text(cell)),
            StepKind::Console(_) => of_shell(&console_text(cell)),
            StepKind::Value | StepKind::Branch => Effect::Read,
            StepKind::Script | StepKind::Interpreter(_) | StepKind::Manual => Effect::Change,
        }
    })
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
            ("aws::api", _) => match (&call.literal, &call.second) {
                (Some(Literal::Text(service)), Some(Literal::Text(operation))) => {
                    program::effect(&["aws".to_owned(), service.clone(), operation.clone()])
                }
                _ => Effect::Change,
            },
            ("aws::secret" | "terraform::state", _) => Effect::Read,
            // The plan that it applies stands in the same script.
            ("terraform::apply", _) if names.keys.iter().any(|key| key == "destroy") => {
                Effect::Destroy
            }
            (name, _) => match name.rsplit_once("::") {
                Some((_, verb)) => table::of_verb(verb),
                None => Effect::Read,
            },
        })
        .max()
        .unwrap_or(Effect::Read)
}
