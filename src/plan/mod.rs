//! Graph, inputs, selection and target, bound and ready to run.
//!
//! A [`Plan`] with an unbound input can't be made, so that nothing behind it has to ask.

mod explain;
mod inputs;
mod selection;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::document::Input;
use crate::graph::Graph;
use crate::secret::Redactor;
use crate::value::Value;

pub use explain::{Explained, Wait};
pub use inputs::missing;

/// A graph, bound and ready.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The steps and their edges.
    pub graph: Arc<Graph>,
    /// Every input of the document and its value.
    pub inputs: BTreeMap<String, Binding>,
    /// For each step of the graph, whether it may run and why.
    pub selected: Vec<Selected>,
    /// The order in which steps would start, one at a time: a topological order of the graph
    /// that keeps to the document's; indices into the graph's steps.
    pub order: Vec<usize>,
}

/// An input's value.
#[derive(Clone)]
pub struct Binding {
    /// The value.
    pub value: Value,
    /// Whether it must never be shown.
    pub secret: bool,
    /// Where it came from.
    pub origin: Origin,
}

/// Where an input's value came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// `default:` in front matter.
    Default,
    /// It had this value before the run was resumed.
    Earlier,
    /// `--input`.
    Argument,
    /// `--input-file`.
    File,
    /// `RUNBOOK_INPUT_<NAME>`.
    Environment,
    /// The operator typed it.
    Prompt,
}

/// A value that was given for an input, as text.
#[derive(Clone)]
pub struct Given {
    /// The input's name.
    pub name: String,
    /// The text.
    pub text: String,
    /// Where it came from.
    pub origin: Origin,
}

/// Whether a step may run, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Selected {
    /// Nothing was selected, so everything is; or the selection names it.
    Yes,
    /// The selection does not name it, but this step (an index) that it names needs it.
    For(usize),
    /// The selection leaves it out.
    No,
}

/// Which steps the operator wants.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// `--step`: only these, and what they need.
    pub steps: Vec<String>,
    /// `--from`: this one and those below it.
    pub from: Option<String>,
    /// `--until`: this one and those above it.
    pub until: Option<String>,
}

/// Why a plan could not be made.
#[derive(Debug)]
pub enum Unready {
    /// Something given is wrong: each one line, with the next action.
    Wrong(Vec<String>),
    /// Inputs without a value.
    Missing(Vec<Input>),
}

impl std::fmt::Debug for Binding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut shown = f.debug_struct("Binding");
        if self.secret {
            shown.field("value", &"«secret»");
        } else {
            shown.field("value", &self.value);
        }
        shown.field("origin", &self.origin).finish_non_exhaustive()
    }
}

impl Plan {
    /// Binds inputs and selects steps.
    ///
    /// Unknown inputs, wrong types, a secret given as an argument, unknown step names: all of
    /// them at once.
    ///
    /// # Errors
    /// Where something given is wrong or an input has no value.
    pub fn new(graph: Arc<Graph>, given: &[Given], selection: &Selection) -> Result<Self, Unready> {
        let document = Arc::clone(&graph.document);
        let mut wrong = Vec::new();
        let bound = inputs::bind(&document, given, &mut wrong);
        let selected = selection::select(&graph, selection, &mut wrong);
        if !wrong.is_empty() {
            return Err(Unready::Wrong(wrong));
        }
        let missing: Vec<Input> = document
            .front_matter
            .inputs
            .iter()
            .filter(|input| !bound.contains_key(&input.name.value))
            .cloned()
            .collect();
        if !missing.is_empty() {
            return Err(Unready::Missing(missing));
        }
        Ok(Self {
            order: graph.order(),
            inputs: bound,
            selected,
            graph,
        })
    }

    /// Makes the defaults of secret inputs known, used or not: they stand in the page's text, which
    /// is kept. One that can't be hidden is passed over.
    pub fn learn_defaults(&self, redactor: &Redactor) {
        for input in &self.graph.document.front_matter.inputs {
            if let Some(Value::String(text)) = input.default.as_ref().filter(|_| input.secret) {
                let _unfit = redactor.learn(&input.name.value, text.as_bytes());
            }
        }
    }

    /// What would happen with each step, in the order of [`Plan::order`].
    #[must_use]
    pub fn explain(&self) -> Vec<Explained> {
        explain::explain(self)
    }
}

impl std::fmt::Debug for Given {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Whether it is secret is known only with the document.
        f.debug_struct("Given")
            .field("name", &self.name)
            .field("origin", &self.origin)
            .finish_non_exhaustive()
    }
}
