//! `runbook resume`: goes on with a run that had stopped.

use std::path::Path;

use runbook::document::Document;
use runbook::event::{RunStarted, Status};
use runbook::exec::resume::{Choices, Earlier, History, Interrupted};
use runbook::exec::{self};
use runbook::journal::{self, Broken, Flaw, NotStopped, Run, Stopped};
use runbook::plan::{Given, Origin, Plan};
use runbook::report::Collect;
use runbook::secret::{CleanValue, Redactor};
use runbook::sink::Sink as _;

use super::args;
use super::failure::Failure;
use super::keyboard::{Keyboard, Typed};
use super::page::Page;
use super::project::{Project, folder_of};
use super::run::{Begin, started, writable};
use super::surroundings::Surroundings;
use super::{inputs, operator, runs, runtime};

/// A run that had stopped, held so that it can go on.
pub(crate) struct GoesOn {
    /// Which.
    pub(crate) run: Run,
    journal: Stopped,
    history: History,
    collect: Collect,
    again: Vec<String>,
    done: Vec<String>,
    operator: String,
}

/// Goes on with a run.
///
/// # Errors
/// Where it can't go on, or may not, or its journal can't be kept.
pub(crate) fn resume(args: &args::Resume, surroundings: &Surroundings) -> Result<u8, Failure> {
    let run = runs::find(&args.run.name, surroundings)?;
    let stopped = GoesOn::take(run, args, surroundings)?;
    let head = stopped.head()?.clone();
    if let Some(path) = &args.conduct.junit {
        writable(path, surroundings)?;
    }
    let there = Surroundings {
        environment: surroundings.environment.clone(),
        directory: match &head.directory {
            Some(directory) => directory.as_str().into(),
            None => surroundings.directory.clone(),
        },
        out: surroundings.out,
        err: surroundings.err,
    };
    if !there.directory.is_dir() {
        return Err(Failure::refused(format!(
            "the directory `{}`, in which the run began, is gone; nothing ran",
            there.directory.display()
        )));
    }
    if head.recording.is_some() {
        return Err(Failure::refused(
            "the run went through a recording, so there is nothing to go on with",
        )
        .help("go through the recording again with `runbook run`"));
    }
    let file = Path::new(&head.document);
    let page = Page::sound(file, &there)?;
    let project = Project::find(folder_of(file), &there)?;
    // A run that began without a target goes on without one.
    let target = match args.inputs.target.as_deref().or(head.target.as_deref()) {
        Some(name) => project.target(Some(name), None)?,
        None => None,
    };
    if let Some(target) = target.as_ref().filter(|target| target.recording.is_some()) {
        return Err(Failure::refused(format!(
            "the target `{}` is a recording, and the run was a real one; nothing ran",
            target.name
        )));
    }
    let mut given = inputs::given(&args.inputs, &page.document, surroundings)?;
    given.extend(earlier(&head, &page.document));
    let selection = head.selection.clone().unwrap_or_default();
    let args = args::Run {
        file: file.to_owned(),
        inputs: args.inputs.clone(),
        selection: args::Selection {
            steps: selection.steps,
            from: selection.from,
            until: selection.until,
        },
        conduct: args::Conduct {
            junit: args
                .conduct
                .junit
                .as_ref()
                .map(|path| surroundings.directory.join(path)),
            ..args.conduct.clone()
        },
        lock: args.lock.clone().or_else(|| head.lock.clone()),
    };
    let runtime = runtime()?;
    let begin = Begin {
        args: &args,
        surroundings: &there,
        page: &page,
        project: &project,
        target,
        given,
        notes: Vec::new(),
        stopped: Some(stopped),
    };
    let ended = runtime.block_on(started(begin));
    // A thread may still wait for the keyboard.
    runtime.shutdown_background();
    ended
}

