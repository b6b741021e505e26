//! `runbook run`: everything that must be right before the first step, then the run.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use runbook::event::{self, Status};
use runbook::exec::{self, Interrupt};
use runbook::graph::Step;
use runbook::journal::{self, Recorder};
use runbook::plan::{self, Given, Plan, Unready};
use runbook::report::Collect;
use runbook::secret::Redactor;
use runbook::side_by_side;
use runbook::sink::Sink;
use runbook::value::Value;
use rustix::process::{Resource, getrlimit};
use tokio::sync::Mutex;

use super::args::{self, RunFormat};
use super::failure::{Failure, Kind};
use super::keyboard::Keyboard;
use super::lease::{self, Lease};
use super::operator::{self, Asked};
use super::page::Page;
use super::project::{Chosen, Project, folder_of};
use super::resume::GoesOn;
use super::signals::Signals;
use super::surroundings::{Surroundings, print};
use super::{credentials, guards, inputs, on_recording, rooms, runs, runtime};

/// Between TERM and KILL.
const GRACE: Duration = Duration::from_secs(5);

/// Runs a runbook.
///
/// # Errors
/// Where it may not start, or its journal can't be kept.
pub(crate) fn run(args: &args::Run, surroundings: &Surroundings) -> Result<u8, Failure> {
    let page = Page::sound(&args.file, surroundings)?;
    let project = Project::find(folder_of(&args.file), surroundings)?;
    let front = &page.document.front_matter;
    let mut target = project.target(
        args.inputs.target.as_deref(),
        front.target.as_ref().map(|target| target.value.as_str()),
    )?;
    let mut notes = Vec::new();
    if let Some(chosen) = &target
        && let Some(why) = on_recording::not_of(chosen, &args.file, &project, surroundings)?
    {
        notes.push(why);
        target = None;
    }
    let given = inputs::given(&args.inputs, &page.document, surroundings)?;
    if let Some(path) = &args.conduct.junit {
        writable(path, surroundings)?;
    }
    if let Some(target) = target.as_ref().filter(|target| target.recording.is_some()) {
        return on_recording::run(args, surroundings, &page, &project, target, given);
    }
    let runtime = runtime()?;
    let begin = Begin {
        args,
        surroundings,
        page: &page,
        project: &project,
        target,
        given,
        notes,
        stopped: None,
    };
    let ended = runtime.block_on(started(begin));
    // A thread may still wait for the keyboard.
    runtime.shutdown_background();
    ended
}

/// What a run begins with.
pub(crate) struct Begin<'a> {
    /// How it is to be run.
    pub(crate) args: &'a args::Run,
    /// Where.
    pub(crate) surroundings: &'a Surroundings,
    /// The page.
    pub(crate) page: &'a Page,
    /// What the page belongs to.
    pub(crate) project: &'a Project,
    /// What it runs against.
    pub(crate) target: Option<Chosen>,
    /// Values for its inputs.
    pub(crate) given: Vec<Given>,
    /// What the journal is to say first.
    pub(crate) notes: Vec<String>,
    /// The run that it goes on with, if it is no new one.
    pub(crate) stopped: Option<GoesOn>,
}

