//! Asks `ShellCheck` about a page, where it is installed.

use std::ffi::OsString;
use std::sync::Arc;
use std::time::Duration;

use runbook::credentials::Environment;
use runbook::diagnostic::Diagnostics;
use runbook::document::Document;
use runbook::lint::shellcheck;
use runbook::world::{Chunk, End, Origin, Process, Stdin, Stream, World};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::failure::{Failure, Kind};
use super::surroundings::Surroundings;
use super::{rooms, runtime, tools};

/// How long it may read one page.
const PATIENCE: Duration = Duration::from_mins(1);
/// The largest answer that is read, in bytes.
const ENOUGH: usize = 16 * 1024 * 1024;

/// `ShellCheck`, found on the search path.
pub(crate) struct ShellCheck {
    world: Arc<dyn World>,
    runtime: tokio::runtime::Runtime,
    environment: Environment,
}

impl ShellCheck {
    /// Looks for it; `None` where it is not installed.
    ///
    /// # Errors
    /// Where no threads can be started.
    pub(crate) fn find(surroundings: &Surroundings) -> Result<Option<Self>, Failure> {
        let given = &surroundings.environment;
        if tools::find("shellcheck", given, &surroundings.directory).is_none() {
            return Ok(None);
        }
        // It needs no credentials, so it gets none; it writes in the locale's encoding.
        let mut environment = Environment::default();
        for name in ["PATH", "HOME", "TMPDIR"] {
            if let Some(value) = given.get(name) {
                environment.set(name, value.to_owned());
            }
        }
        environment.set("LC_ALL", "C.UTF-8");
        Ok(Some(Self {
            world: rooms::bare_world(),
            runtime: runtime()?,
            environment,
        }))
    }

    /// What it says of a page; `None` where it failed or took too long.
    ///
    /// # Errors
    /// Where its files can't be written.
    pub(crate) fn read(&self, document: &Document) -> Result<Option<Diagnostics>, Failure> {
        let scripts = shellcheck::scripts(document);
        if scripts.is_empty() {
            return Ok(Some(Diagnostics::default()));
        }
        let written = |error: std::io::Error| {
            Failure::new(Kind::Refused, "the files for ShellCheck can't be written").because(&error)
        };
        let folder = tempfile::tempdir().map_err(written)?;
        for script in &scripts {
            std::fs::write(folder.path().join(&script.name), &script.text).map_err(written)?;
        }
        let mut argv = vec![OsString::from("shellcheck")];
        argv.extend(
            shellcheck::arguments(&scripts)
                .into_iter()
                .map(OsString::from),
        );
        let process = Process {
            origin: Origin::default(),
            argv,
            environment: self.environment.clone(),
            directory: folder.path().to_owned(),
            stdin: Stdin::Null,
            timeout: Some(PATIENCE),
            grace: Duration::from_secs(1),
            script: None,
        };
        let said = self.runtime.block_on(self.ask(process));
        Ok(said.and_then(|printed| shellcheck::read(document, &scripts, &printed).ok()))
    }

    /// What it printed, where it ended by itself.
    async fn ask(&self, process: Process) -> Option<Vec<u8>> {
        let (sender, mut output) = mpsc::channel::<Chunk>(16);
        let said = async {
            let mut said = Vec::new();
            while let Some(chunk) = output.recv().await {
                if chunk.stream == Stream::Stdout && said.len() < ENOUGH {
                    said.extend(chunk.bytes);
                }
            }
            said
        };
        let cancel = CancellationToken::new();
        let (exit, said) = tokio::join!(self.world.run(process, sender, cancel), said);
        // 1 means that it found something.
        matches!(exit.ok()?.end, End::Code(0 | 1)).then_some(said)
    }
}
