//! Which tags of HTML a page may bring along: those that mark up text, and ask nobody for anything.
//!
//! What is not known to be harmless is shown as text, so that what browsers learn tomorrow is text
//! today.

/// Elements that mark up text, or draw.
const ELEMENTS: &[&str] = &[
    "a",
    "abbr",
    "address",
    "article",
    "aside",
    "b",
    "bdi",
    "bdo",
    "big",
    "blockquote",
    "br",
    "caption",
    "center",
    "circle",
    "cite",
    "code",
    "col",
    "colgroup",
    "dd",
    "defs",
    "del",
    "desc",
    "details",
    "dfn",
    "div",
    "dl",
    "dt",
    "ellipse",
    "em",
    "figcaption",
    "figure",
    "font",
    "footer",
    "g",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "header",
    "hr",
    "i",
    "img",
    "ins",
    "kbd",
    "li",
    "line",
    "lineargradient",
    "mark",
    "nav",
    "ol",
    "p",
    "path",
    "polygon",
    "polyline",
    "pre",
    "q",
    "radialgradient",
    "rect",
    "rp",
    "rt",
    "ruby",
    "s",
    "samp",
    "section",
    "small",
    "span",
    "stop",
    "strike",
    "strong",
    "sub",
    "summary",
    "sup",
    "svg",
    "table",
    "tbody",
    "td",
    "text",
    "tfoot",
    "th",
    "thead",
    "time",
    "title",
    "tr",
    "tspan",
    "tt",
    "u",
    "ul",
    "var",
    "wbr",
];

/// Those of them that have no end.
const VOID: [&str; 5] = ["br", "col", "hr", "img", "wbr"];

/// Attributes that a browser fetches, sends something to, or takes for more than a look.
const REFUSED: &[&str] = &[
    "action",
    "archive",
    "autofocus",
    "background",
    "classid",
    "codebase",
    "data",
    "dynsrc",
    "formaction",
    "http-equiv",
    "imagesrcset",
    "is",
    "longdesc",
    "lowsrc",
    "manifest",
    "nonce",
    "ping",
    "popover",
    "popovertarget",
    "poster",
    "profile",
    "slot",
    "srcdoc",
    "srcset",
    "usemap",
    "xlink:href",
    "xml:base",
];

/// The name of an element is shorter.
const LONGEST: usize = 32;
/// No tag that people write has more attributes.
const MOST: usize = 64;

/// Schemes of addresses that are no place to go to.
const SCHEMES: &[&str] = &[
    "javascript",
    "vbscript",
    "livescript",
    "data",
    "blob",
    "filesystem",
    "about",
    "view-source",
];

/// Whether a tag is harmless; `rest` is what follows its `<`. What is no tag is harmless too.
pub(super) fn is_harmless(rest: &str) -> bool {
    let (closing, rest) = match rest.strip_prefix('/') {
        Some(rest) => (true, rest),
        None => (false, rest),
    };
    if !rest.starts_with(|c: char| c.is_ascii_alphabetic()) {
        return true;
    }
    // No name is as long; a page of a single word must not be read again for each of its letters.
    let most = rest.floor_char_boundary(LONGEST);
    let end = rest[..most]
        .find(|c: char| c.is_ascii_whitespace() || matches!(c, '/' | '>'))
        .unwrap_or(most);
    let name = rest[..end].to_ascii_lowercase();
    if !ELEMENTS.contains(&name.as_str()) {
        return false;
    }
    let Some((attributes, _)) = attributes(&rest[end..]) else {
        return false;
    };
    closing
        || attributes
            .iter()
            .all(|(attribute, value)| is_quiet(&name, attribute, value))
}

