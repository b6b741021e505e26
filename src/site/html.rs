//! Text put into HTML.
//!
//! What a page gets from us is one line of HTML, however many lines it shows: `CommonMark` ends a
//! block of HTML at the first blank line (section 4.6), so line ends are written as references.

use jiff::Timestamp;

use crate::visible::in_order;

/// A text where HTML has text, or a quoted attribute.
///
/// `{` is written as a reference too: mdBook's own preprocessor reads `{{#include …}}` wherever it
/// stands, and an output may hold one.
#[must_use]
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 8);
    push(&mut out, text);
    out
}

/// Adds a text where HTML has text, or a quoted attribute.
pub(super) fn push(out: &mut String, text: &str) {
    add(out, &in_order(text));
}

/// A text in a quoted attribute that nobody sees, and that must come back as it is.
pub(super) fn data(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 8);
    add(&mut out, text);
    out
}

fn add(out: &mut String, text: &str) {
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '{' => out.push_str("&#123;"),
            '\n' => out.push_str("&#10;"),
            '\t' => out.push_str("&#9;"),
            // What HTML has no way to write.
            '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}' => out.push('\u{fffd}'),
            _ => out.push(character),
        }
    }
}

/// A message: what stands between backquotes is code.
pub(super) fn phrase(text: &str) -> String {
    let parts: Vec<&str> = text.split('`').collect();
    if parts.len().is_multiple_of(2) {
        return escape(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for (number, part) in parts.iter().enumerate() {
        if number % 2 == 0 {
            push(&mut out, part);
        } else {
            out.push_str("<code>");
            push(&mut out, part);
            out.push_str("</code>");
        }
    }
    out
}

/// A moment, to the minute, in UTC.
pub(super) fn time(at: Timestamp) -> String {
    format!(
        "<time datetime=\"{}\">{} UTC</time>",
        at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        at.strftime("%Y-%m-%d %H:%M")
    )
}

/// A day, in UTC.
pub(super) fn day(at: Timestamp) -> String {
    format!(
        "<time datetime=\"{}\">{}</time>",
        at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        at.strftime("%Y-%m-%d")
    )
}

/// The moment from which an age counts, for the script that finds out what has become stale.
pub(super) fn since(at: Option<Timestamp>) -> String {
    at.map_or_else(String::new, |at| {
        format!(" data-since=\"{}\"", at.strftime("%Y-%m-%dT%H:%M:%SZ"))
    })
}

/// The anchor of a step.
pub(super) fn anchor(id: &str) -> String {
    let safe: String = id
        .chars()
        .map(|c| {
            if c.is_alphanumeric() || c == '-' {
                c
            } else {
                '_'
            }
        })
        .collect();
    format!("step-{safe}")
}

/// A text that is no longer than this many characters.
pub(super) fn short(text: &str, most: usize) -> String {
    let mut places = text.char_indices().map(|(at, _)| at);
    match (places.nth(most.saturating_sub(1)), places.next()) {
        (Some(end), Some(_)) => format!("{}…", text[..end].trim_end()),
        _ => text.to_owned(),
    }
}

/// A text that is no longer than this many characters, cut in its middle: names that belong together
/// mostly differ at their ends.
pub(super) fn middle(text: &str, most: usize) -> String {
    let count = text.chars().count();
    if count <= most {
        return text.to_owned();
    }
    let (head, tail) = (most.saturating_sub(1) / 2, most / 2);
    let start: String = text.chars().take(head).collect();
    let end: String = text.chars().skip(count - tail).collect();
    format!("{start}…{end}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_a_text_is_markup() {
        assert_eq!(
            escape("<script>alert('1')</script>\n\n{{#include /etc/passwd}}"),
            "&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;&#10;&#10;&#123;&#123;#include /etc/passwd}}"
        );
        assert_eq!(anchor("a b\"[2]"), "step-a_b__2_");
    }

    #[test]
    fn code_in_a_message_is_marked_up_and_nothing_else_is() {
        assert_eq!(phrase("`<a>` failed"), "<code>&lt;a&gt;</code> failed");
        assert_eq!(phrase("a ` b"), "a ` b");
    }

    #[test]
    fn a_long_text_is_cut_at_a_character() {
        assert_eq!(short("äöüß", 4), "äöüß");
        assert_eq!(short("äöüßx", 4), "äöü…");
        assert_eq!(middle("abcdefgh", 5), "ab…gh");
        assert_eq!(middle("abcde", 5), "abcde");
    }
}
