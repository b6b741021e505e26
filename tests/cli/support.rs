//! One builder for a run of the program in a folder of its own.

use std::fs;
use std::io::Write as _;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use regex::Regex;
use tempfile::TempDir;

/// A run of the program: files, arguments, environment, and then [`run`](Self::run).
#[must_use = "nothing is tested until `run` is called"]
pub(crate) struct Test {
    root: TempDir,
    args: Vec<String>,
    environment: Vec<(String, String)>,
    stdin: Vec<u8>,
}

/// What a run of the program printed, and its status.
pub(crate) struct Ran {
    /// Standard output, then standard error, then the status; times, ids and paths redacted.
    pub(crate) text: String,
    /// Standard output as it was.
    pub(crate) stdout: String,
    /// Standard error as it was.
    pub(crate) stderr: String,
    /// The exit status; 128 + n where signal n ended it.
    pub(crate) status: i32,
    root: TempDir,
}

impl Test {
    /// A new folder, an environment with nothing but `PATH` and a home in that folder.
    pub(crate) fn new() -> Self {
        Self {
            root: tempfile::tempdir().expect("a temporary folder can be made"),
            args: Vec::new(),
            environment: Vec::new(),
            stdin: Vec::new(),
        }
    }

    /// The folder.
    pub(crate) fn root(&self) -> &Path {
        self.root.path()
    }

    /// Writes a file; folders on its path are made.
    pub(crate) fn file(self, path: &str, content: impl AsRef<[u8]>) -> Self {
        let path = self.root.path().join(path);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).expect("a folder in a temporary folder can be made");
        }
        fs::write(path, content).expect("a file in a temporary folder can be written");
        self
    }

    /// Makes an empty folder.
    pub(crate) fn folder(self, path: &str) -> Self {
        fs::create_dir_all(self.root.path().join(path)).expect("a folder can be made");
        self
    }

    /// Sets the arguments.
    pub(crate) fn args<const N: usize>(mut self, args: [&str; N]) -> Self {
        self.args = args.map(str::to_owned).to_vec();
        self
    }

    /// Sets arguments of any number.
    pub(crate) fn arguments(mut self, args: &[&str]) -> Self {
        self.args = args.iter().map(|arg| (*arg).to_owned()).collect();
        self
    }

    /// Sets an environment variable.
    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Has temporary files in a folder of the test's.
    pub(crate) fn tmp(self, path: &str) -> Self {
        let path = self.root.path().join(path).display().to_string();
        self.env("TMPDIR", &path)
    }

    /// Sets what the program reads.
    pub(crate) fn stdin(mut self, text: &str) -> Self {
        self.stdin = text.as_bytes().to_vec();
        self
    }

    /// The program as it would be started.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_runbook"));
        command
            .args(&self.args)
            .current_dir(self.root.path())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.root.path())
            .env("RUNBOOK_HOME", self.root.path().join("home"))
            .env("USER", "tester")
            .env("TZ", "UTC")
            .env("LC_ALL", "C.UTF-8")
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Runs the program to its end.
    pub(crate) fn run(self) -> Ran {
        let mut child = self.command().spawn().expect("the program starts");
        let mut stdin = child.stdin.take().expect("its standard input is a pipe");
        // It may end without reading.
        let _ = stdin.write_all(&self.stdin);
        drop(stdin);
        let output = child.wait_with_output().expect("it can be waited for");
        let status = output
            .status
            .code()
            .or_else(|| output.status.signal().map(|signal| 128 + signal))
            .expect("a process ends by a status or a signal");
        let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        let mut text = redact(&stdout, self.root.path());
        if !stderr.is_empty() {
            text.push_str("--- stderr\n");
            text.push_str(&redact(&stderr, self.root.path()));
        }
        text.extend(["--- status ", &status.to_string(), "\n"]);
        Ran {
            text,
            stdout,
            stderr,
            status,
            root: self.root,
        }
    }

    /// Runs the program and compares all that came out.
    #[track_caller]
    pub(crate) fn prints(self, expected: impl snapbox::IntoData) -> Ran {
        let ran = self.run();
        snapbox::assert_data_eq!(ran.text.as_str(), expected);
        ran
    }
}

