//! What is said of a run that goes on, before anything of it runs.

use crate::diagnostic::{count, list_and};
use crate::event::{Resumes, RunStarted};

use super::tally::base;

/// The steps that stay as they ended; of one with instances, the step or some of its instances.
pub(super) fn ended(head: &RunStarted) -> impl Iterator<Item = &str> {
    head.resumes
        .iter()
        .flat_map(|resumes| &resumes.kept)
        .map(String::as_str)
}

/// What stays, what runs again and why, one line each.
pub(super) fn lines(resumes: &Resumes) -> Vec<String> {
    let mut lines = vec![format!("resumed after entry {}", resumes.after)];
    if let Some(bytes) = resumes.torn {
        let bytes = count(usize::try_from(bytes).unwrap_or(usize::MAX), "byte");
        lines.push(format!(
            "the last line of the journal was cut off; its {bytes} are taken away"
        ));
    }
    let passed: Vec<&String> = resumes
        .kept
        .iter()
        .filter(|step| !resumes.failed.contains(step))
        .collect();
    if !passed.is_empty() {
        lines.push(format!("stay passed: {}", list_and(&passed)));
    }
    if !resumes.failed.is_empty() {
        lines.push(format!("stay failed: {}", list_and(&resumes.failed)));
    }
    for done in &resumes.done {
        lines.push(format!(
            "counts as done: {} ({} says so)",
            done.step, done.by
        ));
    }
    for again in &resumes.again {
        lines.push(format!("runs again: {}: {}", again.step, again.reason));
    }
    if !resumes.gone.is_empty() {
        lines.push(format!(
            "no longer in the runbook: {}",
            list_and(&resumes.gone)
        ));
    }
    lines
}

/// The same, in a few words.
pub(super) fn line(resumes: &Resumes) -> String {
    let stay: std::collections::BTreeSet<&str> =
        resumes.kept.iter().map(|step| base(step)).collect();
    let mut text = format!("{} as they ended", count(stay.len(), "step"));
    if !resumes.done.is_empty() {
        let done: Vec<&str> = resumes.done.iter().map(|done| done.step.as_str()).collect();
        text.push_str(&format!(", {} done by hand", list_and(&done)));
    }
    if !resumes.again.is_empty() {
        let again: Vec<&str> = resumes.again.iter().map(|it| it.step.as_str()).collect();
        text.push_str(&format!(", {} again", list_and(&again)));
    }
    text
}
