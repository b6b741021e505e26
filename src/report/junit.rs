//! A report as `JUnit` XML, for CI systems.

use quick_junit::{NonSuccessKind, TestCase, TestCaseStatus, TestSuite};

use super::{Report, State, Step};
use crate::event::Status;
use crate::visible;

/// A report as `JUnit` XML: the runbook is a suite, each step a test case.
///
/// A failed step is a `failure`, a refused or interrupted one an `error`; one that was skipped, or
/// that it never came to, is `skipped` with the reason.
#[must_use]
pub fn junit(report: &Report) -> String {
    let head = report.head.as_ref();
    let name = head.map_or("runbook", |head| match head.title.as_str() {
        "" => head.document.as_str(),
        title => title,
    });
    let mut suite = TestSuite::new(name);
    suite.set_time(report.elapsed.unwrap_or_default());
    if let Some(head) = head {
        suite.add_property(("run", head.run.as_str()));
        suite.add_property(("document", head.document.as_str()));
        suite.add_property(("digest", head.digest.as_str()));
        if let Some(target) = &head.target {
            suite.add_property(("target", target.as_str()));
        }
    }
    if let Some(started) = report.started {
        suite.add_property(("started", started.to_string().as_str()));
    }
    for step in report.steps() {
        suite.add_test_case(case(step, head.map_or("", |head| &head.document)));
    }
    let mut all = quick_junit::Report::new(name);
    all.set_time(report.elapsed.unwrap_or_default());
    all.add_test_suite(suite);
    written(&all)
}

fn written(report: &quick_junit::Report) -> String {
    let xml = report
        .to_string()
        .expect("memory takes all that is written, and texts lose what XML can't hold");
    // What XML may hold and a terminal obeys; and two characters that it may not hold.
    visible::text(&xml).into_owned()
}

fn case(step: &Step, document: &str) -> TestCase {
    let mut case = TestCase::new(step.id.as_str(), status(step));
    case.set_classname(document);
    case.set_time(step.elapsed.unwrap_or_default());
    case.set_assertions(step.held + step.broken);
    if step.line > 0 {
        case.add_property(("line", step.line.to_string().as_str()));
    }
    if !step.title.as_str().is_empty() {
        case.add_property(("title", step.title.as_str()));
    }
    if !step.stdout.is_empty() {
        case.set_system_out(step.stdout.text());
    }
    if !step.stderr.is_empty() {
        case.set_system_err(step.stderr.text());
    }
    case
}

fn status(step: &Step) -> TestCaseStatus {
    let reason = step.reason.as_ref().map(crate::secret::Clean::as_str);
    let mut status = match step.state {
        State::Finished(Status::Passed) => return TestCaseStatus::success(),
        State::Finished(Status::Failed) => TestCaseStatus::non_success(NonSuccessKind::Failure),
        State::Finished(Status::Refused | Status::Interrupted) | State::Running => {
            TestCaseStatus::non_success(NonSuccessKind::Error)
        }
        State::Skipped | State::Waiting => TestCaseStatus::skipped(),
    };
    let message = match (reason, step.state) {
        (Some(reason), _) => reason,
        (None, State::Waiting) => "the run ended before it",
        (None, state) => state.word(),
    };
    status.set_message(message);
    if !matches!(step.state, State::Skipped | State::Waiting) {
        status.set_type(step.state.word());
    }
    if let Some(detail) = &step.detail {
        status.set_description(detail.as_str());
    }
    status
}

/// A test, for a report that has nothing but such.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Case {
    /// Its name.
    pub name: String,
    /// What it is of: a path.
    pub class: String,
    /// How many assertions were checked.
    pub assertions: usize,
    /// How long it took.
    pub elapsed: std::time::Duration,
    /// What is wrong; nothing where it passed.
    pub problems: Vec<String>,
}

/// Tests as `JUnit` XML.
#[must_use]
pub fn suite(name: &str, cases: &[Case]) -> String {
    let mut suite = TestSuite::new(name);
    for case in cases {
        let status = match case.problems.first() {
            None => TestCaseStatus::success(),
            Some(first) => {
                let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
                status.set_message(first.as_str());
                status.set_type("diverged");
                status.set_description(case.problems.join("\n"));
                status
            }
        };
        let mut found = TestCase::new(case.name.as_str(), status);
        found.set_classname(case.class.as_str());
        found.set_assertions(case.assertions);
        found.set_time(case.elapsed);
        suite.add_test_case(found);
    }
    let mut all = quick_junit::Report::new(name);
    all.add_test_suite(suite);
    written(&all)
}
