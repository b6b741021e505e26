//! Secrets among the characters that `od -c`, `od -a` and `hexdump -c` write.
//!
//! Each byte stands there in a cell of four columns, in lines that begin with an offset.

use super::dumps;
use super::joined::Joined;
use super::known::Search;
use super::matcher::Matcher;

/// The columns of a cell.
const CELL: usize = 4;

/// What `od -a` calls the blank and the bytes before it.
const NAMES: [&[u8]; 33] = [
    b"nul", b"soh", b"stx", b"etx", b"eot", b"enq", b"ack", b"bel", b"bs", b"ht", b"nl", b"vt",
    b"ff", b"cr", b"so", b"si", b"dle", b"dc1", b"dc2", b"dc3", b"dc4", b"nak", b"syn", b"etb",
    b"can", b"em", b"sub", b"esc", b"fs", b"gs", b"rs", b"us", b"sp",
];

/// Looks for forms in lines of cells, those beside each other as one.
///
/// `is_line` says whether a line begins where the text does.
pub(super) fn find(text: &[u8], is_line: bool, forms: &Matcher, search: &mut Search) {
    let mut cells = Joined::default();
    let first = is_line.then_some(0);
    let starts = memchr::memchr_iter(b'\n', text).map(|end| end + 1);
    for start in first.into_iter().chain(starts) {
        match read(text, start, &mut cells) {
            Some(true) => return look(&cells, text, is_line, forms, true, search),
            Some(false) => {}
            None if cells.bytes().is_empty() => {}
            None => {
                // The text may end before it can be told.
                look(&cells, text, is_line, forms, start == text.len(), search);
                cells = Joined::default();
            }
        }
    }
}

fn look(
    cells: &Joined,
    text: &[u8],
    is_line: bool,
    forms: &Matcher,
    is_open: bool,
    search: &mut Search,
) {
    let kept = |from| dumps::line_of(text, from, is_line).unwrap_or(from);
    search.across(cells, forms, is_open, kept, |end| end);
}

/// Takes the bytes of a line of cells; says whether the text ends in it, `None` where it is none.
fn read(text: &[u8], start: usize, cells: &mut Joined) -> Option<bool> {
    let mut at = dumps::offset(text, start)?;
    if at == text.len() {
        return Some(true);
    }
    // A cell is at least two blanks and a character, but for three digits.
    if text
        .get(at..at + CELL)
        .is_some_and(|four| cell(four).is_none())
    {
        return None;
    }
    cells.pass(at, !cells.bytes().is_empty());
    while at - start <= dumps::LONGEST_LINE {
        match text.get(at..at + CELL) {
            Some(four) => match cell(four) {
                Some(byte) => {
                    at += CELL;
                    cells.pass(at - 1, false);
                    cells.push(byte, at);
                }
                None => return Some(false),
            },
            None => return Some(!text[at..].contains(&b'\n')),
        }
    }
    Some(false)
}

/// The byte that stands in a cell.
fn cell(four: &[u8]) -> Option<u8> {
    let octal = |byte: &u8| matches!(byte, b'0'..=b'7');
    match four {
        [b' ', b' ', b' ', byte] if *byte != b'\n' => Some(*byte),
        [b' ', b' ', b'\\', letter] => Some(match letter {
            b'0' => 0,
            b'a' => 0x07,
            b'b' => 0x08,
            b't' => b'\t',
            b'n' => b'\n',
            b'v' => 0x0B,
            b'f' => 0x0C,
            b'r' => b'\r',
            _ => return None,
        }),
        [b' ', digits @ ..] if digits.iter().all(octal) => {
            let number = digits
                .iter()
                .fold(0_u16, |n, digit| n * 8 + u16::from(digit - b'0'));
            u8::try_from(number).ok()
        }
        [b' ', name @ ..] => {
            let name = name.trim_ascii_start();
            let at = NAMES.iter().position(|known| *known == name);
            at.and_then(|at| u8::try_from(at).ok())
                .or_else(|| (name == b"del").then_some(0x7F))
        }
        _ => None,
    }
}
