//! `!` in double quotes is taken for a command of the history when it is pasted at a prompt.
//!
//! Seen in bash 5.2 and zsh 5.9: `"rds!db"` and `"P@ss!@#"` are replaced or refused; `!` before a
//! blank, `=` or the end of a line is safe, and before a closing quote it is in bash. Nothing of
//! it touches a run, whose shells keep no history.

use crate::diagnostic::{Code, Diagnostic};
use crate::quote::{Context, Dialect, contexts};

use super::Shell;

const HISTORY: Code = Code("RB0604");

/// Notes each `!` that a paste would expand.
pub(super) fn lint(shell: &Shell<'_>) -> Vec<Diagnostic> {
    if !matches!(shell.dialect, Dialect::Bash | Dialect::Zsh) {
        return Vec::new();
    }
    let text = shell.text.text.as_str();
    let marks: Vec<_> = text
        .match_indices('!')
        .filter(|(at, _)| !shell.is_value(*at))
        .map(|(at, _)| at..at + 1)
        .collect();
    if marks.is_empty() {
        return Vec::new();
    }
    let contexts = contexts(shell.dialect, text, &marks);
    marks
        .iter()
        .zip(contexts)
        .filter(|(mark, context)| expands(text, mark.start, context, shell.dialect))
        .map(|(mark, context)| {
            let length: usize = text[mark.end..]
                .chars()
                .take_while(|c| !c.is_whitespace() && !"\"';|&".contains(*c))
                .map(char::len_utf8)
                .sum();
            let event = mark.start..mark.end + length;
            let diagnostic = Diagnostic::note(
                HISTORY,
                shell.text.span(event.clone()),
                format!(
                    "pasted at a prompt, `{}` becomes a command of the history",
                    &text[event]
                ),
            )
            .help("put it in single quotes, which history expansion leaves alone");
            match (context, single_quoted(text, mark.start)) {
                (Context::Bare, _) => diagnostic.suggest(shell.text.span(mark.clone()), "\\!"),
                (_, Some((range, written))) => diagnostic.suggest(shell.text.span(range), written),
                (_, None) => diagnostic,
            }
        })
        .collect()
}

/// The string in double quotes around a mark in single ones, where they would hold the same.
fn single_quoted(text: &str, at: usize) -> Option<(std::ops::Range<usize>, String)> {
    let line = text[..at].rfind('\n').map_or(0, |end| end + 1);
    let start = text[line..at].rfind('"').map(|start| line + start)?;
    let end = at
        + text[at..]
            .find(['"', '\n'])
            .filter(|end| text[at + end..].starts_with('"'))?;
    let inside = &text[start + 1..end];
    // The first of several strings on a line may be closed before this one; an odd count is open.
    let is_open = text[line..=start].matches('"').count() % 2 == 1;
    (is_open && !inside.contains(['$', '`', '\\', '\'']))
        .then(|| (start..end + 1, format!("'{inside}'")))
}

fn expands(text: &str, at: usize, context: &Context, dialect: Dialect) -> bool {
    let before = text[..at].chars().next_back();
    let Some(after) = text[at + 1..].chars().next() else {
        return false;
    };
    let stands = match context {
        Context::Double => before != Some('$'),
        // A bare `!` is mostly the operator.
        Context::Bare => before.is_some_and(|c| c.is_ascii_alphanumeric()),
        _ => false,
    };
    let closing = after == '"' && *context == Context::Double;
    stands && !after.is_whitespace() && after != '=' && !(closing && dialect == Dialect::Bash)
}
