//! What moves while a run runs: a line for each running step, and one for the whole.

use std::fmt::Write as _;
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};

use super::paint::Paint;
use super::{columns, sanitize};

/// How many running steps have a line of their own.
const VISIBLE: usize = 8;
/// The widest name of a step that is shown whole.
const NAME: usize = 28;
const TICK: Duration = Duration::from_millis(100);
const FRAMES: [&str; 11] = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏", " "];

/// The bars of one run.
pub(super) struct Bars {
    multi: MultiProgress,
    paint: Paint,
    running: Vec<Bar>,
    /// `… and 4 more`, while there are.
    more: Option<ProgressBar>,
    whole: ProgressBar,
}

struct Bar {
    step: String,
    line: ProgressBar,
    visible: bool,
}

impl Bars {
    pub(super) fn new(multi: MultiProgress, paint: Paint) -> Self {
        let whole = multi.add(hidden(style(paint, "{msg}{clock}", false)));
        whole.enable_steady_tick(TICK);
        Self {
            multi,
            paint,
            running: Vec::new(),
            more: None,
            whole,
        }
    }

    /// A step begins; its time counts from now.
    ///
    /// `name` is how wide the names of its neighbours are.
    pub(super) fn begin(&mut self, step: &str, name: usize, title: &str) {
        if self.running.iter().any(|bar| bar.step == step) {
            return self.say(step, "another attempt");
        }
        let line = hidden(style(
            self.paint,
            "{spinner} {clock}  {prefix}  {wide_msg}",
            true,
        ));
        let shown = sanitize::line(step);
        let name = name.max(columns::width(&shown)).min(NAME);
        line.set_prefix(columns::fit(&shown, name));
        line.set_message(self.paint.dim(title));
        self.running.push(Bar {
            step: step.to_owned(),
            line,
            visible: false,
        });
        self.arrange();
    }

    /// A step said something.
    pub(super) fn say(&self, step: &str, text: &str) {
        if let Some(bar) = self.running.iter().find(|bar| bar.step == step) {
            bar.line.set_message(self.paint.dim(text));
        }
    }

    /// A step ended.
    pub(super) fn end(&mut self, step: &str) {
        if let Some(at) = self.running.iter().position(|bar| bar.step == step) {
            let bar = self.running.remove(at);
            bar.line.disable_steady_tick();
            self.multi.remove(&bar.line);
            self.arrange();
        }
    }

    /// Says how far the run is.
    pub(super) fn count(&self, done: usize, total: usize) {
        let text = format!("  {done}/{total} steps · {} running · ", self.running.len());
        self.whole.set_message(self.paint.dim(&text));
    }

    /// Takes all bars away.
    pub(super) fn close(&mut self) {
        for bar in self.running.drain(..) {
            bar.line.disable_steady_tick();
            self.multi.remove(&bar.line);
        }
        if let Some(more) = self.more.take() {
            self.multi.remove(&more);
        }
        self.whole.disable_steady_tick();
        self.multi.remove(&self.whole);
        // What can't be cleared is not there: the target swallows errors.
        drop(self.multi.clear());
    }

    /// Gives the first running steps a line each, and the others one together.
    fn arrange(&mut self) {
        let below = self.more.as_ref().unwrap_or(&self.whole);
        for bar in self.running.iter_mut().take(VISIBLE) {
            if !bar.visible {
                bar.visible = true;
                bar.line = self.multi.insert_before(below, bar.line.clone());
                bar.line.enable_steady_tick(TICK);
            }
        }
        let others = self.running.len().saturating_sub(VISIBLE);
        match (&self.more, others) {
            (Some(more), 0) => {
                self.multi.remove(more);
                self.more = None;
            }
            (None, 1..) => {
                let more = hidden(style(self.paint, "{msg}", false));
                self.more = Some(self.multi.insert_before(&self.whole, more));
            }
            _ => {}
        }
        if let Some(more) = &self.more {
            more.set_message(self.paint.dim(&format!("  … and {others} more")));
        }
    }
}

fn hidden(style: ProgressStyle) -> ProgressBar {
    ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden()).with_style(style)
}

/// A style; colours stand in its parts, since indicatif's own ask the process whether it has any.
fn style(paint: Paint, template: &str, padded: bool) -> ProgressStyle {
    let frames = FRAMES.map(|frame| paint.cyan(frame));
    let frames: Vec<&str> = frames.iter().map(String::as_str).collect();
    ProgressStyle::with_template(template)
        .unwrap_or_else(|_| ProgressStyle::default_spinner())
        .tick_strings(&frames)
        .with_key(
            "clock",
            move |state: &ProgressState, out: &mut dyn std::fmt::Write| {
                let mut text = clock(state.elapsed());
                if padded {
                    text = columns::right(&text, 5);
                }
                out.write_str(&paint.dim(&text))
                    .expect("writing to a string does not fail");
            },
        )
}

/// `12s`, `1:05`, `2:00:09`.
fn clock(elapsed: Duration) -> String {
    let seconds = elapsed.as_secs();
    let (hours, minutes, rest) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    let mut text = String::new();
    let written = match (hours, minutes) {
        (0, 0) => write!(text, "{rest}s"),
        (0, _) => write!(text, "{minutes}:{rest:02}"),
        _ => write!(text, "{hours}:{minutes:02}:{rest:02}"),
    };
    written.expect("writing to a string does not fail");
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clocks_are_short() {
        let case = |seconds, expected: &str| {
            assert_eq!(clock(Duration::from_secs(seconds)), expected);
        };
        case(0, "0s");
        case(59, "59s");
        case(65, "1:05");
        case(7209, "2:00:09");
    }
}
