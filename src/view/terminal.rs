//! A run on a terminal: a fold of its entries into lines, and bars while it is live.

use std::fmt;
use std::io::{self, Write};

use super::bars::Bars;
use super::paint::Paint;
use super::timeline::Timeline;
use super::{Screen, Style, held, sanitize};
use crate::event::Event;
use crate::journal::Entry;
use crate::sink::Sink;

/// Shows a run's entries on a terminal, or as plain lines where nobody watches.
///
/// What it prints is a function of the entries: a journal played back through it with the same
/// style gives the same bytes. Only the bars, drawn on standard error while `live`, know of time.
pub struct Terminal {
    timeline: Timeline,
    screen: Screen,
    bars: Option<Bars>,
    paint: Paint,
}

impl Terminal {
    /// Shows on `writer`; bars go to standard error.
    #[must_use]
    pub fn new(style: Style, writer: Box<dyn Write + Send>) -> Self {
        Self {
            timeline: Timeline::new(style),
            screen: Screen::new(writer, style.live),
            bars: None,
            paint: Paint { color: style.color },
        }
    }

    /// A way to have the terminal for oneself, as the operator's prompts need it.
    #[must_use]
    pub fn screen(&self) -> Screen {
        self.screen.clone()
    }

    /// Moves the bars; what they say is gone when the run ends.
    fn animate(&mut self, event: &Event) {
        if let Event::RunStarted(_) = event
            && let Some(multi) = self.screen.bars()
        {
            self.bars = Some(Bars::new(multi.clone(), self.paint));
        }
        let Some(bars) = &mut self.bars else { return };
        match event {
            Event::StepStarted { step, .. } => {
                let name = self.timeline.name_width();
                bars.begin(step, name, &self.timeline.title(step));
            }
            Event::Output { step, text, .. } => {
                let text = text.lossy();
                // The last line that says anything.
                let last = text.rsplit('\n').find(|line| !line.trim().is_empty());
                if let Some(last) = last {
                    bars.say(step, &sanitize::line(held::end_of(last)));
                }
            }
            Event::Called {
                step,
                function,
                request,
                ..
            } => {
                let text = format!("{function} {request}");
                bars.say(step, &sanitize::line(&text));
            }
            Event::Noted {
                step: Some(step),
                text,
                ..
            } => bars.say(step, &sanitize::line(text.as_str())),
            Event::StepFinished { step, .. } | Event::StepSkipped { step, .. } => bars.end(step),
            Event::RunFinished { .. } => {
                bars.close();
                self.bars = None;
                return;
            }
            _ => {}
        }
        let (done, total) = self.timeline.progress();
        bars.count(done, total);
    }
}

impl Sink for Terminal {
    fn receive(&mut self, entry: &Entry) -> io::Result<()> {
        if let Some(width) = self.screen.width() {
            self.timeline.resize(width);
        }
        let text = self.timeline.take(entry);
        self.animate(&entry.event);
        self.screen.print(&text)
    }

    fn finish(&mut self) -> io::Result<()> {
        if let Some(mut bars) = self.bars.take() {
            bars.close();
        }
        let text = self.timeline.end();
        self.screen.print(&text)
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        if let Some(mut bars) = self.bars.take() {
            bars.close();
        }
    }
}

impl fmt::Debug for Terminal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Terminal").finish_non_exhaustive()
    }
}
