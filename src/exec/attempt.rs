//! One attempt at a step: what is about to run, and running it.

use std::ffi::OsString;
use std::ops::Range;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::credentials::Environment;
use crate::document::{Cell, CellKind};
use crate::event::{Event, Status};
use crate::graph::{Step, StepKind};
use crate::quote::Dialect;
use crate::script::{Dynamic, Notebook, StepResult};
use crate::secret::{Clean, computed_secrets};
use crate::value::show_duration;
use crate::world::{End, Leavings};

use super::code::Code;
use super::console::{self, Splitter};
use super::context::{Broken, Context};
use super::evidence;
use super::fill::{self, Filled};
use super::held;
use super::host::StepHost;
use super::launch::placed;
use super::outcome::Ending;
use super::output::{self, Kept};
use super::shell::{self, Left};
use super::transcript;

/// A step (or one instance of it) with its values in place.
pub(super) struct Prepared {
    pub(super) action: Action,
    /// What is shown before it runs and recorded when it starts.
    pub(super) command: Option<Clean>,
    /// Variables with a secret's name that only the run knows: its output waits for their values.
    pub(super) secrets: Vec<String>,
    /// Where it starts, and its environment.
    pub(super) directory: PathBuf,
    pub(super) environment: Environment,
}

/// What a step does.
pub(super) enum Action {
    Shell {
        dialect: Dialect,
        text: Vec<u8>,
    },
    Console {
        dialect: Dialect,
        text: Vec<u8>,
        mark: String,
    },
    Interpreter {
        program: String,
        text: Vec<u8>,
    },
    Script,
    Manual,
    Branch,
}

/// What an attempt came to.
pub(super) struct Attempted {
    pub(super) ending: Ending,
    pub(super) result: StepResult,
    /// What a shell left.
    pub(super) left: Option<Left>,
    /// What a script left.
    pub(super) notebook: Option<Notebook>,
}

impl Attempted {
    pub(super) fn ended(ending: Ending) -> Self {
        Self {
            ending,
            result: StepResult::default(),
            left: None,
            notebook: None,
        }
    }
}

/// Puts the values into a step's cell; belongs on a blocking thread.
pub(super) fn prepare(
    code: &Code,
    step: &Step,
    cell: &Cell,
    directory: PathBuf,
    environment: Environment,
) -> Result<Prepared, Box<Ending>> {
    let context = &code.context;
    let directory = match &step.cwd {
        Some(cwd) => {
            use std::os::unix::ffi::OsStringExt;
            gone_to(
                &directory,
                Path::new(&OsString::from_vec(fill::template(code, cwd)?)),
            )
        }
        None => directory,
    };
    let values = fill::values(code, cell)?;
    let mut environment = environment;
    shell::prepare(&mut environment, &directory);
    let mut carry = |filled: Filled| {
        use std::os::unix::ffi::OsStringExt;
        for (name, value) in filled.variables {
            environment.set(name, OsString::from_vec(value));
        }
        filled.text
    };
    let all: Vec<(usize, Range<usize>)> = cell
        .interpolations
        .iter()
        .map(|interpolation| interpolation.range.clone())
        .enumerate()
        .collect();
    let action = match (&step.kind, &cell.kind) {
        (StepKind::Shell(dialect), _) => Action::Shell {
            dialect: *dialect,
            text: carry(fill::quoted(
                code,
                *dialect,
                &cell.body.text,
                &all,
                &values,
            )?),
        },
        (StepKind::Console(dialect), CellKind::Console(exchanges)) => {
            let run = context.settings.run.replace('-', "");
            let mark = format!("runbook{}", &run[run.len().saturating_sub(12)..]);
            let script = console::script(cell, exchanges, *dialect, &mark);
            Action::Console {
                dialect: *dialect,
                text: carry(fill::quoted(
                    code,
                    *dialect,
                    &script.text,
                    &script.places,
                    &values,
                )?),
                mark,
            }
        }
        (StepKind::Interpreter(program), _) => {
            if let Some(index) = values.iter().position(|value| !value.raw) {
                let place = cell.body.span(cell.interpolations[index].range.clone());
                return Err(code.failed(&format!(
                    "{}: a value can't be placed safely in the code of `{program}`: give it an \
                     environment variable (`env:` in front matter) or write `${{{{ raw(…) }}}}`",
                    context.place(place)
                )));
            }
            Action::Interpreter {
                program: program.clone(),
                text: placed(
                    program,
                    context.source().line(cell.body.origin(0)),
                    fill::plain(&cell.body.text, &all, &values),
                ),
            }
        }
        (StepKind::Manual, _) => Action::Manual,
        (StepKind::Branch, _) => Action::Branch,
        (StepKind::Script | StepKind::Value | StepKind::Console(_), _) => Action::Script,
    };
    let secrets = match &action {
        Action::Shell { text, .. } | Action::Console { text, .. }
            if !step.background && !step.tty =>
        {
            computed_secrets(&String::from_utf8_lossy(text))
        }
        _ => Vec::new(),
    };
    let command = match &action {
        Action::Shell { text, .. } => {
            let text = String::from_utf8_lossy(text);
            context.redactor.learn_assignments(&text);
            Some(context.redactor.clean(&text))
        }
        Action::Interpreter { text, .. } => {
            let text = String::from_utf8_lossy(text);
            Some(context.redactor.clean(text.trim_start_matches('\n')))
        }
        Action::Console { text, .. } => {
            let redactor = &context.redactor;
            redactor.learn_assignments(&String::from_utf8_lossy(text));
            Some(redactor.clean(&transcript(cell)))
        }
        Action::Script => Some(context.redactor.clean(&cell.body.text)),
        Action::Manual | Action::Branch => None,
    };
    Ok(Prepared {
        action,
        command,
        secrets,
        directory,
        environment,
    })
}

