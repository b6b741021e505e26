//! What the functions of all systems (`aws::`, `k8s::`, …) share.

use std::time::Duration;

use rhai::{Dynamic, NativeCallContext};

use super::{Given, Session, trouble};
use crate::script::shape::to_dynamic;
use crate::value::Value;

/// How long a call that only asks may take, where the script does not say.
pub(super) const USUAL: Duration = Duration::from_secs(60);

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
    Ok(to_dynamic(&ask(context, function, arguments, timeout)?))
}
