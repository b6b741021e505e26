//! The timeline of a run: each entry of its journal in a line.

use std::fmt::Write as _;

use jiff::Timestamp;

use super::html::{self, escape};
use crate::event::Event;
use crate::journal::Entry;
use crate::value::show_duration;

/// Adds the line of an entry; its place can be linked to by its number.
pub(super) fn line(out: &mut String, entry: &Entry, began: Option<Timestamp>) {
    let since = began
        .and_then(|began| entry.at.duration_since(began).try_into().ok())
        .map_or_else(String::new, show_duration);
    let (what, state) = what(&entry.event);
    let seq = entry.seq;
    let _ = write!(out, "<li id=\"seq={seq}\" data-seq=\"{seq}\"");
    if let Some(step) = entry.event.step() {
        let _ = write!(out, " data-step=\"{}\"", escape(step));
    }
    if let Some(state) = state {
        let _ = write!(out, " data-state=\"{state}\"");
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
