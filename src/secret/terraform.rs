//! Terraform's state and plans as JSON, which mark their sensitive values behind them.
//!
//! `terraform show -json` gives `sensitive_values` beside `values`, and `after_sensitive` beside
//! `after`: the same shape with `true` at what is sensitive
//! (<https://developer.hashicorp.com/terraform/internals/json-format>). So the whole is kept until
//! its end, and what is marked is learnt before any of it is shown.

use super::Redactor;
use crate::value::Value;

/// How such a text begins, blanks aside.
const BEGINS: &[u8] = b"{\"format_version\":";
/// More is not kept, and not shown: nobody can say what in it is sensitive.
const LARGEST: usize = 16 * 1024 * 1024;
const TOO_LARGE: &str = "«terraform: too long to tell what is sensitive»";

/// The beginning of a stream, as long as it may be Terraform's.
#[derive(Debug)]
pub(super) enum Opening {
    /// The bytes so far may begin it.
    Maybe(Vec<u8>),
    /// It is Terraform's, all of it so far.
    Terraform(Vec<u8>),
    /// It is Terraform's, and too long.
    TooLarge,
    /// It is something else.
    Other,
}

impl Default for Opening {
    fn default() -> Self {
        Self::Maybe(Vec::new())
    }
}

impl Opening {
    /// Takes the next piece; gives what goes on, or nothing where that is the piece itself.
    pub(super) fn pass(
        &mut self,
        bytes: &[u8],
        last: bool,
        redactor: &Redactor,
    ) -> Option<Vec<u8>> {
        match self {
            Self::Other => return None,
            Self::TooLarge => return Some(Vec::new()),
            Self::Maybe(kept) | Self::Terraform(kept) => kept.extend_from_slice(bytes),
        }
        if let Self::Maybe(kept) = self {
            match begins(kept) {
                None if !last => return Some(Vec::new()),
                Some(true) => *self = Self::Terraform(std::mem::take(kept)),
                _ => {
                    let kept = std::mem::take(kept);
                    *self = Self::Other;
                    return Some(kept);
                }
            }
        }
        let Self::Terraform(kept) = self else {
            return Some(Vec::new());
        };
        if kept.len() > LARGEST {
            *self = Self::TooLarge;
            return Some(TOO_LARGE.as_bytes().to_vec());
        }
        if !last {
            return Some(Vec::new());
        }
        let kept = std::mem::take(kept);
        *self = Self::Other;
        if let Ok(value) = serde_json::from_slice::<Value>(&kept) {
            learn(&value, redactor);
        }
        Some(kept)
    }
}

/// Whether a text begins as Terraform's do; `None` where it is too short to tell.
fn begins(text: &[u8]) -> Option<bool> {
    let mut wanted = BEGINS.iter();
    // Blanks of any number would keep any text.
    for byte in text
        .iter()
        .take(256)
        .filter(|byte| !byte.is_ascii_whitespace())
    {
        match wanted.next() {
            None => return Some(true),
            Some(next) if next == byte => {}
            Some(_) => return Some(false),
        }
    }
    match wanted.next() {
        None => Some(true),
        Some(_) if text.len() >= 256 => Some(false),
        Some(_) => None,
    }
}

/// Learns what is marked anywhere in a value.
fn learn(value: &Value, redactor: &Redactor) {
    match value {
        Value::Array(list) => list.iter().for_each(|value| learn(value, redactor)),
        Value::Object(map) => {
            for (plain, marks) in [
                ("values", "sensitive_values"),
                ("before", "before_sensitive"),
                ("after", "after_sensitive"),
                ("value", "sensitive"),
            ] {
                if let (Some(value), Some(marks)) = (map.get(plain), map.get(marks)) {
                    marked(plain, value, marks, redactor);
                }
            }
            map.values().for_each(|value| learn(value, redactor));
        }
        _ => {}
    }
}

/// Learns the parts of a value that are marked.
fn marked(name: &str, value: &Value, marks: &Value, redactor: &Redactor) {
    match (value, marks) {
        (Value::Object(map), Value::Object(marks)) => {
            for (key, marks) in marks {
                if let Some(value) = map.get(key) {
                    marked(key, value, marks, redactor);
                }
            }
        }
        (Value::Array(list), Value::Array(marks)) => {
            for (value, marks) in list.iter().zip(marks) {
                marked(name, value, marks, redactor);
            }
        }
        (_, Value::Bool(true)) => all(name, value, redactor),
        _ => {}
    }
}

/// Learns every text in a value; what is too short or common to be hidden can't be told anyway.
fn all(name: &str, value: &Value, redactor: &Redactor) {
    match value {
        Value::String(text) => {
            let _unfit = redactor.learn(name, text.as_bytes());
        }
        Value::Number(number) => {
            let _unfit = redactor.learn(name, number.to_string().as_bytes());
        }
        Value::Array(list) => list.iter().for_each(|value| all(name, value, redactor)),
        Value::Object(map) => map
            .iter()
            .for_each(|(name, value)| all(name, value, redactor)),
        Value::Null | Value::Bool(_) => {}
    }
}
