//! The records that Helm keeps: a Secret for each revision, in it the release as JSON, compressed
//! and twice encoded (<https://helm.sh/docs/topics/advanced/#storage-backends>).

use std::io::Read as _;

use flate2::read::GzDecoder;
use serde_json::json;

use crate::secret::{base64, is_secret_name};
use crate::value::Value;

/// More than any record unpacks to: Kubernetes keeps 1 MiB of it at most.
const LONGEST: u64 = 128 * 1024 * 1024;

/// What a release can be (<https://helm.sh/docs/helm/helm_status/>).
pub(super) const STATUSES: [&str; 9] = [
    "unknown",
    "deployed",
    "uninstalled",
    "superseded",
    "failed",
    "uninstalling",
    "pending-install",
    "pending-upgrade",
    "pending-rollback",
];

/// What stands in the place of a release that is not there.
pub(super) fn absent(name: &str, namespace: &str) -> Value {
    bare(name, namespace, 0, "not-found", "")
}

/// What stands in the place of a revision whose record can't be read.
pub(super) fn unreadable(name: &str, namespace: &str, revision: u64, why: &str) -> Value {
    bare(name, namespace, revision, "unreadable", why)
}

fn bare(name: &str, namespace: &str, revision: u64, status: &str, description: &str) -> Value {
    json!({
        "name": name,
        "namespace": namespace,
        "revision": revision,
        "status": status,
        "chart": "",
        "version": "",
        "app_version": "",
        "updated": "",
        "description": description,
    })
}

/// Unpacks the record in a Secret.
pub(super) fn unpack(secret: &Value) -> Option<Value> {
    let once = base64::decode(secret.get("data")?.get("release")?.as_str()?)?;
    let packed = base64::decode(std::str::from_utf8(&once).ok()?.trim())?;
    // Helm 2 wrote them uncompressed at first, and Helm 3 still reads that.
    if packed.starts_with(&[0x1f, 0x8b]) {
        let mut text = Vec::new();
        let mut unpacked = GzDecoder::new(packed.as_slice()).take(LONGEST);
        unpacked.read_to_end(&mut text).ok()?;
        serde_json::from_slice(&text).ok()
    } else {
        serde_json::from_slice(&packed).ok()
    }
}

/// A release as scripts see it: `name namespace revision status chart version app_version updated
/// description`.
pub(super) fn release(record: &Value) -> Value {
    let text = |path: &[&str]| {
        let found = path.iter().try_fold(record, |value, name| value.get(name));
        found.and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    json!({
        "name": text(&["name"]),
        "namespace": text(&["namespace"]),
        "revision": record["version"].as_u64().unwrap_or(0),
        "status": text(&["info", "status"]),
        "chart": text(&["chart", "metadata", "name"]),
        "version": text(&["chart", "metadata", "version"]),
        "app_version": text(&["chart", "metadata", "appVersion"]),
        "updated": text(&["info", "last_deployed"]),
        "description": text(&["info", "description"]),
    })
}

/// The values that were given, or with `all` those of the chart too.
pub(super) fn values(record: &Value, all: bool) -> Value {
    let given = record
        .get("config")
        .filter(|given| given.is_object())
        .cloned()
        .unwrap_or_else(|| json!({}));
    if !all {
        return given;
    }
    let mut values = record
        .get("chart")
        .and_then(|chart| chart.get("values"))
        .filter(|values| values.is_object())
        .cloned()
        .unwrap_or_else(|| json!({}));
    lay_over(&mut values, given);
    values
}

/// Maps are merged, and `null` takes a value away
/// (<https://helm.sh/docs/chart_template_guide/values_files/#deleting-a-default-key>).
pub(super) fn lay_over(under: &mut Value, over: Value) {
    match (under, over) {
        (Value::Object(under), Value::Object(over)) => {
            for (name, value) in over {
                if value.is_null() {
                    under.remove(&name);
                } else if let Some(known) = under.get_mut(&name) {
                    lay_over(known, value);
                } else {
                    under.insert(name, value);
                }
            }
        }
        (under, over) => *under = over,
    }
}

/// The texts among values whose names say that they are secret.
pub(super) fn secrets(value: &Value, name: &str, found: &mut Vec<(String, String)>) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                secrets(value, key, found);
            }
        }
        Value::Array(list) => list.iter().for_each(|value| secrets(value, name, found)),
        Value::String(text) if !text.is_empty() && is_secret_name(name, text.as_bytes()) => {
            found.push((name.to_owned(), text.clone()));
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn packed(record: &Value) -> Value {
        let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
        gzip.write_all(record.to_string().as_bytes())
            .expect("memory");
        let once = base64::encode(&gzip.finish().expect("memory"), base64::STANDARD);
        json!({"data": {"release": base64::encode(once.as_bytes(), base64::STANDARD)}})
    }

    #[test]
    fn a_record_is_unpacked_and_told() {
        let record = json!({
            "name": "tracecat", "namespace": "a", "version": 4,
            "info": {"status": "pending-upgrade", "last_deployed": "2026-11-23T08:00:00Z",
                     "description": "Preparing upgrade"},
            "chart": {"metadata": {"name": "tracecat", "version": "0.3.1",
                                   "appVersion": "1.0.0-beta.17"},
                      "values": {"api": {"replicas": 1, "image": "a"}, "gone": 1}},
            "config": {"api": {"replicas": 2}, "gone": null},
        });
        let secret = packed(&record);
        let read = unpack(&secret).expect("it is one");
        assert_eq!(read, record);
        assert_eq!(
            release(&read),
            json!({
                "name": "tracecat", "namespace": "a", "revision": 4,
                "status": "pending-upgrade", "chart": "tracecat", "version": "0.3.1",
                "app_version": "1.0.0-beta.17", "updated": "2026-11-23T08:00:00Z",
                "description": "Preparing upgrade",
            })
        );
        assert_eq!(
            values(&read, false),
            json!({"api": {"replicas": 2}, "gone": null})
        );
        assert_eq!(
            values(&read, true),
            json!({"api": {"replicas": 2, "image": "a"}})
        );
    }

    #[test]
    fn what_is_no_record_is_none() {
        for secret in [
            json!({}),
            json!({"data": {"release": 7}}),
            json!({"data": {"release": "////"}}),
            json!({"data": {"release": ""}}),
        ] {
            assert_eq!(unpack(&secret), None, "{secret}");
        }
    }

    #[test]
    fn values_whose_names_say_so_are_secret() {
        let mut found = Vec::new();
        let values = json!({"db": {"password": "hunter2", "host": "h"}, "tokens": ["t-1"]});
        secrets(&values, "", &mut found);
        let texts: Vec<&str> = found.iter().map(|(_, text)| text.as_str()).collect();
        assert!(
            texts.contains(&"hunter2") && !texts.contains(&"h"),
            "{texts:?}"
        );
    }
}
