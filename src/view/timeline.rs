//! The fold of entries into settled lines: pure, so that a replay prints what the run printed.

mod head;

use std::collections::HashMap;
use std::fmt::Write as _;
use std::time::Duration;

use super::columns::fit;
use super::evidence::{Assertion, Evidence};
use super::held::Held;
use super::layout::{Layout, Settled, line, mark};
use super::summary::{Ended, Summary};
use super::tally::{Tally, base};
use super::{Shown, Style, sanitize};
use crate::event::{Event, Status, StepHead, Stream};
use crate::journal::Entry;
use crate::secret::{Clean, CleanValue};

/// How many notes of a step are kept until it ends.
const NOTES: usize = 20;

/// What is known of a run so far, and how it is laid out.
pub(super) struct Timeline {
    layout: Layout,
    heads: HashMap<String, StepHead>,
    /// Steps that run, in the order in which they started.
    running: Vec<Active>,
    /// What services wrote after they were ready.
    services: HashMap<String, Held>,
    tally: Tally,
    summary: Summary,
    seq: u64,
    open: bool,
    /// Whether an empty line was printed last.
    spaced: bool,
}

/// A step that runs.
#[derive(Default)]
struct Active {
    step: String,
    held: Held,
    notes: Vec<String>,
    unseen: usize,
    checks: usize,
    assertion: Option<Assertion>,
}

impl Timeline {
    pub(super) fn new(style: Style) -> Self {
        Self {
            layout: Layout::new(style),
            heads: HashMap::new(),
            running: Vec::new(),
            services: HashMap::new(),
            tally: Tally::default(),
            summary: Summary::default(),
            seq: 0,
            open: false,
            spaced: true,
        }
    }

    /// Lays out what comes now for another width.
    pub(super) fn resize(&mut self, width: usize) {
        self.layout.resize(width);
    }

    /// How many steps are done, of how many.
    pub(super) fn progress(&self) -> (usize, usize) {
        self.tally.progress()
    }

    /// Forgets what was printed last, for a reader who did not see it.
    pub(super) fn apart(&mut self) {
        self.summary.printed(None);
    }

    /// How wide the column of names is.
    pub(super) fn name_width(&self) -> usize {
        self.layout.name_width()
    }

    /// The title of a step, made safe.
    pub(super) fn title(&self, step: &str) -> String {
        self.head(step)
            .map(|head| sanitize::line(head.title.as_str()).into_owned())
            .unwrap_or_default()
    }

    /// What kind a step is: a shell's name, `rhai`, …
    pub(super) fn kind(&self, step: &str) -> &str {
        self.head(step).map_or("", |head| head.kind.as_str())
    }

    /// Takes the next entry and gives the lines that it settles.
    pub(super) fn take(&mut self, entry: &Entry) -> String {
        self.seq = entry.seq;
        let mut out = String::new();
        match &entry.event {
            Event::RunStarted(head) => self.begin(head, &mut out),
            Event::StepStarted { step, attempt, .. } => self.start(step, *attempt, &mut out),
            Event::Output {
                step,
                stream,
                skipped,
                text,
                ..
            } => {
                self.output(step, *stream, *skipped, &text.lossy(), &mut out);
            }
            Event::Called {
                step,
                function,
                request,
                ..
            } if self.layout.style.output == Shown::Full => {
                let text = format!("→ {function} {request}");
                self.aside(
                    step,
                    &self.layout.paint.dim(&sanitize::line(&text)),
                    &mut out,
                );
            }
            Event::Checked { step, held, .. } => {
                let assertion = Assertion::of(&entry.event);
                let active = self.active(step);
                active.checks += usize::from(*held);
                if !held {
                    active.assertion = assertion;
                }
            }
            Event::Asked { step, question, .. } if !self.layout.style.live => {
                let text = format!("{step}: {question}");
                self.layout
                    .marked(&self.layout.paint.cyan("?"), &text, &mut out);
            }
            Event::Answered { step, answer, by }
                if !self.layout.style.live || by.starts_with("--") =>
            {
                let text = format!("{step}: {answer} (by {by})");
                self.layout
                    .marked(&self.layout.paint.cyan("→"), &text, &mut out);
            }
            Event::OutputKept { .. }
            | Event::Called { .. }
            | Event::Captured { .. }
            | Event::Asked { .. }
            | Event::Answered { .. } => {}
            Event::StepFinished { .. } => self.finish(&entry.event, &mut out),
            Event::StepSkipped { step, reason } => {
                self.count(step, true);
                self.running.retain(|active| active.step != *step);
                self.summary.skipped += 1;
                let text = format!("skipped: {}", sanitize::line(reason.as_str()));
                let mark = self.layout.paint.dim("↷");
                self.mention(&mark, step, &text, &mut out);
                self.summary.printed(None);
            }
            Event::Noted {
                text, by: Some(by), ..
            } => {
                let text = format!("{text} (noted by {by})");
                self.layout
                    .marked(&self.layout.paint.cyan("·"), &text, &mut out);
            }
            Event::Noted {
                step,
                text,
                by: None,
            } => self.note(step.as_deref(), text.as_str(), &mut out),
            Event::RunFinished {
                status,
                exit,
                reason,
                failed,
                elapsed_ms,
            } => {
                self.summary.forgive(*status, failed);
                self.open = false;
                self.space(&mut out);
                let reason = reason.as_ref().map(Clean::as_str);
                let elapsed = Duration::from_millis(*elapsed_ms);
                self.summary
                    .close(self.layout.style, *status, *exit, reason, elapsed, &mut out);
            }
        }
        if !out.is_empty() {
            self.spaced = out.ends_with("\n\n");
        }
        out
    }

