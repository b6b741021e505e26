//! From the engine's errors to failures in plain words, placed in the document.

use std::any::type_name;

use rhai::{Dynamic, EvalAltResult, ImmutableString, LexError, Map, ParseErrorType, Position};

use super::engine::vocabulary;
use super::notebook::ANONYMOUS;
use super::result::Held;
use super::secret::{Raw, Secret};
use super::session::Session;
use super::shape::{show, to_text};
use super::{Failure, FailureKind};
use crate::language::engine as limits;
use crate::name::nearest;

/// The failure that an error of the engine stands for.
pub(super) fn failure(error: EvalAltResult, session: &Session) -> Failure {
    // What ended the code for good was put aside, as the engine's error can't carry it.
    if let Some(failure) = session.take_end() {
        return failure;
    }
    let mut trail = Trail::default();
    let error = trail.follow(error);
    let kind = kind(&error);
    let (thrown, rest) = thrown(&error).unzip();
    let message = thrown.unwrap_or_else(|| one_line(&message(error, session, &trail)));
    let span = trail
        .positions
        .iter()
        .rev()
        .find_map(|position| session.word(*position));
    Failure {
        kind,
        message,
        rest,
        span,
        check: None,
    }
}

/// The first line of a thrown text that has several, and the others without what indents them all.
fn thrown(error: &EvalAltResult) -> Option<(String, String)> {
    let EvalAltResult::ErrorRuntime(value, _) = error else {
        return None;
    };
    let text = value.read_lock::<ImmutableString>()?;
    let (first, rest) = text.trim().split_once('\n')?;
    let margin = |line: &str| line.len() - line.trim_start().len();
    let lines = || rest.lines().filter(|line| !line.trim().is_empty());
    let shared = lines().map(margin).min().unwrap_or(0);
    let rest: Vec<&str> = lines()
        .map(|line| line.get(shared..).unwrap_or(line).trim_end())
        .collect();
    Some((first.trim().to_owned(), rest.join("\n")))
}

/// The way from the outermost call to the error.
#[derive(Default)]
struct Trail {
    positions: Vec<Position>,
    /// Whether the error happened in a function that a script defines.
    in_function: bool,
}

impl Trail {
    fn follow(&mut self, mut error: EvalAltResult) -> EvalAltResult {
        loop {
            self.positions.push(error.position());
            match error {
                EvalAltResult::ErrorInFunctionCall(name, _, inner, _) => {
                    self.in_function |= !name.contains(ANONYMOUS);
                    error = *inner;
                }
                EvalAltResult::ErrorInModule(_, inner, _) => error = *inner,
                error => return error,
            }
        }
    }
}

/// The innermost error, its own message in plain words; for errors that a caller puts into
/// another sentence.
pub(super) fn reason(error: EvalAltResult, session: &Session) -> String {
    let mut trail = Trail::default();
    let error = trail.follow(error);
    one_line(&message(error, session, &trail))
}

fn kind(error: &EvalAltResult) -> FailureKind {
    match error {
        EvalAltResult::ErrorTooManyOperations(_)
        | EvalAltResult::ErrorTooManyVariables(_)
        | EvalAltResult::ErrorTooManyModules(_)
        | EvalAltResult::ErrorStackOverflow(_)
        | EvalAltResult::ErrorDataTooLarge(..) => FailureKind::Limit,
        EvalAltResult::ErrorParsing(
            ParseErrorType::ExprTooDeep
            | ParseErrorType::TooManyFunctions
            | ParseErrorType::LiteralTooLarge(..),
            _,
        ) => FailureKind::Limit,
        EvalAltResult::ErrorTerminated(..) => FailureKind::Cancelled,
        _ => FailureKind::Error,
    }
}

