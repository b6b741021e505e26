//! Calls of scripts to the operator's systems.

use std::path::PathBuf;
use std::time::Duration;

use crate::credentials::Environment;
use crate::value::Value;

use super::Origin;

/// A request to one of the operator's systems, as a script makes it.
#[derive(Clone, Debug)]
pub struct Call {
    /// What makes it.
    pub origin: Origin,
    /// The function as scripts write it, as in `k8s::get`; the part before `::` names the system.
    pub function: String,
    /// Its arguments by name, an object.
    pub arguments: Value,
    /// All of the environment that credentials and configuration may come from, and that
    /// programs get.
    pub environment: Environment,
    /// Where programs run and relative paths begin.
    pub directory: PathBuf,
    /// How long it may take, retries included.
    pub timeout: Duration,
    /// Between TERM and KILL, where it runs a program.
    pub grace: Duration,
}

/// What a system answered.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reply {
    /// The value that the script gets.
    pub value: Value,
    /// Texts in it that must never be shown, each under a name for what stands in its place.
    pub secrets: Vec<(String, String)>,
}

impl From<Value> for Reply {
    fn from(value: Value) -> Self {
        Self {
            value,
            secrets: Vec::new(),
        }
    }
}

/// A system said no, or could not be asked; a script may catch it and look at its parts.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct CallError {
    /// The far side's own word for it, as in `ResourceNotFoundException` or `NotFound`; one of
    /// [`codes`] where it did not answer.
    pub code: String,
    /// What it said: one line, lower case where it is ours.
    pub message: String,
    /// The next action; empty where nobody knows one.
    pub help: String,
}

/// Codes of errors that no far side gave.
pub mod codes {
    /// The time of the call was up.
    pub const TIMEOUT: &str = "Timeout";
    /// The step is being ended.
    pub const CANCELLED: &str = "Cancelled";
    /// Nothing could be reached under the address.
    pub const UNREACHABLE: &str = "Unreachable";
    /// There are no credentials, or no configuration.
    pub const UNCONFIGURED: &str = "Unconfigured";
    /// An argument is missing, of the wrong kind, or unknown.
    pub const BAD_ARGUMENT: &str = "BadArgument";
    /// A program that the call needs is not there.
    pub const NO_PROGRAM: &str = "NoProgram";
    /// The answer could not be read.
    pub const BAD_ANSWER: &str = "BadAnswer";
    /// This world has no answer to the call.
    pub const UNANSWERED: &str = "Unanswered";
}

impl CallError {
    /// An error with its next action.
    #[must_use]
    pub fn new(
        code: impl Into<String>,
        message: impl Into<String>,
        help: impl Into<String>,
    ) -> Self {
        Self {
            code: code.into(),
            message: message.into(),
            help: help.into(),
        }
    }
}
