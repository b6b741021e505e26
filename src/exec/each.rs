//! A step with `each`: one instance for each element, side by side.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::task::JoinSet;

use crate::event::Status;
use crate::script::{self, Dynamic, Notebook, StepResult};
use crate::value::Value;

use super::context::Broken;
use super::outcome::{Ending, Outcome, Verdict};
use super::resume;
use super::state::State;
use super::step::{Instance, Runner, Start, described};

impl Runner {
    /// Runs the step once for each element, side by side.
    pub(super) async fn instances(
        self,
        start: Start,
        elements: Vec<Dynamic>,
    ) -> Result<Outcome, Broken> {
        if elements.is_empty() {
            return Ok(self.skipped(start.state, "there is nothing in its `each`"));
        }
        let notebooks: Vec<Notebook> = elements
            .iter()
            .enumerate()
            .map(|(position, element)| self.notebook(&start, Some((position, element))))
            .collect();
        let count = Value::from(elements.len());
        self.capture(&self.name(None), "items", &count).await;
        // The instances take turns like steps do, so this step gives its own turn back.
        drop(start.permit);
        let mut running = JoinSet::new();
        for (position, (notebook, element)) in notebooks.into_iter().zip(elements).enumerate() {
            let item = script::to_value(&element);
            let runner = self.clone();
            let permits = Arc::clone(&start.permits);
            let state = start.state.clone();
            running.spawn(async move {
                let _permit = permits.acquire_owned().await;
                let clean = runner.context.redactor.clean_value(&item);
                let (context, index) = (&runner.context, runner.index);
                let kept = resume::instance(context, index, position, &clean, &state, &notebook);
                if let Some(kept) = kept.await {
                    return (position, Ok((kept, state)));
                }
                let name = runner.name(Some(position));
                runner.capture(&name, "item", &item).await;
                let ended = runner.instance(&state, notebook, Some(position)).await;
                (position, ended)
            });
        }
        let mut ended: BTreeMap<usize, (Instance, State)> = BTreeMap::new();
        let mut broken = false;
        while let Some(joined) = running.join_next().await {
            match joined {
                Ok((position, Ok(instance))) => {
                    ended.insert(position, instance);
                }
                _ => broken = true,
            }
        }
        if broken {
            return Err(Broken);
        }
        let mut state = start.state;
        let mut worst = Ending::passed();
        let mut failed = Vec::new();
        let mut items = Vec::new();
        for (position, (instance, _)) in ended {
            if instance.ending.status != Status::Passed {
                failed.push(self.name(Some(position)));
                if worst.status == Status::Passed || instance.ending.status == Status::Failed {
                    worst = instance.ending.clone();
                }
            }
            if let Some((before, left)) = &instance.left {
                state.take(self.index, before, &left.environment);
            }
            if let Some(notebook) = &instance.notebook {
                state.notebook.merge(notebook);
            }
            items.push(instance.result);
        }
        if !failed.is_empty() {
            let reason = format!("{} failed", crate::diagnostic::list_and(&failed));
            worst.reason = Some(self.context.redactor.clean(&reason));
        }
        let mut result = described(&self.name(None), &worst, StepResult::default());
        result.items = items;
        Ok(Outcome {
            verdict: Verdict::Ended(worst),
            result,
            state,
        })
    }
}
