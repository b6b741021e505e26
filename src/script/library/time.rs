//! Time: reading it, waiting, polling.

use std::time::Duration;

use rhai::{Dynamic, EvalAltResult, FnPtr, Module, NativeCallContext};

use super::{Given, Session, failure, function, trouble};
use crate::script::shape::show;
use crate::script::{Check, Failure, FailureKind};
use crate::value::{parse_duration, show_duration};

pub(super) fn add(module: &mut Module) {
    function(
        module,
        "now",
        |context: NativeCallContext| -> Given<String> {
            Ok(Session::of(&context)?.host.now().to_string())
        },
    );
    function(module, "duration", |value: Dynamic| -> Given<f64> {
        Ok(length(&value)?.as_secs_f64())
    });
    // The engine's own would sleep without hearing of a cancellation.
    function(module, "sleep", |context: NativeCallContext, value: i64| {
        sleep(&context, &value.into())
    });
    function(module, "sleep", |context: NativeCallContext, value: f64| {
        sleep(&context, &value.into())
    });
    function(
        module,
        "sleep",
        |context: NativeCallContext, value: Dynamic| sleep(&context, &value),
    );
    function(module, "within", within);
}

/// Reads a length of time.
pub(super) fn length(value: &Dynamic) -> Given<Duration> {
    let read = if let Ok(text) = value.as_immutable_string_ref() {
        parse_duration(&text).ok()
    } else if let Ok(seconds) = value.as_int() {
        u64::try_from(seconds).ok().map(Duration::from_secs)
    } else if let Ok(seconds) = value.as_float() {
        Duration::try_from_secs_f64(seconds).ok()
    } else {
        None
    };
    read.ok_or_else(|| {
        format!(
            "expected a length of time, as in \"5m\", or a number of seconds, found {}",
            show(value, 60)
        )
        .into()
    })
}

fn sleep(context: &NativeCallContext, value: &Dynamic) -> Given<()> {
    let session = Session::of(context)?;
    session
        .host
        .sleep(length(value)?)
        .map_err(|error| trouble(context, &session, error))
}

/// Why an attempt was not the last one.
enum NotYet {
    /// The closure gave `false` or nothing.
    Value(Dynamic),
    /// An assertion in it did not hold.
    Assertion(Failure),
    /// It threw.
    Error(Box<EvalAltResult>),
}

/// Calls a closure until it gives something, or until the time is up.
#[expect(
    clippy::needless_pass_by_value,
    reason = "the engine hands arguments over"
)]
fn within(
    context: NativeCallContext,
    timeout: Dynamic,
    every: Dynamic,
    step: FnPtr,
) -> Given<Dynamic> {
    let session = Session::of(&context)?;
    let timeout = length(&timeout)?;
    let every = length(&every)?;
    if every.is_zero() {
        return Err("the pause between two attempts must be longer than nothing".into());
    }
    let start = session.host.elapsed();
    loop {
        session.hold_back();
        let attempt = attempt(&context, &session, &step);
        let checks = session.let_go();
        let last = match attempt {
            Ok(Ok(value)) => {
                report(&session, checks);
                return Ok(value);
            }
            Ok(Err(not_yet)) => not_yet,
            Err(error) => {
                report(&session, checks);
                return Err(error);
            }
        };
        let past = session.host.elapsed().saturating_sub(start);
        if past >= timeout {
            report(&session, checks);
            return Err(given_up(&session, timeout, last));
        }
        session
            .host
            .sleep(every.min(timeout.saturating_sub(past)))
            .map_err(|error| trouble(&context, &session, error))?;
    }
}

/// Assertions of earlier attempts are forgotten: they would tell of failures that were none.
fn report(session: &Session, checks: Vec<Check>) {
    for check in checks {
        session.checked(check);
    }
}

fn attempt(
    context: &NativeCallContext,
    session: &Session,
    step: &FnPtr,
) -> Given<Result<Dynamic, NotYet>> {
    match step.call_within_context::<Dynamic>(context, ()) {
        Ok(value) if value.is_unit() || value.as_bool() == Ok(false) => {
            ended(session, Ok(Err(NotYet::Value(value))))
        }
        Ok(value) => ended(session, Ok(Ok(value))),
        Err(error) => {
            let again = !matches!(innermost(&error), EvalAltResult::ErrorVariableNotFound(..))
                && innermost(&error).is_catchable();
            let error = if again {
                Ok(Err(NotYet::Error(error)))
            } else {
                Err(error)
            };
            ended(session, error)
        }
    }
}

/// What an attempt gave, unless something ended the code: an assertion counts as "not yet".
fn ended(
    session: &Session,
    given: Given<Result<Dynamic, NotYet>>,
) -> Given<Result<Dynamic, NotYet>> {
    match session.take_end() {
        Some(failure) if failure.kind == FailureKind::Assertion => {
            Ok(Err(NotYet::Assertion(failure)))
        }
        Some(failure) => Err(session.end(failure)),
        None => given,
    }
}

fn innermost(error: &EvalAltResult) -> &EvalAltResult {
    match error {
        EvalAltResult::ErrorInFunctionCall(_, _, inner, _)
        | EvalAltResult::ErrorInModule(_, inner, _) => innermost(inner),
        error => error,
    }
}

fn given_up(session: &Session, timeout: Duration, last: NotYet) -> Box<EvalAltResult> {
    let time = show_duration(timeout);
    match last {
        NotYet::Value(value) if value.is_unit() => {
            format!("not within {time}: there was no value yet").into()
        }
        NotYet::Value(_) => format!("not within {time}: it was still `false`").into(),
        NotYet::Assertion(failure) => session.end(Failure {
            message: format!("not within {time}: {}", failure.message),
            ..failure
        }),
        NotYet::Error(error) => {
            let position = innermost(&error).position();
            let reason = failure::reason(*error, session);
            EvalAltResult::ErrorRuntime(format!("not within {time}: {reason}").into(), position)
                .into()
        }
    }
}
