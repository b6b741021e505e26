//! `runbook run` against a target that is a recording: nothing outside is reached.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use runbook::event::Status;
use runbook::exec::{self, Interrupt, Settings};
use runbook::journal::Recorder;
use runbook::plan::{Given, Unready};
use runbook::recording::Recording;
use runbook::rehearsal;
use runbook::report::Collect;
use runbook::sink::Sink;
use runbook::view;
use runbook::world::World;
use runbook::world::recorded::{Fit, Recorded};

use super::args;
use super::failure::{Failure, Kind};
use super::page::Page;
use super::project::{Chosen, Project};
use super::signals::Signals;
use super::surroundings::Surroundings;
use super::{credentials, inputs, rooms, run, runs, runtime, what_if};

/// Runs a runbook on a recording.
///
/// # Errors
/// Where the recording can't be read, an input has no value, or no journal can be kept.
pub(crate) fn run(
    args: &args::Run,
    surroundings: &Surroundings,
    page: &Page,
    project: &Project,
    target: &Chosen,
    given: Vec<Given>,
) -> Result<u8, Failure> {
    let recording = Arc::new(read(target, surroundings)?);
    let runtime = runtime()?;
    let ended = runtime.block_on(started(
        args,
        surroundings,
        (page, project, target),
        given,
        recording,
    ));
    runtime.shutdown_background();
    ended
}

/// The recording of a target.
///
/// # Errors
/// Where it is not there, is no recording, or was altered.
pub(crate) fn read(target: &Chosen, surroundings: &Surroundings) -> Result<Recording, Failure> {
    let path = target.recording.as_deref().unwrap_or(Path::new(""));
    let shown = path.strip_prefix(&surroundings.directory).unwrap_or(path);
    if !path.is_file() {
        return Err(Failure::wrong(format!(
            "the target `{}` is the recording `{}`, which is not there",
            target.name,
            shown.display()
        ))
        .help("`runbook export RUN -o FILE` writes one"));
    }
    let found = runs::find(&path.to_string_lossy(), surroundings)?;
    runs::sound(&found, surroundings)?;
    what_if::recording(&found)
}

/// Why a page is not run against the default target: that is a recording, of another page.
///
/// # Errors
/// Where the recording can't be read: then nobody knows of which page it is.
pub(crate) fn not_of(
    target: &Chosen,
    page: &Path,
    project: &Project,
    surroundings: &Surroundings,
) -> Result<Option<String>, Failure> {
    if !target.by_default || target.recording.is_none() {
        return Ok(None);
    }
    let recording = read(target, surroundings)
        .map_err(|failure| failure.help("to run for real, name another target with `--target`"))?;
    let own = page_of(&recording, project.root());
    let tests = project.tests().iter();
    let tested = tests
        .filter(|test| test.target.as_ref().is_none_or(|name| *name == target.name))
        .map(|test| project.root().join(&test.runbook));
    let asked = real(&surroundings.directory.join(page));
    if tested.chain([own]).any(|page| real(&page) == asked) {
        return Ok(None);
    }
    Ok(Some(format!(
        "this runs for real: the default target `{}` is a recording of {}",
        target.name, recording.head.document
    )))
}

/// A path without links, as far as it is there.
fn real(path: &Path) -> PathBuf {
    path.canonicalize()
        .unwrap_or_else(|_| path.components().collect())
}

/// The page of a recorded run: from the project's folder, else from where the run began.
pub(crate) fn page_of(recording: &Recording, root: &Path) -> PathBuf {
    let document = Path::new(&recording.head.document);
    let began = recording.head.directory.as_ref();
    let places = [
        Some(root.join(document)),
        began.map(|folder| Path::new(folder.as_str()).join(document)),
    ];
    let there = places.iter().flatten().find(|path| path.is_file());
    let page = there.cloned().unwrap_or_else(|| root.join(document));
    page.components().collect()
}

async fn started(
    args: &args::Run,
    surroundings: &Surroundings,
    (page, project, target): (&Page, &Project, &Chosen),
    given: Vec<Given>,
    recording: Arc<Recording>,
) -> Result<u8, Failure> {
    let interrupt = Interrupt::default();
    let signals = Signals::listen(interrupt.clone())?;
    let (screen, _) = rooms::screen(args, surroundings);
    let given = rehearsal::given(&page.document, &recording, &given);
    let asked = &args.selection;
    let selected = !asked.steps.is_empty() || asked.from.is_some() || asked.until.is_some();
    let plan = if selected {
        let graph = Arc::clone(&page.graph);
        runbook::plan::Plan::new(graph, &given, &run::selection(asked))
    } else {
        rehearsal::plan(&page.graph, &recording, &given)
    };
    let plan = plan.map_err(|unready| match unready {
        Unready::Wrong(lines) => run::wrong(lines),
        Unready::Missing(missing) => inputs::missing(&missing),
    })?;
    let redactor = rehearsal::redactor(&recording);
    plan.learn_defaults(&redactor);
    let world = Arc::new(Recorded::new(Arc::clone(&recording), Fit::Exact));
    let id = rooms::id(rooms::bare_world().now());
    let kept = project.create(&id)?;
    let collect = Collect::default();
    let sinks: Vec<Box<dyn Sink>> = vec![screen, Box::new(collect.clone())];
    let clock = Arc::clone(&world);
    let recorder = Recorder::start_stamped(&kept.folder, sinks, move || clock.now())
        .map_err(|error| run::unkept(&error))?;
    let front = &page.document.front_matter;
    let guards = credentials::guards(front, Some(target));
    let settings = Settings {
        run: id,
        operator: surroundings.operator(),
        target: Some(target.name.clone()),
        folder: kept.folder.clone(),
        keep_going: args.conduct.keep_going || recording.head.keep_going,
        recording: Some(told(&recording)),
        ..rehearsal::settings(&recording, guards)
    };
    let ended = exec::run(
        Arc::new(plan),
        Arc::clone(&world) as Arc<dyn World>,
        recorder.clone(),
        redactor,
        settings,
        interrupt,
    )
    .await;
    let finished = recorder.finish().await;
    let ended = ended.map_err(|error| run::unkept(&error))?;
    for note in finished.map_err(|error| run::unkept(&error))? {
        surroundings.warn(&note)?;
    }
    if let Some(path) = &args.conduct.junit {
        let report = runbook::report::junit(&collect.report());
        run::replace(&surroundings.directory.join(path), report.as_bytes())?;
    }
    Ok(match signals.first() {
        Some(number) if ended.status != Status::Passed => Kind::Signal(number).exit(),
        _ => ended.exit,
    })
}

/// What answers, in plain words.
fn told(recording: &Recording) -> String {
    format!(
        "the recording of run {} of {}",
        view::short(&recording.head.run),
        recording.began.strftime("%Y-%m-%d %H:%M UTC"),
    )
}
