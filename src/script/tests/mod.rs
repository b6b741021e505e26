//! Scripts on a host that remembers what it was asked.

mod assertion;
mod failure;
mod library;
mod notebook;
mod process;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::*;
use crate::source::{Excerpt, Source};

/// A host that remembers what it is asked and has its answers ready.
#[derive(Default)]
pub(super) struct Fake {
    pub(super) requests: Mutex<Vec<Request>>,
    pub(super) logged: Mutex<Vec<String>>,
    pub(super) checks: Mutex<Vec<Check>>,
    pub(super) questions: Mutex<Vec<(String, Option<String>)>>,
    pub(super) slept: Mutex<Vec<Duration>>,
    /// What processes give, in order; then an empty success.
    pub(super) outcomes: Mutex<Vec<Result<Finished, Trouble>>>,
    pub(super) answer: Option<Result<String, Trouble>>,
    pub(super) variables: BTreeMap<String, String>,
    /// Cancelled once so much time was slept.
    pub(super) cancelled_after: Option<Duration>,
}

impl Fake {
    fn clock(&self) -> Duration {
        self.slept.lock().unwrap().iter().sum()
    }
}

impl Host for Fake {
    fn process(&self, request: Request) -> Result<Finished, Trouble> {
        self.requests.lock().unwrap().push(request);
        let mut outcomes = self.outcomes.lock().unwrap();
        if outcomes.is_empty() {
            Ok(Finished::default())
        } else {
            outcomes.remove(0)
        }
    }

    fn ask(&self, question: &str, default: Option<&str>) -> Result<String, Trouble> {
        let question = (question.to_owned(), default.map(str::to_owned));
        self.questions.lock().unwrap().push(question);
        self.answer.clone().unwrap_or(Ok("yes".to_owned()))
    }

    fn log(&self, text: &str) {
        self.logged.lock().unwrap().push(text.to_owned());
    }

    fn checked(&self, check: Check) {
        self.checks.lock().unwrap().push(check);
    }

    fn environment(&self, name: &str) -> Option<String> {
        self.variables.get(name).cloned()
    }

    fn elapsed(&self) -> Duration {
        self.clock()
    }

    fn now(&self) -> jiff::Timestamp {
        jiff::Timestamp::UNIX_EPOCH
    }

    fn sleep(&self, duration: Duration) -> Result<(), Trouble> {
        self.slept.lock().unwrap().push(duration);
        match self.cancelled_after {
            Some(limit) if self.clock() >= limit => Err(Trouble::Cancelled),
            _ => Ok(()),
        }
    }
}

/// What a cell gave.
pub(super) type Ran = Result<(Dynamic, Notebook), Box<(Failure, Notebook)>>;

/// Runs a cell that stands in the document's only fence.
pub(super) fn run_in(
    document: &str,
    notebook: &Notebook,
    host: &Arc<Fake>,
    cancel: &CancellationToken,
) -> Ran {
    let source = Source::new("a.md", document);
    let code = fence(&source);
    let (notebook, host, cancel) = (notebook.clone(), Arc::clone(host), cancel.clone());
    // Deep recursion needs more stack than a test's thread has.
    let thread = std::thread::Builder::new().stack_size(16 << 20);
    thread
        .spawn(move || {
            let host: Arc<dyn Host> = host;
            Engine::new().run(&code, &source, &notebook, &host, &cancel)
        })
        .unwrap()
        .join()
        .unwrap()
}

/// The first fence of a document, container prefixes of `> ` and blanks left out.
pub(super) fn fence(source: &Source) -> Excerpt {
    let mut code = Excerpt::default();
    let mut inside = false;
    let mut prefix = usize::MAX;
    let mut at = 0;
    for line in source.text().split_inclusive('\n') {
        let trimmed = line.trim_start_matches(['>', ' ']);
        let own = (line.len() - trimmed.len()).min(prefix);
        let bare = &line[own..];
        if trimmed.starts_with("```") {
            if inside {
                break;
            }
            inside = true;
            prefix = line.len() - trimmed.len();
        } else if inside {
            code.push(bare, at + line.len() - bare.len());
        }
        at += line.len();
    }
    code
}

pub(super) fn cell(code: &str) -> String {
    format!("# Title\n\n```rhai\n{code}\n```\n")
}

pub(super) fn run_with(code: &str, notebook: &Notebook, host: &Arc<Fake>) -> Ran {
    run_in(&cell(code), notebook, host, &CancellationToken::new())
}

pub(super) fn run(code: &str) -> Ran {
    run_with(code, &Notebook::default(), &Arc::default())
}

#[track_caller]
pub(super) fn value(code: &str) -> String {
    match run(code) {
        Ok((value, _)) => show(&value, 1000),
        Err(failure) => panic!("{code}: {:?}", failure.0),
    }
}

#[track_caller]
pub(super) fn failure(code: &str) -> Failure {
    match run(code) {
        Ok((value, _)) => panic!("{code} gave {}", show(&value, 1000)),
        Err(failure) => failure.0,
    }
}

#[track_caller]
pub(super) fn says(code: &str, message: &str) {
    assert_eq!(failure(code).message, message, "{code}");
}
