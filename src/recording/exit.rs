//! How a process ended, as the journal has it: `{"code":0,"elapsed_us":1200}`.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// How a process ended.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exit {
    /// How.
    #[serde(flatten)]
    pub how: How,
    /// After how many microseconds.
    #[serde(default)]
    pub elapsed_us: u64,
    /// What it wrote, where that is in the record nowhere else: the processes of conditions that
    /// are asked again and again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stdout: Option<String>,
    /// What it wrote to standard error, likewise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stderr: Option<String>,
}

/// How a process ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum How {
    /// With this status.
    Code(i32),
    /// By this signal.
    Signal(i32),
    /// By us, for one of these reasons.
    Ended(Why),
    /// It was not started, for this reason.
    Unstarted(String),
}

/// Why a process was ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Why {
    /// Its time was up.
    TimedOut,
    /// Its step was ended.
    Cancelled,
}

impl Default for How {
    fn default() -> Self {
        Self::Code(0)
    }
}

impl Exit {
    /// An end with nothing else to tell.
    #[must_use]
    pub fn new(how: How, elapsed: Duration) -> Self {
        Self {
            how,
            elapsed_us: u64::try_from(elapsed.as_micros()).unwrap_or(u64::MAX),
            stdout: None,
            stderr: None,
        }
    }

    /// After what time.
    #[must_use]
    pub const fn elapsed(&self) -> Duration {
        Duration::from_micros(self.elapsed_us)
    }
}