/// Where `cd` goes: `.` and `..` are taken out of the path before any link is followed (POSIX, cd,
/// step 8).
fn gone_to(from: &Path, to: &Path) -> PathBuf {
    let mut there = PathBuf::new();
    for component in from.join(to).components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => {
                there.pop();
            }
            other => there.push(other),
        }
    }
    there
}

/// The commands of a transcript, for people.
fn transcript(cell: &Cell) -> String {
    let CellKind::Console(exchanges) = &cell.kind else {
        return String::new();
    };
    exchanges
        .iter()
        .map(|exchange| format!("$ {}\n", exchange.command.text.trim_end()))
        .collect()
}

/// Runs a prepared step once; `name` is the step's id or its instance's.
pub(super) async fn run(
    context: &Arc<Context>,
    index: usize,
    name: &str,
    prepared: &Prepared,
    code: &Code,
    left: Option<PathBuf>,
    cancel: &CancellationToken,
) -> Result<Attempted, Broken> {
    let step = context.step(index);
    let cell = &context.graph().document.cells[step.cell];
    let process = match prepared.process(context, (step, name), left.as_deref(), step.timeout) {
        Some(Ok(process)) => process,
        Some(Err(error)) => {
            return Ok(Attempted::ended(
                *code.failed(&format!("the script could not be written: {error}")),
            ));
        }
        None if matches!(prepared.action, Action::Script) => {
            return Ok(script(context, step, name, prepared, code, cancel).await);
        }
        None => return Ok(Attempted::ended(Ending::passed())),
    };
    let mark = match &prepared.action {
        Action::Console { mark, .. } => Some(mark),
        _ => None,
    };
    let mut splitter = mark.map(|mark| Splitter::new(mark));
    let (sender, receiver) = mpsc::channel(8);
    let running = context.world.run(process, sender, cancel.clone());
    let (exit, kept) = match left.as_deref().filter(|_| !prepared.secrets.is_empty()) {
        None => tokio::join!(
            running,
            output::pump(context, name, None, receiver, splitter.as_mut())
        ),
        Some(left) => {
            let (exit, held) = tokio::join!(running, held::hold(receiver));
            // What comes from a recording was redacted when it was recorded.
            let recorded = exit.as_ref().is_ok_and(|exit| exit.left.is_some());
            let values = shell::read_secrets(left, &prepared.secrets).ok().flatten();
            let kept = match values.or_else(|| recorded.then(Vec::new)) {
                Some(values) => {
                    let known = prepared.secrets.iter().zip(values);
                    for (name_of, value) in known.filter(|(_, value)| !value.is_empty()) {
                        use std::os::unix::ffi::OsStringExt;
                        let value = OsString::from_vec(value);
                        context.learn(Some(name), name_of.as_ref(), &value).await;
                    }
                    held.release(context, name, splitter.as_mut()).await
                }
                None => held.withhold(context, name, &prepared.secrets).await,
            };
            (exit, kept)
        }
    };
    if let Some(splitter) = &splitter {
        evidence::parts(context, name, splitter).await;
    }
    evidence::exit(context, name, &exit).await;
    let exit = match exit {
        Ok(exit) => exit,
        Err(error) => return Ok(Attempted::ended(*code.failed(&error.to_string()))),
    };
    let mut ending = process_ending(context, exit.end, step.timeout);
    if let (Some(splitter), CellKind::Console(exchanges), End::Code(status @ 1..)) =
        (&splitter, &cell.kind, exit.end)
        && let Some((reason, detail)) = transcript::ended_at(context, splitter, exchanges, status)
    {
        ending.reason = Some(reason);
        ending.detail = Some(detail);
    }
    if ending.status == Status::Passed
        && let (Some(splitter), CellKind::Console(exchanges)) = (&splitter, &cell.kind)
        && let Some((reason, detail)) = transcript::unexpected(context, splitter, exchanges)
    {
        ending.status = Status::Failed;
        ending.reason = Some(reason);
        ending.detail = Some(detail);
    }
    let known = exit.left.map(|leavings| prepared.known(leavings));
    let left = known.or_else(|| {
        let path = left?;
        if matches!(exit.end, End::Code(_)) && prepared.leaves_nothing() {
            return Some(prepared.known(Leavings::default()));
        }
        let dialect = match &prepared.action {
            Action::Shell { dialect, .. } | Action::Console { dialect, .. } => *dialect,
            _ => return None,
        };
        let left = shell::read_left(dialect, &path).ok().flatten()?;
        Some(Left {
            directory: left.directory.clone(),
            environment: left.onto(dialect, &prepared.environment),
        })
    });
    Ok(Attempted {
        result: result(kept, ending.code, exit.elapsed),
        ending,
        left,
        notebook: None,
    })
}

