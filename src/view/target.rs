//! Where bars are drawn: standard error, unless hidden.
//!
//! indicatif fills each line with spaces up to the width, so that all of its lines are one to a
//! terminal that reflows: a narrower window shreds them. Here each line ends where its text ends,
//! and a frame that was reflowed is found again.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use console::Term;
use indicatif::TermLike;

use super::columns;

/// Standard error as indicatif draws on it.
///
/// A bar that can't be drawn is no reason to end anything, and indicatif unwraps these results:
/// none of them fails.
#[derive(Debug)]
pub(super) struct Target {
    term: Term,
    hidden: Arc<AtomicBool>,
    frame: Mutex<Frame>,
}

/// What was drawn last.
#[derive(Debug, Default)]
struct Frame {
    /// The width of each of its lines.
    lines: Vec<usize>,
    /// Whether what comes next only fills the line.
    filling: bool,
    /// The width of the terminal that it was drawn for.
    width: usize,
}

impl Target {
    pub(super) fn new(hidden: Arc<AtomicBool>) -> Self {
        Self {
            term: Term::buffered_stderr(),
            hidden,
            frame: Mutex::default(),
        }
    }

    fn draw(&self, draw: impl FnOnce(&Term, &mut Frame) -> io::Result<()>) {
        if !self.hidden.load(Ordering::Relaxed) {
            let mut frame = self.frame.lock().unwrap_or_else(PoisonError::into_inner);
            drop(draw(&self.term, &mut frame));
        }
    }
}

impl Frame {
    /// How many more rows its lines take on a narrower terminal.
    fn reflowed(&self, width: usize) -> usize {
        if width == 0 || width >= self.width {
            return 0;
        }
        self.lines
            .iter()
            .map(|line| line.saturating_sub(1) / width)
            .sum()
    }
}

impl TermLike for Target {
    fn width(&self) -> u16 {
        self.term.size().1
    }

    fn height(&self) -> u16 {
        self.term.size().0
    }

    /// Goes back to the first row of the last frame, however many rows it has become.
    fn move_cursor_up(&self, n: usize) -> io::Result<()> {
        self.draw(|term, frame| {
            let extra = frame.reflowed(usize::from(term.size().1));
            frame.lines.clear();
            term.move_cursor_up(n + extra)?;
            if extra > 0 {
                term.write_str("\r")?;
                term.clear_to_end_of_screen()?;
            }
            Ok(())
        });
        Ok(())
    }

    fn move_cursor_down(&self, n: usize) -> io::Result<()> {
        self.draw(|term, _| term.move_cursor_down(n));
        Ok(())
    }

    fn move_cursor_right(&self, n: usize) -> io::Result<()> {
        self.draw(|term, _| term.move_cursor_right(n));
        Ok(())
    }

    fn move_cursor_left(&self, n: usize) -> io::Result<()> {
        self.draw(|term, _| term.move_cursor_left(n));
        Ok(())
    }

    fn write_line(&self, text: &str) -> io::Result<()> {
        self.draw(|term, _| term.write_line(text));
        Ok(())
    }

    /// Writes a line, then, at the next call, what would fill it.
    fn write_str(&self, text: &str) -> io::Result<()> {
        self.draw(|term, frame| {
            if std::mem::take(&mut frame.filling) {
                // At a full line the cursor still stands on its last character.
                return match text {
                    "" => Ok(()),
                    _ => term.write_str("\x1b[K"),
                };
            }
            if !frame.lines.is_empty() {
                term.write_str("\r\n")?;
            }
            frame.filling = true;
            frame.lines.push(columns::width(text));
            term.write_str(text)
        });
        Ok(())
    }

    fn clear_line(&self) -> io::Result<()> {
        self.draw(|term, _| term.clear_line());
        Ok(())
    }

    fn flush(&self) -> io::Result<()> {
        self.draw(|term, frame| {
            frame.filling = false;
            frame.width = usize::from(term.size().1);
            term.flush()
        });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_narrower_terminal_has_more_rows_of_the_same_lines() {
        let frame = Frame {
            lines: vec![100, 30, 61, 60, 0],
            filling: false,
            width: 100,
        };
        assert_eq!(frame.reflowed(100), 0);
        assert_eq!(frame.reflowed(120), 0);
        assert_eq!(frame.reflowed(60), 2);
        assert_eq!(frame.reflowed(0), 0);
    }
}
