//! What a journal says of each step of a run that had stopped: a fold of its entries.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::event::{Event, RunStarted, Status, Stream, Text};
use crate::journal::Entry;
use crate::secret::{CleanValue, masks};
use crate::value::Value;

/// How much of each output is held, as in a run.
const KEPT: usize = 4 * 1024 * 1024;

/// What was done before a run had stopped.
#[derive(Clone, Debug, Default)]
pub struct History {
    /// The last head.
    pub(super) head: Option<RunStarted>,
    pub(super) steps: BTreeMap<String, Past>,
    /// Whether the run had come to its end.
    pub(super) ended: bool,
    /// How it ended, if it did.
    status: Option<Status>,
    /// The number of the last entry.
    pub(super) last: u64,
    /// When it was recorded.
    at: Option<Timestamp>,
}

/// How far a step had come.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Phase {
    #[default]
    Waiting,
    Begun,
    Ended(Status),
    Skipped(String),
}

/// What is known of a step.
#[derive(Clone, Debug, Default)]
pub(super) struct Past {
    pub(super) phase: Phase,
    /// Whether an attempt had begun.
    pub(super) begun: bool,
    pub(super) attempts: u32,
    pub(super) at: Option<Timestamp>,
    pub(super) fingerprint: Option<String>,
    pub(super) code: Option<i32>,
    pub(super) reason: String,
    pub(super) elapsed_ms: u64,
    pub(super) written: Written,
    /// What it exported and took out of the environment.
    pub(super) environment: BTreeMap<String, CleanValue>,
    pub(super) directory: Option<String>,
    /// Of an instance of `each`: its element.
    pub(super) item: Option<CleanValue>,
    /// Of a step with `each`: how many instances it has.
    pub(super) items: Option<usize>,
    pub(super) calls: Vec<Remembered>,
    pub(super) answers: Vec<String>,
    /// The times of day that it read, in order.
    pub(super) clock: Vec<Timestamp>,
    /// The variables that it read.
    pub(super) read: BTreeMap<String, CleanValue>,
}

/// What a process wrote, redacted.
#[derive(Clone, Debug, Default)]
pub(super) struct Written {
    pub(super) stdout: Vec<u8>,
    pub(super) stderr: Vec<u8>,
    /// Whether it is not all there, or not as it was.
    pub(super) cut: bool,
}

/// A call of a script and its outcome.
#[derive(Clone, Debug)]
pub(super) struct Remembered {
    pub(super) number: u32,
    pub(super) function: String,
    pub(super) request: String,
    pub(super) outcome: Option<CleanValue>,
    pub(super) written: Written,
}

/// The id of the step that an instance is of.
pub(super) fn base(id: &str) -> &str {
    match id.strip_suffix(']').and_then(|id| id.rsplit_once('[')) {
        Some((base, _)) => base,
        None => id,
    }
}

impl History {
    /// The last head of the run, if it has one.
    #[must_use]
    pub const fn head(&self) -> Option<&RunStarted> {
        self.head.as_ref()
    }

    /// How the run ended; `None` where it did not come to its end.
    #[must_use]
    pub const fn status(&self) -> Option<Status> {
        self.status
    }

    /// When the last entry was recorded.
    #[must_use]
    pub const fn last(&self) -> Option<Timestamp> {
        self.at
    }

    /// Takes the next entry.
    pub fn apply(&mut self, entry: Entry) {
        self.last = entry.seq;
        self.at = Some(entry.at);
        match entry.event {
            Event::RunStarted(head) => self.begin(*head),
            Event::StepStarted { step, attempt, .. } => {
                let fingerprint = self.fingerprint(&step);
                let past = self.step(step);
                *past = Past {
                    phase: Phase::Begun,
                    begun: true,
                    attempts: attempt,
                    at: Some(entry.at),
                    fingerprint,
                    item: past.item.take(),
                    items: past.items,
                    ..Past::default()
                };
            }
            Event::Output {
                step,
                stream,
                skipped,
                open,
                call,
                text,
                ..
            } => {
                let past = self.step(step);
                let written = match call {
                    Some(number) => past
                        .calls
                        .iter_mut()
                        .rev()
                        .find(|it| it.number == number)
                        .map(|it| &mut it.written),
                    None => Some(&mut past.written),
                };
                if let Some(written) = written {
                    written.push(stream, skipped, open, &text);
                }
            }
            Event::Called {
                step,
                call,
                function,
                request,
            } => self.step(step).calls.push(Remembered {
                number: call,
                function,
                request: request.to_string(),
                outcome: None,
                written: Written::default(),
            }),
            Event::Captured {
                step,
                call,
                name,
                value,
            } => self.step(step).capture(call, &name, value),
            Event::Answered { step, answer, .. } => {
                self.step(step).answers.push(answer.to_string());
            }
            Event::StepFinished {
                step,
                status,
                reason,
                code,
                attempts,
                elapsed_ms,
                ..
            } => {
                let fingerprint = self.fingerprint(&step);
                let past = self.step(step);
                past.phase = Phase::Ended(status);
                past.fingerprint = fingerprint;
                past.reason = reason.map(|reason| reason.to_string()).unwrap_or_default();
                past.code = code;
                past.attempts = attempts;
                past.elapsed_ms = elapsed_ms;
            }
            Event::StepSkipped { step, reason } => {
                let fingerprint = self.fingerprint(&step);
                let past = self.step(step);
                past.phase = Phase::Skipped(reason.to_string());
                past.fingerprint = fingerprint;
            }
            Event::RunFinished { status, .. } => {
                self.ended = true;
                self.status = Some(status);
            }
            Event::OutputKept { .. }
            | Event::Checked { .. }
            | Event::Asked { .. }
            | Event::Noted { .. } => {}
        }
    }