    /// Says so where the entries end before the run does.
    pub(super) fn end(&mut self) -> String {
        let mut out = String::new();
        if std::mem::take(&mut self.open) {
            let mark = self.layout.paint.yellow("…");
            for active in &self.running {
                self.mention(&mark, &active.step, "no end recorded", &mut out);
                self.written(active, true, &mut out);
            }
            self.spaced &= out.is_empty();
            self.space(&mut out);
            let running: Vec<&str> = self.running.iter().map(|a| a.step.as_str()).collect();
            Summary::unfinished(self.layout.style, self.seq, &running, &mut out);
        }
        out
    }

    fn space(&self, out: &mut String) {
        if !self.spaced {
            out.push('\n');
        }
    }

    fn start(&mut self, step: &str, attempt: u32, out: &mut String) {
        self.count(step, false);
        let again = self.running.iter().any(|active| active.step == step);
        let active = self.active(step);
        if again {
            // The journal has the output of the attempts before.
            active.held.clear();
            active.checks = 0;
            active.assertion = None;
        }
        if self.layout.style.output == Shown::Full {
            let what = if attempt > 1 {
                format!("attempt {attempt}")
            } else {
                String::new()
            };
            let mark = self.layout.paint.dim("▸");
            self.mention(&mark, step, &what, out);
            self.summary.printed(None);
        }
    }

    fn output(&mut self, step: &str, stream: Stream, skipped: u64, text: &str, out: &mut String) {
        // What a service writes later is shown where it fails; its line is settled.
        let settled = self.tally.is_done(step);
        let held = if settled {
            self.services.entry(step.to_owned()).or_default()
        } else {
            &mut self.active(step).held
        };
        held.push(stream, skipped, text);
        if self.layout.style.output != Shown::Full {
            return;
        }
        let bar = if settled {
            format!("{} {}", sanitize::line(step), self.bar(stream))
        } else {
            self.bar(stream)
        };
        if skipped > 0 {
            let left_out = format!("{bar} … {} left out", size(skipped));
            self.aside(step, &self.layout.paint.dim(&left_out), out);
        }
        for text in sanitize::lines(text) {
            self.aside(step, &format!("{bar} {text}"), out);
        }
    }

    /// A line of a step that runs, named where several do.
    fn aside(&self, step: &str, text: &str, out: &mut String) {
        if self.running.len() > 1 {
            let id = fit(&sanitize::line(step), self.layout.name_width().max(8));
            line(out, &format!("  {} {text}", self.layout.paint.dim(&id)));
        } else {
            line(out, &format!("  {text}"));
        }
    }

    fn note(&mut self, step: Option<&str>, text: &str, out: &mut String) {
        let now = self.layout.style.output == Shown::Full;
        match step {
            Some(step) if !now && self.running.iter().any(|a| a.step == step) => {
                let active = self.active(step);
                if active.notes.len() < NOTES {
                    active.notes.push(text.to_owned());
                } else {
                    active.unseen += 1;
                }
            }
            Some(step) if self.running.len() > 1 || self.tally.is_done(step) => {
                self.layout.marked(
                    &self.layout.paint.cyan("·"),
                    &format!("{step}: {text}"),
                    out,
                );
            }
            _ => self.layout.marked(&self.layout.paint.cyan("·"), text, out),
        }
    }

