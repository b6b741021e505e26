//! Values of inputs and of value cells, and the types that an input can have.

use std::time::Duration;

/// A value: null, boolean, number, text, list or map.
pub type Value = serde_json::Value;

/// The type of an input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InputKind {
    /// Any text.
    String,
    /// A whole number of 64 bits.
    Integer,
    /// `true` or `false`.
    Boolean,
    /// A length of time, as in `90s`, `5m`, `1h30m`.
    Duration,
    /// A path; relative ones are from the operator's directory.
    Path,
    /// One of some texts.
    Choice(Vec<String>),
}

impl InputKind {
    /// The word of front matter.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::String => "string",
            Self::Integer => "integer",
            Self::Boolean => "boolean",
            Self::Duration => "duration",
            Self::Path => "path",
            Self::Choice(_) => "choice",
        }
    }

    /// Reads a value of this type from what the operator typed.
    ///
    /// # Errors
    /// Says what was expected, as in "expected a whole number"; never repeats the text, which
    /// may be secret.
    pub fn parse(&self, text: &str) -> Result<Value, String> {
        match self {
            Self::String | Self::Path => Ok(Value::from(text)),
            Self::Integer => text
                .trim()
                .parse::<i64>()
                .map(Value::from)
                .map_err(|_| "expected a whole number, as in `34`".to_owned()),
            Self::Boolean => match text.trim() {
                "true" | "yes" | "on" | "1" => Ok(Value::from(true)),
                "false" | "no" | "off" | "0" => Ok(Value::from(false)),
                _ => Err("expected `true` or `false`".to_owned()),
            },
            Self::Duration => parse_duration(text).map(|_| Value::from(text.trim())),
            Self::Choice(choices) => {
                if choices.iter().any(|choice| choice == text) {
                    Ok(Value::from(text))
                } else {
                    Err(format!(
                        "expected one of {}",
                        crate::diagnostic::list_and(choices)
                    ))
                }
            }
        }
    }
}

/// Reads a length of time: `250ms`, `90s`, `5m`, `1h30m`, `2d`, or seconds without a unit.
///
/// # Errors
/// Says what a length of time looks like.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    const EXPECTED: &str = "expected a length of time, as in `90s`, `5m` or `1h30m`";
    let text = text.trim();
    if text.is_empty() {
        return Err(EXPECTED.to_owned());
    }
    let mut total = Duration::ZERO;
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest
            .find(|c: char| !c.is_ascii_digit() && c != '.')
            .unwrap_or(rest.len());
        let number: f64 = rest[..digits].parse().map_err(|_| EXPECTED.to_owned())?;
        rest = &rest[digits..];
        let letters = rest
            .find(|c: char| c.is_ascii_digit() || c == '.')
            .unwrap_or(rest.len());
        let seconds = match rest[..letters].trim() {
            "ms" => 0.001,
            "" if digits == text.len() => 1.0,
            "s" => 1.0,
            "m" => 60.0,
            "h" => 3600.0,
            "d" => 86400.0,
            _ => return Err(EXPECTED.to_owned()),
        };
        let part =
            Duration::try_from_secs_f64(number * seconds).map_err(|_| EXPECTED.to_owned())?;
        total = total.checked_add(part).ok_or_else(|| EXPECTED.to_owned())?;
        rest = rest[letters..].trim_start();
    }
    Ok(total)
}

/// A length of time for people: `0.31s`, `12s`, `4m 05s`, `1h 02m`.
#[must_use]
pub fn show_duration(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match seconds {
        0..10 => format!("{:.2}s", duration.as_secs_f64()),
        10..60 => format!("{:.1}s", duration.as_secs_f64()),
        60..3600 => format!("{}m {:02}s", seconds / 60, seconds % 60),
        _ => format!("{}h {:02}m", seconds / 3600, seconds % 3600 / 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_and_refuse() {
        for (text, millis) in [
            ("90s", 90_000),
            ("5m", 300_000),
            ("1h30m", 5_400_000),
            ("250ms", 250),
            ("0.5s", 500),
            ("7", 7_000),
            ("1h 5m", 3_900_000),
        ] {
            assert_eq!(
                parse_duration(text),
                Ok(Duration::from_millis(millis)),
                "{text}"
            );
        }
        for text in [
            "",
            "x",
            "5 minutes",
            "5m3",
            "-1s",
            "1e400s",
            "99999999999999999999d",
        ] {
            assert!(parse_duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn inputs_have_types() {
        assert_eq!(InputKind::Integer.parse("34"), Ok(Value::from(34)));
        assert!(InputKind::Integer.parse("x").is_err());
        assert!(InputKind::Choice(vec!["a".into()]).parse("b").is_err());
        assert_eq!(InputKind::Boolean.parse("true"), Ok(Value::from(true)));
    }
}
