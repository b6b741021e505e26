//! Output of a terminal as HTML: colours stay, everything else that acts is dropped.

use super::html;
use crate::view::sanitize;

/// The rendition that is on (ECMA-48, section 8.3.117).
#[derive(Clone, Copy, Default, PartialEq, Eq)]
struct Rendition {
    bold: bool,
    dim: bool,
    italic: bool,
    underline: bool,
    /// 0 to 15.
    front: Option<u8>,
    back: Option<u8>,
}

/// The lines of an output as one line of HTML; its colours become classes.
///
/// ```
/// use runbook::site::ansi;
/// assert_eq!(ansi("\x1b[31mred\x1b[0m <b>"), "<span class=\"f1\">red</span> &lt;b&gt;");
/// ```
#[must_use]
pub fn ansi(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 32);
    let mut rendition = Rendition::default();
    for (number, line) in text.split('\n').enumerate() {
        if number > 0 {
            out.push_str("&#10;");
        }
        // Of a line that was rewritten, what would be seen.
        let line = line.trim_end_matches('\r');
        let line = line.rsplit('\r').next().unwrap_or_default();
        let mut rest = line;
        while let Some((before, parameters, after)) = sequence(rest) {
            piece(&mut out, rendition, before);
            rendition.apply(parameters);
            rest = after;
        }
        piece(&mut out, rendition, rest);
    }
    out
}

/// The next `ESC [ … m`: what comes before it, its parameters, what comes after it.
fn sequence(text: &str) -> Option<(&str, &str, &str)> {
    let mut from = 0;
    loop {
        let start = from + text.get(from..)?.find("\x1b[")?;
        let inside = &text[start + 2..];
        let end = inside
            .find(|c: char| !(c.is_ascii_digit() || c == ';' || c == ':'))
            .unwrap_or(inside.len());
        if inside[end..].starts_with('m') {
            return Some((&text[..start], &inside[..end], &inside[end + 1..]));
        }
        from = start + 2;
    }
}

fn piece(out: &mut String, rendition: Rendition, text: &str) {
    if text.is_empty() {
        return;
    }
    let shown = sanitize::line(text);
    if shown.is_empty() {
        return;
    }
    if rendition == Rendition::default() {
        html::push(out, &shown);
        return;
    }
    let mut classes = Vec::new();
    for (set, name) in [
        (rendition.bold, "ab"),
        (rendition.dim, "ad"),
        (rendition.italic, "ai"),
        (rendition.underline, "au"),
    ] {
        if set {
            classes.push(name.to_owned());
        }
    }
    classes.extend(rendition.front.map(|color| format!("f{color}")));
    classes.extend(rendition.back.map(|color| format!("g{color}")));
    out.push_str(&format!("<span class=\"{}\">", classes.join(" ")));
    html::push(out, &shown);
    out.push_str("</span>");
}

impl Rendition {
    fn apply(&mut self, parameters: &str) {
        let mut numbers = parameters
            .split([';', ':'])
            .map(|number| number.parse::<u16>().unwrap_or(0));
        while let Some(number) = numbers.next() {
            match number {
                0 => *self = Self::default(),
                1 => self.bold = true,
                2 => self.dim = true,
                3 => self.italic = true,
                4 => self.underline = true,
                22 => (self.bold, self.dim) = (false, false),
                23 => self.italic = false,
                24 => self.underline = false,
                30..=37 => self.front = color(number - 30),
                38 => self.front = extended(&mut numbers),
                39 => self.front = None,
                40..=47 => self.back = color(number - 40),
                48 => self.back = extended(&mut numbers),
                49 => self.back = None,
                90..=97 => self.front = color(number - 82),
                100..=107 => self.back = color(number - 92),
                _ => {}
            }
        }
    }
}

fn color(number: u16) -> Option<u8> {
    u8::try_from(number).ok().filter(|number| *number < 16)
}

/// A colour of 256 or of 2²⁴, as the nearest of 16.
fn extended(numbers: &mut impl Iterator<Item = u16>) -> Option<u8> {
    match numbers.next()? {
        5 => match numbers.next()? {
            number @ 0..=15 => color(number),
            number @ 16..=231 => {
                let cube = number - 16;
                Some(nearest(cube / 36 * 51, cube / 6 % 6 * 51, cube % 6 * 51))
            }
            gray => Some(if gray < 244 { 8 } else { 7 }),
        },
        2 => {
            let (red, green, blue) = (numbers.next()?, numbers.next()?, numbers.next()?);
            Some(nearest(red, green, blue))
        }
        _ => None,
    }
}

fn nearest(red: u16, green: u16, blue: u16) -> u8 {
    let most = red.max(green).max(blue);
    let on = |part: u16| u8::from(u32::from(part) * 2 > u32::from(most) && most > 60);
    let bright = if most > 200 { 8 } else { 0 };
    bright + on(red) + 2 * on(green) + 4 * on(blue)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn case(text: &str, expected: &str) {
        assert_eq!(ansi(text), expected, "{text:?}");
    }

    #[test]
    fn colours_become_classes_and_last_over_lines() {
        case(
            "\x1b[1;32mok\x1b[0m\nplain",
            "<span class=\"ab f2\">ok</span>&#10;plain",
        );
        case(
            "\x1b[31ma\nb",
            "<span class=\"f1\">a</span>&#10;<span class=\"f1\">b</span>",
        );
        case("\x1b[38;5;196mx", "<span class=\"f9\">x</span>");
        case("\x1b[38;2;0;0;255mx", "<span class=\"f12\">x</span>");
        case("\x1b[97mx", "<span class=\"f15\">x</span>");
    }

    #[test]
    fn whatever_else_acts_is_dropped_and_markup_is_text() {
        case("\x1b]0;title\x07<script>", "&lt;script&gt;");
        case("10%\r100%", "100%");
        case("\x1b[2Aup\x1b[", "up");
    }
}
