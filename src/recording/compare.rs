//! Where the path of one run leaves that of another.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::event::Status;

use super::{Check, Recording, Step};

/// A run, compared with the recorded one.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Comparison {
    /// Where the paths part, the first place first.
    pub differences: Vec<Difference>,
    /// Assertions that failed now, and held or were not there in the recording, each with its step.
    pub broken: Vec<(String, Check)>,
    /// Assertions that held now and failed in the recording, each with its step.
    pub mended: Vec<(String, Check)>,
    /// Assertions that held now and are not in the recording, each with its step.
    pub added: Vec<(String, Check)>,
    /// The step at which the run stopped that the recorded one had got past, and how long before
    /// the recorded one ended that was.
    pub stopped: Option<(String, Duration)>,
}

/// A step that went another way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The step, by its id of now; by its recorded id where it is gone.
    pub step: String,
    /// Its line of now, from 1.
    pub line: Option<usize>,
    /// How it went in the recording.
    pub recorded: Verdict,
    /// How it went now.
    pub now: Verdict,
}

/// How a step went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It ended so, for a reason where it did not pass.
    Ended(Status, Option<String>),
    /// It was passed over for a reason.
    Skipped(String),
    /// The run did not get to it, or not to its end.
    Unfinished,
    /// There is no such step.
    Absent,
}

impl Verdict {
    /// How a step went.
    #[must_use]
    pub fn of(step: &Step) -> Self {
        match (&step.end, &step.skipped) {
            (Some(end), _) => Self::Ended(end.status, end.reason.as_ref().map(ToString::to_string)),
            (None, Some(reason)) => Self::Skipped(reason.to_string()),
            (None, None) => Self::Unfinished,
        }
    }

    /// It in a word.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Ended(status, _) => status.word(),
            Self::Skipped(_) => "skipped",
            Self::Unfinished => "unfinished",
            Self::Absent => "absent",
        }
    }

    /// Why it did not pass, where that is known.
    #[must_use]
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::Ended(_, reason) => reason.as_deref(),
            Self::Skipped(reason) => Some(reason),
            Self::Unfinished | Self::Absent => None,
        }
    }
}

impl Comparison {
    /// Whether the path is the recorded one.
    #[must_use]
    pub fn is_same(&self) -> bool {
        self.differences.is_empty()
    }
}

/// Compares a run with the recorded one; `matched` says of steps with a new id which recorded step
/// answered them.
///
/// A step that is new and passed is no difference: the path goes on as recorded behind it.
#[must_use]
pub fn compare(
    recorded: &Recording,
    now: &Recording,
    matched: &BTreeMap<String, String>,
) -> Comparison {
    let mut comparison = Comparison::default();
    let old_id = |id: &str| matched.get(id).map_or(id, String::as_str).to_owned();
    let mut reached = Duration::ZERO;
    for step in now.steps().filter(|step| counts(now, step)) {
        let before = recorded.step(&old_id(&step.id));
        let (was, is) = (
            before.map_or(Verdict::Absent, Verdict::of),
            Verdict::of(step),
        );
        if let Some(end) = before.and_then(|before| before.end.as_ref()) {
            reached = reached.max(recorded.since(end.at));
        }
        checks(&mut comparison, step, before);
        let is_new_and_passed = was == Verdict::Absent && matches!(is.word(), "passed" | "skipped");
        if was.word() == is.word() || is_new_and_passed {
            continue;
        }
        if comparison.stopped.is_none() && matches!(is.word(), "failed" | "refused") {
            let earlier = recorded.since(recorded.last).saturating_sub(reached);
            comparison.stopped = Some((step.id.clone(), earlier));
        }
        comparison.differences.push(Difference {
            line: now.line(&step.id),
            step: step.id.clone(),
            recorded: was,
            now: is,
        });
    }
    for step in recorded.steps().filter(|step| counts(recorded, step)) {
        let is_there = now.step(&step.id).is_some_and(|step| counts(now, step))
            || matched.values().any(|old| *old == step.id);
        if is_there || step.skipped.is_some() {
            continue;
        }
        let is_known = now.head.steps.iter().any(|head| head.id == step.id);
        comparison.differences.push(Difference {
            line: now.line(&step.id),
            step: step.id.clone(),
            recorded: Verdict::of(step),
            now: if is_known {
                Verdict::Unfinished
            } else {
                Verdict::Absent
            },
        });
    }
    comparison
}

/// Whether it is a step of the run, and not only front matter's code or a service's note.
fn counts(recording: &Recording, step: &Step) -> bool {
    (step.end.is_some() || step.skipped.is_some() || !step.attempts.is_empty())
        && recording.line(&step.id).is_some()
}

fn checks(comparison: &mut Comparison, step: &Step, before: Option<&Step>) {
    let mut earlier: Vec<&Check> =
        before.map_or_else(Vec::new, |step| step.checks.iter().collect());
    for check in &step.checks {
        let was = earlier
            .iter()
            .position(|other| other.expression == check.expression)
            .map(|place| earlier.remove(place).held);
        let list = match (was, check.held) {
            (Some(true) | None, false) => &mut comparison.broken,
            (Some(false), true) => &mut comparison.mended,
            (None, true) => &mut comparison.added,
            _ => continue,
        };
        list.push((step.id.clone(), check.clone()));
    }
}
