//! Prose that asks for a decision: "If Helm fails:", in any language.

use std::ops::Range;

/// The words that open a condition, in order: in European languages first, then those of
/// languages that write blanks between words in other scripts.
const WORDS: [&str; 66] = [
    "als",
    "am",
    "anders",
    "ansonsten",
    "autrement",
    "caso",
    "cuando",
    "când",
    "dacă",
    "else",
    "eğer",
    "falls",
    "ha",
    "hvis",
    "if",
    "indien",
    "jeśli",
    "jeżeli",
    "jika",
    "jos",
    "kad",
    "kai",
    "kalau",
    "kdyby",
    "když",
    "ko",
    "lorsque",
    "mikäli",
    "måste",
    "nếu",
    "når",
    "om",
    "otherwise",
    "pokud",
    "quand",
    "quando",
    "sampal",
    "se",
    "senão",
    "si",
    "sino",
    "sinon",
    "sonst",
    "ukoliko",
    "unless",
    "wanneer",
    "wenn",
    "when",
    "αν",
    "εάν",
    "όταν",
    "ако",
    "если",
    "иначе",
    "коли",
    "когда",
    "при",
    "якщо",
    "אם",
    "אחרת",
    "إذا",
    "اگر",
    "यदि",
    "अगर",
    "ถ้า",
    "หาก",
];

/// The longest of them that is ASCII, in bytes.
const LONGEST_ASCII: usize = 9;

/// Openings of languages that write no blanks between words.
const PREFIXES: [&str; 12] = [
    "如果",
    "若",
    "假如",
    "否则",
    "否則",
    "當",
    "もし",
    "そうでなければ",
    "만약",
    "만일",
    "ถ้า",
    "หาก",
];

/// A condition found in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Condition {
    /// The condition itself: numbers, emphasis and the colon at its ends left out.
    pub range: Range<usize>,
    /// Whether a colon ends it.
    pub colon: bool,
}

/// Reads a heading or the text of a paragraph as a condition.
pub(super) fn condition(text: &str) -> Option<Condition> {
    let start = text.len() - lead(text).len();
    if !opens(&text[start..]) {
        return None;
    }
    let is_end = |c: char| c.is_whitespace() || matches!(c, '*' | '_' | ':' | '：' | '#');
    let end = start + text[start..].trim_end_matches(is_end).len();
    // "If I don't know WSL, where can I read more?" asks the reader's question, not the run's.
    if text[..end].ends_with(['?', '？']) {
        return None;
    }
    let tail =
        text[end..].trim_matches(|c: char| c.is_whitespace() || matches!(c, '*' | '_' | '#'));
    Some(Condition {
        range: start..end,
        colon: matches!(tail, ":" | "："),
    })
}

/// The text without a number, a sign or emphasis at its start.
fn lead(text: &str) -> &str {
    let signs = |text: &str| {
        text.len()
            - text
                .trim_start_matches(|c: char| !c.is_alphanumeric())
                .len()
    };
    let mut rest = &text[signs(text)..];
    let digits = rest.len()
        - rest
            .trim_start_matches(|c: char| c.is_ascii_digit() || c == '.')
            .len();
    if digits > 0 && rest[digits..].starts_with([' ', ')']) {
        rest = &rest[digits..];
        rest = &rest[signs(rest)..];
    }
    rest
}

fn opens(text: &str) -> bool {
    if !text.starts_with(|first: char| first.is_ascii())
        && PREFIXES.iter().any(|prefix| text.starts_with(prefix))
    {
        return true;
    }
    let end = text
        .char_indices()
        .find(|(_, c)| !is_letter(*c))
        .map_or(text.len(), |(at, _)| at);
    let word = &text[..end];
    // No condition's first word is long: don't copy a page without blanks.
    if word.is_empty() || word.len() > 40 {
        return false;
    }
    if word.is_ascii() && word.len() > LONGEST_ASCII {
        return false;
    }
    // Most words are none of these: they are told without a copy.
    if word.is_ascii() && !WORDS.iter().any(|known| known.eq_ignore_ascii_case(word)) {
        return false;
    }
    let lower = word.to_lowercase();
    if !WORDS.contains(&lower.as_str()) {
        return false;
    }
    // `HA cluster` and `SI units` are no conditions; `IF` is one.
    let shouted = word.is_ascii() && word.len() == 2 && word.chars().all(char::is_uppercase);
    let next = text[end..].trim_start();
    // "When to escalate" names a topic; `als-server` and `si.io` are names.
    let topic = lower == "when" && next.starts_with("to ");
    let name = text[end..].starts_with(['-', '.', '/', '=', '(']);
    !(shouted && lower != "if" || topic || name || lower == "se" && is_reflexive(next))
}

/// Whether French `se` goes on as a verb and its place ("Se connecter au cluster"), and is not
/// the Portuguese or Italian "if" ("Se houver um erro").
fn is_reflexive(after: &str) -> bool {
    let mut words = after.split_whitespace();
    let infinitive = words
        .next()
        .is_some_and(|verb| ["er", "ir", "re"].iter().any(|end| verb.ends_with(end)));
    let places = ["à", "au", "aux", "avec", "chez", "dans", "sur", "vers"];
    infinitive && words.next().is_none_or(|word| places.contains(&word))
}

/// A letter, or a mark that is part of one (Thai and Devanagari vowels).
fn is_letter(c: char) -> bool {
    c.is_alphabetic()
        || matches!(c, '\u{0300}'..='\u{036f}' | '\u{093c}'..='\u{094d}' | '\u{0e47}'..='\u{0e4e}')
}
