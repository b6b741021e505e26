//! Scripted runs and what they look like.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use snapbox::{IntoData, assert_data_eq, str};

use super::{Past, Shown, Style, Terminal, runs, show};
use crate::event::Event;
use crate::journal::Entry;
use crate::sink::Sink;

/// A run to be shown; a second passes between entries.
struct Script(Vec<Entry>);

impl Script {
    fn new(steps: &[(&str, &str)]) -> Self {
        let steps: Vec<Value> = steps
            .iter()
            .enumerate()
            .map(|(at, (id, title))| {
                json!({"id": id, "title": title, "kind": "bash", "line": 10 + at * 4, "needs": []})
            })
            .collect();
        Self(Vec::new()).event(json!({
            "event": "run-started",
            "run": "019a0b1c-0000-7000-8000-0000003fa2c1",
            "document": "runbooks/apply.md",
            "title": "Apply the target state",
            "digest": "",
            "program": "0.1.0",
            "platform": "linux-x86_64",
            "operator": "ana",
            "target": "demo",
            "attended": true,
            "inputs": {"namespace": "tracecat", "prev": 34, "db_pw": "«secret:db_pw»"},
            "removed": [{"name": "AWS_SESSION_TOKEN", "reason": "a session token beside a long-lived key"}],
            "steps": steps,
        }))
    }

    fn event(mut self, event: Value) -> Self {
        let event: Event = serde_json::from_value(event).unwrap();
        let seq = self.0.len() as u64 + 1;
        let at: Timestamp = "2026-11-23T04:51:00Z".parse().unwrap();
        self.0.push(Entry {
            v: "1.0".to_owned(),
            seq,
            at: at + SignedDuration::from_secs(i64::try_from(seq).unwrap() - 1),
            prev: "0".repeat(64),
            event,
        });
        self
    }

    fn start(self, step: &str) -> Self {
        self.event(json!({"event": "step-started", "step": step, "attempt": 1}))
    }

    fn out(self, step: &str, text: &str) -> Self {
        self.event(json!({"event": "output", "step": step, "stream": "stdout", "text": text}))
    }

    fn err(self, step: &str, text: &str) -> Self {
        self.event(json!({"event": "output", "step": step, "stream": "stderr", "text": text}))
    }

    fn pass(self, step: &str) -> Self {
        self.event(json!({
            "event": "step-finished", "step": step, "status": "passed", "attempts": 1,
            "elapsed_ms": 1230,
        }))
    }

    fn stop(self, step: &str, status: &str, reason: &str) -> Self {
        self.event(json!({
            "event": "step-finished", "step": step, "status": status, "reason": reason,
            "attempts": 1, "elapsed_ms": 420,
        }))
    }

    fn skip(self, step: &str, reason: &str) -> Self {
        self.event(json!({"event": "step-skipped", "step": step, "reason": reason}))
    }

    fn note(self, step: &str, text: &str) -> Self {
        self.event(json!({"event": "noted", "step": step, "text": text}))
    }

    fn end(self, status: &str, exit: u8) -> Self {
        self.event(json!({
            "event": "run-finished", "status": status, "exit": exit, "elapsed_ms": 41_200,
        }))
    }

    fn shown(&self, style: Style) -> String {
        let page = Page::default();
        let mut terminal = Terminal::new(style, Box::new(page.clone()));
        for entry in &self.0 {
            terminal.receive(entry).unwrap();
        }
        terminal.finish().unwrap();
        page.text()
    }

    fn plain(&self) -> String {
        self.shown(Style::plain(80))
    }
}

#[derive(Clone, Default)]
struct Page(Arc<Mutex<Vec<u8>>>);

