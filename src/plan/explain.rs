//! What would happen with each step, and why.

use super::{Plan, Selected};
use crate::document::Effect;
use crate::graph::EdgeKind;

/// What would happen with a step.
#[derive(Clone, Debug, PartialEq)]
pub struct Explained {
    /// The step, an index into the graph's steps.
    pub index: usize,
    /// Its id.
    pub id: String,
    /// Its title.
    pub title: String,
    /// What runs it, in a word.
    pub kind: String,
    /// The line of its fence, from 1.
    pub line: usize,
    /// What it does to the world.
    pub effect: Effect,
    /// Whether it asks first.
    pub asks: bool,
    /// What it waits for, in the order of the document; one entry per step.
    pub waits_for: Vec<Wait>,
    /// The conditions that must hold, outermost first.
    pub conditions: Vec<String>,
    /// Ids of the questions that must be answered with yes.
    pub questions: Vec<String>,
    /// What it runs once for each element of.
    pub each: Option<String>,
    /// Whether the selection takes it.
    pub selected: Selected,
    /// Why it would not run, if that is known before the run.
    pub skipped: Option<String>,
}

/// A step that is waited for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wait {
    /// The step, an index into the graph's steps.
    pub index: usize,
    /// Its id.
    pub id: String,
    /// Why, all reasons.
    pub why: Vec<EdgeKind>,
}

pub(super) fn explain(plan: &Plan) -> Vec<Explained> {
    plan.order
        .iter()
        .filter_map(|index| one(plan, *index))
        .collect()
}

fn one(plan: &Plan, index: usize) -> Option<Explained> {
    let graph = &plan.graph;
    let step = graph.steps.get(index)?;
    let selected = plan.selected.get(index).cloned().unwrap_or(Selected::No);
    let conditions: Vec<String> = step
        .conditions
        .iter()
        .map(|condition| condition.text.clone())
        .collect();
    let skipped = if selected == Selected::No {
        Some("not selected".to_owned())
    } else if step.skip {
        Some(step.skip_reason().to_owned())
    } else if conditions
        .iter()
        .any(|condition| condition.trim() == "false")
    {
        Some("its `when` is `false`".to_owned())
    } else {
        None
    };
    Some(Explained {
        index,
        id: step.id.to_string(),
        title: step.title.clone(),
        kind: step.kind.word().to_owned(),
        line: graph.line(index),
        effect: graph.effect(index),
        asks: step.confirm.is_some(),
        waits_for: waits(plan, index),
        conditions,
        questions: step
            .branches
            .iter()
            .filter_map(|branch| graph.steps.get(*branch))
            .map(|branch| branch.id.to_string())
            .collect(),
        each: step.each.as_ref().map(|each| each.text.clone()),
        selected,
        skipped,
    })
}

fn waits(plan: &Plan, index: usize) -> Vec<Wait> {
    let graph = &plan.graph;
    graph
        .predecessors(index)
        .iter()
        .filter_map(|from| {
            let before = graph.steps.get(*from)?;
            Some(Wait {
                index: *from,
                id: before.id.to_string(),
                why: graph
                    .incoming(index)
                    .filter(|edge| edge.from == *from)
                    .map(|edge| edge.why.clone())
                    .collect(),
            })
        })
        .collect()
}
