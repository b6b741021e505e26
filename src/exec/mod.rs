//! Runs a plan: schedules steps, attempts, cancels.
//!
//! Everything that a run does to the outside goes through its [`World`], and everything that it
//! says goes to its [`Recorder`]. This room never prints, and starts nothing whose announcement
//! is not on disk.

mod attempt;
mod beside;
mod code;
mod confided;
mod console;
mod context;
mod each;
mod evidence;
mod fallen;
mod fill;
mod fingerprint;
pub mod guard;
mod head;
mod held;
mod host;
mod launch;
mod left;
mod lone;
mod outcome;
mod output;
mod permission;
pub mod resume;
mod schedule;
mod scratch;
mod service;
pub mod shell;
mod state;
mod step;
mod transcript;

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::credentials::{Environment, Guards, Identity};
use crate::event::{Event, Removed, Status};
use crate::graph::StepKind;
use crate::journal::{self, Recorder};
use crate::plan::Plan;
use crate::script::{self, Dynamic, Notebook, Secret};
use crate::secret::Redactor;
use crate::value::Value;
use crate::world::{Heard, World};

pub use self::head::About;

use self::code::Code;
use self::context::{Broken, Context};
use self::host::StepHost;
use self::outcome::Ending;
use self::schedule::{Schedule, Totals};
use self::state::State;

/// How a plan is run.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The run's id.
    pub run: String,
    /// Who runs it.
    pub operator: String,
    /// The name of the target, if one is used.
    pub target: Option<String>,
    /// How many steps may run at a time; at least 1.
    pub jobs: usize,
    /// Whether steps that don't depend on a failed one go on.
    pub keep_going: bool,
    /// Whether the operator can be asked.
    pub attended: bool,
    /// The environment that steps see, cleaned.
    pub environment: Environment,
    /// What was taken out of it.
    pub removed: Vec<Removed>,
    /// The directory that the first step starts in.
    pub directory: PathBuf,
    /// Where outputs that are too big for the journal go: the run's folder.
    pub folder: PathBuf,
    /// Between TERM and KILL.
    pub grace: Duration,
    /// What must be so before each step that changes or destroys something.
    pub guards: Guards,
    /// Who the credentials are, where that was asked.
    pub identity: Option<Identity>,
    /// The Kubernetes context that the guards want, where one is guarded.
    pub context: Option<String>,
    /// What is said at the head of the run's journal, as a lease that was waived.
    pub notes: Vec<String>,
    /// The recording that answers in the place of the outside world, in words.
    pub recording: Option<String>,
    /// What else the head says, and what the run goes on from.
    pub about: About,
}

/// How the operator ends a run early.
#[derive(Clone, Debug, Default)]
pub struct Interrupt {
    /// First signal: no new steps, running ones are ended, `always` steps run.
    pub stop: CancellationToken,
    /// Second signal: now.
    pub kill: CancellationToken,
    /// The number of the signal, for the exit status.
    pub signal: Arc<AtomicU8>,
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ended {
    /// How.
    pub status: Status,
    /// The exit status for it: 0, 1, 3, or 128 and the signal's number.
    pub exit: u8,
}

/// Why a run could not be kept going.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// The journal can't be kept.
    #[error(transparent)]
    Journal(#[from] journal::Error),
    /// There is no place for the scripts of steps.
    #[error("no private folder for the run: {reason}")]
    Scratch {
        /// What the system said.
        reason: String,
    },
}

/// Runs a plan to its end.
///
/// # Errors
/// Where the journal can't be kept; whatever ran until then was ended.
pub async fn run(
    plan: Arc<Plan>,
    world: Arc<dyn World>,
    recorder: Recorder,
    redactor: Redactor,
    settings: Settings,
    interrupt: Interrupt,
) -> Result<Ended, Error> {
    let context =
        Context::new(plan, world, recorder, redactor, settings, &interrupt).map_err(|error| {
            Error::Scratch {
                reason: error.to_string(),
            }
        })?;
    let context = Arc::new(context);
    let began = context.world.elapsed();
    let ended = steps(&context, &interrupt).await;
    service::end_all(&context).await;
    let broken = |_: Broken| {
        context
            .broken()
            .expect("a commit fails only after it has said why")
    };
    let totals = ended.map_err(broken)?;
    let exit = match totals.status {
        Status::Passed => 0,
        Status::Failed => 1,
        Status::Refused => 3,
        Status::Interrupted => match interrupt.signal.load(Ordering::Relaxed) {
            0 => 1,
            signal => 128_u8.saturating_add(signal),
        },
    };
    let elapsed = context.world.elapsed().saturating_sub(began);
    context
        .commit(vec![Event::RunFinished {
            status: totals.status,
            exit,
            reason: totals.reason,
            failed: totals.failed,
            elapsed_ms: u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX),
        }])
        .await
        .map_err(broken)?;
    Ok(Ended {
        status: totals.status,
        exit,
    })
}

