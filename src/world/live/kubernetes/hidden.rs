//! Objects as scripts get them: without bookkeeping, the values of a Secret read and kept secret.
//!
//! What was read so is put back into base64 where it is written again: in a script both ways are
//! the plain text.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use super::{at, text};
use crate::secret::base64::{self, STANDARD};
use crate::secret::each_value;
use crate::value::Value;
use crate::world::{CallError, Reply, codes};

/// What `kubectl apply` leaves: the whole object once more, values included.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";
/// The type of Helm's own records; they are read by `helm::…`, and are no one's password.
const RELEASE: &str = "helm.sh/release.v1";

/// The values of Secrets that a run has read.
#[derive(Default)]
pub(super) struct Revealed(Mutex<HashSet<String>>);

impl Revealed {
    /// One object, for a script.
    pub(super) fn reply(&self, mut object: Value) -> Reply {
        let mut secrets = Vec::new();
        self.prepare(&mut object, &mut secrets);
        Reply {
            value: object,
            secrets,
        }
    }

    /// Makes an object ready for a script, and tells the secrets in it.
    pub(super) fn prepare(&self, object: &mut Value, secrets: &mut Vec<(String, String)>) {
        if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
            // Often more than half of the object, and of use to servers only.
            metadata.remove("managedFields");
        }
        if is_secret(object) {
            self.reveal(object, secrets);
        }
    }

    /// Puts the values of a Secret in the place of their base64; bytes that are no text stay as
    /// they are.
    fn reveal(&self, object: &mut Value, secrets: &mut Vec<(String, String)>) {
        let name = format!(
            "{}/{}",
            text(object, &["metadata", "namespace"]),
            text(object, &["metadata", "name"])
        );
        if let Some(annotations) = object
            .get_mut("metadata")
            .and_then(|metadata| metadata.get_mut("annotations"))
            .and_then(Value::as_object_mut)
        {
            annotations.remove(LAST_APPLIED);
        }
        let is_release = text(object, &["type"]) == RELEASE;
        let Some(values) = object.get_mut("data").and_then(Value::as_object_mut) else {
            return;
        };
        let mut revealed = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for (key, value) in values {
            let Some(encoded) = value.as_str() else {
                continue;
            };
            let readable = base64::decode(encoded)
                .filter(|_| !is_release)
                .and_then(|bytes| String::from_utf8(bytes).ok());
            if let Some(readable) = readable {
                revealed.insert(readable.clone());
                *value = Value::from(readable);
            }
            let shown = value.as_str().unwrap_or_default();
            if !shown.is_empty() {
                secrets.push((format!("{name}/{key}"), shown.to_owned()));
            }
        }
    }

    /// Puts what was read from a Secret back into base64, in the manifest of one or a patch of it.
    ///
    /// # Errors
    /// Where a value is neither what was read nor base64: it is plain text at the wrong place.
    pub(super) fn conceal(&self, name: &str, written: &mut Value) -> Result<(), CallError> {
        each_value(written, &mut |part, key, value| match part {
            "data" => self.conceal_one(name, key, value),
            _ => Ok(()),
        })
    }

    fn conceal_one(&self, name: &str, key: &str, value: &mut Value) -> Result<(), CallError> {
        let Some(plain) = value.as_str() else {
            return Ok(());
        };
        let revealed = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if revealed.contains(plain) {
            *value = Value::from(base64::encode(plain.as_bytes(), STANDARD));
            return Ok(());
        }
        let is_encoded =
            base64::decode(plain).is_some_and(|bytes| base64::encode(&bytes, STANDARD) == plain);
        if is_encoded {
            return Ok(());
        }
        Err(CallError::new(
            codes::BAD_ARGUMENT,
            format!("`data.{key}` of the Secret `{name}` is no base64"),
            "give plain text under `stringData`; what was read from a Secret may stand in `data` as it is",
        ))
    }
}

/// Whether an object or a manifest is a Secret.
pub(super) fn is_secret(object: &Value) -> bool {
    object["kind"] == "Secret" && at(object, &["apiVersion"]).is_some_and(|version| version == "v1")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_values_of_a_secret_are_read_and_told() {
        let reply = Revealed::default().reply(json!({
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
                    "annotations": {},
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
        assert_eq!(
            Revealed::default().reply(object.clone()),
            Reply::from(object)
        );
    }

    /// A Secret as the server has it, read.
    fn read(revealed: &Revealed, data: &Value) -> Value {
        let object = json!({"apiVersion": "v1", "kind": "Secret", "data": data});
        revealed.reply(object).value
    }

    #[test]
    fn what_was_read_is_written_as_it_was() {
        let revealed = Revealed::default();
        // The password looks like base64 itself.
        let data = json!({"password": "YWJjZDEyMzQ=", "key": "/wA=", "empty": ""});
        let mut object = read(&revealed, &data);
        assert_eq!(object["data"]["password"], "abcd1234");
        revealed.conceal("a", &mut object).unwrap();
        assert_eq!(object["data"], data);

        let mut patch = json!({"data": {"other": "abcd1234", "more": "aGk=", "none": null}});
        revealed.conceal("a", &mut patch).unwrap();
        assert_eq!(
            patch["data"],
            json!({"other": "YWJjZDEyMzQ=", "more": "aGk=", "none": null})
        );
        let mut patch = json!([
            {"op": "add", "path": "/data/x", "value": "abcd1234"},
            {"op": "replace", "path": "/data", "value": {"x": "abcd1234"}},
            {"op": "remove", "path": "/data/y"},
            {"op": "add", "path": "/metadata/labels/x", "value": "abcd1234"},
        ]);
        revealed.conceal("a", &mut patch).unwrap();
        assert_eq!(patch[0]["value"], "YWJjZDEyMzQ=");
        assert_eq!(patch[1]["value"]["x"], "YWJjZDEyMzQ=");
        assert_eq!(patch[3]["value"], "abcd1234");
    }

    #[test]
    fn plain_text_in_the_place_of_base64_is_refused() {
        let revealed = Revealed::default();
        let mut manifest = json!({"metadata": {"name": "db"}, "data": {"pw": "hunter2!"}});
        let refused = revealed.conceal("db", &mut manifest).unwrap_err();
        assert_eq!(refused.message, "`data.pw` of the Secret `db` is no base64");
    }
}
