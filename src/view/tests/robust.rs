//! What no output, width or colour may break.

#![expect(
    clippy::needless_raw_string_hashes,
    reason = "snapbox writes snapshots so"
)]

use jiff::Timestamp;
use serde_json::json;
use snapbox::{IntoData, assert_data_eq, str};

use super::{Page, Script, asserting, failing, two};
use crate::journal::Entry;
use crate::sink::Sink;
use crate::view::{Shown, Style, Terminal, show};

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
        .start("other")
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
fn a_replay_gives_the_same_bytes_at_any_time_of_day() {
    for script in [failing(), asserting()] {
        let replayed = Script(
            script
                .0
                .iter()
                .map(|entry| Entry {
                    at: Timestamp::UNIX_EPOCH,
                    event: serde_json::to_string(&entry.event)
                        .and_then(|line| serde_json::from_str(&line))
                        .unwrap(),
                    ..entry.clone()
                })
                .collect(),
        );
        for color in [false, true] {
            let style = Style {
                color,
                ..Style::plain(72)
            };
            assert_eq!(replayed.shown(style), script.shown(style));
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
