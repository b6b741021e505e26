//! The one place that starts processes.
//!
//! Scripts of bash may go to a warm shell (`shells`), which is a process as any other.
//!
//! A process gets its own process group, so that it and all that it started can be ended
//! together. Three things it must never do: capture output in memory, leave a group behind when
//! the future is dropped, or hang on a pipe that a daemon still holds.

mod answers;
mod fit;
mod group;
mod pipes;
mod request;
mod shells;
mod start;
#[cfg(test)]
mod tests;
mod warm;
mod watch;

use std::future::{self, Future};
use std::os::unix::process::ExitStatusExt;
use std::pin::{Pin, pin};
use std::process::ExitStatus;
use std::time::{Duration, Instant};

use tokio::net::unix::pipe::Sender;
use tokio::sync::mpsc;
use tokio::time;
use tokio_util::sync::CancellationToken;

use self::group::Group;
use self::pipes::Pipes;
pub(super) use self::shells::Shells;
use self::start::Started;
use crate::world::{Chunk, End, Exit, Process, SpawnError, Stdin};

/// How long a killed process may take to vanish; one in an uninterruptible sleep is left behind.
const KILLED: Duration = Duration::from_secs(5);

/// How often a group that got its TERM is looked at.
const LOOK: Duration = Duration::from_millis(4);

/// How many looks there are between two closer ones, which cost more.
const CLOSER: u32 = 10;

/// How long a process that was ended by us may keep a reader waiting for its last words.
const LATEST: Duration = Duration::from_secs(2);

/// Runs a process as [`World::run`](crate::world::World::run) says.
#[expect(clippy::disallowed_methods, reason = "this is where the clock is read")]
pub(super) async fn run(
    process: Process,
    output: mpsc::Sender<Chunk>,
    cancel: CancellationToken,
) -> Result<Exit, SpawnError> {
    let began = Instant::now();
    if cancel.is_cancelled() {
        return Ok(Exit {
            end: End::Cancelled,
            elapsed: began.elapsed(),
            left: None,
        });
    }
    let Started {
        handle,
        group,
        stdout,
        stderr,
        stdin,
    } = start::start(&process)?;
    let refused = |error: std::io::Error| SpawnError::Refused {
        program: start::name(&process),
        reason: error.to_string(),
    };
    let mut watch = watch::Watch::new(group.leader()).map_err(refused)?;
    let mut pipes = Pipes::new(stdout, stderr, output);
    let exited = async { watch.exited(&handle).await.map(ended) };
    let stopped = group.wants_terminal();
    let end = attend(
        &process, &group, &mut pipes, stdin, exited, stopped, &cancel,
    )
    .await
    .map_err(refused)?;
    group.release();
    Ok(finish(end, began, pipes).await)
}

/// Sees a process to its end: passes on what it writes, and ends it where it must.
///
/// `exited` tells how it ended, `stopped` by which signal it waits for the terminal.
async fn attend(
    process: &Process,
    group: &Group,
    pipes: &mut Pipes,
    stdin: Option<Sender>,
    exited: impl Future<Output = std::io::Result<End>>,
    stopped: impl Future<Output = i32>,
    cancel: &CancellationToken,
) -> std::io::Result<End> {
    let bytes = match &process.stdin {
        Stdin::Bytes(bytes) => bytes.as_slice(),
        Stdin::Null | Stdin::Terminal => &[],
    };
    let mut traffic = pin!(async { tokio::join!(pipes.pump(), pipes::feed(stdin, bytes)).0 });
    let mut exited = pin!(exited);
    let verdict = tokio::select! {
        biased;
        end = &mut exited => return end,
        () = cancel.cancelled() => End::Cancelled,
        () = expired(process.timeout) => End::TimedOut,
        signal = stopped => End::Signal(signal),
        never = &mut traffic => match never {},
    };
    tokio::select! {
        () = stop(group, exited, process.grace) => {}
        never = &mut traffic => match never {},
    }
    Ok(verdict)
}

/// Passes on what a process left in its pipes.
async fn finish(end: End, began: Instant, mut pipes: Pipes) -> Exit {
    let elapsed = began.elapsed();
    if matches!(end, End::TimedOut | End::Cancelled) {
        // Whoever ends a process may have stopped reading; nothing waits for ever then.
        let _ = time::timeout(LATEST, pipes.drain()).await;
    } else {
        pipes.drain().await;
    }
    Exit {
        end,
        elapsed,
        left: None,
    }
}

/// Waits until the time is up, or for ever.
async fn expired(timeout: Option<Duration>) {
    match timeout {
        Some(timeout) => time::sleep(timeout).await,
        None => future::pending().await,
    }
}

/// Ends a group: TERM, `grace`, KILL.
async fn stop(
    group: &Group,
    mut exited: Pin<&mut impl Future<Output = std::io::Result<End>>>,
    grace: Duration,
) {
    group.terminate();
    let mut reaped = false;
    let gone = async {
        let _ = exited.as_mut().await;
        reaped = true;
        for look in 1_u32.. {
            if group.is_gone() || (look.is_multiple_of(CLOSER) && group.has_ended()) {
                return;
            }
            time::sleep(LOOK).await;
        }
    };
    if time::timeout(grace, gone).await.is_ok() {
        return;
    }
    group.kill();
    if !reaped {
        let _ = time::timeout(KILLED, exited).await;
    }
}

fn ended(status: ExitStatus) -> End {
    match (status.code(), status.signal()) {
        (Some(code), _) => End::Code(code),
        (None, Some(signal)) => End::Signal(signal),
        // `waitid(WEXITED)` reports nothing but the two (POSIX, waitid).
        (None, None) => End::Code(status.into_raw()),
    }
}
