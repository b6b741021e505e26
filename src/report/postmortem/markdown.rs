//! Text from outside put into a page so that it stays text: no heading, fence, link, HTML,
//! attribute or directive of ours can begin in it.

use crate::visible::is_no_character;

/// How many characters of a text are shown in running text and in tables.
const SHOWN: usize = 400;

/// A text on one line, without what acts or hides (escape sequences, controls, marks that reorder
/// letters), shortened.
fn plain(text: &str) -> String {
    let text = console::strip_ansi_codes(text);
    let mut shown = String::new();
    let mut characters = 0;
    for word in text.split(|c: char| c.is_whitespace() || c.is_control()) {
        let word: String = word.chars().filter(|c| !is_hidden(*c)).collect();
        if word.is_empty() {
            continue;
        }
        if characters >= SHOWN {
            shown.push_str(" …");
            break;
        }
        if !shown.is_empty() {
            shown.push(' ');
        }
        shown.extend(word.chars().take(SHOWN - characters));
        characters += word.chars().count() + 1;
        if characters > SHOWN + 1 {
            shown.push('…');
        }
    }
    shown
}

/// Characters that reorder, join or break text without being seen (UAX #9, §2; Unicode `Cf`), and
/// those that YAML can't hold.
const fn is_hidden(character: char) -> bool {
    is_no_character(character)
        || matches!(
            character,
            '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{2069}'
                | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}'
        )
}

/// A text as running text (`CommonMark` 2.4: a backslash before ASCII punctuation).
pub(super) fn text(text: &str) -> String {
    let text = plain(text);
    let characters: Vec<char> = text.chars().collect();
    let mut shown = String::with_capacity(text.len());
    for (index, character) in characters.iter().copied().enumerate() {
        let before = index.checked_sub(1).and_then(|at| characters.get(at));
        let after = characters.get(index + 1);
        let in_word = before.is_some_and(|c| c.is_alphanumeric())
            && after.is_some_and(|c| c.is_alphanumeric());
        let acts = match character {
            '\\' | '`' | '*' | '[' | ']' | '<' | '>' | '&' | '#' | '|' | '~' | '$' | '^' => true,
            '_' => !in_word,
            // `https://…` is a link of GFM, and `{{…}}` a directive of mdBook.
            ':' => after == Some(&'/'),
            '{' => after == Some(&'{'),
            // `...` and `--` become other characters in mdBook, and `--force` must stay.
            '.' if after == Some(&'.') => true,
            '.' => index >= 3 && text.to_ascii_lowercase().contains("www.") && in_word,
            '-' if after == Some(&'-') => true,
            // A list or a heading, where a line begins with it.
            '-' | '+' | '=' => index == 0,
            _ => false,
        };
        if acts {
            shown.push('\\');
        }
        shown.push(character);
    }
    shown
}

/// A sentence of ours, in which code stands between backquotes.
pub(super) fn said(sentence: &str) -> String {
    let parts: Vec<&str> = sentence.split('`').collect();
    if parts.len().is_multiple_of(2) {
        return text(sentence);
    }
    let mut shown = String::new();
    for (index, part) in parts.iter().enumerate() {
        if index % 2 == 1 {
            shown.push_str(&code(part).replace('|', "\\|"));
            continue;
        }
        // The blanks at its ends part it from the code.
        let space = |wanted: bool| if wanted { " " } else { "" };
        shown.push_str(space(index > 0 && part.starts_with(char::is_whitespace)));
        let inside = text(part);
        shown.push_str(&inside);
        let ends = !inside.is_empty() && part.ends_with(char::is_whitespace);
        shown.push_str(space(ends && index + 1 < parts.len()));
    }
    shown
}

/// A text in a code span (`CommonMark` 6.1), on one line.
pub(super) fn code(text: &str) -> String {
    let text = unfolded(&plain(text));
    if text.is_empty() {
        return "–".to_owned();
    }
    let ticks = "`".repeat(longest_run(&text, '`') + 1);
    let space = if text.starts_with(['`', ' ']) || text.ends_with(['`', ' ']) {
        " "
    } else {
        ""
    };
    format!("{ticks}{space}{text}{space}{ticks}")
}

/// A code span for a cell of a table, where a bar would begin the next cell (GFM 4.10).
pub(super) fn code_in_table(text: &str) -> String {
    code(text).replace('|', "\\|")
}

/// A command in a fence, to be copied: nothing of it may be changed.
pub(super) fn command(text: &str) -> String {
    if unfolded(text) == text {
        fence("text", text)
    } else {
        "(It can't stand in a page that mdBook may read; `runbook show` prints it.)\n".to_owned()
    }
}

