//! One warm shell: a bash that forks for each script, and reports how the fork ended.
//!
//! It has a pipe for requests and one for answers, and no terminal. A fork waits for the next
//! request before there is one: so its process group is known before anything of a step runs, and
//! a step need not wait for the fork. Each fork leads a process group of its own (`set -m`, which
//! without a terminal on standard error reaches for none), reads its request and its streams from
//! our descriptors, and keeps nothing of the warm shell's own.
//!
//! It must never outlive us: when the pipe of requests closes, the fork that waits ends, and then
//! the shell. Nor may it serve on when anything about it is in doubt.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use duct::Handle;
use rustix::process::{Pid, Signal};
use tokio::net::unix::pipe::{Receiver, Sender};
use tokio::sync::{mpsc, oneshot};
use tokio::time;
use tokio_util::sync::CancellationToken;

use super::answers::{Answer, Answers};
use super::group::Group;
use super::pipes::Pipes;
use super::watch::Watch;
use super::{attend, finish, request, start, stop};
use crate::credentials::Environment;
use crate::world::{Chunk, End, Exit, Origin, Process, Script, Stdin};

/// How long a shell may take until its fork waits; it takes some milliseconds.
const PATIENCE: Duration = Duration::from_secs(2);

/// How long the last answers of a shell that was killed are waited for.
const LAST: Duration = Duration::from_millis(100);

/// How long a shell may take to end by itself, and how often it is looked at.
const ENDING: u32 = 50;
const LOOK: Duration = Duration::from_micros(200);

/// What the shell runs, around the branches that [`BRANCH`] makes; `FDS` stands for the folder of
/// our descriptors.
///
/// Only the bash that this was proven with goes on: others count, parse or report differently.
/// A fork that ends before it said `b` has run nothing of its script. `read -t 0` tells that the
/// pipe of requests is closed, as no request is sent before a fork waits. `wait` comes back when
/// the fork is stopped, too: then `kill -0` still finds it.
const FRONT: &str = r#"[[ ${BASH_VERSINFO[0]}.${BASH_VERSINFO[1]} == 5.2 ]] || exit; exec 2>&1; set -m; while ! builtin read -t 0; do ( set +m; builtin read -r __runbook_text __runbook_out __runbook_err __runbook_at || exit; { builtin . "FDS/$__runbook_text" && exec 3>"FDS/$__runbook_out" 4>"FDS/$__runbook_err" </dev/null; } 2>/dev/null || exit; builtin echo b; exec >&3 2>&4 3>&- 4>&-; builtin unset -v __runbook_text __runbook_out __runbook_err; case $__runbook_at in"#;
const BACK: &str = r#" esac ) & builtin echo "p$!"; builtin wait "$!"; __runbook=$?; if builtin kill -0 "$!" 2>/dev/null; then builtin echo "t$__runbook"; builtin wait -f "$!"; __runbook=$?; fi; builtin echo "s$__runbook"; done"#;

/// Where a script is run. Its lines are counted from the line that the `eval` stands on: there is
/// one on the first line, and one on each that begins another block, so that the empty lines in
/// front of a script at the end of a long page need not be read for each. Short, as bash writes
/// down the whole command for each fork.
const BRANCH: &str = r#") eval "$__runbook";;"#;

/// All that the shell runs.
fn forking(descriptors: &str) -> String {
    let mut text = FRONT.replace("FDS", descriptors);
    for block in 0..=request::BLOCKS {
        if block > 0 {
            text.extend(std::iter::repeat_n('\n', request::BLOCK));
        }
        text.push_str(&format!(" {block}{BRANCH}"));
    }
    text.push_str(BACK);
    text
}

/// A shell that waits for scripts.
pub(super) struct Warm {
    handle: Handle,
    watch: Watch,
    /// Of the shell alone; taken when it is known to have ended.
    group: Option<Group>,
    requests: Option<Sender>,
    answers: Answers,
    /// Whether it was asked something that it has not answered.
    busy: bool,
    program: PathBuf,
    name: OsString,
    base: Environment,
}