    fn finish(&mut self, event: &Event, out: &mut String) {
        let Event::StepFinished {
            step,
            status,
            reason,
            detail,
            code: _,
            attempts,
            elapsed_ms,
        } = event
        else {
            return;
        };
        let status = *status;
        let was_done = self.tally.is_done(step);
        self.count(step, true);
        let running = self.running.iter().position(|a| a.step == *step);
        let mut active = if let Some(at) = running {
            self.running.remove(at)
        } else {
            if was_done {
                self.summary.fell();
            }
            Active {
                held: self.services.remove(step).unwrap_or_default(),
                ..Active::default()
            }
        };
        let mut extras = Vec::new();
        if *attempts > 1 {
            extras.push(format!("{attempts} attempts"));
        }
        if status == Status::Passed && active.checks > 0 {
            extras.push(crate::diagnostic::count(active.checks, "check"));
        }
        let reason = reason
            .as_ref()
            .map(|reason| sanitize::line(reason.as_str().trim()));
        let mut why = match status {
            Status::Passed => String::new(),
            _ => status.word().to_owned(),
        };
        if let Some(reason) = reason.as_deref().filter(|reason| !reason.is_empty()) {
            let separator = if why.is_empty() { "" } else { ": " };
            let _ = write!(why, "{separator}{reason}");
        }
        let assertion = active.assertion.take();
        let assertion = assertion.filter(|_| status != Status::Passed);
        let place = match &assertion {
            Some(assertion) => Some(assertion.line),
            None => self.head(step).map(|head| head.line),
        };
        if let Some(number) = place.filter(|_| status == Status::Failed) {
            let _ = write!(why, " (line {number})");
        }
        let mark = mark(status, self.layout.paint);
        let elapsed = Some(Duration::from_millis(*elapsed_ms));
        let settled = Settled {
            mark: &mark,
            step,
            title: &self.title(step),
            elapsed,
            extras: &extras,
            why: &why,
        };
        self.layout.settled(&settled, out);
        // What a script read it has used; it says what is worth saying with `log`.
        let shown = status != Status::Passed || self.kind(step) != "rhai";
        self.written(&active, shown, out);
        let evidence = Evidence {
            assertion,
            reason: reason.as_deref().unwrap_or_default().to_owned(),
            detail: detail.as_ref().map(|detail| detail.as_str().to_owned()),
            document: self.summary.document().to_owned(),
        };
        evidence.write(self.layout.style, "    ", out);
        self.summary.ended(Ended {
            step: step.clone(),
            status,
            line: place,
            why: reason.map(std::borrow::Cow::into_owned),
            evidence,
            tail: active.held.tail(),
        });
        self.summary.printed(Some(step));
    }

    /// A settled line without a time.
    fn mention(&self, mark: &str, step: &str, why: &str, out: &mut String) {
        let settled = Settled {
            mark,
            step,
            title: &self.title(step),
            elapsed: None,
            extras: &[],
            why,
        };
        self.layout.settled(&settled, out);
    }

    /// What a step noted and, if that is shown, wrote, under its line.
    fn written(&self, active: &Active, shown: bool, out: &mut String) {
        for note in &active.notes {
            self.layout.marked(&self.layout.paint.cyan("·"), note, out);
        }
        if active.unseen > 0 {
            let text = format!("… {} more notes", active.unseen);
            self.layout.marked(&self.layout.paint.cyan("·"), &text, out);
        }
        if shown && self.layout.style.output == Shown::Short {
            for part in active.held.parts() {
                line(out, &self.held_line(&part));
            }
        }
    }

    fn held_line(&self, part: &super::held::Part<'_>) -> String {
        match part {
            super::held::Part::Line(stream, text) => {
                super::summary::output_line(self.layout.style, *stream, text, "  ")
            }
            super::held::Part::Omitted(_, bytes) if *bytes > 0 => {
                let left_out = format!("  ┆ … about {} more", size(*bytes));
                self.layout.paint.dim(&left_out)
            }
            super::held::Part::Omitted(count, _) => {
                let lines = crate::diagnostic::count(*count, "more line");
                self.layout.paint.dim(&format!("  ┆ … {lines}"))
            }
        }
    }

    fn bar(&self, stream: Stream) -> String {
        super::summary::bar(self.layout.paint, stream)
    }

    fn active(&mut self, step: &str) -> &mut Active {
        let found = self.running.iter().position(|a| a.step == step);
        let at = found.unwrap_or_else(|| {
            self.running.push(Active {
                step: step.to_owned(),
                ..Active::default()
            });
            self.running.len() - 1
        });
        &mut self.running[at]
    }

    fn count(&mut self, step: &str, done: bool) {
        if self.tally.count(step, done) {
            self.layout.admit(step, "");
        }
    }

    fn head(&self, step: &str) -> Option<&StepHead> {
        self.heads.get(step).or_else(|| self.heads.get(base(step)))
    }
}

/// A value as an operator would type it; texts with spaces stand in quotes.
pub(super) fn shown(value: &CleanValue) -> String {
    match value {
        CleanValue::Text(text) => {
            let text = text.as_str();
            if text.is_empty() || text.contains(char::is_whitespace) {
                format!("{text:?}")
            } else {
                text.to_owned()
            }
        }
        other => serde_json::to_string(other).unwrap_or_default(),
    }
}

/// A number of bytes for people.
fn size(bytes: u64) -> String {
    indicatif::DecimalBytes(bytes).to_string()
}
