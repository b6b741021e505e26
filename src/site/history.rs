//! What the journals tell of each runbook: its runs, and when each step last held.

use std::collections::HashMap;
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use jiff::{SignedDuration, Timestamp};

use crate::event::Status;
use crate::journal::{Reader, Run, Store};
use crate::report::{Report, State};

/// How long what held once is taken to hold still.
const FRESH: SignedDuration = SignedDuration::from_hours(90 * 24);
/// How many runs are looked at, the newest.
const MOST: usize = 2000;

/// A run of the past.
#[derive(Debug)]
pub(super) struct Past {
    pub(super) run: Run,
    pub(super) report: Report,
}

impl Past {
    pub(super) fn started(&self) -> Option<Timestamp> {
        self.report.started
    }

    /// How it ended; one without an end was interrupted.
    pub(super) fn status(&self) -> Status {
        self.report.status.unwrap_or(Status::Interrupted)
    }
}

/// How a step, an assertion or a runbook stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    Never,
    Passed,
    /// It passed too long ago.
    Stale,
    Failed,
    Refused,
    Interrupted,
    Skipped,
    /// Nothing is told of it, as nobody expects it to run.
    Quiet,
    Waiting,
}

impl Standing {
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Never => "never",
            Self::Passed => "passed",
            Self::Stale => "stale",
            Self::Failed => "failed",
            Self::Refused => "refused",
            Self::Interrupted => "interrupted",
            Self::Skipped => "skipped",
            Self::Quiet => "quiet",
            Self::Waiting => "waiting",
        }
    }

    pub(super) const fn sign(self) -> &'static str {
        match self {
            Self::Never | Self::Waiting => "○",
            Self::Passed => "✓",
            Self::Stale => "◔",
            Self::Failed => "✗",
            Self::Refused => "⊘",
            Self::Interrupted => "‼",
            Self::Skipped => "↷",
            Self::Quiet => "·",
        }
    }

    /// For people, in a sentence's place.
    pub(super) const fn phrase(self) -> &'static str {
        match self {
            Self::Never => "never ran",
            Self::Quiet => "",
            other => other.word(),
        }
    }

    pub(super) const fn of_status(status: Status) -> Self {
        match status {
            Status::Passed => Self::Passed,
            Status::Failed => Self::Failed,
            Status::Refused => Self::Refused,
            Status::Interrupted => Self::Interrupted,
        }
    }

    pub(super) const fn of_state(state: State) -> Self {
        match state {
            State::Waiting => Self::Waiting,
            State::Running => Self::Interrupted,
            State::Skipped => Self::Skipped,
            State::Finished(status) => Self::of_status(status),
        }
    }

    /// Whether it passed so long ago that nobody should rely on it.
    pub(super) fn aged(self, at: Option<Timestamp>, now: Timestamp) -> Self {
        match (self, at) {
            (Self::Passed, Some(at)) if now.duration_since(at) > FRESH => Self::Stale,
            (standing, _) => standing,
        }
    }
}

/// The runs that were read, kept from one look to the next: a journal that has not changed is not
/// read again.
#[derive(Debug, Default)]
pub(super) struct Archive(Mutex<HashMap<PathBuf, Kept>>);

type Kept = (Option<SystemTime>, u64, Option<Arc<Past>>);

impl Archive {
    /// All runs of a store, newest first; those that can't be read are left out.
    pub(super) fn runs(&self, store: &Store) -> Vec<Arc<Past>> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let runs = store.list().unwrap_or_default();
        runs.into_iter()
            .take(MOST)
            .filter_map(|run| {
                let facts = std::fs::metadata(run.journal()).ok()?;
                let (modified, length) = (facts.modified().ok(), facts.len());
                if let Some((when, size, past)) = kept.get(run.journal())
                    && *when == modified
                    && *size == length
                {
                    return past.clone();
                }
                let path = run.journal().to_owned();
                let past = read(run);
                kept.insert(path, (modified, length, past.clone()));
                past
            })
            .collect()
    }
}

fn read(run: Run) -> Option<Arc<Past>> {
    let mut report = Report::default();
    for entry in Reader::open(run.journal()).ok()? {
        report.apply(&entry.ok()?);
    }
    report.close();
    report.head.as_ref()?;
    Some(Arc::new(Past { run, report }))
}

/// The runs of one runbook, newest first.
#[derive(Clone, Debug, Default)]
pub(super) struct History {
    pub(super) runs: Vec<Arc<Past>>,
}

impl History {
    pub(super) fn last(&self) -> Option<&Arc<Past>> {
        self.runs.first()
    }

    /// How the runbook stands as a whole.
    pub(super) fn standing(&self, now: Timestamp) -> Standing {
        self.last().map_or(Standing::Never, |past| {
            Standing::of_status(past.status()).aged(past.started(), now)
        })
    }

