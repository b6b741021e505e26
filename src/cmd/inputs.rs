//! Values for a runbook's inputs: from the command line, a file, the environment, the operator.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use runbook::credentials::Environment;
use runbook::document::{Document, Input};
use runbook::plan::{Given, Origin};
use runbook::value::{InputKind, Value};

use super::args;
use super::failure::{Failure, Kind};
use super::keyboard::{Keyboard, Typed};
use super::page::text_of;
use super::surroundings::Surroundings;

/// How often a wrong answer is asked for again.
const ATTEMPTS: usize = 3;

/// Gathers what was given for inputs: `--input` wins over `--input-file` over the environment.
///
/// # Errors
/// Where something given can't be read.
pub(crate) fn given(
    args: &args::Inputs,
    document: &Document,
    surroundings: &Surroundings,
) -> Result<Vec<Given>, Failure> {
    let mut given = BTreeMap::new();
    let mut give = |name: String, text: String, origin: Origin| {
        given.insert(name.clone(), Given { name, text, origin });
    };
    for input in &document.front_matter.inputs {
        let name = &input.name.value;
        let Some(value) = surroundings.environment.get(variable(name)) else {
            continue;
        };
        let text = value.to_str().ok_or_else(|| {
            Failure::wrong(format!(
                "`{}` in the environment is not UTF-8",
                variable(name)
            ))
        })?;
        give(name.clone(), text.to_owned(), Origin::Environment);
    }
    if let Some(path) = &args.file {
        for (name, text) in file(path, surroundings)? {
            give(name, text, Origin::File);
        }
    }
    let mut seen = BTreeSet::new();
    for (index, value) in args.values.iter().enumerate() {
        // The text may be a secret's, so it is never repeated.
        let Some((name, text)) = value.split_once('=').filter(|(name, _)| !name.is_empty()) else {
            return Err(Failure::wrong(format!(
                "the {} `--input` is not `NAME=VALUE`",
                ordinal(index + 1)
            ))
            .help("write it as in `--input release=web`"));
        };
        let name = name.trim();
        if !seen.insert(name) {
            return Err(
                Failure::wrong(format!("the input `{name}` is given twice by `--input`"))
                    .help("give it once: which of the two is meant can't be told"),
            );
        }
        give(name.to_owned(), text.to_owned(), Origin::Argument);
    }
    Ok(given.into_values().collect())
}

/// The environment variable that gives an input its value.
pub(crate) fn variable(input: &str) -> String {
    format!(
        "RUNBOOK_INPUT_{}",
        runbook::name::variable(input).to_uppercase()
    )
}

/// Takes the variables that give inputs out of what steps see: they may hold secrets.
pub(crate) fn hide(environment: &mut Environment) {
    let names: Vec<_> = environment
        .iter()
        .map(|(name, _)| name.to_owned())
        .filter(|name| name.as_encoded_bytes().starts_with(b"RUNBOOK_INPUT_"))
        .collect();
    for name in names {
        environment.remove(name);
    }
}

/// Asks the operator for inputs without a value.
///
/// # Errors
/// Where the operator ends it, or gives no answer that will do.
pub(crate) async fn ask(missing: &[Input], keyboard: &Keyboard) -> Result<Vec<Given>, Failure> {
    let mut given = Vec::new();
    for input in missing {
        let name = &input.name.value;
        let text = ask_one(input, keyboard).await?.ok_or_else(|| {
            Failure::refused(format!(
                "there is no value for the input `{name}`; nothing ran"
            ))
        })?;
        given.push(Given {
            name: name.clone(),
            text,
            origin: Origin::Prompt,
        });
    }
    Ok(given)
}

async fn ask_one(input: &Input, keyboard: &Keyboard) -> Result<Option<String>, Failure> {
    let mut prompt = input.name.value.clone();
    if let Some(description) = &input.description {
        prompt.extend([" · ", description.as_str()]);
    }
    match &input.kind {
        InputKind::String | InputKind::Path => {}
        InputKind::Choice(choices) => prompt.extend([" (", choices.join(", ").as_str(), ")"]),
        kind => prompt.extend([" (", kind.word(), ")"]),
    }
    prompt.push_str(": ");
    for _ in 0..ATTEMPTS {
        keyboard.show(&prompt)?;
        let text = match keyboard.line(input.secret).await? {
            Typed::Line(text) => text,
            Typed::End => return Ok(None),
            Typed::Ended(number) => {
                keyboard.show("\n")?;
                return Err(Failure::said(Kind::Signal(number)));
            }
        };
        match input.kind.parse(&text) {
            _ if text.is_empty() => keyboard.show("a value is needed\n")?,
            Ok(_) => return Ok(Some(text)),
            Err(expected) => keyboard.show(&format!("{expected}\n"))?,
        }
    }
    Ok(None)
}

/// Says which inputs have no value and how to give them one.
pub(crate) fn missing(missing: &[Input]) -> Failure {
    let names: Vec<&str> = missing
        .iter()
        .map(|input| input.name.value.as_str())
        .collect();
    let mut failure = Failure::refused(format!(
        "there is no value for the {} {}; nothing ran",
        if names.len() == 1 { "input" } else { "inputs" },
        runbook::diagnostic::list_and(&names)
    ));
    for input in missing {
        let name = &input.name.value;
        failure = failure.help(if input.secret {
            format!(
                "`{name}` is secret: set `{}` or name a file with `--input-file`",
                variable(name)
            )
        } else {
            format!("give it with `--input {name}=…` or `{}=…`", variable(name))
        });
    }
    failure
}

/// Reads a file of inputs by its ending. What is in it may be secret: errors say where, not what.
fn file(path: &Path, surroundings: &Surroundings) -> Result<BTreeMap<String, String>, Failure> {
    let text = text_of(&surroundings.directory, path)?;
    let shown = path.display();
    let wrong = |what: &str| {
        Failure::wrong(format!(
            "`{shown}` is not a map of inputs to values: {what}"
        ))
        .help("write one `name: value` per input; lists and maps can't be inputs")
    };
    let values: BTreeMap<String, Value> = match path.extension().and_then(|end| end.to_str()) {
        // Read as texts, so that `007` stays what it is.
        Some("yaml" | "yml") => {
            return serde_saphyr::from_str(&text).map_err(|error| {
                wrong(&error.location().map_or_else(
                    || "it is not YAML of that shape".to_owned(),
                    |place| format!("see line {}", place.line()),
                ))
            });
        }
        Some("toml") => toml::from_str(&text).map_err(|error| {
            let line = error.span().map_or(1, |span| {
                text.bytes()
                    .take(span.start)
                    .filter(|byte| *byte == b'\n')
                    .count()
                    + 1
            });
            wrong(&format!("see line {line}"))
        })?,
        Some("json") => serde_json::from_str(&text)
            .map_err(|error| wrong(&format!("see line {}", error.line())))?,
        _ => {
            return Err(Failure::wrong(format!(
                "the kind of `{shown}` is not known by its ending"
            ))
            .help("name it .yaml, .toml or .json"));
        }
    };
    values
        .into_iter()
        .map(|(name, value)| match value {
            Value::String(text) => Ok((name, text)),
            Value::Bool(_) | Value::Number(_) => {
                let text = value.to_string();
                Ok((name, text))
            }
            Value::Null | Value::Array(_) | Value::Object(_) => {
                Err(wrong(&format!("`{name}` is no text, number or boolean")))
            }
        })
        .collect()
}

fn ordinal(number: usize) -> String {
    match number {
        1 => "first".to_owned(),
        2 => "second".to_owned(),
        3 => "third".to_owned(),
        _ => format!("{number}th"),
    }
}
