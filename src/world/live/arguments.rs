//! The arguments of a call, read one by one.

use std::time::Duration;

use crate::diagnostic::list_and;
use crate::name::nearest;
use crate::value::{Value, parse_duration};
use crate::world::{Call, CallError, codes};

/// What is left of a call's arguments, and which were asked for.
pub(super) struct Arguments {
    function: String,
    given: serde_json::Map<String, Value>,
    asked: Vec<&'static str>,
}

impl Arguments {
    /// Takes the arguments out of a call.
    pub(super) fn of(call: &mut Call) -> Self {
        let given = match call.arguments.take() {
            Value::Object(given) => given,
            _ => serde_json::Map::new(),
        };
        Self {
            function: call.function.clone(),
            given,
            asked: Vec::new(),
        }
    }

    /// A value of any kind; `()` is as if it were not there.
    pub(super) fn value(&mut self, name: &'static str) -> Option<Value> {
        self.asked.push(name);
        self.given.remove(name).filter(|value| !value.is_null())
    }

    /// A text.
    pub(super) fn text(&mut self, name: &'static str) -> Result<Option<String>, CallError> {
        match self.value(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(other) => Err(self.unfit(name, "a text", &other)),
        }
    }

    /// A text that must be there and not be empty.
    pub(super) fn required(&mut self, name: &'static str) -> Result<String, CallError> {
        match self.text(name)? {
            Some(text) if !text.trim().is_empty() => Ok(text),
            _ => Err(wrong(format!("`{}` needs a {name}", self.function))),
        }
    }

    /// A boolean, `false` where it is not given.
    pub(super) fn flag(&mut self, name: &'static str) -> Result<bool, CallError> {
        match self.value(name) {
            None => Ok(false),
            Some(Value::Bool(flag)) => Ok(flag),
            Some(other) => Err(self.unfit(name, "true or false", &other)),
        }
    }

    /// A whole number that is not negative.
    pub(super) fn count(&mut self, name: &'static str) -> Result<Option<u64>, CallError> {
        match self.value(name) {
            None => Ok(None),
            Some(value) => match value.as_u64() {
                Some(count) => Ok(Some(count)),
                None => Err(self.unfit(name, "a whole number", &value)),
            },
        }
    }

    /// A length of time: `"5m"`, or a number of seconds.
    pub(super) fn length(&mut self, name: &'static str) -> Result<Option<Duration>, CallError> {
        let Some(value) = self.value(name) else {
            return Ok(None);
        };
        let read = match &value {
            Value::String(text) => parse_duration(text).ok(),
            Value::Number(number) => number
                .as_f64()
                .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok()),
            _ => None,
        };
        match read {
            Some(length) => Ok(Some(length)),
            None => Err(self.unfit(name, "a length of time, as in \"5m\"", &value)),
        }
    }

    /// Says so where something is given that nobody asked for.
    pub(super) fn finish(self) -> Result<(), CallError> {
        let Some(unknown) = self.given.keys().next() else {
            return Ok(());
        };
        let known: Vec<&str> = self.asked.iter().copied().chain(["timeout"]).collect();
        let help = match nearest(unknown, known.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("known are {}", list_and(&known)),
        };
        Err(CallError::new(
            codes::BAD_ARGUMENT,
            format!("`{}` has no option `{unknown}`", self.function),
            help,
        ))
    }

    fn unfit(&self, name: &str, wanted: &str, given: &Value) -> CallError {
        let kind = match given {
            Value::Null => "nothing",
            Value::Bool(_) => "a boolean",
            Value::Number(_) => "a number",
            Value::String(_) => "a text",
            Value::Array(_) => "a list",
            Value::Object(_) => "a map",
        };
        wrong(format!(
            "`{name}` of `{}` must be {wanted}, not {kind}",
            self.function
        ))
    }
}

/// An error about the arguments.
pub(super) fn wrong(message: impl Into<String>) -> CallError {
    CallError::new(codes::BAD_ARGUMENT, message, "")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::credentials::Environment;
    use crate::world::Origin;

    fn arguments(given: Value) -> Arguments {
        Arguments::of(&mut Call {
            origin: Origin::default(),
            function: "k8s::get".to_owned(),
            arguments: given,
            environment: Environment::default(),
            directory: "/".into(),
            timeout: Duration::from_secs(1),
            grace: Duration::ZERO,
        })
    }

    #[test]
    fn an_option_that_nobody_knows_is_an_error_that_names_the_nearest() {
        let mut given = arguments(json!({"kind": "pod", "namespce": "a"}));
        assert_eq!(given.required("kind").unwrap(), "pod");
        assert_eq!(given.text("namespace").unwrap(), None);
        let error = given.finish().unwrap_err();
        assert_eq!(error.code, codes::BAD_ARGUMENT);
        assert_eq!(error.message, "`k8s::get` has no option `namespce`");
        assert_eq!(error.help, "did you mean `namespace`?");
    }

    #[test]
    fn a_value_of_another_kind_is_an_error_that_does_not_repeat_it() {
        let mut given = arguments(json!({"namespace": 7, "kind": " ", "force": "hunter2"}));
        let messages = [
            given.text("namespace").unwrap_err().message,
            given.required("kind").unwrap_err().message,
            given.flag("force").unwrap_err().message,
        ];
        assert_eq!(
            messages,
            [
                "`namespace` of `k8s::get` must be a text, not a number",
                "`k8s::get` needs a kind",
                "`force` of `k8s::get` must be true or false, not a text",
            ]
        );
    }

    #[test]
    fn a_length_of_time_is_a_text_or_seconds() {
        let mut given = arguments(json!({"since": "5m", "grace": 1.5}));
        assert_eq!(given.length("since").unwrap(), Some(Duration::from_mins(5)));
        assert_eq!(
            given.length("grace").unwrap(),
            Some(Duration::from_millis(1500))
        );
    }
}
