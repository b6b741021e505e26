//! A runbook, run by the program in a folder of its own.

use std::path::Path;
use std::process::{Command, Stdio};

use tempfile::TempDir;

/// A page and what it is run with.
#[must_use = "nothing is tested until `run` is called"]
pub(crate) struct Page {
    root: TempDir,
    environment: Vec<(String, String)>,
    path: Vec<std::path::PathBuf>,
}

/// What came out.
pub(crate) struct Ran {
    /// Both streams.
    pub(crate) text: String,
    status: i32,
    root: TempDir,
}

impl Page {
    /// A page of one script.
    pub(crate) fn script(script: &str) -> Self {
        Self::text(&format!("# Page\n\n```rhai {{#it}}\n{script}\n```\n"))
    }

    /// A page as it stands.
    pub(crate) fn text(text: &str) -> Self {
        Self::at(tempfile::tempdir().expect("a temporary folder can be made")).file("page.md", text)
    }

    /// No page yet, in this folder.
    pub(crate) fn at(root: TempDir) -> Self {
        Self {
            root,
            environment: Vec::new(),
            path: Vec::new(),
        }
    }

    /// Writes a file beside it.
    pub(crate) fn file(self, path: &str, content: &str) -> Self {
        let path = self.root.path().join(path);
        let folder = path.parent().expect("it is below the root");
        std::fs::create_dir_all(folder).expect("a folder in a temporary folder");
        std::fs::write(path, content).expect("a file in a temporary folder");
        self
    }

    /// The folder.
    pub(crate) fn root(&self) -> &Path {
        self.root.path()
    }

    /// Sets a variable.
    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Puts a program under a name on `PATH`, before all others.
    pub(crate) fn program(mut self, name: &str, program: &Path) -> Self {
        let folder = self.root.path().join("bin");
        std::fs::create_dir_all(&folder).expect("a folder in a temporary folder");
        std::os::unix::fs::symlink(program, folder.join(name)).expect("a link");
        self.path = vec![folder];
        self
    }

    /// The program as it would be started.
    pub(crate) fn command(&self) -> Command {
        self.with(&["run", "page.md", "--yes"])
    }

    /// The program with other arguments.
    pub(crate) fn with(&self, arguments: &[&str]) -> Command {
        let inherited = std::env::var_os("PATH").unwrap_or_default();
        let path = self
            .path
            .iter()
            .cloned()
            .chain(std::env::split_paths(&inherited));
        let mut command = Command::new(env!("CARGO_BIN_EXE_runbook"));
        command
            .args(arguments)
            .current_dir(self.root.path())
            .env_clear()
            .env("PATH", std::env::join_paths(path).expect("paths"))
            .env("HOME", self.root.path())
            .env("RUNBOOK_HOME", self.root.path().join("home"))
            .env("USER", "tester")
            .env("LC_ALL", "C.UTF-8")
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null());
        command
    }

    /// Runs it to its end.
    pub(crate) fn run(self) -> Ran {
        let output = self.command().output().expect("the program starts");
        let out = String::from_utf8_lossy(&output.stdout);
        let err = String::from_utf8_lossy(&output.stderr);
        Ran {
            text: format!("{out}{err}"),
            status: output.status.code().unwrap_or(-1),
            root: self.root,
        }
    }
}

impl Ran {
    /// Checks that it passed.
    #[track_caller]
    pub(crate) fn passes(self) -> Self {
        assert_eq!(self.status, 0, "{}", self.text);
        self
    }

    /// Checks that it failed, as a run does and not as a program that broke.
    #[track_caller]
    pub(crate) fn fails(self) -> Self {
        assert_eq!(self.status, 1, "{}", self.text);
        self
    }

    /// Checks that a text was shown; lines may be broken anywhere between words.
    #[track_caller]
    pub(crate) fn says(self, text: &str) -> Self {
        let flat = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        let shown = flat(&self.text.replace('│', " "));
        assert!(
            shown.contains(&flat(text)),
            "no {text:?} in:\n{}",
            self.text
        );
        self
    }

    /// Checks that a text was neither shown nor recorded.
    #[track_caller]
    pub(crate) fn hides(self, text: &str) -> Self {
        assert!(!self.text.contains(text), "{text:?} is in:\n{}", self.text);
        let runs = std::fs::read_dir(self.root.path().join("home/runs"));
        for run in runs.into_iter().flatten().flatten() {
            let journal = std::fs::read_to_string(run.path().join("journal.jsonl"));
            let journal = journal.expect("a run has a journal");
            assert!(!journal.contains(text), "{text:?} is in:\n{journal}");
        }
        self
    }
}
