//! A value as one word.

use super::Dialect;

/// A value that no word of a shell can stand for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a value with a NUL byte can't be a shell's word")]
pub struct Unquotable;

/// Gives a value as one word that stands alone between blanks.
///
/// It is right in scripts. At a prompt it is as long as the value is printable ASCII, whose `!`
/// history expansion leaves alone in single quotes; [`paste`](super::paste()) is right there
/// always. A word of letters, digits and `_ . / : , + @ -` that is no keyword is left as it is.
///
/// ```
/// use runbook::quote::{Dialect, word};
/// assert_eq!(word(Dialect::Zsh, b"rds!db-1234").unwrap(), b"'rds!db-1234'");
/// assert_eq!(word(Dialect::Bash, b"it's").unwrap(), br#"'it'"'"'s'"#);
/// assert_eq!(word(Dialect::Fish, b"it's").unwrap(), br"'it\'s'");
/// ```
///
/// # Errors
/// Where the value has a NUL byte, which no program can be given.
pub fn word(dialect: Dialect, value: &[u8]) -> Result<Vec<u8>, Unquotable> {
    if value.contains(&0) {
        return Err(Unquotable);
    }
    let inert = |byte: &u8| byte.is_ascii_alphanumeric() || b"_./:,+@-".contains(byte);
    if !value.is_empty() && value.iter().all(inert) && !KEYWORDS.contains(&value) {
        return Ok(value.to_vec());
    }
    Ok([b"'", &inside_single(dialect, value)[..], b"'"].concat())
}

/// Gives an argument vector as one command line.
///
/// # Errors
/// Where an argument has a NUL byte.
pub fn join(dialect: Dialect, argv: &[impl AsRef<[u8]>]) -> Result<Vec<u8>, Unquotable> {
    let words: Result<Vec<_>, _> = argv
        .iter()
        .map(|value| word(dialect, value.as_ref()))
        .collect();
    Ok(words?.join(&b' '))
}

/// Words that some dialect reads as syntax where a command may begin.
const KEYWORDS: &[&[u8]] = &[
    b"and",
    b"begin",
    b"builtin",
    b"case",
    b"command",
    b"coproc",
    b"declare",
    b"do",
    b"done",
    b"elif",
    b"else",
    b"end",
    b"esac",
    b"exec",
    b"export",
    b"fi",
    b"float",
    b"for",
    b"foreach",
    b"function",
    b"if",
    b"in",
    b"integer",
    b"local",
    b"nocorrect",
    b"noglob",
    b"not",
    b"or",
    b"readonly",
    b"repeat",
    b"select",
    b"switch",
    b"then",
    b"time",
    b"typeset",
    b"until",
    b"while",
];

/// The value as it stands between single quotes.
pub(super) fn inside_single(dialect: Dialect, value: &[u8]) -> Vec<u8> {
    match dialect {
        Dialect::Fish => {
            let mut inside = Vec::with_capacity(value.len());
            for &byte in value {
                if matches!(byte, b'\'' | b'\\') {
                    inside.push(b'\\');
                }
                inside.push(byte);
            }
            inside
        }
        _ => between(dialect, value, b"\n"),
    }
}

/// The value between single quotes on one line, for bash and zsh: newlines as `$'\n'`.
pub(super) fn inside_single_on_one_line(dialect: Dialect, value: &[u8]) -> Vec<u8> {
    between(dialect, value, br"'$'\n''")
}

/// A value in which a newline is written so.
fn between(dialect: Dialect, value: &[u8], newline: &[u8]) -> Vec<u8> {
    // In an array's parentheses in a `$(…)`, bash 5.2 takes `\'` for a backslash and the beginning
    // of a quotation, so that what follows would run. `sh` may be bash.
    let quote = match dialect {
        Dialect::Sh | Dialect::Bash => &br#"'"'"'"#[..],
        Dialect::Zsh | Dialect::Fish => br"'\''",
    };
    let mut inside = Vec::with_capacity(value.len());
    for &byte in value {
        match byte {
            b'\'' => inside.extend(quote),
            b'\n' => inside.extend(newline),
            _ => inside.push(byte),
        }
    }
    inside
}
