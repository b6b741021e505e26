//! The timeline of a run: each entry of its journal in a line.
//!
//! Of a long run what steps wrote is left out beyond a number of lines, then what else tells of no
//! step's state; where something is left out, a line says so. The player goes by these lines, so no
//! state is ever left out.

use std::collections::HashMap;
use std::fmt::Write as _;

use jiff::Timestamp;

use super::html::{self, escape};
use crate::event::Event;
use crate::journal::Entry;
use crate::value::show_duration;

/// How many entries of a step's output have a line.
const OUTPUTS: usize = 500;
/// How many have one of those that give no step a state.
const MOST: usize = 8000;

/// The lines of a timeline.
#[derive(Debug, Default)]
pub(super) struct Timeline {
    html: String,
    /// How many lines the output of each step has.
    outputs: HashMap<String, usize>,
    /// How many lines give no step a state.
    others: usize,
    /// The first and the last of the entries that were just left out, and how many there are.
    gap: Option<(u64, u64, usize)>,
    left_out: usize,
}

impl Timeline {
    /// Takes the next entry.
    pub(super) fn add(&mut self, entry: &Entry, began: Option<Timestamp>) {
        let room = match &entry.event {
            Event::Output { step, .. } => {
                let number = self.outputs.entry(step.clone()).or_default();
                *number += 1;
                *number <= OUTPUTS && self.others < MOST
            }
            Event::Called { .. }
            | Event::Captured { .. }
            | Event::Checked { .. }
            | Event::Noted { .. }
            | Event::Asked { .. }
            | Event::Answered { .. }
            | Event::OutputKept { .. } => self.others < MOST,
            Event::RunStarted(_)
            | Event::StepStarted { .. }
            | Event::StepFinished { .. }
            | Event::StepSkipped { .. }
            | Event::RunFinished { .. } => {
                self.close();
                line(&mut self.html, entry, began);
                return;
            }
        };
        if !room {
            let (first, _, many) = self.gap.unwrap_or((entry.seq, entry.seq, 0));
            self.gap = Some((first, entry.seq, many + 1));
            return;
        }
        self.others += 1;
        self.close();
        line(&mut self.html, entry, began);
    }

    /// The lines, and how many entries have none.
    pub(super) fn finish(mut self) -> (String, usize) {
        self.close();
        (self.html, self.left_out)
    }

    fn close(&mut self) {
        let Some((first, last, many)) = self.gap.take() else {
            return;
        };
        self.left_out += many;
        let _ = write!(
            self.html,
            "<li class=\"rb-gap\" data-seq=\"{first}\">… {} left out here: what steps wrote or called; the journal has {} …</li>",
            match many {
                1 => format!("entry {first} is"),
                many => format!("{many} entries, {first} to {last}, are"),
            },
            if many == 1 { "it" } else { "them" }
        );
    }
}

/// Adds the line of an entry; its place can be linked to by its number.
fn line(out: &mut String, entry: &Entry, began: Option<Timestamp>) {
    let since = began
        .and_then(|began| entry.at.duration_since(began).try_into().ok())
        .map_or_else(String::new, show_duration);
    let (what, state) = what(&entry.event);
    let kept = match &entry.event {
        Event::RunStarted(head) => head.resumes.as_ref().map(|resumes| resumes.kept.join(" ")),
        _ => None,
    };
    let seq = entry.seq;
    let _ = write!(out, "<li id=\"seq={seq}\" data-seq=\"{seq}\"");
    if let Some(step) = entry.event.step() {
        let _ = write!(out, " data-step=\"{}\"", escape(step));
    }
    if let Some(state) = state {
        let _ = write!(out, " data-state=\"{state}\"");
    }
    // Where a run goes on, the steps that are not kept begin anew.
    if let Some(kept) = kept {
        let _ = write!(out, " data-kept=\"{}\"", escape(&kept));
    }
    let _ = write!(
        out,
        "><a href=\"#seq={seq}\">{seq}</a> <span class=\"rb-dim\">{since}</span> {what}</li>"
    );
}

/// An entry in a few words, and the state that it gives its step.
fn what(event: &Event) -> (String, Option<&'static str>) {
    let named = |step: &str| format!("<b>{}</b>", escape(step));
    match event {
        Event::RunStarted(_) => ("the run began".to_owned(), None),
        Event::StepStarted { step, attempt, .. } => {
            let again = if *attempt > 1 {
                format!(", attempt {attempt}")
            } else {
                String::new()
            };
            (format!("{} started{again}", named(step)), Some("running"))
        }
        Event::Output { step, text, .. } => {
            let lines = text.lossy();
            let first = lines.lines().next().unwrap_or_default();
            let first = html::short(&crate::view::sanitize::line(first), 100);
            (
                format!("{} wrote <code>{}</code>", named(step), escape(&first)),
                None,
            )
        }
        Event::OutputKept {
            step, file, bytes, ..
        } => (
            format!(
                "{}: its output of {bytes} bytes stands in <code>{}</code>",
                named(step),
                escape(file)
            ),
            None,
        ),
        Event::Called {
            step,
            function,
            request,
            ..
        } => (
            format!(
                "{} called {} <code>{}</code>",
                named(step),
                escape(function),
                escape(&html::short(request.as_str(), 120))
            ),
            None,
        ),
        Event::Captured { step, name, .. } => {
            (format!("{}: {} came back", named(step), escape(name)), None)
        }
        Event::Checked {
            step,
            expression,
            held,
            ..
        } => (
            format!(
                "{}: <code>{}</code> {}",
                named(step),
                escape(&html::short(expression.as_str(), 120)),
                if *held { "held" } else { "did not hold" }
            ),
            None,
        ),
        Event::Asked { step, question, .. } => (
            format!("{} asked “{}”", named(step), escape(question.as_str())),
            None,
        ),
        Event::Answered { step, answer, by } => (
            format!(
                "{}: {} answered “{}”",
                named(step),
                escape(by),
                escape(answer.as_str())
            ),
            None,
        ),
        Event::StepFinished {
            step,
            status,
            elapsed_ms,
            ..
        } => (
            format!(
                "{} {} after {}",
                named(step),
                status.word(),
                show_duration(std::time::Duration::from_millis(*elapsed_ms))
            ),
            Some(status.word()),
        ),
        Event::StepSkipped { step, reason } => (
            format!("{} skipped: {}", named(step), escape(reason.as_str())),
            Some("skipped"),
        ),
        Event::Noted { text, .. } => (escape(&html::short(text.as_str(), 200)), None),
        Event::RunFinished { status, .. } => (format!("the run {}", status.word()), None),
    }
}
