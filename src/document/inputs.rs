//! `inputs` of the front matter: names, types, defaults.

use std::collections::HashMap;

use super::Input;
use super::attributes::choice;
use super::front_matter::Reader;
use super::yaml::{Content, Node};
use crate::diagnostic::{Code, Diagnostic};
use crate::name;
use crate::source::{Span, Spanned};
use crate::value::InputKind;

const SECRET_DEFAULT: Code = Code("RB0410");
const BAD_DEFAULT: Code = Code("RB0411");
const BAD_INPUT: Code = Code("RB0412");

const KEYS: [&str; 7] = [
    "type",
    "default",
    "description",
    "secret",
    "pattern",
    "choices",
    "required",
];
const TYPES: [&str; 6] = ["string", "integer", "boolean", "duration", "path", "choice"];

/// Reads the map of inputs.
pub(super) fn read(reader: &mut Reader<'_>, node: &Node) -> Vec<Input> {
    let wanted = "a map, as in `{namespace: {type: string, default: prod}}`";
    let mut inputs: Vec<Input> = Vec::new();
    let mut variables: HashMap<String, Span> = HashMap::new();
    for (name, value) in reader.entries("inputs", node, wanted) {
        if !name::is_valid(&name.value) {
            reader.diagnostics.push(
                Diagnostic::error(
                    BAD_INPUT,
                    name.span,
                    format!("`{}` is not a name", name.value),
                )
                .help("a name is a letter, then letters, digits, `-`, `_` or `.`"),
            );
            continue;
        }
        if let Some(before) = variables.insert(name::variable(&name.value), name.span) {
            reader.diagnostics.push(
                Diagnostic::error(
                    BAD_INPUT,
                    name.span,
                    format!("`{}` is the same variable as another input", name.value),
                )
                .label(before, "first here")
                .help("rename one of them: `-` and `.` read as `_`"),
            );
            continue;
        }
        inputs.push(input(reader, name, value));
    }
    inputs
}

fn input(reader: &mut Reader<'_>, name: Spanned<String>, node: &Node) -> Input {
    let mut input = Input {
        name,
        kind: InputKind::String,
        default: None,
        description: None,
        secret: false,
        pattern: None,
        placeholder: false,
    };
    let mut kind: Option<Node> = None;
    let mut default = None;
    let mut choices = None;
    let mut optional = None;
    let mut pattern = None;
    match &node.content {
        Content::Null => return input,
        // `name: string`
        Content::Text(_) => kind = Some(node.clone()),
        _ => {
            let wanted = "a type, or a map as in `{type: string}`";
            let label = input.name.value.clone();
            for (key, value) in reader.entries(&label, node, wanted) {
                match key.value.as_str() {
                    "type" => kind = Some(value.clone()),
                    "default" => default = Some((key.span, value)),
                    "description" => input.description = reader.scalar(value),
                    "secret" => input.secret = boolean(reader, "secret", value),
                    "pattern" => pattern = Some(value),
                    "choices" => choices = Some(value),
                    "required" => {
                        optional = (!boolean(reader, "required", value)).then_some(key.span);
                    }
                    _ => reader.unknown(&key, &KEYS),
                }
            }
        }
    }
    input.kind = kind_of(reader, kind.as_ref(), choices);
    if let Some(node) = pattern {
        input.pattern = self::pattern(reader, node);
    }
    if let Some((key, node)) = default {
        if input.secret && !matches!(node.content, Content::Null) {
            reader.diagnostics.push(
                Diagnostic::warning(
                    SECRET_DEFAULT,
                    key,
                    format!("the secret `{}` stands in the document", input.name.value),
                )
                .help(format!(
                    "remove `default`, and give it as `RUNBOOK_INPUT_{}` or when asked",
                    name::variable(&input.name.value).to_uppercase()
                )),
            );
        }
        set_default(reader, &mut input, node);
    } else if let Some(span) = optional {
        reader.diagnostics.push(
            Diagnostic::error(
                BAD_DEFAULT,
                span,
                format!("`{}` is not required and has no default", input.name.value),
            )
            .help("add `default`, which may be `\"\"`"),
        );
    }
    input
}

