//! What the functions of all systems (`aws::`, `k8s::`, …) share.

use std::time::Duration;

use rhai::{Dynamic, Map, NativeCallContext};

use super::options::{length, revealed, wrong};
use super::{Given, Session, trouble};
use crate::script::shape::into_dynamic;
use crate::value::Value;

/// How long a call that only asks may take, where the script does not say.
pub(super) const USUAL: Duration = Duration::from_mins(1);

/// Places an error at the call: the engine does so for functions without `::` alone.
pub(super) fn at<T>(context: &NativeCallContext, given: Given<T>) -> Given<T> {
    given.map_err(|mut error| {
        if error.position().is_none() {
            error.set_position(context.call_position());
        }
        error
    })
}

/// Makes a call by way of the host, and gives its plain answer.
pub(super) fn ask(
    context: &NativeCallContext,
    function: &'static str,
    arguments: Value,
    timeout: Duration,
) -> Given<Value> {
    let session = Session::of(context)?;
    session
        .host
        .call(function, arguments, timeout)
        .map_err(|said| trouble(context, &session, said))
}

/// Makes a call by way of the host.
pub(super) fn call(
    context: &NativeCallContext,
    function: &'static str,
    arguments: Value,
    timeout: Duration,
) -> Given<Dynamic> {
    Ok(into_dynamic(ask(context, function, arguments, timeout)?))
}

/// The arguments of a call: those that have a place, and a script's options, of which `timeout` is
/// the call's own.
pub(super) fn given(
    named: Vec<(&str, Dynamic)>,
    mut options: Map,
) -> Given<(Value, Option<Duration>)> {
    let timeout = match options.remove("timeout") {
        Some(timeout) => Some(length(&timeout)?),
        None => None,
    };
    let mut arguments = serde_json::Map::new();
    for (name, value) in named {
        arguments.insert(name.to_owned(), revealed(&value, &format!("`{name}`"))?);
    }
    for (name, value) in options {
        if arguments.contains_key(name.as_str()) {
            return Err(wrong(format!("`{name}` is given twice"), ""));
        }
        arguments.insert(name.to_string(), revealed(&value, &format!("`{name}`"))?);
    }
    Ok((Value::Object(arguments), timeout))
}
