//! One step from its conditions to its end.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;

use crate::credentials::Environment;
use crate::document::Cell;
use crate::event::{Event, Status};
use crate::graph::Step;
use crate::script::{Dynamic, Notebook, StepResult};
use crate::secret::Clean;
use crate::value::{Value, show_duration};

use super::attempt::{self, Attempted, Prepared};
use super::code::Code;
use super::context::{Broken, Context};
use super::guard;
use super::host::StepHost;
use super::outcome::{Ending, Outcome, Verdict};
use super::service;
use super::shell::Left;
use super::state::State;

/// What a step starts with.
pub(super) struct Start {
    pub(super) index: usize,
    /// What the steps it waits for left.
    pub(super) state: State,
    /// How the steps it asks about ended.
    pub(super) results: BTreeMap<usize, StepResult>,
    pub(super) permits: Arc<Semaphore>,
    pub(super) permit: OwnedSemaphorePermit,
}

/// Runs a step to its end.
pub(super) async fn run(context: Arc<Context>, start: Start) -> Result<Outcome, Broken> {
    let runner = Runner::new(context, &start);
    let step = runner.step();
    for branch in &step.branches {
        let yes = start
            .results
            .get(branch)
            .and_then(|result| result.value.as_bool().ok());
        if yes != Some(true) {
            let question = runner.context.graph().question(*branch);
            let reason = format!("the answer to `{question}` was no");
            return Ok(runner.skipped(start.state, &reason));
        }
    }
    if !step.conditions.is_empty() {
        match runner.conditions(None, &start).await {
            Ok(None) => {}
            Ok(Some(reason)) => return Ok(runner.skipped(start.state, &reason)),
            Err(ending) => return Ok(runner.unstarted(start.state, *ending).await),
        }
    }
    match step.each.clone() {
        None => {
            let (ended, state) = runner
                .instance(&start.state, runner.notebook(&start, None), None)
                .await?;
            let mut result = ended.result;
            result.id = step.id.to_string();
            Ok(Outcome {
                verdict: Verdict::Ended(ended.ending),
                result,
                state,
            })
        }
        Some(each) => {
            let code = runner.code(runner.notebook(&start, None));
            let elements = blocking(&code, move |code| code.elements(&each)).await;
            match elements {
                Ok(elements) => runner.instances(start, elements).await,
                Err(ending) => Ok(runner.unstarted(start.state, *ending).await),
            }
        }
    }
}

/// The end of a step whose own code here panicked.
pub(super) async fn panicked(context: &Context, index: usize, state: State) -> Outcome {
    let name = context.step(index).id.to_string();
    let ending = Ending::because(
        Status::Failed,
        Clean::constant("a bug in runbook: the step's own code panicked"),
    );
    finished(context, &name, &ending).await;
    Outcome {
        result: described(&name, &ending, StepResult::default()),
        verdict: Verdict::Ended(ending),
        state,
    }
}

/// Records how a step ended.
pub(super) async fn finished(context: &Context, name: &str, ending: &Ending) {
    let elapsed = ending.elapsed.as_millis();
    context
        .recorder
        .record(Event::StepFinished {
            step: name.to_owned(),
            status: ending.status,
            reason: ending.reason.clone(),
            detail: ending.detail.clone(),
            code: ending.code,
            attempts: ending.attempts,
            elapsed_ms: u64::try_from(elapsed).unwrap_or(u64::MAX),
        })
        .await;
}

/// Evaluates code on a blocking thread.
pub(super) async fn blocking<T: Send + 'static>(
    code: &Code,
    evaluate: impl FnOnce(&Code) -> Result<T, Box<Ending>> + Send + 'static,
) -> Result<T, Box<Ending>> {
    let moved = code.clone();
    match tokio::task::spawn_blocking(move || evaluate(&moved)).await {
        Ok(result) => result,
        Err(_) => Err(code.failed("a bug in runbook: the script engine panicked")),
    }
}

/// A step about to run.
#[derive(Clone)]
pub(super) struct Runner {
    pub(super) context: Arc<Context>,
    pub(super) index: usize,
    pub(super) cancel: CancellationToken,
    pub(super) environment: Environment,
    pub(super) directory: PathBuf,
}

/// An instance that has ended, its left state taken over.
pub(super) struct Instance {
    pub(super) ending: Ending,
    pub(super) result: StepResult,
    pub(super) left: Option<(Environment, Left)>,
    pub(super) notebook: Option<Notebook>,
}