/// Sees to all that must be right, and runs.
///
/// # Errors
/// Where it may not start, or its journal can't be kept.
pub(crate) async fn started(begin: Begin<'_>) -> Result<u8, Failure> {
    let Begin {
        args,
        surroundings,
        page,
        project,
        target,
        given,
        mut notes,
        stopped,
    } = begin;
    let interrupt = Interrupt::default();
    let signals = Signals::listen(interrupt.clone())?;
    let attended = args.conduct.format == RunFormat::Human && surroundings.attended();
    let keyboard = attended.then(|| Keyboard::new(signals.clone()));
    let (screen, pause) = rooms::screen(args, surroundings);
    let asked = Asked {
        yes: args.conduct.yes,
        name: surroundings.operator(),
        keyboard: keyboard.clone(),
        pause,
        turn: Arc::new(Mutex::new(())),
    };
    let world = rooms::world(Arc::new(asked), args.conduct.fresh_shells);

    let id = match &stopped {
        Some(stopped) => stopped.run.id.clone(),
        None => rooms::id(world.now()),
    };
    let holder = format!(
        "run {} of {} ({}, process {})",
        journal::short(&id),
        args.file.display(),
        surroundings.operator(),
        std::process::id()
    );
    let _lock = match &args.lock {
        Some(name) => Some(project.lock(name, &holder)?),
        None => None,
    };

    let front = &page.document.front_matter;
    let ready = credentials::ready(front, target.as_ref(), surroundings, &*world).await?;
    for warning in &ready.warnings {
        surroundings.warn(warning)?;
    }
    let plan = bind(page, given, &selection(&args.selection), keyboard.as_ref()).await?;
    let redactor = Redactor::default();
    learn(&plan, &redactor)?;
    plan.learn_defaults(&redactor);
    named_by_a_secret(&plan, &redactor)?;
    for (name, value) in surroundings.environment.iter() {
        // Short and common values are left alone: nobody asked for them to be hidden.
        let _unfit = redactor.learn_variable(&name.to_string_lossy(), value.as_encoded_bytes());
    }
    let tools =
        guards::programs(&plan, &*world, &ready.environment, &surroundings.directory).await?;
    let past = || runs::past(project).unwrap_or_default();
    match lease::judge(&ready, &plan, past, world.now()) {
        Lease::Enough => {}
        Lease::Unknown(text) => {
            surroundings.warn(&text)?;
            notes.push(text);
        }
        Lease::TooShort(text) => {
            notes.push(waived(args, &text, &redactor, keyboard.as_ref()).await?);
        }
    }
    if let Some(number) = signals.first() {
        return Err(Failure::said(Kind::Signal(number)));
    }

    let context = if ready.guards.contexts.is_empty() {
        None
    } else {
        let (environment, directory) = (&ready.environment, &surroundings.directory);
        let asked = world.kube_context(environment.clone(), directory.clone());
        asked.await.ok()
    };
    let folder = match &stopped {
        Some(stopped) => stopped.run.folder.clone(),
        None => project.store().root.join(&id),
    };
    let mut settings = exec::Settings {
        run: id.clone(),
        operator: surroundings.operator(),
        target: target.map(|target| target.name),
        jobs: jobs(args.conduct.jobs),
        keep_going: args.conduct.keep_going,
        attended,
        environment: ready.environment,
        removed: ready.removed,
        directory: surroundings.directory.clone(),
        folder,
        grace: GRACE,
        guards: ready.guards,
        identity: ready.identity,
        notes,
        recording: None,
        context,
        about: exec::About {
            tools,
            selection: chosen(&args.selection),
            lock: args.lock.clone(),
            earlier: None,
        },
    };
    let clock = Arc::clone(&world);
    let clock = move || clock.now();
    let (recorder, collect) = match stopped {
        None => {
            let kept = project.create(&id)?;
            let collect = Collect::default();
            let sinks: Vec<Box<dyn Sink>> = vec![screen, Box::new(collect.clone())];
            (Recorder::start(&kept.folder, sinks, clock), collect)
        }
        Some(stopped) => {
            let decided = stopped
                .decide(
                    &plan,
                    &redactor,
                    &settings,
                    args.conduct.yes,
                    keyboard.as_ref(),
                )
                .await?;
            let Some((earlier, journal, collect)) = decided else {
                print(
                    "the run has passed, and nothing in it has changed: nothing is left to run\n",
                )?;
                return Ok(0);
            };
            settings.about.earlier = Some(Arc::new(earlier));
            let sinks: Vec<Box<dyn Sink>> = vec![screen, Box::new(collect.clone())];
            (Recorder::resume(journal, sinks, clock), collect)
        }
    };
    let recorder = recorder.map_err(|error| unkept(&error))?;
    let ended = exec::run(
        Arc::new(plan),
        Arc::clone(&world),
        recorder.clone(),
        redactor,
        settings,
        interrupt,
    )
    .await;
    // Also a run that could not be kept going leaves what it has recorded.
    let finished = recorder.finish().await;
    let ended = ended.map_err(|error| unkept(&error))?;
    for note in finished.map_err(|error| unkept(&error))? {
        surroundings.warn(&note)?;
    }
    if let Some(path) = &args.conduct.junit {
        let report = runbook::report::junit(&collect.report());
        replace(&surroundings.directory.join(path), report.as_bytes())?;
    }
    Ok(match signals.first() {
        Some(number) if ended.status != Status::Passed => Kind::Signal(number).exit(),
        _ => ended.exit,
    })
}

/// Lets the run begin with credentials that may expire under way, if somebody says so.
async fn waived(
    args: &args::Run,
    text: &str,
    redactor: &Redactor,
    keyboard: Option<&Keyboard>,
) -> Result<String, Failure> {
    if args.conduct.allow_expiring_credentials {
        return Ok(format!("{text}; allowed by --allow-expiring-credentials"));
    }
    if let Some(keyboard) = keyboard {
        let question = redactor.clean(&format!("{text}. Begin all the same?"));
        if operator::agrees(question, keyboard).await {
            return Ok(format!("{text}; allowed by the operator"));
        }
    }
    Err(Failure::refused(format!("{text}; nothing ran"))
        .help("renew the credentials, or begin all the same with `--allow-expiring-credentials`"))
}

