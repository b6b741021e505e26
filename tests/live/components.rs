//! Programs that a live test needs, and how they are started so that they end with it.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// The folder that `setup.sh` fills.
pub(crate) fn cache() -> PathBuf {
    let cache = std::env::var_os("XDG_CACHE_HOME")
        .map(PathBuf::from)
        .or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cache")))
        .unwrap_or_default();
    cache.join("runbook-tests")
}

/// A program of that folder, or else of `PATH`.
pub(crate) fn program(name: &str) -> Result<PathBuf, String> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    [cache().join("bin")]
        .into_iter()
        .chain(std::env::split_paths(&path))
        .map(|folder| folder.join(name))
        .find(|path| path.is_file())
        .ok_or_else(|| format!("{name} is not installed (tests/live/setup.sh brings it)"))
}

/// Says that a test is skipped where something is missing.
pub(crate) fn or_skip<T>(found: Result<T, String>) -> Option<T> {
    found
        .map_err(|missing| eprintln!("skipped: {missing}"))
        .ok()
}

/// Starts a program that ends with the tests' process, however that ends: a shell waits for the
/// end of what it reads from us.
pub(crate) fn start(program: &Path, arguments: &[String], folder: &Path, log: &str) -> Child {
    let log = std::fs::File::create(folder.join(log)).expect("a file in a temporary folder");
    Command::new("sh")
        .arg("-c")
        .arg("exec 3<&0; \"$@\" <&- 3<&- & read -r _ <&3; kill -9 $!; wait")
        .arg("sh")
        .arg(program)
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(log.try_clone().expect("a file can be shared"))
        .stderr(log)
        .spawn()
        .expect("sh starts")
}

/// A port of loopback that nobody uses now.
pub(crate) fn free_port() -> u16 {
    let socket = TcpListener::bind(("127.0.0.1", 0)).expect("a port of loopback is free");
    socket.local_addr().expect("it is bound").port()
}
