//! Programs that calls are made of, by way of the room that starts processes.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::shell;
use crate::credentials::Environment;
use crate::world::{CallError, Chunk, End, Origin, Process, SpawnError, Stdin, Stream, codes};

/// The most of standard output that is kept.
const KEPT: usize = 64 * 1024 * 1024;
/// The most of standard error that is kept: its end says why.
const ERRORS: usize = 64 * 1024;
/// The longest line of a stream of events.
const LINE: usize = 4 * 1024 * 1024;

/// A program to run.
pub(super) struct Program {
    pub(super) argv: Vec<OsString>,
    pub(super) environment: Environment,
    pub(super) directory: PathBuf,
    pub(super) grace: Duration,
}

/// A program that has ended.
pub(super) struct Ended {
    /// Its exit status; 128 + n where signal n ended it.
    pub(super) code: i32,
    /// All that it wrote, unless it was read by the line.
    pub(super) stdout: Vec<u8>,
    /// The end of what it wrote to standard error.
    pub(super) stderr: String,
}

impl Program {
    /// Runs it and keeps what it writes.
    pub(super) async fn run(self, stop: &CancellationToken) -> Result<Ended, CallError> {
        let name = self.name();
        let mut kept = Vec::new();
        let mut whole = true;
        let (code, stderr) = self
            .start(stop, |bytes| {
                whole &= kept.len() + bytes.len() <= KEPT;
                if whole {
                    kept.extend_from_slice(bytes);
                }
            })
            .await?;
        if !whole {
            return Err(CallError::new(
                codes::BAD_ANSWER,
                format!(
                    "`{name}` answered with more than {} MiB",
                    KEPT / 1024 / 1024
                ),
                "ask for less, with a filter or a name",
            ));
        }
        Ok(Ended {
            code,
            stdout: kept,
            stderr,
        })
    }

    /// Runs it and gives each line that it writes to `line`, as it comes.
    pub(super) async fn stream(
        self,
        stop: &CancellationToken,
        mut line: impl FnMut(&[u8]),
    ) -> Result<Ended, CallError> {
        let mut rest: Vec<u8> = Vec::new();
        let (code, stderr) = self
            .start(stop, |bytes| {
                for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
                    if rest.len() < LINE {
                        rest.extend_from_slice(piece);
                    }
                    if piece.ends_with(b"\n") {
                        line(&rest);
                        rest.clear();
                    }
                }
            })
            .await?;
        if !rest.is_empty() {
            line(&rest);
        }
        Ok(Ended {
            code,
            stdout: Vec::new(),
            stderr,
        })
    }

    async fn start(
        self,
        stop: &CancellationToken,
        mut stdout: impl FnMut(&[u8]),
    ) -> Result<(i32, String), CallError> {
        let process = Process {
            origin: Origin::default(),
            argv: self.argv,
            environment: self.environment,
            directory: self.directory,
            stdin: Stdin::Null,
            timeout: None,
            grace: self.grace,
            script: None,
        };
        let (sender, mut output) = mpsc::channel::<Chunk>(8);
        let mut errors = Vec::new();
        let read = async {
            while let Some(chunk) = output.recv().await {
                match chunk.stream {
                    Stream::Stdout => stdout(&chunk.bytes),
                    Stream::Stderr => {
                        errors.extend_from_slice(&chunk.bytes);
                        if errors.len() > 2 * ERRORS {
                            errors.drain(..errors.len() - ERRORS);
                        }
                    }
                }
            }
        };
        let (exit, ()) = tokio::join!(shell::run(process, sender, stop.clone()), read);
        let code = match exit.map_err(unstarted)?.end {
            End::Code(code) => code,
            End::Signal(signal) => 128 + signal,
            End::TimedOut | End::Cancelled => return Err(ended()),
        };
        Ok((code, String::from_utf8_lossy(&errors).into_owned()))
    }

    fn name(&self) -> String {
        self.argv
            .first()
            .map(|name| name.to_string_lossy().into_owned())
            .unwrap_or_default()
    }
}

/// The error of a call that was ended from outside.
pub(super) fn ended() -> CallError {
    CallError::new(codes::CANCELLED, "the step was ended", "")
}

fn unstarted(error: SpawnError) -> CallError {
    let message = error.to_string();
    match error {
        SpawnError::NotFound { program } => CallError::new(
            codes::NO_PROGRAM,
            message,
            format!("install `{program}`, or put its folder on PATH"),
        ),
        SpawnError::NoDirectory { .. } => CallError::new(
            codes::BAD_ARGUMENT,
            message,
            "relative paths begin where the step starts",
        ),
        SpawnError::Refused { .. }
        | SpawnError::Recorded { .. }
        | SpawnError::Unanswered { .. } => CallError::new(codes::NO_PROGRAM, message, ""),
    }
}

/// The last lines that say something, in one.
pub(super) fn last_words(text: &str) -> String {
    let lines: Vec<&str> = text
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect();
    lines
        .get(lines.len().saturating_sub(3)..)
        .unwrap_or_default()
        .join("; ")
}
