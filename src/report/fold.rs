//! What each entry changes in a report.

use std::time::Duration;

use jiff::Timestamp;

use super::{Check, Place, Report, State, Step};
use crate::event::{Event, Resumes, RunStarted, Status, Stream};
use crate::journal::Entry;

/// How many assertions of a step are kept.
const CHECKS: usize = 100;

impl Report {
    /// Takes the next entry.
    pub fn apply(&mut self, entry: &Entry) {
        let before = self.last.replace(entry.at);
        match &entry.event {
            Event::RunStarted(head) => {
                match &head.resumes {
                    Some(resumes) => self.go_on(resumes, before),
                    None => self.started = Some(entry.at),
                }
                self.part = Some(entry.at);
                self.admit(head);
                self.head = Some((**head).clone());
            }
            Event::StepStarted {
                step,
                attempt,
                command,
                directory,
            } => {
                let step = self.step_mut(step);
                step.state = State::Running;
                step.attempts = *attempt;
                step.command.clone_from(command);
                step.directory.clone_from(directory);
                step.started.get_or_insert(entry.at);
            }
            Event::Output {
                step, stream, text, ..
            } => {
                let step = self.step_mut(step);
                match stream {
                    Stream::Stdout => &mut step.stdout,
                    Stream::Stderr => &mut step.stderr,
                }
                .push(&text.lossy());
            }
            Event::Checked {
                step,
                line,
                column,
                expression,
                held,
                message,
                parts,
            } => {
                let check = Check {
                    line: *line,
                    column: *column,
                    expression: expression.clone(),
                    held: *held,
                    message: message.clone(),
                    parts: parts.clone(),
                };
                self.step_mut(step).check(check);
            }
            Event::StepFinished {
                step,
                status,
                reason,
                detail,
                code,
                attempts,
                elapsed_ms,
            } => {
                let step = self.step_mut(step);
                step.state = State::Finished(*status);
                step.reason.clone_from(reason);
                step.detail.clone_from(detail);
                step.code = *code;
                step.attempts = *attempts;
                step.elapsed = Some(Duration::from_millis(*elapsed_ms));
            }
            Event::StepSkipped { step, reason } => {
                let step = self.step_mut(step);
                step.state = State::Skipped;
                step.reason = Some(reason.clone());
            }
            Event::Noted { step, text, .. } => match step {
                Some(step) => self.step_mut(step).notes.push(text.as_str()),
                None => self.notes.push(text.as_str()),
            },
            Event::RunFinished {
                status,
                exit,
                reason,
                elapsed_ms,
                failed: _,
            } => {
                self.status = Some(*status);
                self.exit = Some(*exit);
                self.reason.clone_from(reason);
                self.elapsed = Some(self.before + Duration::from_millis(*elapsed_ms));
                self.finished = true;
            }
            Event::OutputKept { .. }
            | Event::Called { .. }
            | Event::Captured { .. }
            | Event::Asked { .. }
            | Event::Answered { .. } => {}
        }
    }

    /// Takes the steps of a head; of those that are there already, it says where they stand.
    fn admit(&mut self, head: &RunStarted) {
        let before = std::mem::take(&mut self.steps);
        self.places.clear();
        for (at, step) in head.steps.iter().enumerate() {
            self.add((at, 0), Step::from(step.clone()));
        }
        for step in before.into_values() {
            if let Some(place) = self.places.get(&step.id) {
                if let Some(there) = self.steps.get_mut(place) {
                    *there = Step {
                        title: there.title.clone(),
                        section: there.section.clone(),
                        line: there.line,
                        needs: there.needs.clone(),
                        ..step
                    };
                }
            } else {
                let (place, _) = self.unnamed(&step.id);
                self.add(place, step);
            }
        }
    }

    /// Forgets how the steps ended that begin again.
    fn go_on(&mut self, resumes: &Resumes, last: Option<Timestamp>) {
        self.before = match self.elapsed.filter(|_| self.finished) {
            Some(all) => all,
            None => self.before + between(self.part, last).unwrap_or_default(),
        };
        self.finished = false;
        self.status = None;
        self.exit = None;
        self.reason = None;
        self.elapsed = None;
        self.steps.retain(|_, step| {
            let cell = step
                .id
                .rsplit_once('[')
                .map_or(step.id.as_str(), |(id, _)| id);
            resumes
                .kept
                .iter()
                .any(|kept| *kept == step.id || kept == cell)
        });
    }

    /// Nothing more will come: what still runs was interrupted.
    pub fn close(&mut self) {
        if self.finished {
            return;
        }
        let last = self.last;
        for step in self.steps.values_mut() {
            if step.state == State::Running {
                step.state = State::Finished(Status::Interrupted);
                step.elapsed = between(step.started, last);
            }
        }
        self.status = Some(Status::Interrupted);
        self.elapsed = between(self.part, last).map(|part| self.before + part);
    }

    /// A step by its id; one that the head does not name comes behind its cell, or last.
    fn step_mut(&mut self, id: &str) -> &mut Step {
        if !self.places.contains_key(id) {
            let (place, step) = self.unnamed(id);
            self.add(place, step);
        }
        let place = self.places.get(id).copied().unwrap_or_default();
        self.steps.entry(place).or_default()
    }

    /// The place and what is known of a step that the head does not name.
    fn unnamed(&self, id: &str) -> (Place, Step) {
        let instance = id
            .strip_suffix(']')
            .and_then(|id| id.rsplit_once('['))
            .and_then(|(cell, number)| Some((self.places.get(cell)?, number.parse::<u64>().ok()?)));
        if let Some((place, number)) = instance
            && let Some(cell) = self.steps.get(place)
            && let Some(after) = number.checked_add(1)
        {
            let step = Step {
                id: id.to_owned(),
                title: cell.title.clone(),
                section: cell.section.clone(),
                kind: cell.kind.clone(),
                line: cell.line,
                needs: cell.needs.clone(),
                goes_on: cell.goes_on,
                effect: cell.effect.clone(),
                ..Step::default()
            };
            let place = (place.0, after);
            if !self.steps.contains_key(&place) {
                return (place, step);
            }
        }
        let last = self
            .steps
            .last_key_value()
            .map_or(0, |(place, _)| place.0 + 1);
        let step = Step {
            id: id.to_owned(),
            ..Step::default()
        };
        ((last, 0), step)
    }

    fn add(&mut self, place: Place, step: Step) {
        self.places.insert(step.id.clone(), place);
        self.steps.insert(place, step);
    }
}

impl Step {
    fn check(&mut self, check: Check) {
        if check.held {
            self.held += 1;
        } else {
            self.broken += 1;
        }
        if self.checks.len() == CHECKS {
            self.checks.pop_front();
        }
        self.checks.push_back(check);
    }
}

fn between(from: Option<Timestamp>, to: Option<Timestamp>) -> Option<Duration> {
    to?.duration_since(from?).try_into().ok()
}