/// The values that the inputs had, where the journal has them.
fn earlier(head: &RunStarted, document: &Document) -> Vec<Given> {
    document
        .front_matter
        .inputs
        .iter()
        .filter_map(|input| {
            let name = &input.name.value;
            let text = match head.inputs.get(name)? {
                CleanValue::Text(text) => text.to_string(),
                CleanValue::Boolean(boolean) => boolean.to_string(),
                CleanValue::Number(number) => number.to_string(),
                CleanValue::Null | CleanValue::List(_) | CleanValue::Map(_) => return None,
            };
            // What was hidden must be given again.
            let is_hidden = input.secret || text.contains('«');
            (!is_hidden).then(|| Given {
                name: name.clone(),
                text,
                origin: Origin::Earlier,
            })
        })
        .collect()
}

impl GoesOn {
    fn take(run: Run, args: &args::Resume, surroundings: &Surroundings) -> Result<Self, Failure> {
        if run.journal().file_name() != Some("journal.jsonl".as_ref()) {
            return Err(Failure::wrong(format!(
                "`{}` is a recording, and a recording can't go on",
                run.journal().display()
            ))
            .help("`runbook runs` lists the runs that can"));
        }
        let mut history = History::default();
        let mut collect = Collect::default();
        let journal = Stopped::take(run.journal(), |entry| {
            // It only keeps what it gets.
            let _always = collect.receive(&entry);
            history.apply(entry);
        })
        .map_err(|error| match error {
            NotStopped::Running => Failure::refused(format!(
                "run {} is still going on; nothing ran",
                journal::short(&run.id)
            ))
            .help("wait until it has ended, or end it with Ctrl-C where it runs"),
            NotStopped::Unwritable(error) => Failure::journal(format!("{error}; nothing ran")),
            NotStopped::Broken(Broken::Line {
                flaw: Flaw::Empty, ..
            }) => Failure::journal(format!(
                "run {} was ended before its first entry: nothing of it ran, and there is nothing to go on with",
                journal::short(&run.id)
            ))
            .help("begin anew with `runbook run`"),
            NotStopped::Broken(broken) => {
                Failure::journal("the journal does not verify, so the run can't go on; nothing ran")
                    .because(&broken)
            }
        })?;
        Ok(Self {
            journal,
            history,
            collect,
            again: args.again.clone(),
            done: args.done.clone(),
            operator: surroundings.operator(),
            run,
        })
    }

    fn head(&self) -> Result<&RunStarted, Failure> {
        self.history.head().ok_or_else(|| {
            Failure::journal(
                "the journal ends before the run began, so there is nothing to go on with",
            )
        })
    }

    /// Decides what stays and what runs again; `None` where nothing is left to do.
    ///
    /// # Errors
    /// Where nobody decides what must be decided, or somebody says no.
    pub(crate) async fn decide(
        self,
        plan: &Plan,
        redactor: &Redactor,
        settings: &exec::Settings,
        yes: bool,
        keyboard: Option<&Keyboard>,
    ) -> Result<Option<(Earlier, Stopped, Collect)>, Failure> {
        let interrupted = self.history.interrupted(plan);
        let choices = self.choices(plan, &interrupted, keyboard).await?;
        let torn = self.journal.verified().torn;
        let passed = self.history.status() == Some(Status::Passed);
        let earlier = Earlier::new(plan, self.history, redactor, settings, &choices, torn);
        if passed && earlier.is_complete() {
            return Ok(None);
        }
        let over: Vec<&str> = earlier
            .resumes
            .again
            .iter()
            .filter(|again| again.passed)
            .map(|again| again.step.as_str())
            .collect();
        if let Some(keyboard) = keyboard.filter(|_| !yes && !over.is_empty()) {
            for again in &earlier.resumes.again {
                keyboard.show(&format!("  runs again: {}: {}\n", again.step, again.reason))?;
            }
            let text = format!("{} had passed. Go on?", over.join(", "));
            if !operator::agrees(redactor.clean(&text), keyboard).await {
                return Err(Failure::refused("the operator said no; nothing ran"));
            }
        }
        Ok(Some((earlier, self.journal, self.collect)))
    }

