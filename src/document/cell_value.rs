//! The value of a value cell.

use super::{Cell, CellKind, Format};
use crate::value::Value;

impl Cell {
    /// The value that a value cell holds; `None` for other cells.
    ///
    /// # Errors
    /// Says why the text is not of its format: one line, without the text.
    pub fn value(&self) -> Option<Result<Value, String>> {
        let CellKind::Value(format) = &self.kind else {
            return None;
        };
        let text = self.body.text.as_str();
        let first = |error: &dyn std::fmt::Display| {
            let message = error.to_string();
            message.lines().next().unwrap_or_default().to_owned()
        };
        Some(match format {
            Format::Json => serde_json::from_str(text).map_err(|error| first(&error)),
            Format::Yaml => {
                let options = serde_saphyr::options! { strict_booleans: true };
                serde_saphyr::from_str_with_options(text, options).map_err(|error| first(&error))
            }
            Format::Toml => toml::from_str(text).map_err(|error| first(&error)),
            Format::Text => Ok(Value::from(text.strip_suffix('\n').unwrap_or(text))),
        })
    }
}
