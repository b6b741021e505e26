//! Colours for code: shells and Rhai, which mdBook's own highlighter does not know.
//!
//! A reader's aid and nothing more: it never changes a character of the code, and a construct that
//! it takes for another only has another colour.

use super::html;

/// What the code is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tongue {
    Shell,
    Rhai,
    /// Not ours to colour.
    Other,
}

/// The code as one line of HTML.
pub(super) fn code(text: &str, tongue: Tongue) -> String {
    let mut out = String::with_capacity(text.len() * 2);
    match tongue {
        Tongue::Shell => Reader::new(text, &mut out).shell(),
        Tongue::Rhai => Reader::new(text, &mut out).rhai(),
        Tongue::Other => html::push(&mut out, text),
    }
    out
}

const SHELL_WORDS: &[&str] = &[
    "if", "then", "else", "elif", "fi", "for", "in", "do", "done", "while", "until", "case",
    "esac", "function", "return", "exit", "set", "export", "local", "readonly", "begin", "end",
    "and", "or", "not", "break", "continue", "trap", "exec", "unset",
];

const RHAI_WORDS: &[&str] = &[
    "let", "const", "fn", "if", "else", "for", "in", "while", "loop", "do", "until", "break",
    "continue", "return", "throw", "try", "catch", "switch", "assert", "true", "false", "private",
];

struct Reader<'a> {
    text: &'a str,
    at: usize,
    out: &'a mut String,
}