    /// What is to become of the steps that had begun and not ended, and of those that were named.
    async fn choices(
        &self,
        plan: &Plan,
        interrupted: &[Interrupted],
        keyboard: Option<&Keyboard>,
    ) -> Result<Choices, Failure> {
        let mut choices = Choices::default();
        let is_there = |step: &str| {
            let id = step.split_once('[').map_or(step, |(id, _)| id);
            plan.graph.step(id).is_some()
        };
        for (option, names) in [("--again", &self.again), ("--done", &self.done)] {
            if let Some(unknown) = names.iter().find(|name| !is_there(name)) {
                let near = runbook::name::nearest(
                    unknown,
                    plan.graph.steps.iter().map(|step| step.id.as_str()),
                );
                return Err(Failure::wrong(format!(
                    "{option}: no step is called `{unknown}`; nothing ran"
                ))
                .maybe_help(near.map(|near| format!("did you mean `{near}`?"))));
            }
        }
        for step in &self.again {
            choices.again.insert(step.clone(), "--again".to_owned());
        }
        for step in &self.done {
            if !self.history.has_begun(step) {
                return Err(Failure::wrong(format!(
                    "--done: `{step}` had not begun; nothing ran"
                )));
            }
            let index = plan
                .graph
                .step(step.split_once('[').map_or(step, |(id, _)| id));
            if index.is_some_and(|index| !plan.graph.steps[index].defines.is_empty()) {
                return Err(not_done(step));
            }
            choices.done.insert(step.clone(), "--done".to_owned());
        }
        for step in interrupted {
            let id = &step.step;
            let is_named = choices.again.contains_key(id)
                || choices.done.contains_key(id)
                || id
                    .split_once('[')
                    .is_some_and(|(whole, _)| choices.again.contains_key(whole));
            if is_named || step.may_run_again {
                continue;
            }
            let Some(keyboard) = keyboard else {
                return Err(Failure::refused(format!(
                    "`{id}` was interrupted: it had begun{} and not ended, and may have done a part \
                     of its work; nothing ran",
                    began(step)
                ))
                .help(format!(
                    "see what it did, then add `--again {id}` or `--done {id}`; a step that says \
                     `idempotent` runs again by itself"
                )));
            };
            match ask(step, keyboard).await? {
                Decision::Again => choices.again.insert(id.clone(), self.operator.clone()),
                Decision::Done => choices.done.insert(id.clone(), self.operator.clone()),
                Decision::Abort => {
                    return Err(Failure::refused(format!(
                        "the operator left it at that: `{id}` stays interrupted; nothing ran"
                    )));
                }
            };
        }
        Ok(choices)
    }
}

fn not_done(step: &str) -> Failure {
    Failure::wrong(format!(
        "--done: `{step}` gives names to other steps, which only running it can; nothing ran"
    ))
    .help(format!("`--again {step}` runs it again"))
}

fn began(step: &Interrupted) -> String {
    step.at.map_or_else(String::new, |at| {
        at.strftime(" at %Y-%m-%d %H:%M:%S UTC").to_string()
    })
}

/// What the operator decides.
enum Decision {
    Again,
    Done,
    Abort,
}

async fn ask(step: &Interrupted, keyboard: &Keyboard) -> Result<Decision, Failure> {
    let id = &step.step;
    let (words, expected) = if step.gives_names {
        ("again/abort", "answer `again` or `abort`")
    } else {
        ("again/done/abort", "answer `again`, `done` or `abort`")
    };
    keyboard.show(&format!(
        "? {id} was interrupted: it had begun{} and not ended; it may have done a part of its work, \
         and may still be at it. [{words}] ",
        began(step)
    ))?;
    loop {
        let Typed::Line(text) = keyboard.line(false).await? else {
            keyboard.show("\n")?;
            return Ok(Decision::Abort);
        };
        match text.trim().to_lowercase().as_str() {
            "again" => return Ok(Decision::Again),
            "done" if !step.gives_names => return Ok(Decision::Done),
            "abort" => return Ok(Decision::Abort),
            _ => keyboard.show(&format!("  {expected}: "))?,
        }
    }
}
