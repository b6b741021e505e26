//! Characters that a terminal obeys or that reorder a line, and texts without them.
//!
//! Output of a command, and the text of a page, can hold ESC, the controls of ECMA-48 §5.3 (C1,
//! where U+009B begins a sequence as `ESC [` does), and letters that reorder others without being
//! seen (Trojan Source, CVE-2021-42574). What is written for people never holds one of them raw.

use std::borrow::Cow;
use std::fmt::Write as _;

/// Whether a character stands for itself and nothing more.
#[must_use]
pub fn is_plain(character: char) -> bool {
    matches!(character, ' '..='~') || !character.is_control() && !is_invisible_order(character)
}

/// Characters that reorder or break a line without being seen (UAX #9, §2).
#[must_use]
pub const fn is_invisible_order(character: char) -> bool {
    matches!(
        character,
        '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{2028}' | '\u{2029}'
    )
}

/// Characters that stand for nothing, and that neither XML 1.0 (section 2.2) nor YAML 1.2 (section
/// 5.1) may hold.
#[must_use]
pub const fn is_no_character(character: char) -> bool {
    matches!(character, '\u{FFFE}' | '\u{FFFF}')
}

/// A text whose letters stand in the order in which they are read, whatever else it holds.
#[must_use]
pub fn in_order(text: &str) -> Cow<'_, str> {
    if text.contains(is_invisible_order) {
        Cow::Owned(text.replace(is_invisible_order, "\u{FFFD}"))
    } else {
        Cow::Borrowed(text)
    }
}

/// A text of one or more lines, each character that acts or is none replaced by one that is seen;
/// newlines and tabs stay.
///
/// As many characters come out as went in, so that columns stay true.
///
/// ```
/// assert_eq!(runbook::visible::text("a\u{9b}31m\n"), "a\u{fffd}31m\n");
/// ```
#[must_use]
pub fn text(text: &str) -> Cow<'_, str> {
    let stays = |c: char| is_plain(c) && !is_no_character(c) || matches!(c, '\n' | '\t');
    if text.chars().all(stays) {
        return Cow::Borrowed(text);
    }
    let shown = text
        .chars()
        .map(|c| match c {
            _ if stays(c) => c,
            // The pictures of U+2400 stand for the controls of the first column.
            '\0'..='\u{1F}' => char::from_u32(u32::from(c) + 0x2400).unwrap_or('\u{FFFD}'),
            '\u{7F}' => '\u{2421}',
            _ => '\u{FFFD}',
        })
        .collect();
    Cow::Owned(shown)
}

/// A text of ours with colours in it (ECMA-48 §8.3.117, SGR), without all else that acts.
#[must_use]
pub fn painted(painted: &str) -> Cow<'_, str> {
    let Some((first, rest)) = painted.split_once("\x1b[") else {
        return text(painted);
    };
    let mut shown = text(first).into_owned();
    for part in rest.split("\x1b[") {
        let colour = |byte: &u8| byte.is_ascii_digit() || *byte == b';';
        let end = part.bytes().take_while(colour).count();
        if part.as_bytes().get(end) == Some(&b'm') {
            shown.push_str("\x1b[");
        } else {
            shown.push_str("\u{241b}[");
        }
        shown.push_str(&text(part));
    }
    Cow::Owned(shown)
}

/// JSON whose texts hold none of these characters raw: they are written as `\u009b`, which is the
/// same value (RFC 8259, section 7).
#[must_use]
pub fn json(json: &str) -> Cow<'_, str> {
    let stays = |c: char| is_plain(c) || matches!(c, '\n' | '\r' | '\t');
    // What acts begins with one of these bytes in UTF-8, and few texts have one at all; JSON has
    // escaped the rest already.
    let may_act = |byte: &u8| matches!(byte, 0x7F | 0xC2 | 0xE2);
    if !json.as_bytes().iter().any(may_act) || json.chars().all(stays) {
        return Cow::Borrowed(json);
    }
    let mut written = String::with_capacity(json.len() + 16);
    for character in json.chars() {
        if stays(character) {
            written.push(character);
        } else {
            let _ = write!(written, "\\u{:04x}", u32::from(character));
        }
    }
    Cow::Owned(written)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn json_stays_the_same_value_and_acts_no_more(value in any::<String>()) {
            let line = serde_json::Value::from(value.as_str()).to_string();
            let written = json(&line);
            prop_assert!(written.chars().all(is_plain), "{:?}", written);
            prop_assert_eq!(
                serde_json::from_str::<String>(&written).expect("it is JSON still"),
                value
            );
        }

        #[test]
        fn nothing_but_colours_passes_what_is_painted(value in "[\x1b\\[\\];0-9mA\x07\u{9b}\u{202e}]{0,40}") {
            let shown = painted(&value);
            prop_assert_eq!(painted(&shown), &*shown);
            for part in shown.split("\x1b[").skip(1) {
                prop_assert!(part.trim_start_matches(|c: char| c.is_ascii_digit() || c == ';').starts_with('m'));
            }
            prop_assert!(shown.replace("\x1b[", "").chars().all(is_plain));
        }

        #[test]
        fn a_text_keeps_its_length_and_acts_no_more(value in any::<String>()) {
            let shown = text(&value);
            prop_assert!(!shown.contains(is_no_character));
            prop_assert!(shown.chars().all(|c| is_plain(c) || matches!(c, '\n' | '\t')));
            prop_assert_eq!(shown.chars().count(), value.chars().count());
        }
    }
}
