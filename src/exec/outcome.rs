//! How a step ended, before it is told to anyone.

use std::time::Duration;

use crate::event::Status;
use crate::script::{FailureKind, StepResult};
use crate::secret::Clean;

use super::state::State;

/// A step's end and what it leaves.
pub(super) struct Outcome {
    pub(super) verdict: Verdict,
    /// The value of the step's variable.
    pub(super) result: StepResult,
    /// What the steps after it see.
    pub(super) state: State,
}

/// How a step ended.
#[derive(Clone, Debug)]
pub(super) enum Verdict {
    Ended(Ending),
    Skipped,
}

/// The end of a step that was not skipped.
#[derive(Clone, Debug)]
pub(super) struct Ending {
    pub(super) status: Status,
    pub(super) reason: Option<Clean>,
    pub(super) detail: Option<Clean>,
    pub(super) code: Option<i32>,
    pub(super) attempts: u32,
    pub(super) elapsed: Duration,
}

impl Ending {
    /// The end of an attempt that did all it should.
    pub(super) fn passed() -> Self {
        Self {
            status: Status::Passed,
            reason: None,
            detail: None,
            code: None,
            attempts: 0,
            elapsed: Duration::ZERO,
        }
    }

    /// An end for a reason.
    pub(super) fn because(status: Status, reason: Clean) -> Self {
        Self {
            status,
            reason: Some(reason),
            ..Self::passed()
        }
    }
}

impl Verdict {
    /// The status, if the step was not skipped.
    pub(super) fn status(&self) -> Option<Status> {
        match self {
            Self::Ended(ending) => Some(ending.status),
            Self::Skipped => None,
        }
    }
}

/// The status that a script's failure gives its step.
pub(super) fn status_of(kind: FailureKind) -> Status {
    match kind {
        FailureKind::Refused => Status::Refused,
        FailureKind::Cancelled => Status::Interrupted,
        FailureKind::Error | FailureKind::Assertion | FailureKind::Limit => Status::Failed,
    }
}
