//! The end of a run: what did not pass, and what to do next.

use std::fmt::Write as _;
use std::time::Duration;

use super::columns::{cut, wrap};
use super::evidence::Evidence;
use super::paint::Paint;
use super::tally::base;
use super::{Style, sanitize};
use crate::diagnostic::count;
use crate::event::{RunStarted, Status, Stream};
use crate::value::show_duration;

/// How many steps that did not pass are shown in full.
const BLOCKS: usize = 20;

/// What the end of a run will say.
#[derive(Default)]
pub(super) struct Summary {
    run: String,
    document: String,
    pub(super) skipped: usize,
    passed: usize,
    /// How many failed and don't count.
    forgiven: usize,
    ended: Vec<Ended>,
    /// The step whose lines were printed last.
    last: Option<String>,
}

/// A step that did not pass.
pub(super) struct Ended {
    pub(super) step: String,
    pub(super) status: Status,
    pub(super) line: Option<usize>,
    pub(super) why: Option<String>,
    pub(super) evidence: Evidence,
    pub(super) tail: Vec<(Stream, String)>,
}

impl Summary {
    pub(super) fn of(head: &RunStarted) -> Self {
        let failed = head.resumes.as_ref().map_or(0, |it| it.failed.len());
        Self {
            run: head.run.clone(),
            document: head.document.clone(),
            passed: super::resumed::ended(head).count().saturating_sub(failed),
            forgiven: failed,
            ..Self::default()
        }
    }

    pub(super) fn document(&self) -> &str {
        &self.document
    }

    pub(super) fn ended(&mut self, ended: Ended) {
        if ended.status == Status::Passed {
            self.passed += 1;
        } else {
            self.ended.push(ended);
        }
    }

    /// Counts a service out that was ready and ends after all.
    pub(super) fn fell(&mut self) {
        self.passed = self.passed.saturating_sub(1);
    }

    /// Leaves out the steps that failed and don't count; `counted` are those that do, and where
    /// it is empty the record of a failed run does not tell.
    pub(super) fn forgive(&mut self, status: Status, counted: &[String]) {
        if counted.is_empty() && status != Status::Refused {
            return;
        }
        let before = self.ended.len();
        self.ended.retain(|ended| {
            ended.status != Status::Failed
                || counted
                    .iter()
                    .any(|step| *step == ended.step || *step == base(&ended.step))
        });
        self.forgiven += before - self.ended.len();
    }

    /// Remembers whose lines were printed last: what stands right above is not said again.
    pub(super) fn printed(&mut self, step: Option<&str>) {
        self.last = step.map(ToOwned::to_owned);
    }

    /// Writes the end of a run.
    pub(super) fn close(
        &self,
        style: Style,
        status: Status,
        exit: u8,
        reason: Option<&str>,
        elapsed: Duration,
        out: &mut String,
    ) {
        let paint = Paint { color: style.color };
        if status != Status::Passed {
            self.blocks(style, out);
        }
        let word = match status {
            Status::Passed => paint.bold_green("passed"),
            Status::Failed => paint.bold_red("failed"),
            Status::Refused | Status::Interrupted => paint.bold_yellow(status.word()),
        };
        let rest = self.counts(status, reason, elapsed);
        let room = style.width.saturating_sub(status.word().len() + 2);
        let indent = " ".repeat(status.word().len() + 2);
        for (index, piece) in wrap(&rest, room).iter().enumerate() {
            let lead = if index == 0 {
                format!("{word}  ")
            } else {
                indent.clone()
            };
            push(out, &format!("{lead}{piece}"));
        }
        if status != Status::Passed {
            let next = format!("runbook show {}", super::short(&self.run));
            let meaning = format!("exit status {exit}: {}", meaning(exit));
            for piece in wrap(&format!("{next} · {meaning}"), room) {
                push(out, &format!("{indent}{}", paint.dim(&piece)));
            }
        }
    }

    /// Writes that the record ends before the run does.
    pub(super) fn unfinished(style: Style, seq: u64, running: &[&str], out: &mut String) {
        let paint = Paint { color: style.color };
        let mut text = format!("the record ends at entry {seq}");
        if !running.is_empty() {
            let running = sanitize::line(&running.join(", ")).into_owned();
            let _ = write!(text, " while {running} ran");
        }
        for (index, piece) in wrap(&text, style.width.saturating_sub(12))
            .iter()
            .enumerate()
        {
            let lead = if index == 0 {
                paint.bold_yellow("unfinished")
            } else {
                " ".repeat(10)
            };
            push(out, &format!("{lead}  {piece}"));
        }
    }

