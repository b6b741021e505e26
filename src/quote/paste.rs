//! A value as one word that survives a prompt.
//!
//! At a prompt the bytes of a word are keys: a tab completes, a control character edits the line
//! or sends a signal, a newline followed by `^` substitutes in bash, and bytes beyond ASCII are
//! keys with Meta where the locale is C. So nothing but printable ASCII is written, and `!` only
//! inside single quotes, which history expansion leaves alone in bash and zsh. Scripts read the
//! same forms.

use super::Dialect;
use super::word::{Unquotable, inside_single, word};

/// How long a line of `sh` becomes: a terminal without a line editor takes 1024 bytes on some
/// systems (`MAX_CANON`) and 4096 on Linux, and the rest of the command wants room too.
const LINE: usize = 500;

/// Gives a value as one word that may be pasted at an interactive prompt.
///
/// It holds with history expansion on and bracketed paste off, whatever the locale, and in
/// scripts as well. For `sh`, a long word is several lines, each continued by a backslash.
///
/// ```
/// use runbook::quote::{Dialect, paste};
/// assert_eq!(paste(Dialect::Zsh, b"rds!db-1234").unwrap(), b"'rds!db-1234'");
/// assert_eq!(paste(Dialect::Bash, b"a\n^b\x03").unwrap(), br"$'a\n^b\003'");
/// assert_eq!(paste(Dialect::Fish, b"a\tb").unwrap(), br"'a'\t'b'");
/// assert_eq!(paste(Dialect::Sh, b"a\tb").unwrap(), br#"'a'"$(printf '\011')"'b'"#);
/// ```
///
/// # Errors
/// Where the value has a NUL byte, which no program can be given.
pub fn paste(dialect: Dialect, value: &[u8]) -> Result<Vec<u8>, Unquotable> {
    if value.contains(&0) {
        return Err(Unquotable);
    }
    let fits = dialect != Dialect::Sh || value.len() <= LINE;
    if fits && value.iter().all(|byte| is_printable(*byte)) {
        return word(dialect, value);
    }
    Ok(match dialect {
        Dialect::Sh => posix(value),
        Dialect::Fish => fish(value),
        Dialect::Bash | Dialect::Zsh => dollar(value),
    })
}

/// Gives an argument vector as one command that may be pasted at an interactive prompt.
///
/// # Errors
/// Where an argument has a NUL byte.
pub fn paste_all(dialect: Dialect, argv: &[impl AsRef<[u8]>]) -> Result<Vec<u8>, Unquotable> {
    let mut line = Vec::new();
    for value in argv {
        let word = paste(dialect, value.as_ref())?;
        if !line.is_empty() {
            line.push(b' ');
            if dialect == Dialect::Sh && column(&line) + column(&word) > LINE {
                line.extend(b"\\\n");
            }
        }
        line.extend(word);
    }
    Ok(line)
}

/// How many bytes the last line has.
fn column(text: &[u8]) -> usize {
    text.iter().rev().take_while(|byte| **byte != b'\n').count()
}

fn is_printable(byte: u8) -> bool {
    (b' '..=b'~').contains(&byte)
}

fn octal(byte: u8) -> [u8; 4] {
    let digit = |shift: u8| b'0' + (byte >> shift & 7);
    [b'\\', digit(6), digit(3), digit(0)]
}

/// `$'…'` of bash and zsh. History expansion of old versions does not know this quote, so `!`
/// is spelled out.
fn dollar(value: &[u8]) -> Vec<u8> {
    let mut word = b"$'".to_vec();
    for &byte in value {
        match byte {
            b'\'' | b'\\' => word.extend([b'\\', byte]),
            b'\n' => word.extend(b"\\n"),
            b'\t' => word.extend(b"\\t"),
            b'\r' => word.extend(b"\\r"),
            b'!' => word.extend(octal(byte)),
            _ if is_printable(byte) => word.push(byte),
            _ => word.extend(octal(byte)),
        }
    }
    word.push(b'\'');
    word
}

/// Fish's escapes mean something outside of quotes only.
fn fish(value: &[u8]) -> Vec<u8> {
    let mut word = Vec::new();
    for part in value.chunk_by(|a, b| is_printable(*a) == is_printable(*b)) {
        if part.iter().all(|byte| is_printable(*byte)) {
            word.push(b'\'');
            word.extend(inside_single(Dialect::Fish, part));
            word.push(b'\'');
            continue;
        }
        for byte in part {
            match byte {
                b'\n' => word.extend(b"\\n"),
                b'\t' => word.extend(b"\\t"),
                b'\r' => word.extend(b"\\r"),
                _ => word.extend(format!("\\X{byte:02x}").bytes()),
            }
        }
    }
    word
}

/// How a part of a word of `sh` is written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Outside,
    Single,
    Printed,
}

/// POSIX has single quotes and `printf` (XCU, 2.2.2 and `printf`). A command substitution loses
/// the newlines at its end, so newlines stand in single quotes, where no editor eats them; the
/// quotes open anew after each, lest a line begin with bash's `^`.
fn posix(value: &[u8]) -> Vec<u8> {
    let mut word = Vec::new();
    let mut part = Part::Outside;
    for &byte in value {
        if column(&word) > LINE {
            turn(&mut word, &mut part, Part::Outside);
            word.extend(b"\\\n");
        }
        match byte {
            b'\'' => {
                turn(&mut word, &mut part, Part::Outside);
                word.extend(b"\\'");
            }
            b'\n' => {
                turn(&mut word, &mut part, Part::Single);
                word.push(byte);
                turn(&mut word, &mut part, Part::Outside);
            }
            _ if is_printable(byte) => {
                turn(&mut word, &mut part, Part::Single);
                word.push(byte);
            }
            _ => {
                turn(&mut word, &mut part, Part::Printed);
                word.extend(octal(byte));
            }
        }
    }
    turn(&mut word, &mut part, Part::Outside);
    word
}

/// Ends one way of writing and begins another.
fn turn(word: &mut Vec<u8>, part: &mut Part, next: Part) {
    if *part == next {
        return;
    }
    word.extend(match part {
        Part::Outside => &b""[..],
        Part::Single => b"'",
        Part::Printed => b"')\"",
    });
    word.extend(match next {
        Part::Outside => &b""[..],
        Part::Single => b"'",
        Part::Printed => b"\"$(printf '",
    });
    *part = next;
}
