//! What can be waited for, and when it holds.

use serde_json::json;

use super::*;

#[track_caller]
fn case(text: &str, object: Option<Value>, expected: bool) {
    let until = Until::parse(text).expect("it can be waited for");
    assert_eq!(until.holds(object.as_ref()), expected, "{text}: {object:?}");
}

fn conditions(status: &str) -> Value {
    json!({"status": {"conditions": [{"type": "Ready", "status": status}]}})
}

#[test]
fn a_condition_is_true_unless_another_status_is_given() {
    case("Ready", Some(conditions("True")), true);
    case("ready", Some(conditions("True")), true);
    case("condition=Ready", Some(conditions("True")), true);
    case("Ready", Some(conditions("False")), false);
    case("Ready=False", Some(conditions("False")), true);
    case("Ready", Some(json!({})), false);
    case("Ready", None, false);
}

#[test]
fn being_there_and_being_gone_can_be_waited_for() {
    case("exists", Some(json!({})), true);
    case("exists", None, false);
    case("deleted", Some(json!({})), false);
    case("deleted", None, true);
}

#[test]
fn a_field_can_be_waited_for() {
    let object = || Some(json!({"status": {"phase": "Bound", "ports": [{"port": 80}]}}));
    case(".status.phase=Bound", object(), true);
    case("jsonpath={.status.phase}=Bound", object(), true);
    case("jsonpath='{.status.phase}'=Lost", object(), false);
    case(".status.ports[0].port=80", object(), true);
    case(".status.absent=1", object(), false);
}

#[test]
fn a_rollout_is_over_when_the_newest_is_all_there_is() {
    let deployment = |observed: u64, updated: u64, ready: u64, all: u64| {
        Some(json!({
            "kind": "Deployment",
            "metadata": {"generation": 2},
            "spec": {"replicas": 2},
            "status": {
                "observedGeneration": observed, "updatedReplicas": updated,
                "readyReplicas": ready, "replicas": all,
            },
        }))
    };
    case("rollout", deployment(2, 2, 2, 2), true);
    case("rollout", deployment(1, 2, 2, 2), false);
    case("rollout", deployment(2, 1, 2, 2), false);
    case("rollout", deployment(2, 2, 1, 2), false);
    case("rollout", deployment(2, 2, 2, 3), false);
}

#[test]
fn what_is_no_condition_is_refused() {
    for text in ["", "  ", "jsonpath={.a}", "..=x", ".=", "is ready"] {
        assert_eq!(Until::parse(text), None, "{text}");
    }
}

#[test]
fn a_failed_step_of_the_cluster_is_not_waited_for() {
    let object = json!({"status": {"conditions": [
        {"type": "Failed", "status": "True", "reason": "BackoffLimitExceeded", "message": "no"},
    ]}});
    let until = Until::parse("Complete").expect("a condition");
    assert_eq!(
        until.hopeless(Some(&object)).as_deref(),
        Some("Failed is True (BackoffLimitExceeded: no)")
    );
    assert_eq!(until.hopeless(Some(&json!({}))), None);
}
