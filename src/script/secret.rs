//! Values that scripts pass on but never show, and text that interpolation does not quote.

use std::fmt;
use std::sync::Arc;

/// A secret text; printed, joined and converted it is only its name.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret {
    name: Arc<str>,
    value: Arc<str>,
}

impl Secret {
    /// Names a secret text.
    #[must_use]
    pub fn new(name: impl Into<Arc<str>>, value: impl Into<Arc<str>>) -> Self {
        Self {
            name: name.into(),
            value: value.into(),
        }
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The text itself, for a child's environment or standard input.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.value
    }

    /// A longer text around this one, as secret as it.
    pub(super) fn joined(&self, before: &str, after: &str) -> Self {
        Self::new(
            Arc::clone(&self.name),
            format!("{before}{}{after}", self.value),
        )
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "«secret:{}»", self.name)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A text that interpolation inserts as it stands: `raw(x)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Raw(pub String);
