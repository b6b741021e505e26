//! A credential in a document is in its history for ever, and in every copy of it.

use std::ops::Range;
use std::sync::LazyLock;

use aho_corasick::AhoCorasick;
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

/// What stands in each of these names. It is looked for first: most cells hold none, and the
/// pattern reads every word from its first letter.
static NAMES: LazyLock<AhoCorasick> = LazyLock::new(|| {
    AhoCorasick::builder()
        .ascii_case_insensitive(true)
        .build(WORDS)
        .expect("the words are few and short")
});

const WORDS: [&str; 7] = [
    "passw", "secret", "token", "api-key", "api_key", "apikey", "pgpass",
];

/// Letters other than ASCII's that the pattern takes for `s` and `k` (Unicode's simple folding).
const FOLDED: [char; 2] = ['\u{17f}', '\u{212a}'];

/// Warns of each credential that stands in a cell. Never repeats it.
pub(super) fn lint(cell: &Cell) -> Vec<Diagnostic> {
    if matches!(cell.kind, CellKind::Manual | CellKind::Branch) {
        return Vec::new();
    }
    let text = cell.body.text.as_str();
    let is_folded = !text.is_ascii() && text.contains(FOLDED);
    let redactor = Redactor::default();
    if !is_folded && !may_hold(text, &redactor) {
        return Vec::new();
    }
    let lines = suspects(text, &redactor);
    let mut found = Vec::new();
    for key in AWS_KEY.find_iter(text) {
        if !key.as_str().ends_with("EXAMPLE") {
            found.push((key.range(), "an AWS access key".to_owned()));
        }
    }
    let named = if is_folded {
        std::iter::once(0..text.len()).collect()
    } else {
        named(text, &lines)
    };
    let assigned = named.iter().flat_map(|part| {
        let captures = ASSIGNED.captures_iter(&text[part.clone()]);
        captures.map(move |captures| (part.start, captures))
    });
    for (start, assigned) in assigned {
        let (Some(name), Some(value)) = (assigned.name("name"), assigned.name("value")) else {
            continue;
        };
        let range = start + value.start()..start + value.end();
        let between = &text[start + name.end()..range.start];
        // `the password is …` is prose, `kubectl get secret web` a kind of object.
        let spelled = between.trim_matches(['"', '\'']) != " " || name.as_str().starts_with("--");
        let is_interpolated = cell.interpolations.iter().any(|interpolation| {
            interpolation.range.start < range.end && range.start < interpolation.range.end
        });
        if spelled && !is_interpolated && is_literal(value.as_str()) {
            let name = name.as_str().trim_start_matches('-');
            found.push((range, format!("a literal `{name}`")));
        }
    }
    for (range, kind) in shapes(text, &lines, &redactor) {
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

/// Whether a text may hold a credential. The redactor looks for the beginnings of the keys and for
/// each of the names but one.
fn may_hold(text: &str, redactor: &Redactor) -> bool {
    let bytes = text.as_bytes();
    let name = b"pgpass";
    redactor.may_alter(text)
        || memchr::memchr2_iter(b'g', b'G', bytes).any(|at| {
            let word = at
                .checked_sub(1)
                .and_then(|at| bytes.get(at..at + name.len()));
            word.is_some_and(|word| word.eq_ignore_ascii_case(name))
        })
}

/// The lines of a text that may hold a credential.
fn suspects(text: &str, redactor: &Redactor) -> Vec<Range<usize>> {
    let mut start = 0;
    let mut lines = Vec::new();
    for line in text.split_inclusive('\n') {
        let end = start + line.len();
        if may_hold(line, redactor) {
            lines.push(start..end);
        }
        start = end;
    }
    lines
}

/// The parts of a text, whole lines, that can hold what [`ASSIGNED`] finds: a line with one of the
/// names, and the next two with anything on them, since `:` and the value may stand on those.
fn named(text: &str, lines: &[Range<usize>]) -> Vec<Range<usize>> {
    let mut parts: Vec<Range<usize>> = Vec::new();
    for line in lines {
        if !NAMES.is_match(&text[line.clone()]) {
            continue;
        }
        let mut end = line.end;
        let mut wanted = 2;
        for next in text[end..].split_inclusive('\n') {
            if wanted == 0 {
                break;
            }
            end += next.len();
            wanted -= usize::from(!next.trim().is_empty());
        }
        match parts.last_mut() {
            Some(last) if line.start <= last.end => last.end = last.end.max(end),
            _ => parts.push(line.start..end),
        }
    }
    parts
}

/// Whether a value only says what belongs in its place, as in `postgres://user:password@host`.
fn is_word_for_one(value: &str) -> bool {
    const WORDS: [&str; 6] = ["pass", "passwd", "password", "pwd", "secret", "token"];
    WORDS.iter().any(|word| value.eq_ignore_ascii_case(word))
}

/// What the redactor would hide of these lines of a text, each with its kind.
fn shapes(text: &str, lines: &[Range<usize>], redactor: &Redactor) -> Vec<(Range<usize>, String)> {
    let mut found = Vec::new();
    for range in lines {
        let line = &text[range.clone()];
        if line.contains(['«', '»']) {
            continue;
        }
        let clean = redactor.clean(line);
        if clean.as_str() != line {
            marked(range.start, line, clean.as_str(), &mut found);
        }
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
        && !is_call(value)
        && !stand_in.iter().any(|word| lower.contains(word))
}

/// Whether a value begins with a call that asks for it, as in `k8s::get("secret", …`.
fn is_call(value: &str) -> bool {
    value
        .split_once('(')
        .is_some_and(|(name, _)| name.contains("::") || matches!(name, "env" | "input"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_for_is_no_literal() {
        for call in ["k8s::get(\"secret\",", "env(\"PW\")", "aws::secret(id)"] {
            assert!(!is_literal(call), "{call}");
        }
        assert!(is_literal("hunter22(x"));
    }

    #[test]
    fn no_name_and_no_key_is_passed_over() {
        let redactor = Redactor::default();
        for word in WORDS
            .iter()
            .chain(&["AKIA234567ABCDEFGHIJ", "ASIA234567ABCDEFGHIJ"])
        {
            for text in [word.to_string(), word.to_uppercase(), format!("- {word}\n")] {
                assert!(may_hold(&text, &redactor), "{text}");
            }
        }
        assert!(!may_hold("kubectl get pods -n web\n", &redactor));
    }
}
