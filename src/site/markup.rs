//! What a page brings along that no runbook needs: HTML that acts, addresses that are scripts,
//! pictures of other hosts.
//!
//! The pages' policy keeps scripts from running wherever they come from; what could still frame,
//! restyle or redirect a page, or ask another host, is shown as the text that it is. What counts is
//! how mdBook reads a page, so its own parser is asked, with the options that the book sets.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::ops::Range;

use mdbook_driver::config::HtmlConfig;
use mdbook_markdown::{MarkdownOptions, new_cmark_parser};
use pulldown_cmark::{Event, Parser, Tag, TagEnd};

use super::html::escape;
use super::tags;

/// What is put into a text in the place of a part of it.
pub(super) type Edit = (Range<usize>, String);

/// How often a page is read anew after something of it became text, which may make something else of
/// the rest; more than that nobody writes who means well.
const ROUNDS: usize = 16;

/// The options by which mdBook reads the pages of a book.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reading {
    smart_punctuation: bool,
    definition_lists: bool,
    admonitions: bool,
}

impl Reading {
    /// As the book's configuration says.
    pub(super) const fn of(config: &HtmlConfig) -> Self {
        Self {
            smart_punctuation: config.smart_punctuation,
            definition_lists: config.definition_lists,
            admonitions: config.admonitions,
        }
    }

    /// mdBook's parser for a text.
    pub(super) fn parser(self, text: &str) -> Parser<'_> {
        let mut options = MarkdownOptions::default();
        options.smart_punctuation = self.smart_punctuation;
        options.definition_lists = self.definition_lists;
        options.admonitions = self.admonitions;
        new_cmark_parser(text, &options)
    }
}

/// The text of a page in which nothing acts and nothing asks another host.
pub(super) fn tame(text: &str, reading: Reading) -> Cow<'_, str> {
    let mut text = Cow::Borrowed(text);
    for _ in 0..ROUNDS {
        let edits = found(&text, reading);
        if edits.is_empty() {
            return text;
        }
        text = Cow::Owned(edited(&text, edits));
    }
    Cow::Owned(format!("<pre>{}</pre>\n", escape(&text)))
}

/// A text with its edits; of those that overlap the first counts.
pub(super) fn edited(text: &str, mut edits: Vec<Edit>) -> String {
    edits.sort_by_key(|(range, _)| (range.start, range.end));
    let mut out = String::with_capacity(text.len() * 2);
    let mut done = 0;
    for (range, put) in edits {
        if range.start < done || range.end > text.len() {
            continue;
        }
        out.push_str(text.get(done..range.start).unwrap_or_default());
        out.push_str(&put);
        done = range.end;
    }
    out.push_str(text.get(done..).unwrap_or_default());
    out
}

