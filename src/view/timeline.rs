//! The fold of entries into settled lines: pure, so that a replay prints what the run printed.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;
use std::time::Duration;

use super::columns::{self, cut, fit, right, wrap};
use super::evidence::{Assertion, Evidence};
use super::held::{Held, text_of};
use super::paint::Paint;
use super::summary::{Ended, Summary};
use super::{Shown, Style, sanitize};
use crate::event::{Event, RunStarted, Status, StepHead, Stream};
use crate::journal::Entry;
use crate::secret::CleanValue;
use crate::value::show_duration;

/// How many notes of a step are kept until it ends.
const NOTES: usize = 20;

/// What is known of a run so far, and how it is laid out.
pub(super) struct Timeline {
    style: Style,
    paint: Paint,
    heads: HashMap<String, StepHead>,
    widths: Widths,
    natural: Widths,
    /// Steps that run, in the order in which they started.
    running: Vec<Active>,
    /// How far each step is; instances of `each` stand under their own names.
    known: BTreeMap<String, bool>,
    summary: Summary,
    seq: u64,
    open: bool,
}

/// The widths of the columns of settled lines.
#[derive(Clone, Copy, Default)]
struct Widths {
    id: usize,
    title: usize,
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
            style,
            paint: Paint { color: style.color },
            heads: HashMap::new(),
            widths: Widths::default(),
            natural: Widths::default(),
            running: Vec::new(),
            known: BTreeMap::new(),
            summary: Summary::default(),
            seq: 0,
            open: false,
        }
    }

    /// Lays out what comes now for another width.
    pub(super) fn resize(&mut self, width: usize) {
        self.style.width = width;
        self.widths = self.natural.within(width);
    }

    /// How many steps are done, of how many.
    pub(super) fn progress(&self) -> (usize, usize) {
        let done = self.known.values().filter(|done| **done).count();
        (done, self.known.len())
    }

    /// Forgets what was printed last, for a reader who did not see it.
    pub(super) fn apart(&mut self) {
        self.summary.printed(None);
    }

    /// How wide the column of names is.
    pub(super) fn name_width(&self) -> usize {
        self.widths.id
    }

    /// The title of a step, made safe.
    pub(super) fn title(&self, step: &str) -> String {
        self.head(step)
            .map(|head| sanitize::line(head.title.as_str()).into_owned())
            .unwrap_or_default()
    }

    /// Takes the next entry and gives the lines that it settles.
    pub(super) fn take(&mut self, entry: &Entry) -> String {
        self.seq = entry.seq;
        let mut out = String::new();
        match &entry.event {
            Event::RunStarted(head) => self.begin(head, &mut out),
            Event::StepStarted {
                step,
                attempt,
                command: _,
            } => self.start(step, *attempt, &mut out),
            Event::Output { step, stream, text } => {
                self.output(step, *stream, &text_of(text), &mut out);
            }
            Event::Called {
                step,
                function,
                request,
                ..
            } if self.style.output == Shown::Full => {
                let text = format!("→ {function} {request}");
                self.aside(step, &self.paint.dim(&sanitize::line(&text)), &mut out);
            }
            Event::Called { .. } | Event::Captured { .. } => {}
            Event::Checked { step, held, .. } => {
                let assertion = Assertion::of(&entry.event);
                let active = self.active(step);
                active.checks += usize::from(*held);
                if !held {
                    active.assertion = assertion;
                }
            }
            Event::Asked { step, question } if !self.style.live => {
                let text = format!("{step}: {question}");
                self.marked(&self.paint.cyan("?"), &text, &mut out);
            }
            Event::Answered { step, answer, by } if !self.style.live || by.starts_with("--") => {
                let text = format!("{step}: {answer} (by {by})");
                self.marked(&self.paint.cyan("→"), &text, &mut out);
            }
            Event::Asked { .. } | Event::Answered { .. } => {}
            Event::StepFinished { .. } => self.finish(&entry.event, &mut out),
            Event::StepSkipped { step, reason } => {
                self.known(step, true);
                self.running.retain(|active| active.step != *step);
                self.summary.skipped += 1;
                let text = format!("skipped: {}", sanitize::line(reason.as_str()));
                let mark = self.paint.dim("↷");
                self.settled(&mark, step, None, &[], &text, &mut out);
                self.summary.printed(None);
            }
            Event::Noted { step, text } => self.note(step.as_deref(), text.as_str(), &mut out),
            Event::RunFinished {
                status,
                exit,
                reason,
                elapsed_ms,
            } => {
                self.open = false;
                let reason = reason.as_ref().map(|reason| reason.as_str());
                let elapsed = Duration::from_millis(*elapsed_ms);
                self.summary
                    .close(self.style, *status, *exit, reason, elapsed, &mut out);
            }
        }
        out
    }

    /// Says so where the entries end before the run does.
    pub(super) fn end(&mut self) -> String {
        let mut out = String::new();
        if std::mem::take(&mut self.open) {
            let running: Vec<&str> = self.running.iter().map(|a| a.step.as_str()).collect();
            self.summary
                .unfinished(self.style, self.seq, &running, &mut out);
        }
        out
    }

    fn begin(&mut self, head: &RunStarted, out: &mut String) {
        self.open = true;
        for step in &head.steps {
            self.natural.id = self.natural.id.max(columns::width(&step.id));
            let title = columns::width(&sanitize::line(step.title.as_str()));
            self.natural.title = self.natural.title.max(title);
            self.known.insert(step.id.clone(), false);
            self.heads.insert(step.id.clone(), step.clone());
        }
        self.resize(self.style.width);
        self.summary = Summary::of(head);
        let width = self.style.width;
        let title = sanitize::line(head.title.as_str());
        line(out, &self.paint.bold(&cut(&title, width)));
        let mut place = format!("{} · run {}", head.document, super::short(&head.run));
        if let Some(target) = &head.target {
            let _ = write!(place, " · target {target}");
        }
        line(out, &self.paint.dim(&cut(&sanitize::line(&place), width)));
        let inputs: Vec<String> = head
            .inputs
            .iter()
            .map(|(name, value)| format!("{name}={}", cut(&sanitize::line(&shown(value)), 48)))
            .collect();
        if !inputs.is_empty() {
            self.indented(&inputs.join(" "), |text| self.paint.cyan(text), out);
        }
        for removed in &head.removed {
            let text = format!("removed {}: {}", removed.name, removed.reason);
            self.indented(
                &sanitize::line(&text),
                |text| self.paint.yellow(text),
                out,
            );
        }
        out.push('\n');
    }

    fn start(&mut self, step: &str, attempt: u32, out: &mut String) {
        self.known(step, false);
        let again = self.running.iter().any(|active| active.step == step);
        let active = self.active(step);
        if again {
            // The journal has the output of the attempts before.
            active.held.clear();
            active.checks = 0;
            active.assertion = None;
        }
        if self.style.output == Shown::Full {
            let what = if attempt > 1 {
                format!("attempt {attempt}")
            } else {
                String::new()
            };
            let mark = self.paint.dim("▸");
            self.settled(&mark, step, None, &[], &what, out);
            self.summary.printed(None);
        }
    }

    fn output(&mut self, step: &str, stream: Stream, text: &str, out: &mut String) {
        self.active(step).held.push(stream, text);
        if self.style.output != Shown::Full {
            return;
        }
        let bar = self.bar(stream);
        for text in sanitize::lines(text) {
            self.aside(step, &format!("{bar} {text}"), out);
        }
    }

    /// A line of a step that runs, named where several do.
    fn aside(&self, step: &str, text: &str, out: &mut String) {
        if self.running.len() > 1 {
            let id = fit(step, self.widths.id.max(8));
            line(out, &format!("  {} {text}", self.paint.dim(&id)));
        } else {
            line(out, &format!("  {text}"));
        }
    }

    fn note(&mut self, step: Option<&str>, text: &str, out: &mut String) {
        let now = self.style.output == Shown::Full;
        match step {
            Some(step) if !now && self.running.iter().any(|a| a.step == step) => {
                let active = self.active(step);
                if active.notes.len() < NOTES {
                    active.notes.push(text.to_owned());
                } else {
                    active.unseen += 1;
                }
            }
            Some(step) if self.running.len() > 1 => {
                self.marked(&self.paint.cyan("·"), &format!("{step}: {text}"), out);
            }
            _ => self.marked(&self.paint.cyan("·"), text, out),
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
        self.known(step, true);
        let active = match self.running.iter().position(|a| a.step == *step) {
            Some(at) => self.running.remove(at),
            None => Active::default(),
        };
        let mut extras = Vec::new();
        if *attempts > 1 {
            extras.push(format!("{attempts} attempts"));
        }
        if status == Status::Passed && active.checks > 0 {
            extras.push(crate::diagnostic::count(active.checks, "check"));
        }
        let reason = reason.as_ref().map(|reason| sanitize::line(reason.as_str()));
        let mut why = match status {
            Status::Passed => String::new(),
            _ => status.word().to_owned(),
        };
        if let Some(reason) = reason.as_deref().filter(|reason| !reason.is_empty()) {
            let separator = if why.is_empty() { "" } else { ": " };
            let _ = write!(why, "{separator}{reason}");
        }
        let assertion = active.assertion.filter(|_| status != Status::Passed);
        let place = match &assertion {
            Some(assertion) => Some(assertion.line),
            None => self.head(step).map(|head| head.line),
        };
        if let Some(number) = place.filter(|_| status == Status::Failed) {
            let _ = write!(why, " (line {number})");
        }
        let mark = mark(status, self.paint);
        let elapsed = Some(Duration::from_millis(*elapsed_ms));
        self.settled(&mark, step, elapsed, &extras, &why, out);
        for note in &active.notes {
            self.marked(&self.paint.cyan("·"), note, out);
        }
        if active.unseen > 0 {
            let text = format!("… {} more notes", active.unseen);
            self.marked(&self.paint.cyan("·"), &text, out);
        }
        if self.style.output == Shown::Short {
            for part in active.held.parts() {
                line(out, &self.held_line(&part));
            }
        }
        let evidence = Evidence {
            assertion,
            reason: reason.as_deref().unwrap_or_default().to_owned(),
            detail: detail.as_ref().map(|detail| detail.as_str().to_owned()),
            document: self.summary.document().to_owned(),
        };
        evidence.write(self.style, "    ", out);
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

    fn held_line(&self, part: &super::held::Part<'_>) -> String {
        match part {
            super::held::Part::Line(stream, text) => {
                super::summary::output_line(self.style, *stream, text, "  ")
            }
            super::held::Part::Omitted(count) => {
                let lines = crate::diagnostic::count(*count, "more line");
                self.paint.dim(&format!("  ┆ … {lines}"))
            }
        }
    }

    fn bar(&self, stream: Stream) -> String {
        super::summary::bar(self.paint, stream)
    }

    /// A settled line: mark, name, title, time, and what else is to be said, beside or below.
    fn settled(
        &self,
        mark: &str,
        step: &str,
        elapsed: Option<Duration>,
        extras: &[String],
        why: &str,
        out: &mut String,
    ) {
        let Widths { id, title } = self.widths;
        let name = sanitize::line(step);
        let mut text = fit(&name, id.max(columns::width(&name).min(id + 4)));
        if title > 0 {
            let shown = fit(&self.title(step), title);
            let _ = write!(text, "  {}", self.paint.dim(&shown));
        }
        if let Some(elapsed) = elapsed {
            let time = right(&show_duration(elapsed), 7);
            let _ = write!(text, "  {}", self.paint.dim(&time));
        }
        for extra in extras {
            let _ = write!(text, "  {}", self.paint.dim(extra));
        }
        let padded = format!("{mark} {text}");
        let text = padded.trim_end();
        let width = self.style.width;
        if why.is_empty() {
            return line(out, &cut(text, width));
        }
        let room = width.saturating_sub(2 + columns::width(why));
        let paint = |why: &str| {
            if elapsed.is_some() {
                why.to_owned()
            } else {
                self.paint.dim(why)
            }
        };
        if width == 0 || columns::width(&padded) <= room {
            line(out, &format!("{padded}  {}", paint(why)));
        } else if columns::width(text) <= room {
            line(out, &format!("{text}  {}", paint(why)));
        } else {
            line(out, &cut(text, width));
            for piece in wrap(why, width.saturating_sub(4).max(1)) {
                line(out, &format!("    {}", paint(&piece)));
            }
        }
    }

    /// A line under a mark of its own, wrapped; the text is made safe here.
    fn marked(&self, mark: &str, text: &str, out: &mut String) {
        let room = self.style.width.saturating_sub(4);
        let mut first = true;
        for text in sanitize::lines(text) {
            for piece in wrap(&text, room) {
                let lead = if first { mark } else { " " };
                line(out, &format!("  {lead} {piece}"));
                first = false;
            }
        }
    }

    fn indented(&self, text: &str, paint: impl Fn(&str) -> String, out: &mut String) {
        for piece in wrap(text, self.style.width.saturating_sub(2)) {
            line(out, &format!("  {}", paint(&piece)));
        }
    }

    fn active(&mut self, step: &str) -> &mut Active {
        let at = match self.running.iter().position(|a| a.step == step) {
            Some(at) => at,
            None => {
                self.running.push(Active {
                    step: step.to_owned(),
                    ..Active::default()
                });
                self.running.len() - 1
            }
        };
        &mut self.running[at]
    }

    /// Counts a step; the instances of a step stand in its place.
    fn known(&mut self, step: &str, done: bool) {
        let base = base(step);
        if base != step {
            self.known.remove(base);
        } else if self
            .known
            .range(format!("{step}[")..)
            .next()
            .is_some_and(|(name, _)| self::base(name) == step)
        {
            return;
        }
        let entry = self.known.entry(step.to_owned()).or_default();
        *entry |= done;
    }

    fn head(&self, step: &str) -> Option<&StepHead> {
        self.heads.get(step).or_else(|| self.heads.get(base(step)))
    }
}

impl Widths {
    /// The columns that fit a terminal: a title that would be a stump is left out.
    fn within(self, width: usize) -> Self {
        if width == 0 {
            return self;
        }
        let id = self.id.min((width / 3).max(8));
        // Mark, gaps and a time such as `12m 05s` around both.
        let room = width.saturating_sub(id + 13);
        let title = self.title.min(room).min((width * 2 / 5).max(8));
        Self {
            id,
            title: if room < 8 { 0 } else { title },
        }
    }
}

/// The step that an instance of `each` stands for: `a` for `a[2]`.
fn base(step: &str) -> &str {
    match step.strip_suffix(']').and_then(|open| open.rsplit_once('[')) {
        Some((base, index)) if index.bytes().all(|byte| byte.is_ascii_digit()) => base,
        _ => step,
    }
}

/// The mark of a status.
pub(super) fn mark(status: Status, paint: Paint) -> String {
    match status {
        Status::Passed => paint.green("✓"),
        Status::Failed => paint.red("✗"),
        Status::Refused => paint.yellow("■"),
        Status::Interrupted => paint.yellow("‖"),
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

fn line(out: &mut String, text: &str) {
    out.push_str(text.trim_end());
    out.push('\n');
}