fn message(error: EvalAltResult, session: &Session, trail: &Trail) -> String {
    match error {
        EvalAltResult::ErrorRuntime(value, _) => {
            if value.is_unit() {
                "the script threw an error".to_owned()
            } else if let Some(answer) = answered(&value) {
                answer
            } else if value.is_map() || value.is_array() {
                show(&value, 400)
            } else {
                to_text(&value)
            }
        }
        EvalAltResult::ErrorVariableNotFound(name, _) => unknown_variable(&name, session, trail),
        EvalAltResult::ErrorFunctionNotFound(signature, _) => unknown_function(&signature, session),
        EvalAltResult::ErrorDotExpr(text, _) => unknown_property(&text),
        EvalAltResult::ErrorAssignmentToConstant(name, _) => {
            format!("`{name}` is a constant and can't be changed")
        }
        EvalAltResult::ErrorNonPureMethodCallOnConstant(name, _) => {
            let name = name.trim_start_matches("set$").trim_start_matches("get$");
            format!("`{name}` would change a constant")
        }
        EvalAltResult::ErrorMismatchDataType(wanted, given, _)
        | EvalAltResult::ErrorMismatchOutputType(wanted, given, _) => {
            format!(
                "expected {}, found {}",
                plain_types(&wanted),
                plain_types(&given)
            )
        }
        EvalAltResult::ErrorDataRace(..) => {
            "a value is changed while a closure that holds it is at work".to_owned()
        }
        EvalAltResult::ErrorTooManyOperations(_) => format!(
            "the script took more than {} million steps; does a loop never end?",
            limits::MAX_OPERATIONS / 1_000_000
        ),
        EvalAltResult::ErrorTooManyVariables(_) => format!(
            "the script defined more than {} variables",
            limits::MAX_VARIABLES
        ),
        EvalAltResult::ErrorStackOverflow(_) => format!(
            "functions call one another more than {} levels deep",
            limits::MAX_CALL_LEVELS
        ),
        EvalAltResult::ErrorDataTooLarge(kind, _) => format!(
            "a value grew too large ({}): a text may have {} MiB, an array {} elements, a map {} \
             entries",
            lower(&kind),
            limits::MAX_TEXT / 1024 / 1024,
            limits::MAX_LIST,
            limits::MAX_MAP
        ),
        EvalAltResult::ErrorTerminated(..) => "the step was ended".to_owned(),
        EvalAltResult::ErrorParsing(ParseErrorType::ExprTooDeep, _) => format!(
            "an expression nests more than {} levels deep",
            limits::MAX_EXPRESSION_DEPTH
        ),
        EvalAltResult::ErrorParsing(
            ParseErrorType::BadInput(LexError::UnexpectedInput(text)),
            _,
        ) => {
            format!("unexpected `{text}`")
        }
        EvalAltResult::ErrorParsing(parse, _) => plain_words(&parse.to_string()),
        mut other => {
            other.set_position(Position::NONE);
            plain_words(&other.to_string())
        }
    }
}

/// The error of a call in one line: what the far side said, its code, what to try.
fn answered(value: &Dynamic) -> Option<String> {
    let error = value.read_lock::<Map>()?;
    let text = |name: &str| Some(to_text(error.get(name)?));
    let (code, message, help) = (text("code")?, text("message")?, text("help")?);
    let mut line = message;
    if !code.is_empty() && !line.contains(&code) {
        line.push_str(&format!(" ({code})"));
    }
    if !help.is_empty() {
        line.push_str(&format!("; {help}"));
    }
    Some(line)
}

fn unknown_variable(name: &str, session: &Session, trail: &Trail) -> String {
    let mut message = format!("there is no variable `{name}`");
    if trail.in_function && session.notebook.get(name).is_some() {
        message.push_str(" in this function: a function sees only its parameters, so pass it on");
        return message;
    }
    let own = session.own();
    let known = own.variables.iter().map(String::as_str);
    if let Some(near) = meant(name, known.chain(session.notebook.names())) {
        message.push_str(&format!("; did you mean `{near}`?"));
    }
    message
}

