//! What each way to end looks like.

#![expect(
    clippy::needless_raw_string_hashes,
    reason = "snapbox writes snapshots so"
)]

use serde_json::json;
use snapbox::{IntoData, assert_data_eq, str};

use super::{Script, asserting, failing, two};
use crate::view::Style;
use crate::view::timeline::Timeline;

#[test]
fn all_passed() {
    let script = two()
        .start("plan")
        .out("plan", "No changes.")
        .event(json!({
            "event": "checked", "step": "plan", "line": 12, "column": 8, "held": true,
            "expression": "plan.code == 0",
        }))
        .pass("plan")
        .event(json!({"event": "asked", "step": "apply-all", "question": "Apply?"}))
        .event(json!({"event": "answered", "step": "apply-all", "answer": "yes", "by": "--yes"}))
        .start("apply-all")
        .pass("apply-all")
        .end("passed", 0);
    assert_data_eq!(
        script.plain(),
        str![[r#"
Apply the target state
runbooks/apply.md · run 3fa2c1 · target demo
  db_pw=«secret:db_pw» namespace=tracecat prev=34
  removed AWS_SESSION_TOKEN: a session token beside a long-lived key

✓ plan       Verify zero drift    1.23s  1 check
  │ No changes.
  ? apply-all: Apply?
  → apply-all: yes (by --yes)
✓ apply-all  Apply                1.23s

passed  2 steps, 41.2s

"#]]
        .raw()
    );
}

#[test]
fn a_failure_right_above_the_summary_is_told_once() {
    assert_data_eq!(
        failing().plain(),
        str![[r#"
Apply the target state
runbooks/apply.md · run 3fa2c1 · target demo
  db_pw=«secret:db_pw» namespace=tracecat prev=34
  removed AWS_SESSION_TOKEN: a session token beside a long-lived key

✓ plan       Verify zero drift    1.23s
✗ apply-all  Apply                0.42s  failed: exit status 1 (line 14)
  │ applying
  ┃ Error: denied
  ┃   by policy

failed  1 of 2 steps failed: apply-all (apply.md:14), 41.2s
        runbook show 3fa2c1 · exit status 1: a step or an assertion failed

"#]]
        .raw()
    );
}

#[test]
fn a_failure_with_steps_after_it_is_told_again_with_its_errors() {
    let script = Script::new(&[("apply", "Apply"), ("clean-up", "Clean up")])
        .start("apply")
        .out("apply", "applying")
        .err("apply", "Error: denied\n  by policy")
        .stop("apply", "failed", "exit status 1")
        .start("clean-up")
        .pass("clean-up")
        .end("failed", 1);
    assert_data_eq!(
        script.plain(),
        str![[r#"
Apply the target state
runbooks/apply.md · run 3fa2c1 · target demo
  db_pw=«secret:db_pw» namespace=tracecat prev=34
  removed AWS_SESSION_TOKEN: a session token beside a long-lived key

✗ apply     Apply       0.42s  failed: exit status 1 (line 10)
  │ applying
  ┃ Error: denied
  ┃   by policy
✓ clean-up  Clean up    1.23s

✗ apply  runbooks/apply.md:10
    exit status 1
    ┃ Error: denied
    ┃   by policy

failed  1 of 2 steps failed: apply (apply.md:10), 41.2s
        runbook show 3fa2c1 · exit status 1: a step or an assertion failed

"#]]
        .raw()
    );
}

#[test]
fn a_failed_assertion_shows_its_parts() {
    assert_data_eq!(
        asserting().plain(),
        str![[r#"
Apply the target state
runbooks/apply.md · run 3fa2c1 · target demo
  db_pw=«secret:db_pw» namespace=tracecat prev=34
  removed AWS_SESSION_TOKEN: a session token beside a long-lived key

✗ plan       Verify zero drift    0.42s
    failed: an assertion did not hold (line 12)
    assert plan.code == 0
           no drift is left
             plan.code  2
             plan       {"code": 2, "stdout": "漢字 and a value that is much to…
    at runbooks/apply.md:12:8
↷ apply-all  Apply              skipped: `plan` failed

✗ plan  runbooks/apply.md:12
    an assertion did not hold
    assert plan.code == 0
           no drift is left
             plan.code  2
             plan       {"code": 2, "stdout": "漢字 and a value that is much to…
    at runbooks/apply.md:12:8

failed  1 of 2 steps failed: plan (apply.md:12), 1 skipped, 41.2s
        runbook show 3fa2c1 · exit status 1: a step or an assertion failed

"#]]
        .raw()
    );
    let narrow = asserting().shown(Style::plain(40));
    assert_data_eq!(
        narrow,
        str![[r#"
Apply the target state
runbooks/apply.md · run 3fa2c1 · target…
  db_pw=«secret:db_pw»
  namespace=tracecat prev=34
  removed AWS_SESSION_TOKEN: a session
  token beside a long-lived key

✗ plan       Verify zero dri…    0.42s
    failed: an assertion did not hold
    (line 12)
    assert plan.code == 0
           no drift is left
             plan.code  2
             plan       {"code": 2, "st…
    at runbooks/apply.md:12:8
↷ apply-all  Apply
    skipped: `plan` failed

✗ plan  runbooks/apply.md:12
    an assertion did not hold
    assert plan.code == 0
           no drift is left
             plan.code  2
             plan       {"code": 2, "st…
    at runbooks/apply.md:12:8

failed  1 of 2 steps failed: plan
        (apply.md:12), 1 skipped, 41.2s
        runbook show 3fa2c1 · exit
        status 1: a step or an assertion
        failed

"#]]
        .raw()
    );
}

#[test]
fn a_detail_that_repeats_the_assertion_is_left_out_and_another_is_not() {
    let detail = |detail: &str| {
        asserting()
            .0
            .into_iter()
            .take(3)
            .fold(Script(Vec::new()), |script, entry| {
                script.event(serde_json::to_value(entry.event).unwrap())
            })
            .event(json!({
                "event": "step-finished", "step": "plan", "status": "failed", "reason": "x",
                "detail": detail, "attempts": 1, "elapsed_ms": 1,
            }))
            .plain()
    };
    assert!(!detail("12 | assert plan.code == 0\n   | ^").contains("12 |"));
    assert!(detail("13 | throw \"other\"\n   | ^^^^^").contains("    13 | throw"));
}

#[test]
fn a_handled_failure_and_a_skipped_branch() {
    let script = Script::new(&[
        ("helm", "Wait for Helm"),
        ("flip-auth", "If Helm succeeds"),
        ("roll-back", "If Helm fails"),
    ])
    .start("helm")
    .stop("helm", "failed", "exit status 1")
    .skip("flip-auth", "when `helm.ok` is false")
    .start("roll-back")
    .pass("roll-back")
    .end("passed", 0);
    assert_data_eq!(
        script.plain(),
        str![[r#"
Apply the target state
runbooks/apply.md · run 3fa2c1 · target demo
  db_pw=«secret:db_pw» namespace=tracecat prev=34
  removed AWS_SESSION_TOKEN: a session token beside a long-lived key

✗ helm       Wait for Helm       0.42s  failed: exit status 1 (line 10)
↷ flip-auth  If Helm succeeds  skipped: when `helm.ok` is false
✓ roll-back  If Helm fails       1.23s

passed  1 step, 1 failed but handled, 1 skipped, 41.2s

"#]]
        .raw()
    );
}

#[test]
fn retries_and_logs_stand_under_their_step() {
    let script = two()
        .start("plan")
        .out("plan", "of the first attempt")
        .note("plan", "attempt 1 of 3 failed: exit status 7; again in 5s")
        .event(json!({"event": "step-started", "step": "plan", "attempt": 2}))
        .out("plan", "of the second attempt")
        .event(json!({
            "event": "step-finished", "step": "plan", "status": "passed", "attempts": 2,
            "elapsed_ms": 61_000,
        }))
        .event(json!({"event": "noted", "text": "`B` is set by `a` and `b`; `b` stands below"}))
        .end("passed", 0);
    assert_data_eq!(
        script.plain(),
        str![[r#"
Apply the target state
runbooks/apply.md · run 3fa2c1 · target demo
  db_pw=«secret:db_pw» namespace=tracecat prev=34
  removed AWS_SESSION_TOKEN: a session token beside a long-lived key

✓ plan       Verify zero drift   1m 01s  2 attempts
  · attempt 1 of 3 failed: exit status 7; again in 5s
  │ of the second attempt
  · `B` is set by `a` and `b`; `b` stands below

passed  1 step, 41.2s

"#]]
        .raw()
    );
}

#[test]
fn refused() {
    let script = two()
        .event(json!({"event": "asked", "step": "plan", "question": "Plan now?"}))
        .event(json!({"event": "answered", "step": "plan", "answer": "no", "by": "ana"}))
        .stop("plan", "refused", "the operator said no")
        .skip("apply-all", "`plan` was refused")
        .end("refused", 3);
    assert_data_eq!(
        script.plain(),
        str![[r#"
Apply the target state
runbooks/apply.md · run 3fa2c1 · target demo
  db_pw=«secret:db_pw» namespace=tracecat prev=34
  removed AWS_SESSION_TOKEN: a session token beside a long-lived key

  ? plan: Plan now?
  → plan: no (by ana)
■ plan       Verify zero drift    0.42s  refused: the operator said no
↷ apply-all  Apply              skipped: `plan` was refused

■ plan  runbooks/apply.md:10
    the operator said no

refused  1 of 2 steps refused: plan (apply.md:10), 1 skipped, 41.2s
         runbook show 3fa2c1 · exit status 3: a guard, a denied approval or a
         missing answer

"#]]
        .raw()
    );
}

#[test]
fn interrupted() {
    let script = two()
        .start("plan")
        .out("plan", "waiting")
        .stop("plan", "interrupted", "Ctrl-C")
        .skip("apply-all", "the run was interrupted")
        .end("interrupted", 130);
    assert_data_eq!(
        script.plain(),
        str![[r#"
Apply the target state
runbooks/apply.md · run 3fa2c1 · target demo
  db_pw=«secret:db_pw» namespace=tracecat prev=34
  removed AWS_SESSION_TOKEN: a session token beside a long-lived key

‖ plan       Verify zero drift    0.42s  interrupted: Ctrl-C
  │ waiting
↷ apply-all  Apply              skipped: the run was interrupted

‖ plan  runbooks/apply.md:10
    Ctrl-C

interrupted  1 of 2 steps interrupted: plan (apply.md:10), 1 skipped, 41.2s
             runbook show 3fa2c1 · exit status 130: ended by Ctrl-C

"#]]
        .raw()
    );
}

#[test]
fn a_record_that_ends_early_says_so() {
    let script = two().start("plan").out("plan", "working");
    assert_data_eq!(
        script.plain(),
        str![[r#"
Apply the target state
runbooks/apply.md · run 3fa2c1 · target demo
  db_pw=«secret:db_pw» namespace=tracecat prev=34
  removed AWS_SESSION_TOKEN: a session token beside a long-lived key

… plan       Verify zero drift  no end recorded
  │ working

unfinished  the record ends at entry 3 while plan ran

"#]]
        .raw()
    );
}

#[test]
fn each_has_instances_that_count_for_themselves() {
    let script = Script::new(&[("shard", "Drain each shard"), ("done", "Done")])
        .start("shard[0]")
        .start("shard[1]")
        .out("shard[1]", "drained b")
        .out("shard[0]", "drained a")
        .pass("shard[1]")
        .pass("shard[0]")
        .start("done")
        .pass("done")
        .end("passed", 0);
    assert_data_eq!(
        script.plain(),
        str![[r#"
Apply the target state
runbooks/apply.md · run 3fa2c1 · target demo
  db_pw=«secret:db_pw» namespace=tracecat prev=34
  removed AWS_SESSION_TOKEN: a session token beside a long-lived key

✓ shard[1]  Drain each shard    1.23s
  │ drained b
✓ shard[0]  Drain each shard    1.23s
  │ drained a
✓ done      Done                1.23s

passed  3 steps, 41.2s

"#]]
        .raw()
    );
    let mut timeline = Timeline::new(Style::plain(80));
    let progress: Vec<_> = script
        .0
        .iter()
        .map(|entry| {
            timeline.take(entry);
            timeline.progress()
        })
        .collect();
    assert_eq!(progress[0], (0, 2));
    assert_eq!(progress[2], (0, 3));
    assert_eq!(progress.last(), Some(&(3, 3)));
}
