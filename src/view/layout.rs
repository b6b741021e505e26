//! Where things stand on a line: the columns of settled lines, wrapping under marks.

use std::fmt::Write as _;
use std::time::Duration;

use super::columns::{self, cut, fit, right, wrap};
use super::paint::Paint;
use super::{Style, sanitize};
use crate::event::Status;
use crate::value::show_duration;

/// Lays out the lines of a run.
pub(super) struct Layout {
    pub(super) style: Style,
    pub(super) paint: Paint,
    widths: Widths,
    natural: Widths,
}

/// The widths of the columns of settled lines.
#[derive(Clone, Copy, Default)]
struct Widths {
    id: usize,
    title: usize,
}

/// A line that stays: how a step ended.
#[derive(Default)]
pub(super) struct Settled<'a> {
    /// Painted; one column wide.
    pub(super) mark: &'a str,
    pub(super) step: &'a str,
    /// Made safe.
    pub(super) title: &'a str,
    pub(super) elapsed: Option<Duration>,
    pub(super) extras: &'a [String],
    /// Made safe; beside the rest or below it.
    pub(super) why: &'a str,
}

impl Layout {
    pub(super) fn new(style: Style) -> Self {
        Self {
            style,
            paint: Paint { color: style.color },
            widths: Widths::default(),
            natural: Widths::default(),
        }
    }

    /// Lays out what comes now for another width.
    pub(super) fn resize(&mut self, width: usize) {
        self.style.width = width;
        self.widths = self.natural.within(width);
    }

    /// Makes room for a step's name and title.
    pub(super) fn admit(&mut self, step: &str, title: &str) {
        let id = columns::width(&sanitize::line(step));
        self.natural.id = self.natural.id.max(id);
        let title = columns::width(&sanitize::line(title));
        self.natural.title = self.natural.title.max(title);
        self.widths = self.natural.within(self.style.width);
    }

    /// How wide the column of names is.
    pub(super) fn name_width(&self) -> usize {
        self.widths.id
    }

    /// A settled line: mark, name, title, time, and what else is to be said, beside or below.
    pub(super) fn settled(&self, settled: &Settled<'_>, out: &mut String) {
        let Settled {
            mark,
            step,
            title: heading,
            elapsed,
            extras,
            why,
        } = *settled;
        let Widths { id, title } = self.widths;
        let name = sanitize::line(step);
        let mut text = fit(&name, id);
        if title > 0 {
            let shown = fit(heading, title);
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
    pub(super) fn marked(&self, mark: &str, text: &str, out: &mut String) {
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

    pub(super) fn indented(&self, text: &str, paint: impl Fn(&str) -> String, out: &mut String) {
        for piece in wrap(text, self.style.width.saturating_sub(2)) {
            line(out, &format!("  {}", paint(&piece)));
        }
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

/// The mark of a status.
pub(super) fn mark(status: Status, paint: Paint) -> String {
    match status {
        Status::Passed => paint.green("✓"),
        Status::Failed => paint.red("✗"),
        Status::Refused => paint.yellow("■"),
        Status::Interrupted => paint.yellow("‖"),
    }
}

/// Appends a line.
pub(super) fn line(out: &mut String, text: &str) {
    out.push_str(text.trim_end());
    out.push('\n');
}
