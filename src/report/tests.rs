//! What entries amount to.

use jiff::Timestamp;
use proptest::prelude::*;

use super::*;
use crate::event::tests::{clean, event};
use crate::event::{Event, StepHead, Stream, Text};

fn began(steps: &[&str]) -> Event {
    let head = |(index, id): (usize, &&str)| StepHead {
        id: (*id).to_owned(),
        title: clean(&format!("Do {id}")),
        section: None,
        kind: "bash".into(),
        line: index * 10 + 1,
        needs: Vec::new(),
        goes_on: false,
        effect: None,
    };
    Event::RunStarted(Box::new(RunStarted {
        run: "0193a5b0".into(),
        document: "a.md".into(),
        title: clean("Apply & check"),
        steps: steps.iter().enumerate().map(head).collect(),
        ..RunStarted::default()
    }))
}

fn started(step: &str) -> Event {
    Event::StepStarted {
        step: step.into(),
        attempt: 1,
        command: None,
        directory: None,
    }
}

fn output(step: &str, text: &str) -> Event {
    Event::Output {
        step: step.into(),
        stream: Stream::Stderr,
        skipped: 0,
        open: false,
        call: None,
        text: Text::Text(clean(text)),
    }
}

fn finished(step: &str, status: Status) -> Event {
    let failed = status != Status::Passed;
    Event::StepFinished {
        step: step.into(),
        status,
        reason: failed.then(|| clean("exit status 7")),
        detail: failed.then(|| clean("line 3: <boom>")),
        code: Some(7),
        attempts: 2,
        elapsed_ms: 1500,
    }
}

fn folded(events: Vec<Event>) -> Report {
    Report::fold(events.into_iter().enumerate().map(|(index, event)| {
        let second = i64::try_from(index).expect("there are few");
        let at = Timestamp::from_second(second).expect("it is in range");
        Entry::new(index as u64 + 1, at, String::new(), event)
    }))
}

fn whole() -> Report {
    folded(vec![
        began(&["plan", "apply", "undo", "gate"]),
        started("plan"),
        finished("plan", Status::Passed),
        started("apply"),
        output("apply", "boom\n\u{1b}[31mred"),
        Event::Checked {
            step: "apply".into(),
            line: 3,
            column: 1,
            expression: clean("x == 1"),
            held: false,
            message: None,
            parts: Vec::new(),
        },
        finished("apply", Status::Failed),
        Event::StepSkipped {
            step: "undo".into(),
            reason: clean("`apply.ok` is false"),
        },
        finished("gate", Status::Refused),
        Event::RunFinished {
            status: Status::Failed,
            exit: 1,
            reason: Some(clean("`apply` failed")),
            failed: Vec::new(),
            elapsed_ms: 4000,
        },
    ])
}

#[test]
fn a_report_tells_how_each_step_ended() {
    let report = whole();
    let states: Vec<_> = report
        .steps()
        .map(|step| (step.id.as_str(), step.state.word()))
        .collect();
    assert_eq!(
        states,
        [
            ("plan", "passed"),
            ("apply", "failed"),
            ("undo", "skipped"),
            ("gate", "refused")
        ]
    );
    let apply = report.step("apply").expect("it ran");
    assert_eq!((apply.attempts, apply.code, apply.broken), (2, Some(7), 1));
    assert!(apply.stderr.lines().eq(["boom", "\u{1b}[31mred"]));
    assert_eq!(apply.elapsed, Some(Duration::from_millis(1500)));
    assert_eq!(
        report.totals(),
        Totals {
            steps: 4,
            passed: 1,
            failed: 1,
            refused: 1,
            skipped: 1,
            broken: 1,
            ..Totals::default()
        }
    );
    assert_eq!(
        (report.status, report.exit, report.finished),
        (Some(Status::Failed), Some(1), true)
    );
}

#[test]
fn a_journal_without_an_end_is_of_an_interrupted_run() {
    let report = folded(vec![began(&["a", "b"]), started("a"), output("a", "x")]);
    assert_eq!(
        (report.status, report.exit, report.finished),
        (Some(Status::Interrupted), None, false)
    );
    assert_eq!(report.elapsed, Some(Duration::from_secs(2)));
    let a = report.step("a").expect("it ran");
    assert_eq!(
        (a.state, a.elapsed),
        (
            State::Finished(Status::Interrupted),
            Some(Duration::from_secs(1))
        )
    );
    assert_eq!(report.totals().waiting, 1);
}

#[test]
fn instances_stand_in_the_place_of_their_cell() {
    let report = folded(vec![
        began(&["drain", "check"]),
        started("drain[10]"),
        started("drain[2]"),
        started("late"),
    ]);
    let ids: Vec<_> = report.steps().map(|step| step.id.as_str()).collect();
    assert_eq!(ids, ["drain[2]", "drain[10]", "check", "late"]);
    assert_eq!(report.step("drain[2]").map(|step| step.line), Some(1));
}

#[test]
fn junit_says_what_failed_and_why() {
    let xml = junit(&whole());
    for part in [
        r#"<testsuite name="Apply &amp; check" tests="4" skipped="1" errors="1" failures="1" time="4.000">"#,
        r#"<testcase name="plan" classname="a.md" assertions="0" time="1.500">"#,
        r#"<failure message="exit status 7" type="failed">line 3: &lt;boom&gt;</failure>"#,
        r#"<skipped message="`apply.ok` is false"/>"#,
        r#"<error message="exit status 7" type="refused">"#,
    ] {
        assert!(xml.contains(part), "{part}\n{xml}");
    }
    assert!(!xml.contains('\u{1b}'), "{xml}");
}

#[test]
fn a_tail_is_bounded_and_says_what_it_left_out() {
    let mut tail = Tail::default();
    tail.push("");
    let text = (1..=30)
        .map(|number| number.to_string())
        .collect::<Vec<_>>()
        .join("\n");
    tail.push(&text);
    assert_eq!((tail.lines().next(), tail.left_out()), (Some("11"), 11));
    tail.push(&"é".repeat(9000));
    assert_eq!((tail.lines().len(), tail.left_out()), (20, 12));
    assert!(
        tail.lines()
            .next_back()
            .is_some_and(|line| line.len() < 5000 && line.ends_with('…'))
    );
}

#[test]
fn a_sink_collects_the_same_report() {
    let collect = Collect::default();
    let mut sink = collect.clone();
    let entry = Entry::new(1, Timestamp::UNIX_EPOCH, String::new(), began(&["a"]));
    sink.receive(&entry).expect("it always works");
    assert_eq!(collect.report().status, None);
    sink.finish().expect("it always works");
    assert_eq!(collect.report().status, Some(Status::Interrupted));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_entries_make_a_report(events in prop::collection::vec(event(), 0..8)) {
        let report = folded(events);
        let totals = report.totals();
        prop_assert_eq!(totals.steps, report.steps().count());
        prop_assert!(junit(&report).starts_with("<?xml"));
    }
}