    /// Takes a head: of the steps before, only those that it keeps count any more.
    fn begin(&mut self, head: RunStarted) {
        if let Some(resumes) = &head.resumes {
            self.steps.retain(|id, _| {
                let is = |kept: &String| kept == id || kept == base(id);
                resumes.kept.iter().any(is)
            });
            for done in &resumes.done {
                let fingerprint = head.fingerprints.get(base(&done.step)).cloned();
                self.steps.insert(
                    done.step.clone(),
                    Past {
                        phase: Phase::Ended(Status::Passed),
                        begun: true,
                        attempts: 1,
                        fingerprint,
                        ..Past::default()
                    },
                );
            }
        } else {
            self.steps.clear();
        }
        self.ended = false;
        self.status = None;
        self.head = Some(head);
    }

    fn fingerprint(&self, step: &str) -> Option<String> {
        let head = self.head.as_ref()?;
        head.fingerprints.get(base(step)).cloned()
    }

    fn step(&mut self, id: String) -> &mut Past {
        self.steps.entry(id).or_default()
    }

    /// The instances of a step that are known, with their ids.
    pub(super) fn instances(&self, id: &str) -> impl Iterator<Item = (&String, &Past)> {
        let prefix = format!("{id}[");
        self.steps
            .iter()
            .filter(move |(name, _)| name.starts_with(&prefix) && name.ends_with(']'))
    }
}

impl Past {
    fn capture(&mut self, call: Option<u32>, name: &str, value: CleanValue) {
        match (call, name, value) {
            (Some(call), _, value) => {
                let called = self.calls.iter_mut().rev().find(|it| it.number == call);
                if let Some(called) = called {
                    called.outcome = Some(value);
                }
            }
            (None, "environment", CleanValue::Map(variables)) => {
                self.environment.extend(variables);
            }
            (None, "directory", CleanValue::Text(directory)) => {
                self.directory = Some(directory.to_string());
            }
            (None, "item", item) => self.item = Some(item),
            (None, "now", CleanValue::Text(now)) => {
                self.clock.extend(now.as_str().parse::<Timestamp>().ok());
            }
            (None, name, value) if name.starts_with("env ") => {
                self.read.insert(name[4..].to_owned(), value);
            }
            (None, "items", CleanValue::Number(count)) => {
                self.items = count.as_u64().and_then(|count| usize::try_from(count).ok());
            }
            _ => {}
        }
    }

    /// Whether it had begun, and no more is known of it.
    pub(super) fn is_interrupted(&self) -> bool {
        match self.phase {
            Phase::Begun => true,
            Phase::Ended(Status::Interrupted) => self.begun,
            _ => false,
        }
    }

    /// Whether what it left can't be restored, for it holds what was hidden.
    pub(super) fn left_is_masked(&self) -> bool {
        self.environment.values().any(is_masked)
            || self.directory.as_deref().is_some_and(hides)
            || self.environment.keys().any(|name| hides(name))
    }
}

impl Written {
    fn push(&mut self, stream: Stream, skipped: u64, open: bool, text: &Text) {
        let bytes = text.bytes();
        let to = match stream {
            Stream::Stdout => &mut self.stdout,
            Stream::Stderr => &mut self.stderr,
        };
        self.cut |= skipped > 0;
        let room = KEPT.saturating_sub(to.len());
        self.cut |= bytes.len() + 1 > room;
        to.extend_from_slice(bytes.get(..room).unwrap_or(&bytes));
        if !open {
            to.push(b'\n');
        }
    }

    /// Whether it is not as it was.
    pub(super) fn is_masked(&self) -> bool {
        let hides = |bytes: &[u8]| hides(&String::from_utf8_lossy(bytes));
        self.cut || hides(&self.stdout) || hides(&self.stderr)
    }
}

/// Whether something in a text is hidden, or was no text.
pub(super) fn hides(text: &str) -> bool {
    text.contains('\u{fffd}') || (text.contains('«') && !masks(text).is_empty())
}

/// Whether something in a value is hidden.
pub(super) fn is_masked(value: &CleanValue) -> bool {
    match value {
        CleanValue::Null | CleanValue::Boolean(_) | CleanValue::Number(_) => false,
        CleanValue::Text(text) => hides(text.as_str()),
        CleanValue::List(list) => list.iter().any(is_masked),
        CleanValue::Map(map) => map
            .iter()
            .any(|(name, value)| hides(name) || is_masked(value)),
    }
}

/// A value of the journal as scripts know values.
pub(super) fn plain(value: &CleanValue) -> Value {
    match value {
        CleanValue::Null => Value::Null,
        CleanValue::Boolean(boolean) => Value::from(*boolean),
        CleanValue::Number(number) => Value::Number(number.clone()),
        CleanValue::Text(text) => Value::from(text.as_str()),
        CleanValue::List(list) => Value::Array(list.iter().map(plain).collect()),
        CleanValue::Map(map) => Value::Object(
            map.iter()
                .map(|(name, value)| (name.clone(), plain(value)))
                .collect(),
        ),
    }
}
