//! A value in a variable is one word only in double quotes: without them bash and `sh` split it
//! at blanks and expand its wildcards (POSIX XCU, 2.6.5 and 2.6.6).

use std::collections::BTreeSet;
use std::ops::Range;

use super::Shell;
use super::commands::{Command, is_assignment};
use crate::diagnostic::{Code, Diagnostic};
use crate::document::Document;
use crate::quote::{Context, Dialect, contexts};

const UNQUOTED: Code = Code("RB0611");

/// Variables that hold values of the run: those of `env`, and those that a cell sets from an
/// interpolation.
pub(super) fn variables<'s, 'd: 's>(
    document: &Document,
    shells: impl Iterator<Item = &'s Shell<'d>>,
) -> BTreeSet<String> {
    let mut names: BTreeSet<String> = document
        .front_matter
        .env
        .iter()
        .filter(|(_, text)| text.text.contains("${{"))
        .map(|(name, _)| name.clone())
        .collect();
    for shell in shells.filter(|shell| !shell.values.is_empty()) {
        for word in shell.commands().iter().flat_map(|command| &command.words) {
            if is_assignment(&word.text)
                && !shell.values_in(&word.range).is_empty()
                && let Some((name, _)) = word.text.split_once('=')
            {
                names.insert(name.to_owned());
            }
        }
    }
    names
}

/// Warns of each of these variables outside of double quotes.
pub(super) fn lint(names: &BTreeSet<String>, shell: &Shell<'_>) -> Vec<Diagnostic> {
    // zsh and fish do not split.
    if names.is_empty() || !matches!(shell.dialect, Dialect::Bash | Dialect::Sh) {
        return Vec::new();
    }
    let text = shell.text.text.as_str();
    let places: Vec<_> = expansions(text, names)
        .into_iter()
        .filter(|place| !shell.is_value(place.start))
        .collect();
    let commands = shell.commands();
    places
        .iter()
        .zip(contexts(shell.dialect, text, &places))
        .filter(|(_, context)| *context == Context::Bare)
        .filter(|(place, _)| commands.iter().any(|command| splits(command, place)))
        .map(|(place, _)| {
            let span = shell.text.span(place.clone());
            let written = &text[place.clone()];
            Diagnostic::warning(
                UNQUOTED,
                span,
                format!("`{written}` becomes several words where its value has blanks"),
            )
            .help("put it in double quotes")
            .suggest(span, format!("\"{written}\""))
        })
        .collect()
}

/// The places of `$NAME` and `${NAME}`.
pub(super) fn expansions(text: &str, names: &BTreeSet<String>) -> Vec<Range<usize>> {
    let is_part = |c: &char| c.is_ascii_alphanumeric() || *c == '_';
    text.match_indices('$')
        .filter_map(|(at, _)| {
            let rest = text.get(at + 1..)?;
            let inside = rest.strip_prefix('{').unwrap_or(rest);
            let length: usize = inside.chars().take_while(is_part).count();
            let braces = rest.len() - inside.len();
            let closes = braces == 0 || inside[length..].starts_with('}');
            let end = at + 1 + length + 2 * braces;
            (closes && names.contains(&inside[..length])).then_some(at..end)
        })
        .collect()
}

/// Whether a command splits what stands there: as an argument, and not in a part of the shell's
/// grammar that takes one word, or where splitting is meant.
fn splits(command: &Command<'_>, place: &Range<usize>) -> bool {
    const WHOLE: [&str; 6] = ["[[", "case", "for", "select", "((", "let"];
    let Some(word) = command
        .words
        .iter()
        .find(|word| word.range.start <= place.start && place.end <= word.range.end)
    else {
        return false;
    };
    let program = command.words.iter().map(|word| &*word.text);
    let mut program = program.filter(|word| !matches!(*word, "if" | "while" | "until" | "!"));
    !is_assignment(&word.text) && program.next().is_some_and(|first| !WHOLE.contains(&first))
}
