//! What a file may hold.

use crate::support::{files, read};

/// Tables of facts are longer than a concept may be, and read by search.
const TABLES: [&str; 1] = ["src/graph/effect/table.rs"];
const LONGEST: usize = 500;

fn sources() -> Vec<(String, String)> {
    ["src", "tests", "benches"]
        .iter()
        .flat_map(|folder| files(folder, ".rs"))
        .collect()
}

#[test]
fn no_file_is_long() {
    let long: Vec<_> = sources()
        .into_iter()
        .filter(|(path, _)| !TABLES.contains(&path.as_str()))
        .map(|(path, text)| (path, text.lines().count()))
        .filter(|(_, lines)| *lines > LONGEST)
        .collect();
    assert!(long.is_empty(), "over {LONGEST} lines: {long:?}");
}

#[test]
fn every_file_says_what_it_is_for() {
    for (path, text) in sources() {
        assert!(text.starts_with("//! "), "{path} begins with no `//!`");
        let first = text.lines().next().unwrap_or_default();
        assert!(
            first.ends_with(['.', ':', ',', ';'])
                || text
                    .lines()
                    .nth(1)
                    .is_some_and(|line| line.starts_with("//!")),
            "{path}: `{first}` is no sentence"
        );
    }
}

#[test]
fn nothing_is_left_to_do() {
    // Spelled in parts, so that this file does not hold them.
    let marks = [
        ["TO", "DO"],
        ["FIX", "ME"],
        ["XX", "X:"],
        ["todo", "!("],
        ["unimplemented", "!("],
        ["dbg", "!("],
        ["#[ig", "nore"],
        ["#[al", "low("],
        ["#![al", "low("],
    ]
    .map(|parts| parts.concat());
    for (path, text) in sources() {
        for (number, line) in text.lines().enumerate() {
            for mark in &marks {
                assert!(!line.contains(mark), "{path}:{}: {mark}", number + 1);
            }
        }
    }
}

#[test]
fn every_dependency_is_used() {
    let manifest = read("Cargo.toml");
    let all: String = sources().into_iter().map(|(_, text)| text).collect();
    let mut section = "";
    for line in manifest.lines() {
        if line.starts_with('[') {
            section = line;
            continue;
        }
        let Some((name, _)) = line.split_once(" = ") else {
            continue;
        };
        // Only named to choose which version of the API `kube` is built for.
        let chooses = name == "k8s-openapi";
        if matches!(section, "[dependencies]" | "[dev-dependencies]") && !chooses {
            let name = name.replace('-', "_");
            assert!(
                all.contains(&format!("{name}::")),
                "{name} is in Cargo.toml, and nothing uses it"
            );
        }
    }
}
