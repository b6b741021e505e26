//! Makes again what kept steps left for others: exports, directory, names, results.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::event::Status;
use crate::exec::code::Code;
use crate::exec::context::Context;
use crate::exec::outcome::{Ending, Verdict};
use crate::exec::shell::Left;
use crate::exec::state::State;
use crate::exec::step::{Instance, blocking, described};
use crate::graph::StepKind;
use crate::quote::Dialect;
use crate::script::{Dynamic, Host, Notebook, StepResult};
use crate::secret::CleanValue;

use super::Earlier;
use super::history::{Past, Phase, plain};
use super::remembered::Memory;

/// A step that stays as it ended, with what it left.
pub(in crate::exec) struct Restored {
    pub(in crate::exec) verdict: Verdict,
    pub(in crate::exec) result: StepResult,
    changes: Vec<(OsString, Option<OsString>)>,
    directory: Option<PathBuf>,
    notebook: Notebook,
}

impl Restored {
    /// Adds what the step left to what it saw.
    pub(in crate::exec) fn leave(&self, step: usize, state: &mut State) {
        state.put(step, &self.changes);
        if let Some(directory) = &self.directory {
            state.go(step, directory.clone());
        }
        state.notebook.merge(&self.notebook);
    }
}

/// All steps that stay as they ended; `Err` where one can't be restored, and then nothing runs.
pub(in crate::exec) async fn restored(
    context: &Arc<Context>,
    first: &State,
) -> Result<Vec<Option<Restored>>, Box<Ending>> {
    let graph = context.graph();
    let count = graph.steps.len();
    let mut all: Vec<Option<Restored>> = (0..count).map(|_| None).collect();
    let Some(earlier) = context.settings.about.earlier.clone() else {
        return Ok(all);
    };
    let mut states: Vec<Option<State>> = vec![None; count];
    let mut results: BTreeMap<usize, StepResult> = BTreeMap::new();
    for index in &context.plan.order {
        let index = *index;
        let before = graph
            .predecessors(index)
            .iter()
            .filter_map(|from| states[*from].as_ref());
        let mut state =
            State::join(before, graph).map_or_else(|| first.clone(), |(state, _)| state);
        let step = context.step(index);
        if step.kind == StepKind::Value
            && let Some(Ok(value)) = graph.document.cells[step.cell].value()
        {
            let value = crate::script::to_dynamic(&value);
            let id = step.id.to_string();
            results.insert(
                index,
                StepResult {
                    id,
                    value,
                    ..StepResult::default()
                },
            );
        }
        if earlier.keeps(index) {
            let notebook = context.notebook(index, &state, &results, None);
            let restored = one(context, &earlier, index, &state, notebook).await?;
            restored.leave(index, &mut state);
            results.insert(index, restored.result.clone());
            all[index] = Some(restored);
        }
        states[index] = Some(state);
    }
    Ok(all)
}

async fn one(
    context: &Arc<Context>,
    earlier: &Earlier,
    index: usize,
    state: &State,
    notebook: Notebook,
) -> Result<Restored, Box<Ending>> {
    let step = context.step(index);
    let id = step.id.to_string();
    let nothing = Past {
        phase: Phase::Ended(Status::Passed),
        ..Past::default()
    };
    let past = earlier.history.steps.get(&id).unwrap_or(&nothing);
    let instances: Vec<&Past> = match past.items {
        Some(count) => (0..count)
            .filter_map(|at| {
                let name = step.id.instance(at).to_string();
                earlier.history.steps.get(&name)
            })
            .collect(),
        None => Vec::new(),
    };
    let mut restored = if instances.is_empty() {
        of(context, &id, past)
    } else {
        let mut whole = of(context, &id, &nothing);
        for (at, instance) in instances.iter().enumerate() {
            let part = of(context, &step.id.instance(at).to_string(), instance);
            whole.changes.extend(part.changes);
            if part.verdict.status() != Some(Status::Passed) {
                whole.verdict = part.verdict;
                whole.result.status = part.result.status.clone();
            }
            whole.result.items.push(part.result);
        }
        whole
    };
    if step.kind == StepKind::Script && earlier.needed.get(index) == Some(&true) {
        if instances.is_empty() {
            let (value, left) = evaluated(context, index, &id, past, state, notebook).await?;
            restored.result.value = value;
            restored.notebook = left;
        } else {
            for (at, instance) in instances.iter().enumerate() {
                let name = step.id.instance(at).to_string();
                let mut notebook = notebook.clone();
                let item = instance.item.as_ref().map(plain).unwrap_or_default();
                notebook.define("item", crate::script::to_dynamic(&item), true);
                let position = i64::try_from(at).unwrap_or(i64::MAX);
                notebook.define("index", Dynamic::from_int(position), true);
                let (value, left) =
                    evaluated(context, index, &name, instance, state, notebook).await?;
                if let Some(item) = restored.result.items.get_mut(at) {
                    item.value = value;
                }
                restored.notebook.merge(&left);
            }
        }
    }
    if step.kind == StepKind::Branch {
        let yes = past.answers.last().is_some_and(|answer| answer == "yes");
        restored.result.value = Dynamic::from_bool(yes);
    }
    Ok(restored)
}

