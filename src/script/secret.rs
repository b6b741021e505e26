//! Values that scripts pass on but never show, and text that interpolation does not quote.

use std::fmt;
use std::sync::Arc;

use crate::name::nearest;
use crate::value::Value;

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

    /// A field of the JSON object that this is, as secret as it; its name is `NAME.FIELD`.
    ///
    /// Of a secret that a recording has only the mask of, the field is a mask too.
    ///
    /// # Errors
    /// Where it is no JSON object, or has no such field.
    ///
    /// # Examples
    /// ```
    /// use runbook::script::Secret;
    ///
    /// let secret = Secret::new("rds!db-1", r#"{"password": "correct-horse"}"#);
    /// let password = secret.field("password").unwrap();
    /// assert_eq!(password.reveal(), "correct-horse");
    /// assert_eq!(password.to_string(), "«secret:rds!db-1.password»");
    /// ```
    pub fn field(&self, field: &str) -> Result<Self, String> {
        if is_mask(&self.value) {
            let name = format!("{}.{field}", self.name);
            let mask = format!("«secret:{name}»");
            return Ok(Self::new(name, mask));
        }
        let Ok(Value::Object(fields)) = serde_json::from_str(&self.value) else {
            return Err(format!(
                "the secret `{}` is not a JSON object, so it has no field `{field}`",
                self.name
            ));
        };
        let text = match fields.get(field) {
            Some(Value::String(text)) => text.clone(),
            Some(value) => value.to_string(),
            None => {
                let near = nearest(field, fields.keys().map(String::as_str));
                return Err(format!(
                    "the secret `{}` has no field `{field}`{}",
                    self.name,
                    near.map(|near| format!("; did you mean `{near}`?"))
                        .unwrap_or_default()
                ));
            }
        };
        Ok(Self::new(format!("{}.{field}", self.name), text))
    }

    /// A longer text around this one, as secret as it.
    pub(super) fn joined(&self, before: &str, after: &str) -> Self {
        Self::new(
            Arc::clone(&self.name),
            format!("{before}{}{after}", self.value),
        )
    }
}

/// Whether a text is nothing but what stands in a recording in the place of a secret.
fn is_mask(text: &str) -> bool {
    let name = text
        .strip_prefix("«secret:")
        .and_then(|text| text.strip_suffix('»'));
    name.is_some_and(|name| !name.contains(['«', '»']))
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
