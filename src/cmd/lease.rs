//! Whether credentials outlive the run that is about to begin.

use std::path::Path;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use runbook::credentials;
use runbook::document::Effect;
use runbook::event::Status;
use runbook::graph::{Graph, Step, StepKind};
use runbook::plan::{Plan, Selected};
use runbook::value::show_duration;
use runbook::view::Past;

use super::credentials::Ready;

/// Where nothing tells how long the run will take, less than this is worth a warning.
const SHORT: SignedDuration = SignedDuration::from_mins(15);

/// What there is to say of the time that the credentials have left.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Lease {
    /// Nothing: they don't expire, nothing is changed, or the time is enough.
    Enough,
    /// It may be too short; how long the run takes is not known.
    Unknown(String),
    /// It is too short for what the run is expected to take.
    TooShort(String),
}

/// Judges the time that is left against what the run is expected to take.
///
/// Past runs are read only where it matters.
pub(crate) fn judge(
    ready: &Ready,
    plan: &Plan,
    past: impl FnOnce() -> Vec<Past>,
    now: Timestamp,
) -> Lease {
    let of_identity = ready
        .identity
        .as_ref()
        .and_then(|identity| identity.expires);
    let Some(expires) = of_identity.or_else(|| credentials::expiry(&ready.environment)) else {
        return Lease::Enough;
    };
    if !changes(plan) {
        return Lease::Enough;
    }
    compare(expires, now, expected(plan, &past()))
}

fn compare(expires: Timestamp, now: Timestamp, expected: Option<(Duration, String)>) -> Lease {
    let left = expires.duration_since(now);
    let shown = show_duration(Duration::from_secs(left.as_secs().max(0).unsigned_abs()));
    let text = format!("the credentials expire in {shown}");
    match expected {
        Some((expected, why)) => {
            let enough = SignedDuration::try_from(expected).is_ok_and(|expected| left >= expected);
            if enough {
                return Lease::Enough;
            }
            let expected = show_duration(Duration::from_secs(expected.as_secs()));
            Lease::TooShort(format!("{text}, and the run may take {expected} ({why})"))
        }
        None if left < SHORT => Lease::Unknown(format!(
            "{text}, and nothing tells how long the run will take"
        )),
        None => Lease::Enough,
    }
}

/// The steps that may run.
fn chosen(plan: &Plan) -> impl Iterator<Item = (usize, &Step)> {
    plan.graph
        .steps
        .iter()
        .enumerate()
        .filter(|(index, step)| !step.skip && plan.selected.get(*index) != Some(&Selected::No))
}

fn changes(plan: &Plan) -> bool {
    chosen(plan).any(|(index, step)| {
        plan.graph.effect(index) != Effect::Read
            && !matches!(step.kind, StepKind::Manual | StepKind::Branch)
    })
}

/// How long the run is expected to take, and what says so: earlier runs of the page, else the
/// time that its steps have.
fn expected(plan: &Plan, past: &[Past]) -> Option<(Duration, String)> {
    let document = Path::new(plan.graph.document.source.name());
    let mut took: Vec<Duration> = past
        .iter()
        .filter(|past| past.status == Some(Status::Passed))
        .filter(|past| {
            let other = Path::new(&past.document);
            other.ends_with(document) || document.ends_with(other)
        })
        .filter_map(|past| past.elapsed)
        .collect();
    took.sort();
    if !took.is_empty() {
        // The 95th percentile by nearest rank: of fewer than twenty runs that is the longest.
        let rank = (took.len() * 95).div_ceil(100).clamp(1, took.len());
        let why = match took.len() {
            1 => "as it took the last time".to_owned(),
            count => format!("as {count} earlier runs say"),
        };
        return took.get(rank - 1).map(|took| (*took, why));
    }
    let limit = plan.graph.document.front_matter.timeout;
    let path = longest(plan);
    match (limit, path) {
        (Some(limit), Some(path)) => Some(limit.min(path)),
        (limit, path) => limit.or(path),
    }
    .map(|time| (time, "the sum of its timeouts".to_owned()))
}

/// The time of the longest path, where every step on any path has a limit.
fn longest(plan: &Plan) -> Option<Duration> {
    let graph: &Graph = &plan.graph;
    let mut ends = vec![Duration::ZERO; graph.steps.len()];
    let mut counted = vec![false; graph.steps.len()];
    for (index, _) in chosen(plan) {
        *counted.get_mut(index)? = true;
    }
    for index in &plan.order {
        let step = graph.steps.get(*index)?;
        let begins = graph
            .predecessors(*index)
            .iter()
            .filter_map(|from| ends.get(*from))
            .max()
            .copied()
            .unwrap_or_default();
        let takes = if counted.get(*index) == Some(&true) {
            time(step)?
        } else {
            Duration::ZERO
        };
        *ends.get_mut(*index)? = begins.saturating_add(takes);
    }
    ends.into_iter().max().filter(|longest| !longest.is_zero())
}

/// The most that a step may take, its attempts and the waits between them.
fn time(step: &Step) -> Option<Duration> {
    if step.kind == StepKind::Value {
        return Some(Duration::ZERO);
    }
    let mut total = step.timeout?;
    let mut wait = step.delay;
    for _ in 0..step.retry.min(1000) {
        total = total.saturating_add(wait).saturating_add(step.timeout?);
        wait =
            Duration::try_from_secs_f64(wait.as_secs_f64() * step.backoff).unwrap_or(Duration::MAX);
    }
    Some(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn case(left: i64, expected: Option<u64>, lease: &str) {
        let now: Timestamp = "2026-11-23T12:00:00Z".parse().unwrap();
        let expected =
            expected.map(|minutes| (Duration::from_secs(minutes * 60), "why".to_owned()));
        let found = compare(now + SignedDuration::from_mins(left), now, expected);
        assert_eq!(format!("{found:?}"), lease);
    }

    #[test]
    fn too_short_is_less_than_the_run_may_take() {
        case(60, Some(20), "Enough");
        case(20, Some(20), "Enough");
        case(
            19,
            Some(20),
            "TooShort(\"the credentials expire in 19m 00s, and the run may take 20m 00s (why)\")",
        );
        case(
            -5,
            Some(20),
            "TooShort(\"the credentials expire in 0.00s, and the run may take 20m 00s (why)\")",
        );
        case(15, None, "Enough");
        case(
            14,
            None,
            "Unknown(\"the credentials expire in 14m 00s, and nothing tells how long the run will take\")",
        );
    }
}
