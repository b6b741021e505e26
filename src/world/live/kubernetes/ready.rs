//! How much of an object is ready, and the conditions that it tells.

use super::{at, text};
use crate::value::Value;

/// How many of how many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Readiness {
    pub(super) ready: i64,
    pub(super) total: i64,
}

/// How much of an object is ready: replicas of what has replicas; else the object itself.
pub(super) fn of(object: &Value) -> Readiness {
    let number = |path: &[&str]| at(object, path).and_then(Value::as_i64);
    let whole = |ready: bool| Readiness {
        ready: i64::from(ready),
        total: 1,
    };
    match text(object, &["kind"]) {
        "Deployment" | "StatefulSet" | "ReplicaSet" | "ReplicationController" => Readiness {
            ready: number(&["status", "readyReplicas"]).unwrap_or(0),
            total: number(&["spec", "replicas"]).unwrap_or(1),
        },
        "DaemonSet" => Readiness {
            ready: number(&["status", "numberReady"]).unwrap_or(0),
            total: number(&["status", "desiredNumberScheduled"]).unwrap_or(0),
        },
        "Pod" => {
            // A pod that is done, or on its way out, is not one that should be ready.
            if text(object, &["status", "phase"]) == "Succeeded"
                || at(object, &["metadata", "deletionTimestamp"]).is_some()
            {
                return Readiness::default();
            }
            whole(holds(object, "Ready"))
        }
        "Job" => whole(holds(object, "Complete")),
        "PersistentVolumeClaim" => whole(text(object, &["status", "phase"]) == "Bound"),
        "Namespace" => whole(text(object, &["status", "phase"]) == "Active"),
        "CustomResourceDefinition" => whole(holds(object, "Established")),
        _ if condition(object, "Ready").is_some() => whole(holds(object, "Ready")),
        _ => whole(holds(object, "Available")),
    }
}

/// A condition of an object, by its type in any case.
pub(super) fn condition<'a>(object: &'a Value, name: &str) -> Option<&'a Value> {
    at(object, &["status", "conditions"])?
        .as_array()?
        .iter()
        .find(|condition| text(condition, &["type"]).eq_ignore_ascii_case(name))
}

/// Whether a condition is there and true.
pub(super) fn holds(object: &Value, name: &str) -> bool {
    condition(object, name).is_some_and(|condition| text(condition, &["status"]) == "True")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn case(object: Value, ready: i64, total: i64) {
        assert_eq!(of(&object), Readiness { ready, total }, "{object}");
    }

    #[test]
    fn what_has_replicas_counts_them() {
        case(
            json!({"kind": "Deployment", "spec": {"replicas": 4}, "status": {"readyReplicas": 3}}),
            3,
            4,
        );
        case(json!({"kind": "StatefulSet", "spec": {}}), 0, 1);
        case(json!({"kind": "Deployment", "spec": {"replicas": 0}}), 0, 0);
        case(
            json!({"kind": "DaemonSet", "status": {"numberReady": 1, "desiredNumberScheduled": 2}}),
            1,
            2,
        );
    }

    #[test]
    fn a_pod_that_is_done_or_leaves_does_not_count() {
        let ready = json!([{"type": "Ready", "status": "True"}]);
        case(
            json!({"kind": "Pod", "status": {"conditions": ready}}),
            1,
            1,
        );
        case(json!({"kind": "Pod", "status": {"phase": "Pending"}}), 0, 1);
        case(json!({"kind": "Pod", "status": {"phase": "Failed"}}), 0, 1);
        case(
            json!({"kind": "Pod", "status": {"phase": "Succeeded"}}),
            0,
            0,
        );
        let leaving = json!({"deletionTimestamp": "2026-11-23T00:00:00Z"});
        case(
            json!({"kind": "Pod", "metadata": leaving, "status": {"conditions": ready}}),
            0,
            0,
        );
    }

    #[test]
    fn a_custom_kind_is_ready_when_its_condition_says_so() {
        for (status, ready) in [("True", 1), ("False", 0)] {
            let conditions = json!([{"type": "Ready", "status": status}]);
            case(
                json!({"kind": "ExternalSecret", "status": {"conditions": conditions}}),
                ready,
                1,
            );
        }
        case(json!({"kind": "ExternalSecret"}), 0, 1);
    }
}
