//! Steps and what waits for what, checked.
//!
//! A [`Graph`] is made of a [`Document`] alone: pure, total, with
//! diagnostics for unknown names, duplicates and cycles. It runs nothing and decides nothing
//! about a particular run.

mod attributes;
mod build;
mod cycle;
mod draw;
mod effect;
mod expressions;
mod index;
mod link;
mod names;
mod order;
mod places;
mod scope;
mod silent;
mod steps;
#[cfg(test)]
pub(crate) mod tests;

use std::sync::Arc;
use std::time::Duration;

use crate::document::{Document, Effect};
use crate::name::StepId;
use crate::quote::Dialect;
use crate::source::{Excerpt, Span};

/// The steps of a document and the edges between them.
#[derive(Clone, Debug)]
pub struct Graph {
    /// The document it was made of.
    pub document: Arc<Document>,
    /// Its steps in the order of the document; an index into this is a step everywhere.
    pub steps: Vec<Step>,
    /// Its edges, without repetition of `from`, `to` and `why`.
    pub edges: Vec<Edge>,
    index: index::Index,
}

/// One runnable cell.
#[derive(Clone, Debug)]
pub struct Step {
    /// Its name, unique in the graph.
    pub id: StepId,
    /// Whether the id is written in the document (and not made from its heading).
    pub named: bool,
    /// The script's variable that holds its result (or value): `None` where its name is reserved
    /// or taken, and only `steps["id"]` reaches it.
    pub variable: Option<String>,
    /// For people: the heading it stands under, or its id.
    pub title: String,
    /// The cell, an index into [`Document::cells`](crate::document::Document::cells).
    pub cell: usize,
    /// Where its id is written, else its info string.
    pub span: Span,
    /// What runs it.
    pub kind: StepKind,
    /// `when` of its sections, outermost first, then its own: all must hold.
    pub conditions: Vec<Excerpt>,
    /// Branch steps (indices) to which the operator must have said yes.
    pub branches: Vec<usize>,
    /// The question to ask first; empty for the usual one. Set for every step of a plain document.
    pub confirm: Option<Excerpt>,
    /// How long one attempt may take.
    pub timeout: Option<Duration>,
    /// Attempts after the first.
    pub retry: u32,
    /// The wait before the second attempt.
    pub delay: Duration,
    /// The factor of each further wait, at least 1.
    pub backoff: f64,
    /// Whether it runs even when the run has failed or was cancelled.
    pub always: bool,
    /// Whether its failure stops nothing.
    pub allow_failure: bool,
    /// Whether later steps go on while it runs.
    pub background: bool,
    /// When a background step counts as ready.
    pub ready: Option<Excerpt>,
    /// What it runs once for each element of.
    pub each: Option<Excerpt>,
    /// What it does to the world, where the document says it; see [`Graph::effect`].
    pub effect: Option<Effect>,
    /// Whether it says that it may run again after it was interrupted.
    pub idempotent: bool,
    /// Whether it gets the operator's terminal.
    pub tty: bool,
    /// Whether a shell cell stops at its first failing command.
    pub errexit: bool,
    /// The directory it runs in, if it names one.
    pub cwd: Option<Excerpt>,
    /// Whether it says `skip`.
    pub skip: bool,
    /// Names that it defines for others, its own variable not included.
    pub defines: Vec<String>,
    /// The inputs that it uses, by their names in scripts, each once.
    pub inputs: Vec<String>,
    /// The requests of HTTP that its script makes, as far as their addresses are written out.
    pub requests: Vec<String>,
}

impl Step {
    /// Why a step that says [`skip`](Self::skip) is skipped.
    #[must_use]
    pub fn skip_reason(&self) -> &'static str {
        match self.kind {
            StepKind::Manual => "it is ticked off",
            _ => "it says `skip`",
        }
    }
}

/// What runs a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StepKind {
    /// A shell.
    Shell(Dialect),
    /// A shell, command by command, each against the output that it should print.
    Console(Dialect),
    /// The script engine.
    Script,
    /// A program that gets the cell as a file.
    Interpreter(String),
    /// Nothing: the cell is a value.
    Value,
    /// The operator.
    Manual,
    /// The operator, deciding a prose condition.
    Branch,
}

impl StepKind {
    /// A word for people and views: a shell's name, `rhai`, an interpreter's name, …
    #[must_use]
    pub fn word(&self) -> &str {
        match self {
            Self::Shell(dialect) => dialect.word(),
            Self::Console(_) => "console",
            Self::Script => "rhai",
            Self::Interpreter(program) => program,
            Self::Value => "value",
            Self::Manual => "manual",
            Self::Branch => "question",
        }
    }
}

/// `to` waits for `from`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Edge {
    /// The earlier step.
    pub from: usize,
    /// The later step.
    pub to: usize,
    /// Why.
    pub why: EdgeKind,
}

/// Why one step waits for another.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum EdgeKind {
    /// It stands below.
    Order,
    /// `needs` says so.
    Needs,
    /// It uses a name that the other defines.
    Name(String),
    /// Its `when`, `each` or its section's `when` asks about the other (by this name).
    Condition(String),
    /// The other is the question that decides it.
    Branch,
}