    /// How many of the runs passed.
    pub(super) fn passed(&self) -> usize {
        let passed = |past: &&Arc<Past>| past.status() == Status::Passed;
        self.runs.iter().filter(passed).count()
    }

    /// How long a run takes: of all that came to their end the one at this place of a hundred, by
    /// the nearest rank.
    pub(super) fn percentile(&self, of: usize) -> Option<Duration> {
        let mut took: Vec<Duration> = self
            .runs
            .iter()
            .filter(|past| past.report.finished)
            .filter_map(|past| past.report.elapsed)
            .collect();
        took.sort_unstable();
        let rank = (took.len() * of).div_ceil(100).max(1);
        took.get(rank - 1).copied()
    }

    /// How a step stands: its last state, and when it last passed.
    pub(super) fn step(&self, id: &str, now: Timestamp) -> Verified {
        let mut verified = Verified::default();
        for past in &self.runs {
            let Some(state) = state_of(&past.report, id) else {
                continue;
            };
            if verified.last.is_none() && state != State::Waiting {
                verified.last = Some((Standing::of_state(state), Arc::clone(past)));
            }
            if state == State::Finished(Status::Passed) {
                verified.passed = Some(Arc::clone(past));
                break;
            }
        }
        let at = verified.passed.as_ref().and_then(|past| past.started());
        verified.standing = match &verified.last {
            None => Standing::Never,
            Some((Standing::Skipped, _)) if at.is_some() => Standing::Passed.aged(at, now),
            Some((standing, _)) => standing.aged(at, now),
        };
        verified
    }

    /// When an assertion of a step last held, and whether it did the last time.
    pub(super) fn check(&self, step: &str, expression: &str) -> (Option<bool>, Option<Arc<Past>>) {
        let mut last = None;
        for past in &self.runs {
            let held = past
                .report
                .steps()
                .filter(|other| base(&other.id) == step)
                .flat_map(|other| &other.checks)
                .filter(|check| check.expression.as_str() == expression)
                .map(|check| check.held)
                .reduce(|one, other| one && other);
            let Some(held) = held else {
                continue;
            };
            last = last.or(Some(held));
            if held {
                return (last, Some(Arc::clone(past)));
            }
        }
        (last, None)
    }
}

/// How a step or an assertion stands.
#[derive(Clone, Debug)]
pub(super) struct Verified {
    pub(super) standing: Standing,
    /// The last run that came to it, and how it ended there.
    pub(super) last: Option<(Standing, Arc<Past>)>,
    /// The last run in which it passed.
    pub(super) passed: Option<Arc<Past>>,
}

impl Default for Verified {
    fn default() -> Self {
        Self {
            standing: Standing::Never,
            last: None,
            passed: None,
        }
    }
}

/// The id of a step without the number of its instance.
pub(super) fn base(id: &str) -> &str {
    id.split_once('[').map_or(id, |(base, _)| base)
}

/// The state of a step; the instances of an `each` count as one, the worst of them.
fn state_of(report: &Report, id: &str) -> Option<State> {
    let rank = |state: &State| match state {
        State::Waiting => 0,
        State::Skipped => 1,
        State::Finished(Status::Passed) => 2,
        State::Running => 3,
        State::Finished(_) => 4,
    };
    report
        .steps()
        .filter(|step| base(&step.id) == id)
        .map(|step| step.state)
        .max_by_key(rank)
}

/// Gives each page its runs. A page is known by its path from the root, and its title.
pub(super) fn assign(pages: &[(&Path, &str)], runs: &[Arc<Past>]) -> Vec<History> {
    let mut histories = vec![History::default(); pages.len()];
    let mut named: HashMap<_, Vec<usize>> = HashMap::new();
    for (number, (path, _)) in pages.iter().enumerate() {
        named.entry(path.file_name()).or_default().push(number);
    }
    for past in runs {
        let Some(head) = &past.report.head else {
            continue;
        };
        // The journal has the path as it was written then, from wherever that was.
        let path: PathBuf = Path::new(&head.document)
            .components()
            .filter(|part| matches!(part, Component::Normal(_) | Component::RootDir))
            .collect();
        let candidates: Vec<usize> = named
            .get(&path.file_name())
            .into_iter()
            .flatten()
            .copied()
            .filter(|number| {
                let page = pages[*number].0;
                page.ends_with(&path) || path.ends_with(page)
            })
            .collect();
        let chosen = match candidates.as_slice() {
            [only] => Some(*only),
            several => several
                .iter()
                .copied()
                .find(|number| pages[*number].1 == head.title.as_str()),
        };
        if let Some(number) = chosen {
            histories[number].runs.push(Arc::clone(past));
        }
    }
    histories
}
