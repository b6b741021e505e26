//! What a shell leaves behind for the steps after it: its exports and its directory.
//!
//! The file is written by the epilogue in [`shell`](super::shell). It begins with the directory
//! and `\n\0`. What follows is `NAME=VALUE\0…\0` from zsh and fish, and from bash and `sh`, where
//! no builtin writes that, the shell's own listing of its exports in its own quoting. The last
//! byte is a NUL: without it the file was cut short.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::PathBuf;

use crate::credentials::Environment;
use crate::quote::Dialect;

/// What a shell left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Left {
    /// All that it exported, without what it keeps for itself: `_`, `SHLVL`, `PWD`, and our own
    /// names.
    pub environment: Environment,
    /// The directory that it ended in.
    pub directory: PathBuf,
}

impl Left {
    /// The environment for the steps after it, where the step itself was given `given`.
    ///
    /// What a shell can neither change nor show is as it was: its own bookkeeping, our names,
    /// and names that are no identifiers (`A.B`); exported functions are bash's alone. So is what
    /// fish 3 only mangled: where the locale is not UTF-8, it takes each byte for a character.
    #[must_use]
    pub fn onto(self, dialect: Dialect, given: &Environment) -> Environment {
        let mut environment = self.environment;
        for (name, value) in given.iter() {
            let function = name.as_bytes().starts_with(FUNCTION);
            let untouched = if function {
                dialect != Dialect::Bash
            } else {
                !is_identifier(name.as_bytes())
            };
            let mangled = dialect == Dialect::Fish
                && environment
                    .get(name)
                    .is_some_and(|left| is_mangled(value.as_bytes(), left.as_bytes()));
            if is_own(name.as_bytes()) || untouched || mangled {
                environment.set(name, value);
            }
        }
        environment
    }
}

/// How bash names an exported function in the environment, since 4.3 patch 27: this, the
/// function's name, `%%`.
const FUNCTION: &[u8] = b"BASH_FUNC_";

/// Whether a variable is no business of the steps after.
fn is_own(name: &[u8]) -> bool {
    matches!(name, b"_" | b"SHLVL" | b"PWD")
        || [&b"RUNBOOK_"[..], b"__runbook", b"BASH_FUNC___runbook"]
            .iter()
            .any(|prefix| name.starts_with(prefix))
}

/// Whether `left` is `given` read as Latin-1 and written as UTF-8.
fn is_mangled(given: &[u8], left: &[u8]) -> bool {
    let mangled: String = given.iter().copied().map(char::from).collect();
    !given.is_ascii() && mangled.as_bytes() == left
}

/// Whether a shell can have a variable of this name (POSIX, XBD 3.216).
fn is_identifier(name: &[u8]) -> bool {
    name.first().is_some_and(|first| !first.is_ascii_digit())
        && name
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
}

/// Reads what a shell left; `None` if that was cut short, or is none of its listings.
pub(super) fn parse(dialect: Dialect, bytes: &[u8]) -> Option<Left> {
    let bytes = match dialect {
        // First comes what bash itself reads again: the names of the functions.
        Dialect::Bash => cut(bytes)?.1,
        Dialect::Sh | Dialect::Zsh | Dialect::Fish => bytes,
    };
    let (directory, rest) = cut(bytes)?;
    let directory = OsString::from_vec(directory.strip_suffix(b"\n")?.to_vec()).into();
    let mut environment = Environment::default();
    let mut keep = |name: &[u8], value: Vec<u8>| {
        if !is_own(name) {
            environment.set(OsStr::from_bytes(name), OsString::from_vec(value));
        }
    };
    match dialect {
        Dialect::Zsh | Dialect::Fish => {
            let mut rest = rest;
            loop {
                let (variable, after) = cut(rest)?;
                if variable.is_empty() {
                    if !after.is_empty() {
                        return None;
                    }
                    break;
                }
                let equals = variable.iter().position(|byte| *byte == b'=')?;
                let (name, value) = variable.split_at_checked(equals)?;
                keep(name, value.get(1..)?.to_vec());
                rest = after;
            }
        }
        Dialect::Bash => {
            let mut rest = rest;
            loop {
                let (name, after) = cut(rest)?;
                rest = after;
                if name.is_empty() {
                    break;
                }
                let (text, after) = cut(rest)?;
                rest = after;
                if let Some(value) = function(text) {
                    keep(&[FUNCTION, name, b"%%"].concat(), value);
                }
            }
            for (name, value) in listing(rest.strip_suffix(b"\0")?)? {
                keep(name, value);
            }
        }
        Dialect::Sh => {
            for (name, value) in listing(rest.strip_suffix(b"\0")?)? {
                keep(name, value);
            }
        }
    }
    Some(Left {
        environment,
        directory,
    })
}

