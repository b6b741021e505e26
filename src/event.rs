//! What happens in a run: the one stored vocabulary.
//!
//! Every view (terminal, JSON, `JUnit`, pages) is a fold of these. Events own all that they say,
//! borrow nothing, and hold only [`Clean`] text, so none of them can carry a secret. Additions
//! need a default and raise the minor version; anything else raises the major one.

use std::borrow::Cow;
use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::secret::{Clean, CleanBytes, CleanValue, base64};

/// The version of this vocabulary, `major.minor`, in every entry as `v`.
pub const VERSION: &str = "1.2";

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Event {
    /// The run began; says all that a view needs to draw it.
    RunStarted(Box<RunStarted>),
    /// An attempt at a step is about to begin; on disk before it does.
    StepStarted {
        /// The step.
        step: String,
        /// 1 for the first attempt.
        attempt: u32,
        /// What is about to run, interpolated and redacted; empty for manual steps.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        command: Option<Clean>,
        /// Where it runs; empty for what starts no process.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        directory: Option<Clean>,
    },
    /// A piece of output: whole lines, without the last newline.
    Output {
        /// The step.
        step: String,
        /// Which of its streams.
        stream: Stream,
        /// How many bytes of the stream are left out before this piece.
        #[serde(default, skip_serializing_if = "is_zero")]
        skipped: u64,
        /// Whether its last line goes on: no newline was left out at its end.
        #[serde(default, skip_serializing_if = "is_false")]
        open: bool,
        /// The call of a script that it belongs to, if not to the step's own process.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        call: Option<u32>,
        /// What it wrote.
        #[serde(flatten)]
        text: Text,
    },
    /// Output that was too long for the journal stands whole in a file beside it; since 1.2.
    OutputKept {
        /// The step.
        step: String,
        /// Which of its streams.
        stream: Stream,
        /// The call of a script that it belongs to, if not to the step's own process.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        call: Option<u32>,
        /// The file's name in the folder `output`.
        file: String,
        /// Its length in bytes.
        bytes: u64,
        /// Its SHA-256, in hex.
        sha256: String,
    },
    /// A script is about to call the outside world; on disk before it does.
    Called {
        /// The step.
        step: String,
        /// The call's number in the step, from 1; its outcome bears the same.
        call: u32,
        /// The function, as in `run` or `helm::wait`.
        function: String,
        /// Its arguments, for people.
        request: Clean,
    },
    /// A value came in: the outcome of a call, or what a step left for others.
    Captured {
        /// The step.
        step: String,
        /// The call it answers, if it answers one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        call: Option<u32>,
        /// What it is: `outcome` (of a call), `environment` and `directory` (that a shell left),
        /// `exit` (how the process of an attempt ended: an `outcome` without a call), `parts` (how
        /// many bytes each command of a transcript printed), `env NAME` (a variable that a script
        /// read), `now` (the time of day that it read), or a name.
        name: String,
        /// The value, redacted.
        value: CleanValue,
    },
    /// An assertion was checked.
    Checked {
        /// The step.
        step: String,
        /// Its line in the document, from 1.
        line: usize,
        /// Its column, from 1.
        column: usize,
        /// The expression as written.
        expression: Clean,
        /// Whether it held.
        held: bool,
        /// The message given with it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        message: Option<Clean>,
        /// Each part of the expression and its value.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        parts: Vec<Part>,
    },
    /// The operator was asked.
    Asked {
        /// The step.
        step: String,
        /// The question.
        question: Clean,
        /// What was shown before it: the commands that a yes would start.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        context: Option<Clean>,
        /// What can be answered, as in `[y/N]`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        answers: Option<Clean>,
    },
    /// The operator answered.
    Answered {
        /// The step.
        step: String,
        /// The answer; a secret one is only named.
        answer: Clean,
        /// Who: a user's name, or the flag that answered.
        by: String,
    },
    /// A step ended.
    StepFinished {
        /// The step.
        step: String,
        /// How.
        status: Status,
        /// Why, in one line; empty where it passed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<Clean>,
        /// Where it failed, and the code there, for people.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        detail: Option<Clean>,
        /// The exit status of its process.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        code: Option<i32>,
        /// The number of the last attempt.
        attempts: u32,
        /// How long it took, all attempts and waits, in milliseconds.
        elapsed_ms: u64,
    },
    /// A step did not run.
    StepSkipped {
        /// The step.
        step: String,
        /// Why, in words.
        reason: Clean,
    },
    /// Something worth knowing: a script's `log`, a retry, a conflict, the operator's note.
    Noted {
        /// The step, if it concerns one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        step: Option<String>,
        /// What.
        text: Clean,
        /// Who, where a person noted it; such a note may come after the end of the run.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<String>,
    },
    /// The run ended.
    RunFinished {
        /// How.
        status: Status,
        /// The exit status of the program.
        exit: u8,
        /// Why it did not pass, in one line.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<Clean>,
        /// The steps that failed and count: not those that may fail, nor those that a later
        /// step's `when` handled.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        failed: Vec<String>,
        /// How long it took, in milliseconds.
        elapsed_ms: u64,
    },
}