/// Words an error such as `foo (i64, &str | ImmutableString | String)`.
fn unknown_function(signature: &str, session: &Session) -> String {
    let (name, types) = match signature.split_once(" (") {
        Some((name, types)) => (name.trim(), types.trim_end_matches(')')),
        None => (signature.trim(), ""),
    };
    let types: Vec<String> = types
        .split(", ")
        .filter(|name| !name.is_empty())
        .map(plain_types)
        .collect();
    let listed = types.join(", ");
    if let Some(sides) = operands(name, &types) {
        return format!("`{name}` does not work on {sides}");
    }
    let vocabulary = vocabulary();
    let own = session.own();
    let wanted: Vec<String> = own
        .functions
        .iter()
        .filter(|(known, _)| *known == name)
        .map(|(_, count)| count.to_string())
        .collect();
    if !wanted.is_empty() {
        return format!(
            "`{name}` takes {}, not {}",
            counted(&wanted.join(" or ")),
            types.len()
        );
    }
    if vocabulary.functions().contains(name) {
        return if listed.is_empty() {
            format!("`{name}` needs an argument")
        } else {
            format!("`{name}` does not take ({listed})")
        };
    }
    let names = vocabulary
        .functions()
        .iter()
        .map(String::as_str)
        .chain(own.functions.iter().map(|(name, _)| name.as_str()));
    match meant(name, names) {
        Some(near) => format!("there is no function `{name}({listed})`; did you mean `{near}`?"),
        None => format!("there is no function `{name}({listed})`"),
    }
}

fn counted(number: &str) -> String {
    match number {
        "0" => "no arguments".to_owned(),
        "1" => "1 argument".to_owned(),
        number => format!("{number} arguments"),
    }
}

/// The name that was probably meant; of short names nobody can tell.
fn meant<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    if name.chars().count() < 3 {
        return None;
    }
    nearest(name, known.filter(|known| !known.contains(ANONYMOUS)))
}

/// The operands of an operator in words; `None` where the name is no operator.
fn operands(name: &str, types: &[String]) -> Option<String> {
    if name.chars().any(|c| c.is_alphanumeric() || c == '_') {
        return None;
    }
    match types {
        [one] => Some(one.clone()),
        [one, other] => Some(format!("{one} and {other}")),
        _ => None,
    }
}

/// Words "Unknown property 'x' - a getter is not registered for type 'y'".
fn unknown_property(text: &str) -> String {
    let mut quoted = text.split('\'').skip(1).step_by(2);
    match (quoted.next(), quoted.next()) {
        (Some(name), Some(kind)) if text.starts_with("Unknown property") => {
            let mut message = match kind {
                "()" => format!("`{name}` is asked of `()`: what stands before it has no value"),
                kind => format!("{} has no `{name}`", plain_types(kind)),
            };
            if kind == "result" {
                let near = nearest(name, super::library::RESULT.iter().copied());
                message.push_str(&near.map_or_else(
                    || {
                        "; it has `ok`, `code`, `stdout`, `stderr`, `value`, `items` and more"
                            .into()
                    },
                    |near| format!("; did you mean `{near}`?"),
                ));
            }
            message
        }
        (Some(name), Some(kind)) => format!("`{name}` of {} can't be set", plain_types(kind)),
        _ => plain_words(text),
    }
}

/// A type of the engine in a word.
fn plain_types(name: &str) -> String {
    let name = name.trim();
    match name {
        "()" => "`()`".to_owned(),
        "i64" | "INT" => "an integer".to_owned(),
        "f64" | "FLOAT" => "a float".to_owned(),
        "bool" => "a boolean".to_owned(),
        "char" => "a character".to_owned(),
        "array" => "an array".to_owned(),
        "map" => "a map".to_owned(),
        "Fn" => "a function".to_owned(),
        "string" => "a text".to_owned(),
        _ if name.contains("ImmutableString") || name.contains("&str") => "a text".to_owned(),
        _ if name == type_name::<Secret>() => "a secret".to_owned(),
        _ if name == type_name::<Raw>() => "a raw text".to_owned(),
        _ if name == type_name::<Held>() => "a result".to_owned(),
        _ => format!("a {name}"),
    }
}

/// The engine's sentence as a lower-case fragment with names in backquotes.
fn plain_words(text: &str) -> String {
    lower(text)
        .replace('\'', "`")
        .replace("expecting", "expected")
        .trim_end_matches('.')
        .to_owned()
}

fn lower(text: &str) -> String {
    let mut characters = text.chars();
    match characters.next() {
        Some(first) => first.to_lowercase().chain(characters).collect(),
        None => String::new(),
    }
}

fn one_line(text: &str) -> String {
    text.lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect::<Vec<_>>()
        .join("; ")
}