/// What has to become text.
fn found(text: &str, reading: Reading) -> Vec<Edit> {
    let mut edits: Vec<Edit> = Vec::new();
    let mut block: Option<Html> = None;
    let mut links = 0_usize;
    // What is open: elements of the page, and nothing for each of Markdown's own.
    let mut open: Vec<Option<String>> = Vec::new();
    let mut picture: Option<(Range<usize>, String, String)> = None;
    for (event, range) in reading.parser(text).into_offset_iter() {
        if let Some((_, _, alt)) = &mut picture
            && let Event::Text(shown) | Event::Code(shown) = &event
        {
            alt.push_str(shown);
        }
        match &event {
            Event::Start(Tag::HtmlBlock) | Event::End(TagEnd::HtmlBlock) => {}
            Event::Start(_) => open.push(None),
            Event::End(_) => while let Some(Some(_)) = open.pop() {},
            _ => {}
        }
        match event {
            Event::Start(Tag::HtmlBlock) => block = Some(Html::default()),
            Event::End(TagEnd::HtmlBlock) => {
                if let Some(html) = block.take() {
                    edits.extend(html.acting(text, &mut open));
                }
            }
            Event::Html(part) | Event::Text(part) if block.is_some() => {
                if let Some(block) = &mut block {
                    block.add(&part, range);
                }
            }
            Event::InlineHtml(part) => {
                let mut html = Html::default();
                html.add(&part, range);
                edits.extend(html.acting(text, &mut open));
            }
            Event::Start(Tag::Heading { attrs, .. }) if !attrs.is_empty() => {
                // mdBook puts them into the heading's tag as they are.
                let own = text.get(range.clone()).unwrap_or_default();
                if let Some(at) = own.rfind('{') {
                    let at = range.start + at;
                    edits.push((at..at + 1, "&#123;".to_owned()));
                }
            }
            Event::Start(Tag::Link { dest_url, .. }) => {
                links += 1;
                if !tags::leads(&dest_url) {
                    let first = text.get(range.start..).and_then(|own| own.chars().next());
                    let sign = first.map_or_else(String::new, |sign| format!("&#{};", sign as u32));
                    let end = range.start + first.map_or(0, char::len_utf8);
                    edits.push((range.start..end, sign));
                }
            }
            Event::End(TagEnd::Link) => links = links.saturating_sub(1),
            Event::Start(Tag::Image { dest_url, .. })
                if picture.is_none() && !tags::is_own(&dest_url) && !tags::is_image(&dest_url) =>
            {
                picture = Some((range, dest_url.to_string(), String::new()));
            }
            Event::End(TagEnd::Image) => {
                if picture
                    .as_ref()
                    .is_some_and(|(whole, _, _)| *whole == range)
                    && let Some((whole, address, alt)) = picture.take()
                {
                    edits.push((whole, in_place_of_picture(&address, &alt, links > 0)));
                }
            }
            _ => {}
        }
    }
    edits
}

/// A picture of another host, as a link to it; in a link only its words.
fn in_place_of_picture(address: &str, alt: &str, linked: bool) -> String {
    let words = if alt.trim().is_empty() {
        "picture"
    } else {
        alt
    };
    let words = inert(words);
    if linked || !tags::leads(address) {
        words
    } else {
        let mut href = String::with_capacity(address.len());
        for character in address.chars() {
            match character {
                '&' => href.push_str("&amp;"),
                '"' | '\'' | '<' | '>' | '{' | '}' | '|' | '\\' | '`' | '\0'..=' ' => {
                    let _ = write!(href, "%{:02X}", character as u32);
                }
                _ => href.push(character),
            }
        }
        format!("<a href=\"{href}\">{words}</a>")
    }
}

/// A text in which Markdown reads nothing.
fn inert(text: &str) -> String {
    let mut out = String::with_capacity(text.len() * 2);
    for character in text.chars() {
        if character.is_alphanumeric() || matches!(character, ' ' | '/' | ',' | '.' | '?' | '%') {
            out.push(character);
        } else if character == '&' {
            out.push_str("&amp;");
        } else {
            let _ = write!(out, "&#{};", character as u32);
        }
    }
    out
}

/// HTML of a page, in the pieces in which the source has it.
#[derive(Debug, Default)]
struct Html {
    text: String,
    /// Where each piece begins in the text, and where the source has it.
    pieces: Vec<(usize, Range<usize>)>,
}

impl Html {
    fn add(&mut self, part: &str, range: Range<usize>) {
        self.pieces.push((self.text.len(), range));
        self.text.push_str(part);
    }

