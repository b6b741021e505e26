//! Results of steps and processes: their properties and methods.

use rhai::{
    Array, Dynamic, EvalAltResult, FuncRegistration, ImmutableString, Module, Position,
    RhaiNativeFunc,
};

use super::{Given, Held, function, json};
use crate::script::result::StepResult;

/// The properties of a result, for naming the nearest one.
pub(in crate::script) const PROPERTIES: [&str; 15] = [
    "truncated",
    "value",
    "code",
    "duration",
    "failed",
    "id",
    "interrupted",
    "items",
    "ok",
    "reason",
    "refused",
    "skipped",
    "status",
    "stderr",
    "stdout",
];

pub(super) fn add(module: &mut Module) {
    property(module, "id", |result: &mut Held| result.id.clone());
    property(module, "status", |result: &mut Held| result.status.clone());
    property(module, "reason", |result: &mut Held| result.reason.clone());
    property(module, "ok", |result: &mut Held| result.status == "passed");
    for status in ["failed", "skipped", "refused", "interrupted"] {
        property(module, status, move |result: &mut Held| {
            result.status == status
        });
    }
    property(module, "code", |result: &mut Held| {
        result
            .code
            .map_or(Dynamic::UNIT, |code| i64::from(code).into())
    });
    property(module, "duration", |result: &mut Held| {
        result.elapsed.as_secs_f64()
    });
    property(module, "truncated", |result: &mut Held| result.truncated);
    property(module, "value", |result: &mut Held| result.value.clone());
    property(module, "items", |result: &mut Held| {
        result
            .items
            .iter()
            .cloned()
            .map(Into::into)
            .collect::<Array>()
    });
    property(module, "stdout", |result: &mut Held| output(result));
    property(module, "stderr", |result: &mut Held| -> Given<String> {
        Ok(result.errors()?.into_owned())
    });
    function(module, "json", |result: &mut Held| -> Given<Dynamic> {
        json::from_json(&output(result)?, &format!("the output of `{}`", result.id))
    });
    function(module, "yaml", |result: &mut Held| -> Given<Dynamic> {
        json::from_yaml(&output(result)?, &format!("the output of `{}`", result.id))
    });
    function(module, "lines", |result: &mut Held| -> Given<Array> {
        Ok(result
            .output()?
            .lines()
            .map(|line| Dynamic::from(line.to_owned()))
            .collect())
    });
    function(module, "trim", |result: &mut Held| -> Given<String> {
        Ok(result.output()?.trim().to_owned())
    });
    asking(module, "contains", |output, text| output.contains(text));
    asking(module, "starts_with", |output, text| {
        output.starts_with(text)
    });
    asking(module, "ends_with", |output, text| output.ends_with(text));
    function(module, "to_string", |result: &mut Held| result.to_string());
    function(module, "to_debug", |result: &mut Held| result.to_string());
    FuncRegistration::new_index_getter()
        .with_purity(true)
        .set_into_module(module, item);
}

/// Adds a question about a result's output.
fn asking(module: &mut Module, name: &str, ask: fn(&str, &str) -> bool) {
    function(
        module,
        name,
        move |result: &mut Held, text: ImmutableString| -> Given<bool> {
            Ok(ask(&result.output()?, &text))
        },
    );
}

fn property<A: 'static, const N: usize, const X: bool, R, const F: bool, FUNC>(
    module: &mut Module,
    name: &str,
    getter: FUNC,
) where
    R: rhai::Variant + Clone,
    FUNC: RhaiNativeFunc<A, N, X, R, F> + Send + Sync + 'static,
{
    FuncRegistration::new_getter(name)
        .with_purity(true)
        .set_into_module(module, getter);
}

fn output(result: &StepResult) -> Given<String> {
    Ok(result.output()?.into_owned())
}

/// `result[2]`: the result of one instance of an `each` step, from the end where negative.
fn item(result: &mut Held, index: i64) -> Given<Dynamic> {
    let length = result.items.len();
    let place = match usize::try_from(index) {
        Ok(place) => Some(place),
        Err(_) => usize::try_from(index.unsigned_abs())
            .ok()
            .and_then(|back| length.checked_sub(back)),
    };
    match place.and_then(|place| result.items.get(place)) {
        Some(item) => Ok(item.clone().into()),
        None => Err(EvalAltResult::ErrorArrayBounds(length, index, Position::NONE).into()),
    }
}
