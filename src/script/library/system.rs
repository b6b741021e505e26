//! What the functions of all systems (`aws::`, `k8s::`, …) share.

use std::time::Duration;

use rhai::{Array, Dynamic, Map, NativeCallContext};

use super::{Given, Session, time, trouble};
use crate::script::secret::Secret;
use crate::script::shape::{to_dynamic, to_value};
use crate::value::Value;

/// How long a call that only asks may take, where the script does not say.
pub(super) const USUAL: Duration = Duration::from_secs(60);

/// Makes a call by way of the host.
pub(super) fn call(
    context: &NativeCallContext,
    function: &'static str,
    arguments: Value,
    timeout: Duration,
) -> Given<Dynamic> {
    let session = Session::of(context)?;
    match session.host.call(function, arguments, timeout) {
        Ok(value) => Ok(to_dynamic(&value)),
        Err(said) => Err(trouble(context, &session, said)),
    }
}

/// The arguments of a call: those that have a place, and a script's options, of which `timeout` is
/// the call's own.
pub(super) fn given(
    named: Vec<(&str, Dynamic)>,
    mut options: Map,
) -> Given<(Value, Option<Duration>)> {
    let timeout = match options.remove("timeout") {
        Some(timeout) => Some(time::length(&timeout)?),
        None => None,
    };
    let mut arguments = serde_json::Map::new();
    for (name, value) in named {
        arguments.insert(name.to_owned(), revealed(&value, DEPTH)?);
    }
    for (name, value) in options {
        if arguments.contains_key(name.as_str()) {
            return Err(format!("`{name}` is given twice").into());
        }
        arguments.insert(name.to_string(), revealed(&value, DEPTH)?);
    }
    Ok((Value::Object(arguments), timeout))
}

/// Deeper than any manifest.
const DEPTH: usize = 64;

/// A value with its secrets in clear: the far side needs them.
fn revealed(value: &Dynamic, depth: usize) -> Given<Value> {
    let Some(depth) = depth.checked_sub(1) else {
        return Err("the arguments are nested too deeply".into());
    };
    if value.is_shared() {
        return revealed(&value.flatten_clone(), depth);
    }
    if let Some(secret) = value.read_lock::<Secret>() {
        return Ok(Value::from(secret.reveal()));
    }
    if let Some(list) = value.read_lock::<Array>() {
        return list.iter().map(|value| revealed(value, depth)).collect();
    }
    if let Some(map) = value.read_lock::<Map>() {
        let mut object = serde_json::Map::new();
        for (name, value) in map.iter() {
            object.insert(name.to_string(), revealed(value, depth)?);
        }
        return Ok(Value::Object(object));
    }
    Ok(to_value(value))
}
