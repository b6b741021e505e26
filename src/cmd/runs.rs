//! `runbook runs`, `show` and `verify`: past runs.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io;
use std::path::Path;

use runbook::event::Status;
use runbook::journal::{self, Entry, NotFound, Reader, Run};
use runbook::view::{self, Past};
use runbook::visible;
use serde_json::json;

use super::args::{self, RunFormat, ShowFormat, Shown};
use super::failure::Failure;
use super::project::Project;
use super::rooms;
use super::surroundings::{Surroundings, print};

/// Lists past runs, newest first.
///
/// # Errors
/// Where the folder of runs can't be read.
pub(crate) fn runs(args: &args::Runs, surroundings: &Surroundings) -> Result<u8, Failure> {
    let project = Project::find(Path::new("."), surroundings)?;
    let past = past(&project)?;
    if args.format == RunFormat::Human {
        let style = rooms::style(surroundings.out, false, Shown::None);
        print(&view::runs(&past, style))?;
        return Ok(0);
    }
    for run in &past {
        let line = json!({
            "run": run.run,
            "at": run.at.to_string(),
            "document": run.document,
            "target": run.target,
            "status": run.status.map(Status::word),
            "elapsed_ms": run.elapsed.and_then(|elapsed| u64::try_from(elapsed.as_millis()).ok()),
        });
        print(&format!("{}\n", visible::json(&line.to_string())))?;
    }
    Ok(0)
}

/// Shows a past run.
///
/// # Errors
/// Where there is no such run, or its journal can't be read.
pub(crate) fn show(args: &args::Show, surroundings: &Surroundings) -> Result<u8, Failure> {
    let run = find(&args.run, surroundings)?;
    let path = run.journal();
    match args.format {
        // A journal from elsewhere may hold what a terminal obeys.
        ShowFormat::Json if surroundings.out.terminal => {
            let bytes = fs::read(path).map_err(|error| unreadable(path, &error))?;
            print(&visible::text(&String::from_utf8_lossy(&bytes)))?;
        }
        // As it stands in the file: not even a torn line is mended.
        ShowFormat::Json => {
            let mut file = File::open(path).map_err(|error| unreadable(path, &error))?;
            io::copy(&mut file, &mut io::stdout().lock())?;
        }
        ShowFormat::Junit => print(&rooms::junit(entries(path)?))?,
        ShowFormat::Human => {
            let style = rooms::style(surroundings.out, false, args.output);
            print(&view::show(&entries(path)?, style))?;
        }
    }
    Ok(0)
}

/// Tells whether a journal is whole and unaltered.
///
/// # Errors
/// Where it is not; the status is 4.
pub(crate) fn verify(args: &args::Verify, surroundings: &Surroundings) -> Result<u8, Failure> {
    let run = find(&args.run, surroundings)?;
    let verified = journal::verify(run.journal())
        .map_err(|broken| Failure::journal("the journal does not verify").because(&broken))?;
    let mut text = format!("{} · {} · whole", run.id, count_entries(verified.entries));
    match (verified.torn, verified.finished) {
        (Some(bytes), _) => {
            let _ = write!(text, ", but for a last line cut off after {bytes} bytes");
        }
        (None, false) => text.push_str(", but the run has no end"),
        (None, true) => {}
    }
    if !verified.sealed {
        text.push_str(" (not sealed: what was cut off at its end would not show)");
    }
    print(&format!("{text}\n{}\n", verified.digest))?;
    Ok(0)
}

/// The runs of a project, newest first; those that can't be read are left out.
///
/// # Errors
/// Where the folder of runs can't be read.
pub(crate) fn past(project: &Project) -> Result<Vec<Past>, Failure> {
    let runs = project
        .store()
        .list()
        .map_err(|error| Failure::journal("the runs can't be listed").because(&error))?;
    Ok(runs
        .iter()
        .filter_map(|run| Past::of(&entries(run.journal()).ok()?))
        .collect())
}

/// The entries of a journal; a last line that was cut off is left out.
///
/// # Errors
/// Where the journal can't be read.
pub(crate) fn entries(journal: &Path) -> Result<Vec<Entry>, Failure> {
    Reader::open(journal)
        .and_then(Iterator::collect)
        .map_err(|error| Failure::journal(error.to_string()))
}

/// Finds a run by what the operator calls it.
fn find(name: &args::RunName, surroundings: &Surroundings) -> Result<Run, Failure> {
    let project = Project::find(Path::new("."), surroundings)?;
    project.store().find(&name.name).map_err(|error| {
        let help = match error {
            NotFound::Ambiguous { .. } => "write more of it",
            _ => "`runbook runs` lists them",
        };
        Failure::wrong(error.to_string()).help(help)
    })
}

fn unreadable(path: &Path, error: &io::Error) -> Failure {
    Failure::journal(format!("the journal `{}` can't be read", path.display())).because(error)
}

fn count_entries(number: u64) -> String {
    if number == 1 {
        "1 entry".to_owned()
    } else {
        format!("{number} entries")
    }
}