impl Event {
    /// The step it concerns, if it concerns one.
    #[must_use]
    pub fn step(&self) -> Option<&str> {
        match self {
            Self::StepStarted { step, .. }
            | Self::Output { step, .. }
            | Self::OutputKept { step, .. }
            | Self::Called { step, .. }
            | Self::Captured { step, .. }
            | Self::Checked { step, .. }
            | Self::Asked { step, .. }
            | Self::Answered { step, .. }
            | Self::StepFinished { step, .. }
            | Self::StepSkipped { step, .. } => Some(step),
            Self::Noted { step, .. } => step.as_deref(),
            Self::RunStarted(_) | Self::RunFinished { .. } => None,
        }
    }
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde hands over references"
)]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde hands over references"
)]
fn is_false(boolean: &bool) -> bool {
    !*boolean
}

/// The head of a run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RunStarted {
    /// The run's id, a `UUIDv7`.
    pub run: String,
    /// The document's path as the operator wrote it.
    pub document: String,
    /// Its title.
    pub title: Clean,
    /// The SHA-256 of its text, in hex.
    pub digest: String,
    /// Its text, redacted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<Clean>,
    /// The recording that answers in the place of the outside world, in words; none where the
    /// run is real.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recording: Option<Clean>,
    /// The program's version.
    pub program: String,
    /// Operating system and architecture, as in `linux-x86_64`.
    pub platform: String,
    /// Who runs it.
    pub operator: String,
    /// The name of the target, if one is used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// Whether the operator can be asked.
    pub attended: bool,
    /// Whether it goes on after a failure with what does not depend on it.
    #[serde(default, skip_serializing_if = "is_false")]
    pub keep_going: bool,
    /// The directory that the first step starts in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub directory: Option<Clean>,
    /// The inputs' values, redacted.
    pub inputs: BTreeMap<String, CleanValue>,
    /// Those among them that are not the page's defaults, sorted; since 1.1.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub given: Vec<String>,
    /// Environment variables that no step will see, and why.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub removed: Vec<Removed>,
    /// Who the AWS credentials are, where that was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity: Option<Identity>,
    /// The Kubernetes context, where one is guarded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context: Option<Clean>,
    /// The steps that may run, in the order of the document.
    pub steps: Vec<StepHead>,
    /// Where the run goes on after it had stopped: since 1.1 a run has a second head, a third, …
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resumes: Option<Resumes>,
    /// For each step the SHA-256, in hex, of what it does and uses; since 1.1.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub fingerprints: BTreeMap<String, String>,
    /// Which steps the operator wanted, if not all; since 1.1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub selection: Option<Selection>,
    /// The lock that the run holds, if one; since 1.1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lock: Option<String>,
    /// The versions of the programs that the runbook requires; since 1.1.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tools: BTreeMap<String, String>,
    /// The names of the environment's variables, sorted; since 1.1.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub variables: Vec<Clean>,
}

