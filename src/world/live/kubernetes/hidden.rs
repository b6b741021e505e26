//! Objects as scripts get them: without bookkeeping, the values of a Secret read and kept secret.

use super::{at, text};
use crate::secret::base64;
use crate::value::Value;
use crate::world::Reply;

/// What `kubectl apply` leaves: the whole object once more, values included.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";
/// The type of Helm's own records; they are read by `helm::…`, and are no one's password.
const RELEASE: &str = "helm.sh/release.v1";

/// One object, for a script.
pub(super) fn reply(mut object: Value) -> Reply {
    let mut secrets = Vec::new();
    prepare(&mut object, &mut secrets);
    Reply {
        value: object,
        secrets,
    }
}

/// Makes an object ready for a script, and tells the secrets in it.
pub(super) fn prepare(object: &mut Value, secrets: &mut Vec<(String, String)>) {
    if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
        // Often more than half of the object, and of use to servers only.
        metadata.remove("managedFields");
    }
    if object["kind"] == "Secret" && at(object, &["apiVersion"]).is_some_and(|v| v == "v1") {
        reveal(object, secrets);
    }
}

/// Puts the values of a Secret in the place of their base64; bytes that are no text stay as they
/// are.
fn reveal(object: &mut Value, secrets: &mut Vec<(String, String)>) {
    let name = format!(
        "{}/{}",
        text(object, &["metadata", "namespace"]),
        text(object, &["metadata", "name"])
    );
    if let Some(annotation) = object
        .get_mut("metadata")
        .and_then(|metadata| metadata.get_mut("annotations"))
        .and_then(|annotations| annotations.get_mut(LAST_APPLIED))
    {
        *annotation = Value::from(format!("«secret:{name}»"));
    }
    let is_release = text(object, &["type"]) == RELEASE;
    let Some(values) = object.get_mut("data").and_then(Value::as_object_mut) else {
        return;
    };
    for (key, value) in values {
        let Some(encoded) = value.as_str() else {
            continue;
        };
        let readable = base64::decode(encoded)
            .filter(|_| !is_release)
            .and_then(|bytes| String::from_utf8(bytes).ok());
        if let Some(readable) = readable {
            *value = Value::from(readable);
        }
        let shown = value.as_str().unwrap_or_default();
        if !shown.is_empty() {
            secrets.push((format!("{name}/{key}"), shown.to_owned()));
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_values_of_a_secret_are_read_and_told() {
        let reply = reply(json!({
            "apiVersion": "v1", "kind": "Secret", "type": "Opaque",
            "metadata": {
                "name": "db", "namespace": "a", "managedFields": [{}],
                "annotations": { LAST_APPLIED: "{\"data\":{\"password\":\"aHVudGVyMg==\"}}" },
            },
            "data": { "password": "aHVudGVyMg==", "key": "/wA=", "empty": "" },
        }));
        assert_eq!(
            reply.value,
            json!({
                "apiVersion": "v1", "kind": "Secret", "type": "Opaque",
                "metadata": {
                    "name": "db", "namespace": "a",
                    "annotations": { LAST_APPLIED: "«secret:a/db»" },
                },
                "data": { "password": "hunter2", "key": "/wA=", "empty": "" },
            })
        );
        assert_eq!(
            reply.secrets,
            [
                ("a/db/password".to_owned(), "hunter2".to_owned()),
                ("a/db/key".to_owned(), "/wA=".to_owned()),
            ]
        );
    }

    #[test]
    fn another_kind_is_left_as_it_is() {
        let object =
            json!({"apiVersion": "v1", "kind": "ConfigMap", "data": {"a": "aHVudGVyMg=="}});
        assert_eq!(reply(object.clone()), Reply::from(object));
    }
}
