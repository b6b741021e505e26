//! HTML that a page brings along and no runbook needs.
//!
//! The pages' policy keeps scripts from running wherever they come from; what could still frame,
//! restyle or redirect a page is shown as the text that it is.

use pulldown_cmark::{Event, Options, Parser};

/// Elements that do more than mark up text.
const ACTIVE: [&str; 13] = [
    "script", "style", "iframe", "frame", "object", "embed", "applet", "link", "meta", "base",
    "form", "template", "noscript",
];

/// The places of each `<` that begins or ends an active element, or begins one that would do something,
/// ascending.
pub(super) fn active(text: &str) -> Vec<usize> {
    let mut places: Vec<usize> = memchr::memchr_iter(b'<', text.as_bytes())
        .filter(|at| is_active(&text[at + 1..]) || acts(&text[at + 1..]))
        .collect();
    if places.is_empty() {
        return places;
    }
    // In code such text is text already, and a reference would show.
    let mut html = Vec::new();
    for (event, range) in Parser::new_ext(text, Options::all()).into_offset_iter() {
        if matches!(event, Event::Html(_) | Event::InlineHtml(_)) {
            html.push(range);
        }
    }
    places.retain(|place| {
        let next = html.partition_point(|range| range.end <= *place);
        html.get(next).is_some_and(|range| range.contains(place))
    });
    places
}

fn is_active(after: &str) -> bool {
    let name = after.strip_prefix('/').unwrap_or(after);
    let end = name
        .find(|c: char| !c.is_ascii_alphanumeric())
        .unwrap_or(name.len());
    ACTIVE
        .iter()
        .any(|tag| name[..end].eq_ignore_ascii_case(tag))
}

/// Whether an element, from its name on, has an attribute that is a script.
fn acts(after: &str) -> bool {
    if !after.starts_with(|c: char| c.is_ascii_alphabetic()) {
        return false;
    }
    let most = after.floor_char_boundary(4096);
    let tag = &after[..after[..most].find('>').unwrap_or(most)];
    let tag = tag.to_ascii_lowercase();
    let event = tag
        .split(|c: char| c.is_whitespace() || matches!(c, '/' | '"' | '\''))
        .any(|part| {
            part.strip_prefix("on")
                .is_some_and(|name| name.starts_with(|c: char| c.is_ascii_alphabetic()))
                && (part.contains('=') || tag.contains('='))
        });
    event || tag.contains("javascript:")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn active_elements_are_found_in_html_and_not_in_code() {
        let text =
            "a <b>b</b> <ScRiPt>x</sCript>\n\n`<script>`\n\n    <script>\n\n<iframe src=x>\n";
        let found = active(text);
        let cut: Vec<&str> = found.iter().map(|at| &text[*at..*at + 4]).collect();
        assert_eq!(cut, ["<ScR", "</sC", "<ifr"]);
        assert!(active("1 < 2, <b>, <scripture>").is_empty());
        assert_eq!(
            active("<img src=x OnError=alert(1)> <a href='javascript:x'>"),
            [0, 29]
        );
        // CommonMark has this for text (section 6.6).
        assert!(active("<svg/onload=alert(1)>").is_empty());
        assert!(active("<b title='on'>on</b> `<img onerror=x>`").is_empty());
    }
}