/// How a run goes on: what stays as it was, and what runs again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resumes {
    /// The number of the last entry before.
    pub after: u64,
    /// How many bytes of a line that was cut off were taken away.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub torn: Option<u64>,
    /// The steps, and instances of steps, that stay as they ended.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kept: Vec<String>,
    /// Those among them that had failed, which was allowed or handled.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub failed: Vec<String>,
    /// The steps that had begun and of which somebody says that they are done.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub done: Vec<Done>,
    /// The steps that begin again, each with the reason.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub again: Vec<Again>,
    /// The steps that had run and that the runbook no longer has.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gone: Vec<String>,
}

/// A step of which somebody says that it is done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Done {
    /// The step.
    pub step: String,
    /// Who says so: a user's name, or the flag that did.
    pub by: String,
}

/// A step that begins again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Again {
    /// The step.
    pub step: String,
    /// Why, in words.
    pub reason: Clean,
    /// Whether it had passed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub passed: bool,
}

/// Which steps the operator wants.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Selection {
    /// `--step`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<String>,
    /// `--from`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// `--until`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
}

/// A step as a view needs it before it runs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StepHead {
    /// Its id.
    pub id: String,
    /// Its title: the heading it stands under, or its id.
    pub title: Clean,
    /// The section it stands in, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub section: Option<Clean>,
    /// What it is: a shell's name, `rhai`, `manual`, …
    pub kind: String,
    /// Its line in the document, from 1.
    pub line: usize,
    /// The ids of the steps it waits for.
    pub needs: Vec<String>,
    /// Whether its shell goes on after a failing command, as with `errexit=off`.
    #[serde(default, skip_serializing_if = "is_false")]
    pub goes_on: bool,
    /// What it does to the world: `read`, `change` or `destroy`; not told by version 1.0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effect: Option<String>,
}

/// Who AWS says that the credentials of a run are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// The number of the account.
    pub account: Clean,
    /// The name of the user or the role.
    pub arn: Clean,
    /// The last four characters of the key's id.
    pub key: String,
    /// Where the credentials came from, in words.
    pub source: Clean,
    /// When they expire, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<Timestamp>,
}

/// An environment variable that was taken away.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Removed {
    /// Its name.
    pub name: String,
    /// Why, in words.
    pub reason: String,
}

/// A part of an assertion and its value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// The code.
    pub code: Clean,
    /// Its value, shortened.
    pub value: Clean,
}

/// Which stream of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Stream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

/// Output: text, or bytes that are no UTF-8.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Text {
    /// `"text": "…"`.
    Text(Clean),
    /// `"bytes": "…"`: base64 (RFC 4648, padded) of redacted bytes.
    Bytes(String),
}

impl Text {
    /// The text for people: bytes that are no UTF-8 become `\u{fffd}`.
    #[must_use]
    pub fn lossy(&self) -> Cow<'_, str> {
        match self {
            Self::Text(text) => Cow::Borrowed(text.as_str()),
            Self::Bytes(_) => Cow::Owned(String::from_utf8_lossy(&self.bytes()).into_owned()),
        }
    }

    /// The bytes as they were written, redacted.
    #[must_use]
    pub fn bytes(&self) -> Cow<'_, [u8]> {
        match self {
            Self::Text(text) => Cow::Borrowed(text.as_str().as_bytes()),
            Self::Bytes(text) => Cow::Owned(base64::decode(text).unwrap_or_default()),
        }
    }
}

impl From<CleanBytes> for Text {
    fn from(bytes: CleanBytes) -> Self {
        match bytes.into_text() {
            Ok(text) => Self::Text(text),
            Err(bytes) => Self::Bytes(base64::encode(&bytes, base64::STANDARD)),
        }
    }
}

/// How a step or a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// All that it should do was done.
    Passed,
    /// Something in it failed.
    Failed,
    /// It was not allowed to run.
    Refused,
    /// It was ended from outside before it was done.
    Interrupted,
}

impl Status {
    /// The word in the journal.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::Refused => "refused",
            Self::Interrupted => "interrupted",
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;
