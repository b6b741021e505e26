//! What goes through a process's pipes.

use std::convert::Infallible;
use std::future;
use std::io::ErrorKind;
use std::mem;
use std::time::{Duration, Instant};

use rustix::io::ioctl_fionread;
use tokio::io::AsyncWriteExt;
use tokio::net::unix::pipe::{Receiver, Sender};
use tokio::sync::mpsc;
use tokio::time;

use crate::world::{Chunk, Stream};

/// The most bytes in one piece; what a pipe holds on Linux (pipe(7)).
const PIECE: usize = 64 * 1024;

/// The most bytes in the first pieces: most processes print little.
const LITTLE: usize = 4 * 1024;

/// What a pipe is made to hold once it was full: the most that anybody may ask for on Linux as it
/// comes (`/proc/sys/fs/pipe-max-size`). Its writer and we then wait for each other less often.
#[cfg(target_os = "linux")]
const ROOMY: usize = 1024 * 1024;

/// How long a pipe that is still open may be quiet after the process ended.
const QUIET: Duration = Duration::from_millis(100);

/// How long a pipe is read after the process ended, if others keep writing.
const LATE: Duration = Duration::from_secs(1);

/// The two streams of a process and where they go.
pub(super) struct Pipes {
    stdout: Option<Receiver>,
    stderr: Option<Receiver>,
    /// Which is looked at first; the other one after a full piece, so that neither starves.
    first: Stream,
    buffer: Buffer,
    output: mpsc::Sender<Chunk>,
}

/// Where a piece is read to.
struct Buffer {
    piece: Vec<u8>,
    /// Whether the pipes hold more than they come with.
    wide: bool,
}

impl Buffer {
    /// After a full piece: larger ones, and then larger pipes.
    fn expect_more(&mut self, pipes: [&Option<Receiver>; 2]) {
        if self.piece.len() < PIECE {
            self.piece.resize(PIECE, 0);
        } else if !mem::replace(&mut self.wide, true) {
            pipes.into_iter().flatten().for_each(widen);
        }
    }
}

impl Pipes {
    pub(super) fn new(
        stdout: Option<Receiver>,
        stderr: Option<Receiver>,
        output: mpsc::Sender<Chunk>,
    ) -> Self {
        Self {
            stdout,
            stderr,
            first: Stream::Stdout,
            buffer: Buffer {
                piece: vec![0; LITTLE],
                wide: false,
            },
            output,
        }
    }

    /// Passes on what comes, for as long as it is polled; may be dropped at any point and loses
    /// nothing by it.
    pub(super) async fn pump(&mut self) -> Infallible {
        loop {
            if !self.is_open() {
                future::pending::<()>().await;
            }
            self.pass(None).await;
        }
    }

    /// Passes on what the process left in its pipes when it ended.
    ///
    /// A daemon that it started may hold them open for ever: what was in them is read, then what
    /// comes without a pause of 100 ms, for a second at most.
    pub(super) async fn drain(&mut self) {
        #[expect(clippy::disallowed_methods, reason = "this is the world")]
        let began = Instant::now();
        let mut certain = self.waiting();
        while self.is_open() {
            let Some(bytes) = self.pass(Some(QUIET)).await else {
                return;
            };
            certain = certain.saturating_sub(bytes);
            if certain == 0 && began.elapsed() > LATE {
                return;
            }
        }
    }

    const fn is_open(&self) -> bool {
        self.stdout.is_some() || self.stderr.is_some()
    }

    /// How many bytes are in the pipes.
    fn waiting(&self) -> usize {
        [&self.stdout, &self.stderr]
            .into_iter()
            .flatten()
            .filter_map(|pipe| ioctl_fionread(pipe).ok())
            .filter_map(|bytes| usize::try_from(bytes).ok())
            .sum()
    }

    /// Passes on one piece, or notes that a pipe was closed; says how many bytes it was, or
    /// `None` if nothing came in time.
    ///
    /// Nothing is read before there is room for it, so that being dropped loses nothing. Where
    /// nobody listens any more the bytes are read all the same: the process shall not notice.
    async fn pass(&mut self, patience: Option<Duration>) -> Option<usize> {
        let room = self.output.reserve().await.ok();
        loop {
            let readable = readable(self.stdout.as_ref(), self.stderr.as_ref(), self.first);
            let stream = match patience {
                None => readable.await,
                Some(patience) => time::timeout(patience, readable).await.ok()?,
            };
            let pipe = match stream {
                Stream::Stdout => &mut self.stdout,
                Stream::Stderr => &mut self.stderr,
            };
            let read = pipe
                .as_ref()
                .map_or(Ok(0), |pipe| pipe.try_read(&mut self.buffer.piece));
            let bytes = match read {
                Err(error) if error.kind() == ErrorKind::WouldBlock => continue,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Ok(0) | Err(_) => {
                    *pipe = None;
                    return Some(0);
                }
                Ok(bytes) => bytes,
            };
            let full = bytes == self.buffer.piece.len();
            self.first = match stream {
                Stream::Stdout if full => Stream::Stderr,
                Stream::Stdout | Stream::Stderr => Stream::Stdout,
            };
            if let Some(room) = room {
                room.send(Chunk {
                    stream,
                    bytes: self.buffer.piece.get(..bytes).unwrap_or_default().to_vec(),
                });
            }
            if full {
                self.buffer.expect_more([&self.stdout, &self.stderr]);
            }
            return Some(bytes);
        }
    }
}

/// Makes a pipe hold more, where the system lets us.
#[cfg(target_os = "linux")]
fn widen(pipe: &Receiver) {
    let _ = rustix::pipe::fcntl_setpipe_size(pipe, ROOMY);
}

/// Elsewhere the system sees to it by itself.
#[cfg(not(target_os = "linux"))]
fn widen(_: &Receiver) {}

/// Waits until one of them can be read; where both can, it is `first`.
async fn readable(stdout: Option<&Receiver>, stderr: Option<&Receiver>, first: Stream) -> Stream {
    let (other, one, two) = match first {
        Stream::Stdout => (Stream::Stderr, stdout, stderr),
        Stream::Stderr => (Stream::Stdout, stderr, stdout),
    };
    tokio::select! {
        biased;
        () = ready(one) => first,
        () = ready(two) => other,
    }
}

/// Waits until a pipe can be read; an error shows when it is.
async fn ready(pipe: Option<&Receiver>) {
    match pipe {
        Some(pipe) => {
            let _ = pipe.readable().await;
        }
        None => future::pending().await,
    }
}

/// Writes all bytes and closes the pipe; a process need not read what it gets.
pub(super) async fn feed(stdin: Option<Sender>, bytes: &[u8]) {
    if let Some(mut stdin) = stdin {
        let _ = stdin.write_all(bytes).await;
    }
}
