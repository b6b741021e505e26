//! `helm::…`: releases, and what changes them.

use std::time::Duration;

use rhai::{Dynamic, ImmutableString, Map, Module, NativeCallContext};

use super::system::{USUAL, call, given};
use super::{Given, function, time};

type Text = ImmutableString;

/// How long Helm waits for what it started, as its own default.
const WAIT: Duration = Duration::from_mins(5);
/// How much longer its program may take, or a call whose limit is its own.
const SLACK: Duration = Duration::from_secs(30);

pub(super) fn module() -> Module {
    let mut module = Module::new();
    for (name, called) in [
        ("release", "helm::release"),
        ("history", "helm::history"),
        ("values", "helm::values"),
    ] {
        asking(&mut module, name, called);
    }
    function(&mut module, "list", |context: NativeCallContext| {
        ask(&context, "helm::list", Vec::new(), Map::new())
    });
    function(
        &mut module,
        "list",
        |context: NativeCallContext, options: Map| ask(&context, "helm::list", Vec::new(), options),
    );
    waiting(&mut module);
    changing(&mut module);
    module
}

fn ask(
    context: &NativeCallContext,
    name: &'static str,
    named: Vec<(&str, Dynamic)>,
    options: Map,
) -> Given<Dynamic> {
    let (arguments, timeout) = given(named, options)?;
    call(context, name, arguments, timeout.unwrap_or(USUAL))
}

/// Runs Helm, which has a limit of its own for what it waits for.
fn change(
    context: &NativeCallContext,
    name: &'static str,
    mut named: Vec<(&str, Dynamic)>,
    mut options: Map,
) -> Given<Dynamic> {
    let limit = match options.remove("timeout") {
        Some(timeout) => time::length(&timeout)?,
        None => WAIT,
    };
    named.push(("within", limit.as_secs_f64().into()));
    let (arguments, _) = given(named, options)?;
    call(context, name, arguments, limit + SLACK)
}

fn asking(module: &mut Module, name: &str, called: &'static str) {
    function(
        module,
        name,
        move |context: NativeCallContext, name: Text| {
            ask(&context, called, vec![("name", name.into())], Map::new())
        },
    );
    function(
        module,
        name,
        move |context: NativeCallContext, name: Text, options: Map| {
            ask(&context, called, vec![("name", name.into())], options)
        },
    );
}

fn waiting(module: &mut Module) {
    fn wait(
        context: &NativeCallContext,
        name: Text,
        timeout: &Dynamic,
        mut options: Map,
    ) -> Given<Dynamic> {
        options.insert("timeout".into(), timeout.clone());
        change(context, "helm::wait", vec![("name", name.into())], options)
    }
    function(
        module,
        "wait",
        |context: NativeCallContext, name: Text, timeout: Dynamic| {
            wait(&context, name, &timeout, Map::new())
        },
    );
    function(
        module,
        "wait",
        |context: NativeCallContext, name: Text, timeout: Dynamic, options: Map| {
            wait(&context, name, &timeout, options)
        },
    );
}

fn changing(module: &mut Module) {
    function(
        module,
        "upgrade",
        |context: NativeCallContext, name: Text, chart: Text| {
            let named = vec![("name", name.into()), ("chart", chart.into())];
            change(&context, "helm::upgrade", named, Map::new())
        },
    );
    function(
        module,
        "upgrade",
        |context: NativeCallContext, name: Text, chart: Text, options: Map| {
            let named = vec![("name", name.into()), ("chart", chart.into())];
            change(&context, "helm::upgrade", named, options)
        },
    );
    function(
        module,
        "rollback",
        |context: NativeCallContext, name: Text, revision: i64| {
            let named = vec![("name", name.into()), ("revision", revision.into())];
            change(&context, "helm::rollback", named, Map::new())
        },
    );
    function(
        module,
        "rollback",
        |context: NativeCallContext, name: Text, revision: i64, options: Map| {
            let named = vec![("name", name.into()), ("revision", revision.into())];
            change(&context, "helm::rollback", named, options)
        },
    );
    function(
        module,
        "uninstall",
        |context: NativeCallContext, name: Text| {
            let named = vec![("name", name.into())];
            change(&context, "helm::uninstall", named, Map::new())
        },
    );
    function(
        module,
        "uninstall",
        |context: NativeCallContext, name: Text, options: Map| {
            let named = vec![("name", name.into())];
            change(&context, "helm::uninstall", named, options)
        },
    );
}