/// What is in front of the first NUL, and what is behind it.
fn cut(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = bytes.iter().position(|byte| *byte == 0)?;
    Some((bytes.get(..at)?, bytes.get(at + 1..)?))
}

/// The value that carries a function through the environment, from its text as `declare -f`
/// shows it: bash takes only `() {` at its front for a function.
fn function(text: &[u8]) -> Option<Vec<u8>> {
    let parentheses = text.windows(2).position(|pair| pair == b"()")?;
    let body = text.get(parentheses + 2..)?.trim_ascii();
    let mut value = b"() ".to_vec();
    if body.starts_with(b"{") {
        value.extend_from_slice(body);
    } else {
        value.extend_from_slice(b"{ ");
        value.extend_from_slice(body);
        value.extend_from_slice(b"\n}");
    }
    Some(value)
}

/// Reads a listing as `export -p`, `declare -px` and `typeset -px` print it.
///
/// Each line is the command that would make the variable: `declare -x NAME="VALUE"` from bash,
/// `export NAME='VALUE'` from dash and busybox. A name alone has no value and no place in the
/// environment, and neither have arrays.
pub(super) fn listing(text: &[u8]) -> Option<Vec<(&[u8], Vec<u8>)>> {
    let mut reader = Reader { text, at: 0 };
    let mut variables = Vec::new();
    loop {
        reader.skip_blanks();
        if reader.peek().is_none() {
            return Some(variables);
        }
        let command = reader.bare();
        if !matches!(command, b"export" | b"declare" | b"typeset") {
            return None;
        }
        let mut scalar = true;
        let name = loop {
            reader.skip_blanks();
            let word = reader.bare();
            match word.strip_prefix(b"-") {
                Some(flags) => scalar &= !flags.iter().any(|flag| b"aAfn".contains(flag)),
                None => break word,
            }
        };
        if !is_identifier(name) {
            return None;
        }
        if reader.peek() == Some(b'=') {
            reader.at += 1;
            let value = reader.value()?;
            if scalar && let Value::Scalar(value) = value {
                variables.push((name, value));
            }
        }
    }
}

/// What a variable is set to.
enum Value {
    Scalar(Vec<u8>),
    /// An array, which no environment can hold.
    Array,
}

