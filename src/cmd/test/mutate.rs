//! How much of what could go wrong a runbook would notice.

use std::sync::Arc;

use runbook::diagnostic::count;
use runbook::rehearsal::mutation;
use runbook::view::sanitize;

use super::super::failure::{Failure, Kind};
use super::super::runtime;
use super::super::surroundings::Surroundings;
use super::cases::Tested;
use super::{judge, title};

/// How many changes that went unnoticed are told.
const MOST: usize = 40;

/// Changes what was recorded, and tells what went unnoticed.
///
/// # Errors
/// Where the page or the recording can't be read.
pub(crate) fn mutate(tested: &Tested, surroundings: &Surroundings) -> Result<String, Failure> {
    let (page, terms) = judge::ready(tested, surroundings)?;
    let recording = match &tested.recording {
        Ok(recording) => Arc::new(recording.clone()),
        Err(reason) => return Err(Failure::journal(reason.clone())),
    };
    let strength = runtime()?
        .block_on(mutation::strength(&page.graph, &recording, &terms))
        .map_err(|error| Failure::new(Kind::Refused, error.to_string()))?;
    let noticed = strength.made - strength.unnoticed.len();
    let mut text = format!(
        "{}: {noticed} of {} noticed, {} %\n",
        title(tested),
        count(strength.made, "change"),
        strength.score()
    );
    for mutation in strength.unnoticed.iter().take(MOST) {
        let place = mutation
            .line
            .map_or_else(String::new, |line| format!("{}:{line}", tested.shown));
        let line = format!("    {place} {}: {}", mutation.step, mutation.what);
        text.push_str(&sanitize::line(&line));
        text.push('\n');
    }
    if strength.unnoticed.len() > MOST {
        text.push_str(&format!(
            "    and {} more\n",
            strength.unnoticed.len() - MOST
        ));
    }
    Ok(text)
}
