//! `runbook check`: the mistakes in files and folders.

use std::fs;
use std::path::{Path, PathBuf};

use runbook::diagnostic::{Diagnostic, Severity, count};
use runbook::source::Source;
use serde_json::json;

use super::args::{self, RunFormat};
use super::failure::{Failure, Kind};
use super::page::Page;
use super::rooms;
use super::surroundings::{Surroundings, print};

/// Folders that hold what others wrote or what was generated; hidden ones besides.
const SKIPPED: [&str; 2] = ["target", "node_modules"];

/// Checks runbooks; the status is 2 where one of them has an error.
///
/// # Errors
/// Where a path is not there, or there is nothing to check.
pub(crate) fn check(args: &args::Check, surroundings: &Surroundings) -> Result<u8, Failure> {
    let mut files = Vec::new();
    for path in &args.paths {
        let full = surroundings.directory.join(path);
        if full.is_dir() {
            pages(&full, path, &mut files).map_err(|error| {
                Failure::wrong(format!("`{}` can't be read", path.display())).because(&error)
            })?;
        } else {
            files.push(path.clone());
        }
    }
    files.dedup();
    let mut errors = 0;
    let mut warnings = 0;
    for file in &files {
        let mut text = String::new();
        match Page::read(file, surroundings) {
            Ok(mut page) => {
                rooms::lint(&mut page);
                errors += page.diagnostics.count(Severity::Error);
                warnings += page.diagnostics.count(Severity::Warning);
                for diagnostic in page.diagnostics.iter() {
                    text.push_str(&show(diagnostic, &page.source, args.format, surroundings));
                }
            }
            Err(failure) => {
                errors += 1;
                text = match args.format {
                    RunFormat::Human => format!("{}\n", failure.show(surroundings.out.color)),
                    RunFormat::Json => format!(
                        "{}\n",
                        json!({
                            "path": file.to_string_lossy(),
                            "severity": "error",
                            "message": failure.message(),
                        })
                    ),
                };
            }
        }
        print(&text)?;
    }
    if args.format == RunFormat::Human {
        print(&summary(files.len(), errors, warnings))?;
    }
    Ok(if errors == 0 { 0 } else { Kind::Wrong.exit() })
}

/// `checked 2 files: 1 error, 3 warnings`
fn summary(files: usize, errors: usize, warnings: usize) -> String {
    let found = match (errors, warnings) {
        (0, 0) => "nothing wrong".to_owned(),
        (0, warnings) => count(warnings, "warning"),
        (errors, 0) => count(errors, "error"),
        (errors, warnings) => format!("{}, {}", count(errors, "error"), count(warnings, "warning")),
    };
    format!("checked {}: {found}\n", count(files, "file"))
}

/// A diagnostic for people, or as one line of JSON.
fn show(
    diagnostic: &Diagnostic,
    source: &Source,
    format: RunFormat,
    surroundings: &Surroundings,
) -> String {
    if format == RunFormat::Human {
        let look = surroundings.out;
        return format!("{}\n\n", diagnostic.render(source, look.color, look.width));
    }
    let place = |offset: usize| {
        let place = source.position(offset);
        json!({"line": place.line, "column": place.column})
    };
    let span = diagnostic.span();
    let related: Vec<_> = diagnostic
        .labels
        .iter()
        .skip(1)
        .map(|label| {
            json!({
                "start": place(label.span.start),
                "end": place(label.span.end),
                "text": label.text,
            })
        })
        .collect();
    let line = json!({
        "path": source.name(),
        "severity": diagnostic.severity.word(),
        "code": diagnostic.code.0,
        "message": diagnostic.message,
        "start": place(span.start),
        "end": place(span.end),
        "help": diagnostic.help,
        "related": related,
        "suggestion": diagnostic.suggestion.as_ref().map(|(span, text)| json!({
            "start": place(span.start),
            "end": place(span.end),
            "text": text,
        })),
    });
    format!("{line}\n")
}

/// Finds the Markdown pages of a folder, in the order of their names; links to folders are not
/// followed, so that a loop of them ends.
///
/// # Errors
/// Where the folder can't be read; folders inside that can't be read are passed over.
pub(crate) fn pages(
    full: &Path,
    shown: &Path,
    found: &mut Vec<PathBuf>,
) -> Result<(), std::io::Error> {
    let mut entries: Vec<_> = fs::read_dir(full)?.collect::<Result<_, _>>()?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let name = entry.file_name();
        let text = name.to_string_lossy();
        let below = if shown == Path::new(".") {
            PathBuf::from(&name)
        } else {
            shown.join(&name)
        };
        if entry.file_type()?.is_dir() {
            if !text.starts_with('.') && !SKIPPED.contains(&text.as_ref()) {
                // Somebody else's folder need not stop the rest.
                let _ = pages(&entry.path(), &below, found);
            }
        } else if is_page(&below) && entry.path().is_file() {
            found.push(below);
        }
    }
    Ok(())
}

fn is_page(path: &Path) -> bool {
    path.extension()
        .and_then(|ending| ending.to_str())
        .is_some_and(|ending| {
            ending.eq_ignore_ascii_case("md") || ending.eq_ignore_ascii_case("markdown")
        })
}
