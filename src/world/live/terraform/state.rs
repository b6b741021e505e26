//! What a state holds: outputs and resources.

use serde_json::{Map, json};

use super::Shell;
use crate::value::Value;
use crate::world::{CallError, Reply};

/// How deep modules may be in one another.
const DEPTH: usize = 64;

/// Outputs by name, each with its `value` and whether it is `sensitive`.
pub(super) async fn output(shell: &Shell<'_>) -> Result<Reply, CallError> {
    let value = shell.json(&["output", "-no-color", "-json"]).await?;
    let mut secrets = Vec::new();
    for (name, output) in value.as_object().into_iter().flatten() {
        if output["sensitive"] == true {
            texts(name, &output["value"], &mut secrets);
        }
    }
    Ok(Reply { value, secrets })
}

/// The resources of a state, with their values and which of these are sensitive.
pub(super) async fn state(shell: &Shell<'_>) -> Result<Reply, CallError> {
    let whole = shell.json(&["show", "-no-color", "-json"]).await?;
    let mut resources = Vec::new();
    gather(&whole["values"]["root_module"], DEPTH, &mut resources);
    let mut secrets = Vec::new();
    for resource in &resources {
        let address = resource["address"].as_str().unwrap_or_default();
        masked(
            address,
            &resource["values"],
            &resource["sensitive"],
            &mut secrets,
        );
    }
    Ok(Reply {
        value: Value::Array(resources),
        secrets,
    })
}

fn gather(module: &Value, depth: usize, resources: &mut Vec<Value>) {
    let Some(depth) = depth.checked_sub(1) else {
        return;
    };
    for resource in module["resources"].as_array().into_iter().flatten() {
        let empty = || Value::Object(Map::new());
        let part = |name: &str| match &resource[name] {
            Value::Null => empty(),
            part => part.clone(),
        };
        resources.push(json!({
            "address": resource["address"],
            "mode": resource["mode"],
            "type": resource["type"],
            "name": resource["name"],
            "index": resource["index"],
            "module": module["address"],
            "tainted": resource["tainted"] == true,
            "values": part("values"),
            "sensitive": part("sensitive_values"),
        }));
    }
    for child in module["child_modules"].as_array().into_iter().flatten() {
        gather(child, depth, resources);
    }
}

/// Gathers the texts that a mask marks.
fn masked(name: &str, value: &Value, mask: &Value, secrets: &mut Vec<(String, String)>) {
    match (value, mask) {
        (value, Value::Bool(true)) => texts(name, value, secrets),
        (Value::Object(values), Value::Object(masks)) => {
            for (key, mask) in masks {
                if let Some(value) = values.get(key) {
                    masked(&format!("{name}.{key}"), value, mask, secrets);
                }
            }
        }
        (Value::Array(values), Value::Array(masks)) => {
            for (value, mask) in values.iter().zip(masks) {
                masked(name, value, mask, secrets);
            }
        }
        _ => {}
    }
}

/// Every text in a value that is secret as a whole.
fn texts(name: &str, value: &Value, secrets: &mut Vec<(String, String)>) {
    match value {
        Value::String(text) => secrets.push((name.to_owned(), text.clone())),
        Value::Number(number) => secrets.push((name.to_owned(), number.to_string())),
        Value::Array(values) => {
            for value in values {
                texts(name, value, secrets);
            }
        }
        Value::Object(parts) => {
            for (key, value) in parts {
                texts(&format!("{name}.{key}"), value, secrets);
            }
        }
        Value::Null | Value::Bool(_) => {}
    }
}
