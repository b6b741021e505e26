//! `runbook replay RUN --with FILE`: what another page would have done in a recorded run.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use runbook::event::Event;
use runbook::journal::{self, Entry, Run, Spoiled, Summed};
use runbook::plan::Unready;
use runbook::recording::{Piece, Recording, Stream};
use runbook::rehearsal::{self, Rehearsed, Terms};
use runbook::view::{self, WhatIf};

use super::args::{RunFormat, Shown};
use super::failure::{Failure, Kind};
use super::page::Page;
use super::surroundings::{Surroundings, print};
use super::{credentials, inputs, rooms, run, runs, runtime};

/// Goes through a page against the recording of a run, and tells where the two part.
///
/// # Errors
/// Where there is no such run, or the page can't be run.
pub(crate) fn what_if(
    name: &str,
    file: &Path,
    format: RunFormat,
    surroundings: &Surroundings,
) -> Result<u8, Failure> {
    let recorded = runs::find(name, surroundings)?;
    runs::sound(&recorded, surroundings)?;
    let recording = Arc::new(recording(&recorded)?);
    let page = Page::sound(file, surroundings)?;
    let terms = Terms {
        guards: credentials::guards(&page.document.front_matter, None),
        ..Terms::default()
    };
    let rehearsed = rehearsed(&page, &recording, &terms)?;
    let what = WhatIf {
        recorded: &recording,
        now: &rehearsed.recording,
        comparison: &rehearsed.comparison,
        missing: &rehearsed.missing,
    };
    let style = rooms::style(surroundings.out, false, Shown::Short);
    match format {
        RunFormat::Human => print(&view::what_if(&what, style))?,
        RunFormat::Json => {
            let lines = rehearsed.entries.iter();
            let lines: String = lines.map(|entry| entry.to_line() + "\n").collect();
            print(&lines)?;
        }
    }
    Ok(u8::from(
        !rehearsed.comparison.is_same() || !rehearsed.missing.is_empty(),
    ))
}

/// The recording of a run.
///
/// # Errors
/// Where its journal can't be read, or is of no run.
pub(crate) fn recording(run: &Run) -> Result<Recording, Failure> {
    let entries: Vec<Entry> = runs::read(run.journal(), |entries| entries.collect())?;
    let mut recording = Recording::new(&entries).map_err(|error| {
        Failure::journal(format!(
            "`{}` is no recording of a run: {error}",
            run.journal().display()
        ))
    })?;
    let mut written = BTreeMap::new();
    for entry in entries {
        if let Event::OutputKept {
            file,
            bytes,
            sha256,
            ..
        } = entry.event
        {
            written.insert(file, Summed { bytes, sha256 });
        }
    }
    whole(&mut recording, run.journal(), &written).map_err(|spoiled| runs::spoiled(&[spoiled]))?;
    Ok(recording)
}

/// Puts outputs that are too long for a journal in their places, from the files beside it; what
/// is not there stays as it is.
///
/// # Errors
/// Where one is not what was written.
fn whole(
    recording: &mut Recording,
    journal: &Path,
    written: &BTreeMap<String, Summed>,
) -> Result<(), Spoiled> {
    for (stream, ending) in [(Stream::Stdout, "stdout"), (Stream::Stderr, "stderr")] {
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        for (step, output) in recording.partial_mut(stream) {
            let count = counts.entry(step.clone()).or_default();
            *count += 1;
            let name = match count {
                1 => format!("{step}.{ending}"),
                count => format!("{step}.{count}.{ending}"),
            };
            let Some(bytes) = journal::output(journal, &name, written)? else {
                continue;
            };
            let Some(first) = output.iter().find(|piece| piece.stream == stream) else {
                continue;
            };
            let piece = Piece {
                at: first.at,
                stream,
                skipped: 0,
                bytes,
            };
            output.retain(|piece| piece.stream != stream);
            output.insert(0, piece);
        }
    }
    Ok(())
}

/// Goes through a page against a recording, on threads of its own.
///
/// # Errors
/// Where an input has no value, or the run can't be kept going.
pub(crate) fn rehearsed(
    page: &Page,
    recording: &Arc<Recording>,
    terms: &Terms,
) -> Result<Rehearsed, Failure> {
    let runtime = runtime()?;
    let graph = Arc::clone(&page.graph);
    let rehearsed = runtime.block_on(rehearsal::rehearse(graph, Arc::clone(recording), terms));
    rehearsed.map_err(|error| match error {
        rehearsal::Error::Unready(Unready::Wrong(lines)) => run::wrong(lines),
        rehearsal::Error::Unready(Unready::Missing(missing)) => inputs::missing(&missing),
        error => Failure::new(Kind::Refused, error.to_string()),
    })
}
