//! A diagnostic's code has one meaning, and `docs/diagnostics.md` says which.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use regex::Regex;

use crate::support::{files, read};

static CONSTANT: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#"const ([A-Z_]+): (?:[a-z_]+::)*Code =\s*(?:[a-z_]+::)*Code\("([A-Z0-9]+)"\)"#)
        .expect("a pattern")
});
static ROW: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(?m)^\| `(RB\d{4})` \| [^|]+ \| (.+) \|$").expect("a pattern"));

/// Each code and where it is defined.
fn defined() -> BTreeMap<String, String> {
    let mut codes: BTreeMap<String, String> = BTreeMap::new();
    for (path, text) in files("src", ".rs") {
        for found in CONSTANT.captures_iter(&text) {
            let place = format!("{path} ({})", &found[1]);
            let code = found[2].to_owned();
            assert!(
                code.len() == 6 && code.starts_with("RB"),
                "{place}: `{code}` is no code"
            );
            if let Some(other) = codes.insert(code.clone(), place.clone()) {
                panic!("{code} means two things: {other} and {place}");
            }
        }
    }
    codes
}

#[test]
fn a_code_has_one_meaning_and_a_line_of_the_page() {
    let defined: BTreeSet<String> = defined().into_keys().collect();
    assert!(defined.len() > 40, "{defined:?}");
    let page = read("docs/diagnostics.md");
    let mut documented = BTreeSet::new();
    for found in ROW.captures_iter(&page) {
        assert!(
            documented.insert(found[1].to_owned()),
            "{} twice",
            &found[1]
        );
    }
    let missing: Vec<_> = defined.difference(&documented).collect();
    let gone: Vec<_> = documented.difference(&defined).collect();
    assert!(
        missing.is_empty(),
        "not in docs/diagnostics.md: {missing:?}"
    );
    assert!(gone.is_empty(), "only in docs/diagnostics.md: {gone:?}");
}

#[test]
fn a_code_is_written_once() {
    for (path, text) in files("src", ".rs") {
        if path.contains("/tests") {
            continue;
        }
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        for line in code.lines().filter(|line| line.contains("Code(\"RB")) {
            assert!(
                line.contains("const ") || line.trim_start().starts_with("Code("),
                "{path}: {line}"
            );
        }
    }
}
