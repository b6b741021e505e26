//! Real documents go through the program: nothing panics, and places are true.

use std::fs;
use std::path::{Path, PathBuf};

use crate::support::{root, runbook, text, walk};

/// The folder of real documents, if this machine has it.
fn shared() -> Option<PathBuf> {
    ["../shared", "../../shared"]
        .iter()
        .map(|folder| root().join(folder))
        .find(|folder| folder.join("corpus").is_dir())
}

fn documents() -> Vec<PathBuf> {
    let mut found = Vec::new();
    if let Some(shared) = shared() {
        walk(&shared.join("corpus"), ".md", &mut found);
        walk(&shared.join("seed"), ".md", &mut found);
        found.sort();
        assert!(found.len() > 80, "{} documents", found.len());
    }
    found
}

/// The program on one document; it must neither crash nor be killed.
fn go(path: &Path, args: &[&str]) -> (i32, String) {
    let mut all = args.to_vec();
    let name = path.to_string_lossy();
    all.push(&name);
    let output = runbook(root(), &all);
    let said = text(&output);
    let status = output.status.code().unwrap_or(-1);
    assert!(
        matches!(status, 0 | 2) && !said.contains("panicked"),
        "{args:?} {}: {status}\n{said}",
        path.display()
    );
    (status, String::from_utf8_lossy(&output.stdout).into_owned())
}

#[test]
fn real_documents_are_checked_with_true_places() {
    if shared().is_none() {
        eprintln!("skipped: ../shared is not on this machine");
    }
    for path in documents() {
        let bytes = fs::read(&path).expect("a document of the corpus");
        let page = String::from_utf8_lossy(&bytes);
        let lines: Vec<&str> = page.split('\n').collect();
        let (status, found) = go(&path, &["check", "--format", "json"]);
        assert_eq!(
            status,
            0,
            "{}: an error in a real document:\n{found}",
            path.display()
        );
        for line in found.lines() {
            let it: serde_json::Value = serde_json::from_str(line).expect("a line of JSON");
            let number = |key: &str| {
                usize::try_from(it[key].as_u64().expect("a number")).expect("a small one")
            };
            let place = |line: &str, column: &str| {
                let (line, column) = (number(line), number(column));
                assert!((1..=lines.len()).contains(&line), "{path:?}: {it}");
                let text = lines[line - 1].trim_end_matches('\r');
                assert!(
                    (1..=text.chars().count() + 1).contains(&column),
                    "{path:?}: {it}\n{text}"
                );
                text.chars().skip(column - 1).collect::<String>()
            };
            let fault = place("line", "column");
            place("end_line", "end_column");
            assert!(!fault.is_empty(), "{path:?}: {it} points at nothing");
            // The first name in backquotes that the page has as it is stands at the place.
            let message = it["message"].as_str().expect("a message");
            if let ("RB0601" | "RB0607", Some(quoted)) = (
                it["code"].as_str().unwrap_or_default(),
                message.split('`').nth(1),
            ) {
                let first = quoted.split_whitespace().next().unwrap_or_default();
                assert!(fault.starts_with(first), "{path:?}: {it}\n{fault}");
            }
        }
    }
}

#[test]
fn real_documents_are_drawn() {
    if shared().is_none() {
        eprintln!("skipped: ../shared is not on this machine");
    }
    for path in documents() {
        for format in ["text", "mermaid", "dot", "json"] {
            let (status, drawn) = go(&path, &["graph", "--format", format]);
            assert_eq!(status, 0, "{}", path.display());
            assert!(
                !drawn.trim().is_empty(),
                "{}: {format} is empty",
                path.display()
            );
            if format == "json" {
                serde_json::from_str::<serde_json::Value>(&drawn).expect("JSON");
            }
        }
    }
}

#[test]
fn the_seed_is_reported_as_a_careful_reader_would() {
    let Some(shared) = shared() else {
        eprintln!("skipped: ../shared is not on this machine");
        return;
    };
    let (_, found) = go(
        &shared.join("seed/apply-status.md"),
        &["check", "--no-shellcheck", "--format", "json"],
    );
    let said: Vec<String> = found
        .lines()
        .map(|line| {
            let it: serde_json::Value = serde_json::from_str(line).expect("a line of JSON");
            format!(
                "{} {} {}",
                it["line"],
                it["code"].as_str().unwrap_or_default(),
                it["message"].as_str().unwrap_or_default()
            )
        })
        .collect();
    for expected in [
        "51 RB0602 the operator will be asked: `If Helm succeeds`",
        "56 RB0607 `terraform plan -detailed-exitcode` stands in running text and is not a step",
        "59 RB0602 the operator will be asked: `If Helm fails`",
        "111 RB0602 the operator will be asked: `When Terraform is killed mid-Helm-upgrade`",
        "113 RB0601 `<prev-revision>` becomes an input",
    ] {
        assert!(
            said.iter().any(|line| line == expected),
            "{expected}\n{said:#?}"
        );
    }
}