impl Runner {
    fn new(context: Arc<Context>, start: &Start) -> Self {
        let cancel = if context.step(start.index).always {
            context.kill.child_token()
        } else {
            context.stop.child_token()
        };
        Self {
            environment: start.state.environment(context.environment()),
            directory: start.state.directory().clone(),
            index: start.index,
            context,
            cancel,
        }
    }

    pub(super) fn step(&self) -> &Step {
        self.context.step(self.index)
    }

    pub(super) fn cell(&self) -> &Cell {
        &self.context.graph().document.cells[self.step().cell]
    }

    pub(super) fn name(&self, position: Option<usize>) -> String {
        match position {
            Some(position) => self.step().id.instance(position).to_string(),
            None => self.step().id.to_string(),
        }
    }

    pub(super) fn notebook(&self, start: &Start, item: Option<(usize, &Dynamic)>) -> Notebook {
        self.context
            .notebook(self.index, &start.state, &start.results, item)
    }

    fn code(&self, notebook: Notebook) -> Code {
        self.named_code(notebook, self.step().id.to_string())
    }

    fn named_code(&self, notebook: Notebook, name: String) -> Code {
        let calls = Arc::default();
        let host = StepHost::new(
            Arc::clone(&self.context),
            name,
            self.environment.clone(),
            self.directory.clone(),
            self.cancel.clone(),
            Arc::clone(&calls),
        );
        Code {
            context: Arc::clone(&self.context),
            notebook,
            host: Arc::new(host),
            cancel: self.cancel.clone(),
            calls,
        }
    }

    /// Why the step's conditions skip it, if they do.
    async fn conditions(
        &self,
        item: Option<(usize, &Dynamic)>,
        start: &Start,
    ) -> Result<Option<String>, Box<Ending>> {
        let code = self.code(self.notebook(start, item));
        let conditions = self.step().conditions.clone();
        blocking(&code, move |code| {
            for condition in &conditions {
                if !code.holds(condition)? {
                    return Ok(Some(format!("when \"{}\" is false", condition.text)));
                }
            }
            Ok(None)
        })
        .await
    }

    pub(super) fn skipped(&self, state: State, reason: &str) -> Outcome {
        let reason = self.context.redactor.clean(reason);
        Outcome {
            result: StepResult {
                id: self.step().id.to_string(),
                status: "skipped".to_owned(),
                reason: reason.to_string(),
                ..StepResult::default()
            },
            verdict: Verdict::Skipped,
            state,
        }
    }

    /// The end of a step that failed before it began.
    async fn unstarted(&self, state: State, ending: Ending) -> Outcome {
        let name = self.name(None);
        finished(&self.context, &name, &ending).await;
        Outcome {
            result: described(&name, &ending, StepResult::default()),
            verdict: Verdict::Ended(ending),
            state,
        }
    }

    /// Runs the step, or one instance of it, and records its end.
    pub(super) async fn instance(
        &self,
        state: &State,
        notebook: Notebook,
        position: Option<usize>,
    ) -> Result<(Instance, State), Broken> {
        let name = self.name(position);
        let code = self.named_code(notebook, name.clone());
        let began = self.context.world.elapsed();
        let mut instance = match self.prepared(&code).await {
            Err(ending) => Instance::ended(*ending),
            Ok(prepared) => match self.allowed(&name, &code, &prepared).await? {
                Err(instance) => *instance,
                Ok(()) => self.attempts(&name, &prepared, &code, position).await?,
            },
        };
        instance.ending.elapsed = self.context.world.elapsed().saturating_sub(began);
        let mut state = state.clone();
        self.leave(&name, &mut state, &instance).await;
        finished(&self.context, &name, &instance.ending).await;
        instance.result = described(&name, &instance.ending, instance.result);
        Ok((instance, state))
    }

    async fn prepared(&self, code: &Code) -> Result<Prepared, Box<Ending>> {
        let (directory, environment) = (self.directory.clone(), self.environment.clone());
        if self.cell().interpolations.is_empty() && self.step().cwd.is_none() {
            // Nothing to evaluate, so no thread is needed.
            return attempt::prepare(code, self.step(), self.cell(), directory, environment);
        }
        let runner = self.clone();
        blocking(code, move |code| {
            attempt::prepare(code, runner.step(), runner.cell(), directory, environment)
        })
        .await
    }

