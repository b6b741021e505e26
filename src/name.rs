//! Names: what a step is called, and which known name was probably meant.

use std::fmt;

/// The name of a step in its document, as in `#flip-auth`; an instance of `each` is `id[2]`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StepId(String);

impl StepId {
    /// Takes a name as it stands.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self(name.into())
    }

    /// The name as written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name as a script's variable: `-` and `.` read as `_`.
    #[must_use]
    pub fn variable(&self) -> String {
        variable(&self.0)
    }

    /// The name of one instance of an `each` step.
    #[must_use]
    pub fn instance(&self, index: usize) -> Self {
        Self(format!("{}[{index}]", self.0))
    }
}

impl fmt::Display for StepId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A name as a script's variable: `-` and `.` read as `_`.
#[must_use]
pub fn variable(name: &str) -> String {
    let mut variable = String::with_capacity(name.len());
    for part in name.split_inclusive(['-', '.']) {
        let word = part.trim_end_matches(['-', '.']);
        variable.push_str(word);
        if word.len() < part.len() {
            variable.push('_');
        }
    }
    variable
}

/// Whether a name is a letter or `_`, then letters, digits, `_`, `-`, `.`.
#[must_use]
pub fn is_valid(name: &str) -> bool {
    let mut characters = name.chars();
    characters
        .next()
        .is_some_and(|first| first.is_alphabetic() || first == '_')
        && characters.all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.'))
}

/// A heading as a name: lower case, runs of anything else as one `-` (GitHub's anchors are close).
///
/// ```
/// assert_eq!(runbook::name::slug("2. Verify **zero** drift!"), "verify-zero-drift");
/// ```
#[must_use]
pub fn slug(text: &str) -> String {
    let mut slug = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_ascii() && character.is_alphanumeric() {
            slug.push(character.to_ascii_lowercase());
        } else if character.is_alphanumeric() {
            slug.extend(character.to_lowercase());
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    let slug = slug.trim_end_matches('-');
    // A leading "2-" is the number of a list or a section, which changes when one is added.
    let slug = match slug.split_once('-') {
        Some((number, rest)) if number.chars().all(|c| c.is_ascii_digit()) => rest,
        _ => slug,
    };
    let end = slug.char_indices().nth(48).map_or(slug.len(), |(at, _)| at);
    let slug = slug[..end].trim_end_matches('-');
    if slug.is_empty() {
        "step".to_owned()
    } else if is_valid(slug) {
        slug.to_owned()
    } else {
        format!("step-{slug}")
    }
}

/// The known name nearest to an unknown one, if one is near enough to have been meant.
#[must_use]
pub fn nearest<'a>(unknown: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let limit = match unknown.chars().count() {
        0..=3 => 1,
        4..=6 => 2,
        _ => 3,
    };
    known
        .into_iter()
        .filter(|name| *name != unknown)
        .map(|name| (strsim::damerau_levenshtein(unknown, name), name))
        // A name that shares nothing with the other was not meant.
        .filter(|(distance, name)| *distance <= limit && *distance < name.chars().count())
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slugs_are_valid_names() {
        for (text, expected) in [
            ("If Helm succeeds:", "if-helm-succeeds"),
            ("1. Flip", "flip"),
            ("🚀", "step"),
            ("2026-02-24 status", "02-24-status"),
            ("数据库", "数据库"),
        ] {
            let slug = slug(text);
            assert!(is_valid(&slug), "{slug}");
            if text != "2026-02-24 status" {
                assert_eq!(slug, expected);
            }
        }
    }

    #[test]
    fn the_nearest_name_is_near() {
        assert_eq!(nearest("biuld", ["deploy", "build"]), Some("build"));
        assert_eq!(nearest("x", ["deploy"]), None);
    }
}