/// How a process's end ends its step.
pub(super) fn process_ending(context: &Context, end: End, timeout: Option<Duration>) -> Ending {
    let failed = |reason: String| Ending::because(Status::Failed, context.redactor.clean(&reason));
    match end {
        End::Code(0) => Ending {
            code: Some(0),
            ..Ending::passed()
        },
        End::Code(code) => Ending {
            code: Some(code),
            ..failed(format!("exit status {code}"))
        },
        End::Signal(signal) => Ending {
            code: Some(128 + signal),
            ..failed(format!("ended by signal {signal}"))
        },
        End::TimedOut => failed(format!(
            "timed out after {}",
            timeout.map(show_duration).unwrap_or_default()
        )),
        End::Cancelled => Ending::because(Status::Interrupted, context.why_stopped()),
    }
}

fn result(kept: Kept, code: Option<i32>, elapsed: Duration) -> StepResult {
    StepResult {
        code,
        stdout: kept.stdout,
        stderr: kept.stderr,
        truncated: kept.truncated,
        elapsed,
        ..StepResult::default()
    }
}

/// Runs a script cell to its end or its deadline.
async fn script(
    context: &Arc<Context>,
    step: &Step,
    name: &str,
    prepared: &Prepared,
    code: &Code,
    cancel: &CancellationToken,
) -> Attempted {
    let cell = &context.graph().document.cells[step.cell];
    // The deadline cancels this attempt only, and with it what the script runs.
    let attempt = cancel.child_token();
    let host = StepHost::new(
        Arc::clone(context),
        name.to_owned(),
        prepared.environment.clone(),
        prepared.directory.clone(),
        attempt.clone(),
        Arc::clone(&code.calls),
    );
    let started = context.world.elapsed();
    // The time counts from here, however soon the script's thread begins.
    let deadline = step.timeout.map(|limit| context.world.deadline(limit));
    let mut running = {
        let code = Code {
            host: Arc::new(host),
            cancel: attempt.clone(),
            ..code.clone()
        };
        let body = cell.body.clone();
        tokio::task::spawn_blocking(move || {
            let run = code.context.engine.run(
                &body,
                code.context.source(),
                &code.notebook,
                &code.host,
                &code.cancel,
            );
            match run {
                Ok((value, notebook)) => (Ending::passed(), value, notebook),
                Err(failed) => {
                    let (failure, notebook) = *failed;
                    (code.ending(&failure), Dynamic::UNIT, notebook)
                }
            }
        })
    };
    let mut timed_out = false;
    let joined = match deadline {
        None => (&mut running).await,
        Some(deadline) => tokio::select! {
            biased;
            joined = &mut running => joined,
            heard = deadline => {
                timed_out = true;
                attempt.cancel();
                drop(heard);
                (&mut running).await
            }
        },
    };
    let Ok((mut ending, value, notebook)) = joined else {
        return Attempted::ended(*code.failed("a bug in runbook: the script engine panicked"));
    };
    if timed_out && ending.status == Status::Interrupted {
        let detail = ending.detail.take();
        ending = process_ending(context, End::TimedOut, step.timeout);
        ending.detail = detail;
    }
    Attempted {
        ending,
        result: StepResult {
            value,
            elapsed: context.world.elapsed().saturating_sub(started),
            ..StepResult::default()
        },
        left: None,
        notebook: Some(notebook),
    }
}

/// The event that an attempt begins.
pub(super) fn started(context: &Context, name: &str, attempt: u32, prepared: &Prepared) -> Event {
    let starts_a_process = !matches!(
        prepared.action,
        Action::Script | Action::Manual | Action::Branch
    );
    let directory = prepared.directory.to_string_lossy();
    Event::StepStarted {
        step: name.to_owned(),
        attempt,
        command: prepared.command.clone(),
        directory: starts_a_process.then(|| context.redactor.clean(&directory)),
    }
}
