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

/// Whether a word begins a command that has an end of its own, wherever it may begin one.
pub(super) fn is_compound(word: &[u8]) -> bool {
    matches!(
        word,
        b"{" | b"[[" | b"case" | b"for" | b"if" | b"select" | b"until" | b"while"
    )
}