/// What a step left, but for the names of a script.
fn of(context: &Context, id: &str, past: &Past) -> Restored {
    let status = match past.phase {
        Phase::Ended(status) => status,
        _ => Status::Passed,
    };
    let ending = Ending {
        status,
        reason: (!past.reason.is_empty()).then(|| context.redactor.clean(&past.reason)),
        detail: None,
        code: past.code,
        attempts: past.attempts,
        elapsed: Duration::from_millis(past.elapsed_ms),
    };
    let result = StepResult {
        stdout: past.written.stdout.clone(),
        stderr: past.written.stderr.clone(),
        truncated: past.written.cut,
        elapsed: ending.elapsed,
        ..StepResult::default()
    };
    let changes = past
        .environment
        .iter()
        .map(|(name, value)| {
            let value = match value {
                CleanValue::Text(text) => Some(OsString::from(text.as_str())),
                _ => None,
            };
            (OsString::from(name), value)
        })
        .collect();
    Restored {
        result: described(id, &ending, result),
        verdict: Verdict::Ended(ending),
        changes,
        directory: past.directory.as_ref().map(PathBuf::from),
        notebook: Notebook::default(),
    }
}

/// Evaluates a script again, its calls answered from the journal.
async fn evaluated(
    context: &Arc<Context>,
    index: usize,
    id: &str,
    past: &Past,
    state: &State,
    notebook: Notebook,
) -> Result<(Dynamic, Notebook), Box<Ending>> {
    let dialect = context
        .graph()
        .document
        .front_matter
        .shell
        .unwrap_or(Dialect::Bash);
    let memory = Arc::new(Memory::new(
        past,
        dialect,
        context.redactor.clone(),
        state.environment(context.environment()),
    ));
    let host: Arc<dyn Host> = Arc::clone(&memory) as Arc<dyn Host>;
    let code = Code {
        context: Arc::clone(context),
        notebook,
        host,
        cancel: context.stop.clone(),
        calls: Arc::default(),
    };
    let body = {
        let graph = context.graph();
        graph.document.cells[context.step(index).cell].body.clone()
    };
    let passed = past.phase == Phase::Ended(Status::Passed);
    let (value, left, failure) = blocking(&code, move |code| {
        let run = code.context.engine.run(
            &body,
            code.context.source(),
            &code.notebook,
            &code.host,
            &code.cancel,
        );
        Ok(match run {
            Ok((value, left)) => (value, left, None),
            Err(failed) => {
                let (failure, left) = *failed;
                (Dynamic::UNIT, left, Some(failure.message))
            }
        })
    })
    .await?;
    let why = memory.astray().or_else(|| failure.filter(|_| passed));
    match why {
        None => Ok((value, left)),
        Some(why) => {
            let text = format!(
                "`{id}` can't be restored from the journal: {why}; `--again {id}` runs it again"
            );
            Err(Box::new(Ending::because(
                Status::Refused,
                context.redactor.clean(&text),
            )))
        }
    }
}

/// An instance of `each` that stays as it ended, if it is for the same element.
pub(in crate::exec) async fn instance(
    context: &Arc<Context>,
    index: usize,
    position: usize,
    item: &CleanValue,
    state: &State,
    notebook: &Notebook,
) -> Option<Instance> {
    let earlier = context.settings.about.earlier.as_ref()?;
    let step = context.step(index);
    let name = step.id.instance(position).to_string();
    if !earlier.instances.contains(&name) {
        return None;
    }
    let nothing = Past {
        phase: Phase::Ended(Status::Passed),
        item: Some(item.clone()),
        ..Past::default()
    };
    let past = earlier.history.steps.get(&name);
    // One that is said to be done has no past.
    let past = past
        .filter(|past| !past.is_interrupted())
        .unwrap_or(&nothing);
    if past.item.as_ref() != Some(item) {
        return None;
    }
    let mut restored = of(context, &name, past);
    let mut left_names = None;
    if step.kind == StepKind::Script {
        let evaluated = evaluated(context, index, &name, past, state, notebook.clone());
        match evaluated.await {
            Ok((value, left)) => {
                restored.result.value = value;
                left_names = Some(left);
            }
            Err(ending) => return Some(Instance::ended(*ending)),
        }
    }
    let Verdict::Ended(ending) = restored.verdict else {
        return None;
    };
    let before = state.environment(context.environment());
    let mut after = before.clone();
    for (name, value) in restored.changes {
        match value {
            Some(value) => after.set(name, value),
            None => {
                after.remove(name);
            }
        }
    }
    let left = Left {
        environment: after,
        directory: restored
            .directory
            .unwrap_or_else(|| state.directory().clone()),
    };
    Some(Instance {
        ending,
        result: restored.result,
        left: Some((before, left)),
        notebook: left_names,
    })
}