impl Page {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Page {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn two() -> Script {
    Script::new(&[("plan", "Verify zero drift"), ("apply-all", "Apply")])
}

fn failing() -> Script {
    two()
        .start("plan")
        .pass("plan")
        .start("apply-all")
        .out("apply-all", "applying")
        .err("apply-all", "Error: denied\n  by policy")
        .stop("apply-all", "failed", "exit status 1")
        .end("failed", 1)
}

fn asserting() -> Script {
    two()
        .start("plan")
        .event(json!({
            "event": "checked", "step": "plan", "line": 12, "column": 8, "held": false,
            "expression": "plan.code == 0", "message": "no drift is left",
            "parts": [
                {"code": "plan.code", "value": "2"},
                {"code": "plan", "value": "{\"code\": 2,\n \"stdout\": \"漢字 and a value that is much too long\"}"},
            ],
        }))
        .stop("plan", "failed", "an assertion did not hold")
        .skip("apply-all", "`plan` failed")
        .end("failed", 1)
}

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
    let mut timeline = super::timeline::Timeline::new(Style::plain(80));
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

#[test]
fn long_output_keeps_its_first_and_last_lines() {
    let lines: Vec<String> = (1..=129).map(|n| format!("line {n}")).collect();
    let script = two()
        .start("plan")
        .out("plan", &lines.join("\n"))
        .pass("plan");
    assert_data_eq!(
        script.plain(),
        str![[r#"
Apply the target state
runbooks/apply.md · run 3fa2c1 · target demo
  db_pw=«secret:db_pw» namespace=tracecat prev=34
  removed AWS_SESSION_TOKEN: a session token beside a long-lived key

✓ plan       Verify zero drift    1.23s
  │ line 1
  │ line 2
  │ line 3
  ┆ … 120 more lines
  │ line 124
  │ line 125
  │ line 126
  │ line 127
  │ line 128
  │ line 129

unfinished  the record ends at entry 4

"#]]
        .raw()
    );
}

#[test]
fn wide_characters_and_long_lines_stay_inside_the_width() {
    let script = Script::new(&[
        (
            "漢字",
            "Überprüfen 検証する手順の名前はとても長いのでここで切られるはずです",
        ),
        ("a-name-that-is-much-too-long-for-a-narrow-terminal", "x"),
    ])
    .start("漢字")
    .out("漢字", &"漢".repeat(100))
    .out("漢字", &"x".repeat(10_000))
    .stop("漢字", "failed", &"because ".repeat(30))
    .start("a-name-that-is-much-too-long-for-a-narrow-terminal")
    .skip("a-name-that-is-much-too-long-for-a-narrow-terminal", "y")
    .end("failed", 1);
    for width in [20, 40, 60, 80, 120] {
        let text = script.shown(Style::plain(width));
        for line in text.lines() {
            let wide = console::measure_text_width(line);
            assert!(wide <= width, "{wide} > {width}: {line}");
        }
    }
    assert!(
        script
            .shown(Style::plain(0))
            .contains(&"because ".repeat(30))
    );
    assert_data_eq!(
        script.shown(Style::plain(60)),
        str![[r#"
Apply the target state
runbooks/apply.md · run 3fa2c1 · target demo
  db_pw=«secret:db_pw» namespace=tracecat prev=34
  removed AWS_SESSION_TOKEN: a session token beside a
  long-lived key

✗ 漢字                  Überprüfen 検証する手順…    0.42s
    failed: because because because because because because
    because because because because because because because
    because because because because because because because
    because because because because because because because
    because because because (line 10)
  │ 漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢…
  │ xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…
↷ a-name-that-is-much…  x                         skipped: y

✗ 漢字  runbooks/apply.md:10
    because because because because because because because
    because because because because because because because
    because because because because because because because
    because because because because because because because
    because because
    │ 漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢…
    │ xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…

failed  1 of 2 steps failed: 漢字 (apply.md:10), 1 skipped,
        41.2s
        runbook show 3fa2c1 · exit status 1: a step or an
        assertion failed

"#]]
        .raw()
    );
}

#[test]
fn hostile_text_does_nothing_wherever_it_stands() {
    let evil = "\x1b]0;owned\x07\x1b[2J\u{202e}\x1b]52;c;cm0=\x07\u{9b}31mx\r\x08y";
    let script = Script::new(&[(evil, evil)])
        .start(evil)
        .out(evil, evil)
        .err(evil, evil)
        .note(evil, evil)
        .event(json!({
            "event": "output", "step": evil, "stream": "stdout", "bytes": "G10wO3gHYf8bWzJK",
        }))
        .event(json!({
            "event": "checked", "step": evil, "line": 1, "column": 1, "held": false,
            "expression": evil, "message": evil, "parts": [{"code": evil, "value": evil}],
        }))
        .event(
            json!({"event": "called", "step": evil, "call": 1, "function": evil, "request": evil}),
        )
        .event(json!({"event": "asked", "step": evil, "question": evil}))
        .event(json!({"event": "answered", "step": evil, "answer": evil, "by": evil}))
        .event(json!({
            "event": "step-finished", "step": evil, "status": "failed", "reason": evil,
            "detail": format!("other {evil}"), "attempts": 1, "elapsed_ms": 1,
        }))
        .skip("other", evil)
        .event(json!({
            "event": "run-finished", "status": "failed", "exit": 1, "reason": evil,
            "elapsed_ms": 1,
        }));
    for output in [Shown::Short, Shown::Full, Shown::None] {
        let style = Style {
            output,
            ..Style::plain(100)
        };
        for text in [script.shown(style), show(&script.0, style)] {
            let acts =
                |c: char| (c.is_control() && c != '\n') || ('\u{202a}'..='\u{202e}').contains(&c);
            assert!(!text.contains(acts), "{text:?}");
        }
    }
    assert!(
        script.plain().contains("a\u{fffd}"),
        "bytes are shown lossily"
    );
}

#[test]
fn full_output_comes_as_it_comes_and_names_its_step_among_several() {
    let script = two()
        .start("plan")
        .out("plan", "alone")
        .start("apply-all")
        .out("apply-all", "one\ntwo")
        .err("plan", "three")
        .note("plan", "a note")
        .pass("plan")
        .pass("apply-all")
        .end("passed", 0);
    let full = Style {
        output: Shown::Full,
        ..Style::plain(80)
    };
    assert_data_eq!(
        script.shown(full),
        str![[r#"
Apply the target state
runbooks/apply.md · run 3fa2c1 · target demo
  db_pw=«secret:db_pw» namespace=tracecat prev=34
  removed AWS_SESSION_TOKEN: a session token beside a long-lived key

▸ plan       Verify zero drift
  │ alone
▸ apply-all  Apply
  apply-all │ one
  apply-all │ two
  plan      ┃ three
  · plan: a note
✓ plan       Verify zero drift    1.23s
✓ apply-all  Apply                1.23s

passed  2 steps, 41.2s

"#]]
        .raw()
    );
    let none = Style {
        output: Shown::None,
        ..Style::plain(80)
    };
    assert!(!script.shown(none).contains("alone"));
}

#[test]
fn a_replay_gives_the_same_bytes() {
    for script in [failing(), asserting()] {
        for color in [false, true] {
            let style = Style {
                color,
                ..Style::plain(72)
            };
            assert_eq!(script.shown(style), script.shown(style));
        }
    }
}

#[test]
fn without_colour_no_escape_is_written_and_with_it_the_text_is_the_same() {
    let plain = failing().plain();
    let color = failing().shown(Style {
        color: true,
        ..Style::plain(80)
    });
    assert!(!plain.contains('\x1b'));
    assert!(color.contains("\x1b[31m✗\x1b[0m"));
    let lines = |text: &str| -> Vec<String> {
        let text = console::strip_ansi_codes(text).into_owned();
        text.lines()
            .map(|line| line.trim_end().to_owned())
            .collect()
    };
    assert_eq!(lines(&color), lines(&plain));
}

#[test]
fn what_comes_while_the_operator_has_the_terminal_is_printed_afterwards() {
    let page = Page::default();
    let mut terminal = Terminal::new(Style::plain(80), Box::new(page.clone()));
    let screen = terminal.screen();
    let script = failing();
    let (first, rest) = script.0.split_at(1);
    terminal.receive(&first[0]).unwrap();
    let before = page.text();
    screen.suspend(|| {
        for entry in rest {
            terminal.receive(entry).unwrap();
        }
        assert_eq!(page.text(), before);
    });
    assert_eq!(page.text(), script.plain());
}

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
        show([], Style::plain(80)),
        "nothing is recorded of this run\n"
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
    let listed = |path: &str, errors, last| super::Listed {
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
        super::list(&runbooks, Style::plain(100)),
        str![[r#"
   runbook             title                   steps     last run (UTC)
✗  runbooks/apply.md   Apply the target state  12        2026-11-23 04:51  failed
   runbooks/新しい.md  Apply the target state  12        never
   runbooks/broken.md  Apply the target state  2 errors  never

"#]]
        .raw()
    );
}