impl Warm {
    /// Starts a shell for scripts of this name; an error says that there can be none here.
    pub(super) async fn start(
        program: &Path,
        script: &Script,
        base: Environment,
    ) -> io::Result<Self> {
        let descriptors = format!("/proc/{}/fd", std::process::id());
        let process = Process {
            origin: Origin::default(),
            argv: vec![
                program.into(),
                "--norc".into(),
                "--noprofile".into(),
                "-c".into(),
                forking(&descriptors).into(),
                script.name.clone(),
            ],
            environment: base.clone(),
            directory: "/".into(),
            stdin: Stdin::Null,
            timeout: None,
            grace: Duration::ZERO,
            script: None,
        };
        let started = start::start_listening(&process).map_err(io::Error::other)?;
        let watch = Watch::new(started.group.leader())?;
        let answers = started.stdout.ok_or(io::ErrorKind::BrokenPipe)?;
        let mut warm = Self {
            handle: started.handle,
            watch,
            group: Some(started.group),
            requests: started.stdin,
            answers: Answers::new(answers),
            busy: false,
            program: program.to_owned(),
            name: script.name.clone(),
            base,
        };
        warm.waiting().await?;
        Ok(warm)
    }

    /// Whether it is the shell for a script but for the environment.
    pub(super) fn speaks(&self, program: &Path, name: &OsStr) -> bool {
        self.program == program && self.name == name
    }

    /// What it was started with.
    pub(super) const fn base(&self) -> &Environment {
        &self.base
    }

    /// Whether it may be asked again.
    pub(super) fn is_sound(&self) -> bool {
        !self.busy && self.group.is_some()
    }

    /// The fork that waits for a request.
    async fn waiting(&mut self) -> io::Result<Pid> {
        if let Some(fork) = self.answers.fork() {
            return Ok(fork);
        }
        let next = async {
            loop {
                match self.answers.next().await? {
                    Some(Answer::Waits(fork)) => return Ok(fork),
                    Some(_) => {}
                    None => return Err(io::ErrorKind::BrokenPipe.into()),
                }
            }
        };
        time::timeout(PATIENCE, next).await?
    }

    /// Has a fork run a script; `None` where nothing of it has begun.
    pub(super) async fn run(
        &mut self,
        process: &Process,
        script: &Script,
        output: mpsc::Sender<Chunk>,
        cancel: &CancellationToken,
        began: Instant,
    ) -> Option<Exit> {
        let asked = self.ask(process, script).await;
        let Ok((group, streams)) = asked else {
            self.busy = true;
            return None;
        };
        let mut pipes = Pipes::new(Some(streams.stdout), Some(streams.stderr), output);
        let (tell, told) = oneshot::channel();
        let mut begun = false;
        let end = {
            let exited = self.ending(&group, process.grace, tell, &mut begun);
            let stopped = async {
                match told.await {
                    Ok(signal) => signal,
                    Err(_) => std::future::pending().await,
                }
            };
            attend(process, &group, &mut pipes, None, exited, stopped, cancel).await
        };
        // Held until now, as nobody knows when the fork opens them; else the pipes never end.
        drop(streams.ours);
        if !self.busy {
            group.release();
        }
        let end = end.unwrap_or(End::Signal(Signal::KILL.as_raw()));
        if !begun && !matches!(end, End::TimedOut | End::Cancelled) {
            return None;
        }
        Some(finish(end, began, pipes).await)
    }

