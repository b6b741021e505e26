//! Which credential variables are stale, and why.

use jiff::Timestamp;

use super::Environment;
use crate::event::Removed;

/// What a runbook says about credentials.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    /// Variables that no child sees.
    pub unset: Vec<String>,
}

/// Takes out what is stale or unwanted; says what and why, never a value.
#[must_use]
pub fn clean(environment: &mut Environment, policy: &Policy, now: Timestamp) -> Vec<Removed> {
    let _ = (environment, policy, now);
    Vec::new()
}
