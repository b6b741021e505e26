//! Which step starts when: a step starts the moment its edges allow, and there is a turn for it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::event::{Event, Status};
use crate::graph::{Edge, EdgeKind, StepKind};
use crate::plan::Selected;
use crate::script::{self, StepResult};
use crate::secret::Clean;

use super::context::{Broken, Context};
use super::outcome::{Outcome, Verdict};
use super::resume::Restored;
use super::state::State;
use super::step::{self, Start};

/// The state of all steps of a run.
pub(super) struct Schedule {
    context: Arc<Context>,
    first: State,
    /// For each step, how many of those it waits for have not settled.
    waiting: Vec<usize>,
    settled: Vec<Option<Settled>>,
    ready: BTreeSet<usize>,
    /// The steps that stay as they ended before the run had stopped.
    restored: Vec<Option<Restored>>,
    running: JoinSet<(usize, Result<Outcome, Broken>)>,
    permits: Arc<Semaphore>,
    /// Why no new step starts.
    stopping: Option<Clean>,
}

/// A step that will not run again.
struct Settled {
    /// `None` where it was skipped.
    status: Option<Status>,
    /// Skipped, because something it needs failed: what needs it is skipped for the same reason.
    blocked: Option<Clean>,
    result: StepResult,
    state: State,
    /// Whether it began: a `when` that asks about a failure handles it only by running.
    ran: bool,
}

/// Why a step can't run.
struct Blocked {
    why: Clean,
    /// Whether a failure is behind it, which keeps what needs the step from running too.
    failed: bool,
}

/// What the steps of a run came to.
pub(super) struct Totals {
    pub(super) status: Status,
    pub(super) reason: Option<Clean>,
    /// The steps that failed and count.
    pub(super) failed: Vec<String>,
}

impl Schedule {
    pub(super) fn new(
        context: Arc<Context>,
        first: State,
        restored: Vec<Option<Restored>>,
    ) -> Self {
        let graph = context.graph();
        let count = graph.steps.len();
        let waiting: Vec<usize> = (0..count)
            .map(|index| graph.predecessors(index).len())
            .collect();
        let ready = (0..count).filter(|index| waiting[*index] == 0).collect();
        let jobs = context.settings.jobs.clamp(1, Semaphore::MAX_PERMITS);
        Self {
            first,
            waiting,
            settled: (0..count).map(|_| None).collect(),
            ready,
            restored,
            running: JoinSet::new(),
            permits: Arc::new(Semaphore::new(jobs)),
            stopping: None,
            context,
        }
    }

    /// Runs all steps that may run; ends when nothing runs and nothing more can start.
    pub(super) async fn drive(mut self) -> Totals {
        let stop = self.context.stop.clone();
        loop {
            self.take_fallen().await;
            self.start_ready().await;
            if self.running.is_empty() && self.ready.is_empty() {
                break;
            }
            tokio::select! {
                // What ends because the run is stopped must not let others begin first.
                biased;
                () = stop.cancelled(), if self.stopping.is_none() => {
                    self.stopping = Some(self.context.why_stopped());
                }
                joined = self.running.join_next(), if !self.running.is_empty() => match joined {
                    Some(Ok((index, Ok(outcome)))) => self.finish(index, outcome).await,
                    // A journal that can't be kept is seen below.
                    Some(Ok((_, Err(Broken))) | Err(_)) | None => {}
                },
                () = self.context.fallen.told(), if !self.running.is_empty() => {}
                else => break,
            }
            if self.context.broken().is_some() {
                self.context.kill.cancel();
                while self.running.join_next().await.is_some() {}
                break;
            }
        }
        self.totals()
    }

    /// Takes in the services that failed since they were ready.
    async fn take_fallen(&mut self) {
        let context = Arc::clone(&self.context);
        let settled = |index: usize| self.settled.get(index).is_some_and(Option::is_some);
        for fell in context.fallen.take(settled) {
            step::finished(&context, &fell.name, &fell.ending).await;
            if let Some(Some(settled)) = self.settled.get_mut(fell.index) {
                settled.status = Some(Status::Failed);
                let result = std::mem::take(&mut settled.result);
                settled.result = step::described(&result.id.clone(), &fell.ending, result);
            }
            let step = context.step(fell.index);
            if !step.allow_failure && !self.is_handled(fell.index) {
                self.stop_for(fell.index, "failed");
            }
        }
    }

    /// Settles or starts ready steps in the order of the document, while there are turns.
    async fn start_ready(&mut self) {
        while let Some(index) = self.ready.first().copied() {
            if let Some(restored) = self.restored.get_mut(index).and_then(Option::take) {
                self.ready.pop_first();
                let (mut state, _) = self.joined(index);
                restored.leave(index, &mut state);
                let Restored {
                    verdict, result, ..
                } = restored;
                let outcome = Outcome {
                    verdict,
                    result,
                    state,
                };
                self.finish(index, outcome).await;
                continue;
            }
            if let Some(settled) = self.without_running(index) {
                self.ready.pop_first();
                self.settle(index, settled).await;
                continue;
            }
            let Ok(permit) = Arc::clone(&self.permits).try_acquire_owned() else {
                return;
            };
            self.ready.pop_first();
            let state = self.state(index).await;
            let results = self.results(index);
            let start = Start {
                index,
                state,
                results,
                permits: Arc::clone(&self.permits),
                permit,
            };
            let context = Arc::clone(&self.context);
            let before = start.state.clone();
            self.running.spawn(async move {
                let running = tokio::spawn(step::run(Arc::clone(&context), start));
                let ended = match running.await {
                    Ok(ended) => ended,
                    // The journal stays whole; the step that panicked counts as failed.
                    Err(_) => Ok(step::panicked(&context, index, before).await),
                };
                (index, ended)
            });
        }
    }