/// Lines in a fence (`CommonMark` 4.5) that nothing in them closes.
pub(super) fn fence(info: &str, lines: &str) -> String {
    let lines = unfolded(lines.trim_end_matches('\n'));
    // No backquote can follow the ones that open a fence.
    let sign = if info.contains('`') || longest_run(&lines, '`') >= 3 {
        '~'
    } else {
        '`'
    };
    let run = longest_run(&lines, sign).max(2) + 1;
    let marks = sign.to_string().repeat(run);
    format!("{marks}{info}\n{lines}\n{marks}\n")
}

/// Lines of output for people: without escape sequences and controls.
pub(super) fn output<'a>(lines: impl IntoIterator<Item = &'a str>) -> String {
    let mut shown = String::new();
    for line in lines {
        let line = console::strip_ansi_codes(line);
        // Of a line that was written over, what stood last.
        let line = line.trim_end_matches('\r');
        let line = line.rsplit('\r').next().unwrap_or_default();
        shown.extend(
            line.chars()
                .map(|c| if c == '\t' { ' ' } else { c })
                .filter(|c| !c.is_control() && !is_hidden(*c)),
        );
        shown.push('\n');
    }
    shown
}

/// A text in a YAML block: JSON's strings are YAML's (YAML 1.2, section 1.3).
pub(super) fn yaml(text: &str) -> String {
    let text: String = plain(text);
    serde_json::to_string(&text).unwrap_or_else(|_| "\"\"".to_owned())
}

/// mdBook reads `{{#…}}` in code as well.
fn unfolded(text: &str) -> String {
    text.replace("{{#", "{\u{200b}{#")
}

fn longest_run(text: &str, sign: char) -> usize {
    let mut longest = 0;
    let mut run = 0;
    for character in text.chars() {
        run = if character == sign { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    longest
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use pulldown_cmark::{Event, Options, Parser, Tag};

    use super::*;

    /// What a renderer makes of a text, and whether it is nothing but text.
    fn rendered(page: &str) -> (String, bool) {
        let mut shown = String::new();
        let mut only_text = true;
        for event in Parser::new_ext(page, Options::all()) {
            match event {
                Event::Text(text) | Event::Code(text) => shown.push_str(&text),
                Event::Start(Tag::Paragraph) | Event::End(_) | Event::SoftBreak => {}
                _ => only_text = false,
            }
        }
        (shown, only_text)
    }

    #[test]
    fn what_acts_in_markdown_is_shown() {
        let shown = |given: &str| {
            assert_eq!(
                rendered(&format!("a {}", text(given))).0,
                format!("a {given}")
            );
        };
        shown("# no heading <b>bold</b> [link](x) `code` a|b *em* __init__ snake_case ~~x~~ $x$");
        shown("``` {#x} \\ &amp; ![i](y) https://evil.example www.evil.example {{#include x}}");
        assert_eq!(text("1. a"), "1. a");
        assert_eq!(text("- a\n# b"), "\\- a \\# b");
        assert_eq!(text("\u{1b}[31mred\u{1b}[0m\u{202e}x"), "redx");
        assert_eq!(said("it needs `a|b`, *x*"), "it needs `a\\|b`, \\*x\\*");
        assert_eq!(said("one ` only"), "one \\` only");
        assert_eq!(code("a`b"), "``a`b``");
        assert_eq!(code_in_table("a|b"), "`a\\|b`");
        assert_eq!(fence("text", "a\n```\nb"), "~~~text\na\n```\nb\n~~~\n");
    }

    proptest! {
        #[test]
        fn text_stays_text(given in "[ a#*_`<>\\[\\]()|~$&!:/.{}=+1-]{0,40}") {
            let page = format!("said: {}", text(&given));
            let (shown, only_text) = rendered(&page);
            prop_assert!(only_text, "{page}");
            let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
            prop_assert_eq!(words(&shown), words(&format!("said: {given}")));
        }

        #[test]
        fn code_stays_code(given in "[ a`\\\\<|~]{1,30}") {
            let page = format!("said {}", code(&given));
            prop_assert!(rendered(&page).1, "{}", page);
        }

        #[test]
        fn a_fence_closes_where_it_should(given in "[ a`~\n{}#]{0,40}") {
            let page = fence("text", &given) + "\nafter\n";
            let events: Vec<Event> = Parser::new_ext(&page, Options::all()).collect();
            let fences = events.iter().filter(|e| matches!(e, Event::Start(Tag::CodeBlock(_)))).count();
            let paragraphs = events.iter().filter(|e| matches!(e, Event::Start(Tag::Paragraph))).count();
            prop_assert_eq!((fences, paragraphs), (1, 1), "{}", page);
        }
    }
}
