//! `runbook new`: a runbook to start from.

use std::fs::File;
use std::io::{self, Write as _};

use super::args;
use super::failure::{Failure, Kind};
use super::surroundings::{Surroundings, print};

/// The runbook: it runs as it is, and changes nothing.
const TEMPLATE: &str = include_str!("new.md");

/// Writes a runbook.
///
/// # Errors
/// Where there is such a file already, or it can't be written.
pub(crate) fn new(args: &args::New, surroundings: &Surroundings) -> Result<u8, Failure> {
    let shown = args.file.display();
    let mut file = File::create_new(surroundings.directory.join(&args.file)).map_err(|error| {
        match error.kind() {
            io::ErrorKind::AlreadyExists => {
                Failure::wrong(format!("`{shown}` is there already; it was not touched"))
                    .help("name a new file")
            }
            io::ErrorKind::NotFound => {
                Failure::wrong(format!("the folder of `{shown}` does not exist"))
                    .help("make the folder first")
            }
            _ => Failure::wrong(format!("`{shown}` can't be written")).because(&error),
        }
    })?;
    file.write_all(TEMPLATE.as_bytes()).map_err(|error| {
        Failure::new(Kind::Output, format!("`{shown}` can't be written")).because(&error)
    })?;
    print(&format!(
        "wrote {shown}\n\n  runbook plan {shown}    what would run\n  runbook run {shown}     run it\n"
    ))?;
    Ok(0)
}
