//! Finding a program and starting it.

use std::ffi::{OsStr, OsString};
use std::io::{self, ErrorKind};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};

use duct::{Expression, Handle};
use rustix::fs::{Access, access};
use rustix::process::Pid;
use tokio::net::unix::pipe::{Receiver, Sender};

use super::group::Group;
use crate::credentials::Environment;
use crate::world::{Process, SpawnError, Stdin};

/// Where programs are looked for when the environment has no `PATH`: what `confstr(_CS_PATH)`
/// says on Linux and macOS alike, sbin aside.
const STANDARD_PATH: &str = "/usr/bin:/bin";

/// A process that runs.
pub(super) struct Started {
    pub(super) handle: Handle,
    pub(super) group: Group,
    pub(super) stdout: Option<Receiver>,
    pub(super) stderr: Option<Receiver>,
    pub(super) stdin: Option<Sender>,
}

/// The name of a process's program, for messages.
pub(super) fn name(process: &Process) -> String {
    process
        .argv
        .first()
        .map(|program| program.to_string_lossy().into_owned())
        .unwrap_or_default()
}

/// Starts a process.
pub(super) fn start(process: &Process) -> Result<Started, SpawnError> {
    let given = matches!(&process.stdin, Stdin::Bytes(bytes) if !bytes.is_empty());
    start_with(process, given)
}

/// Starts a process whose standard input is a pipe.
pub(super) fn start_listening(process: &Process) -> Result<Started, SpawnError> {
    start_with(process, true)
}

fn start_with(process: &Process, listens: bool) -> Result<Started, SpawnError> {
    let refused = |reason: String| SpawnError::Refused {
        program: name(process),
        reason,
    };
    let Some((program, arguments)) = process.argv.split_first() else {
        return Err(refused("no program was named".to_owned()));
    };
    // Looked at only in case of trouble: it costs a call to the system.
    let no_directory = || {
        (!process.directory.is_dir()).then(|| SpawnError::NoDirectory {
            directory: process.directory.display().to_string(),
        })
    };
    let path = locate(program, &process.environment, &process.directory).ok_or_else(|| {
        no_directory().unwrap_or_else(|| SpawnError::NotFound {
            program: name(process),
        })
    })?;
    let terminal = matches!(process.stdin, Stdin::Terminal);
    let own = !terminal;
    let arg0 = program.clone();
    // Given here and not to duct, which writes all of them into a text in case of an error.
    let arguments = arguments.to_vec();
    // The path is a full one: that, and no `pre_exec`, is what lets the standard library use
    // posix_spawn in place of fork, whose cost grows with our memory.
    #[expect(clippy::disallowed_methods, reason = "this is where processes start")]
    let expression = duct::cmd(path.into_os_string(), [] as [OsString; 0])
        .dir(&process.directory)
        .full_env(process.environment.iter())
        .unchecked()
        .before_spawn(move |command| {
            command.arg0(&arg0).args(&arguments);
            if own {
                command.process_group(0);
            }
            Ok(())
        });
    let connected = if terminal {
        Ok((expression, Connected::default()))
    } else {
        connect(&expression, listens)
    };
    connected
        .and_then(|(expression, connected)| Ok((expression.start()?, connected)))
        .and_then(|(handle, connected)| {
            let leader = leader(&handle)?;
            Ok(Started {
                handle,
                group: Group::new(leader, own),
                stdout: connected.stdout,
                stderr: connected.stderr,
                stdin: connected.stdin,
            })
        })
        .map_err(|error| no_directory().unwrap_or_else(|| refused(reason(&error))))
}

/// Our ends of the pipes.
#[derive(Default)]
struct Connected {
    stdout: Option<Receiver>,
    stderr: Option<Receiver>,
    stdin: Option<Sender>,
}

/// Gives a process pipes; its ends close with the expression.
fn connect(expression: &Expression, listens: bool) -> io::Result<(Expression, Connected)> {
    let (stdout, stdout_writer) = io::pipe()?;
    let (stderr, stderr_writer) = io::pipe()?;
    let expression = expression
        .stdout_file(stdout_writer)
        .stderr_file(stderr_writer);
    let (expression, stdin) = if listens {
        let (reader, writer) = io::pipe()?;
        let writer = Sender::from_owned_fd(OwnedFd::from(writer))?;
        (expression.stdin_file(reader), Some(writer))
    } else {
        (expression.stdin_null(), None)
    };
    let connected = Connected {
        stdout: Some(Receiver::from_owned_fd(OwnedFd::from(stdout))?),
        stderr: Some(Receiver::from_owned_fd(OwnedFd::from(stderr))?),
        stdin,
    };
    Ok((expression, connected))
}

fn leader(handle: &Handle) -> io::Result<Pid> {
    handle
        .pids()
        .first()
        .and_then(|pid| i32::try_from(*pid).ok())
        .and_then(Pid::from_raw)
        .ok_or_else(|| io::Error::other("the system gave it no process id"))
}

/// Says why the system refused; the two that it words badly in our own words.
fn reason(error: &io::Error) -> String {
    match error.kind() {
        ErrorKind::ArgumentListTooLong => {
            "its arguments and environment are too long for the system; \
             pass what is long in a file or on standard input"
                .to_owned()
        }
        // The program itself is there: it was found.
        ErrorKind::NotFound => {
            "the interpreter that its first line (`#!`) names does not exist".to_owned()
        }
        _ => error.to_string(),
    }
}

/// The full path of a program: the environment's `PATH` is looked through as execvp does it,
/// from the process's own directory.
///
/// What is there but may not be run is the answer only where nothing better is: then the system
/// says why not.
pub(super) fn locate(
    program: &OsStr,
    environment: &Environment,
    directory: &Path,
) -> Option<PathBuf> {
    if program.is_empty() {
        return None;
    }
    if program.as_bytes().contains(&b'/') {
        let path = directory.join(program);
        return path.exists().then_some(path);
    }
    let standard = OsString::from(STANDARD_PATH);
    let folders = environment.get("PATH").unwrap_or(&standard);
    let mut barred = None;
    for folder in folders.as_bytes().split(|byte| *byte == b':') {
        // An empty element is the current directory (POSIX, XBD 8.3).
        let path = directory.join(OsStr::from_bytes(folder)).join(program);
        if path.is_file() {
            if access(&path, Access::EXEC_OK).is_ok() {
                return Some(path);
            }
            barred.get_or_insert(path);
        }
    }
    barred
}