impl Ran {
    /// Goes on in the same folder.
    pub(crate) fn then<const N: usize>(self, args: [&str; N]) -> Test {
        Test {
            root: self.root,
            args: args.map(str::to_owned).to_vec(),
            environment: Vec::new(),
            stdin: Vec::new(),
        }
    }

    /// Checks the status, showing all that came out where it is another one.
    #[track_caller]
    pub(crate) fn ends(self, status: i32) -> Self {
        assert_eq!(self.status, status, "{}", self.text);
        self
    }

    /// Checks that a text was printed, on either stream.
    #[track_caller]
    pub(crate) fn says(self, text: &str) -> Self {
        assert!(self.text.contains(text), "no {text:?} in:\n{}", self.text);
        self
    }

    /// Checks that a text was not printed, on either stream, and is in no file of the folder's
    /// journals.
    #[track_caller]
    pub(crate) fn hides(self, text: &str) -> Self {
        assert!(
            !self.stdout.contains(text),
            "{text:?} is in:\n{}",
            self.stdout
        );
        assert!(
            !self.stderr.contains(text),
            "{text:?} is in:\n{}",
            self.stderr
        );
        for journal in self.journals() {
            assert!(!journal.contains(text), "{text:?} is in:\n{journal}");
        }
        self
    }

    /// The text of a file.
    pub(crate) fn read(&self, path: &str) -> String {
        fs::read_to_string(self.root.path().join(path)).expect("the file is there")
    }

    /// The folder.
    pub(crate) fn folder(&self) -> &Path {
        self.root.path()
    }

    /// The path of a file or folder.
    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.root.path().join(path)
    }

    /// Whether there is a file or folder.
    pub(crate) fn exists(&self, path: &str) -> bool {
        self.root.path().join(path).exists()
    }

    /// The journals of its runs, oldest first.
    pub(crate) fn journals(&self) -> Vec<String> {
        let mut folders: Vec<PathBuf> = fs::read_dir(self.root.path().join("home/runs"))
            .into_iter()
            .flatten()
            .map(|entry| entry.expect("an entry of a folder can be read").path())
            .collect();
        folders.sort();
        folders
            .iter()
            .map(|folder| {
                fs::read_to_string(folder.join("journal.jsonl")).expect("a run has a journal")
            })
            .collect()
    }

    /// The entries of its only run.
    #[track_caller]
    pub(crate) fn entries(&self) -> Vec<serde_json::Value> {
        let journals = self.journals();
        let [journal] = journals.as_slice() else {
            panic!("{} runs instead of one:\n{}", journals.len(), self.text);
        };
        journal
            .lines()
            .map(|line| serde_json::from_str(line).expect("an entry is JSON"))
            .collect()
    }

    /// How a step of its only run ended: its status, `skipped`, or nothing.
    #[track_caller]
    pub(crate) fn step(&self, step: &str) -> Option<String> {
        self.entries()
            .iter()
            .rev()
            .filter(|entry| entry["step"] == step)
            .find_map(|entry| match entry["event"].as_str() {
                Some("step-finished") => entry["status"].as_str().map(str::to_owned),
                Some("step-skipped") => Some("skipped".to_owned()),
                _ => None,
            })
    }
}

/// Puts names in the place of what differs from run to run.
fn redact(text: &str, root: &Path) -> String {
    let text = text.replace(&*root.to_string_lossy(), "[ROOT]");
    [
        (
            r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}",
            "[RUN]",
        ),
        (
            r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?( ?UTC|Z)?",
            "[TIME]",
        ),
        (r"\b\d+h \d\dm\b|\b\d+m \d\ds\b|\b\d+\.\d+s\b", "[TIME]"),
    ]
    .into_iter()
    .fold(text, |text, (pattern, name)| {
        Regex::new(pattern)
            .expect("the pattern is right")
            .replace_all(&text, name)
            .into_owned()
    })
}
