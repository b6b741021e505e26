//! Syntax errors in plain words, with what is usually meant.

use rhai::{LexError, ParseError, ParseErrorType, Position};

use super::Form;
use super::place::Places;
use crate::diagnostic::{Code, Diagnostic};

/// Code that does not parse.
const SYNTAX: Code = Code("RB0301");

/// Makes the diagnostic of a syntax error.
pub(super) fn explain(error: &ParseError, places: &Places<'_>, form: Form) -> Diagnostic {
    let position = error.position();
    let (message, help) = words(error.err_type(), places, position, form);
    Diagnostic::error(SYNTAX, places.token(position), message).maybe_help(help)
}

fn words(
    error: &ParseErrorType,
    places: &Places<'_>,
    position: Position,
    form: Form,
) -> (String, Option<String>) {
    match error {
        ParseErrorType::UnexpectedEOF if places.text().trim().is_empty() => {
            ("an expression is missing here".to_owned(), None)
        }
        ParseErrorType::UnexpectedEOF => (
            "the code ends in the middle".to_owned(),
            Some("finish the expression, or close what is open: a bracket, a brace".to_owned()),
        ),
        ParseErrorType::BadInput(error) => input(error, places, position, form),
        ParseErrorType::Reserved(word) => reserved(word),
        ParseErrorType::MissingToken(token, why) => missing(token, why),
        ParseErrorType::VariableExpected => {
            let word = places.word_at(position);
            if word.is_empty() {
                ("a name is missing here".to_owned(), None)
            } else {
                (
                    format!("`{word}` can't be a name"),
                    Some(format!(
                        "`{word}` is a word of the language; choose another name"
                    )),
                )
            }
        }
        ParseErrorType::PropertyExpected => (
            "the name of a property is missing after the dot".to_owned(),
            None,
        ),
        ParseErrorType::ForbiddenVariable(name) => (format!("`{name}` can't be a name"), None),
        ParseErrorType::ExprExpected(kind) if kind.is_empty() => {
            ("an expression is missing here".to_owned(), None)
        }
        ParseErrorType::ExprExpected(kind) => (
            format!("{} is expected here", plain(&format!("{kind} expression"))),
            None,
        ),
        ParseErrorType::UnknownOperator(sign) => {
            (format!("`{sign}` is no operator"), operator(sign))
        }
        ParseErrorType::AssignmentToConstant(name) => (
            format!("`{name}` is a constant and can't be assigned to"),
            Some(format!("define it with `let {name} = …` if it must change")),
        ),
        ParseErrorType::AssignmentToInvalidLHS(_) => (
            "only a variable, an element or a property can be assigned to".to_owned(),
            Some("to compare, write `==`".to_owned()),
        ),
        ParseErrorType::MismatchedType(wanted, found) => {
            (format!("{wanted} is expected here, not {found}"), None)
        }
        ParseErrorType::FnDuplicatedDefinition(name, parameters) => (
            format!(
                "function `{name}` of {} is defined twice",
                crate::diagnostic::count(*parameters, "parameter")
            ),
            Some("rename one of them".to_owned()),
        ),
        ParseErrorType::FnDuplicatedParam(_, name) => {
            (format!("two parameters are called `{name}`"), None)
        }
        ParseErrorType::DuplicatedProperty(name) => (format!("the map has `{name}` twice"), None),
        ParseErrorType::WrongFnDefinition => (
            "a function can't be defined inside another or inside a block".to_owned(),
            Some(
                "move it to the top level of the cell, or make it a closure: `let f = |x| …`"
                    .to_owned(),
            ),
        ),
        ParseErrorType::LoopBreak => (
            "`break` and `continue` stand only inside a loop".to_owned(),
            None,
        ),
        ParseErrorType::ExprTooDeep => (
            "the expression nests too deep".to_owned(),
            Some("give a part of it a name with `let`".to_owned()),
        ),
        other => (plain(&other.to_string()), None),
    }
}

