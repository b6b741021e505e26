//! `runbook export`: a run as one file to pass on.

use std::path::Path;

use runbook::journal::{self, Reader};

use super::args;
use super::failure::Failure;
use super::surroundings::{Surroundings, print, print_bytes};
use super::{run, runs};

/// Writes a run as one file that every command takes for a run.
///
/// # Errors
/// Where there is no such run, its journal does not verify, or the file can't be written.
pub(crate) fn export(args: &args::Export, surroundings: &Surroundings) -> Result<u8, Failure> {
    let found = runs::find(&args.run.name, surroundings)?;
    runs::sound(&found, surroundings)?;
    let text = recording(found.journal())?;
    match args.to.as_deref() {
        Some(path) if path != Path::new("-") => {
            run::replace(&surroundings.directory.join(path), text.as_bytes())?;
        }
        // A journal from elsewhere may hold what a terminal obeys.
        _ if surroundings.out.terminal => print(&text)?,
        _ => print_bytes(text.as_bytes())?,
    }
    Ok(0)
}

/// A journal as a recording.
pub(crate) fn recording(journal: &Path) -> Result<String, Failure> {
    let unreadable = |error: &dyn std::error::Error| Failure::journal(error.to_string());
    let mut reader = Reader::open(journal).map_err(|error| unreadable(&error))?;
    let mut lines = Vec::new();
    while let Some(entry) = reader.next() {
        entry.map_err(|error| unreadable(&error))?;
        lines.push(reader.line().to_owned());
    }
    journal::export(lines.iter().map(String::as_str)).map_err(|error| unreadable(&error))
}
