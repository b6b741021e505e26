//! Names say what a thing is, or they are the wrong names.

use std::sync::LazyLock;

use regex::Regex;

use crate::support::files;

/// Words that name nothing in particular.
const EMPTY: [&str; 9] = [
    "task", "job", "manager", "handler", "util", "helper", "data", "info", "misc",
];

static TYPE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"\b(?:struct|enum|trait|type|mod)\s+([A-Za-z_][A-Za-z0-9_]*)").expect("a pattern")
});

/// The words of a name in either case, singular.
fn parts(name: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    for character in name.chars() {
        if character == '_' || character == '-' || character.is_uppercase() {
            parts.push(String::new());
        }
        if character.is_alphanumeric() {
            let part = parts.last_mut().expect("there is always one");
            part.extend(character.to_lowercase());
        }
    }
    parts
        .into_iter()
        .map(|part| part.trim_end_matches('s').to_owned())
        .collect()
}

fn is_empty(name: &str) -> bool {
    // The standard's own term: CommonMark 4.5, "info string".
    name != "info_string"
        && name != "Info"
        && parts(name)
            .iter()
            .any(|part| EMPTY.contains(&part.as_str()))
}

#[test]
fn no_type_or_file_has_an_empty_name() {
    for (path, text) in files("src", ".rs").into_iter().chain(files("tests", ".rs")) {
        for part in path.trim_end_matches(".rs").split('/') {
            assert!(!is_empty(part), "{path}");
        }
        for line in text
            .lines()
            .filter(|line| !line.trim_start().starts_with("//"))
        {
            for found in TYPE.captures_iter(line) {
                assert!(!is_empty(&found[1]), "{path}: `{}`", &found[1]);
            }
        }
    }
}

#[test]
fn a_name_is_read_word_by_word() {
    assert!(is_empty("JobState") && is_empty("step_info") && is_empty("Utils"));
    assert!(!is_empty("Database") && !is_empty("Jobless") && !is_empty("Informed"));
}
