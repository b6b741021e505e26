//! `http::…`: requests to anything that speaks HTTP.

use rhai::{Dynamic, ImmutableString, Map, Module, NativeCallContext};
use serde_json::json;

use super::options::{Options, is_confidential, revealed, wrong};
use super::system::{USUAL, at, call};
use super::{Given, function, json as text};
use crate::script::secret::Secret;
use crate::value::Value;

/// What requests without a body take.
const ASKING: [&str; 5] = ["ca", "headers", "query", "redirects", "timeout"];
/// What requests with a body take.
const TELLING: [&str; 7] = [
    "body",
    "ca",
    "headers",
    "json",
    "query",
    "redirects",
    "timeout",
];

pub(super) fn module() -> Module {
    let mut module = Module::new();
    for (name, full, options) in [
        ("get", "http::get", &ASKING[..]),
        ("head", "http::head", &ASKING[..]),
        ("post", "http::post", &TELLING[..]),
        ("put", "http::put", &TELLING[..]),
        ("delete", "http::delete", &TELLING[..]),
    ] {
        function(
            &mut module,
            name,
            move |context: NativeCallContext, url: Dynamic| {
                at(&context, send(&context, full, &url, &Map::new(), options))
            },
        );
        function(
            &mut module,
            name,
            move |context: NativeCallContext, url: Dynamic, given: Map| {
                at(&context, send(&context, full, &url, &given, options))
            },
        );
    }
    module
}

/// `reply.json()`: what the body of an answer says.
pub(super) fn add(module: &mut Module) {
    function(module, "json", |reply: Map| -> Given<Dynamic> {
        let body: Option<ImmutableString> = reply
            .get("body")
            .and_then(|body| body.clone().into_immutable_string().ok());
        match body {
            Some(body) => text::from_json(&body, "the body"),
            None => Err("`json()` reads the `body` of an answer, and this map has none".into()),
        }
    });
}

fn send(
    context: &NativeCallContext,
    function: &'static str,
    url: &Dynamic,
    given: &Map,
    known: &[&str],
) -> Given<Dynamic> {
    let options = Options::new(function, given, known)?;
    let address = match (url.read_lock::<Secret>(), url.as_immutable_string_ref()) {
        (Some(secret), _) => secret.reveal().to_owned(),
        (None, Ok(text)) => text.to_string(),
        (None, Err(_)) => {
            return Err(options.unfit("url", "a text", url));
        }
    };
    let mut arguments = json!({ "url": address });
    let mut headers = serde_json::Map::new();
    for (name, value) in options.map("headers")? {
        let text = match revealed(&value, &format!("the header `{name}`"))? {
            Value::String(text) => text,
            value @ (Value::Number(_) | Value::Bool(_)) => value.to_string(),
            _ => return Err(options.unfit(&name, "a text", &value)),
        };
        headers.insert(name.to_string(), text.into());
    }
    if !headers.is_empty() {
        arguments["headers"] = headers.into();
    }
    let query = options.map("query")?;
    if !query.is_empty() {
        arguments["query"] = revealed(&query.into(), "`query`")?;
    }
    if given.values().any(is_confidential) {
        arguments["confidential"] = true.into();
    }
    if let Some(ca) = options.text("ca")? {
        arguments["ca"] = ca.into();
    }
    if let Some(count) = options.count("redirects")? {
        arguments["redirects"] = count.into();
    }
    match (options.get("body"), options.get("json")) {
        (Some(_), Some(_)) => {
            return Err(wrong(
                format!("`{function}` takes `body` or `json`, not both"),
                "",
            ));
        }
        (Some(body), None) => {
            let Value::String(text) = revealed(body, "`body`")? else {
                return Err(options.unfit("body", "a text; `json` takes values", body));
            };
            arguments["body"] = text.into();
        }
        (None, Some(value)) => arguments["json"] = revealed(value, "`json`")?,
        (None, None) => {}
    }
    call(context, function, arguments, options.timeout(USUAL)?)
}