/// The attributes of a tag, from behind its name on, as HTML's tokenizer takes them, and what follows; nothing where
/// the tag has no end, or more of them than anybody writes.
fn attributes(rest: &str) -> Option<(Vec<(String, String)>, &str)> {
    let mut found = Vec::new();
    let mut rest = rest;
    loop {
        rest = rest.trim_start_matches(|c: char| c.is_ascii_whitespace() || c == '/');
        if let Some(after) = rest.strip_prefix('>') {
            return Some((found, after));
        }
        if found.len() == MOST {
            return None;
        }
        let first = rest.chars().next()?.len_utf8();
        let end = first
            + rest[first..]
                .find(|c: char| c.is_ascii_whitespace() || matches!(c, '/' | '>' | '='))?;
        let name = rest[..end].to_ascii_lowercase();
        let after = rest[end..].trim_start_matches(|c: char| c.is_ascii_whitespace());
        let Some(value) = after.strip_prefix('=') else {
            found.push((name, String::new()));
            rest = &rest[end..];
            continue;
        };
        let value = value.trim_start_matches(|c: char| c.is_ascii_whitespace());
        let quoted = ['"', '\'']
            .into_iter()
            .find(|quote| value.starts_with(*quote));
        let (value, left) = if let Some(quote) = quoted {
            value[1..].split_once(quote)?
        } else {
            value.split_at(value.find(|c: char| c.is_ascii_whitespace() || c == '>')?)
        };
        found.push((name, value.to_owned()));
        rest = left;
    }
}

/// Goes through the tags of a piece of HTML with what is open around it: the names of elements, and
/// nothing for each of Markdown's own. Gives the places of the `<` of end tags that would close what
/// Markdown opened, which mdBook does not survive.
pub(super) fn stray(html: &str, open: &mut Vec<Option<String>>) -> Vec<usize> {
    let mut found = Vec::new();
    let mut rest = html;
    while let Some(at) = memchr::memchr(b'<', rest.as_bytes()) {
        let place = html.len() - rest.len() + at;
        rest = &rest[at + 1..];
        if let Some(comment) = rest.strip_prefix("!--") {
            rest = comment.split_once("-->").map_or("", |(_, after)| after);
            continue;
        }
        let closing = rest.starts_with('/');
        let own = &rest[usize::from(closing)..];
        if !own.starts_with(|c: char| c.is_ascii_alphabetic()) || !is_harmless(rest) {
            continue;
        }
        let end = own.find(|c: char| c.is_ascii_whitespace() || matches!(c, '/' | '>'));
        let (name, after) = own.split_at(end.unwrap_or(own.len()));
        let name = name.to_ascii_lowercase();
        let Some((_, after)) = attributes(after) else {
            continue;
        };
        let tag = &rest[..rest.len() - after.len()];
        rest = after;
        if closing {
            match open.last() {
                Some(Some(last)) if *last == name => {
                    open.pop();
                }
                // Of another element of the page mdBook says it, and goes on.
                Some(Some(_)) => {}
                _ => found.push(place),
            }
        } else if !VOID.contains(&name.as_str()) && !tag.ends_with("/>") {
            open.push(Some(name));
        }
    }
    found
}

/// Whether an attribute asks nobody and does nothing.
fn is_quiet(element: &str, name: &str, value: &str) -> bool {
    if name.starts_with("on") || REFUSED.contains(&name) {
        return false;
    }
    match name {
        "href" => element == "a" && plain(value).is_some_and(|value| leads(&value)),
        "src" => {
            element == "img" && plain(value).is_some_and(|value| is_own(&value) || is_image(&value))
        }
        _ => {
            // `url(…)` in a style, or in an attribute that draws, is fetched unless it is of this page;
            // a backslash or a reference may spell it.
            let value = value.to_ascii_lowercase();
            let fetches = value
                .match_indices("url(")
                .any(|(at, _)| !value[at + 4..].starts_with('#'))
                || value.contains("image(")
                || value.contains("image-set(")
                || value.contains("@import");
            let spelled = name == "style" && value.contains(['\\', '&']);
            !fetches && !spelled && (!value.contains("&#") || !value.contains('('))
        }
    }
}