    /// How a ready step settles if it is not to run at all.
    fn without_running(&self, index: usize) -> Option<Settled> {
        let step = self.context.step(index);
        let state = || self.joined(index).0;
        let skipped = |reason: Clean, blocked: bool| Settled {
            status: None,
            result: StepResult {
                id: step.id.to_string(),
                status: "skipped".to_owned(),
                reason: reason.to_string(),
                ..StepResult::default()
            },
            blocked: blocked.then(|| reason.clone()),
            state: state(),
            ran: false,
        };
        if self.context.plan.selected[index] == Selected::No {
            return Some(skipped(Clean::constant(NOT_SELECTED), false));
        }
        if step.kind == StepKind::Value {
            // Its value stands in the notebook from the start.
            let cell = &self.context.graph().document.cells[step.cell];
            let value = match cell.value() {
                Some(Ok(value)) => script::to_dynamic(&value),
                _ => script::Dynamic::UNIT,
            };
            return Some(Settled {
                status: Some(Status::Passed),
                result: StepResult {
                    id: step.id.to_string(),
                    value,
                    ..StepResult::default()
                },
                ..skipped(Clean::default(), false)
            });
        }
        if !step.always
            && let Some(reason) = &self.stopping
        {
            return Some(skipped(reason.clone(), true));
        }
        if step.skip {
            return Some(skipped(Clean::constant(step.skip_reason()), false));
        }
        self.blocked(index)
            .map(|Blocked { why, failed }| skipped(why, failed))
    }

    /// Why the steps that a step waits for keep it from running, if they do.
    fn blocked(&self, index: usize) -> Option<Blocked> {
        let context = &self.context;
        let always = context.step(index).always;
        context.graph().incoming(index).find_map(|edge| {
            let from = context.step(edge.from);
            let settled = self.settled[edge.from].as_ref()?;
            let failed = match settled.status {
                Some(Status::Passed) => return None,
                Some(_) => !from.allow_failure && !self.is_handled(edge.from),
                None => false,
            };
            match &edge.why {
                EdgeKind::Condition(_) => None,
                EdgeKind::Name(name) if from.variable.as_ref() != Some(name) => {
                    let there = settled.state.notebook.get(name).is_some();
                    (!there).then(|| {
                        let why = match settled.status {
                            None => "was skipped",
                            Some(Status::Failed) => "failed",
                            Some(Status::Refused) => "was refused",
                            Some(Status::Passed | Status::Interrupted) => "did not get so far",
                        };
                        let text = format!("`{name}` is not there: `{}` {why}", from.id);
                        Blocked {
                            why: context.redactor.clean(&text),
                            failed: failed || settled.blocked.is_some(),
                        }
                    })
                }
                _ if always => None,
                _ if failed => Some(Blocked {
                    why: self.needs_failed(edge.from),
                    failed: true,
                }),
                _ => settled
                    .blocked
                    .clone()
                    .map(|why| Blocked { why, failed: true }),
            }
        })
    }

    fn needs_failed(&self, index: usize) -> Clean {
        let text = format!("it needs `{}`, which failed", self.context.step(index).id);
        self.context.redactor.clean(&text)
    }

    /// Whether a step's failure is asked about by a later `when` that ran or may still run.
    fn is_handled(&self, index: usize) -> bool {
        self.context
            .graph()
            .asks_about(index)
            .into_iter()
            .any(|asker| match &self.settled[asker] {
                Some(settled) => settled.ran,
                None => self.context.plan.selected[asker] != Selected::No,
            })
    }

    /// The failures that a skipped step's `when` asked about, and that nothing else can handle.
    fn left_unhandled(&self, index: usize) -> Vec<usize> {
        let graph = self.context.graph();
        let mut failed: Vec<usize> = graph
            .incoming(index)
            .filter(|edge| matches!(edge.why, EdgeKind::Condition(_)))
            .map(|edge| edge.from)
            .filter(|from| {
                let status = self.settled[*from].as_ref().and_then(|from| from.status);
                status == Some(Status::Failed)
                    && !self.context.step(*from).allow_failure
                    && graph.asks_about(*from).contains(&index)
                    && !self.is_handled(*from)
            })
            .collect();
        failed.dedup();
        failed
    }

    fn joined(&self, index: usize) -> (State, Vec<super::state::Conflict>) {
        let graph = self.context.graph();
        let states = graph
            .predecessors(index)
            .iter()
            .filter_map(|from| self.settled[*from].as_ref().map(|settled| &settled.state));
        State::join(states, graph).unwrap_or_else(|| (self.first.clone(), Vec::new()))
    }

