//! Texts: regular expressions, and what Rhai does in place where anybody expects a value.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use regex::{Captures, Regex};
use rhai::{Array, Dynamic, ImmutableString as Text, Module};

use super::{Given, function};

/// How many patterns are kept compiled.
const KEPT: usize = 256;

pub(super) fn add(module: &mut Module) {
    valued(module);
    let patterns = Arc::new(Patterns::default());
    let known = Arc::clone(&patterns);
    function(
        module,
        "matches",
        move |text: Text, pattern: Text| -> Given<bool> {
            Ok(known.get(&pattern)?.is_match(&text))
        },
    );
    let known = Arc::clone(&patterns);
    function(
        module,
        "find",
        move |text: Text, pattern: Text| -> Given<Dynamic> {
            let found = known
                .get(&pattern)?
                .captures(&text)
                .map(|found| taken(&found));
            Ok(found.unwrap_or(Dynamic::UNIT))
        },
    );
    let known = Arc::clone(&patterns);
    function(
        module,
        "find_all",
        move |text: Text, pattern: Text| -> Given<Array> {
            let pattern = known.get(&pattern)?;
            Ok(pattern
                .captures_iter(&text)
                .map(|found| taken(&found))
                .collect())
        },
    );
    function(
        module,
        "replace_regex",
        move |text: Text, pattern: Text, with: Text| -> Given<String> {
            let pattern = patterns.get(&pattern)?;
            Ok(pattern.replace_all(&text, with.as_str()).into_owned())
        },
    );
}

/// Rhai's `trim` and `replace` change a text in place and give nothing, so that
/// `x.trim() == "a"` never holds; ours give the new text and leave the old one as it was.
fn valued(module: &mut Module) {
    function(module, "trim", |text: Text| text.trim().to_owned());
    function(module, "replace", |text: Text, part: Text, with: Text| {
        text.replace(part.as_str(), &with)
    });
    function(module, "replace", |text: Text, part: Text, with: char| {
        text.replace(part.as_str(), with.encode_utf8(&mut [0; 4]))
    });
    function(module, "replace", |text: Text, part: char, with: Text| {
        text.replace(part, &with)
    });
    function(module, "replace", |text: Text, part: char, with: char| {
        text.replace(part, with.encode_utf8(&mut [0; 4]))
    });
}

/// A match: its text, or the texts of its groups where the pattern has some.
fn taken(found: &Captures) -> Dynamic {
    let text = |group: Option<regex::Match>| {
        group.map_or(Dynamic::UNIT, |found| {
            Dynamic::from(found.as_str().to_owned())
        })
    };
    if found.len() > 1 {
        found.iter().skip(1).map(text).collect::<Array>().into()
    } else {
        text(found.get(0))
    }
}

/// Compiled patterns by their text.
#[derive(Default)]
struct Patterns(Mutex<HashMap<String, Regex>>);

impl Patterns {
    fn get(&self, pattern: &str) -> Given<Regex> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(regex) = known.get(pattern) {
            return Ok(regex.clone());
        }
        let regex = Regex::new(pattern).map_err(|error| wrong(pattern, &error))?;
        if known.len() >= KEPT {
            known.clear();
        }
        known.insert(pattern.to_owned(), regex.clone());
        Ok(regex)
    }
}

/// Says on one line what is wrong with a pattern, and where.
fn wrong(pattern: &str, error: &regex::Error) -> String {
    let text = error.to_string();
    // The message draws the pattern with carets under the part that is wrong.
    let marked = text
        .lines()
        .zip(text.lines().skip(1))
        .find_map(|(line, carets)| {
            let start = carets.find('^')?;
            let length = carets.trim().len();
            (carets.trim().chars().all(|c| c == '^'))
                .then(|| line.chars().skip(start).take(length).collect::<String>())
        });
    let reason = text
        .lines()
        .last()
        .map(|line| line.trim().trim_start_matches("error: "))
        .unwrap_or_default();
    match marked.filter(|part| !part.is_empty() && part != pattern) {
        Some(part) => format!("the pattern `{pattern}` is wrong at `{part}`: {reason}"),
        None => format!("the pattern `{pattern}` is wrong: {reason}"),
    }
}
