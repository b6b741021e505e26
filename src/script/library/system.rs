//! What the functions of all systems (`aws::`, `k8s::`, …) share.

use std::time::Duration;

use rhai::{Dynamic, NativeCallContext};

use super::{Given, Session, trouble};
use crate::script::shape::to_dynamic;
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