impl EdgeKind {
    /// A word for views: `order`, `needs`, `name`, `condition`, `branch`.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Order => "order",
            Self::Needs => "needs",
            Self::Name(_) => "name",
            Self::Condition(_) => "condition",
            Self::Branch => "branch",
        }
    }

    /// The name that makes the edge, if a name does.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        match self {
            Self::Name(name) | Self::Condition(name) => Some(name),
            Self::Order | Self::Needs | Self::Branch => None,
        }
    }
}

impl Graph {
    /// What a step (an index) does to the world: what the document says, else what the commands
    /// of its cell tell. One that is not there changes something.
    #[must_use]
    pub fn effect(&self, step: usize) -> Effect {
        self.steps
            .get(step)
            .map_or(Effect::Change, |step| effect::of_step(&self.document, step))
    }

    /// Makes the graph of a document.
    ///
    /// `vocabulary` is what scripts can call, so that an unknown name is found before a run.
    /// Where the diagnostics have errors the graph is good for drawing, not for running.
    #[must_use]
    pub fn build(
        document: Arc<Document>,
        vocabulary: &crate::language::Vocabulary,
    ) -> (Self, crate::diagnostic::Diagnostics) {
        build::build(document, vocabulary)
    }

    /// What is wrong with the graph of a document, where that is all that is asked of it.
    #[must_use]
    pub fn problems(
        document: &Arc<Document>,
        vocabulary: &crate::language::Vocabulary,
    ) -> crate::diagnostic::Diagnostics {
        if silent::is_silent(document) {
            return crate::diagnostic::Diagnostics::default();
        }
        Self::build(Arc::clone(document), vocabulary).1
    }

    /// Joins steps and edges that fit each other; each edge joins two of the steps.
    ///
    /// A step asks about another where a [`EdgeKind::Condition`] edge joins them.
    #[must_use]
    pub fn assemble(document: Arc<Document>, steps: Vec<Step>, edges: Vec<Edge>) -> Self {
        let asking = edges
            .iter()
            .filter(|edge| matches!(edge.why, EdgeKind::Condition(_)))
            .map(|edge| (edge.from, edge.to))
            .collect();
        let index = index::Index::new(index::ids(&steps), steps.len(), &edges, asking);
        Self {
            document,
            steps,
            edges,
            index,
        }
    }

    /// The step of an id.
    #[must_use]
    pub fn step(&self, id: &str) -> Option<usize> {
        self.index.step(id)
    }

    /// The steps that a step waits for directly, ascending, each once.
    #[must_use]
    pub fn predecessors(&self, step: usize) -> &[usize] {
        self.index.predecessors.of(step)
    }

    /// The steps that wait for a step directly, ascending, each once.
    #[must_use]
    pub fn successors(&self, step: usize) -> &[usize] {
        self.index.successors.of(step)
    }

    /// The edges that lead to a step, in the order of [`Graph::edges`].
    pub fn incoming(&self, step: usize) -> impl Iterator<Item = &Edge> {
        self.index
            .incoming
            .of(step)
            .iter()
            .filter_map(|edge| self.edges.get(*edge))
    }

    /// All steps that a step waits for, directly or not, ascending.
    #[must_use]
    pub fn ancestors(&self, step: usize) -> Vec<usize> {
        let mut seen = std::collections::BTreeSet::new();
        let mut open = vec![step];
        while let Some(next) = open.pop() {
            for before in self.predecessors(next) {
                if seen.insert(*before) {
                    open.push(*before);
                }
            }
        }
        seen.remove(&step);
        seen.into_iter().collect()
    }

    /// The steps whose `when` (or whose section's) asks about a step, ascending: a failure that
    /// one of them asks about counts as handled.
    #[must_use]
    pub fn asks_about(&self, step: usize) -> Vec<usize> {
        self.index.asked.of(step).to_vec()
    }

    /// The steps in an order that keeps to the edges, ties by the document; steps of a cycle come
    /// last.
    #[must_use]
    pub fn order(&self) -> Vec<usize> {
        self.index.order()
    }

    /// What a branch step asks the operator.
    #[must_use]
    pub fn question(&self, step: usize) -> &str {
        self.steps
            .get(step)
            .and_then(|step| self.document.cells.get(step.cell))
            .map_or("", |cell| cell.body.text.trim())
    }

    /// The line (from 1) of a step's fence in the document.
    #[must_use]
    pub fn line(&self, step: usize) -> usize {
        let span = self
            .steps
            .get(step)
            .and_then(|step| self.document.cells.get(step.cell))
            .map_or(0, |cell| cell.span.start);
        self.document.source.line(span)
    }

    /// The steps as a tree of their sections, for people.
    #[must_use]
    pub fn text(&self) -> String {
        draw::text(self)
    }

    /// The steps and edges as a Mermaid flowchart.
    #[must_use]
    pub fn mermaid(&self) -> String {
        draw::mermaid(self)
    }

    /// The steps and edges in Graphviz's language.
    #[must_use]
    pub fn dot(&self) -> String {
        draw::dot(self)
    }

    /// The steps, what each waits for and the inputs, as JSON.
    #[must_use]
    pub fn json(&self) -> crate::value::Value {
        draw::json(self)
    }
}