fn boolean(reader: &mut Reader<'_>, name: &str, node: &Node) -> bool {
    if let Content::Boolean(value) = node.content {
        value
    } else {
        reader.wrong(name, node, "`true` or `false`");
        // Of two mistakes the one that shows a secret is worse.
        true
    }
}

fn kind_of(reader: &mut Reader<'_>, kind: Option<&Node>, choices: Option<&Node>) -> InputKind {
    let list = match choices.map(|node| (node, &node.content)) {
        Some((_, Content::List(list))) => list
            .iter()
            .filter_map(|item| reader.spanned("choices", item).map(|text| text.value))
            .collect(),
        Some((node, _)) => {
            reader.wrong("choices", node, "a list, as in `[blue, green]`");
            Vec::new()
        }
        None => Vec::new(),
    };
    let Some(kind) = kind else {
        return match choices {
            Some(_) => InputKind::Choice(list),
            None => InputKind::String,
        };
    };
    let word = reader.scalar(kind).unwrap_or_default();
    match word.as_str() {
        "string" if choices.is_some() => InputKind::Choice(list),
        "string" => InputKind::String,
        "integer" => InputKind::Integer,
        "boolean" => InputKind::Boolean,
        "duration" => InputKind::Duration,
        "path" => InputKind::Path,
        "choice" => {
            if choices.is_none() {
                reader.bad(
                    "type",
                    kind,
                    "add the texts to choose from, as in `choices: [blue, green]`".to_owned(),
                );
            }
            InputKind::Choice(list)
        }
        _ => {
            // The words of other languages are further off than a slip of the finger.
            let meant = match word.to_lowercase().as_str() {
                "int" | "number" | "int64" | "long" => Some("integer"),
                "bool" => Some("boolean"),
                "str" | "text" | "secret" | "password" => Some("string"),
                "enum" | "select" | "options" => Some("choice"),
                "file" | "directory" | "dir" => Some("path"),
                "time" | "interval" => Some("duration"),
                _ => None,
            };
            let help = meant.map_or_else(
                || choice(&word, &TYPES),
                |meant| format!("did you mean `{meant}`?"),
            );
            reader.bad("type", kind, help);
            InputKind::String
        }
    }
}

fn pattern(reader: &mut Reader<'_>, node: &Node) -> Option<String> {
    let text = reader.spanned("pattern", node)?.value;
    match regex::Regex::new(&text) {
        Ok(_) => Some(text),
        Err(error) => {
            let why = error.to_string();
            let why = why
                .lines()
                .last()
                .unwrap_or_default()
                .trim_start_matches("error: ");
            reader.bad(
                "pattern",
                node,
                format!("expected a regular expression: {why}"),
            );
            None
        }
    }
}

fn set_default(reader: &mut Reader<'_>, input: &mut Input, node: &Node) {
    let text = match &node.content {
        Content::Null => return,
        _ => match reader.spanned("default", node) {
            Some(text) => text,
            None => return,
        },
    };
    let mut refuse = |help: String| {
        let (shown, help) = if input.secret {
            // A choice's or a pattern's message never repeats the text; neither does this.
            ("the default of a secret is wrong".to_owned(), help)
        } else {
            (
                format!("`{}` can't default to `{}`", input.name.value, text.value),
                help,
            )
        };
        reader
            .diagnostics
            .push(Diagnostic::error(BAD_DEFAULT, text.span, shown).help(help));
    };
    match input.kind.parse(&text.value) {
        Err(help) => refuse(help),
        Ok(value) => {
            let whole = input
                .pattern
                .as_ref()
                .map(|pattern| format!("^(?:{pattern})$"));
            let fits = whole
                .and_then(|pattern| regex::Regex::new(&pattern).ok())
                .is_none_or(|pattern| pattern.is_match(&text.value));
            if fits {
                input.default = Some(value);
            } else {
                refuse("it must match `pattern` as a whole".to_owned());
            }
        }
    }
}
