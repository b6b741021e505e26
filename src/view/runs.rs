//! Past runs as a table.

use std::borrow::Borrow;
use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;

use super::columns::Table;
use super::paint::Paint;
use super::{Style, layout, sanitize, short};
use crate::diagnostic::count;
use crate::event::{Event, Status};
use crate::journal::Entry;
use crate::value::show_duration;

/// A past run in one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Past {
    /// Its id.
    pub run: String,
    /// When it began.
    pub at: Timestamp,
    /// The document's path as the operator wrote it.
    pub document: String,
    /// The target, if one was used.
    pub target: Option<String>,
    /// How it ended; `None` where the record ends before it.
    pub status: Option<Status>,
    /// How long it took.
    pub elapsed: Option<Duration>,
    /// How each step ended; `None` for a skipped one.
    pub steps: BTreeMap<String, Option<Status>>,
}

impl Past {
    /// Folds the entries of a run; `None` where they do not begin with its head.
    #[must_use]
    pub fn of(entries: impl IntoIterator<Item: Borrow<Entry>>) -> Option<Self> {
        let mut past: Option<Self> = None;
        // Of a run that was resumed, its parts count together.
        let (mut part, mut before, mut last) = (None, Duration::ZERO, None);
        for entry in entries {
            let entry = entry.borrow();
            let previous = last.replace(entry.at);
            match (&entry.event, &mut past) {
                (Event::RunStarted(head), Some(past)) => {
                    if let Some(resumes) = &head.resumes {
                        let took = || -> Option<Duration> {
                            let (from, to): (Timestamp, Timestamp) = (part?, previous?);
                            to.duration_since(from).try_into().ok()
                        };
                        before = match past.elapsed {
                            Some(all) => all,
                            None => before + took().unwrap_or_default(),
                        };
                        past.status = None;
                        past.elapsed = None;
                        past.steps.retain(|id, _| {
                            let cell = super::tally::base(id);
                            resumes.kept.iter().any(|kept| kept == id || kept == cell)
                        });
                    }
                    part = Some(entry.at);
                }
                (Event::RunStarted(head), None) => {
                    part = Some(entry.at);
                    past = Some(Self {
                        run: head.run.clone(),
                        at: entry.at,
                        document: head.document.clone(),
                        target: head.target.clone(),
                        status: None,
                        elapsed: None,
                        steps: BTreeMap::new(),
                    });
                }
                (_, None) => return None,
                (Event::StepFinished { step, status, .. }, Some(past)) => {
                    past.steps.insert(step.clone(), Some(*status));
                }
                (Event::StepSkipped { step, .. }, Some(past)) => {
                    past.steps.insert(step.clone(), None);
                }
                (
                    Event::RunFinished {
                        status, elapsed_ms, ..
                    },
                    Some(past),
                ) => {
                    past.status = Some(*status);
                    past.elapsed = Some(before + Duration::from_millis(*elapsed_ms));
                }
                _ => {}
            }
        }
        past
    }

    /// `passed`, … or `unfinished`.
    pub(super) fn word(&self) -> &'static str {
        self.status.map_or("unfinished", Status::word)
    }

    /// `9 steps, 1 failed, 3 skipped`.
    fn counts(&self) -> String {
        let of = |wanted| {
            self.steps
                .values()
                .filter(|ended| **ended == wanted)
                .count()
        };
        let ran = self.steps.values().flatten().count();
        let mut parts = vec![count(ran, "step")];
        for (number, word) in [
            (of(Some(Status::Failed)), "failed"),
            (of(Some(Status::Refused)), "refused"),
            (of(Some(Status::Interrupted)), "interrupted"),
            (of(None), "skipped"),
        ] {
            if number > 0 {
                parts.push(format!("{number} {word}"));
            }
        }
        parts.join(", ")
    }
}

/// A table of past runs in the order given; times are UTC.
#[must_use]
pub fn runs(past: &[Past], style: Style) -> String {
    if past.is_empty() {
        return "no runs yet; `runbook run FILE` makes one\n".to_owned();
    }
    let paint = Paint { color: style.color };
    let mut table = Table::default();
    let head = [
        "",
        "run",
        "began (UTC)",
        "runbook",
        "result",
        "time",
        "steps",
    ];
    table.row(&head, |_, cell| paint.dim(cell));
    for run in past {
        let document = match &run.target {
            Some(target) => format!("{} ({target})", run.document),
            None => run.document.clone(),
        };
        let time = run.elapsed.map(show_duration).unwrap_or_default();
        let cells = [
            plain_mark(run.status),
            &short(&run.run),
            &when(run.at),
            &sanitize::line(&document),
            run.word(),
            &time,
            &run.counts(),
        ];
        table.row(&cells, |column, cell| match column {
            0 => mark(run.status, paint),
            1 => paint.bold(cell),
            2 | 5 | 6 => paint.dim(cell),
            4 => colored(run.status, cell, paint),
            _ => cell.to_owned(),
        });
    }
    table.render(style.width)
}

/// `2026-11-23 04:51`.
pub(super) fn when(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M").to_string()
}

/// A word in the colour of how a run ended.
pub(super) fn colored(status: Option<Status>, word: &str, paint: Paint) -> String {
    match status {
        Some(Status::Passed) => paint.green(word),
        Some(Status::Failed) => paint.red(word),
        _ => paint.yellow(word),
    }
}

pub(super) fn mark(status: Option<Status>, paint: Paint) -> String {
    match status {
        Some(status) => layout::mark(status, paint),
        None => paint.yellow(plain_mark(None)),
    }
}

/// A mark without its colour, to be measured.
pub(super) const fn plain_mark(status: Option<Status>) -> &'static str {
    match status {
        Some(Status::Passed) => "✓",
        Some(Status::Failed) => "✗",
        Some(Status::Refused) => "■",
        Some(Status::Interrupted) => "‖",
        None => "…",
    }
}
