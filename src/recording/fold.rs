//! Entries into a recording. Total: what does not fit is passed over.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

use jiff::Timestamp;

use crate::event::{Event, RunStarted, Stream, Text};
use crate::journal::Entry;
use crate::secret::{Clean, CleanValue};

use super::exit::{Exit, How};
use super::step::{Asked, Attempt, Called, Check, Ended, Piece, Step};
use super::{End, Recording, Unusable, cell_of};

/// Makes a recording of entries.
pub(super) fn fold<'a>(
    entries: impl IntoIterator<Item = &'a Entry>,
) -> Result<Recording, Unusable> {
    let mut entries = entries.into_iter();
    let first = entries.next().ok_or(Unusable::Empty)?;
    let Event::RunStarted(head) = &first.event else {
        return Err(Unusable::Headless);
    };
    let mut fold = Fold {
        recording: Recording {
            head: (**head).clone(),
            began: first.at,
            last: first.at,
            end: None,
            environment: BTreeMap::new(),
            steps: Vec::new(),
            places: HashMap::new(),
        },
        changed: BTreeSet::new(),
    };
    for entry in entries {
        fold.recording.last = fold.recording.last.max(entry.at);
        fold.apply(entry.at, &entry.event);
    }
    Ok(fold.recording)
}

struct Fold {
    recording: Recording,
    /// The variables that a step has changed so far.
    changed: BTreeSet<String>,
}

impl Fold {
    fn apply(&mut self, at: Timestamp, event: &Event) {
        let Some(id) = event.step() else {
            if let Event::RunStarted(head) = event
                && let Some(resumes) = &head.resumes
            {
                self.go_on(head, &resumes.kept);
            }
            if let Event::RunFinished {
                status,
                exit,
                reason,
                elapsed_ms,
                failed: _,
            } = event
            {
                self.recording.end = Some(End {
                    status: *status,
                    exit: *exit,
                    reason: reason.clone(),
                    elapsed: Duration::from_millis(*elapsed_ms),
                });
            }
            return;
        };
        if let Event::Captured {
            call: None,
            name,
            value,
            ..
        } = event
        {
            self.captured(name, value);
        }
        let is_script = self
            .recording
            .head
            .steps
            .iter()
            .any(|head| head.id == cell_of(id) && head.kind == "rhai");
        self.step(id).apply(at, event, is_script);
    }

    /// Takes the head of a run that goes on: as if it had been so from the start, and only what
    /// was kept had happened before.
    fn go_on(&mut self, head: &RunStarted, kept: &[String]) {
        let recording = &mut self.recording;
        recording.head = RunStarted {
            resumes: None,
            ..head.clone()
        };
        recording.end = None;
        recording.steps.retain(|step| {
            kept.iter()
                .any(|id| *id == step.id || id == cell_of(&step.id))
        });
        recording.places = recording
            .steps
            .iter()
            .enumerate()
            .map(|(place, step)| (step.id.clone(), place))
            .collect();
    }

    /// What is true of the run and not of the step alone.
    fn captured(&mut self, name: &str, value: &CleanValue) {
        if name == "environment"
            && let CleanValue::Map(changes) = value
        {
            self.changed.extend(changes.keys().cloned());
        }
        if let Some(variable) = name.strip_prefix("env ")
            && !self.changed.contains(variable)
        {
            self.recording
                .environment
                .entry(variable.to_owned())
                .or_insert_with(|| text(value));
        }
    }

    fn step(&mut self, id: &str) -> &mut Step {
        let recording = &mut self.recording;
        let place = if let Some(place) = recording.places.get(id) {
            *place
        } else {
            recording
                .places
                .insert(id.to_owned(), recording.steps.len());
            recording.steps.push(Step {
                id: id.to_owned(),
                ..Step::default()
            });
            recording.steps.len() - 1
        };
        &mut recording.steps[place]
    }
}

