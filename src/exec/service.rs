//! Background steps: a process that goes on while later steps run, and ends with the run.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::event::Status;
use crate::graph::Step;
use crate::secret::Clean;
use crate::value::show_duration;
use crate::world::{End, Process, Stdin};

use super::attempt::{Action, Attempted, Prepared, process_ending};
use super::code::Code;
use super::context::{Broken, Context};
use super::outcome::Ending;
use super::output;
use super::shell::{self, ShellCell};

/// A background process.
pub(super) struct Service {
    name: String,
    cancel: CancellationToken,
    running: JoinHandle<Option<End>>,
}

/// How often a service is asked whether it is ready.
const EVERY: Duration = Duration::from_millis(200);
/// How long a service that does not say when it is ready is watched for an early end.
const AT_FIRST: Duration = Duration::from_millis(50);
/// How long a service without a `timeout` may take to be ready.
const READY_WITHIN: Duration = Duration::from_secs(60);

/// Starts a service and waits until it is ready.
pub(super) async fn start(
    context: &Arc<Context>,
    step: &Step,
    name: &str,
    prepared: &Prepared,
    code: &Code,
    cancel: &CancellationToken,
) -> Result<Attempted, Broken> {
    let argv = match &prepared.action {
        Action::Shell { dialect, text } | Action::Console { dialect, text, .. } => {
            let cell = &context.graph().document.cells[step.cell];
            context.shell_argv(&ShellCell {
                dialect: *dialect,
                text,
                line: context.source().line(cell.body.origin(0)),
                document: context.source().name(),
                errexit: step.errexit,
                left: None,
                scratch: context.scratch.path(),
            })
        }
        Action::Interpreter { program, text } => {
            shell::interpreter_argv(program, text, context.scratch.path())
        }
        Action::Script | Action::Manual | Action::Branch => {
            return Ok(Attempted::ended(*code.failed(
                "only a shell or an interpreter can run in the background",
            )));
        }
    };
    let argv = match argv {
        Ok(argv) => argv,
        Err(error) => {
            return Ok(Attempted::ended(
                *code.failed(&format!("the script could not be written: {error}")),
            ));
        }
    };
    let process = Process {
        argv,
        environment: prepared.environment.clone(),
        directory: PathBuf::clone(&prepared.directory),
        stdin: Stdin::Null,
        timeout: None,
        grace: context.settings.grace,
    };
    // It outlives the step and a stopped run's other steps: what ends it is the run's end.
    let ended = context.kill.child_token();
    let mut running = {
        let context = Arc::clone(context);
        let name = name.to_owned();
        let ended = ended.clone();
        tokio::spawn(async move {
            let (sender, receiver) = mpsc::channel(8);
            let (exit, _) = tokio::join!(
                context.world.run(process, sender, ended),
                output::pump(&context, &name, receiver, None),
            );
            match exit {
                Ok(exit) => Some(exit.end),
                Err(error) => {
                    let text = context.redactor.clean(&error.to_string());
                    context.note(Some(&name), text).await;
                    None
                }
            }
        })
    };
    let began = context.world.elapsed();
    let within = step.timeout.unwrap_or(READY_WITHIN);
    if step.ready.is_none() {
        context.world.sleep(AT_FIRST).await;
    }
    let ending = loop {
        if running.is_finished() {
            break gone(context, (&mut running).await.ok().flatten());
        }
        if cancel.is_cancelled() {
            break Ending::because(Status::Interrupted, Clean::constant("the run was stopped"));
        }
        match ready(step, code).await {
            Ok(true) => break Ending::passed(),
            Ok(false) => {}
            Err(ending) => break *ending,
        }
        if context.world.elapsed().saturating_sub(began) >= within {
            let reason = format!("not ready after {}", show_duration(within));
            break *code.failed(&reason);
        }
        tokio::select! {
            () = context.world.sleep(EVERY) => {}
            () = cancel.cancelled() => {}
        }
    };
    let service = Service {
        name: name.to_owned(),
        cancel: ended,
        running,
    };
    if ending.status == Status::Passed {
        context
            .services
            .lock()
            .expect("no holder of this lock panics")
            .push(service);
    } else if !service.running.is_finished() {
        service.cancel.cancel();
        // Its end was asked for; how it ended says nothing.
        let _ended = service.running.await;
    }
    Ok(Attempted::ended(ending))
}

/// Whether a service is ready; one that says nothing of it is ready at once.
async fn ready(step: &Step, code: &Code) -> Result<bool, Box<Ending>> {
    let Some(condition) = step.ready.clone() else {
        return Ok(true);
    };
    let code = code.clone();
    let asked = tokio::task::spawn_blocking(move || match code.holds(&condition) {
        // A probe that fails is a service that is not ready yet.
        Err(ending) if ending.status == Status::Failed => Ok(false),
        other => other,
    })
    .await;
    asked.unwrap_or(Ok(false))
}

/// A service that ended before it was ready.
fn gone(context: &Context, end: Option<End>) -> Ending {
    match end {
        Some(End::Code(0)) => Ending::because(
            Status::Failed,
            Clean::constant("it ended before it was ready (exit status 0)"),
        ),
        Some(end) => process_ending(context, end, None),
        None => Ending::because(Status::Failed, Clean::constant("it could not be started")),
    }
}

/// Ends all services, the last started first.
pub(super) async fn end_all(context: &Context) {
    loop {
        let service = context
            .services
            .lock()
            .expect("no holder of this lock panics")
            .pop();
        let Some(service) = service else {
            return;
        };
        let early = service.running.is_finished();
        service.cancel.cancel();
        if let Ok(Some(End::Code(code))) = service.running.await
            && early
        {
            let text = format!("the service ended by itself (exit status {code})");
            let text = context.redactor.clean(&text);
            context.note(Some(&service.name), text).await;
        }
    }
}
