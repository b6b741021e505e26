//! Secrets that a call writes: what is put into a Secret or a `SecureString` is one, whatever it was
//! before.
//!
//! They are known by where they stand in the call's arguments, so that the request is recorded
//! without them and they are hidden from then on.

use std::borrow::Cow;
use std::convert::Infallible;

use crate::secret::{base64_text, each_value, is_secret_member, masks};
use crate::value::Value;

/// The arguments of a call as they may be shown, and the secrets in them by name.
pub(super) fn confided<'a>(
    function: &str,
    arguments: &'a Value,
) -> (Cow<'a, Value>, Vec<(String, String)>) {
    let mut secrets = Vec::new();
    let shown = match function {
        "k8s::apply" => {
            let mut shown = arguments.clone();
            manifests(&mut shown["manifest"], &mut secrets);
            Cow::Owned(shown)
        }
        "k8s::patch" if is_of_secrets(&arguments["kind"]) => {
            let mut shown = arguments.clone();
            let name = arguments["name"].as_str().unwrap_or_default();
            values(&mut shown["patch"], name, &mut secrets);
            Cow::Owned(shown)
        }
        "aws::api" => {
            let mut shown = arguments.clone();
            members(&mut shown["parameters"], &mut secrets);
            Cow::Owned(shown)
        }
        _ => Cow::Borrowed(arguments),
    };
    (shown, secrets)
}

/// Whether a word for a kind means Secrets, as kubectl takes it.
fn is_of_secrets(kind: &Value) -> bool {
    let word = kind.as_str().unwrap_or_default().to_ascii_lowercase();
    matches!(
        word.as_str(),
        "secret" | "secrets" | "secrets.v1" | "v1/secrets" | "v1/secret"
    )
}

fn manifests(manifest: &mut Value, secrets: &mut Vec<(String, String)>) {
    match manifest {
        Value::Array(list) => list.iter_mut().for_each(|one| manifests(one, secrets)),
        secret if secret["kind"] == "Secret" => {
            let name = secret["metadata"]["name"].as_str().unwrap_or("a Secret");
            let name = name.to_owned();
            values(secret, &name, secrets);
        }
        Value::Object(map) => {
            if let Some(items) = map.get_mut("items") {
                manifests(items, secrets);
            }
        }
        // It is shown as it is, but for what is learned here.
        Value::String(text) if text.contains("Secret") => {
            let documents = serde_saphyr::from_multiple::<Value>(text).unwrap_or_default();
            for mut document in documents {
                manifests(&mut document, secrets);
            }
        }
        _ => {}
    }
}

/// The values that a manifest of a Secret, or a patch of one, has.
fn values(written: &mut Value, name: &str, secrets: &mut Vec<(String, String)>) {
    let Ok(()) = each_value::<Infallible>(written, &mut |part, key, value| {
        hide(value, &format!("{name}/{key}"), part == "data", secrets);
        Ok(())
    });
}

/// The parameters of an operation of AWS.
fn members(parameters: &mut Value, secrets: &mut Vec<(String, String)>) {
    match parameters {
        Value::Array(list) => list.iter_mut().for_each(|one| members(one, secrets)),
        Value::Object(_) => {
            let whole = parameters.clone();
            let Some(map) = parameters.as_object_mut() else {
                return;
            };
            for (name, value) in map {
                if is_secret_member(&whole, name) && !value.is_object() && !value.is_array() {
                    hide(value, name, false, secrets);
                } else {
                    members(value, secrets);
                }
            }
        }
        _ => {}
    }
}

/// Puts a name in the place of a value, and takes the value; `encoded` says that it may be base64.
fn hide(value: &mut Value, name: &str, encoded: bool, secrets: &mut Vec<(String, String)>) {
    let Some(text) = value.as_str().filter(|text| !text.is_empty()) else {
        return;
    };
    // What comes from a recording was hidden when it was recorded.
    if masks(text).is_empty() {
        secrets.push((name.to_owned(), text.to_owned()));
        if encoded && let Some(plain) = base64_text(text) {
            secrets.push((name.to_owned(), plain));
        }
    }
    *value = Value::from(format!("«secret:{name}»"));
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn case(function: &str, arguments: Value, shown: Value, secrets: &[&str]) {
        let (told, found) = confided(function, &arguments);
        let found: Vec<&str> = found.iter().map(|(_, text)| text.as_str()).collect();
        assert_eq!((told.into_owned(), found), (shown, secrets.to_vec()));
    }

    #[test]
    fn what_is_put_into_a_secret_is_hidden() {
        let metadata = json!({"name": "db"});
        case(
            "k8s::apply",
            json!({"manifest": {"kind": "List", "items": [
                {"kind": "Secret", "metadata": metadata, "stringData": {"url": "svc one"}, "data": {"k": "c3ZjIHR3bw=="}},
                {"kind": "ConfigMap", "data": {"k": "plain"}},
            ]}}),
            json!({"manifest": {"kind": "List", "items": [
                {"kind": "Secret", "metadata": metadata, "stringData": {"url": "«secret:db/url»"}, "data": {"k": "«secret:db/k»"}},
                {"kind": "ConfigMap", "data": {"k": "plain"}},
            ]}}),
            &["c3ZjIHR3bw==", "svc two", "svc one"],
        );
        let text = "kind: Secret\nmetadata: {name: db}\nstringData: {url: svc one}\n";
        case(
            "k8s::apply",
            json!({"manifest": text}),
            json!({"manifest": text}),
            &["svc one"],
        );
        case(
            "k8s::patch",
            json!({"kind": "secret", "name": "db", "patch": [
                {"op": "add", "path": "/stringData/url", "value": "svc one"},
                {"op": "add", "path": "/metadata/labels/a", "value": "b"},
            ]}),
            json!({"kind": "secret", "name": "db", "patch": [
                {"op": "add", "path": "/stringData/url", "value": "«secret:db/url»"},
                {"op": "add", "path": "/metadata/labels/a", "value": "b"},
            ]}),
            &["svc one"],
        );
    }

    #[test]
    fn what_is_given_to_aws_as_a_secret_is_hidden() {
        case(
            "aws::api",
            json!({"service": "secretsmanager", "parameters": {"name": "a", "secret_string": "svc one"}}),
            json!({"service": "secretsmanager", "parameters": {"name": "a", "secret_string": "«secret:secret_string»"}}),
            &["svc one"],
        );
        let parameter =
            |kind: &str, value: &str| json!({"parameters": {"type": kind, "value": value}});
        case(
            "aws::api",
            parameter("SecureString", "svc one"),
            parameter("SecureString", "«secret:value»"),
            &["svc one"],
        );
        let plain = parameter("String", "svc one");
        case("aws::api", plain.clone(), plain, &[]);
    }

    #[test]
    fn what_was_hidden_is_not_learned() {
        let arguments = json!({"parameters": {"SecretString": "«secret:pw»"}});
        let (shown, secrets) = confided("aws::api", &arguments);
        assert_eq!(shown["parameters"]["SecretString"], "«secret:SecretString»");
        assert_eq!(secrets, []);
    }
}
