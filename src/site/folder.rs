//! The folder that a site goes into, which mdBook empties: what else is in it must not be lost.

use std::fs;
use std::path::Path;

use super::Error;

/// What we leave in a folder that we build into.
const MARK: &str = ".runbook-site";
const MARK_TEXT: &str =
    "Made by `runbook docs build`, which empties this folder before it builds.\n";

/// Leaves our mark in the folder of a site.
pub(super) fn mark(folder: &Path) -> Result<(), Error> {
    let path = folder.join(MARK);
    fs::create_dir_all(folder)
        .and_then(|()| fs::write(&path, MARK_TEXT))
        .map_err(|error| Error::write(&path, &error))
}

/// Sees to it that nothing is lost when the folder is emptied; `parts` are the folders in it that the
/// renderers of the book have, where it has several.
///
/// # Errors
/// Where the pages are in it, or something that is no site.
pub(super) fn check(
    folder: &Path,
    source: &Path,
    root: &Path,
    parts: &[String],
) -> Result<(), Error> {
    let occupied = |reason: &str| Error::Occupied {
        folder: folder.display().to_string(),
        reason: reason.to_owned(),
    };
    let real = |path: &Path| fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let output = real(folder);
    if real(source).starts_with(&output) || real(root).starts_with(&output) {
        return Err(occupied("the pages are in it, and building empties it"));
    }
    let Ok(entries) = fs::read_dir(folder) else {
        if folder.exists() {
            return Err(occupied("it is a file"));
        }
        return Ok(());
    };
    let names: Vec<_> = entries.flatten().map(|entry| entry.file_name()).collect();
    let empty = names.is_empty();
    // What mdBook itself made for several renderers: a folder for each, and nothing else.
    let several = parts.len() > 1
        && names
            .iter()
            .all(|name| parts.iter().any(|part| name == part.as_str()))
        && is_book(&folder.join("html"));
    if empty || folder.join(MARK).is_file() || is_book(folder) || several {
        Ok(())
    } else {
        Err(occupied(
            "it has files that are no site, and building empties it",
        ))
    }
}

/// Whether a folder is a site of mdBook, beyond doubt: all that it always writes is there.
fn is_book(folder: &Path) -> bool {
    let always = [".nojekyll", "index.html", "404.html", "toc.html", "css"];
    let script = |name: &str| {
        name.starts_with("book")
            && Path::new(name)
                .extension()
                .is_some_and(|ending| ending == "js")
    };
    always.iter().all(|name| folder.join(name).exists())
        && fs::read_dir(folder)
            .into_iter()
            .flatten()
            .flatten()
            .any(|entry| script(&entry.file_name().to_string_lossy()))
}
