//! `runbook postmortem`: a page to start from after a run.

use std::io;
use std::path::Path;

use runbook::report::{self, Account};

use super::args;
use super::failure::{Failure, Kind};
use super::project::folder_of;
use super::surroundings::{Surroundings, print};
use super::{rooms, runs};

/// Writes the postmortem of runs.
///
/// # Errors
/// Where a run is not there or its journal does not verify, or the file is there already.
pub(crate) fn postmortem(
    args: &args::Postmortem,
    surroundings: &Surroundings,
) -> Result<u8, Failure> {
    let mut accounts = Vec::new();
    let mut seen = Vec::new();
    for name in &args.runs {
        let run = runs::find(name, surroundings)?;
        if seen.contains(&run.journal().to_owned()) {
            continue;
        }
        seen.push(run.journal().to_owned());
        runs::sound(&run, surroundings)?;
        let account = runs::read(run.journal(), |entries| Account::fold(entries))?;
        accounts.push(
            account.ok_or_else(|| {
                Failure::journal(format!("nothing is recorded of the run `{name}`"))
            })?,
        );
    }
    let page = report::postmortem(accounts, rooms::vocabulary());
    match &args.output {
        None => print(&page)?,
        Some(path) => {
            keep(&surroundings.directory.join(path), path, &page)?;
            let path = path.display();
            print(&format!(
                "wrote {path}\n\n  fill in what is marked, then\n  runbook run {path}    which of its claims still hold\n"
            ))?;
        }
    }
    Ok(0)
}

/// Writes a new file as a whole or not at all.
fn keep(full: &Path, shown: &Path, page: &str) -> Result<(), Failure> {
    let shown = shown.display();
    let write = || -> io::Result<()> {
        let mut file = tempfile::NamedTempFile::new_in(folder_of(full))?;
        io::Write::write_all(&mut file, page.as_bytes())?;
        file.persist_noclobber(full).map_err(|error| error.error)?;
        Ok(())
    };
    write().map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => {
            Failure::wrong(format!("there is a file `{shown}` already"))
                .help("name another one: what people wrote into it is not written over")
        }
        _ => Failure::new(Kind::Output, format!("`{shown}` can't be written")).because(&error),
    })
}
