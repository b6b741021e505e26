//! `runbook runs`, `show` and `verify`: past runs.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io;
use std::path::Path;

use runbook::event::Status;
use runbook::journal::{
    self, Broken, Entry, NotFound, Outputs, ReadError, Reader, Run, Spoiled, Verified,
};
use runbook::view::{self, Past, sanitize};
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
    let mut past = Vec::new();
    for (run, found) in folded(&project)? {
        match found {
            Ok(found) => past.extend(found),
            Err(failure) => {
                let short = journal::short(&run.id);
                surroundings.warn(&format!("run {short} is left out: {}", failure.message()))?;
            }
        }
    }
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
    let run = find(&args.run.name, surroundings)?;
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
        ShowFormat::Junit => {
            sound(&run, surroundings)?;
            print(&read(path, rooms::junit)?)?;
        }
        ShowFormat::Human => {
            sound(&run, surroundings)?;
            let style = rooms::style(surroundings.out, false, args.output);
            print(&read(path, |entries| view::show(entries, style))?)?;
        }
    }
    Ok(0)
}

/// Checks that a journal can be believed before something is made of it; tells of what is newer
/// in it than this program knows.
///
/// # Errors
/// Where it does not verify; the status is 4.
pub(crate) fn sound(run: &Run, surroundings: &Surroundings) -> Result<Verified, Failure> {
    let verified = journal::verify(run.journal()).map_err(|broken| {
        let failure = Failure::journal("the journal does not verify").because(&broken);
        match broken {
            Broken::Line { .. } => failure.help(format!(
                "`runbook show {} --format json` prints it as it stands",
                shell_word(&run.id, run.journal())
            )),
            Broken::Unreadable(_) => failure,
        }
    })?;
    if let Some(notice) = &verified.notice {
        surroundings.warn(notice)?;
    }
    Ok(verified)
}

/// What names a run on a command line.
fn shell_word(id: &str, journal: &Path) -> String {
    if uuid::Uuid::try_parse(id).is_ok() {
        journal::short(id).to_owned()
    } else {
        journal.display().to_string()
    }
}

/// Makes something of a journal's entries, one after the other; a last line that was cut off is
/// left out.
///
/// # Errors
/// Where the journal can't be read.
pub(crate) fn read<T>(
    journal: &Path,
    fold: impl FnOnce(&mut dyn Iterator<Item = Entry>) -> T,
) -> Result<T, Failure> {
    let unreadable = |error: ReadError| Failure::journal(error.to_string());
    let mut reader = Reader::open(journal).map_err(unreadable)?;
    let mut failed = None;
    let mut entries = std::iter::from_fn(|| match reader.next()? {
        Ok(entry) => Some(entry),
        Err(error) => {
            failed = Some(error);
            None
        }
    });
    let folded = fold(&mut entries);
    failed.map_or(Ok(folded), |error| Err(unreadable(error)))
}

/// Tells whether a journal is whole and unaltered.
///
/// # Errors
/// Where it is not; the status is 4.
pub(crate) fn verify(args: &args::Verify, surroundings: &Surroundings) -> Result<u8, Failure> {
    let run = find(&args.run.name, surroundings)?;
    let verified = sound(&run, surroundings)?;
    let outputs = if verified.portable {
        Outputs::default()
    } else {
        journal::outputs(run.journal(), &verified).map_err(|error| {
            Failure::journal("the outputs beside the journal can't be read").because(&error)
        })?
    };
    if !outputs.spoiled.is_empty() {
        return Err(spoiled(&outputs.spoiled));
    }
    for file in &outputs.unvouched {
        surroundings.warn(&unvouched(file, verified.finished))?;
    }
    let mut text = format!(
        "{} · {} · whole",
        sanitize::line(&run.id),
        count_entries(verified.entries)
    );
    let vouched = verified.outputs.len();
    match (vouched, verified.portable) {
        (0, _) => {}
        (_, false) => {
            let _ = write!(text, ", with {}", count_outputs(vouched));
        }
        (1, true) => text.push_str(", its 1 file of output is not with it"),
        (_, true) => {
            let _ = write!(text, ", its {} are not with it", count_outputs(vouched));
        }
    }
    match (verified.torn, verified.finished) {
        (Some(bytes), _) => {
            let _ = write!(text, ", but for a last line cut off after {bytes} bytes");
        }
        (None, false) => {
            text.push_str(
                ", but the run has no end: it goes on, it was killed, or its end was cut off",
            );
        }
        (None, true) => {}
    }
    if !verified.sealed {
        text.push_str(" (not sealed: what was cut off at its end would not show)");
    }
    print(&format!("{text}\n{}\n", verified.digest))?;
    Ok(0)
}

/// That outputs are not as they were written.
pub(crate) fn spoiled(files: &[Spoiled]) -> Failure {
    let files: Vec<String> = files.iter().map(Spoiled::to_string).collect();
    Failure::journal("the outputs beside the journal do not verify").causes(files)
}

/// Of a file of output that no entry vouches for, what that can mean.
fn unvouched(file: &str, finished: bool) -> String {
    let why = if finished {
        "the program was killed while it wrote it and the run went on later, or it knew no \
         digests of outputs yet (before version 1.2), or the file was put there"
    } else {
        "the run goes on, or the program was killed while it wrote it"
    };
    format!("the journal has no digest of `output/{file}`: {why}")
}

/// The runs of a project, newest first; those that can't be read are left out.
///
/// # Errors
/// Where the folder of runs can't be read.
pub(crate) fn past(project: &Project) -> Result<Vec<Past>, Failure> {
    let runs = folded(project)?;
    Ok(runs
        .into_iter()
        .filter_map(|(_, past)| past.ok().flatten())
        .collect())
}

/// A run and what it came to.
type Folded = (Run, Result<Option<Past>, Failure>);

/// Each run of a project, newest first, with what it came to; `None` where nothing is recorded.
fn folded(project: &Project) -> Result<Vec<Folded>, Failure> {
    let runs = project
        .store()
        .list()
        .map_err(|error| Failure::journal("the runs can't be listed").because(&error))?;
    Ok(runs
        .into_iter()
        .map(|run| {
            let past = read(run.journal(), |entries| {
                let past = Past::of(&mut *entries);
                // What is left is read, too, for what may be wrong with it.
                entries.for_each(drop);
                past
            });
            (run, past)
        })
        .collect())
}

/// Finds a run by what the operator calls it.
///
/// # Errors
/// Where there is none, or more than one.
pub(crate) fn find(name: &str, surroundings: &Surroundings) -> Result<Run, Failure> {
    let project = Project::find(Path::new("."), surroundings)?;
    project.store().find(name).map_err(|error| {
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

fn count_outputs(number: usize) -> String {
    if number == 1 {
        "1 file of output".to_owned()
    } else {
        format!("{number} files of output")
    }
}

fn count_entries(number: u64) -> String {
    if number == 1 {
        "1 entry".to_owned()
    } else {
        format!("{number} entries")
    }
}
