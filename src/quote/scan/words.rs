//! What the text of one word says.

use std::borrow::Cow;
use std::ops::Range;

/// A word without the places where its line goes on (POSIX, XCU 2.2.1).
pub(super) fn joined(word: &[u8]) -> Cow<'_, [u8]> {
    if !word.contains(&b'\n') {
        return Cow::Borrowed(word);
    }
    let mut joined = Vec::with_capacity(word.len());
    let mut rest = word;
    while let Some((byte, behind)) = rest.split_first() {
        if let Some(after) = rest.strip_prefix(b"\\\n") {
            rest = after;
        } else {
            joined.push(*byte);
            rest = behind;
        }
    }
    Cow::Owned(joined)
}

/// A word without what quotes: `\eval`, `"eval"` and `$'eval'` are the same command.
pub(super) fn unquoted(word: &[u8]) -> Cow<'_, [u8]> {
    let quotes = |byte: &u8| matches!(byte, b'\\' | b'\'' | b'"');
    if !word.iter().any(quotes) {
        return Cow::Borrowed(word);
    }
    let mut unquoted = Vec::with_capacity(word.len());
    for (at, byte) in word.iter().enumerate() {
        let opens = *byte == b'$' && matches!(word.get(at + 1), Some(b'\'' | b'"'));
        if !quotes(byte) && !opens {
            unquoted.push(*byte);
        }
    }
    Cow::Owned(unquoted)
}

/// The length of the name with which a word begins.
pub(super) fn name_length(word: &[u8]) -> usize {
    word.iter()
        .take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_')
        .count()
}

/// Where the name stands with which a word begins, behind a quote or not.
pub(super) fn name_in(text: &[u8], word: usize) -> Range<usize> {
    let rest = text.get(word..).unwrap_or_default();
    let quotes = rest.iter().take_while(|byte| b"\\'\"".contains(byte));
    let start = word + quotes.count();
    start..start + name_length(text.get(start..).unwrap_or_default())
}

/// Whether a word begins with `name=`, `name+=` or `name[…]=`.
pub(super) fn is_assignment(word: &[u8]) -> bool {
    assigned(word).is_some_and(|name| match word.get(name.end..) {
        Some([b'[', rest @ ..]) => {
            let after = rest.split(|byte| *byte == b']').skip(1);
            after
                .clone()
                .any(|after| after.starts_with(b"=") || after.starts_with(b"+="))
        }
        _ => true,
    })
}

/// The name in a word that begins with `name=`, `name+=` or `name[`.
pub(super) fn assigned(word: &[u8]) -> Option<Range<usize>> {
    let name = name_length(word);
    let named = name > 0 && !word.first().is_some_and(u8::is_ascii_digit);
    let assigns = matches!(
        word.get(name..).unwrap_or_default(),
        [b'=' | b'[', ..] | [b'+', b'=', ..]
    );
    (named && assigns).then_some(0..name)
}

/// The names in an expression.
pub(super) fn identifiers(expression: &[u8]) -> impl Iterator<Item = &[u8]> {
    expression
        .split(|byte| !(byte.is_ascii_alphanumeric() || *byte == b'_'))
        .filter(|word| word.first().is_some_and(|first| !first.is_ascii_digit()))
}

/// Whether braces make several words of a word, or a `$'…'` spells some letter of it.
pub(super) fn is_spelled_otherwise(word: &[u8]) -> bool {
    let has = |wanted: &[u8]| word.windows(wanted.len()).any(|part| part == wanted);
    word.contains(&b'{') && (word.contains(&b',') || has(b"..")) || has(b"$'") && has(b"\\")
}

/// What stands in a word before quotes that open or close right before its end.
pub(super) fn before_quotes(before: &[u8]) -> &[u8] {
    // Of more nobody has use; to go through them all for each would take the square of their number.
    let quotes = before.iter().rev().take(64);
    let quotes = quotes.take_while(|byte| b"'\"".contains(byte)).count();
    &before[..before.len() - quotes]
}

/// Whether a value behind this beginning of a word would name a user, as zsh and fish read it.
pub(super) fn is_tilde(before: &[u8]) -> bool {
    matches!(
        before_quotes(before),
        [b'~'] | [.., b':' | b'=' | b'\'' | b'"', b'~']
    )
}

/// Whether a word begins a command that has an end of its own, wherever it may begin one.
pub(super) fn is_compound(word: &[u8]) -> bool {
    matches!(
        word,
        b"{" | b"[[" | b"case" | b"for" | b"if" | b"select" | b"until" | b"while"
    )
}