    fn blocks(&self, style: Style, out: &mut String) {
        let paint = Paint { color: style.color };
        for ended in self.ended.iter().take(BLOCKS) {
            // A lone step whose lines stand right above needs no second showing.
            if self.last.as_deref() == Some(&ended.step) && self.ended.len() == 1 {
                continue;
            }
            let mark = super::layout::mark(ended.status, paint);
            let place = match ended.line {
                Some(line) => format!("{}:{line}", self.document),
                None => self.document.clone(),
            };
            let step = sanitize::line(&ended.step).into_owned();
            let place = sanitize::line(&place).into_owned();
            let text = format!("{mark} {}  {}", paint.bold(&step), paint.dim(&place));
            push(out, &cut(&text, style.width));
            if let Some(why) = &ended.why {
                for piece in wrap(why, style.width.saturating_sub(4)) {
                    push(out, &format!("    {piece}"));
                }
            }
            ended.evidence.write(style, "    ", out);
            if ended.evidence.is_empty() && ended.status == Status::Failed {
                for (stream, text) in &ended.tail {
                    push(out, &output_line(style, *stream, text, "    "));
                }
            }
            out.push('\n');
        }
        if let Some(more) = self.ended.len().checked_sub(BLOCKS + 1) {
            push(out, &format!("… and {}", count(more + 1, "more step")));
            out.push('\n');
        }
    }

    /// `9 steps, 3 skipped, 41.2s`, or `1 of 12 steps failed: flip-auth (a.md:42), …`.
    fn counts(&self, status: Status, reason: Option<&str>, elapsed: Duration) -> String {
        let total = self.passed + self.forgiven + self.ended.len() + self.skipped;
        let mut parts = Vec::new();
        let of = |wanted: Status| self.ended.iter().filter(move |e| e.status == wanted);
        let number = of(status).count();
        if status == Status::Passed {
            parts.push(count(self.passed, "step"));
            let failed = of(Status::Failed).count();
            if failed > 0 {
                parts.push(format!("{failed} failed but handled"));
            }
        } else if number > 0 {
            let names: Vec<String> = of(status)
                .map(|ended| match ended.line {
                    Some(line) => format!("{} ({}:{line})", ended.step, self.file()),
                    None => ended.step.clone(),
                })
                .take(4)
                .collect();
            let more = if number > names.len() { ", …" } else { "" };
            parts.push(format!(
                "{number} of {} {}: {}{more}",
                count(total, "step"),
                status.word(),
                names.join(", ")
            ));
        } else {
            parts.push(reason.map_or_else(|| count(total, "step"), ToOwned::to_owned));
        }
        for other in [Status::Failed, Status::Refused, Status::Interrupted] {
            let number = of(other).count();
            if other != status && number > 0 && status != Status::Passed {
                parts.push(format!("{number} {}", other.word()));
            }
        }
        if self.forgiven > 0 {
            parts.push(format!("{} failed but handled", self.forgiven));
        }
        if self.skipped > 0 {
            parts.push(format!("{} skipped", self.skipped));
        }
        parts.push(show_duration(elapsed));
        sanitize::line(&parts.join(", ")).into_owned()
    }

    fn file(&self) -> &str {
        self.document.rsplit('/').next().unwrap_or(&self.document)
    }
}

/// A line of output behind its bar; standard error has another one.
pub(super) fn output_line(style: Style, stream: Stream, text: &str, indent: &str) -> String {
    let paint = Paint { color: style.color };
    let room = match style.width {
        0 => 0,
        width => width.saturating_sub(indent.len() + 2).max(1),
    };
    let text = sanitize::line(text);
    let text = cut(&text, room);
    let text = match stream {
        Stream::Stdout => paint.dim(&text),
        Stream::Stderr => text.into_owned(),
    };
    format!("{indent}{} {text}", bar(paint, stream))
}

/// The bar before a line of output.
pub(super) fn bar(paint: Paint, stream: Stream) -> String {
    match stream {
        Stream::Stdout => paint.dim("│"),
        Stream::Stderr => paint.red("┃"),
    }
}

/// What an exit status says.
pub(super) const fn meaning(exit: u8) -> &'static str {
    match exit {
        0 => "all passed",
        1 => "a step or an assertion failed",
        2 => "the document or the command line is wrong",
        3 => "a guard, a denied approval or a missing answer",
        4 => "the journal can't be kept",
        5 => "a bug of runbook's own",
        130 => "ended by Ctrl-C",
        143 => "ended by TERM",
        _ => "ended by a signal",
    }
}

fn push(out: &mut String, text: &str) {
    out.push_str(text.trim_end());
    out.push('\n');
}
