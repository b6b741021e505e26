//! What is known of a run that had stopped.

use super::history::{History, Phase, base, hides};
use super::reasons::holds_still;
use crate::event::{Done, Event, Resumes, RunStarted, Status};
use crate::journal::Entry;

/// The history of events, as if each had been an entry.
fn history(events: Vec<Event>) -> History {
    let mut history = History::default();
    for (seq, event) in (1..).zip(events) {
        let at = jiff::Timestamp::UNIX_EPOCH;
        history.apply(Entry::new(seq, at, String::new(), event));
    }
    history
}

fn head(resumes: Option<Resumes>) -> Event {
    Event::RunStarted(Box::new(RunStarted {
        resumes,
        ..RunStarted::default()
    }))
}

fn started(step: &str) -> Event {
    Event::StepStarted {
        step: step.to_owned(),
        attempt: 1,
        command: None,
        directory: None,
    }
}

fn finished(step: &str, status: Status) -> Event {
    Event::StepFinished {
        step: step.to_owned(),
        status,
        reason: None,
        detail: None,
        code: None,
        attempts: 1,
        elapsed_ms: 1,
    }
}

#[test]
fn what_had_begun_and_not_ended_is_interrupted() {
    let history = history(vec![
        head(None),
        started("a"),
        finished("a", Status::Passed),
        started("b"),
        started("c"),
        finished("c", Status::Interrupted),
        finished("d", Status::Interrupted),
    ]);
    let is = |step: &str| history.steps[step].is_interrupted();
    assert!(!is("a") && is("b") && is("c"));
    // It was stopped before it began.
    assert!(!is("d"));
}

#[test]
fn a_run_that_goes_on_forgets_what_it_does_not_keep() {
    let resumes = Resumes {
        kept: vec!["a".to_owned(), "each".to_owned()],
        done: vec![Done {
            step: "c".to_owned(),
            by: "jo".to_owned(),
        }],
        ..Resumes::default()
    };
    let history = history(vec![
        head(None),
        finished("a", Status::Passed),
        finished("b", Status::Passed),
        started("c"),
        finished("each[0]", Status::Passed),
        head(Some(resumes)),
    ]);
    let names: Vec<&str> = history.steps.keys().map(String::as_str).collect();
    assert_eq!(names, ["a", "c", "each[0]"]);
    // That somebody said so is enough, also where the program went down right after.
    assert_eq!(history.steps["c"].phase, Phase::Ended(Status::Passed));
}

#[test]
fn an_instance_is_of_its_step() {
    assert_eq!(base("drain[2]"), "drain");
    assert_eq!(base("drain"), "drain");
}

#[test]
fn what_was_hidden_is_known_and_quotation_marks_are_not_taken_for_it() {
    assert!(hides("password=«secret:pw»"));
    assert!(hides("half a \u{fffd}"));
    assert!(!hides("il a dit «bonjour»"));
}

#[test]
fn only_some_reasons_to_skip_hold_still() {
    assert!(holds_still("when \"helm.ok\" is false"));
    assert!(!holds_still("the run stopped: `a` failed"));
    assert!(!holds_still("it needs `a`, which failed"));
}
