//! `k8s::…`: what Kubernetes clusters know and do.

use rhai::{Array, Dynamic, ImmutableString, Map, Module, NativeCallContext};

use super::system::{USUAL, call, given};
use super::{Given, function, time};
use crate::script::secret::Secret;

type Text = ImmutableString;

/// How much longer than its own limit a wait may take before the call is given up.
const SLACK: std::time::Duration = std::time::Duration::from_secs(30);

pub(super) fn module() -> Module {
    let mut module = Module::new();
    for (name, function) in [
        ("get", "k8s::get"),
        ("exists", "k8s::exists"),
        ("delete", "k8s::delete"),
        ("events", "k8s::events"),
    ] {
        one(&mut module, name, function);
    }
    for (name, function) in [("list", "k8s::list"), ("ready", "k8s::ready")] {
        all(&mut module, name, function);
    }
    waiting(&mut module);
    changing(&mut module);
    logs(&mut module);
    module
}

/// Makes a call; `options` may have a `timeout`.
fn ask(
    context: &NativeCallContext,
    name: &'static str,
    named: Vec<(&str, Dynamic)>,
    options: Map,
) -> Given<Dynamic> {
    let (arguments, timeout) = given(named, options)?;
    let answer = call(context, name, arguments, timeout.unwrap_or(USUAL))?;
    Ok(with_secrets(answer))
}

/// A function of a kind and a name.
fn one(module: &mut Module, name: &str, called: &'static str) {
    function(
        module,
        name,
        move |context: NativeCallContext, kind: Text, name: Text| {
            ask(
                &context,
                called,
                vec![("kind", kind.into()), ("name", name.into())],
                Map::new(),
            )
        },
    );
    function(
        module,
        name,
        move |context: NativeCallContext, kind: Text, name: Text, options: Map| {
            ask(
                &context,
                called,
                vec![("kind", kind.into()), ("name", name.into())],
                options,
            )
        },
    );
    if called == "k8s::events" {
        function(module, name, move |context: NativeCallContext| {
            ask(&context, called, Vec::new(), Map::new())
        });
        function(
            module,
            name,
            move |context: NativeCallContext, options: Map| {
                ask(&context, called, Vec::new(), options)
            },
        );
    }
}

/// A function of a kind.
fn all(module: &mut Module, name: &str, called: &'static str) {
    function(
        module,
        name,
        move |context: NativeCallContext, kind: Text| {
            ask(&context, called, vec![("kind", kind.into())], Map::new())
        },
    );
    function(
        module,
        name,
        move |context: NativeCallContext, kind: Text, options: Map| {
            ask(&context, called, vec![("kind", kind.into())], options)
        },
    );
}

fn waiting(module: &mut Module) {
    function(
        module,
        "wait",
        |context: NativeCallContext, kind: Text, name: Text, condition: Text, timeout: Dynamic| {
            wait(&context, [kind, name, condition], &timeout, Map::new())
        },
    );
    function(
        module,
        "wait",
        |context: NativeCallContext,
         kind: Text,
         name: Text,
         condition: Text,
         timeout: Dynamic,
         options: Map| { wait(&context, [kind, name, condition], &timeout, options) },
    );
}

fn wait(
    context: &NativeCallContext,
    [kind, name, condition]: [Text; 3],
    timeout: &Dynamic,
    options: Map,
) -> Given<Dynamic> {
    let limit = time::length(timeout)?;
    let named = vec![
        ("kind", kind.into()),
        ("name", name.into()),
        ("condition", condition.into()),
        ("within", limit.as_secs_f64().into()),
    ];
    let (arguments, _) = given(named, options)?;
    let answer = call(context, "k8s::wait", arguments, limit + SLACK)?;
    Ok(with_secrets(answer))
}

fn changing(module: &mut Module) {
    function(
        module,
        "apply",
        |context: NativeCallContext, manifest: Dynamic| {
            let named = vec![("manifest", manifest)];
            ask(&context, "k8s::apply", named, Map::new())
        },
    );
    function(
        module,
        "apply",
        |context: NativeCallContext, manifest: Dynamic, options: Map| {
            ask(
                &context,
                "k8s::apply",
                vec![("manifest", manifest)],
                options,
            )
        },
    );
    function(
        module,
        "patch",
        |context: NativeCallContext, kind: Text, name: Text, patch: Dynamic| {
            let named = vec![
                ("kind", kind.into()),
                ("name", name.into()),
                ("patch", patch),
            ];
            ask(&context, "k8s::patch", named, Map::new())
        },
    );
    function(
        module,
        "patch",
        |context: NativeCallContext, kind: Text, name: Text, patch: Dynamic, options: Map| {
            let named = vec![
                ("kind", kind.into()),
                ("name", name.into()),
                ("patch", patch),
            ];
            ask(&context, "k8s::patch", named, options)
        },
    );
}

fn logs(module: &mut Module) {
    function(module, "logs", |context: NativeCallContext, name: Text| {
        ask(
            &context,
            "k8s::logs",
            vec![("name", name.into())],
            Map::new(),
        )
    });
    function(
        module,
        "logs",
        |context: NativeCallContext, name: Text, options: Map| {
            ask(&context, "k8s::logs", vec![("name", name.into())], options)
        },
    );
}

/// The answer with the values of Secrets as what scripts pass on but never show.
fn with_secrets(mut answer: Dynamic) -> Dynamic {
    if let Some(mut objects) = answer.write_lock::<Array>() {
        for object in objects.iter_mut() {
            if let Some(mut object) = object.write_lock::<Map>() {
                conceal(&mut object);
            }
        }
    } else if let Some(mut object) = answer.write_lock::<Map>() {
        conceal(&mut object);
    }
    answer
}

fn conceal(object: &mut Map) {
    let is = |name: &str, value: &str| {
        object
            .get(name)
            .and_then(|found| {
                found
                    .as_immutable_string_ref()
                    .ok()
                    .map(|found| *found == *value)
            })
            .unwrap_or(false)
    };
    if !is("kind", "Secret") || !is("apiVersion", "v1") {
        return;
    }
    let named = |field: &str| {
        object.get("metadata").and_then(|metadata| {
            let metadata = metadata.read_lock::<Map>()?;
            metadata.get(field).map(ToString::to_string)
        })
    };
    let name = format!(
        "{}/{}",
        named("namespace").unwrap_or_default(),
        named("name").unwrap_or_default()
    );
    if let Some(mut values) = object.get_mut("data").and_then(Dynamic::write_lock::<Map>) {
        for (key, value) in values.iter_mut() {
            let text = value
                .as_immutable_string_ref()
                .ok()
                .map(|text| text.to_string());
            if let Some(text) = text {
                *value = Dynamic::from(Secret::new(format!("{name}/{key}"), text));
            }
        }
    }
}
