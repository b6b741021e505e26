//! The one way to the terminal, for settled lines, bars and the operator's prompts.

use std::fmt;
use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use console::Term;
use indicatif::{MultiProgress, ProgressDrawTarget};

use super::target::Target;

/// How many bytes of settled lines are kept while the operator has the terminal.
const PENDING: usize = 1 << 20;
/// How often bars are drawn at most, per second.
const HERTZ: u8 = 15;

/// A terminal that lines are printed on, bars are drawn on, and an operator is asked on.
///
/// Clones lead to the same terminal.
#[derive(Clone)]
pub struct Screen {
    shared: Arc<Mutex<Shared>>,
    bars: Option<MultiProgress>,
    hidden: Arc<AtomicBool>,
}

struct Shared {
    writer: Box<dyn Write + Send>,
    /// How many have the terminal for themselves.
    paused: usize,
    /// What was to be printed meanwhile.
    pending: Vec<u8>,
    /// How many lines of it were too many.
    dropped: usize,
    /// What went wrong with what was pending; told at the next print.
    failed: Option<io::Error>,
}

/// The terminal is the holder's until this is dropped: no bars, no lines.
#[must_use = "the bars come back as soon as this is dropped"]
pub struct Paused(Screen);

impl Screen {
    pub(super) fn new(writer: Box<dyn Write + Send>, live: bool) -> Self {
        let hidden = Arc::new(AtomicBool::new(false));
        let bars = live.then(|| {
            let target = Target::new(Arc::clone(&hidden));
            MultiProgress::with_draw_target(ProgressDrawTarget::term_like_with_hz(
                Box::new(target),
                HERTZ,
            ))
        });
        Self {
            shared: Arc::new(Mutex::new(Shared {
                writer,
                paused: 0,
                pending: Vec::new(),
                dropped: 0,
                failed: None,
            })),
            bars,
            hidden,
        }
    }

    /// Gives the terminal to `ask`; bars and lines that come meanwhile wait.
    ///
    /// Nobody else waits: the run goes on, and what it says is printed afterwards.
    pub fn suspend<R>(&self, ask: impl FnOnce() -> R) -> R {
        let paused = self.pause();
        let answer = ask();
        drop(paused);
        answer
    }

    /// Gives the terminal away until the returned value is dropped, as a step with `tty` needs it.
    pub fn pause(&self) -> Paused {
        self.lock().paused += 1;
        self.hide();
        Paused(self.clone())
    }

    /// Takes the bars away for good, as before a last message.
    pub fn clear(&self) {
        self.hide();
    }

    /// The bars, where there are any.
    pub(super) fn bars(&self) -> Option<&MultiProgress> {
        self.bars.as_ref()
    }

    /// The terminal's present width, where bars are drawn on one.
    pub(super) fn width(&self) -> Option<usize> {
        let (_, columns) = self
            .bars
            .as_ref()
            .and_then(|_| Term::stderr().size_checked())?;
        Some(usize::from(columns))
    }

    /// Prints settled lines above the bars.
    pub(super) fn print(&self, text: &str) -> io::Result<()> {
        let mut shared = self.lock();
        if let Some(error) = shared.failed.take() {
            return Err(error);
        }
        if text.is_empty() {
            return Ok(());
        }
        if shared.paused > 0 {
            shared.hold(text);
            return Ok(());
        }
        let mut write = || {
            shared.writer.write_all(text.as_bytes())?;
            shared.writer.flush()
        };
        match &self.bars {
            Some(bars) => bars.suspend(write),
            None => write(),
        }
    }

    fn hide(&self) {
        // The bars are cleared and hidden under one lock, or a tick between would leave its trace.
        if let Some(bars) = &self.bars {
            bars.suspend(|| self.hidden.store(true, Ordering::Relaxed));
        }
    }

    fn resume(&self) {
        let mut shared = self.lock();
        shared.paused = shared.paused.saturating_sub(1);
        if shared.paused > 0 {
            return;
        }
        if let Err(error) = shared.release() {
            shared.failed = Some(error);
        }
        if let Some(bars) = &self.bars {
            bars.suspend(|| self.hidden.store(false, Ordering::Relaxed));
        }
    }

    fn lock(&self) -> MutexGuard<'_, Shared> {
        // A writer that panicked left nothing half-changed here that matters to the next one.
        self.shared
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl Shared {
    fn hold(&mut self, text: &str) {
        if self.pending.len() + text.len() > PENDING {
            self.dropped += text.lines().count();
        } else {
            self.pending.extend_from_slice(text.as_bytes());
        }
    }

    fn release(&mut self) -> io::Result<()> {
        let pending = std::mem::take(&mut self.pending);
        self.writer.write_all(&pending)?;
        let dropped = std::mem::take(&mut self.dropped);
        if dropped > 0 {
            writeln!(self.writer, "  … {dropped} more lines are in the journal")?;
        }
        self.writer.flush()
    }
}

impl fmt::Debug for Screen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Screen")
            .field("live", &self.bars.is_some())
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Paused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Paused")
    }
}

impl Drop for Paused {
    fn drop(&mut self) {
        self.0.resume();
    }
}
