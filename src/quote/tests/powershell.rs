//! PowerShell's words, read back by the rules of its documents: no PowerShell is needed.

use proptest::prelude::*;

use crate::quote::{Unquotable, powershell, powershell_all};

/// Reads one word by `about_Quoting_Rules`: in `'…'` only a doubled quote is special; in `"…"` a
/// backtick escapes and `$( … )` is evaluated, here `[char]N` alone.
fn read(word: &str) -> Option<String> {
    let chars: Vec<char> = word.chars().collect();
    let (first, last) = (*chars.first()?, *chars.last()?);
    let inside = chars.get(1..chars.len().checked_sub(1)?)?;
    let mut text = String::new();
    let mut at = 0;
    if first == '\'' && last == '\'' {
        let is_quote = |c: char| "'\u{2018}\u{2019}\u{201a}\u{201b}".contains(c);
        while let Some(&c) = inside.get(at) {
            if is_quote(c) {
                at += 1;
                inside.get(at).filter(|next| is_quote(**next))?;
            }
            text.push(c);
            at += 1;
        }
        return Some(text);
    }
    if first != '"' || last != '"' {
        return None;
    }
    while let Some(&c) = inside.get(at) {
        at += 1;
        match c {
            '`' => {
                text.push(match inside.get(at)? {
                    'n' => '\n',
                    'r' => '\r',
                    't' => '\t',
                    // Letters mean something else, or will.
                    c if c.is_alphanumeric() => return None,
                    c => *c,
                });
                at += 1;
            }
            '$' => {
                let rest: String = inside[at..].iter().collect();
                let number = rest.strip_prefix("([char]")?.split_once(')')?.0;
                text.push(char::from_u32(number.parse().ok()?)?);
                at += number.len() + 8;
            }
            '"' | '\u{201c}' | '\u{201d}' | '\u{201e}' => return None,
            c => text.push(c),
        }
    }
    Some(text)
}

#[test]
fn words_of_powershell_are_written_as_its_documents_say() {
    #[track_caller]
    fn case(text: &str, expected: &str) {
        assert_eq!(powershell(text).unwrap(), expected);
        assert_eq!(read(expected).as_deref(), Some(text));
    }
    case("", "''");
    case("rds!db-1234", "'rds!db-1234'");
    case("it's", "'it''s'");
    case("it’s “x”", "'it’’s “x”'");
    case("$env:X `n \"q\"", "'$env:X `n \"q\"'");
    case("a\nb", "\"a`nb\"");
    case("\"$x`\t\u{1b}“", "\"`\"`$x```t$([char]27)`“\"");
    case("a\u{202e}b", "\"a$([char]8238)b\"");
    assert_eq!(powershell("a\0"), Err(Unquotable));
    assert_eq!(powershell_all(&["helm", "a b"]).unwrap(), "& 'helm' 'a b'");
}

proptest! {
    #[test]
    fn texts_come_back_from_powershells_rules(
        text in proptest::collection::vec(
            prop_oneof![
                proptest::sample::select("'\"‘’‚‛“”„`$(){}@#;,\n\r\t\u{1b}\u{7f}\u{85}\u{202e} a!^é".chars().collect::<Vec<_>>()),
                any::<char>().prop_filter("no program takes it", |c| *c != '\0'),
            ],
            0..20,
        ),
    ) {
        let text: String = text.into_iter().collect();
        let word = powershell(&text).unwrap();
        prop_assert_eq!(read(&word), Some(text));
        prop_assert!(!word.contains(char::is_control));
    }
}
