//! `aws::…`: what AWS knows and does.

use rhai::{Dynamic, Module, NativeCallContext};

use super::function;
use super::system::{USUAL, call};
use crate::value::Value;

pub(super) fn module() -> Module {
    let mut module = Module::new();
    function(&mut module, "identity", |context: NativeCallContext| {
        call(
            &context,
            "aws::identity",
            Value::Object(serde_json::Map::default()),
            USUAL,
        ) as super::Given<Dynamic>
    });
    module
}
