//! A credential in a document is in its history for ever, and in every copy of it.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use crate::diagnostic::{Code, Diagnostic};
use crate::document::{Cell, CellKind};
use crate::secret::Redactor;

const CREDENTIAL: Code = Code("RB0605");

static AWS_KEY: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"\bA(?:KIA|SIA)[A-Z0-9]{16}\b").expect("the pattern is well formed")
});

/// A name that means a secret, then its value: `--password hunter2`, `DB_PASSWORD=hunter2`,
/// `aws_secret_access_key = …`.
static ASSIGNED: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r#"(?ix)
        (?P<name> --(?:[a-z-]*-)?(?:password|passwd|secret|token|api-key)
          | \b[a-z0-9_]*(?:password|passwd|secret|secret_access_key|session_token|auth_token|api_?key|pgpass)\b )
        (?: [=] | \s*:\s+ | [\x20] | \s=\s ) ["']? (?P<value> [^\s"']+ )
        "#,
    )
    .expect("the pattern is well formed")
});

/// Warns of each credential that stands in a cell. Never repeats it.
pub(super) fn lint(cell: &Cell) -> Vec<Diagnostic> {
    if matches!(cell.kind, CellKind::Manual | CellKind::Branch) {
        return Vec::new();
    }
    let text = cell.body.text.as_str();
    let mut found = Vec::new();
    for key in AWS_KEY.find_iter(text) {
        if !key.as_str().ends_with("EXAMPLE") {
            found.push((key.range(), "an AWS access key".to_owned()));
        }
    }
    for assigned in ASSIGNED.captures_iter(text) {
        let (Some(name), Some(value)) = (assigned.name("name"), assigned.name("value")) else {
            continue;
        };
        let between = &text[name.end()..value.start()];
        // `the password is …` is prose, `kubectl get secret web` a kind of object.
        let spelled = between.trim_matches(['"', '\'']) != " " || name.as_str().starts_with("--");
        let is_interpolated = cell.interpolations.iter().any(|interpolation| {
            interpolation.range.start < value.end() && value.start() < interpolation.range.end
        });
        if spelled && !is_interpolated && is_literal(value.as_str()) {
            let name = name.as_str().trim_start_matches('-');
            found.push((value.range(), format!("a literal `{name}`")));
        }
    }
    for (range, kind) in shapes(text) {
        let is_known = found.iter().any(|(known, _)| {
            let (one, other) = (known.start.max(range.start), known.end.min(range.end));
            one < other
        });
        let is_interpolated = cell.interpolations.iter().any(|interpolation| {
            interpolation.range.start < range.end && range.start < interpolation.range.end
        });
        let is_written = text
            .get(range.clone())
            .is_some_and(|value| is_literal(value) && !is_word_for_one(value));
        if !is_known && !is_interpolated && is_written {
            found.push((range, format!("a credential (`{kind}`)")));
        }
    }
    found
        .into_iter()
        .map(|(range, what)| {
            Diagnostic::warning(
                CREDENTIAL,
                cell.body.span(range),
                format!("{what} stands in the document"),
            )
            .help("make it an input with `secret: true`, and replace the one that was written here")
        })
        .collect()
}

/// Whether a value only says what belongs in its place, as in `postgres://user:password@host`.
fn is_word_for_one(value: &str) -> bool {
    const WORDS: [&str; 6] = ["pass", "passwd", "password", "pwd", "secret", "token"];
    WORDS.iter().any(|word| value.eq_ignore_ascii_case(word))
}

/// What the redactor would hide of a text, each with its kind.
fn shapes(text: &str) -> Vec<(Range<usize>, String)> {
    let redactor = Redactor::default();
    let mut found = Vec::new();
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let clean = redactor.clean(line);
        if clean.as_str() != line && !line.contains(['«', '»']) {
            marked(start, line, clean.as_str(), &mut found);
        }
        start += line.len();
    }
    found
}

/// The parts of a line that its clean form has a `«kind»` for.
fn marked(start: usize, line: &str, clean: &str, found: &mut Vec<(Range<usize>, String)>) {
    let mut at = 0;
    let mut rest = clean;
    while let Some((before, (kind, behind))) = rest
        .split_once('«')
        .and_then(|(before, marked)| Some((before, marked.split_once('»')?)))
    {
        at += before.len();
        // What stands between this one and the next tells where it ends.
        let between = behind.split('«').next().unwrap_or_default();
        let Some(length) = line.get(at..).and_then(|hidden| match between {
            "" => Some(hidden.trim_end_matches('\n').len()),
            between => hidden.find(between),
        }) else {
            return;
        };
        found.push((start + at..start + at + length, kind.to_owned()));
        at += length;
        rest = behind;
    }
}

/// Whether a value is no reference, flag or stand-in.
fn is_literal(value: &str) -> bool {
    let value = value.trim_end_matches([',', ';', ')']);
    let first = value.chars().next().unwrap_or('$');
    let same = value.chars().all(|c| c == first);
    let stand_in = [
        "example",
        "changeme",
        "your",
        "placeholder",
        "redacted",
        "true",
        "false",
    ];
    let lower = value.to_ascii_lowercase();
    !"$<{[(*-/.@|`\\&>".contains(first)
        && value.chars().count() >= 4
        && !same
        && !value.contains("$(")
        && !stand_in.iter().any(|word| lower.contains(word))
}
