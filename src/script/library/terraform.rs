//! `terraform::…`: plans, applies and states of Terraform and `OpenTofu`.

use std::time::Duration;

use rhai::{Array, Dynamic, Map, Module, NativeCallContext};
use serde_json::json;

use super::options::{Options, is_confidential, revealed, secret, wrong};
use super::system::{USUAL, ask, at, call};
use super::{Given, Session, function, trouble};
use crate::script::Trouble;
use crate::script::shape::to_dynamic;
use crate::value::Value;

/// How long a plan may take, where the script does not say.
const PLAN: Duration = Duration::from_mins(15);
/// How long an apply may take, where the script does not say.
const APPLY: Duration = Duration::from_hours(1);

pub(super) fn module() -> Module {
    let mut module = Module::new();
    function(&mut module, "plan", |context: NativeCallContext| {
        at(&context, plan(&context, &Map::new()))
    });
    function(
        &mut module,
        "plan",
        |context: NativeCallContext, options: Map| at(&context, plan(&context, &options)),
    );
    function(
        &mut module,
        "apply",
        |context: NativeCallContext, plan: Map| at(&context, apply(&context, &plan, &Map::new())),
    );
    function(
        &mut module,
        "apply",
        |context: NativeCallContext, plan: Map, options: Map| {
            at(&context, apply(&context, &plan, &options))
        },
    );
    for (name, read) in [("output", output as Read), ("state", state as Read)] {
        function(&mut module, name, move |context: NativeCallContext| {
            at(&context, read(&context, &Map::new()))
        });
        function(
            &mut module,
            name,
            move |context: NativeCallContext, options: Map| at(&context, read(&context, &options)),
        );
    }
    function(
        &mut module,
        "unlock",
        |context: NativeCallContext, options: Map| at(&context, unlock(&context, &options)),
    );
    module
}

type Read = fn(&NativeCallContext, &Map) -> Given<Dynamic>;

/// The arguments that every function takes.
fn place(options: &Options<'_>) -> Given<Value> {
    let mut arguments = json!({});
    for name in ["dir", "program"] {
        if let Some(text) = options.text(name)? {
            arguments[name] = text.into();
        }
    }
    Ok(arguments)
}

fn plan(context: &NativeCallContext, given: &Map) -> Given<Dynamic> {
    const KNOWN: [&str; 10] = [
        "destroy",
        "dir",
        "lock_timeout",
        "program",
        "refresh_only",
        "replace",
        "targets",
        "timeout",
        "var_files",
        "vars",
    ];
    let options = Options::new("terraform::plan", given, &KNOWN)?;
    let mut arguments = place(&options)?;
    let (mut plain, mut hidden) = (serde_json::Map::new(), serde_json::Map::new());
    for (name, value) in options.map("vars")? {
        let vars = if is_confidential(&value) {
            &mut hidden
        } else {
            &mut plain
        };
        let value = revealed(&value, &format!("the variable `{name}`"))?;
        vars.insert(name.to_string(), value);
    }
    if !plain.is_empty() {
        arguments["vars"] = plain.into();
    }
    if !hidden.is_empty() {
        arguments["secret_vars"] = hidden.into();
    }
    for name in ["targets", "replace", "var_files"] {
        let texts = options.texts(name)?;
        if !texts.is_empty() {
            arguments[name] = texts.into();
        }
    }
    for name in ["refresh_only", "destroy"] {
        if options.flag(name)? {
            arguments[name] = true.into();
        }
    }
    if let Some(limit) = options.get("lock_timeout") {
        let seconds = super::time::length(limit)?.as_secs();
        arguments["lock_timeout"] = format!("{seconds}s").into();
    }
    call(
        context,
        "terraform::plan",
        arguments,
        options.timeout(PLAN)?,
    )
}

