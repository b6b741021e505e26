//! A room imports only rooms above it in ARCHITECTURE.md's table, or beside it in its row.

use std::collections::HashMap;
use std::sync::LazyLock;

use regex::Regex;

use crate::support::{files, read};

/// The first part of each path that begins at the crate.
static IMPORT: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"\b(?:crate|runbook)::([a-z_]+)").expect("a pattern"));
/// `use crate::{…}` would hide rooms from this test.
static GROUP: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"\b(?:crate|runbook)::\{").expect("a pattern"));

/// Each room and the number of its row.
fn rooms() -> HashMap<String, usize> {
    let page = read("ARCHITECTURE.md");
    let rows = page
        .lines()
        .skip_while(|line| !line.starts_with("| room |"))
        .skip(2)
        .take_while(|line| line.starts_with('|'));
    let mut rooms = HashMap::new();
    for (row, line) in rows.enumerate() {
        let cell = line.split('|').nth(1).expect("a row has cells");
        for name in cell.split('`').skip(1).step_by(2) {
            rooms.insert(name.to_owned(), row);
        }
    }
    rooms
}

#[test]
fn a_room_imports_only_rooms_above_it() {
    let rooms = rooms();
    assert!(rooms.len() > 15, "{rooms:?}");
    let mut wrong = Vec::new();
    for (path, text) in files("src", ".rs") {
        let inside = path.trim_start_matches("src/");
        let room = inside.split(['/', '.']).next().unwrap_or_default();
        if room == "lib" || room == "main" {
            continue;
        }
        let Some(row) = rooms.get(room) else {
            wrong.push(format!("{path}: the room `{room}` is not in the table"));
            continue;
        };
        for (number, line) in text.lines().enumerate() {
            // The examples of documentation show rooms together.
            if line.trim_start().starts_with("//") {
                continue;
            }
            if GROUP.is_match(line) {
                wrong.push(format!("{path}:{}: import rooms one by one", number + 1));
            }
            for found in IMPORT.captures_iter(line) {
                let other = &found[1];
                if other != room && rooms.get(other).is_some_and(|other| other > row) {
                    wrong.push(format!("{path}:{}: `{room}` imports `{other}`", number + 1));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_view_sees_what_runs() {
    for (path, text) in files("src/view", ".rs") {
        for room in ["exec", "script", "world"] {
            assert!(!text.contains(&format!("crate::{room}")), "{path}: {room}");
        }
    }
}
