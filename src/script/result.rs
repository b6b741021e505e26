//! What a step or a process left, as scripts see it.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use rhai::Dynamic;

use super::Finished;
use crate::value::Value;

/// The result of a step, or of a process that a script ran.
#[derive(Clone, Debug)]
pub struct StepResult {
    /// The step's id, or what was run.
    pub id: String,
    /// `passed`, `failed`, `skipped`, `refused` or `interrupted`.
    pub status: String,
    /// Why, where it did not pass.
    pub reason: String,
    /// The exit status of its process, if it has one.
    pub code: Option<i32>,
    /// What it wrote.
    pub stdout: Vec<u8>,
    /// What it wrote to standard error.
    pub stderr: Vec<u8>,
    /// Whether more was written than is held.
    pub truncated: bool,
    /// How long it took.
    pub elapsed: Duration,
    /// The value of a script's last expression.
    pub value: Dynamic,
    /// Of a step with `each`: the results of its instances.
    pub items: Vec<Self>,
}

impl Default for StepResult {
    fn default() -> Self {
        Self {
            id: String::new(),
            status: "passed".to_owned(),
            reason: String::new(),
            code: None,
            stdout: Vec::new(),
            stderr: Vec::new(),
            truncated: false,
            elapsed: Duration::ZERO,
            value: Dynamic::UNIT,
            items: Vec::new(),
        }
    }
}

impl StepResult {
    /// The result of a process that a script ran.
    pub(super) fn of_process(id: String, finished: Finished) -> Self {
        let passed = finished.code == 0;
        Self {
            id,
            status: if passed { "passed" } else { "failed" }.to_owned(),
            reason: if passed {
                String::new()
            } else {
                format!("exit status {}", finished.code)
            },
            code: Some(finished.code),
            stdout: finished.stdout,
            stderr: finished.stderr,
            truncated: finished.truncated,
            elapsed: finished.elapsed,
            ..Self::default()
        }
    }

    /// Its output without the last line's end.
    ///
    /// # Errors
    /// Where it is not all there.
    pub(super) fn output(&self) -> Result<Cow<'_, str>, String> {
        self.whole(&self.stdout)
    }

    /// What it wrote to standard error, likewise.
    ///
    /// # Errors
    /// Where it is not all there.
    pub(super) fn errors(&self) -> Result<Cow<'_, str>, String> {
        self.whole(&self.stderr)
    }

    fn whole<'a>(&self, bytes: &'a [u8]) -> Result<Cow<'a, str>, String> {
        if self.truncated {
            Err(format!(
                "`{}` wrote more than a script can hold: only the first {} bytes were kept",
                self.id,
                bytes.len()
            ))
        } else {
            Ok(String::from_utf8_lossy(without_end(bytes)))
        }
    }
}

/// Text without its last line's end, as `$(…)` gives it but for further empty lines.
fn without_end(bytes: &[u8]) -> &[u8] {
    let bytes = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    bytes.strip_suffix(b"\r").unwrap_or(bytes)
}

impl fmt::Display for StepResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.id, self.status)?;
        if !self.reason.is_empty() {
            write!(f, " ({})", self.reason)?;
        }
        Ok(())
    }
}

/// A result as a script holds it: a copy costs nothing.
#[derive(Clone, Debug)]
pub(super) struct Held(pub(super) Arc<StepResult>);

impl Held {
    /// The result as a plain value.
    pub(super) fn plain(&self, value: &dyn Fn(&Dynamic) -> Value) -> Value {
        let mut fields = serde_json::Map::new();
        fields.insert("id".to_owned(), self.id.as_str().into());
        fields.insert("status".to_owned(), self.status.as_str().into());
        fields.insert("code".to_owned(), self.code.into());
        for (name, bytes) in [("stdout", &self.stdout), ("stderr", &self.stderr)] {
            let text = String::from_utf8_lossy(without_end(bytes));
            fields.insert(name.to_owned(), text.into());
        }
        fields.insert("duration".to_owned(), self.elapsed.as_secs_f64().into());
        fields.insert("value".to_owned(), value(&self.value));
        if !self.items.is_empty() {
            let items = self
                .items
                .iter()
                .map(|item| Self(Arc::new(item.clone())).plain(value))
                .collect();
            fields.insert("items".to_owned(), Value::Array(items));
        }
        Value::Object(fields)
    }
}

impl std::ops::Deref for Held {
    type Target = StepResult;

    fn deref(&self) -> &StepResult {
        &self.0
    }
}

impl PartialEq for Held {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl From<StepResult> for Dynamic {
    fn from(result: StepResult) -> Self {
        Self::from(Held(Arc::new(result)))
    }
}