/// The selection that the command line asks for.
pub(crate) fn selection(args: &args::Selection) -> plan::Selection {
    plan::Selection {
        steps: args.steps.clone(),
        from: args.from.clone(),
        until: args.until.clone(),
    }
}

/// The selection as the journal has it, if there is one.
fn chosen(selection: &args::Selection) -> Option<event::Selection> {
    let chosen = event::Selection {
        steps: selection.steps.clone(),
        from: selection.from.clone(),
        until: selection.until.clone(),
    };
    (chosen != event::Selection::default()).then_some(chosen)
}

/// Binds a page's inputs, asking for those without a value where somebody is there.
async fn bind(
    page: &Page,
    mut given: Vec<Given>,
    selection: &plan::Selection,
    keyboard: Option<&Keyboard>,
) -> Result<Plan, Failure> {
    let missing = match Plan::new(Arc::clone(&page.graph), &given, selection) {
        Ok(plan) => return Ok(plan),
        Err(Unready::Wrong(lines)) => return Err(wrong(lines)),
        Err(Unready::Missing(missing)) => missing,
    };
    let Some(keyboard) = keyboard else {
        return Err(inputs::missing(&missing));
    };
    given.extend(inputs::ask(&missing, keyboard).await?);
    Plan::new(Arc::clone(&page.graph), &given, selection).map_err(|unready| match unready {
        Unready::Wrong(lines) => wrong(lines),
        Unready::Missing(missing) => inputs::missing(&missing),
    })
}

/// What is wrong with what was given.
pub(crate) fn wrong(lines: Vec<String>) -> Failure {
    Failure::many(Kind::Wrong, lines)
}

/// Makes the secrets of a plan known to the redactor.
fn learn(plan: &Plan, redactor: &Redactor) -> Result<(), Failure> {
    for (name, binding) in plan.inputs.iter().filter(|(_, binding)| binding.secret) {
        let text = match &binding.value {
            Value::String(text) => text.clone(),
            value => value.to_string(),
        };
        redactor
            .learn(name, text.as_bytes())
            .map_err(|refused| Failure::wrong(format!("{refused}; nothing ran")))?;
    }
    Ok(())
}

/// Refuses a run in which a secret input's value is part of the id of a step: ids are in every line
/// that is shown and kept, and in the names of files.
fn named_by_a_secret(plan: &Plan, redactor: &Redactor) -> Result<(), Failure> {
    let named = |step: &Step| redactor.finds(step.id.as_str().as_bytes());
    match plan.graph.steps.iter().position(named) {
        None => Ok(()),
        Some(index) => Err(Failure::wrong(format!(
            "the id of step {} holds a secret; nothing ran",
            index + 1
        ))
        .help("give the step an id of its own, as in `{#migrate}`")),
    }
}

/// How many descriptors the program itself may have open.
const OWN_DESCRIPTORS: u64 = 40;

/// How many a step has: two pipes and its process, and while it is started twice that; in a warm
/// shell that shell's three, and five of its own.
const STEP_DESCRIPTORS: u64 = 8;

/// As many as there are cores, and at least 4: steps wait more than they compute. Never more than
/// there are descriptors for.
fn jobs(asked: Option<u16>) -> usize {
    let jobs = asked.map_or_else(|| side_by_side::cores().max(4), usize::from);
    let open = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    let most = open.saturating_sub(OWN_DESCRIPTORS) / STEP_DESCRIPTORS;
    jobs.min(usize::try_from(most).unwrap_or(usize::MAX)).max(1)
}

pub(crate) fn unkept(error: &dyn std::error::Error) -> Failure {
    Failure::journal(error.to_string())
        .help("see whether the disk is full or read-only; RUNBOOK_HOME names another folder")
}

/// Checks before a run that a report can be written after it.
///
/// # Errors
/// Where it can't.
pub(crate) fn writable(path: &Path, surroundings: &Surroundings) -> Result<(), Failure> {
    let full = surroundings.directory.join(path);
    if full.is_dir() {
        return Err(Failure::wrong(format!("`{}` is a folder", path.display()))
            .help("name a file for `--junit`"));
    }
    if folder_of(&full).is_dir() {
        return Ok(());
    }
    Err(
        Failure::wrong(format!("the folder of `{}` does not exist", path.display()))
            .help("make it, or name another file for `--junit`"),
    )
}

/// Writes a file as a whole or not at all.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let write = || -> std::io::Result<()> {
        let mut file = tempfile::NamedTempFile::new_in(folder_of(path))?;
        std::io::Write::write_all(&mut file, bytes)?;
        file.persist(path).map_err(|error| error.error)?;
        Ok(())
    };
    write().map_err(|error| {
        Failure::new(
            Kind::Output,
            format!("`{}` can't be written", path.display()),
        )
        .because(&error)
    })
}
