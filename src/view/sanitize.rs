//! Makes text from outside safe to write to a terminal.
//!
//! Output of a command can set window titles and the clipboard (OSC 0, OSC 52), move the cursor
//! over what was printed before, or reorder letters (Trojan Source, CVE-2021-42574). None of it
//! passes: escape sequences (ECMA-48 §5, and the strings of §8.3: OSC, DCS, SOS, PM, APC) are
//! dropped whole, other controls are shown.

use std::borrow::Cow;

use super::columns;
use crate::visible::{is_invisible_order, is_plain};

/// The distance of tab stops.
const TAB: usize = 8;

/// One line, made safe: of several, or of one rewritten with carriage returns, what would be seen.
///
/// A newline counts as a space; a sequence that never ends, ends with the text.
///
/// ```
/// use runbook::view::sanitize::line;
/// assert_eq!(line("\x1b[31mred\x1b[0m \x1b]52;c;aGk=\x07end"), "red end");
/// assert_eq!(line("10%\r55%\r100%\r"), "100%");
/// ```
#[must_use]
pub fn line(text: &str) -> Cow<'_, str> {
    if text.chars().all(is_plain) {
        return Cow::Borrowed(text);
    }
    let text = text.trim_end_matches(['\r', '\n']);
    let mut shown = String::with_capacity(text.len());
    let mut state = State::Ground;
    // Where the text since the last tab begins, and its column: measuring from the start at each
    // tab would cost the square of the line.
    let mut mark = (0, 0);
    for character in text.chars() {
        state = match state.take(character) {
            Step::Into(next) => next,
            Step::Show => {
                match character {
                    '\r' => {
                        shown.clear();
                        mark = (0, 0);
                    }
                    '\n' => shown.push(' '),
                    '\t' => {
                        let column = mark.1 + columns::width(&shown[mark.0..]);
                        let spaces = TAB - column % TAB;
                        shown.extend(std::iter::repeat_n(' ', spaces));
                        mark = (shown.len(), column + spaces);
                    }
                    _ => show(character, &mut shown),
                }
                State::Ground
            }
        };
    }
    Cow::Owned(shown)
}

/// Each line of a text, made safe.
pub fn lines(text: &str) -> impl Iterator<Item = Cow<'_, str>> {
    text.split('\n').map(line)
}

/// Writes a character so that it can be seen and does nothing.
fn show(character: char, shown: &mut String) {
    match character {
        // Caret notation: the control's letter is 64 above it, and DEL's is `?`.
        '\0'..='\u{1F}' | '\u{7F}' => {
            shown.push('^');
            shown.push(char::from((character as u8) ^ 0x40));
        }
        '\u{80}'..='\u{9F}' => shown.push(char::REPLACEMENT_CHARACTER),
        _ if is_invisible_order(character) => shown.extend(character.escape_unicode()),
        _ => shown.push(character),
    }
}

/// Where in an escape sequence the reader is.
#[derive(Clone, Copy)]
enum State {
    /// In none.
    Ground,
    /// After ESC.
    Escape,
    /// After ESC and an intermediate byte, as in `ESC ( B`.
    Intermediate,
    /// In `ESC [ …`.
    Control,
    /// In a string that ends with ST, or, as xterm has it, BEL.
    Text,
    /// After an ESC in such a string: `\` ends it.
    TextEscape,
}

/// What becomes of a character.
enum Step {
    /// It belongs to a sequence.
    Into(State),
    /// It is text, and no sequence is open any more.
    Show,
}

impl State {
    fn take(self, character: char) -> Step {
        use State::{Control, Escape, Ground, Intermediate, Text, TextEscape};
        // CAN and SUB abort a sequence; ESC begins one anywhere.
        let next = match (self, character) {
            (Text, '\u{1B}') => TextEscape,
            (_, '\u{1B}') => Escape,
            (Ground, '\u{9B}') | (Escape, '[') | (Control, ' '..='?') => Control,
            (Ground, '\u{90}' | '\u{98}' | '\u{9D}' | '\u{9E}' | '\u{9F}')
            | (Escape, ']' | 'P' | 'X' | '^' | '_') => Text,
            (Ground, _) => return Step::Show,
            (_, '\u{18}' | '\u{1A}')
            | (Text, '\u{07}' | '\u{9C}')
            | (TextEscape, '\\')
            | (Control, '@'..='~')
            | (Escape | Intermediate, '0'..='~') => Ground,
            (Text, _) => Text,
            (TextEscape, _) => return Escape.take(character),
            (Escape | Intermediate, ' '..='/') => Intermediate,
            (Escape | Intermediate | Control, _) => return Ground.take(character),
        };
        Step::Into(next)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn case(text: &str, expected: &str) {
        assert_eq!(line(text), expected, "{text:?}");
    }

    #[test]
    fn sequences_are_dropped_whole() {
        case("\x1b[1;31mred\x1b[0m", "red");
        case("\x1b[38:2::255:0:0mtrue\x1b[m", "true");
        case("\x1b]0;title\x07text", "text");
        case("\x1b]52;c;cm0gLXJm\x1b\\text", "text");
        case("\x1b]8;;https://a.example\x1b\\link\x1b]8;;\x1b\\", "link");
        case("\x1bPq#0;2\x1b\\after", "after");
        case("\u{9b}2Jtext", "text");
        case("\u{9d}0;title\u{9c}text", "text");
        case("\x1b(Bascii", "ascii");
        case("\x1b7saved\x1b8", "saved");
        case("\x1b[2Aup \x1b[Kerase", "up erase");
    }

    #[test]
    fn unfinished_sequences_swallow_no_line_and_no_letter_of_another_script() {
        case("a\x1b", "a");
        case("a\x1b[31", "a");
        case("a\x1b]0;title", "a");
        case("\x1b[3ß", "ß");
        case("\x1bß", "ß");
        case("\x1b]0;t\x18text", "text");
        case("\x1b]0;t\x1b[31mred", "red");
        let shown: Vec<_> = lines("a\x1b]0;t\nnext").collect();
        assert_eq!(shown, ["a", "next"]);
    }

    #[test]
    fn returns_tabs_and_controls() {
        case("10%\r55%\r100%", "100%");
        case("dos\r", "dos");
        case("a\tb", "a       b");
        case("漢\tb\tc", "漢      b       c");
        case("a\x08b\0c\x7f", "a^Hb^@c^?");
        case("bell\x07", "bell^G");
        case("\u{85}", "\u{fffd}");
        case("a\nb", "a b");
    }

    #[test]
    fn reordering_is_shown() {
        case(
            "user\u{202e}\u{2066}// admin\u{2069}",
            "user\\u{202e}\\u{2066}// admin\\u{2069}",
        );
    }

    proptest! {
        #[test]
        fn nothing_that_acts_passes(text in any::<String>()) {
            prop_assert!(line(&text).chars().all(is_plain));
        }

        #[test]
        fn hostile_text_is_tamed_too(text in "[\x1b\\[\\]\\\\P^_\x07\x18\r\t\u{9b}\u{9d}0-9;mA ß]{0,40}") {
            prop_assert!(line(&text).chars().all(is_plain));
        }

        #[test]
        fn a_second_time_changes_nothing(text in any::<String>()) {
            let once = line(&text).into_owned();
            prop_assert_eq!(line(&once), &*once);
        }
    }
}
