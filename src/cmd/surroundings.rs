//! What the process was started in: environment, directory, terminals. Captured once.

use std::io::{self, IsTerminal as _, Write as _};
use std::path::PathBuf;

use runbook::credentials::Environment;
use runbook::visible;

use super::args::ColorWhen;
use super::failure::Failure;

/// The width of lines where there is no terminal to ask.
const WIDTH: usize = 100;

/// Where the process was started, and what it can write to.
#[derive(Debug)]
pub(crate) struct Surroundings {
    /// The environment as it was given, not cleaned yet.
    pub(crate) environment: Environment,
    /// The working directory.
    pub(crate) directory: PathBuf,
    /// Standard output.
    pub(crate) out: Look,
    /// Standard error.
    pub(crate) err: Look,
}

/// What a stream can show.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Look {
    /// Whether a person looks at it.
    pub(crate) terminal: bool,
    /// Whether colour is wanted.
    pub(crate) color: bool,
    /// How many columns it has.
    pub(crate) width: usize,
}

impl Surroundings {
    /// Looks around.
    ///
    /// # Errors
    /// Where the working directory is gone.
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place where the process's own surroundings are read"
    )]
    pub(crate) fn capture(when: ColorWhen) -> Result<Self, Failure> {
        let environment: Environment = std::env::vars_os().collect();
        let directory = std::env::current_dir().map_err(|error| {
            Failure::wrong("the working directory is gone or can't be read")
                .because(&error)
                .help("change to a directory that is there")
        })?;
        let out = look(
            when,
            &environment,
            io::stdout().is_terminal(),
            &console::Term::stdout(),
        );
        let err = look(
            when,
            &environment,
            io::stderr().is_terminal(),
            &console::Term::stderr(),
        );
        Ok(Self {
            environment,
            directory,
            out,
            err,
        })
    }

    /// Whether somebody is there to be asked.
    pub(crate) fn attended(&self) -> bool {
        io::stdin().is_terminal() && self.err.terminal && self.environment.text("CI").is_none()
    }

    /// Who runs it: the user's name, as the environment has it.
    pub(crate) fn operator(&self) -> String {
        ["USER", "LOGNAME"]
            .into_iter()
            .find_map(|name| self.environment.text(name))
            .map_or_else(
                || format!("user {}", rustix::process::getuid().as_raw()),
                str::to_owned,
            )
    }

    /// Writes a warning to standard error.
    ///
    /// # Errors
    /// Where standard error is gone.
    pub(crate) fn warn(&self, text: &str) -> Result<(), Failure> {
        let text = visible::text(text);
        if self.err.color {
            complain(&format!("\x1b[1;33mwarning\x1b[0m: {text}\n"))
        } else {
            complain(&format!("warning: {text}\n"))
        }
    }
}

/// Writes to standard output what a terminal may show: whatever a caller forgot acts on none.
///
/// # Errors
/// Where standard output is gone.
pub(crate) fn print(text: &str) -> Result<(), Failure> {
    print_bytes(visible::painted(text).as_bytes())
}

/// Writes bytes to standard output as they stand.
///
/// # Errors
/// Where standard output is gone.
pub(crate) fn print_bytes(bytes: &[u8]) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    out.write_all(bytes)?;
    Ok(out.flush()?)
}

/// Writes to standard error, as [`print`] does.
///
/// # Errors
/// Where standard error is gone.
pub(crate) fn complain(text: &str) -> Result<(), Failure> {
    let mut err = io::stderr().lock();
    err.write_all(visible::painted(text).as_bytes())?;
    Ok(err.flush()?)
}

/// Decides what a stream shows (<https://no-color.org>, <https://bixense.com/clicolors>).
fn look(when: ColorWhen, environment: &Environment, terminal: bool, term: &console::Term) -> Look {
    let color = match when {
        ColorWhen::Always => true,
        ColorWhen::Never => false,
        ColorWhen::Auto if environment.text("NO_COLOR").is_some() => false,
        ColorWhen::Auto => {
            environment
                .text("CLICOLOR_FORCE")
                .is_some_and(|value| value != "0")
                || (terminal && environment.text("TERM").is_none_or(|term| term != "dumb"))
        }
    };
    let width = if terminal {
        term.size_checked()
            .map_or(WIDTH, |(_, columns)| usize::from(columns).max(20))
    } else {
        WIDTH
    };
    Look {
        terminal,
        color,
        width,
    }
}
