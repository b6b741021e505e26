//! A step's command in a form to copy to a prompt.

use std::collections::HashMap;

use super::paint::Paint;
use super::sanitize;
use crate::event::{Event, Status};
use crate::report::by_hand;

/// The steps that failed, and what they ran.
#[derive(Default)]
pub(super) struct Failed {
    running: HashMap<String, Command>,
    failed: Vec<(String, Command)>,
}

/// What a step ran, and where.
struct Command {
    kind: String,
    text: String,
    directory: Option<String>,
}

impl Failed {
    /// Takes the next event; `kind` says what kind a step is.
    pub(super) fn take(&mut self, event: &Event, kind: impl Fn(&str) -> String) {
        match event {
            Event::StepStarted {
                step,
                command: Some(command),
                directory,
                ..
            } => {
                let command = Command {
                    kind: kind(step),
                    text: command.to_string(),
                    directory: directory.as_ref().map(ToString::to_string),
                };
                self.running.insert(step.clone(), command);
            }
            Event::StepFinished { step, status, .. } => {
                let ran = self.running.remove_entry(step);
                self.failed
                    .extend(ran.filter(|_| *status == Status::Failed));
            }
            _ => {}
        }
    }

    /// Writes each in a form to copy: never wrapped, never coloured.
    pub(super) fn write(&self, paint: Paint, out: &mut String) {
        for (step, command) in &self.failed {
            let directory = command.directory.as_deref();
            let Some(found) = by_hand(&command.kind, &command.text, directory) else {
                continue;
            };
            out.push('\n');
            let mut dim = |text: String| {
                out.push_str(&paint.dim(&text));
                out.push('\n');
            };
            dim(format!("to run {} by hand:", sanitize::line(step)));
            for name in found.secrets {
                dim(format!(
                    "    (a secret is read from {name}, which must be exported)"
                ));
            }
            out.push_str(&found.command);
            out.push('\n');
        }
    }
}
