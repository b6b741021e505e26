//! `aws::…`: what AWS knows and does.

use std::time::Duration;

use rhai::{Array, Dynamic, ImmutableString, Map, Module, NativeCallContext};

use super::options::{Options, length, revealed, secret};
use super::system::{USUAL, ask, at, call};
use super::{Given, function};
use crate::script::shape::to_dynamic;
use crate::secret::is_secret_member;
use crate::value::Value;

/// How long is waited for a state, where the script does not say.
const WAIT: Duration = Duration::from_mins(10);
/// What every function takes.
const PLACE: [&str; 3] = ["profile", "region", "timeout"];

pub(super) fn module() -> Module {
    let mut module = Module::new();
    function(&mut module, "identity", |context: NativeCallContext| {
        at(&context, identity(&context, &Map::new()))
    });
    function(
        &mut module,
        "identity",
        |context: NativeCallContext, options: Map| at(&context, identity(&context, &options)),
    );
    function(
        &mut module,
        "secret",
        |context: NativeCallContext, id: ImmutableString| {
            at(&context, read(&context, &id, &Map::new()))
        },
    );
    function(
        &mut module,
        "secret",
        |context: NativeCallContext, id: ImmutableString, options: Map| {
            at(&context, read(&context, &id, &options))
        },
    );
    function(
        &mut module,
        "api",
        |context: NativeCallContext, service: ImmutableString, operation: ImmutableString| {
            at(
                &context,
                api(&context, &service, &operation, Map::new(), &Map::new()),
            )
        },
    );
    function(
        &mut module,
        "api",
        |context: NativeCallContext,
         service: ImmutableString,
         operation: ImmutableString,
         parameters: Map| {
            at(
                &context,
                api(&context, &service, &operation, parameters, &Map::new()),
            )
        },
    );
    function(
        &mut module,
        "api",
        |context: NativeCallContext,
         service: ImmutableString,
         operation: ImmutableString,
         parameters: Map,
         options: Map| {
            at(
                &context,
                api(&context, &service, &operation, parameters, &options),
            )
        },
    );
    function(
        &mut module,
        "wait",
        |context: NativeCallContext,
         service: ImmutableString,
         waiter: ImmutableString,
         parameters: Map| {
            at(
                &context,
                wait(&context, &service, &waiter, parameters, WAIT, &Map::new()),
            )
        },
    );
    function(
        &mut module,
        "wait",
        |context: NativeCallContext,
         service: ImmutableString,
         waiter: ImmutableString,
         parameters: Map,
         timeout: Dynamic| {
            let timeout = at(&context, length(&timeout))?;
            wait(
                &context,
                &service,
                &waiter,
                parameters,
                timeout,
                &Map::new(),
            )
        },
    );
    function(
        &mut module,
        "wait",
        |context: NativeCallContext,
         service: ImmutableString,
         waiter: ImmutableString,
         parameters: Map,
         timeout: Dynamic,
         options: Map| {
            let timeout = at(&context, length(&timeout))?;
            at(
                &context,
                wait(&context, &service, &waiter, parameters, timeout, &options),
            )
        },
    );
    module
}

/// Where a call goes: the arguments that every function takes.
fn place(options: &Options<'_>) -> Given<serde_json::Map<String, Value>> {
    let mut arguments = serde_json::Map::new();
    for name in ["region", "profile"] {
        if let Some(text) = options.text(name)? {
            arguments.insert(name.to_owned(), text.into());
        }
    }
    Ok(arguments)
}

fn identity(context: &NativeCallContext, options: &Map) -> Given<Dynamic> {
    let options = Options::new("aws::identity", options, &PLACE)?;
    let timeout = options.timeout(USUAL)?;
    call(context, "aws::identity", place(&options)?.into(), timeout)
}

fn read(context: &NativeCallContext, id: &str, options: &Map) -> Given<Dynamic> {
    const KNOWN: [&str; 5] = [
        "profile",
        "region",
        "timeout",
        "version_id",
        "version_stage",
    ];
    let options = Options::new("aws::secret", options, &KNOWN)?;
    let timeout = options.timeout(USUAL)?;
    let mut arguments = place(&options)?;
    arguments.insert("id".to_owned(), id.into());
    for name in ["version_id", "version_stage"] {
        if let Some(text) = options.text(name)? {
            arguments.insert(name.to_owned(), text.into());
        }
    }
    let value = ask(context, "aws::secret", arguments.into(), timeout)?;
    Ok(secret(id, &value))
}

fn api(
    context: &NativeCallContext,
    service: &str,
    operation: &str,
    parameters: Map,
    options: &Map,
) -> Given<Dynamic> {
    let options = Options::new("aws::api", options, &PLACE)?;
    let timeout = options.timeout(USUAL)?;
    let arguments = request(service, operation, parameters, &options)?;
    let value = ask(context, "aws::api", arguments, timeout)?;
    Ok(confided(&value))
}

fn wait(
    context: &NativeCallContext,
    service: &str,
    waiter: &str,
    parameters: Map,
    timeout: Duration,
    options: &Map,
) -> Given<Dynamic> {
    let options = Options::new("aws::wait", options, &["profile", "region"])?;
    let arguments = request(service, waiter, parameters, &options)?;
    ask(context, "aws::wait", arguments, timeout)?;
    Ok(Dynamic::UNIT)
}

fn request(service: &str, operation: &str, parameters: Map, options: &Options<'_>) -> Given<Value> {
    let mut arguments = place(options)?;
    arguments.insert("service".to_owned(), service.into());
    arguments.insert("operation".to_owned(), operation.into());
    let parameters = revealed(&parameters.into(), "a parameter")?;
    arguments.insert("parameters".to_owned(), parameters);
    Ok(arguments.into())
}

/// An answer of AWS as a script's value, its secrets as such.
fn confided(value: &Value) -> Dynamic {
    match value {
        Value::Object(parts) => parts
            .iter()
            .map(|(key, part)| {
                let part = if part.is_string() && is_secret_member(value, key) {
                    secret(key, part)
                } else {
                    confided(part)
                };
                (key.as_str().into(), part)
            })
            .collect::<Map>()
            .into(),
        Value::Array(values) => values.iter().map(confided).collect::<Array>().into(),
        value => to_dynamic(value),
    }
}