    /// Sends a request to the fork that waits. Where that fails, the fork gets half a line at
    /// most, and ends with the pipe.
    async fn ask(&mut self, process: &Process, script: &Script) -> io::Result<(Group, Streams)> {
        if self.handle.try_wait()?.is_some() {
            self.ended();
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        let fork = self.waiting().await?;
        let text = held(&request::text(process, script, &self.base))?;
        let (stdout, out) = io::pipe()?;
        let (stderr, err) = io::pipe()?;
        let streams = Streams {
            stdout: Receiver::from_owned_fd(OwnedFd::from(stdout))?,
            stderr: Receiver::from_owned_fd(OwnedFd::from(stderr))?,
            ours: [text, out.into(), err.into()],
        };
        let [text, out, err] = streams.ours.each_ref().map(AsRawFd::as_raw_fd);
        let line = format!("{text} {out} {err} {}\n", request::blocks(script));
        let group = Group::new(fork, true);
        self.busy = true;
        self.answers.forget();
        let sent = match &self.requests {
            Some(requests) => requests.try_write(line.as_bytes())?,
            None => 0,
        };
        if sent == line.len() {
            Ok((group, streams))
        } else {
            Err(io::ErrorKind::BrokenPipe.into())
        }
    }

    /// Waits until the fork has ended, and says how.
    async fn ending(
        &mut self,
        group: &Group,
        grace: Duration,
        tell: oneshot::Sender<i32>,
        begun: &mut bool,
    ) -> io::Result<End> {
        let mut tell = Some(tell);
        let mut open = true;
        loop {
            let answer = tokio::select! {
                biased;
                answer = self.answers.next(), if open => answer?,
                status = self.watch.exited(&self.handle) => {
                    self.ended();
                    if let Some(end) = self.last(begun).await {
                        return Ok(end);
                    }
                    // Whoever ended the shell ended the step, even if a part of it goes on.
                    stop(group, std::pin::pin!(std::future::ready(Ok(End::Cancelled))), grace).await;
                    // Only now is it certain that it says no more, and whether it had begun: what
                    // had must not run again.
                    let _ = self.last(begun).await;
                    self.busy = false;
                    let signal = status?.signal().unwrap_or(Signal::KILL.as_raw());
                    return Ok(End::Signal(signal));
                }
            };
            match answer {
                Some(Answer::Ended(end)) => {
                    self.busy = false;
                    return Ok(end);
                }
                Some(Answer::Begins) => *begun = true,
                Some(Answer::Stopped(signal)) => {
                    let terminal = [Signal::TTIN, Signal::TTOU];
                    if terminal.iter().any(|wanted| wanted.as_raw() == signal)
                        && let Some(tell) = tell.take()
                    {
                        // The receiver waits for nothing else.
                        let _ = tell.send(signal);
                    }
                }
                Some(Answer::Waits(_)) => {}
                // The shell is ending: its own end is what tells.
                None => open = false,
            }
        }
    }

    /// Hears what a shell and its fork said last: how the fork ended, and whether it had begun.
    async fn last(&mut self, begun: &mut bool) -> Option<End> {
        let mut ended = None;
        let rest = async {
            while let Ok(Some(answer)) = self.answers.next().await {
                match answer {
                    Answer::Begins => *begun = true,
                    Answer::Ended(end) => {
                        ended = Some(end);
                        return;
                    }
                    Answer::Waits(_) | Answer::Stopped(_) => {}
                }
            }
        };
        // Somebody else may hold the pipe open.
        let _ = time::timeout(LAST, rest).await;
        ended
    }

    /// It was waited for: its id may be another's from now on.
    fn ended(&mut self) {
        if let Some(group) = self.group.take() {
            group.release();
        }
    }
}

impl Drop for Warm {
    /// Has it end by itself, so that it takes notice of its fork's end; what does not is killed.
    fn drop(&mut self) {
        self.requests = None;
        for _ in 0..ENDING {
            if self.group.is_none() {
                return;
            }
            match self.handle.try_wait() {
                Ok(None) => std::thread::sleep(LOOK),
                _ => self.ended(),
            }
        }
    }
}

/// A script's pipes.
struct Streams {
    stdout: Receiver,
    stderr: Receiver,
    /// What the fork opens by its number.
    ours: [OwnedFd; 3],
}

/// A file in memory with a text, which has no name.
#[cfg(target_os = "linux")]
fn held(text: &[u8]) -> io::Result<OwnedFd> {
    use rustix::fs::{MemfdFlags, memfd_create};
    let mut file = std::fs::File::from(memfd_create("script", MemfdFlags::CLOEXEC)?);
    io::Write::write_all(&mut file, text)?;
    Ok(file.into())
}

/// Elsewhere there is none, and no folder of our descriptors either.
#[cfg(not(target_os = "linux"))]
fn held(_text: &[u8]) -> io::Result<OwnedFd> {
    Err(io::ErrorKind::Unsupported.into())
}
