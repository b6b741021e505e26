//! Scripts at run time: the engine with its limits, the notebook's scope, what scripts can call.
//!
//! A script reaches nothing but its [`Host`]. This room schedules nothing and records nothing.

mod assertion;
mod chain;
mod engine;
mod extent;
mod failure;
mod interpolant;
mod library;
mod notebook;
mod place;
mod result;
mod secret;
mod session;
mod shape;
#[cfg(test)]
mod tests;

use std::time::Duration;

pub use engine::{Engine, vocabulary};
pub use interpolant::{Interpolant, interpolant};
pub use notebook::Notebook;
pub use result::StepResult;
pub use secret::{Raw, Secret};
pub use shape::{describe, show, to_dynamic, to_text, to_value};

use crate::source::Span;
use crate::value::Value;

/// A value of a script.
pub type Dynamic = rhai::Dynamic;

/// What a script can reach; its functions block, and end early when the step is cancelled.
pub trait Host: Send + Sync {
    /// Runs a process and waits for it.
    ///
    /// # Errors
    /// A message where it could not be started, was cancelled, or its time was up.
    fn process(&self, request: Request) -> Result<Finished, Trouble>;
    /// Asks one of the operator's systems something, or has it do something; `function` is its
    /// name in scripts (`k8s::get`), `arguments` an object.
    ///
    /// # Errors
    /// What the far side said, or why it could not be asked.
    fn call(
        &self,
        function: &'static str,
        arguments: Value,
        timeout: Duration,
    ) -> Result<Value, Trouble> {
        drop((arguments, timeout));
        Err(Trouble::Failed(format!(
            "nothing here can answer `{function}`"
        )))
    }
    /// Asks the operator for a text.
    ///
    /// # Errors
    /// Where nobody answers.
    fn ask(&self, question: &str, default: Option<&str>) -> Result<String, Trouble>;
    /// Notes a line for the reader of the run.
    fn log(&self, text: &str);
    /// A text as it may be shown. What is going to be cut must be cleaned before: part of a secret
    /// is not known as one.
    fn clean(&self, text: &str) -> String {
        text.to_owned()
    }
    /// Takes note that a text is secret, as part of one is.
    fn learn(&self, name: &str, secret: &str) {
        let _ = (name, secret);
    }
    /// Tells that an assertion was checked.
    fn checked(&self, check: Check);
    /// The value of an environment variable, as the step's children would see it.
    fn environment(&self, name: &str) -> Option<String>;
    /// Time since some fixed moment, for deadlines.
    fn elapsed(&self) -> Duration;
    /// The time of day, UTC.
    fn now(&self) -> jiff::Timestamp;
    /// Waits.
    ///
    /// # Errors
    /// Where the step is cancelled meanwhile.
    fn sleep(&self, duration: Duration) -> Result<(), Trouble>;
}

/// A process that a script wants to run.
#[derive(Clone, Debug)]
pub struct Request {
    /// The function that the script called: `sh` or `run`.
    pub function: &'static str,
    /// What to run.
    pub command: Command,
    /// Variables added to the environment.
    pub environment: Vec<(String, String)>,
    /// Where it runs, if not in the step's directory.
    pub directory: Option<String>,
    /// What it reads.
    pub stdin: Option<Vec<u8>>,
    /// How long it may take.
    pub timeout: Option<Duration>,
}

/// What to run.
#[derive(Clone, Debug)]
pub enum Command {
    /// A text for the runbook's shell.
    Shell(String),
    /// A program and its arguments.
    Argv(Vec<String>),
}

/// A process that has ended.
#[derive(Clone, Debug, Default)]
pub struct Finished {
    /// Its exit status; 128 + n where signal n ended it.
    pub code: i32,
    /// What it wrote, up to the limit of what a script can hold.
    pub stdout: Vec<u8>,
    /// What it wrote to standard error, likewise.
    pub stderr: Vec<u8>,
    /// Whether more was written than is held.
    pub truncated: bool,
    /// How long it took.
    pub elapsed: Duration,
}

/// Why a host could not do what a script asked.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Trouble {
    /// The far side or the system said no; the script may catch it.
    #[error("{0}")]
    Failed(String),
    /// A system said no; the script may catch it, a map of `code`, `message` and `help`.
    #[error("{message}")]
    Answered {
        /// The system's own word for it.
        code: String,
        /// What it said.
        message: String,
        /// The next action, or nothing.
        help: String,
    },
    /// The operator did not answer or said no: the step is refused.
    #[error("{0}")]
    Refused(String),
    /// The step is being ended.
    #[error("the step was ended")]
    Cancelled,
}

/// An assertion and its verdict; texts are not redacted yet.
#[derive(Clone, Debug)]
pub struct Check {
    /// Where it stands in the document.
    pub span: Span,
    /// The expression as written.
    pub expression: String,
    /// Whether it held.
    pub held: bool,
    /// The message given with it.
    pub message: Option<String>,
    /// `(code, value)` of each part.
    pub parts: Vec<(String, String)>,
}

/// What ended a script early.
#[derive(Clone, Debug)]
pub struct Failure {
    /// What kind of end.
    pub kind: FailureKind,
    /// One line: lower case, no full stop; not redacted yet.
    pub message: String,
    /// The lines behind the first of a text that was thrown; not redacted yet.
    pub rest: Option<String>,
    /// Where in the document.
    pub span: Option<Span>,
    /// An assertion's message and parts, if one failed.
    pub check: Option<Check>,
}

/// What kind of end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureKind {
    /// An error that the script did not catch.
    Error,
    /// An assertion did not hold.
    Assertion,
    /// A question was not answered.
    Refused,
    /// A limit was passed.
    Limit,
    /// It was cancelled or its time was up; the canceller knows which.
    Cancelled,
}
