//! The operator's keyboard: one reader of standard input, which gives up when a signal comes.

use std::io::{self, BufRead as _};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, mpsc as blocking};

use runbook::visible;
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use tokio::sync::mpsc;

use super::failure::Failure;
use super::signals::Signals;
use super::surroundings::complain;

/// What the operator typed.
#[derive(Debug)]
pub(crate) enum Typed {
    /// A line, without its end.
    Line(String),
    /// Nothing more will come.
    End,
    /// A signal ended the waiting.
    Ended(u8),
}

/// Reads lines from standard input; clones share it, and one of them reads at a time.
#[derive(Clone, Debug)]
pub(crate) struct Keyboard {
    reader: Arc<tokio::sync::Mutex<Reader>>,
    signals: Signals,
}

#[derive(Debug)]
struct Reader {
    wanted: blocking::Sender<()>,
    lines: mpsc::UnboundedReceiver<io::Result<Option<String>>>,
    /// Whether the thread is at a line that an earlier question gave up on.
    reading: bool,
}

impl Keyboard {
    /// Starts the reading thread, which reads only when it is asked to.
    pub(crate) fn new(signals: Signals) -> Self {
        let (wanted, requests) = blocking::channel::<()>();
        let (sender, lines) = mpsc::unbounded_channel();
        // A thread of its own: it blocks in `read` when the program ends, and must not keep it.
        std::thread::spawn(move || {
            while requests.recv().is_ok() {
                if sender.send(read_line()).is_err() {
                    return;
                }
            }
        });
        Self {
            reader: Arc::new(tokio::sync::Mutex::new(Reader {
                wanted,
                lines,
                reading: false,
            })),
            signals,
        }
    }

    /// Shows a question.
    ///
    /// # Errors
    /// Where standard error is gone.
    #[expect(clippy::unused_self, reason = "who asks must hold the keyboard")]
    pub(crate) fn show(&self, text: &str) -> Result<(), Failure> {
        complain(&visible::text(text))
    }

    /// Waits for a line; a secret one is not echoed.
    ///
    /// # Errors
    /// Where the terminal can't be read or told not to echo.
    pub(crate) async fn line(&self, secret: bool) -> Result<Typed, Failure> {
        let unreadable = |error: io::Error| {
            Failure::refused("the answer can't be read from the terminal").because(&error)
        };
        let mut reader = self.reader.lock().await;
        let _quiet = if secret {
            Some(Quiet::start().map_err(unreadable)?)
        } else {
            None
        };
        if !reader.reading {
            // A closed channel shows in the answer.
            let _ = reader.wanted.send(());
            reader.reading = true;
        }
        tokio::select! {
            number = self.signals.came() => Ok(Typed::Ended(number)),
            line = reader.lines.recv() => {
                reader.reading = false;
                match line {
                    Some(Ok(Some(line))) => Ok(Typed::Line(line)),
                    Some(Ok(None)) | None => Ok(Typed::End),
                    Some(Err(error)) => Err(unreadable(error)),
                }
            }
        }
    }
}

fn read_line() -> io::Result<Option<String>> {
    let mut line = Vec::new();
    if io::stdin().lock().read_until(b'\n', &mut line)? == 0 {
        return Ok(None);
    }
    let line = String::from_utf8(line)
        .map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "it is not UTF-8"))?;
    let line = line.strip_suffix('\n').unwrap_or(&line);
    Ok(Some(line.strip_suffix('\r').unwrap_or(line).to_owned()))
}

/// How the terminal was before the echo was turned off; also the panic hook puts it back.
static BEFORE: Mutex<Option<Termios>> = Mutex::new(None);
static IS_QUIET: AtomicBool = AtomicBool::new(false);

/// A terminal that does not echo, until this is dropped.
pub(crate) struct Quiet;

impl Quiet {
    /// What is typed on a line is not seen.
    fn start() -> io::Result<Self> {
        Self::with(|modes| {
            *modes -= LocalModes::ECHO;
            *modes |= LocalModes::ECHONL;
        })
    }

    /// Each key is read by itself, and none is seen.
    ///
    /// # Errors
    /// Where standard input is no terminal.
    pub(crate) fn keys() -> io::Result<Self> {
        Self::with(|modes| *modes -= LocalModes::ECHO | LocalModes::ICANON)
    }

    fn with(change: impl FnOnce(&mut LocalModes)) -> io::Result<Self> {
        let stdin = io::stdin();
        let before = tcgetattr(&stdin)?;
        let mut quiet = before.clone();
        change(&mut quiet.local_modes);
        if let Ok(mut kept) = BEFORE.lock() {
            *kept = Some(before);
        }
        IS_QUIET.store(true, Ordering::SeqCst);
        tcsetattr(&stdin, OptionalActions::Flush, &quiet)?;
        Ok(Self)
    }
}

impl Drop for Quiet {
    fn drop(&mut self) {
        restore();
    }
}

/// Turns the echo on again if it is off.
pub(crate) fn restore() {
    if IS_QUIET.swap(false, Ordering::SeqCst)
        && let Ok(kept) = BEFORE.lock()
        && let Some(before) = kept.as_ref()
    {
        // A terminal that is gone needs no echo.
        let _ = tcsetattr(io::stdin(), OptionalActions::Now, before);
    }
}
