//! What a recording has no answer to.

/// Something that the recording can't answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing {
    /// The step that asks.
    pub step: String,
    /// What it asks for: a command, a call, a question, a variable.
    pub request: String,
    /// Why there is no answer.
    pub reason: String,
}