/// An address without references; nothing where one could spell a scheme.
fn plain(value: &str) -> Option<String> {
    let value = value.replace("&amp;", "\u{1}amp;");
    let spelled = value.find('&').is_some_and(|at| {
        let end = value.find(['/', '?', '#']).unwrap_or(value.len());
        // `&#…` has a `#` of its own.
        at < end || value[at..].starts_with("&#")
    });
    (!spelled).then(|| value.replace("\u{1}amp;", "&"))
}

/// The scheme of an address, as browsers find it: past blanks, without line ends.
fn scheme(address: &str) -> Option<String> {
    let address: String = address
        .trim_start_matches(|c: char| c <= ' ')
        .chars()
        .filter(|c| !matches!(c, '\t' | '\n' | '\r'))
        .collect();
    let end = address.find(['/', '?', '#', '\\']).unwrap_or(address.len());
    let colon = address[..end].find(':')?;
    Some(address[..colon].to_ascii_lowercase())
}

/// Whether an address is a place that a reader may go to.
pub(super) fn leads(address: &str) -> bool {
    scheme(address).is_none_or(|scheme| !SCHEMES.contains(&scheme.trim()))
}

/// Whether an address is a file of the site.
pub(super) fn is_own(address: &str) -> bool {
    let start: String = address
        .trim_start_matches(|c: char| c <= ' ')
        .chars()
        .filter(|c| !matches!(c, '\t' | '\n' | '\r'))
        .take(2)
        .collect();
    let other_host = start.len() == 2 && start.chars().all(|c| matches!(c, '/' | '\\'));
    scheme(address).is_none() && !other_host
}

/// Whether an address is a picture itself.
pub(super) fn is_image(address: &str) -> bool {
    address
        .get(..11)
        .is_some_and(|start| start.eq_ignore_ascii_case("data:image/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_marks_up_text_is_harmless() {
        for tag in [
            "b>",
            "/b>",
            "br/>",
            "a href=\"https://example.com/a?b&amp;c#d\">",
            "a href='x y'>",
            "img src=a.png alt='a > b'>",
            "img src=\"data:image/png;base64,AA\">",
            "td style=\"text-align: center\">",
            "rect fill=\"url(#g)\" />",
            " 3",
            "= x",
            "!-- x -->",
            "details open>",
            "a href=mailto:a@b.c>",
            "p class='a' title=\"f(x)\">",
        ] {
            assert!(is_harmless(tag), "{tag}");
        }
    }

    #[test]
    fn a_page_of_nothing_but_openings_is_read_at_once() {
        let text = "<a <a<a/<p x='".repeat(5_000);
        let harmless = memchr::memchr_iter(b'<', text.as_bytes())
            .filter(|at| is_harmless(&text[at + 1..]))
            .count();
        assert_eq!(harmless, 0);
    }

    #[test]
    fn what_does_something_or_asks_somebody_is_not() {
        for tag in [
            "script>",
            "/script>",
            "meta http-equiv=refresh content=x>",
            "meta\nname=x>",
            "iframe>",
            "svg/onload=alert(1)>",
            "b onclick=x>",
            "b/onclick=x>",
            "b x=\"\"onclick=x>",
            "a href=javascript:x>",
            "a href=' java\nscript:x'>",
            "a href=\"&#106;avascript:x\">",
            "a href=\"javascript&colon;x\">",
            "a href=data:text/html,x>",
            "a ping=x href=y>",
            "img src=https://example.com/a.png>",
            "img src=//example.com/a.png>",
            "img src='/\\example.com/a.png'>",
            "img srcset=a.png>",
            "image href=a.png>",
            "a xlink:href=javascript:x>",
            "td background=x>",
            "set to=x>",
            "release>",
            "b",
            "p style=\"background: url(https://example.com)\">",
            "p style='background:u\\rl(x)'>",
            "rect fill='url(https://example.com)'>",
            "b title=\"x>",
        ] {
            assert!(!is_harmless(tag), "{tag}");
        }
    }
}
