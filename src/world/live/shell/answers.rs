//! What a warm shell says of its forks, a line at a time.

use std::io::{self, ErrorKind};

use rustix::process::Pid;
use tokio::net::unix::pipe::Receiver;

use crate::world::End;

/// What a shell says.
pub(super) enum Answer {
    /// This fork waits for a request.
    Waits(Pid),
    /// The fork begins with what it was asked.
    Begins,
    /// The fork was stopped by this signal.
    Stopped(i32),
    /// The fork ended.
    Ended(End),
}

/// Statuses from here on may stand for signals: 128 and the signal's number.
const SIGNALS: i32 = 128;
const LAST_SIGNAL: i32 = 64;

/// The pipe of answers.
pub(super) struct Answers {
    pipe: Receiver,
    heard: Vec<u8>,
    /// The first line that was no answer: what bash itself says of a fork's end.
    notice: Vec<u8>,
    /// The fork that said last that it waits.
    fork: Option<Pid>,
}

impl Answers {
    pub(super) const fn new(pipe: Receiver) -> Self {
        Self {
            pipe,
            heard: Vec::new(),
            notice: Vec::new(),
            fork: None,
        }
    }

    /// The fork that waits, where that was said.
    pub(super) const fn fork(&self) -> Option<Pid> {
        self.fork
    }

    /// The fork that waited was asked.
    pub(super) fn forget(&mut self) {
        self.fork = None;
        self.notice.clear();
    }

    /// The next answer; `None` where no more can come. May be dropped at any point and loses
    /// nothing by it.
    pub(super) async fn next(&mut self) -> io::Result<Option<Answer>> {
        loop {
            while let Some(line) = self.line() {
                match self.read(&line) {
                    Some(answer) => return Ok(Some(answer)),
                    None if self.notice.is_empty() => self.notice = line,
                    // The rest of the command, which bash shows behind its state.
                    None => {}
                }
            }
            self.pipe.readable().await?;
            let mut piece = [0; 4096];
            match self.pipe.try_read(&mut piece) {
                Ok(0) => return Ok(None),
                Ok(bytes) => self
                    .heard
                    .extend_from_slice(piece.get(..bytes).unwrap_or_default()),
                Err(error)
                    if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => {}
                Err(error) => return Err(error),
            }
        }
    }

    fn line(&mut self) -> Option<Vec<u8>> {
        let end = self.heard.iter().position(|byte| *byte == b'\n')?;
        let mut line: Vec<u8> = self.heard.drain(..=end).collect();
        line.pop();
        Some(line)
    }

    fn read(&mut self, line: &[u8]) -> Option<Answer> {
        if line == b"b" {
            return Some(Answer::Begins);
        }
        let (kind, number) = line.split_first()?;
        let number: i32 = std::str::from_utf8(number).ok()?.parse().ok()?;
        match kind {
            b'p' => {
                self.fork = Pid::from_raw(number);
                self.fork.map(Answer::Waits)
            }
            b't' => Some(Answer::Stopped(number - SIGNALS)),
            b's' => Some(Answer::Ended(end(number, &self.notice))),
            _ => None,
        }
    }
}

/// How a fork ended: `exit 143` and the signal TERM have one status, and only what bash says of
/// them differs, `[1]+  Exit 143  (…` and `[1]+  Terminated  (…` or `page.md: line 1: PID Killed`.
///
/// The words are those of the operator's language, the number is a number in all of them.
fn end(status: i32, notice: &[u8]) -> End {
    let signal = status - SIGNALS;
    if !(1..=LAST_SIGNAL).contains(&signal) {
        return End::Code(status);
    }
    let number = status.to_string();
    let state = notice
        .strip_prefix(b"[1]")
        .and_then(|rest| rest.split(|byte| *byte == b'(').next())
        .unwrap_or_default();
    let says = state
        .split(|byte| !byte.is_ascii_digit())
        .any(|digits| digits == number.as_bytes());
    if says {
        End::Code(status)
    } else {
        End::Signal(signal)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_and_a_signal_are_told_apart() {
        #[track_caller]
        fn case(status: i32, notice: &str, expected: End) {
            assert_eq!(
                end(status, notice.as_bytes()),
                expected,
                "{status} {notice}"
            );
        }
        case(0, "[1]+  Done                    ( set +m )", End::Code(0));
        case(3, "", End::Code(3));
        case(128, "[1]+  Exit 128      ( set +m )", End::Code(128));
        case(143, "[1]+  Exit 143      ( set +m )", End::Code(143));
        case(143, "[1]+  Terminated    ( set +m )", End::Signal(15));
        case(143, "[1]+  Termine 143   ( set +m )", End::Code(143));
        case(
            137,
            "page.md: line 1: 137 Killed       ( set +m )",
            End::Signal(9),
        );
        case(
            139,
            "page.md: line 1: 99 Segmentation fault (core dumped) ( set )",
            End::Signal(11),
        );
        case(255, "[1]+  Exit 255      ( set +m )", End::Code(255));
    }
}
