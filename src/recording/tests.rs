//! What of a journal ends up in its recording.

use std::time::Duration;

use jiff::Timestamp;

use super::*;
use crate::event::{Again, Event, Resumes, RunStarted, StepHead, Stream, Text};
use crate::secret::Redactor;

fn clean(text: &str) -> Clean {
    Redactor::default().clean(text)
}

fn recording(events: Vec<Event>) -> Recording {
    let head = Event::RunStarted(Box::new(RunStarted {
        run: "r".into(),
        steps: vec![StepHead {
            id: "a".into(),
            title: clean("A"),
            section: None,
            kind: "bash".into(),
            line: 7,
            needs: Vec::new(),
            goes_on: false,
            effect: None,
        }],
        ..RunStarted::default()
    }));
    let entries: Vec<Entry> = std::iter::once(head)
        .chain(events)
        .zip(0_u32..)
        .map(|(event, index)| {
            let at = Timestamp::from_second(i64::from(index)).expect("a time");
            Entry::new(u64::from(index) + 1, at, String::new(), event)
        })
        .collect();
    Recording::new(&entries).expect("a run")
}

fn started(step: &str, attempt: u32) -> Event {
    Event::StepStarted {
        step: step.into(),
        attempt,
        command: Some(clean("echo")),
        directory: Some(clean("/")),
    }
}

fn output(step: &str, open: bool, call: Option<u32>, text: &str) -> Event {
    Event::Output {
        step: step.into(),
        stream: Stream::Stdout,
        skipped: 0,
        open,
        call,
        text: Text::Text(clean(text)),
    }
}

#[test]
fn the_last_newline_comes_back() {
    let recording = recording(vec![
        started("a", 1),
        output("a", false, None, "one\ntwo"),
        output("a", true, None, "three"),
    ]);
    let attempt = &recording.step("a").expect("it ran").attempts[0];
    assert_eq!(stream(&attempt.output, Stream::Stdout), b"one\ntwo\nthree");
    assert_eq!(recording.since(attempt.at), Duration::from_secs(1));
}

#[test]
fn instances_stand_for_themselves_and_know_their_line() {
    let recording = recording(vec![
        started("a[0]", 1),
        started("a[1]", 1),
        output("a[1]", false, None, "x"),
    ]);
    assert_eq!(recording.step("a[0]").expect("it ran").attempts.len(), 1);
    assert_eq!(
        recording.step("a[1]").expect("it ran").attempts[0]
            .output
            .len(),
        1
    );
    assert_eq!(recording.line("a[1]"), Some(7));
    assert_eq!(recording.line("b"), None);
}

#[test]
fn a_step_that_begins_again_begins_anew() {
    let goes_on = Event::RunStarted(Box::new(RunStarted {
        run: "r".into(),
        resumes: Some(Resumes {
            kept: vec!["b".into()],
            again: vec![Again {
                step: "a".into(),
                reason: clean("it was interrupted"),
                passed: false,
            }],
            ..Resumes::default()
        }),
        ..RunStarted::default()
    }));
    let recording = recording(vec![
        started("a", 1),
        started("b", 1),
        goes_on,
        started("a", 1),
    ]);
    assert_eq!(recording.step("a").expect("it ran").attempts.len(), 1);
    assert_eq!(recording.step("b").expect("it ran").attempts.len(), 1);
}

#[test]
fn what_has_no_head_is_no_run() {
    assert_eq!(Recording::new(&[]), Err(Unusable::Empty));
    let note = Event::Noted {
        step: None,
        text: clean("x"),
        by: None,
    };
    let entry = Entry::new(1, Timestamp::UNIX_EPOCH, String::new(), note);
    assert_eq!(Recording::new(&[entry]), Err(Unusable::Headless));
}

#[test]
fn masks_are_found() {
    let recording = recording(vec![
        started("a", 1),
        output("a", false, None, "--password «secret:pw» «jwt» «mot»"),
    ]);
    let masks: Vec<String> = recording.masks().into_iter().collect();
    assert_eq!(masks, ["«jwt»", "«secret:pw»"]);
}
