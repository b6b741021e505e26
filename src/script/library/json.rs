//! JSON and YAML.

use rhai::{Dynamic, ImmutableString, Map, Module};

use super::{Given, function};
use crate::script::shape::{to_dynamic, to_value};
use crate::value::Value;

pub(super) fn add(module: &mut Module) {
    function(module, "parse_json", |text: ImmutableString| {
        from_json(&text, "the text")
    });
    function(module, "parse_yaml", |text: ImmutableString| {
        from_yaml(&text, "the text")
    });
    function(module, "to_json", |value: Dynamic| {
        to_value(&value).to_string()
    });
    // Rhai has a function for maps, which writes what is no JSON.
    function(module, "to_json", |value: Map| {
        to_value(&value.into()).to_string()
    });
}

/// Reads JSON; `what` names the text in the message.
pub(super) fn from_json(text: &str, what: &str) -> Given<Dynamic> {
    match serde_json::from_str::<Value>(text) {
        Ok(value) => Ok(to_dynamic(&value)),
        Err(_) if text.trim().is_empty() => Err(format!("{what} is empty, not JSON").into()),
        Err(error) => Err(format!("{what} is not JSON: {error}").into()),
    }
}

/// Reads YAML with strict booleans: `no` is a text.
pub(super) fn from_yaml(text: &str, what: &str) -> Given<Dynamic> {
    let options = serde_saphyr::options! { strict_booleans: true, legacy_octal_numbers: true };
    match serde_saphyr::from_str_with_options::<Value>(text, options) {
        Ok(value) => Ok(to_dynamic(&value)),
        Err(error) => {
            let error = error.to_string();
            let first = error.lines().next().unwrap_or_default();
            Err(format!("{what} is not YAML: {first}").into())
        }
    }
}
