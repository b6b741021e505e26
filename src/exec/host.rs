//! What a script of one step can reach, by way of the world and the journal.

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::credentials::Environment;
use crate::event::{Event, Part};
use crate::quote::Dialect;
use crate::script::{Check, Command, Finished, Host, Request, Trouble};
use crate::secret::Clean;
use crate::value::{Value, show_duration};
use crate::world::{Call, CallError, End, Origin, Process, QuestionKind, Stdin, codes};

use super::confided::confided;
use super::context::Context;
use super::evidence;
use super::output;
use super::shell::ShellCell;

/// From how many elements on a list that is answered is written down before the script goes on.
const LONG: usize = 500;

/// The host of one step, which numbers its calls through all attempts; its functions block and belong on a blocking thread.
pub(super) struct StepHost {
    context: Arc<Context>,
    step: String,
    dialect: Dialect,
    environment: Environment,
    directory: PathBuf,
    cancel: CancellationToken,
    runtime: Handle,
    /// Whether what its processes write is recorded.
    quiet: bool,
    calls: Arc<AtomicU32>,
}

impl StepHost {
    pub(super) fn new(
        context: Arc<Context>,
        step: String,
        environment: Environment,
        directory: PathBuf,
        cancel: CancellationToken,
        calls: Arc<AtomicU32>,
    ) -> Self {
        let dialect = context
            .graph()
            .document
            .front_matter
            .shell
            .unwrap_or(Dialect::Bash);
        Self {
            context,
            step,
            dialect,
            environment,
            directory,
            cancel,
            runtime: Handle::current(),
            quiet: false,
            calls,
        }
    }

    /// Keeps what its processes write out of the record: a question that is asked again and
    /// again would bury what the step itself writes.
    pub(super) fn quietly(self) -> Self {
        Self {
            quiet: true,
            ..self
        }
    }

    async fn run(&self, request: Request) -> Result<Finished, Trouble> {
        let call = self.calls.fetch_add(1, Ordering::Relaxed) + 1;
        let (argv, shown) = self.argv(&request.command)?;
        let mut environment = self.environment.clone();
        for (name, value) in request.environment {
            self.context
                .learn(Some(&self.step), name.as_ref(), value.as_ref())
                .await;
            environment.set(name, value);
        }
        let directory = request
            .directory
            .map_or_else(|| self.directory.clone(), |path| self.directory.join(path));
        self.context
            .commit(vec![Event::Called {
                step: self.step.clone(),
                call,
                function: request.function.to_owned(),
                request: self.context.redactor.clean(&shown),
            }])
            .await
            .map_err(|_| Trouble::Cancelled)?;
        let shown_clean = self.context.redactor.clean(&shown);
        let process = Process {
            origin: self.origin(request.function, shown_clean),
            argv,
            environment,
            directory,
            stdin: request.stdin.map_or(Stdin::Null, Stdin::Bytes),
            timeout: request.timeout,
            grace: self.context.settings.grace,
            script: None,
        };
        let (sender, receiver) = mpsc::channel(8);
        let (exit, kept) = tokio::join!(
            self.context.world.run(process, sender, self.cancel.clone()),
            async {
                if self.quiet {
                    output::keep_all(receiver).await
                } else {
                    output::pump(&self.context, &self.step, Some(call), receiver, None).await
                }
            },
        );
        if !matches!(&exit, Ok(exit) if exit.end == End::Cancelled) {
            let ended = if self.quiet {
                evidence::quiet(&exit, &kept)
            } else {
                evidence::ended(&exit)
            };
            let ended = serde_json::to_value(ended).unwrap_or_default();
            self.captured(call, ended).await;
        }
        let exit = exit.map_err(|error| Trouble::Failed(error.to_string()))?;
        let code = match exit.end {
            End::Code(code) => code,
            End::Signal(signal) => 128 + signal,
            End::Cancelled => return Err(Trouble::Cancelled),
            End::TimedOut => {
                let limit = request.timeout.map(show_duration).unwrap_or_default();
                return Err(Trouble::Failed(format!(
                    "`{shown}` timed out after {limit}"
                )));
            }
        };
        Ok(Finished {
            code,
            stdout: kept.stdout,
            stderr: kept.stderr,
            truncated: kept.truncated,
            elapsed: exit.elapsed,
        })
    }