impl<'a> Reader<'a> {
    fn new(text: &'a str, out: &'a mut String) -> Self {
        Self { text, at: 0, out }
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    /// Writes the next bytes with a class.
    fn take(&mut self, length: usize, class: &str) {
        let rest = self.rest();
        let length = rest.ceil_char_boundary(length.min(rest.len()));
        let piece = &rest[..length];
        if !piece.is_empty() {
            if class.is_empty() {
                html::push(self.out, piece);
            } else {
                self.out.push_str("<span class=\"");
                self.out.push_str(class);
                self.out.push_str("\">");
                html::push(self.out, piece);
                self.out.push_str("</span>");
            }
        }
        self.at += length;
    }

    fn length_while(&self, of: impl Fn(char) -> bool) -> usize {
        let rest = self.rest();
        rest.find(|c| !of(c)).unwrap_or(rest.len())
    }

    /// The length of what is quoted from here on, both quotes included.
    fn quoted(&self, quote: char, escapes: bool) -> usize {
        let rest = self.rest();
        let mut escaped = false;
        for (at, c) in rest.char_indices().skip(1) {
            if escaped {
                escaped = false;
            } else if escapes && c == '\\' {
                escaped = true;
            } else if c == quote {
                return at + c.len_utf8();
            }
        }
        rest.len()
    }

    fn shell(&mut self) {
        // Whether a command may begin here, and whether a word does.
        let (mut command, mut word) = (true, true);
        while let Some(c) = self.peek() {
            match c {
                '#' if word => {
                    let length = self.length_while(|c| c != '\n');
                    self.take(length, "hc");
                }
                '\'' => {
                    let length = self.quoted('\'', false);
                    self.take(length, "hs");
                    (command, word) = (false, false);
                }
                '"' => {
                    self.double();
                    (command, word) = (false, false);
                }
                '$' => {
                    self.dollar();
                    (command, word) = (false, false);
                }
                '\\' => {
                    let next = self.rest().chars().nth(1).map_or(0, char::len_utf8);
                    self.take(1 + next, "");
                }
                '\n' | ';' | '|' | '&' | '(' | ')' => {
                    self.take(1, "");
                    (command, word) = (true, true);
                }
                c if c.is_whitespace() => {
                    let length = self.length_while(|c| c.is_whitespace() && c != '\n');
                    self.take(length, "");
                    word = true;
                }
                _ => {
                    let length = self
                        .length_while(|c| !c.is_whitespace() && !"'\"$\\;|&()".contains(c))
                        .max(c.len_utf8());
                    let piece = &self.rest()[..length];
                    let keyword = word && SHELL_WORDS.contains(&piece);
                    let assigns = command && piece.contains('=');
                    let class = if keyword {
                        "hk"
                    } else if assigns || !command {
                        if word && piece.starts_with('-') {
                            "ho"
                        } else {
                            ""
                        }
                    } else {
                        "hf"
                    };
                    self.take(length, class);
                    command = keyword || assigns;
                    word = false;
                }
            }
        }
    }

    /// `"…"` with its variables.
    fn double(&mut self) {
        let end = self.at + self.quoted('"', true);
        let mut from = self.at;
        let mut at = self.at + 1;
        while at < end {
            let rest = &self.text[at..end];
            let Some(next) = rest.chars().next() else {
                break;
            };
            if next == '\\' {
                at += 1 + rest.chars().nth(1).map_or(0, char::len_utf8);
            } else if next == '$' {
                let length = variable(rest);
                if length > 1 {
                    self.at = from;
                    self.take(at - from, "hs");
                    self.take(length, "hv");
                    from = self.at;
                }
                at += length.max(1);
            } else {
                at += next.len_utf8();
            }
        }
        self.at = from;
        self.take(end.saturating_sub(from), "hs");
    }

    fn dollar(&mut self) {
        if self.rest().starts_with("$'") {
            self.at += 1;
            let length = self.quoted('\'', true);
            self.at -= 1;
            self.take(length + 1, "hs");
            return;
        }
        let length = variable(self.rest());
        self.take(length.max(1), if length > 1 { "hv" } else { "" });
    }

    fn rhai(&mut self) {
        while let Some(c) = self.peek() {
            let rest = self.rest();
            if rest.starts_with("//") {
                let length = self.length_while(|c| c != '\n');
                self.take(length, "hc");
            } else if rest.starts_with("/*") {
                let length = rest.find("*/").map_or(rest.len(), |end| end + 2);
                self.take(length, "hc");
            } else if c == '"' || c == '\'' {
                let length = self.quoted(c, true);
                self.take(length, "hs");
            } else if c == '`' {
                let length = self.quoted(c, false);
                self.take(length, "hs");
            } else if c.is_ascii_digit() {
                let length = self.length_while(|c| c.is_ascii_alphanumeric() || c == '_');
                self.take(length, "hn");
            } else if c.is_alphabetic() || c == '_' {
                let length = self.length_while(|c| c.is_alphanumeric() || c == '_');
                let word = &rest[..length];
                let called = rest[length..].starts_with(['(', ':']);
                let class = if RHAI_WORDS.contains(&word) {
                    "hk"
                } else if called {
                    "hf"
                } else {
                    ""
                };
                self.take(length, class);
            } else {
                self.take(c.len_utf8(), "");
            }
        }
    }
}

/// The length of `$name`, `${…}` or `$1` at the start of a text; 1 where it is none.
fn variable(text: &str) -> usize {
    let inside = &text[1..];
    if let Some(braced) = inside.strip_prefix('{') {
        return braced.find('}').map_or(1, |end| end + 3);
    }
    match inside.chars().next() {
        Some(c) if c.is_ascii_alphabetic() || c == '_' => {
            1 + inside
                .find(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
                .unwrap_or(inside.len())
        }
        Some(c) if c.is_ascii_digit() || "?#@*!$".contains(c) => 2,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What a reader would copy: the HTML without its tags and references.
    fn read(html: &str) -> String {
        let mut text = String::new();
        let mut inside = false;
        for c in html.chars() {
            match c {
                '<' => inside = true,
                '>' if inside => inside = false,
                _ if !inside => text.push(c),
                _ => {}
            }
        }
        for (reference, character) in [
            ("&lt;", "<"),
            ("&gt;", ">"),
            ("&quot;", "\""),
            ("&#39;", "'"),
            ("&#123;", "{"),
            ("&#10;", "\n"),
            ("&#9;", "\t"),
            ("&amp;", "&"),
        ] {
            text = text.replace(reference, character);
        }
        text
    }

    #[test]
    fn a_command_its_options_and_its_variables_have_colours() {
        assert_eq!(
            code("helm upgrade \"${r}\" --wait # now", Tongue::Shell),
            "<span class=\"hf\">helm</span> upgrade <span class=\"hs\">&quot;</span><span class=\"hv\">$&#123;r}</span><span class=\"hs\">&quot;</span> <span class=\"ho\">--wait</span> <span class=\"hc\"># now</span>"
        );
        assert!(code("let a = f(1);", Tongue::Rhai).contains("<span class=\"hf\">f</span>"));
    }

    proptest! {
        #[test]
        fn no_character_of_the_code_changes(text in "[a-z$'\"`\\\\{}()#;|& \n\t<>ä/*0-9]{0,60}") {
            for tongue in [Tongue::Shell, Tongue::Rhai, Tongue::Other] {
                prop_assert_eq!(read(&code(&text, tongue)), text.clone());
            }
        }
    }
}