impl Step {
    fn apply(&mut self, at: Timestamp, event: &Event, is_script: bool) {
        match event {
            Event::StepStarted {
                attempt,
                command,
                directory,
                ..
            } => {
                self.close(None);
                // A step that runs again, as after a run was taken up again, has not ended.
                self.end = None;
                self.fell = false;
                self.skipped = None;
                self.attempts.push(Attempt {
                    number: *attempt,
                    at,
                    command: command.clone(),
                    directory: directory.clone(),
                    output: Vec::new(),
                    parts: Vec::new(),
                    exit: None,
                });
            }
            Event::Output {
                stream,
                skipped,
                open,
                call,
                text,
                ..
            } => self.output(piece(at, *stream, *skipped, *open, text), *call, is_script),
            Event::Called {
                call,
                function,
                request,
                ..
            } => self.calls.push(Called {
                number: *call,
                function: function.clone(),
                request: request.clone(),
                at,
                output: Vec::new(),
                outcome: None,
                ended: None,
            }),
            Event::Captured {
                call: Some(call),
                value,
                ..
            } => {
                let open = |called: &&mut Called| called.number == *call && called.ended.is_none();
                if let Some(called) = self.calls.iter_mut().rev().find(open) {
                    called.outcome = Some(value.clone());
                    called.ended = Some(at);
                }
            }
            Event::Captured {
                call: None,
                name,
                value,
                ..
            } => self.captured(name, value),
            Event::Checked {
                line,
                expression,
                held,
                message,
                parts,
                ..
            } => self.checks.push(Check {
                line: *line,
                expression: expression.clone(),
                held: *held,
                message: message.clone(),
                parts: parts.clone(),
            }),
            Event::Asked { question, .. } => self.questions.push(Asked {
                question: question.clone(),
                at,
                answer: None,
            }),
            Event::Answered { answer, by, .. } => {
                if let Some(asked) = self.questions.last_mut() {
                    asked.answer = Some((answer.clone(), by.clone(), at));
                }
            }
            Event::StepFinished {
                status,
                reason,
                code,
                attempts,
                elapsed_ms,
                ..
            } => {
                self.close(*code);
                self.fell = self.end.is_some();
                self.end = Some(Ended {
                    status: *status,
                    reason: reason.clone(),
                    code: *code,
                    attempts: *attempts,
                    elapsed: Duration::from_millis(*elapsed_ms),
                    at,
                });
            }
            Event::StepSkipped { reason, .. } => self.skipped = Some(reason.clone()),
            Event::Noted { text, .. } => self.notes.push(text.clone()),
            _ => {}
        }
    }

    fn output(&mut self, piece: Piece, call: Option<u32>, is_script: bool) {
        let called = match call {
            Some(number) => self
                .calls
                .iter_mut()
                .rev()
                .find(|called| called.number == number),
            // Before version 1.1 the place in the journal was all that told.
            None => self
                .calls
                .last_mut()
                .filter(|called| called.ended.is_none() && (is_script || self.attempts.is_empty())),
        };
        if let Some(called) = called {
            called.output.push(piece);
        } else if let Some(attempt) = self.attempts.last_mut() {
            attempt.output.push(piece);
        }
    }

    fn captured(&mut self, name: &str, value: &CleanValue) {
        let json = || serde_json::to_value(value).unwrap_or_default();
        match name {
            "exit" => {
                if let Some(attempt) = self.attempts.last_mut() {
                    attempt.exit = serde_json::from_value(json()).ok();
                }
            }
            "parts" => {
                if let Some(attempt) = self.attempts.last_mut() {
                    attempt.parts = serde_json::from_value(json()).unwrap_or_default();
                }
            }
            "environment" => {
                if let CleanValue::Map(changes) = value {
                    let changes = changes
                        .iter()
                        .map(|(name, value)| (name.clone(), text(value)));
                    self.environment.extend(changes);
                }
            }
            "directory" => self.directory = text(value),
            "now" => {
                let read: Option<Timestamp> = text(value).and_then(|now| now.as_str().parse().ok());
                self.clock.extend(read);
            }
            name => {
                if let Some(variable) = name.strip_prefix("env ") {
                    self.reads.push((variable.to_owned(), text(value)));
                }
            }
        }
    }

    /// Ends the last attempt's process where the journal is too old to say how it ended.
    fn close(&mut self, code: Option<i32>) {
        let Some(attempt) = self.attempts.last_mut() else {
            return;
        };
        if attempt.exit.is_none() && attempt.directory.is_some() {
            attempt.exit = code.map(|code| Exit::new(How::Code(code), Duration::ZERO));
        }
    }
}

fn piece(at: Timestamp, stream: Stream, skipped: u64, open: bool, text: &Text) -> Piece {
    let mut bytes = text.bytes().into_owned();
    if !open {
        bytes.push(b'\n');
    }
    Piece {
        at,
        stream,
        skipped,
        bytes,
    }
}

fn text(value: &CleanValue) -> Option<Clean> {
    match value {
        CleanValue::Text(text) => Some(text.clone()),
        _ => None,
    }
}