    async fn ask_system(
        &self,
        function: &'static str,
        arguments: Value,
        timeout: Duration,
    ) -> Result<Value, Trouble> {
        let call = self.calls.fetch_add(1, Ordering::Relaxed) + 1;
        let (shown, secrets) = confided(function, &arguments);
        for (name, secret) in &secrets {
            // What is too short or too common to be looked for everywhere is hidden where it stands.
            let _unfit = self.context.redactor.learn(name, secret.as_bytes());
        }
        let shown = self.context.redactor.clean(&format!("{function}({shown})"));
        self.context
            .commit(vec![Event::Called {
                step: self.step.clone(),
                call,
                function: function.to_owned(),
                request: shown.clone(),
            }])
            .await
            .map_err(|_| Trouble::Cancelled)?;
        let (progress, mut lines) = mpsc::channel(16);
        let request = Call {
            origin: self.origin(function, shown),
            function: function.to_owned(),
            arguments,
            environment: self.environment.clone(),
            directory: self.directory.clone(),
            timeout,
            grace: self.context.settings.grace,
        };
        let (answered, ()) = tokio::join!(
            self.context
                .world
                .call(request, progress, self.cancel.clone()),
            async {
                while let Some(line) = lines.recv().await {
                    let line = self.context.redactor.clean(&line);
                    self.context.note(Some(&self.step), line).await;
                }
            },
        );
        match answered {
            Ok(reply) => {
                for (name, secret) in &reply.secrets {
                    if function.starts_with("k8s::") {
                        // Scripts hold it as a secret, whatever it is; what is too short or too
                        // common to be looked for everywhere is hidden where it was answered.
                        let _unfit = self.context.redactor.learn(name, secret.as_bytes());
                    } else {
                        self.context.learn_secret(&self.step, name, secret).await;
                    }
                }
                if reply.secrets.is_empty() {
                    self.capture(call, &reply.value).await;
                } else {
                    let shown = hidden(&reply.value, &reply.secrets);
                    self.capture(call, &shown).await;
                }
                Ok(reply.value)
            }
            Err(CallError { code, .. }) if code == codes::CANCELLED => Err(Trouble::Cancelled),
            Err(CallError {
                code,
                message,
                help,
            }) => {
                let outcome = serde_json::json!({
                    "error": { "code": code, "message": message, "help": help }
                });
                self.captured(call, outcome).await;
                Err(Trouble::Answered {
                    code,
                    message,
                    help,
                })
            }
        }
    }

    fn origin(&self, function: &'static str, request: Clean) -> Origin {
        Origin {
            step: self.step.clone(),
            request: Some(request),
            function: Some(function),
            ..Origin::default()
        }
    }

    /// Records what a script read.
    fn read(&self, name: &str, value: &Value) {
        let recorded = evidence::captured(&self.context, &self.step, name, value);
        self.runtime.block_on(recorded);
    }

    fn argv(&self, command: &Command) -> Result<(Vec<OsString>, String), Trouble> {
        match command {
            Command::Argv(argv) => {
                // Every user of the machine can read the arguments of a process.
                if let Some(position) = argv
                    .iter()
                    .position(|argument| self.context.redactor.finds(argument.as_bytes()))
                {
                    return Err(Trouble::Failed(format!(
                        "a secret can't stand on a command line, and argument {position} of this \
                         holds one: give it in the environment or on standard input"
                    )));
                }
                let shown = crate::quote::join(self.dialect, argv)
                    .map_err(|error| Trouble::Failed(error.to_string()))?;
                Ok((
                    argv.iter().map(OsString::from).collect(),
                    String::from_utf8_lossy(&shown).into_owned(),
                ))
            }
            Command::Shell(text) => {
                let cell = ShellCell {
                    dialect: self.dialect,
                    text: text.as_bytes(),
                    line: 1,
                    document: "sh()",
                    errexit: true,
                    left: None,
                    secrets: &[],
                    scratch: self.context.scratch.path(),
                };
                let argv = self
                    .context
                    .shell_argv(&cell)
                    .map_err(|error| Trouble::Failed(error.to_string()))?;
                Ok((argv, text.clone()))
            }
        }
    }

