//! The process that a prepared step runs in, in the foreground or as a service.

use std::io;
use std::path::Path;
use std::time::Duration;

use crate::graph::Step;
use crate::world::{Process, Stdin};

use super::attempt::{Action, Prepared};
use super::context::Context;
use super::shell::{self, ShellCell};

impl Prepared {
    /// The process of the step; `None` where no process runs it. A shell writes to `left` what it
    /// leaves.
    ///
    /// # Errors
    /// Where a script that is no argument can't be written.
    pub(super) fn process(
        &self,
        context: &Context,
        step: &Step,
        left: Option<&Path>,
        timeout: Option<Duration>,
    ) -> Option<io::Result<Process>> {
        let scratch = context.scratch.path();
        let argv = match &self.action {
            Action::Script | Action::Manual | Action::Branch => return None,
            Action::Interpreter { program, text } => {
                shell::interpreter_argv(program, text, scratch)
            }
            Action::Shell { dialect, text } | Action::Console { dialect, text, .. } => {
                let cell = &context.graph().document.cells[step.cell];
                let document = context.redactor.clean(context.source().name());
                context.shell_argv(&ShellCell {
                    dialect: *dialect,
                    text,
                    line: context.source().line(cell.body.origin(0)),
                    document: document.as_str(),
                    errexit: step.errexit,
                    left,
                    secrets: &self.secrets,
                    scratch,
                })
            }
        };
        Some(argv.map(|argv| Process {
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
        }))
    }
}
