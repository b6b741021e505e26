//! What a command destroys does not come back, so somebody should be asked first.

use std::collections::HashSet;
use std::sync::LazyLock;

use regex::Regex;

use super::Shell;
use super::allow::sections;
use crate::diagnostic::{Code, Diagnostic};
use crate::document::{Cell, CellKind, Document};

const DESTRUCTIVE: Code = Code("RB0603");

static DROP: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)\bdrop\s+(database|schema|table)\b").expect("the pattern is well formed")
});

static FRESH: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#"(?m)\b([A-Za-z_][A-Za-z0-9_]*)="?(?:\$\(|`)\s*mktemp\b"#)
        .expect("the pattern is well formed")
});

/// Warns of what destroys in a cell that asks nobody. In a plain document every cell asks.
///
/// What the page itself made with `mktemp` it may remove: that is how a cleanup is written.
pub(super) fn lint(
    document: &Document,
    fresh: &HashSet<&str>,
    cell: &Cell,
    shells: &[Shell<'_>],
) -> Vec<Diagnostic> {
    if document.plain || asks(document, cell) {
        return Vec::new();
    }
    let mut found = Vec::new();
    for shell in shells {
        for command in shell.commands() {
            let argv = command.argv();
            if let Some(what) = destroys(&argv)
                && !removes_only(&argv, fresh)
            {
                found.push((shell.text.span(command.range()), what));
            }
        }
        for drop in DROP.find_iter(&shell.text.text) {
            let what = drop
                .as_str()
                .split_whitespace()
                .collect::<Vec<_>>()
                .join(" ");
            found.push((shell.text.span(drop.range()), what.to_lowercase()));
        }
    }
    found
        .into_iter()
        .map(|(span, what)| {
            Diagnostic::warning(
                DESTRUCTIVE,
                span,
                format!("`{what}` runs without a question"),
            )
            .help("add `confirm` to the attributes of the cell")
        })
        .collect()
}

/// The variables that some cell of the page sets to a new temporary place.
pub(super) fn fresh(document: &Document) -> HashSet<&str> {
    let cells = document.cells.iter().filter(|_| !document.plain);
    cells
        .filter(|cell| matches!(cell.kind, CellKind::Shell(_) | CellKind::Console(_)))
        // The pattern has no fixed beginning to look for.
        .filter(|cell| cell.body.text.contains("mktemp"))
        .flat_map(|cell| FRESH.captures_iter(&cell.body.text))
        .filter_map(|found| found.get(1).map(|name| name.as_str()))
        .collect()
}

/// Whether `rm` removes nothing but what such variables name, or what is below.
fn removes_only(argv: &[&str], fresh: &HashSet<&str>) -> bool {
    let (Some(program), arguments) = (argv.first(), argv.iter().skip(1)) else {
        return false;
    };
    let mut paths = arguments.filter(|word| !word.starts_with('-')).peekable();
    *program == "rm"
        && paths.peek().is_some()
        && paths.all(|path| {
            path.strip_prefix('$').is_some_and(|path| {
                let path = path.trim_start_matches('{');
                let end = path
                    .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
                    .unwrap_or(path.len());
                let rest = &path[end..];
                fresh.contains(&path[..end]) && !rest.contains("..") && !rest.contains('-')
            })
        })
}

/// Whether the operator is asked before a cell runs.
pub(super) fn asks(document: &Document, cell: &Cell) -> bool {
    cell.attributes.confirm.is_some()
        || sections(document, cell.section).any(|section| section.attributes.confirm.is_some())
}

/// The words that make a command destructive.
pub(super) fn destroys(argv: &[&str]) -> Option<String> {
    let (program, arguments) = argv.split_first()?;
    let program = program.rsplit('/').next().unwrap_or(program);
    let has = |word: &str| arguments.contains(&word);
    let verb = |verbs: &[&str]| {
        let found = arguments.iter().find(|word| verbs.contains(word))?;
        Some(format!("{program} {found}"))
    };
    match program {
        "terraform" | "tofu" | "terragrunt" => {
            let approved = arguments.iter().any(|word| {
                word.trim_start_matches('-').starts_with("auto-approve") && word.starts_with('-')
            });
            if has("apply") && approved {
                Some(format!("{program} apply -auto-approve"))
            } else {
                verb(&["destroy"])
            }
        }
        "kubectl" | "oc" if has("--dry-run=client") || has("--dry-run=server") => None,
        "kubectl" | "oc" | "gcloud" | "az" => verb(&["delete"]),
        "helm" => verb(&["uninstall", "delete", "del", "un"]),
        "dropdb" => Some(program.to_owned()),
        "rm" => {
            let flag = |short: char, long: &str| {
                arguments.iter().any(|word| {
                    *word == long
                        || (word.starts_with('-')
                            && !word.starts_with("--")
                            && word.contains(short))
                })
            };
            let recursive = flag('r', "--recursive") || flag('R', "--recursive");
            (recursive && flag('f', "--force")).then(|| "rm -rf".to_owned())
        }
        "aws" => {
            let word = arguments.iter().find(|word| {
                word.starts_with("delete-")
                    || word.starts_with("terminate-")
                    || (has("s3") && matches!(**word, "rm" | "rb"))
            })?;
            Some(format!("aws … {word}"))
        }
        _ => None,
    }
}
