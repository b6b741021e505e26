//! How a step, an assertion or a runbook stands, in the words and signs of the site.

use jiff::{SignedDuration, Timestamp};

use crate::event::Status;
use crate::report::State;

/// How long what held once is taken to hold still.
const FRESH: SignedDuration = SignedDuration::from_hours(90 * 24);

/// How a step, an assertion or a runbook stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    Never,
    Passed,
    /// It passed too long ago.
    Stale,
    Failed,
    /// It passed, but only ever on a recording: nothing real was looked at.
    Rehearsed,
    /// It failed, and only ever went on a recording.
    Misplayed,
    /// The journal that tells of it does not verify.
    Unproven,
    Refused,
    Interrupted,
    /// Its journal has no end: it runs still, or was killed.
    Unfinished,
    /// It passed, as far as it ever ran.
    Partly,
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
            Self::Rehearsed => "rehearsed",
            Self::Misplayed => "misplayed",
            Self::Unproven => "unproven",
            Self::Refused => "refused",
            Self::Interrupted => "interrupted",
            Self::Unfinished => "unfinished",
            Self::Partly => "partly",
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
            Self::Failed | Self::Misplayed => "✗",
            Self::Rehearsed => "◇",
            Self::Unproven => "‼",
            Self::Refused => "⊘",
            Self::Interrupted => "‼",
            Self::Unfinished => "▸",
            Self::Partly => "◐",
            Self::Skipped => "↷",
            Self::Quiet => "·",
        }
    }

    /// For people, in a sentence's place.
    pub(super) const fn phrase(self) -> &'static str {
        match self {
            Self::Never => "never ran",
            Self::Quiet => "",
            Self::Rehearsed => "passed on a recording",
            Self::Misplayed => "failed on a recording",
            Self::Unproven => "altered journal",
            Self::Partly => "holds in part",
            other => other.word(),
        }
    }

    /// In the space that a picture has.
    pub(super) const fn brief(self) -> &'static str {
        match self {
            Self::Rehearsed | Self::Misplayed => "rehearsed",
            other => other.phrase(),
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
            State::Running => Self::Unfinished,
            State::Skipped => Self::Skipped,
            State::Finished(status) => Self::of_status(status),
        }
    }

    /// The same of what went on a recording: whatever it says, it says nothing of the world.
    #[must_use]
    pub(super) const fn on_recording(self) -> Self {
        match self {
            Self::Passed | Self::Stale => Self::Rehearsed,
            Self::Failed | Self::Refused | Self::Interrupted | Self::Unfinished => Self::Misplayed,
            other => other,
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
