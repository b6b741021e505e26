//! The operator, the notebook's inputs, secrets.

use rhai::{Dynamic, ImmutableString, Module, NativeCallContext};

use super::{Given, Session, function, trouble, unfit};
use crate::name::{nearest, variable};
use crate::script::secret::{Raw, Secret};
use crate::script::shape::to_text;
use crate::secret::is_beside;

pub(super) fn add(module: &mut Module) {
    function(
        module,
        "log",
        |context: NativeCallContext, value: Dynamic| -> Given<()> {
            Session::of(&context)?.host.log(&to_text(&value));
            Ok(())
        },
    );
    function(
        module,
        "ask",
        |context: NativeCallContext, question: ImmutableString| ask(&context, &question, None),
    );
    function(
        module,
        "ask",
        |context: NativeCallContext, question: ImmutableString, default: Dynamic| {
            if default.read_lock::<Secret>().is_some() {
                return Err("a secret can't be the default of a question".into());
            }
            ask(&context, &question, Some(&to_text(&default)))
        },
    );
    function(
        module,
        "env",
        |context: NativeCallContext, name: ImmutableString| -> Given<Dynamic> {
            Ok(environment(&context, &name)?.unwrap_or(Dynamic::UNIT))
        },
    );
    function(
        module,
        "env",
        |context: NativeCallContext, name: ImmutableString, default: Dynamic| -> Given<Dynamic> {
            Ok(environment(&context, &name)?.unwrap_or(default))
        },
    );
    function(module, "input", input);
    function(module, "raw", |value: Dynamic| -> Given<Raw> {
        if value.read_lock::<Secret>().is_some() {
            Err("a secret can't be inserted unquoted; pass it by the environment".into())
        } else {
            Ok(Raw(to_text(&value)))
        }
    });
    function(module, "to_string", |raw: &mut Raw| raw.0.clone());
    function(module, "to_debug", |raw: &mut Raw| raw.0.clone());
    secrets(module);
}

fn ask(context: &NativeCallContext, question: &str, default: Option<&str>) -> Given<String> {
    let session = Session::of(context)?;
    session
        .host
        .ask(question, default)
        .map_err(|error| trouble(context, &session, error))
}

fn environment(context: &NativeCallContext, name: &str) -> Given<Option<Dynamic>> {
    if name.is_empty() || name.contains(['=', '\0']) {
        return Err(unfit(
            "the name of a variable",
            "a text without `=`",
            &name.into(),
        ));
    }
    let session = Session::of(context)?;
    Ok(session.host.environment(name).map(Dynamic::from))
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "the engine hands arguments over"
)]
fn input(context: NativeCallContext, name: ImmutableString) -> Given<Dynamic> {
    let session = Session::of(&context)?;
    let notebook = &session.notebook;
    if let Some(value) = notebook
        .get(&name)
        .or_else(|| notebook.get(&variable(&name)))
    {
        return Ok(value.clone());
    }
    Err(match nearest(&name, notebook.names()) {
        Some(near) => format!("there is no input `{name}`; did you mean `{near}`?"),
        None => format!("there is no input `{name}`"),
    }
    .into())
}

fn secrets(module: &mut Module) {
    function(module, "to_string", |secret: &mut Secret| {
        secret.to_string()
    });
    function(module, "to_debug", |secret: &mut Secret| secret.to_string());
    function(module, "is_empty", |secret: &mut Secret| {
        secret.reveal().is_empty()
    });
    function(
        module,
        "field",
        |context: NativeCallContext, secret: &mut Secret, name: ImmutableString| -> Given<Secret> {
            let part = secret.field(&name)?;
            if !is_beside(&name) {
                let session = Session::of(&context)?;
                session.host.learn(part.name(), part.reveal());
            }
            Ok(part)
        },
    );
    function(module, "+", |secret: Secret, after: ImmutableString| {
        secret.joined("", &after)
    });
    function(module, "+", |secret: Secret, after: char| {
        secret.joined("", &after.to_string())
    });
    function(module, "+", |before: ImmutableString, secret: Secret| {
        secret.joined(&before, "")
    });
    function(module, "+", |one: Secret, other: Secret| {
        Secret::new(
            format!("{}+{}", one.name(), other.name()),
            format!("{}{}", one.reveal(), other.reveal()),
        )
    });
    function(module, "==", |one: Secret, other: Secret| {
        one.reveal() == other.reveal()
    });
    function(module, "!=", |one: Secret, other: Secret| {
        one.reveal() != other.reveal()
    });
    function(module, "==", |one: Secret, text: ImmutableString| {
        one.reveal() == text.as_str()
    });
    function(module, "!=", |one: Secret, text: ImmutableString| {
        one.reveal() != text.as_str()
    });
    function(module, "==", |text: ImmutableString, one: Secret| {
        one.reveal() == text.as_str()
    });
    function(module, "!=", |text: ImmutableString, one: Secret| {
        one.reveal() != text.as_str()
    });
}
