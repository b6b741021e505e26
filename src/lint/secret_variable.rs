//! The shell variables that hold secret inputs: `env` of the front matter, `export X=${{ s }}`.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::Shell;
use super::commands::is_assignment;
use super::secret_argument::{secret_of, secrets};
use super::unquoted::expansions;
use crate::document::Document;
use crate::quote::{Context, contexts};

/// The variables that hold secrets, each with the input.
pub(super) type Holders = BTreeMap<String, String>;

/// The variables of a document that hold its secret inputs.
pub(super) fn holders<'s, 'd: 's>(
    document: &Document,
    shells: impl Iterator<Item = &'s Shell<'d>>,
) -> Holders {
    let secrets = secrets(document);
    let mut holders = Holders::new();
    if secrets.is_empty() {
        return holders;
    }
    for (name, text) in &document.front_matter.env {
        if let Some(secret) = held(&text.text, &secrets) {
            holders.insert(name.clone(), secret.to_owned());
        }
    }
    for shell in shells.filter(|shell| !shell.values.is_empty()) {
        let words = shell.commands().iter().flat_map(|command| &command.words);
        for word in words.filter(|word| is_assignment(&word.text)) {
            let mut values = shell.values_in(&word.range).iter();
            let secret = values.find_map(|(_, value)| secret_of(value, &secrets));
            if let (Some((name, _)), Some(secret)) = (word.text.split_once('='), secret) {
                holders.insert(name.to_owned(), secret.to_owned());
            }
        }
    }
    holders
}

/// The secret that a text of `env` is: all of it, for of `db_${{ host }}` nobody can say.
fn held<'a>(text: &str, secrets: &[&'a str]) -> Option<&'a str> {
    let (_, rest) = text.split_once("${{")?;
    let (code, _) = rest.split_once("}}")?;
    let code = code.trim();
    secrets
        .iter()
        .find(|secret| code == **secret || code == crate::name::variable(secret))
        .copied()
}

/// The places where the shell itself puts such a variable's value, each with the input.
pub(super) fn places<'a>(shell: &Shell<'_>, holders: &'a Holders) -> Vec<(Range<usize>, &'a str)> {
    if holders.is_empty() {
        return Vec::new();
    }
    let text = shell.text.text.as_str();
    let names: BTreeSet<String> = holders.keys().cloned().collect();
    let places = expansions(text, &names);
    let contexts = contexts(shell.dialect, text, &places);
    places
        .into_iter()
        .zip(contexts)
        .filter(|(_, context)| matches!(context, Context::Bare | Context::Double))
        .filter_map(|(place, _)| {
            let name = text.get(place.clone())?.trim_matches(['$', '{', '}']);
            Some((place, holders.get(name)?.as_str()))
        })
        .collect()
}