/// Announces the run and runs its steps.
async fn steps(context: &Arc<Context>, interrupt: &Interrupt) -> Result<Totals, Broken> {
    let mut first = vec![Event::RunStarted(Box::new(head::head(context)))];
    first.extend(head::done(context));
    // On disk before anything is done: with the announcement of what is done first.
    for event in first {
        context.recorder.record(event).await;
    }
    for note in &context.settings.notes {
        context.note(None, context.redactor.clean(note)).await;
    }
    let inputs = inputs(context);
    if let Err(ending) = set_environment(context, inputs.clone()).await {
        return Ok(Totals {
            status: ending.status,
            reason: ending.reason,
            failed: Vec::new(),
        });
    }
    let first = State::new(context.settings.directory.clone(), inputs);
    let restored = match resume::restored(context, &first).await {
        Ok(restored) => restored,
        Err(ending) => {
            return Ok(Totals {
                status: ending.status,
                reason: ending.reason,
                failed: Vec::new(),
            });
        }
    };
    // The operator's first signal, or the end of the run's own time.
    let watch = {
        let (context, stop) = (Arc::clone(context), interrupt.stop.clone());
        let limit = context.graph().document.front_matter.timeout;
        tokio::spawn(async move {
            let time_is_up = async {
                match limit {
                    Some(limit) => context.world.deadline(limit).await,
                    None => std::future::pending().await,
                }
            };
            let heard = tokio::select! {
                biased;
                () = stop.cancelled() => Heard::default(),
                heard = time_is_up => {
                    context.time_is_up();
                    heard
                }
            };
            context.stop.cancel();
            drop(heard);
        })
    };
    let totals = Schedule::new(Arc::clone(context), first, restored)
        .drive()
        .await;
    watch.abort();
    match context.broken() {
        Some(_) => Err(Broken),
        None => Ok(totals),
    }
}

/// Adds front matter's `env` to what every step's environment starts from.
async fn set_environment(context: &Arc<Context>, inputs: Notebook) -> Result<(), Box<Ending>> {
    use std::os::unix::ffi::OsStringExt;
    let mut environment = context.settings.environment.clone();
    let host = StepHost::new(
        Arc::clone(context),
        "env".to_owned(),
        environment.clone(),
        context.settings.directory.clone(),
        context.stop.clone(),
        Arc::default(),
    );
    let code = Code {
        context: Arc::clone(context),
        notebook: inputs,
        host: Arc::new(host),
        cancel: context.stop.clone(),
        calls: Arc::default(),
    };
    let environment = step::blocking(&code, move |code| {
        for (name, text) in &code.context.graph().document.front_matter.env {
            let value = fill::template(code, text)?;
            environment.set(name, OsString::from_vec(value));
        }
        Ok(environment)
    })
    .await?;
    for (name, _) in &context.graph().document.front_matter.env {
        if let Some(value) = environment.get(name) {
            context.learn(None, name.as_ref(), value).await;
        }
    }
    context.set_environment(environment);
    Ok(())
}

/// The names that every step's code sees: inputs and the document's values.
fn inputs(context: &Context) -> Notebook {
    let mut notebook = Notebook::default();
    for (name, binding) in &context.plan.inputs {
        let value = if binding.secret {
            let text = match &binding.value {
                Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            Dynamic::from(Secret::new(name.as_str(), text))
        } else {
            script::to_dynamic(&binding.value)
        };
        notebook.define(name, value, true);
    }
    let document = &context.graph().document;
    for step in &context.graph().steps {
        if step.kind == StepKind::Value
            && let Some(variable) = &step.variable
            && let Some(Ok(value)) = document.cells[step.cell].value()
        {
            notebook.define(variable, script::to_dynamic(&value), true);
        }
    }
    notebook
}