/// A place in a listing.
struct Reader<'a> {
    text: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn next(&mut self) -> Option<u8> {
        let byte = self.peek()?;
        self.at += 1;
        Some(byte)
    }

    fn skip_blanks(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n')) {
            self.at += 1;
        }
    }

    /// The bytes up to a blank or `=`.
    fn bare(&mut self) -> &'a [u8] {
        let start = self.at;
        while !matches!(self.peek(), None | Some(b' ' | b'\t' | b'\n' | b'=')) {
            self.at += 1;
        }
        self.text.get(start..self.at).unwrap_or_default()
    }

    /// What a variable is set to.
    fn value(&mut self) -> Option<Value> {
        if self.peek() != Some(b'(') {
            return self.word(false).map(Value::Scalar);
        }
        self.at += 1;
        loop {
            self.skip_blanks();
            if self.peek()? == b')' {
                self.at += 1;
                return Some(Value::Array);
            }
            self.word(true)?;
        }
    }

    /// A word: quoted and bare pieces, one after the other.
    fn word(&mut self, in_array: bool) -> Option<Vec<u8>> {
        let mut word = Vec::new();
        loop {
            match self.peek() {
                None | Some(b' ' | b'\t' | b'\n') => return Some(word),
                Some(b')') if in_array => return Some(word),
                Some(_) => {}
            }
            match self.next()? {
                b'\'' => loop {
                    match self.next()? {
                        b'\'' => break,
                        byte => word.push(byte),
                    }
                },
                b'"' => self.double_quoted(&mut word)?,
                b'$' if self.peek() == Some(b'\'') => {
                    self.at += 1;
                    self.ansi_quoted(&mut word)?;
                }
                b'\\' => word.push(self.next()?),
                byte => word.push(byte),
            }
        }
    }

    /// The rest of `"…"` (POSIX, XCU 2.2.3).
    fn double_quoted(&mut self, word: &mut Vec<u8>) -> Option<()> {
        loop {
            match self.next()? {
                b'"' => return Some(()),
                b'\\' => match self.next()? {
                    b'\n' => {}
                    byte @ (b'$' | b'`' | b'"' | b'\\') => word.push(byte),
                    byte => word.extend([b'\\', byte]),
                },
                byte => word.push(byte),
            }
        }
    }

    /// The rest of `$'…'` (bash manual, ANSI-C Quoting; zsh adds `\C-` and `\M-`).
    fn ansi_quoted(&mut self, word: &mut Vec<u8>) -> Option<()> {
        loop {
            match self.next()? {
                b'\'' => return Some(()),
                b'\\' => self.escape(word)?,
                byte => word.push(byte),
            }
        }
    }

    /// The rest of an escape in `$'…'`.
    fn escape(&mut self, word: &mut Vec<u8>) -> Option<()> {
        let byte = match self.next()? {
            b'a' => 0x07,
            b'b' => 0x08,
            b'e' | b'E' => 0x1b,
            b'f' => 0x0c,
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'v' => 0x0b,
            b'x' => self.digits(16, 2)?.to_le_bytes()[0],
            b'0'..=b'7' => {
                self.at -= 1;
                self.digits(8, 3)?.to_le_bytes()[0]
            }
            letter @ (b'u' | b'U') => {
                let code = self.digits(16, if letter == b'u' { 4 } else { 8 })?;
                let mut utf8 = [0; 4];
                word.extend_from_slice(char::from_u32(code)?.encode_utf8(&mut utf8).as_bytes());
                return Some(());
            }
            b'c' => control(self.next()?),
            b'C' if self.peek() == Some(b'-') => {
                self.at += 1;
                control(self.next()?)
            }
            b'M' if self.peek() == Some(b'-') => {
                self.at += 1;
                let mut low = Vec::new();
                match self.next()? {
                    b'\\' => self.escape(&mut low)?,
                    byte => low.push(byte),
                }
                *low.first()? | 0x80
            }
            // `\\`, `\'`, `\"`, `\?`
            byte => byte,
        };
        word.push(byte);
        Some(())
    }

    /// A number of one to `most` digits.
    fn digits(&mut self, radix: u32, most: usize) -> Option<u32> {
        let mut number = None;
        for _ in 0..most {
            let Some(digit) = self
                .peek()
                .and_then(|byte| char::from(byte).to_digit(radix))
            else {
                break;
            };
            self.at += 1;
            number = Some(number.unwrap_or(0) * radix + digit);
        }
        number
    }
}

/// The control character of a letter: `\cA` is 1, `\c?` is DEL.
const fn control(letter: u8) -> u8 {
    if letter == b'?' { 0x7f } else { letter & 0x1f }
}
