//! A credential in a document is in its history for ever, and in every copy of it.

use std::sync::LazyLock;

use regex::Regex;

use crate::diagnostic::{Code, Diagnostic};
use crate::document::{Cell, CellKind};

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
