//! `runbook check`: the mistakes in files and folders.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use runbook::diagnostic::{Code, Diagnostic, Diagnostics};
use runbook::side_by_side;
use runbook::source::{Source, Span};
use runbook::view::{self, json};

use super::args::{self, RunFormat, Shown};
use super::failure::{Failure, Kind};
use super::page;
use super::rooms;
use super::shellcheck::ShellCheck;
use super::surroundings::{Surroundings, print};

/// A file can't be read as text.
const UNREADABLE: Code = Code("RB0100");

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
    let shellcheck = if args.no_shellcheck {
        None
    } else {
        ShellCheck::find(surroundings)?
    };
    let read = |file: &PathBuf| one(file, args, shellcheck.as_ref(), surroundings);
    let mut found = Vec::with_capacity(files.len());
    let take = |checked: Result<Checked, Failure>| -> Result<(), Failure> {
        let checked = checked?;
        for warning in &checked.warnings {
            surroundings.warn(warning)?;
        }
        if !checked.shown.is_empty() {
            print(&checked.shown)?;
        }
        found.push(checked.diagnostics);
        Ok(())
    };
    side_by_side::each(&files, side_by_side::cores(), read, take)?;
    if args.format == RunFormat::Human {
        let style = rooms::style(surroundings.out, false, Shown::None);
        print(&view::check(files.len(), &found, style))?;
    }
    let wrong = found.iter().any(Diagnostics::has_errors);
    Ok(if wrong { Kind::Wrong.exit() } else { 0 })
}

/// What came of one file.
struct Checked {
    diagnostics: Diagnostics,
    /// The same as it is printed.
    shown: String,
    /// Why something could not be looked at.
    warnings: Vec<String>,
}

/// Checks one file.
///
/// # Errors
/// Where the files for `ShellCheck` can't be written.
fn one(
    file: &Path,
    args: &args::Check,
    shellcheck: Option<&ShellCheck>,
    surroundings: &Surroundings,
) -> Result<Checked, Failure> {
    let mut warnings = Vec::new();
    let (source, mut diagnostics) = match page::text_of(&surroundings.directory, file) {
        Ok(text) => {
            let source = Arc::new(Source::new(file.display().to_string(), text));
            let (document, mut found) = rooms::checked(Arc::clone(&source));
            if let Some(shellcheck) = shellcheck {
                match shellcheck.read(&document)? {
                    Some(said) => found.extend(said),
                    None => warnings.push(format!(
                        "ShellCheck did not read `{}`; `--no-shellcheck` leaves it out",
                        source.name()
                    )),
                }
            }
            (source, found)
        }
        Err(failure) => unreadable(file, &failure),
    };
    diagnostics.sort();
    let mut shown = String::new();
    for diagnostic in &diagnostics {
        match args.format {
            RunFormat::Json => {
                shown.push_str(&json::Diagnostic::new(&source, diagnostic).line());
                shown.push('\n');
            }
            RunFormat::Human => {
                let look = surroundings.out;
                shown.push_str(&diagnostic.render(&source, look.color, look.width));
                shown.push_str("\n\n");
            }
        }
    }
    Ok(Checked {
        diagnostics,
        shown,
        warnings,
    })
}

/// A file that can't be read, as the one thing that is wrong with it.
fn unreadable(file: &Path, failure: &Failure) -> (Arc<Source>, Diagnostics) {
    let mut diagnostics = Diagnostics::default();
    diagnostics.push(Diagnostic::error(
        UNREADABLE,
        Span::default(),
        failure.message(),
    ));
    let source = Source::new(file.display().to_string(), "");
    (Arc::new(source), diagnostics)
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
        let kind = entry.file_type()?;
        if kind.is_dir() {
            if !text.starts_with('.') && !SKIPPED.contains(&text.as_ref()) {
                // Somebody else's folder need not stop the rest.
                let _ = pages(&entry.path(), &below, found);
            }
        } else if is_page(&below) && (kind.is_file() || entry.path().is_file()) {
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
