//! Past runs and runbooks as tables.

#![expect(
    clippy::needless_raw_string_hashes,
    reason = "snapbox writes snapshots so"
)]

use serde_json::json;
use snapbox::{IntoData, assert_data_eq, str};

use super::{asserting, failing, two};
use crate::view::{Listed, Past, Style, list, runs, show};

#[test]
fn a_past_run_is_shown_with_facts_times_and_failures() {
    assert_data_eq!(
        show(&failing().0, Style::plain(80)),
        str![[r#"
Apply the target state
run       019a0b1c-0000-7000-8000-0000003fa2c1
runbook   runbooks/apply.md
began     2026-11-23 04:51:00 UTC
by        ana
target    demo
with      runbook 0.1.0 on linux-x86_64
inputs    db_pw=«secret:db_pw» namespace=tracecat prev=34
removed   AWS_SESSION_TOKEN: a session token beside a long-lived key

   at     step       title              time   what
✓  +0:01  plan       Verify zero drift  1.23s
✗  +0:03  apply-all  Apply              0.42s  failed: exit status 1

✗ apply-all  runbooks/apply.md:14
    exit status 1
    ┃ Error: denied
    ┃   by policy

failed  1 of 2 steps failed: apply-all (apply.md:14), 41.2s
        runbook show 3fa2c1 · exit status 1: a step or an assertion failed

"#]]
        .raw()
    );
    assert_eq!(
        show(Vec::<crate::journal::Entry>::new(), Style::plain(80)),
        "nothing is recorded of this run\n"
    );
}

#[test]
fn the_command_of_a_failed_step_is_ready_to_copy() {
    let run = two()
        .event(json!({
            "event": "step-started", "step": "plan", "attempt": 1,
            "command": "mysql -h 'rds!db' -p\"${RUNBOOK_VALUE_DB_PW}\" <<EOF\n\tx\nEOF\n",
            "directory": "/srv/a b",
        }))
        .stop("plan", "failed", "exit status 1")
        .end("failed", 1);
    let text = show(&run.0, Style::plain(80));
    let (_, by_hand) = text.split_once("\nto run").expect("it is there");
    assert_data_eq!(
        by_hand,
        str![[r#"
 plan by hand:
    (a secret is read from RUNBOOK_VALUE_DB_PW, which must be exported)
cd '/srv/a b' && bash -e -o pipefail -c $'mysql -h \'rds\041db\' -p"${RUNBOOK_VALUE_DB_PW}" <<EOF\n\tx\nEOF'

"#]]
        .raw()
    );
}

#[test]
fn past_runs_are_a_table() {
    let past: Vec<Past> = [failing(), asserting(), two().start("plan")]
        .iter()
        .map(|script| Past::of(&script.0).unwrap())
        .collect();
    assert_data_eq!(
        runs(&past, Style::plain(100)),
        str![[r#"
   run     began (UTC)       runbook                   result      time   steps
✗  3fa2c1  2026-11-23 04:51  runbooks/apply.md (demo)  failed      41.2s  2 steps, 1 failed
✗  3fa2c1  2026-11-23 04:51  runbooks/apply.md (demo)  failed      41.2s  1 step, 1 failed, 1 skipp…
…  3fa2c1  2026-11-23 04:51  runbooks/apply.md (demo)  unfinished         0 steps

"#]]
        .raw()
    );
    assert!(runs(&[], Style::plain(80)).contains("runbook run"));
}

#[test]
fn runbooks_are_a_table_with_their_last_run() {
    let listed = |path: &str, errors, last| Listed {
        path: path.to_owned(),
        title: "Apply the target state".to_owned(),
        steps: 12,
        errors,
        last,
    };
    let past = Past::of(&failing().0);
    let runbooks = [
        listed("runbooks/apply.md", 0, past),
        listed("runbooks/新しい.md", 0, None),
        listed("runbooks/broken.md", 2, None),
    ];
    assert_data_eq!(
        list(&runbooks, Style::plain(100)),
        str![[r#"
   runbook             title                   steps     last run (UTC)
✗  runbooks/apply.md   Apply the target state  12        2026-11-23 04:51  failed
   runbooks/新しい.md  Apply the target state  12        never
   runbooks/broken.md  Apply the target state  2 errors  never

"#]]
        .raw()
    );
}
