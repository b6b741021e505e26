//! What scripts can call, one file for each theme.

mod aws;
mod helm;
mod http;
mod json;
mod k8s;
mod operator;
mod options;
mod process;
mod record;
mod system;
mod terraform;
mod text;
mod time;

use rhai::{
    Dynamic, EvalAltResult, FuncRegistration, Module, NativeCallContext, RhaiNativeFunc, Shared,
};

use super::result::Held;
use super::secret::{Raw, Secret};
use super::session::Session;
use super::shape::show;
use super::{Trouble, failure};
pub(super) use record::PROPERTIES as RESULT;

/// What a function gives.
type Given<T> = Result<T, Box<EvalAltResult>>;

/// All functions of this room in one module.
pub(super) fn module() -> Shared<Module> {
    let mut module = Module::new();
    module.set_id("runbook");
    module.set_custom_type::<Held>("result");
    module.set_custom_type::<Secret>("secret");
    module.set_custom_type::<Raw>("raw text");
    operator::add(&mut module);
    process::add(&mut module);
    record::add(&mut module);
    json::add(&mut module);
    http::add(&mut module);
    text::add(&mut module);
    time::add(&mut module);
    module.build_index();
    module.into()
}

/// The modules of systems, each under the name that scripts write before `::`.
pub(super) fn systems() -> Vec<(&'static str, Shared<Module>)> {
    [
        ("aws", aws::module()),
        ("helm", helm::module()),
        ("http", http::module()),
        ("k8s", k8s::module()),
        ("terraform", terraform::module()),
    ]
    .into_iter()
    .map(|(name, mut module)| {
        module.build_index();
        (name, Shared::new(module))
    })
    .collect()
}

/// Adds a function. All are pure in the engine's sense: none changes what it is called on, so
/// that they work on constants.
fn function<A: 'static, const N: usize, const X: bool, R, const F: bool, FUNC>(
    module: &mut Module,
    name: &str,
    function: FUNC,
) where
    R: rhai::Variant + Clone,
    FUNC: RhaiNativeFunc<A, N, X, R, F> + Send + Sync + 'static,
{
    FuncRegistration::new(name)
        .with_purity(true)
        .with_volatility(true)
        .set_into_module(module, function);
}

/// A host's trouble as an error at the place of the call.
fn trouble(context: &NativeCallContext, session: &Session, trouble: Trouble) -> Box<EvalAltResult> {
    session.trouble(trouble, context.call_position())
}

/// A sentence about an argument of the wrong kind.
fn unfit(what: &str, wanted: &str, given: &Dynamic) -> Box<EvalAltResult> {
    format!("{what} must be {wanted}, not {}", show(given, 60)).into()
}
