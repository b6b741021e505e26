//! What the journal keeps so that a run can be gone through again without the outside: how
//! processes ended, what was read.

use std::time::Duration;

use crate::event::Event;
use crate::recording::{self, How, Why};
use crate::secret::CleanValue;
use crate::value::Value;
use crate::world::{End, Exit, SpawnError};

use super::console::Splitter;
use super::context::Context;
use super::output::Kept;

/// How much of each stream of a quiet process is kept.
const QUIET: usize = 16 * 1024;

/// How a process ended, as the journal has it.
pub(super) fn ended(exit: &Result<Exit, SpawnError>) -> recording::Exit {
    match exit {
        Ok(exit) => {
            let how = match exit.end {
                End::Code(code) => How::Code(code),
                End::Signal(signal) => How::Signal(signal),
                End::TimedOut => How::Ended(Why::TimedOut),
                End::Cancelled => How::Ended(Why::Cancelled),
            };
            recording::Exit::new(how, exit.elapsed)
        }
        Err(error) => recording::Exit::new(How::Unstarted(error.to_string()), Duration::ZERO),
    }
}

/// The same of a process whose output is in the record nowhere else.
pub(super) fn quiet(exit: &Result<Exit, SpawnError>, kept: &Kept) -> recording::Exit {
    let text = |bytes: &[u8]| {
        let bytes = bytes.get(..QUIET).unwrap_or(bytes);
        (!bytes.is_empty()).then(|| String::from_utf8_lossy(bytes).into_owned())
    };
    recording::Exit {
        stdout: text(&kept.stdout),
        stderr: text(&kept.stderr),
        ..ended(exit)
    }
}

/// Records how the process of an attempt ended.
pub(super) async fn exit(context: &Context, step: &str, exit: &Result<Exit, SpawnError>) {
    let exit = serde_json::to_value(ended(exit)).unwrap_or_default();
    captured(context, step, "exit", &exit).await;
}

/// Records how much each command of a transcript printed.
pub(super) async fn parts(context: &Context, step: &str, splitter: &Splitter) {
    let lengths: Vec<Value> = splitter
        .parts
        .iter()
        .map(|part| {
            let mut filter = context.redactor.filter();
            let clean = filter.clean(part).len() + filter.rest().len();
            Value::from(clean)
        })
        .collect();
    captured(context, step, "parts", &Value::Array(lengths)).await;
}

/// Records a value that came in.
pub(super) async fn captured(context: &Context, step: &str, name: &str, value: &Value) {
    let value: CleanValue = context.redactor.clean_value(value);
    let event = Event::Captured {
        step: step.to_owned(),
        call: None,
        name: name.to_owned(),
        value,
    };
    context.recorder.record(event).await;
}
