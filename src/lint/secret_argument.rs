//! The arguments of a process can be read by every user of the machine; its environment can't.

use super::Shell;
use super::commands::{Command, is_assignment};
use super::secret_variable::{Holders, places};
use crate::diagnostic::{Code, Diagnostic};
use crate::document::{Document, Interpolated};

const SECRET_ARGUMENT: Code = Code("RB0606");

/// Warns of a secret input among the arguments of a program.
pub(super) fn lint(document: &Document, holders: &Holders, shell: &Shell<'_>) -> Vec<Diagnostic> {
    let secrets = secrets(document);
    if secrets.is_empty() {
        return Vec::new();
    }
    let commands = shell.commands();
    let mut found = Vec::new();
    for (range, value) in &shell.values {
        let Some(name) = secret_of(value, &secrets) else {
            continue;
        };
        if around(commands, range).any(|command| has_argument(command, range)) {
            found.push(
                Diagnostic::warning(
                    SECRET_ARGUMENT,
                    shell.text.span(range.clone()),
                    format!("`{name}` is secret, and arguments can be seen by every user"),
                )
                .help(format!(
                    "it goes by environment: `export NAME=${{{{ {name} }}}}`, and a program that reads `NAME`"
                )),
            );
        }
    }
    for (place, name) in places(shell, holders) {
        let Some(command) = around(commands, &place).find(|command| has_argument(command, &place))
        else {
            continue;
        };
        let program = command.program().first();
        let program = program.map_or("the program", |word| &*word.text);
        let written = &shell.text.text[place.clone()];
        found.push(
            Diagnostic::warning(
                SECRET_ARGUMENT,
                shell.text.span(place.clone()),
                format!(
                    "`{written}` holds the secret `{name}`, and arguments can be seen by every user"
                ),
            )
            .help(format!(
                "have `{program}` read it from its environment, a file or standard input"
            )),
        );
    }
    found
}

/// The names of a document's secret inputs.
pub(super) fn secrets(document: &Document) -> Vec<&str> {
    let inputs = document.front_matter.inputs.iter();
    inputs
        .filter(|input| input.secret)
        .map(|input| input.name.value.as_str())
        .collect()
}

/// The secret input that an interpolation names.
pub(super) fn secret_of<'a>(value: &Interpolated, secrets: &[&'a str]) -> Option<&'a str> {
    let code = match value {
        Interpolated::Expression(code) => code.text.as_str(),
        Interpolated::Placeholder(name) => name,
    };
    let mut names = code.split(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '-')));
    names.find_map(|word| {
        secrets
            .iter()
            .find(|secret| word == **secret || word == crate::name::variable(secret))
            .copied()
    })
}

/// The commands in which a part of the text may stand.
fn around<'a, 'b>(
    commands: &'a [Command<'b>],
    part: &std::ops::Range<usize>,
) -> impl Iterator<Item = &'a Command<'b>> {
    let ends_before = |command: &Command<'_>| {
        let last = command.words.last();
        last.is_some_and(|word| word.range.end < part.end)
    };
    let first = commands.partition_point(ends_before);
    let start = part.start;
    commands[first..].iter().take_while(move |command| {
        let first = command.words.first();
        first.is_some_and(|word| word.range.start <= start)
    })
}

/// Whether a value stands in an argument of a program (and not of a part of the shell itself).
fn has_argument(command: &Command<'_>, value: &std::ops::Range<usize>) -> bool {
    const PARTS_OF_THE_SHELL: [&str; 17] = [
        "export", "echo", "printf", "local", "declare", "typeset", "readonly", "set", "[", "[[",
        "test", "case", "for", "read", "unset", "return", ":",
    ];
    let holds =
        |range: &std::ops::Range<usize>| range.start <= value.start && value.end <= range.end;
    let words = command.program();
    let is_part = words
        .first()
        .is_some_and(|first| PARTS_OF_THE_SHELL.contains(&&*first.text));
    if !is_part && words.iter().skip(1).any(|word| holds(&word.range)) {
        return true;
    }
    // `env PASSWORD=… program` is an argument of `env`.
    let is_env = |word: &str| word == "env" || word == "sudo";
    let env = command.words.iter().position(|word| is_env(&word.text));
    env.is_some_and(|env| {
        command.words[env..]
            .iter()
            .any(|word| is_assignment(&word.text) && holds(&word.range))
    })
}