fn apply(context: &NativeCallContext, plan: &Map, given: &Map) -> Given<Dynamic> {
    let options = Options::new("terraform::apply", given, &["timeout"])?;
    let text = |name: &str| {
        let value = plan.get(name)?.clone();
        Some(value.into_immutable_string().ok()?.to_string())
    };
    let (Some(file), Some(dir), Some(program)) = (text("file"), text("dir"), text("program"))
    else {
        return Err(wrong(
            "`terraform::apply` takes what `terraform::plan` gave",
            "",
        ));
    };
    let arguments = json!({ "file": file, "dir": dir, "program": program });
    call(
        context,
        "terraform::apply",
        arguments,
        options.timeout(APPLY)?,
    )
}

fn output(context: &NativeCallContext, given: &Map) -> Given<Dynamic> {
    let options = Options::new("terraform::output", given, &["dir", "program", "timeout"])?;
    let arguments = place(&options)?;
    let value = ask(
        context,
        "terraform::output",
        arguments,
        options.timeout(USUAL)?,
    )?;
    let outputs: Map = value
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, output)| {
            let value = if output["sensitive"] == true {
                secret(name, &output["value"])
            } else {
                to_dynamic(&output["value"])
            };
            (name.as_str().into(), value)
        })
        .collect();
    Ok(outputs.into())
}

fn state(context: &NativeCallContext, given: &Map) -> Given<Dynamic> {
    let options = Options::new("terraform::state", given, &["dir", "program", "timeout"])?;
    let arguments = place(&options)?;
    let value = ask(
        context,
        "terraform::state",
        arguments,
        options.timeout(USUAL)?,
    )?;
    let resources: Array = value
        .as_array()
        .into_iter()
        .flatten()
        .map(|resource| {
            let address = resource["address"].as_str().unwrap_or_default();
            let mut parts = Map::new();
            for (name, part) in resource.as_object().into_iter().flatten() {
                let part = match name.as_str() {
                    "sensitive" => continue,
                    "values" => masked(address, part, &resource["sensitive"]),
                    _ => to_dynamic(part),
                };
                parts.insert(name.as_str().into(), part);
            }
            parts.into()
        })
        .collect();
    Ok(resources.into())
}

/// A value whose parts are secret where a mask says so.
fn masked(name: &str, value: &Value, mask: &Value) -> Dynamic {
    match (value, mask) {
        (value, Value::Bool(true)) => secret(name, value),
        (Value::Object(values), Value::Object(masks)) => values
            .iter()
            .map(|(key, value)| {
                let mask = masks.get(key).unwrap_or(&Value::Null);
                (
                    key.as_str().into(),
                    masked(&format!("{name}.{key}"), value, mask),
                )
            })
            .collect::<Map>()
            .into(),
        (Value::Array(values), Value::Array(masks)) => values
            .iter()
            .enumerate()
            .map(|(index, value)| masked(name, value, masks.get(index).unwrap_or(&Value::Null)))
            .collect::<Array>()
            .into(),
        (value, _) => to_dynamic(value),
    }
}

fn unlock(context: &NativeCallContext, given: &Map) -> Given<Dynamic> {
    let options = Options::new(
        "terraform::unlock",
        given,
        &["dir", "id", "program", "timeout"],
    )?;
    let mut arguments = place(&options)?;
    let Some(id) = options
        .text("id")?
        .filter(|id| !id.is_empty() && !id.starts_with('-'))
    else {
        return Err(wrong(
            "`terraform::unlock` needs the `id` of the lock",
            "the refusal names it",
        ));
    };
    let session = Session::of(context)?;
    let place = options.text("dir")?.unwrap_or_else(|| ".".to_owned());
    let question = format!(
        "take the lock {id} of `{place}` away from its holder? Whoever is still at work there may \
         destroy the state (yes/no)"
    );
    let answer = session
        .host
        .ask(&question, None)
        .map_err(|error| trouble(context, &session, error))?;
    if !matches!(answer.trim(), "yes" | "y") {
        let refused = Trouble::Refused(format!("the lock {id} was left where it is"));
        return Err(trouble(context, &session, refused));
    }
    arguments["id"] = id.into();
    call(
        context,
        "terraform::unlock",
        arguments,
        options.timeout(USUAL)?,
    )
}
