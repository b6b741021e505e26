//! Answers a script from the journal: the world sees nothing of it, and nothing is recorded.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;

use crate::credentials::Environment;
use crate::quote::Dialect;
use crate::recording::{Exit, How, Why};
use crate::script::{Check, Command, Finished, Host, Request, Trouble};
use crate::secret::{CleanValue, Redactor};
use crate::value::Value;

use super::history::{Past, Remembered, plain};

/// The host of a script whose calls have been answered before.
pub(super) struct Memory {
    dialect: Dialect,
    redactor: Redactor,
    environment: Environment,
    read: BTreeMap<String, CleanValue>,
    began: Timestamp,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    calls: VecDeque<Remembered>,
    answers: VecDeque<String>,
    clock: VecDeque<Timestamp>,
    /// Where the script asks for something else than it did.
    astray: Option<String>,
    /// How long it has waited.
    waited: Duration,
}

impl Memory {
    pub(super) fn new(
        past: &Past,
        dialect: Dialect,
        redactor: Redactor,
        environment: Environment,
    ) -> Self {
        Self {
            dialect,
            redactor,
            environment,
            read: past.read.clone(),
            began: past.at.unwrap_or(Timestamp::UNIX_EPOCH),
            state: Mutex::new(State {
                calls: past.calls.iter().cloned().collect(),
                answers: past.answers.iter().cloned().collect(),
                clock: past.clock.iter().copied().collect(),
                ..State::default()
            }),
        }
    }

    /// Where the script went another way than it had gone, if it did.
    pub(super) fn astray(&self) -> Option<String> {
        let state = self.state();
        state.astray.clone().or_else(|| {
            let next = state.calls.front()?;
            Some(format!("it no longer calls `{}`", next.function))
        })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The answer to the next call, if it is the one that was made.
    fn next(&self, function: &str, shown: &str) -> Result<Remembered, Trouble> {
        let shown = self.redactor.clean(shown);
        let mut state = self.state();
        let why = match state.calls.pop_front() {
            Some(call) if call.function == function && call.request == shown.as_str() => {
                if call.outcome.is_some() {
                    return Ok(call);
                }
                format!("the journal has no outcome of `{function} {shown}`")
            }
            Some(call) => format!(
                "it calls `{function} {shown}`, and had called `{} {}`",
                call.function, call.request
            ),
            None => format!("it calls `{function} {shown}`, and had not"),
        };
        state.astray.get_or_insert(why);
        Err(Trouble::Cancelled)
    }
}

/// The message of an outcome that is an error.
fn error(outcome: &Value, part: &str) -> Option<String> {
    Some(outcome.get("error")?.get(part)?.as_str()?.to_owned())
}

impl Host for Memory {
    fn process(&self, request: Request) -> Result<Finished, Trouble> {
        let shown = match &request.command {
            Command::Shell(text) => text.clone(),
            Command::Argv(argv) => {
                let joined = crate::quote::join(self.dialect, argv)
                    .map_err(|error| Trouble::Failed(error.to_string()))?;
                String::from_utf8_lossy(&joined).into_owned()
            }
        };
        let call = self.next(request.function, &shown)?;
        let outcome = call.outcome.as_ref().map(plain).unwrap_or_default();
        let exit: Exit = serde_json::from_value(outcome).unwrap_or_default();
        let elapsed = exit.elapsed();
        let code = match exit.how {
            How::Code(code) => code,
            How::Signal(signal) => 128 + signal,
            How::Unstarted(message) => return Err(Trouble::Failed(message)),
            How::Ended(Why::Cancelled) => return Err(Trouble::Cancelled),
            How::Ended(Why::TimedOut) => {
                let limit = request.timeout.map(crate::value::show_duration);
                let limit = limit.unwrap_or_default();
                return Err(Trouble::Failed(format!(
                    "`{shown}` timed out after {limit}"
                )));
            }
        };
        Ok(Finished {
            code,
            stdout: call.written.stdout,
            stderr: call.written.stderr,
            truncated: call.written.cut,
            elapsed,
        })
    }

    fn call(
        &self,
        function: &'static str,
        arguments: Value,
        _timeout: Duration,
    ) -> Result<Value, Trouble> {
        let call = self.next(function, &format!("{function}({arguments})"))?;
        let outcome = call.outcome.as_ref().map(plain).unwrap_or_default();
        match (error(&outcome, "code"), error(&outcome, "message")) {
            (Some(code), Some(message)) => Err(Trouble::Answered {
                code,
                message,
                help: error(&outcome, "help").unwrap_or_default(),
            }),
            _ => Ok(outcome),
        }
    }

    fn ask(&self, question: &str, _default: Option<&str>) -> Result<String, Trouble> {
        self.state()
            .answers
            .pop_front()
            .ok_or_else(|| Trouble::Refused(format!("nobody answered the question `{question}`")))
    }

    fn log(&self, _text: &str) {}

    fn checked(&self, _check: Check) {}

    fn environment(&self, name: &str) -> Option<String> {
        if let Some(value) = self.read.get(name) {
            return match value {
                CleanValue::Text(text) => Some(text.to_string()),
                _ => None,
            };
        }
        self.environment
            .get(name)
            .map(|value| value.to_string_lossy().into_owned())
    }

    fn elapsed(&self) -> Duration {
        self.state().waited
    }

    fn now(&self) -> Timestamp {
        self.state().clock.pop_front().unwrap_or(self.began)
    }

    fn sleep(&self, duration: Duration) -> Result<(), Trouble> {
        let mut state = self.state();
        state.waited = state.waited.saturating_add(duration);
        Ok(())
    }
}
