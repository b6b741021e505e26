//! The Rhai dialect of runbooks: what parses, and which names a piece of code defines and uses.
//!
//! Names are read from the parsed code, never by text search. Nothing is evaluated here.

mod analyze;
pub mod assert;
pub mod engine;
mod literal;
mod place;
mod syntax_error;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::sync::OnceLock;

use crate::source::Span;

pub use analyze::{analyze, is_variable};
pub use literal::HOLE;

/// What scripts can call, for checking names before a run.
#[derive(Clone, Debug)]
pub struct Vocabulary {
    /// Asked once, when a call is first looked up: most pages call nothing, and to tell what can
    /// be called takes longer than to read one.
    gather: fn() -> BTreeSet<String>,
    functions: OnceLock<BTreeSet<String>>,
    /// Variables that are always there.
    pub variables: BTreeSet<String>,
}

impl Vocabulary {
    /// Makes one of what gives the functions, `module::name` where qualified, and of variables.
    #[must_use]
    pub const fn new(gather: fn() -> BTreeSet<String>, variables: BTreeSet<String>) -> Self {
        Self {
            gather,
            functions: OnceLock::new(),
            variables,
        }
    }

    /// The functions, `module::name` where qualified.
    pub fn functions(&self) -> &BTreeSet<String> {
        self.functions.get_or_init(self.gather)
    }
}

/// How a piece of code is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A cell: statements.
    Cell,
    /// A condition or an interpolation: one expression.
    Expression,
}

/// The names of a piece of code.
#[derive(Clone, Debug, Default)]
pub struct Names {
    /// Top-level `let`, `const` and `fn`, in order.
    pub defines: Vec<Definition>,
    /// Variables that it reads and does not define, with repetition.
    pub uses: Vec<Use>,
    /// Variables that it assigns to and does not define.
    pub assigns: Vec<Use>,
    /// Functions that it calls, methods included, operators not.
    pub calls: Vec<Call>,
    /// Step ids read as `steps["id"]`, with repetition.
    pub steps: Vec<Use>,
    /// Where the code is one expression and that is a literal: what it is.
    pub literal: Option<Sort>,
    /// Keys of its map literals: `x.key(…)` may call a closure kept under one.
    pub keys: BTreeSet<String>,
}

/// What a literal is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sort {
    /// `true` or `false`.
    Boolean,
    /// `5` or `0.5`.
    Number,
    /// `"…"`, `` `…` `` or `'…'`.
    Text,
    /// `()`.
    Nothing,
    /// `[…]` or `#{…}`.
    Collection,
}

/// A name that a cell defines for the cells after it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Definition {
    /// The name.
    pub name: String,
    /// Where it stands.
    pub span: Span,
    /// Whether it is a function, and of how many parameters.
    pub parameters: Option<usize>,
}

/// A name used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Use {
    /// The name.
    pub name: String,
    /// Where it stands.
    pub span: Span,
}

/// A function called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// The function's name, `module::name` where qualified.
    pub name: String,
    /// How many arguments.
    pub arguments: usize,
    /// Where it stands.
    pub span: Span,
    /// Whether it is called as a method, `x.name(…)`.
    pub method: bool,
    /// The first argument where it is written out: the words of a list, or one text; a part that
    /// only the run knows is a [`HOLE`].
    pub literal: Option<Literal>,
    /// The second argument, likewise.
    pub second: Option<Literal>,
}

/// An argument that is written out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Literal {
    /// A text.
    Text(String),
    /// A list of texts.
    Words(Vec<String>),
}