    async fn attempts(
        &self,
        name: &str,
        prepared: &Prepared,
        code: &Code,
        position: Option<usize>,
    ) -> Result<Instance, Broken> {
        let step = self.step();
        let last = step.retry.saturating_add(1);
        let mut wait = step.delay;
        for attempt in 1.. {
            if self.cancel.is_cancelled() {
                let reason = self.context.why_stopped();
                return Ok(Instance::ended(Ending::because(
                    Status::Interrupted,
                    reason,
                )));
            }
            if let Some(reason) = guard::refused(&self.context, self.index, prepared).await {
                return Ok(Instance::ended(Ending {
                    attempts: attempt - 1,
                    ..Ending::because(Status::Refused, reason)
                }));
            }
            self.context
                .commit(vec![attempt::started(
                    &self.context,
                    name,
                    attempt,
                    prepared,
                )])
                .await?;
            let context = &self.context;
            let mut attempted = if step.background {
                service::start(
                    context,
                    (self.index, attempt),
                    name,
                    prepared,
                    code,
                    &self.cancel,
                )
                .await?
            } else {
                let left = context.scratch(self.index, position, attempt);
                attempt::run(
                    context,
                    self.index,
                    name,
                    prepared,
                    code,
                    Some(left),
                    &self.cancel,
                )
                .await?
            };
            attempted.ending.attempts = attempt;
            if attempted.ending.status != Status::Failed || attempt >= last {
                return Ok(Instance::new(attempted, prepared));
            }
            let reason = attempted.ending.reason.clone().unwrap_or_default();
            let text = format!(
                "attempt {attempt} of {last} failed: {reason}; again in {}",
                show_duration(wait)
            );
            context
                .note(Some(name), context.redactor.clean(&text))
                .await;
            tokio::select! {
                biased;
                () = self.cancel.cancelled() => {}
                () = context.world.sleep(wait) => {}
            }
            wait = Duration::try_from_secs_f64(wait.as_secs_f64() * step.backoff)
                .unwrap_or(Duration::MAX);
        }
        Err(Broken)
    }

    /// Takes over what the step left, and records it.
    async fn leave(&self, name: &str, state: &mut State, instance: &Instance) {
        if let Some(notebook) = &instance.notebook {
            state.notebook.merge(notebook);
        }
        let Some((before, left)) = &instance.left else {
            return;
        };
        let changed = state.take(self.index, before, &left.environment);
        for (variable, value) in &changed {
            if let Some(value) = value {
                self.context.learn(Some(name), variable, value).await;
            }
        }
        if !changed.is_empty() {
            let values: serde_json::Map<String, Value> = changed
                .iter()
                .map(|(name, value)| {
                    let value = value.as_ref().map(|value| value.to_string_lossy());
                    (name.to_string_lossy().into_owned(), Value::from(value))
                })
                .collect();
            self.capture(name, "environment", &Value::Object(values))
                .await;
        }
        // A step that only ran in the directory of its `cwd` leaves the others where they were.
        if left.directory != self.started_in(before) {
            state.go(self.index, left.directory.clone());
            let directory = Value::from(left.directory.to_string_lossy());
            self.capture(name, "directory", &directory).await;
        }
    }

    /// Records a value of a step, redacted.
    pub(super) async fn capture(&self, step: &str, name: &str, value: &Value) {
        self.context
            .recorder
            .record(Event::Captured {
                step: step.to_owned(),
                call: None,
                name: name.to_owned(),
                value: self.context.redactor.clean_value(value),
            })
            .await;
    }

    /// The directory in which the step's shell began, as the shell itself would name it.
    fn started_in(&self, before: &Environment) -> PathBuf {
        before
            .get("PWD")
            .map_or_else(|| self.directory.clone(), PathBuf::from)
    }
}

impl Instance {
    pub(super) fn ended(ending: Ending) -> Self {
        Self {
            ending,
            result: StepResult::default(),
            left: None,
            notebook: None,
        }
    }

    fn new(attempted: Attempted, prepared: &Prepared) -> Self {
        let before = prepared.environment.clone();
        Self {
            ending: attempted.ending,
            result: attempted.result,
            left: attempted.left.map(|left| (before, left)),
            notebook: attempted.notebook,
        }
    }
}

/// A step's result with its name and how it ended.
pub(super) fn described(name: &str, ending: &Ending, mut result: StepResult) -> StepResult {
    name.clone_into(&mut result.id);
    ending.status.word().clone_into(&mut result.status);
    result.reason = ending
        .reason
        .as_ref()
        .map(ToString::to_string)
        .unwrap_or_default();
    result.code = ending.code.or(result.code);
    result
}