    /// What the steps before left; says where two of them disagree.
    async fn state(&self, index: usize) -> State {
        let (state, conflicts) = self.joined(index);
        let step = self.context.step(index);
        for conflict in conflicts {
            let text = format!(
                "`{}` and `{}` export different values of {}; `{}` sees that of `{}`",
                self.context.step(conflict.lost).id,
                self.context.step(conflict.won).id,
                conflict.name.to_string_lossy(),
                step.id,
                self.context.step(conflict.won).id,
            );
            let text = self.context.redactor.clean(&text);
            self.context.note(Some(step.id.as_str()), text).await;
        }
        state
    }

    /// How the steps ended that a step's code can ask about.
    fn results(&self, index: usize) -> BTreeMap<usize, StepResult> {
        self.context
            .graph()
            .incoming(index)
            .filter(|edge| edge.why != EdgeKind::Order)
            .filter_map(|Edge { from, .. }| {
                let settled = self.settled[*from].as_ref()?;
                Some((*from, settled.result.clone()))
            })
            .collect()
    }

    async fn finish(&mut self, index: usize, outcome: Outcome) {
        let Outcome {
            verdict,
            result,
            state,
        } = outcome;
        let status = verdict.status();
        let ran = match &verdict {
            Verdict::Ended(_) => true,
            Verdict::Skipped => false,
        };
        let settled = Settled {
            status,
            blocked: None,
            result,
            state,
            ran,
        };
        self.settle(index, settled).await;
    }

    async fn settle(&mut self, index: usize, settled: Settled) {
        let step = self.context.step(index);
        if settled.status.is_none() && settled.result.reason != NOT_SELECTED {
            self.context
                .recorder
                .record(Event::StepSkipped {
                    step: step.id.to_string(),
                    reason: self.context.redactor.clean(&settled.result.reason),
                })
                .await;
        }
        let status = settled.status;
        self.settled[index] = Some(settled);
        match status {
            Some(Status::Failed) if !step.allow_failure && !self.is_handled(index) => {
                self.stop_for(index, "failed");
            }
            Some(Status::Refused) => self.stop_for(index, "was refused"),
            None => {
                for failed in self.left_unhandled(index) {
                    let why = self.needs_failed(failed);
                    if let Some(settled) = &mut self.settled[index] {
                        settled.blocked.get_or_insert(why);
                    }
                    self.stop_for(failed, "failed");
                }
            }
            _ => {}
        }
        for next in self.context.graph().successors(index) {
            self.waiting[*next] -= 1;
            if self.waiting[*next] == 0 {
                self.ready.insert(*next);
            }
        }
    }

    /// Starts no new steps because of one, unless the run is to keep going.
    fn stop_for(&mut self, index: usize, what: &str) {
        if self.context.settings.keep_going {
            return;
        }
        let text = format!("the run stopped: `{}` {what}", self.context.step(index).id);
        self.stopping
            .get_or_insert_with(|| self.context.redactor.clean(&text));
    }

    /// What it all came to.
    fn totals(&self) -> Totals {
        let context = &self.context;
        let steps = || self.settled.iter().enumerate();
        let failed: Vec<String> = steps()
            .filter(|(index, settled)| {
                settled.as_ref().is_some_and(|settled| {
                    settled.status == Some(Status::Failed) && !self.is_forgiven(*index)
                })
            })
            .map(|(index, _)| context.step(index).id.to_string())
            .collect();
        let refused: Vec<String> = steps()
            .filter(|(_, settled)| {
                settled
                    .as_ref()
                    .is_some_and(|settled| settled.status == Some(Status::Refused))
            })
            .map(|(index, _)| context.step(index).id.to_string())
            .collect();
        let say = |names: &[String], verb: &str| {
            let text = format!("{} {verb}", crate::diagnostic::list_and(names));
            Some(context.redactor.clean(&text))
        };
        let missing = self.settled.iter().any(Option::is_none);
        let (status, reason) = if context.is_late() {
            let reason = Clean::constant("the time of the run was up");
            (Status::Failed, Some(reason))
        } else if context.stop.is_cancelled() {
            (Status::Interrupted, self.stopping.clone())
        } else if !failed.is_empty() {
            (Status::Failed, say(&failed, "failed"))
        } else if !refused.is_empty() {
            (Status::Refused, say(&refused, "refused to run"))
        } else if missing {
            (Status::Failed, self.stopping.clone())
        } else {
            (Status::Passed, None)
        };
        Totals {
            status,
            reason,
            failed,
        }
    }

    /// Whether a failure does not count: it is allowed, or a step that asks about it ran.
    fn is_forgiven(&self, index: usize) -> bool {
        let context = &self.context;
        context.step(index).allow_failure
            || context.graph().asks_about(index).into_iter().any(|asker| {
                self.settled[asker]
                    .as_ref()
                    .is_some_and(|settled| settled.ran)
            })
    }
}

/// Why a step that was not selected is skipped; views leave such steps out.
const NOT_SELECTED: &str = "it is not selected";
