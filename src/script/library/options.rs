//! The options of a call, `#{…}`: known names, right kinds.

use std::time::Duration;

use rhai::{Dynamic, Map};

use super::{Given, time};
use crate::name::nearest;
use crate::script::result::Held;
use crate::script::secret::Secret;
use crate::script::shape::{show, to_value};
use crate::value::Value;

/// The code of an argument that is missing, of the wrong kind or unknown (docs/systems.md).
const BAD_ARGUMENT: &str = "BadArgument";

/// How deep values may be nested that are given to a call.
const DEPTH: usize = 64;

/// The options that a script gave to a function.
pub(super) struct Options<'a> {
    function: &'static str,
    given: &'a Map,
}

impl<'a> Options<'a> {
    /// Takes them, if all have names that the function knows.
    pub(super) fn new(function: &'static str, given: &'a Map, known: &[&str]) -> Given<Self> {
        for name in given.keys() {
            if known.contains(&name.as_str()) {
                continue;
            }
            let help = nearest(name, known.iter().copied()).map_or_else(
                || format!("known are {}", crate::diagnostic::list_and(known)),
                |near| format!("did you mean `{near}`?"),
            );
            return Err(wrong(format!("`{function}` has no option `{name}`"), help));
        }
        Ok(Self { function, given })
    }

    /// An option as it is; `()` counts as not given.
    pub(super) fn get(&self, name: &str) -> Option<&'a Dynamic> {
        self.given.get(name).filter(|value| !value.is_unit())
    }

    /// A text.
    pub(super) fn text(&self, name: &str) -> Given<Option<String>> {
        let Some(value) = self.get(name) else {
            return Ok(None);
        };
        match value.as_immutable_string_ref() {
            Ok(text) => Ok(Some(text.to_string())),
            Err(_) => Err(self.unfit(name, "a text", value)),
        }
    }

    /// Texts: a list, or one alone.
    pub(super) fn texts(&self, name: &str) -> Given<Vec<String>> {
        let Some(value) = self.get(name) else {
            return Ok(Vec::new());
        };
        if let Ok(text) = value.as_immutable_string_ref() {
            return Ok(vec![text.to_string()]);
        }
        let wrong = || self.unfit(name, "a text or a list of texts", value);
        let list = value.as_array_ref().map_err(|_| wrong())?;
        list.iter()
            .map(|item| match item.as_immutable_string_ref() {
                Ok(text) => Ok(text.to_string()),
                Err(_) => Err(wrong()),
            })
            .collect()
    }

    /// Yes or no; no where it is not given.
    pub(super) fn flag(&self, name: &str) -> Given<bool> {
        match self.get(name) {
            None => Ok(false),
            Some(value) => value
                .as_bool()
                .map_err(|_| self.unfit(name, "`true` or `false`", value)),
        }
    }

    /// A map.
    pub(super) fn map(&self, name: &str) -> Given<Map> {
        let Some(value) = self.get(name) else {
            return Ok(Map::new());
        };
        match value.as_map_ref() {
            Ok(map) => Ok(map.clone()),
            Err(_) => Err(self.unfit(name, "a map", value)),
        }
    }

    /// A whole number that is not negative.
    pub(super) fn count(&self, name: &str) -> Given<Option<u64>> {
        let Some(value) = self.get(name) else {
            return Ok(None);
        };
        match value
            .as_int()
            .ok()
            .and_then(|number| u64::try_from(number).ok())
        {
            Some(number) => Ok(Some(number)),
            None => Err(self.unfit(name, "a whole number, 0 or more", value)),
        }
    }

    /// How long the call may take.
    pub(super) fn timeout(&self, usual: Duration) -> Given<Duration> {
        match self.get("timeout") {
            None => Ok(usual),
            Some(value) => {
                let time = length(value)?;
                if time.is_zero() {
                    return Err(self.unfit("timeout", "longer than nothing", value));
                }
                Ok(time)
            }
        }
    }

    pub(super) fn unfit(
        &self,
        name: &str,
        wanted: &str,
        given: &Dynamic,
    ) -> Box<rhai::EvalAltResult> {
        let what = format!("`{name}` of `{}`", self.function);
        wrong(
            format!("{what} must be {wanted}, not {}", show(given, 60)),
            "",
        )
    }
}

/// An argument that no call can be made with, as the systems tell it too: a script that catches it
/// finds the `code` of all such errors.
pub(super) fn wrong(
    message: impl Into<String>,
    help: impl Into<String>,
) -> Box<rhai::EvalAltResult> {
    let parts = [
        ("code", BAD_ARGUMENT.to_owned()),
        ("message", message.into()),
        ("help", help.into()),
    ];
    let error: Map = parts
        .into_iter()
        .map(|(name, text)| (name.into(), Dynamic::from(text)))
        .collect();
    rhai::EvalAltResult::ErrorRuntime(error.into(), rhai::Position::NONE).into()
}

/// The length of time that an argument says.
pub(super) fn length(value: &Dynamic) -> Given<Duration> {
    time::length(value).map_err(|error| match *error {
        rhai::EvalAltResult::ErrorRuntime(said, position) if said.is_string() => {
            let mut error = wrong(said.to_string(), "");
            error.set_position(position);
            error
        }
        other => other.into(),
    })
}

/// A value as a call sends it: secrets as their texts, which the record hides.
///
/// # Errors
/// Where it holds what can't be sent: a function, a step's result.
pub(super) fn revealed(value: &Dynamic, what: &str) -> Given<Value> {
    reveal(value, what, DEPTH)
}

fn reveal(value: &Dynamic, what: &str, depth: usize) -> Given<Value> {
    let Some(depth) = depth.checked_sub(1) else {
        return Err(wrong(format!("{what} is nested too deep"), ""));
    };
    if value.is_shared() {
        return reveal(&value.flatten_clone(), what, depth);
    }
    if let Some(secret) = value.read_lock::<Secret>() {
        return Ok(Value::from(secret.reveal()));
    }
    if let Ok(values) = value.as_array_ref() {
        return values
            .iter()
            .map(|value| reveal(value, what, depth))
            .collect();
    }
    if let Ok(values) = value.as_map_ref() {
        return values
            .iter()
            .map(|(key, value)| Ok((key.to_string(), reveal(value, what, depth)?)))
            .collect();
    }
    if value.is_fnptr() || value.is::<Held>() {
        return Err(wrong(
            format!("{what} must be plain values, not {}", show(value, 60)),
            "",
        ));
    }
    Ok(to_value(value))
}

/// Whether a secret is in a value.
pub(super) fn is_confidential(value: &Dynamic) -> bool {
    if value.is_shared() {
        return is_confidential(&value.flatten_clone());
    }
    if let Ok(values) = value.as_array_ref() {
        return values.iter().any(is_confidential);
    }
    if let Ok(values) = value.as_map_ref() {
        return values.values().any(is_confidential);
    }
    value.is::<Secret>()
}

/// A secret value for a script, under a name: a text, or the JSON of what is no text.
pub(super) fn secret(name: &str, value: &Value) -> Dynamic {
    let text = match value {
        Value::Null => return Dynamic::UNIT,
        Value::String(text) => text.clone(),
        value => value.to_string(),
    };
    Dynamic::from(Secret::new(name, text))
}
