//! `set -x` writes each command with its values to standard error, secrets among them.

use std::ops::Range;
use std::sync::LazyLock;

use memchr::memmem::Finder;

use super::Shell;
use super::commands::{Command, is_assignment};
use super::secret_argument::{secret_of, secrets};
use super::secret_variable::{Holders, places};
use crate::diagnostic::{Code, Diagnostic};
use crate::document::Document;

const TRACED_SECRET: Code = Code("RB0612");

static SET: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("set"));

/// Warns of a secret between `set -x` and `set +x`.
pub(super) fn lint(document: &Document, holders: &Holders, shell: &Shell<'_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    // Most pages trace nothing.
    if !shell.may_say(&SET) {
        return found;
    }
    let secrets = secrets(document);
    let places = places(shell, holders);
    let mut tracing: Option<Range<usize>> = None;
    for command in shell.commands() {
        if let Some(on) = traces(command) {
            tracing = on.then(|| command.range());
            continue;
        }
        let Some(on) = &tracing else {
            continue;
        };
        let mut values = (command.words.iter()).flat_map(|word| shell.values_in(&word.range));
        let secret = values.find_map(|(range, value)| {
            let name = secret_of(value, &secrets)?;
            Some((range.clone(), name.to_owned()))
        });
        let held = || {
            let inside = |place: &Range<usize>| {
                let holds = |word: &super::commands::Word<'_>| {
                    word.range.start <= place.start && place.end <= word.range.end
                };
                command.words.iter().any(holds)
            };
            let (place, name) = places.iter().find(|(place, _)| inside(place))?;
            Some((place.clone(), (*name).to_owned()))
        };
        let secret = secret.or_else(held).or_else(|| exported(command));
        if let Some((range, name)) = secret {
            found.push(
                Diagnostic::warning(
                    TRACED_SECRET,
                    shell.text.span(on.clone()),
                    format!("this traces `{name}`, which is secret"),
                )
                .label(shell.text.span(range), "its value is written out here")
                .help("write `set +x` before the secret is used, or take `set -x` out"),
            );
            // One trace is one fault, however many secrets it writes.
            tracing = None;
        }
    }
    found
}

/// Whether a command turns tracing on or off; `None` where it does neither.
fn traces(command: &Command<'_>) -> Option<bool> {
    let (first, _) = command.program().split_first()?;
    if first.text != "set" {
        return None;
    }
    let argv = command.argv();
    let arguments = argv.get(1..)?;
    let mut on = None;
    for (index, argument) in arguments.iter().enumerate() {
        let sign = argument.chars().next();
        let is_named = arguments.get(index + 1) == Some(&"xtrace") && argument.ends_with('o');
        let is_letter = argument.contains('x') && *argument != "xtrace";
        match sign {
            Some('-') if *argument == "--" => break,
            Some('-') if is_named || is_letter => on = Some(true),
            Some('+') if is_named || is_letter => on = Some(false),
            _ => {}
        }
    }
    on
}

/// A variable with a secret's name that a command sets to what it computes.
fn exported(command: &Command<'_>) -> Option<(Range<usize>, String)> {
    const SECRET: [&str; 6] = [
        "PASSWORD",
        "PASSWD",
        "SECRET",
        "TOKEN",
        "API_KEY",
        "ACCESS_KEY",
    ];
    command.words.iter().find_map(|word| {
        let (name, value) = word.text.split_once('=')?;
        let upper = name.to_ascii_uppercase();
        let is_secret = is_assignment(&word.text)
            && !value.is_empty()
            && SECRET.iter().any(|part| upper.ends_with(part));
        is_secret.then(|| (word.range.clone(), name.to_owned()))
    })
}
