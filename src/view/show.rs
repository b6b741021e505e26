//! A past run: what it was, when each step ran, what did not pass.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::time::Duration;

use jiff::Timestamp;

use super::by_hand::Failed;
use super::columns::{Table, cut, wrap};
use super::paint::Paint;
use super::runs::plain_mark;
use super::timeline::{self, Timeline};
use super::{Shown, Style, layout, sanitize};
use crate::event::{Event, RunStarted, Status};
use crate::journal::Entry;
use crate::value::show_duration;

/// A run as `runbook show` prints it: facts, a table of its steps, and each failure in detail.
#[must_use]
pub fn show(entries: impl IntoIterator<Item: Borrow<Entry>>, style: Style) -> String {
    let paint = Paint { color: style.color };
    let mut fold = Timeline::new(Style {
        live: false,
        output: Shown::None,
        ..style
    });
    let mut began = None;
    let mut starts: HashMap<String, Timestamp> = HashMap::new();
    let mut failed = Failed::default();
    let mut out = String::new();
    let mut ending = String::new();
    let mut notes = Vec::new();
    let mut table = Table::default();
    let head = ["", "at", "step", "title", "time", "what"];
    table.row(&head, |_, cell| paint.dim(cell));
    for entry in entries {
        let entry = entry.borrow();
        if matches!(entry.event, Event::RunFinished { .. }) {
            fold.apart();
        }
        let text = fold.take(entry);
        failed.take(&entry.event, |step| fold.kind(step).to_owned());
        let (step, status, time, what) = match &entry.event {
            Event::RunStarted(head) if began.is_some() => {
                failed = Failed::default();
                starts.clear();
                ending.clear();
                let at = began
                    .map(|began| offset(began, entry.at))
                    .unwrap_or_default();
                let what = head
                    .resumes
                    .as_ref()
                    .map(super::resumed::line)
                    .unwrap_or_default();
                let cells = ["↻", &at, "", "resumed", "", &sanitize::line(&what)];
                table.row(&cells, |_, cell| paint.cyan(cell));
                continue;
            }
            Event::RunStarted(head) => {
                began = Some(entry.at);
                facts(head, entry.at, style, &mut out);
                continue;
            }
            Event::StepStarted { step, .. } => {
                starts.entry(step.clone()).or_insert(entry.at);
                continue;
            }
            Event::StepFinished {
                step,
                status,
                reason,
                attempts,
                elapsed_ms,
                ..
            } => {
                let mut what = match status {
                    Status::Passed => String::new(),
                    _ => status.word().to_owned(),
                };
                if let Some(reason) = reason {
                    what = join(&what, ": ", reason.as_str());
                }
                if *attempts > 1 {
                    what = join(&what, ", ", &format!("{attempts} attempts"));
                }
                let time = show_duration(Duration::from_millis(*elapsed_ms));
                (step, Some(*status), time, what)
            }
            Event::StepSkipped { step, reason } => {
                (step, None, String::new(), format!("skipped: {reason}"))
            }
            Event::RunFinished { .. } => {
                ending = text;
                continue;
            }
            Event::Noted {
                text, by: Some(by), ..
            } => {
                let at = entry.at.strftime("%Y-%m-%d %H:%M:%S UTC");
                notes.push(sanitize::line(&format!("{at}  {by}: {text}")).into_owned());
                continue;
            }
            _ => continue,
        };
        let at = starts.get(step).copied().unwrap_or(entry.at);
        let at = began.map(|began| offset(began, at)).unwrap_or_default();
        let mark = status.map_or("↷", |status| plain_mark(Some(status)));
        let title = fold.title(step);
        let cells = [
            mark,
            &at,
            &sanitize::line(step),
            &title,
            &time,
            &sanitize::line(&what),
        ];
        table.row(&cells, |column, cell| match (column, status) {
            (0, Some(status)) => layout::mark(status, paint),
            (2, _) | (5, Some(_)) => cell.to_owned(),
            _ => paint.dim(cell),
        });
    }
    if began.is_none() {
        return "nothing is recorded of this run\n".to_owned();
    }
    out.push('\n');
    out.push_str(&table.render(style.width));
    out.push_str(&ending);
    out.push_str(&fold.end());
    failed.write(paint, &mut out);
    if !notes.is_empty() {
        out.push('\n');
        out.push_str(&paint.dim("notes:"));
        out.push('\n');
    }
    for note in notes {
        for piece in wrap(&note, style.width.saturating_sub(4)) {
            out.push_str("    ");
            out.push_str(&piece);
            out.push('\n');
        }
    }
    out
}

fn facts(head: &RunStarted, at: Timestamp, style: Style, out: &mut String) {
    let paint = Paint { color: style.color };
    let title = sanitize::line(head.title.as_str());
    out.push_str(&paint.bold(&cut(&title, style.width)));
    out.push('\n');
    let inputs: Vec<String> = head
        .inputs
        .iter()
        .map(|(name, value)| format!("{name}={}", timeline::shown(value)))
        .collect();
    let removed: Vec<String> = head
        .removed
        .iter()
        .map(|removed| format!("{}: {}", removed.name, removed.reason))
        .collect();
    let attended = if head.attended { "" } else { ", unattended" };
    let mut fact = |name: &str, text: &str| {
        if text.is_empty() {
            return;
        }
        let text = sanitize::line(text);
        for (index, piece) in wrap(&text, style.width.saturating_sub(10))
            .iter()
            .enumerate()
        {
            let name = if index == 0 { name } else { "" };
            out.push_str(&paint.dim(&format!("{name:<10}")));
            out.push_str(piece);
            out.push('\n');
        }
    };
    fact("run", &head.run);
    fact("runbook", &head.document);
    fact("began", &at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string());
    fact("by", &format!("{}{attended}", head.operator));
    fact("target", head.target.as_deref().unwrap_or_default());
    let recording = head.recording.as_ref().map_or("", |text| text.as_str());
    fact("on", recording);
    fact(
        "with",
        &format!("runbook {} on {}", head.program, head.platform),
    );
    fact("inputs", &inputs.join(" "));
    let identity = head.identity.as_ref().map(super::identity::line);
    fact("identity", &identity.unwrap_or_default());
    for removed in removed {
        fact("removed", &removed);
    }
}

/// Time since the run began: `+0:07`, `+1:02:03`.
fn offset(began: Timestamp, at: Timestamp) -> String {
    let seconds = at.duration_since(began).as_secs().max(0);
    let (hours, minutes, rest) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 {
        format!("+{hours}:{minutes:02}:{rest:02}")
    } else {
        format!("+{minutes}:{rest:02}")
    }
}

fn join(before: &str, separator: &str, after: &str) -> String {
    if before.is_empty() {
        after.to_owned()
    } else {
        format!("{before}{separator}{after}")
    }
}
