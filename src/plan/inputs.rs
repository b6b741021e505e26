//! Inputs and their values.

use std::collections::{BTreeMap, HashMap};

use super::{Binding, Given, Origin};
use crate::document::{Document, Input};
use crate::name::{nearest, variable};
use crate::value::{InputKind, Value};

/// The inputs that have neither a default nor a given value, in the order of the document.
#[must_use]
pub fn missing<'a>(document: &'a Document, given: &[Given]) -> Vec<&'a Input> {
    let found = Lookup::of(document);
    let named: Vec<usize> = given
        .iter()
        .filter_map(|given| found.input(given))
        .collect();
    document
        .front_matter
        .inputs
        .iter()
        .enumerate()
        .filter(|(at, input)| input.default.is_none() && !named.contains(at))
        .map(|(_, input)| input)
        .collect()
}

/// Gives each input its value; what is wrong with the given ones is added to `wrong`.
pub(super) fn bind(
    document: &Document,
    given: &[Given],
    wrong: &mut Vec<String>,
) -> BTreeMap<String, Binding> {
    let lookup = Lookup::of(document);
    let inputs = &document.front_matter.inputs;
    // The strongest value of each input; of equally strong ones the last.
    let mut chosen: BTreeMap<usize, &Given> = BTreeMap::new();
    for given in given {
        let Some(at) = lookup.input(given) else {
            // The environment may hold inputs of other runbooks.
            if given.origin != Origin::Environment {
                wrong.push(unknown(given, inputs));
            }
            continue;
        };
        if inputs[at].secret && given.origin == Origin::Argument {
            let name = &inputs[at].name.value;
            wrong.push(format!(
                "input `{name}` is secret: secret inputs come from {}, --input-file or a prompt, \
                 never from the command line",
                environment_name(name)
            ));
            continue;
        }
        let best = chosen.entry(at).or_insert(given);
        if strength(given.origin) >= strength(best.origin) {
            *best = given;
        }
    }
    let mut bound = BTreeMap::new();
    for (at, input) in inputs.iter().enumerate() {
        let value = match chosen.get(&at) {
            Some(given) => match value(input, given) {
                Ok(value) => Some((value, given.origin)),
                Err(message) => {
                    wrong.push(message);
                    None
                }
            },
            None => input.default.clone().map(|value| (value, Origin::Default)),
        };
        if let Some((value, origin)) = value {
            let secret = input.secret;
            bound.insert(
                input.name.value.clone(),
                Binding {
                    value,
                    secret,
                    origin,
                },
            );
        }
    }
    bound
}

/// The variable of the environment that holds an input.
fn environment_name(input: &str) -> String {
    format!("RUNBOOK_INPUT_{}", variable(input).to_uppercase())
}

const fn strength(origin: Origin) -> u8 {
    match origin {
        Origin::Default => 0,
        Origin::Environment => 1,
        Origin::Earlier => 2,
        Origin::File => 3,
        Origin::Argument => 4,
        Origin::Prompt => 5,
    }
}

/// Inputs by their names.
struct Lookup<'a> {
    exact: HashMap<&'a str, usize>,
    /// `prev-revision` is `prev_revision` too, as in scripts.
    variables: HashMap<String, usize>,
    /// As in the environment.
    upper: HashMap<String, usize>,
}

impl<'a> Lookup<'a> {
    fn of(document: &'a Document) -> Self {
        let inputs = &document.front_matter.inputs;
        let names = || {
            inputs
                .iter()
                .map(|input| input.name.value.as_str())
                .enumerate()
        };
        Self {
            exact: names().map(|(at, name)| (name, at)).collect(),
            variables: names().map(|(at, name)| (variable(name), at)).collect(),
            upper: names()
                .map(|(at, name)| (variable(name).to_uppercase(), at))
                .collect(),
        }
    }

    fn input(&self, given: &Given) -> Option<usize> {
        let name = given.name.as_str();
        let loose = || {
            (given.origin == Origin::Environment)
                .then(|| self.upper.get(&variable(name).to_uppercase()))
                .flatten()
        };
        self.exact
            .get(name)
            .or_else(|| self.variables.get(&variable(name)))
            .or_else(loose)
            .copied()
    }
}

fn unknown(given: &Given, inputs: &[Input]) -> String {
    let names: Vec<&str> = inputs
        .iter()
        .map(|input| input.name.value.as_str())
        .collect();
    let help = match nearest(&given.name, names.iter().copied()) {
        Some(near) => format!("; did you mean `{near}`?"),
        None if names.is_empty() => "; this runbook has no inputs".to_owned(),
        None => format!("; there are {}", crate::diagnostic::list_and(&names)),
    };
    format!("no input is called `{}`{help}", given.name)
}

/// The value of a given text. No message repeats the text, which may be secret.
fn value(input: &Input, given: &Given) -> Result<Value, String> {
    let name = &input.name.value;
    let origin = match given.origin {
        Origin::Environment => format!(" (from {})", environment_name(name)),
        Origin::File => " (from --input-file)".to_owned(),
        Origin::Default | Origin::Earlier | Origin::Argument | Origin::Prompt => String::new(),
    };
    let value = input.kind.parse(&given.text).map_err(|expected| {
        let near = match &input.kind {
            InputKind::Choice(choices) if !input.secret => {
                nearest(&given.text, choices.iter().map(String::as_str))
            }
            _ => None,
        };
        let near = near.map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
        format!("input `{name}`{origin}: {expected}{near}")
    })?;
    if let Some(pattern) = &input.pattern {
        let whole = regex::Regex::new(&format!(r"\A(?:{pattern})\z"))
            .map_err(|_| format!("input `{name}`: its pattern is no regular expression"))?;
        if !whole.is_match(&given.text) {
            return Err(format!(
                "input `{name}`{origin}: expected a text that matches `{pattern}` as a whole"
            ));
        }
    }
    Ok(value)
}
