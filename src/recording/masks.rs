//! Finds what stands in a recording in the place of secrets.

use std::collections::BTreeSet;

use crate::secret::{Clean, CleanValue, masks};

use super::{Recording, Step};

/// All masks of a recording.
pub(super) fn of(recording: &Recording) -> BTreeSet<String> {
    let mut found = Found::default();
    for value in recording.head.inputs.values() {
        found.value(value);
    }
    for value in recording.environment.values().flatten() {
        found.text(value.as_str());
    }
    for step in recording.steps() {
        found.step(step);
    }
    found.0
}

#[derive(Default)]
struct Found(BTreeSet<String>);

impl Found {
    fn step(&mut self, step: &Step) {
        for piece in step
            .attempts
            .iter()
            .flat_map(|attempt| &attempt.output)
            .chain(step.calls.iter().flat_map(|call| &call.output))
        {
            self.text(&String::from_utf8_lossy(&piece.bytes));
        }
        for value in step.calls.iter().filter_map(|call| call.outcome.as_ref()) {
            self.value(value);
        }
        let exported = step.environment.values().flatten();
        let read = step.reads.iter().filter_map(|(_, value)| value.as_ref());
        let answers = step
            .questions
            .iter()
            .filter_map(|asked| asked.answer.as_ref());
        for text in exported.chain(read).chain(answers.map(|answer| &answer.0)) {
            self.text(text.as_str());
        }
    }

    fn value(&mut self, value: &CleanValue) {
        match value {
            CleanValue::Null | CleanValue::Boolean(_) | CleanValue::Number(_) => {}
            CleanValue::Text(text) => self.text(Clean::as_str(text)),
            CleanValue::List(list) => list.iter().for_each(|value| self.value(value)),
            CleanValue::Map(map) => map.values().for_each(|value| self.value(value)),
        }
    }

    fn text(&mut self, text: &str) {
        self.0.extend(masks(text));
    }
}
