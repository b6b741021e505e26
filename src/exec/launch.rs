//! The process that a prepared step runs in, in the foreground or as a service.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::graph::Step;
use crate::quote::Dialect;
use crate::world::{Leavings, Origin, Process, Stdin};

use super::attempt::{Action, Prepared};
use super::context::Context;
use super::lone::is_lone;
use super::shell::{self, Left, ShellCell};

impl Prepared {
    /// The process of the step called `name`; `None` where no process runs it. A shell writes to `left` what it
    /// leaves.
    ///
    /// # Errors
    /// Where a script that is no argument can't be written.
    pub(super) fn process(
        &self,
        context: &Context,
        (step, name): (&Step, &str),
        left: Option<&Path>,
        timeout: Option<Duration>,
    ) -> Option<io::Result<Process>> {
        let scratch = context.scratch.path();
        let mut script = None;
        let argv = match &self.action {
            Action::Script | Action::Manual | Action::Branch => return None,
            Action::Interpreter { program, text } => {
                shell::interpreter_argv(program, text, scratch)
            }
            Action::Shell { dialect, text } | Action::Console { dialect, text, .. } => {
                let cell = &context.graph().document.cells[step.cell];
                let document = context.redactor.clean(context.source().name());
                let cell = ShellCell {
                    dialect: *dialect,
                    text,
                    line: context.source().line(cell.body.origin(0)),
                    document: document.as_str(),
                    errexit: step.errexit,
                    left,
                    secrets: &self.secrets,
                    scratch,
                };
                let mut argv = context.shell_argv(&cell);
                if let Ok(argv) = &argv {
                    script = shell::script_of(&cell, argv);
                }
                if script.is_some() && self.leaves_nothing() {
                    argv = context.shell_argv(&ShellCell { left: None, ..cell });
                }
                argv
            }
        };
        let origin = Origin {
            step: name.to_owned(),
            request: self.command.clone(),
            function: None,
            mark: match &self.action {
                Action::Console { mark, .. } => Some(mark.clone()),
                _ => None,
            },
            service: step.background,
        };
        Some(argv.map(|argv| Process {
            origin,
            argv,
            environment: self.environment.clone(),
            directory: self.directory.clone(),
            stdin: if step.tty && !step.background {
                Stdin::Terminal
            } else {
                Stdin::Null
            },
            timeout,
            grace: context.settings.grace,
            script,
        }))
    }

    /// Whether it is known of the text alone that its shell leaves nothing.
    pub(super) fn leaves_nothing(&self) -> bool {
        matches!(&self.action, Action::Shell { dialect: Dialect::Bash, text }
            if self.secrets.is_empty() && is_lone(text, &self.environment))
    }

    /// What a shell left that did not say so in a file, because the world knows it.
    pub(super) fn known(&self, leavings: Leavings) -> Left {
        let mut environment = self.environment.clone();
        for (name, value) in leavings.environment {
            match value {
                Some(value) => environment.set(name, value),
                None => {
                    environment.remove(name);
                }
            }
        }
        let began = || environment.get("PWD").map(PathBuf::from);
        Left {
            directory: leavings
                .directory
                .or_else(began)
                .unwrap_or_else(|| self.directory.clone()),
            environment,
        }
    }
}

/// Code behind as many empty lines as stand above it in the document, so that a traceback names
/// the document's lines; only for programs that don't mind.
pub(super) fn placed(program: &str, line: usize, code: Vec<u8>) -> Vec<u8> {
    let minds = !["python", "node", "ruby", "perl"]
        .iter()
        .any(|known| program.starts_with(known));
    if minds || code.starts_with(b"#!") {
        return code;
    }
    let mut placed = vec![b'\n'; line.saturating_sub(1)];
    placed.extend(code);
    placed
}
