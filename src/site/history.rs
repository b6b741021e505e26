//! What the journals tell of each runbook: its runs, and when each step last held.

use std::collections::HashMap;
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use jiff::Timestamp;

use super::standing::Standing;
use crate::event::Status;
use crate::journal::{Broken, Reader, Run, Store, verify};
use crate::report::{Report, State};
use crate::secret::Clean;

/// How many runs are looked at, the newest.
const MOST: usize = 2000;

/// A run of the past.
#[derive(Debug)]
pub(super) struct Past {
    pub(super) run: Run,
    pub(super) report: Report,
    /// What is wrong with its journal, if it does not verify: then it is no evidence.
    pub(super) flaw: Option<String>,
}

impl Past {
    pub(super) fn started(&self) -> Option<Timestamp> {
        self.report.started
    }

    /// How it ended; nothing of one whose journal has no end, which may be going on.
    pub(super) fn status(&self) -> Option<Status> {
        self.report.status
    }

    /// The recording that answered in the place of the outside world, if one did.
    pub(super) fn recording(&self) -> Option<&str> {
        let head = self.report.head.as_ref()?;
        head.recording.as_ref().map(Clean::as_str)
    }

    /// Whether it tells of the world: it met the real one, and its journal is as it was written.
    pub(super) fn is_evidence(&self) -> bool {
        self.recording().is_none() && self.flaw.is_none()
    }

    /// How it ended, and what that is worth.
    pub(super) fn standing(&self) -> Standing {
        let standing = self
            .status()
            .map_or(Standing::Unfinished, Standing::of_status);
        if self.flaw.is_some() {
            Standing::Unproven
        } else if self.recording().is_some() {
            standing.on_recording()
        } else {
            standing
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

/// A run as far as its journal can be read; nothing where that is not even its head.
fn read(run: Run) -> Option<Arc<Past>> {
    let mut report = Report::default();
    for entry in Reader::open(run.journal()).ok()?.map_while(Result::ok) {
        report.apply(&entry);
    }
    report.head.as_ref()?;
    let flaw = verify(run.journal()).err().map(|broken| match broken {
        Broken::Line { line, flaw, .. } => format!("line {line}: {flaw}"),
        // Where it is on this machine is nobody's concern who reads the site.
        Broken::Unreadable(error) => {
            let folder = run.journal().parent().unwrap_or(Path::new(""));
            error
                .to_string()
                .replace(&*folder.to_string_lossy(), &run.id)
        }
    });
    Some(Arc::new(Past { run, report, flaw }))
}

/// The runs of one runbook, newest first.
#[derive(Clone, Debug, Default)]
pub(super) struct History {
    pub(super) runs: Vec<Arc<Past>>,
}

impl History {
    /// The runs that tell of the world, newest first.
    pub(super) fn real(&self) -> impl Iterator<Item = &Arc<Past>> {
        self.runs.iter().filter(|past| past.is_evidence())
    }

    /// The newest run on a recording.
    pub(super) fn rehearsed(&self) -> Option<&Arc<Past>> {
        let sound = |past: &&Arc<Past>| past.flaw.is_none() && past.recording().is_some();
        self.runs.iter().find(sound)
    }

    /// The last run that tells of the world.
    pub(super) fn last(&self) -> Option<&Arc<Past>> {
        self.real().next()
    }

    /// The newest run, if its journal does not verify.
    pub(super) fn unproven(&self) -> Option<&Arc<Past>> {
        self.runs.first().filter(|past| past.flaw.is_some())
    }

    /// How many of the runs passed.
    pub(super) fn passed(&self) -> usize {
        let passed = |past: &&Arc<Past>| past.status() == Some(Status::Passed);
        self.real().filter(passed).count()
    }

    /// How long a run takes: of all that came to their end the one at this place of a hundred, by
    /// the nearest rank.
    pub(super) fn percentile(&self, of: usize) -> Option<Duration> {
        let mut took: Vec<Duration> = self
            .real()
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
        for past in self.real() {
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
        verified.rehearsed = self.rehearsed().and_then(|past| {
            let standing = Standing::of_state(state_of(&past.report, id)?).on_recording();
            Some((standing, Arc::clone(past)))
        });
        verified.standing = match &verified.last {
            None => match &verified.rehearsed {
                Some((standing @ (Standing::Rehearsed | Standing::Misplayed), _)) => *standing,
                _ => Standing::Never,
            },
            Some((Standing::Skipped, _)) if at.is_some() => Standing::Passed.aged(at, now),
            Some((standing, _)) => standing.aged(at, now),
        };
        verified
    }

    /// Each assertion of a step that its last run came to, and how it stands.
    pub(super) fn proofs(&self, id: &str, verified: &Verified, now: Timestamp) -> Vec<Proof> {
        let (past, real) = match (&verified.last, &verified.rehearsed) {
            (Some((_, past)), _) => (past, true),
            (None, Some((_, past))) => (past, false),
            (None, None) => return Vec::new(),
        };
        let mut proofs: Vec<Proof> = Vec::new();
        let instances = past.report.steps().filter(|step| base(&step.id) == id);
        for check in instances.flat_map(|step| &step.checks) {
            let expression = check.expression.as_str();
            let known = proofs
                .iter_mut()
                .find(|proof| proof.expression == expression);
            if let Some(proof) = known {
                if !real && !check.held {
                    proof.standing = Standing::Misplayed;
                }
                continue;
            }
            let (standing, at) = if real {
                let (held, last) = self.check(id, expression);
                let at = last.as_ref().and_then(|past| past.started());
                let standing = match held {
                    Some(false) => Standing::Failed,
                    _ => Standing::Passed.aged(at, now),
                };
                (standing, at)
            } else if check.held {
                (Standing::Rehearsed, past.started())
            } else {
                (Standing::Misplayed, past.started())
            };
            let why = check.message.as_ref();
            proofs.push(Proof {
                expression: expression.to_owned(),
                why: why.map_or_else(String::new, |why| why.as_str().to_owned()),
                standing,
                at,
            });
        }
        proofs
    }

    /// When an assertion of a step last held, and whether it did the last time.
    fn check(&self, step: &str, expression: &str) -> (Option<bool>, Option<Arc<Past>>) {
        let mut last = None;
        for past in self.real() {
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

/// An assertion of a step, and how it stands.
#[derive(Clone, Debug)]
pub(super) struct Proof {
    pub(super) expression: String,
    /// The message given with it.
    pub(super) why: String,
    pub(super) standing: Standing,
    /// When it last held.
    pub(super) at: Option<Timestamp>,
}

/// How a step or an assertion stands.
#[derive(Clone, Debug)]
pub(super) struct Verified {
    pub(super) standing: Standing,
    /// The last run that came to it, and how it ended there.
    pub(super) last: Option<(Standing, Arc<Past>)>,
    /// The last run in which it passed.
    pub(super) passed: Option<Arc<Past>>,
    /// How it ended in the newest run on a recording.
    pub(super) rehearsed: Option<(Standing, Arc<Past>)>,
}

impl Default for Verified {
    fn default() -> Self {
        Self {
            standing: Standing::Never,
            last: None,
            passed: None,
            rehearsed: None,
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
