//! fish has no `set -e`: after a command that fails it goes on, and the step passes if its last
//! command does (fish's documentation, "Fish for bash users").

use super::Shell;
use super::commands::Command;
use crate::diagnostic::{Code, Diagnostic};
use crate::document::Cell;
use crate::quote::Dialect;

const GOES_ON: Code = Code("RB0617");

/// Words that begin what cannot fail, or what asks how a command ended.
const HARMLESS: [&str; 21] = [
    "and", "begin", "break", "case", "continue", "echo", "else", "end", "exit", "false", "for",
    "function", "if", "not", "or", "printf", "return", "set", "switch", "true", "while",
];

/// Warns of the first command of a fish cell whose failure nothing would notice.
pub(super) fn lint(cell: &Cell, shell: &Shell<'_>) -> Option<Diagnostic> {
    if shell.dialect != Dialect::Fish || cell.attributes.errexit == Some(false) {
        return None;
    }
    let commands = shell.commands();
    let unnoticed = commands.iter().zip(commands.iter().skip(1)).find(|pair| {
        let (command, next) = pair;
        let harmless = first(command).is_none_or(|word| HARMLESS.contains(&word));
        let asked = matches!(first(next), Some("and" | "or"));
        let joined = shell
            .text
            .text
            .get(command.range().end..next.range().start)
            .is_some_and(|between| between.contains("||") || between.contains("&&"));
        !harmless && !command.piped && !asked && !joined
    })?;
    let range = unnoticed.0.range();
    let shown = shell.text.text.get(range.clone()).unwrap_or_default();
    Some(
        Diagnostic::warning(
            GOES_ON,
            shell.text.span(range.clone()),
            format!("fish goes on when `{shown}` fails"),
        )
        .help("write `or exit` after it, or say `errexit=off` on the fence if it may fail"),
    )
}

fn first<'w>(command: &'w Command<'_>) -> Option<&'w str> {
    command.words.first().map(|word| &*word.text)
}