    /// The edits that make text of each tag that is not harmless. A `<` within a comment or a value is
    /// taken for a tag too: as a reference it means there what it meant.
    /// So does an end tag that would close what Markdown opened.
    fn acting(&self, source: &str, open: &mut Vec<Option<String>>) -> Vec<Edit> {
        let mut edits = Vec::new();
        let stray = tags::stray(&self.text, open);
        for at in memchr::memchr_iter(b'<', self.text.as_bytes()) {
            if tags::is_harmless(&self.text[at + 1..]) && stray.binary_search(&at).is_err() {
                continue;
            }
            let piece = self.pieces.partition_point(|(from, _)| *from <= at);
            let Some((from, range)) = piece.checked_sub(1).and_then(|at| self.pieces.get(at))
            else {
                continue;
            };
            let place = range.start + (at - from);
            let bytes = source.as_bytes();
            if bytes.get(place) == Some(&b'<') {
                edits.push((place..place + 1, "&lt;".to_owned()));
            } else {
                // The piece is no copy of the source: all of it becomes text.
                let own = bytes.get(range.clone()).unwrap_or_default();
                edits.extend(memchr::memchr_iter(b'<', own).map(|at| {
                    let place = range.start + at;
                    (place..place + 1, "&lt;".to_owned())
                }));
            }
        }
        edits
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tamed(text: &str) -> String {
        tame(text, Reading::of(&HtmlConfig::default())).into_owned()
    }

    #[test]
    fn what_acts_is_text_and_code_stays() {
        assert_eq!(
            tamed(
                "a <b>b</b> <ScRiPt>x</sCript>\n\n`<script>`\n\n    <script>\n\n<iframe src=x>\n"
            ),
            "a <b>b</b> &lt;ScRiPt>x&lt;/sCript>\n\n`<script>`\n\n    <script>\n\n&lt;iframe src=x>\n"
        );
        let harmless = "1 < 2, <b>, a & b, [x](y.md) ![z](z.png) # {x}\n\n# A {#b .c}\n";
        assert_eq!(tamed(harmless), harmless);
    }

    #[test]
    fn an_end_that_would_close_what_markdown_opened_is_text() {
        assert_eq!(tamed("a</p> b</main>"), "a&lt;/p> b&lt;/main>");
        assert_eq!(
            tamed("- a <b>b</i></b></li>\n"),
            "- a <b>b</i></b>&lt;/li>\n"
        );
        let balanced = "<div>\n\na <b>b</b> <br> <!-- <i> --> *c*\n\n</div>\n";
        assert_eq!(tamed(balanced), balanced);
    }

    #[test]
    fn nothing_hides_in_what_mdbook_reads_otherwise() {
        for hidden in [
            "$<meta http-equiv=x>$",
            "$$\n<meta http-equiv=x>\n$$",
            "[[<meta http-equiv=x>]]",
            "+++\n<meta http-equiv=x>\n+++\n",
            "---\n<meta http-equiv=x>\n---\n",
            "~<meta name=x>~ ^<meta name=x>^",
            "<!-- ' -->\n<meta name=x>",
            "<!-- <b title=\"x --> <meta name=x> \">",
            "> <div\n> title=x><meta\n> name=x>\n",
            "<!--> <meta name=x> -->",
        ] {
            let text = tamed(hidden);
            assert!(!text.contains("<meta"), "{hidden}: {text}");
        }
    }

    #[test]
    fn an_address_that_is_a_script_is_text() {
        for link in [
            "[x](javascript:alert(1))",
            "[x](<java&#115;cript:alert(1)>)",
            "<javascript:alert>",
            "[x][r]\n\n[r]: JavaScript:x",
            "[[x](javascript:a)](javascript:b)",
            "<script>\n[x](javascript:a)\n</script>",
            "![x](javascript:a)",
        ] {
            let text = tamed(link);
            let links = Reading::of(&HtmlConfig::default())
                .parser(&text)
                .filter(|event| matches!(event, Event::Start(Tag::Link { .. } | Tag::Image { .. })))
                .count();
            assert_eq!(links, 0, "{link}: {text}");
        }
    }

    #[test]
    fn attributes_of_a_heading_are_text() {
        assert_eq!(tamed("# A {onclick=x #i}\n"), "# A &#123;onclick=x #i}\n");
    }

    #[test]
    fn a_picture_of_another_host_is_a_link_to_it() {
        assert_eq!(
            tamed("![a *b*](https://example.com/a.png?b&c{) [![c](//e.com/x)](y.md)"),
            "<a href=\"https://example.com/a.png?b&amp;c%7B\">a b</a> [c](y.md)"
        );
    }
}
