//! `<placeholder>`s in the commands of a plain document, told from redirections and markup.

use std::collections::HashSet;

use super::{Cell, CellKind, Input, Interpolated, Interpolation};
use crate::quote::{self, Context, Dialect};
use crate::source::{Span, Spanned};
use crate::value::InputKind;

/// Finds the placeholders of all cells and makes one input of each name.
pub(super) fn inputs(cells: &mut [Cell]) -> Vec<Input> {
    let mut inputs = Vec::new();
    let mut known = HashSet::new();
    for cell in cells {
        if !matches!(cell.kind, CellKind::Shell(_) | CellKind::Console(_)) {
            continue;
        }
        cell.interpolations = placeholders(&cell.body.text);
        if let CellKind::Shell(dialect) = cell.kind {
            leave_comments(
                dialect.unwrap_or(Dialect::Bash),
                &cell.body.text,
                &mut cell.interpolations,
            );
        }
        if let CellKind::Console(exchanges) = &cell.kind {
            // The output under a command is not filled in.
            let commands: Vec<Span> = exchanges
                .iter()
                .map(|exchange| exchange.command.span(0..exchange.command.text.len()))
                .collect();
            let body = &cell.body;
            cell.interpolations.retain(|found| {
                let at = body.origin(found.range.start);
                let before = commands.partition_point(|span| span.start <= at);
                before > 0 && at < commands[before - 1].end
            });
        }
        for found in &cell.interpolations {
            if let Interpolated::Placeholder(name) = &found.value
                && !known.contains(name)
            {
                known.insert(name.clone());
                inputs.push(Input {
                    name: Spanned::new(name.clone(), cell.body.span(found.range.clone())),
                    kind: InputKind::String,
                    default: None,
                    description: None,
                    secret: false,
                    pattern: None,
                    placeholder: true,
                });
            }
        }
    }
    inputs
}

/// Drops the placeholders that stand in a comment behind a command: a comment names what it
/// speaks of; it is not a place to fill in.
fn leave_comments(dialect: Dialect, text: &str, found: &mut Vec<Interpolation>) {
    if found.is_empty() {
        return;
    }
    let ranges: Vec<_> = found.iter().map(|found| found.range.clone()).collect();
    let mut contexts = quote::contexts(dialect, text, &ranges).into_iter();
    found.retain(|_| contexts.next() != Some(Context::Comment));
}

/// Finds the placeholders of a text, in order.
///
/// A placeholder is `<name>` of letters, digits, `-`, `_`, `.` and single words with blanks
/// between, beginning with a letter. `<file`, `< file >out`, `<<EOF`, `<(…)` and `<in>out` are
/// redirections, and a name that is closed somewhere by `</name>` is markup.
pub(crate) fn placeholders(text: &str) -> Vec<Interpolation> {
    let mut found = Vec::new();
    let mut closed: Option<HashSet<&str>> = None;
    let (mut at, mut line) = (0, 0);
    while let Some(next) = text.get(at..).and_then(|rest| rest.find('<')) {
        let start = at + next;
        if let Some(end) = text[at..start].rfind('\n') {
            line = at + end + 1;
        }
        at = start + 1;
        let Some(name) = name_at(text, start) else {
            continue;
        };
        let end = at + name.len() + 1;
        if is_redirection(text, start, end)
            || is_comparison(text, start, end)
            // A comment names what it speaks of; it is not a place to fill in.
            || text[line..start].trim_start().starts_with('#')
        {
            continue;
        }
        let closed = closed.get_or_insert_with(|| closing_tags(text));
        let tag = name.split_whitespace().next().unwrap_or(name);
        if !closed.contains(tag) {
            found.push(Interpolation {
                range: start..end,
                value: Interpolated::Placeholder(input_name(name)),
            });
        }
        at = end;
    }
    found
}

/// What programs print where they have nothing to say (kubectl, Go, Terraform): output that was
/// pasted under its command, and no place to fill in.
const OUTPUT: [&str; 6] = ["none", "unknown", "pending", "nil", "invalid", "unset"];

/// The longest name that is still taken for one.
const LONGEST: usize = 80;

fn name_at(text: &str, start: usize) -> Option<&str> {
    let rest = text.get(start + 1..)?;
    if !rest.starts_with(char::is_alphabetic) {
        return None;
    }
    let length = rest
        .char_indices()
        .take(LONGEST)
        .find(|(_, c)| !(c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | ' ')))
        .filter(|(_, c)| *c == '>')
        .map(|(at, _)| at)?;
    let name = &rest[..length];
    (!name.ends_with(' ') && !OUTPUT.contains(&name)).then_some(name)
}

/// Whether `<…>` is a redirection from one file and to another: it begins a word, and a file's
/// name, a descriptor or another `>` follows at once.
fn is_redirection(text: &str, start: usize, end: usize) -> bool {
    let before = text[..start].chars().next_back();
    if before == Some('<') {
        return true;
    }
    let begins_word = before.is_none_or(|c| c.is_whitespace() || c.is_ascii_digit());
    let after = &text[end..];
    if after.starts_with('>') || after.starts_with("&1") || after.starts_with("&2") {
        return true;
    }
    begins_word
        && !text[start..end].contains(' ')
        && (after.starts_with(|c: char| c.is_alphanumeric() || matches!(c, '_' | '$'))
            || after.starts_with("/dev/")
            || after.starts_with("/tmp/"))
}

/// Whether `<…>` is two comparisons, as in the SQL `a<b and c>d`: words on both sides of both
/// signs, and a connective between.
fn is_comparison(text: &str, start: usize, end: usize) -> bool {
    let is_word = |c: char| c.is_alphanumeric() || matches!(c, '_' | ')' | '(');
    text[..start].ends_with(is_word)
        && text[end..].starts_with(is_word)
        && text[start..end]
            .split(' ')
            .any(|word| word.eq_ignore_ascii_case("and") || word.eq_ignore_ascii_case("or"))
}

fn closing_tags(text: &str) -> HashSet<&str> {
    let mut tags = HashSet::new();
    let mut at = 0;
    while let Some(next) = text[at..].find("</") {
        let start = at + next + 2;
        let rest = &text[start..];
        let length = rest
            .find(|c: char| !(c.is_alphanumeric() || matches!(c, '-' | '_' | '.')))
            .unwrap_or(rest.len());
        tags.insert(&rest[..length]);
        at = start;
    }
    tags
}

/// The input of a placeholder: lower case, runs of other characters as one `_`.
fn input_name(placeholder: &str) -> String {
    let mut name = String::new();
    for character in placeholder.chars() {
        if character.is_alphanumeric() {
            name.extend(character.to_lowercase().filter(|c| c.is_alphanumeric()));
        } else if !name.ends_with('_') {
            name.push('_');
        }
    }
    name.trim_end_matches('_').to_owned()
}
