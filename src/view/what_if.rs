//! What another page would have done in a recorded run.

use std::fmt::Write as _;

use super::columns::cut;
use super::paint::Paint;
use super::{Style, sanitize};
use crate::event::Status;
use crate::recording::{Check, Comparison, Difference, Missing, Recording};
use crate::value::show_duration;

/// A page that was gone through against a recording.
#[derive(Clone, Copy, Debug)]
pub struct WhatIf<'a> {
    /// The recorded run.
    pub recorded: &'a Recording,
    /// The run of now.
    pub now: &'a Recording,
    /// How the two stand to each other.
    pub comparison: &'a Comparison,
    /// What the recording could not answer.
    pub missing: &'a [Missing],
}

/// How many places are told of each kind.
const MOST: usize = 20;

/// Tells where the paths part, which assertions changed, and what can't be answered.
#[must_use]
pub fn what_if(what: &WhatIf<'_>, style: Style) -> String {
    let mut page = Page {
        out: String::new(),
        paint: Paint { color: style.color },
        width: style.width,
        document: what.now.head.document.as_str(),
    };
    page.head(what);
    page.path(what);
    let comparison = what.comparison;
    page.checks("assertions that fail now", &comparison.broken, false);
    page.checks("assertions that hold now", &comparison.mended, true);
    page.checks("new assertions that hold", &comparison.added, true);
    page.missing(what.missing);
    page.out
}

struct Page<'a> {
    out: String,
    paint: Paint,
    width: usize,
    document: &'a str,
}

impl Page<'_> {
    fn line(&mut self, text: &str) {
        let safe = sanitize::line(text);
        let text = cut(&safe, self.width);
        self.out.push_str(&text);
        self.out.push('\n');
    }

    fn title(&mut self, text: &str) {
        let text = self.paint.bold(&cut(text, self.width));
        let _ = writeln!(self.out, "\n{text}");
    }

    fn head(&mut self, what: &WhatIf<'_>) {
        let head = &what.recorded.head;
        let ended = what
            .recorded
            .end
            .as_ref()
            .map_or("did not come to its end", |end| match end.status {
                Status::Passed => "passed",
                Status::Failed => "failed",
                Status::Refused => "was refused",
                Status::Interrupted => "was interrupted",
            });
        let text = format!(
            "{} against run {} of {}, which {ended} after {}",
            self.document,
            super::short(&head.run),
            what.recorded.began.strftime("%Y-%m-%d %H:%M UTC"),
            show_duration(what.recorded.since(what.recorded.last)),
        );
        self.line(&text);
        let note = "everything outside is answered by the recording; nothing was started";
        let note = self.paint.dim(&cut(note, self.width));
        let _ = writeln!(self.out, "{note}");
    }

    fn path(&mut self, what: &WhatIf<'_>) {
        let comparison = what.comparison;
        let Some(first) = comparison.differences.first() else {
            let steps = what.now.steps().filter(|step| step.end.is_some()).count();
            let checks: usize = what.now.steps().map(|step| step.checks.len()).sum();
            self.title("the path is the recorded one");
            let text = format!(
                "  {} ran, {} were checked",
                crate::diagnostic::count(steps, "step"),
                crate::diagnostic::count(checks, "assertion"),
            );
            self.line(&text);
            return;
        };
        self.title(&format!(
            "the path leaves the recorded one at `{}`{}",
            sanitize::line(&first.step),
            self.place(first.line)
        ));
        self.verdicts(first);
        if let Some((step, earlier)) = &comparison.stopped {
            let unknown = what.missing.iter().any(|missing| missing.step == *step);
            let text = if unknown {
                format!("  what comes after `{step}` can't be told from this recording")
            } else if earlier.as_millis() == 0 {
                format!("  today's runbook would have stopped at step `{step}`")
            } else {
                format!(
                    "  today's runbook would have stopped at step `{step}`, {} earlier",
                    show_duration(*earlier)
                )
            };
            self.line(&text);
        }
        let more = comparison.differences.get(1..).unwrap_or_default();
        if !more.is_empty() {
            self.title("then");
        }
        for difference in more.iter().take(MOST) {
            let text = format!(
                "  {}: {}, in the recording {}",
                difference.step,
                difference.now.word(),
                difference.recorded.word()
            );
            self.line(&text);
        }
        self.rest(more.len());
    }

    fn verdicts(&mut self, difference: &Difference) {
        for (name, verdict) in [("recorded", &difference.recorded), ("now", &difference.now)] {
            let why = verdict
                .reason()
                .map_or_else(String::new, |why| format!(": {why}"));
            self.line(&format!("  {name:<9} {}{why}", verdict.word()));
        }
    }

    fn checks(&mut self, title: &str, checks: &[(String, Check)], held: bool) {
        if checks.is_empty() {
            return;
        }
        self.title(title);
        for (step, check) in checks.iter().take(MOST) {
            let mark = if held { "✓" } else { "✗" };
            let message = check
                .message
                .as_ref()
                .map_or_else(String::new, |message| format!("  {message}"));
            let text = format!(
                "  {mark} {step}{}  {}{message}",
                self.place(Some(check.line)),
                check.expression
            );
            self.line(&text);
            if !held {
                for part in &check.parts {
                    self.line(&format!("      {} = {}", part.code, part.value));
                }
            }
        }
        self.rest(checks.len());
    }

    fn missing(&mut self, missing: &[Missing]) {
        if missing.is_empty() {
            return;
        }
        self.title("the recording can't answer");
        for missing in missing.iter().take(MOST) {
            self.line(&format!("  {}: {}", missing.step, missing.reason));
            for line in missing.request.trim().lines().take(6) {
                self.line(&format!("      {line}"));
            }
        }
        self.rest(missing.len());
    }

    fn rest(&mut self, count: usize) {
        if count > MOST {
            self.line(&format!("  and {} more", count - MOST));
        }
    }

    fn place(&self, line: Option<usize>) -> String {
        line.map_or_else(String::new, |line| {
            format!(" ({}:{line})", sanitize::line(self.document))
        })
    }
}