    async fn captured(&self, call: u32, value: Value) {
        self.capture(call, &value).await;
    }

    async fn capture(&self, call: u32, value: &Value) {
        let event = Event::Captured {
            step: self.step.clone(),
            call: Some(call),
            name: "outcome".to_owned(),
            value: self.context.redactor.clean_value(value),
        };
        let is_long = value.as_array().is_some_and(|list| list.len() > LONG);
        if is_long {
            // So that its copy is gone before the script gets its own; one that can't be written
            // ends the run soon enough.
            let _ = self.context.commit(vec![event]).await;
        } else {
            self.context.recorder.record(event).await;
        }
    }
}

/// A value with the names of secrets where it holds one and nothing else.
fn hidden(value: &Value, secrets: &[(String, String)]) -> Value {
    match value {
        Value::String(text) => match secrets.iter().find(|(_, secret)| secret == text) {
            Some((name, _)) => Value::from(format!("«secret:{name}»")),
            None => value.clone(),
        },
        Value::Array(list) => list.iter().map(|value| hidden(value, secrets)).collect(),
        Value::Object(map) => Value::Object(
            map.iter()
                .map(|(key, value)| (key.clone(), hidden(value, secrets)))
                .collect(),
        ),
        other => other.clone(),
    }
}

impl Host for StepHost {
    fn process(&self, request: Request) -> Result<Finished, Trouble> {
        self.runtime.block_on(self.run(request))
    }

    fn call(
        &self,
        function: &'static str,
        arguments: Value,
        timeout: Duration,
    ) -> Result<Value, Trouble> {
        self.runtime
            .block_on(self.ask_system(function, arguments, timeout))
    }

    fn ask(&self, question: &str, default: Option<&str>) -> Result<String, Trouble> {
        let text = self.context.redactor.clean(question);
        let kind = QuestionKind::Text {
            default: default.map(str::to_owned),
        };
        let answer =
            self.runtime
                .block_on(self.context.ask(&self.step, text, None, kind, &self.cancel));
        match answer {
            Ok(Some(answer)) => Ok(answer.text),
            Ok(None) if self.cancel.is_cancelled() => Err(Trouble::Cancelled),
            Ok(None) => Err(Trouble::Refused(format!(
                "nobody answered the question `{question}`"
            ))),
            Err(_) => Err(Trouble::Cancelled),
        }
    }

    fn log(&self, text: &str) {
        let text = self.context.redactor.clean(text);
        self.runtime
            .block_on(self.context.note(Some(&self.step), text));
    }

    fn learn(&self, name: &str, secret: &str) {
        self.runtime
            .block_on(self.context.learn_secret(&self.step, name, secret));
    }

    fn clean(&self, text: &str) -> String {
        self.context.redactor.clean(text).to_string()
    }

    fn checked(&self, check: Check) {
        let redactor = &self.context.redactor;
        let position = self.context.source().position(check.span.start);
        let event = Event::Checked {
            step: self.step.clone(),
            line: position.line,
            column: position.column,
            expression: redactor.clean(&check.expression),
            held: check.held,
            message: check.message.as_deref().map(|text| redactor.clean(text)),
            parts: check
                .parts
                .iter()
                .map(|(code, value)| Part {
                    code: redactor.clean(code),
                    value: redactor.clean(value),
                })
                .collect(),
        };
        self.runtime.block_on(self.context.recorder.record(event));
    }

    fn environment(&self, name: &str) -> Option<String> {
        let value = self
            .context
            .world
            .variable(&self.step, &self.environment, name)
            .map(|value| value.to_string_lossy().into_owned());
        let shown = value.clone().map_or(Value::Null, Value::from);
        self.read(&format!("env {name}"), &shown);
        value
    }

    fn elapsed(&self) -> Duration {
        self.context.world.elapsed()
    }

    fn now(&self) -> jiff::Timestamp {
        let now = self.context.world.clock(&self.step);
        self.read("now", &Value::from(now.to_string()));
        now
    }

    fn sleep(&self, duration: Duration) -> Result<(), Trouble> {
        self.runtime.block_on(async {
            tokio::select! {
                biased;
                () = self.cancel.cancelled() => Err(Trouble::Cancelled),
                () = self.context.world.sleep(duration) => Ok(()),
            }
        })
    }
}