fn input(
    error: &LexError,
    places: &Places<'_>,
    position: Position,
    form: Form,
) -> (String, Option<String>) {
    match error {
        LexError::UnterminatedString => (
            "the text has no closing quote".to_owned(),
            Some("texts in `\"…\"` end on their line; longer ones stand in backquotes".to_owned()),
        ),
        LexError::MalformedChar(_) => (
            "a text stands in double quotes; `'…'` is one character".to_owned(),
            Some("write `\"…\"`".to_owned()),
        ),
        LexError::MalformedEscapeSequence(text) => (
            format!("`{text}` is no escape sequence"),
            Some("a backslash is written `\\\\`; in backquotes it stands for itself".to_owned()),
        ),
        LexError::MalformedNumber(text) => (format!("`{text}` is no number"), None),
        LexError::MalformedIdentifier(text) => (
            format!("`{text}` is no name"),
            Some("a name is letters, digits and `_`, and has a letter".to_owned()),
        ),
        LexError::UnexpectedInput(text) if form == Form::Expression && text == ";" => (
            "one expression is expected here, not a statement".to_owned(),
            Some("remove the `;`".to_owned()),
        ),
        LexError::UnexpectedInput(text) => {
            let help = match text.as_str() {
                "=" => Some("to compare, write `==`".to_owned()),
                "let" | "const" | "if" | "for" | "while" | "return" | "throw"
                    if form == Form::Expression =>
                {
                    Some(
                        "only an expression can stand here; move statements to a `rhai` cell"
                            .to_owned(),
                    )
                }
                _ => operator(text),
            };
            (format!("`{text}` is not expected here"), help)
        }
        LexError::ImproperSymbol(text, said) => {
            if super::engine::DISABLED.contains(&text.as_str())
                || super::engine::DISABLED
                    .iter()
                    .any(|word| said.contains(&format!("'{word}'")))
            {
                let word = places.word_at(position);
                return (
                    format!("runbooks don't have `{word}`"),
                    Some(
                        "what a cell defines is visible to the cells after it without it"
                            .to_owned(),
                    ),
                );
            }
            let help = operator(text).or_else(|| {
                said.split_once("Should it be '")
                    .and_then(|(_, rest)| rest.split_once('\''))
                    .map(|(right, _)| format!("write `{right}`"))
            });
            if text.is_empty() {
                (plain(said), help)
            } else {
                (format!("`{text}` is not expected here"), help)
            }
        }
        other => (plain(&other.to_string()), None),
    }
}

fn reserved(word: &str) -> (String, Option<String>) {
    if !rhai::is_valid_identifier(word) {
        return (format!("`{word}` is not expected here"), operator(word));
    }
    let help = match word {
        "null" | "nil" | "void" => "nothing is written `()`".to_owned(),
        "match" | "case" => "choices are written `switch x { 1 => …, _ => … }`".to_owned(),
        "var" => "variables are defined with `let`".to_owned(),
        "eval" => "write the code itself; `eval` would hide its names".to_owned(),
        "import" | "export" | "use" => {
            "what a cell defines is visible to the cells after it".to_owned()
        }
        "new" | "default" | "call" | "go" => {
            format!(
                "a step of this name is reached as `steps[\"{word}\"]`; a variable needs another name"
            )
        }
        _ => {
            format!("choose another name; an input of this name is reached as `input(\"{word}\")`")
        }
    };
    (format!("`{word}` is a reserved word"), Some(help))
}

fn missing(token: &str, why: &str) -> (String, Option<String>) {
    let help = match token {
        ";" => Some("statements end with `;`".to_owned()),
        _ => None,
    };
    if token.is_empty() {
        (plain(why), help)
    } else {
        (format!("`{token}` is missing {}", plain(why)), help)
    }
}

/// What is written instead of an operator of other languages.
fn operator(sign: &str) -> Option<String> {
    let right = match sign {
        "===" => "==",
        "!==" => "!=",
        "=>" => return Some("a closure is written `|x| …`".to_owned()),
        "->" => "|x| …",
        ":=" => "let x = …",
        "++" => "+= 1",
        "--" => "-= 1",
        "~" => return None,
        "?" => return Some("a choice is written `if x { a } else { b }`".to_owned()),
        "and" => "&&",
        "or" => "||",
        "not" => "!",
        _ => return None,
    };
    Some(format!("write `{right}`"))
}

/// A message of the parser in our manner: lower case, names in backquotes.
fn plain(message: &str) -> String {
    let message = message.trim_end_matches('.').replace('\'', "`");
    let mut characters = message.chars();
    match characters.next() {
        Some(first) => first.to_lowercase().chain(characters).collect(),
        None => message,
    }
}
