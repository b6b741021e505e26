//! Background steps: a process that goes on while later steps run, and ends with the run.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::event::Status;
use crate::graph::Step;
use crate::secret::Clean;
use crate::source::Excerpt;
use crate::value::show_duration;
use crate::world::{End, Process};

use super::attempt::{Attempted, Prepared, process_ending};
use super::code::Code;
use super::context::{Broken, Context};
use super::evidence;
use super::fallen::Fell;
use super::host::StepHost;
use super::outcome::Ending;
use super::output;

/// A background process.
pub(super) struct Service {
    cancel: CancellationToken,
    running: JoinHandle<Option<End>>,
}

/// How often a service is asked whether it is ready.
const EVERY: Duration = Duration::from_millis(200);
/// How long a service that does not say when it is ready is watched for an early end.
const AT_FIRST: Duration = Duration::from_millis(50);
/// How long a service without a `timeout` may take to be ready.
const READY_WITHIN: Duration = Duration::from_mins(1);

/// Starts a service, an attempt at a step, and waits until it is ready.
pub(super) async fn start(
    context: &Arc<Context>,
    (index, attempt): (usize, u32),
    name: &str,
    prepared: &Prepared,
    code: &Code,
    cancel: &CancellationToken,
) -> Result<Attempted, Broken> {
    let step = context.step(index);
    let began = context.world.elapsed();
    let process = match prepared.process(context, (step, name), None, None) {
        Some(Ok(process)) => process,
        Some(Err(error)) => {
            return Ok(Attempted::ended(
                *code.failed(&format!("the script could not be written: {error}")),
            ));
        }
        None => {
            return Ok(Attempted::ended(*code.failed(
                "only a shell or an interpreter can run in the background",
            )));
        }
    };
    // It outlives the step and a stopped run's other steps: what ends it is the run's end.
    let ended = context.kill.child_token();
    let first = Arc::new(AtomicBool::new(false));
    let mut running = {
        let context = Arc::clone(context);
        let name = name.to_owned();
        let (ended, second) = (ended.clone(), Arc::clone(&first));
        tokio::spawn(async move {
            let end = serve(&context, &name, process, ended.clone()).await;
            // Before the step has settled, its end says so.
            if second.swap(true, Ordering::Relaxed) && !ended.is_cancelled() {
                let elapsed = context.world.elapsed().saturating_sub(began);
                match fell(&context, end) {
                    Some(ending) => context.fallen.tell(Fell {
                        index,
                        name,
                        ending: Ending {
                            attempts: attempt,
                            elapsed,
                            ..ending
                        },
                    }),
                    None => note_end(&context, &name, end).await,
                }
            }
            end
        })
    };
    // What ends at once has ended before anyone asks whether it is ready.
    tokio::task::yield_now().await;
    let mut ending = tokio::select! {
        biased;
        end = &mut running => gone(context, end.ok().flatten()),
        ending = until_ready(context, step, name, prepared, code, cancel) => ending,
    };
    if ending.status == Status::Passed && first.swap(true, Ordering::Relaxed) {
        ending = gone(context, (&mut running).await.ok().flatten());
    }
    let service = Service {
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

/// Runs the process of a service to its end; `None` where it could not be started.
async fn serve(
    context: &Context,
    name: &str,
    process: Process,
    cancel: CancellationToken,
) -> Option<End> {
    let (sender, receiver) = mpsc::channel(8);
    let (exit, _) = tokio::join!(
        context.world.run(process, sender, cancel),
        output::pump(context, name, None, receiver, None),
    );
    // One that is ended with the run has no end of its own.
    if !matches!(&exit, Ok(exit) if exit.end == End::Cancelled) {
        evidence::exit(context, name, &exit).await;
    }
    match exit {
        Ok(exit) => Some(exit.end),
        Err(error) => {
            let text = context.redactor.clean(&error.to_string());
            context.note(Some(name), text).await;
            None
        }
    }
}

/// Waits until a service is ready, at most as long as it may take.
async fn until_ready(
    context: &Arc<Context>,
    step: &Step,
    name: &str,
    prepared: &Prepared,
    code: &Code,
    cancel: &CancellationToken,
) -> Ending {
    let Some(condition) = &step.ready else {
        context.world.sleep(AT_FIRST).await;
        return Ending::passed();
    };
    // A probe that hangs ends with the time that there is, and with the step.
    let probing = cancel.child_token();
    let _ended = probing.clone().drop_guard();
    let host = StepHost::new(
        Arc::clone(context),
        name.to_owned(),
        prepared.environment.clone(),
        prepared.directory.clone(),
        probing.clone(),
        Arc::clone(&code.calls),
    );
    let code = Code {
        host: Arc::new(host.quietly()),
        cancel: probing,
        ..code.clone()
    };
    let within = step.timeout.unwrap_or(READY_WITHIN);
    let probe = async {
        loop {
            match ready(condition, &code).await {
                Ok(true) => return Ending::passed(),
                Ok(false) => context.world.sleep(EVERY).await,
                Err(ending) => return *ending,
            }
        }
    };
    tokio::select! {
        biased;
        ending = probe => ending,
        _heard = context.world.deadline(within) => {
            *code.failed(&format!("not ready after {}", show_duration(within)))
        }
        () = cancel.cancelled() => {
            Ending::because(Status::Interrupted, context.why_stopped())
        }
    }
}

/// Whether a service is ready.
async fn ready(condition: &Excerpt, code: &Code) -> Result<bool, Box<Ending>> {
    let (condition, code) = (condition.clone(), code.clone());
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
        Some(end) => {
            let mut ending = process_ending(context, end, None);
            if let Some(reason) = &ending.reason {
                let text = format!("it ended before it was ready: {reason}");
                ending.reason = Some(context.redactor.clean(&text));
            }
            ending
        }
        None => Ending::because(Status::Failed, Clean::constant("it could not be started")),
    }
}

/// The failure of a service that ended while the run went on; `None` where it did not fail.
fn fell(context: &Context, end: Option<End>) -> Option<Ending> {
    let ending = match end? {
        End::TimedOut | End::Cancelled => return None,
        end => process_ending(context, end, None),
    };
    let text = format!("the service ended by itself: {}", ending.reason.as_ref()?);
    Some(Ending {
        reason: Some(context.redactor.clean(&text)),
        ..ending
    })
}

/// Tells of a service that ended as it should, but while the run went on.
async fn note_end(context: &Context, name: &str, end: Option<End>) {
    if end == Some(End::Code(0)) {
        let text = Clean::constant("the service ended by itself (exit status 0)");
        context.note(Some(name), text).await;
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
        service.cancel.cancel();
        // How it ended was told, or it was ended just now.
        let _ended = service.running.await;
    }
}
