//! Base64 (RFC 4648): padded text of bytes, and the part of it that is the same wherever the
//! bytes stand in a longer input.

/// Section 4.
pub(crate) const STANDARD: &[u8; 64] =
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
/// Section 5.
pub(crate) const URL_SAFE: &[u8; 64] =
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// Bytes as base64 with padding.
pub(crate) fn encode(bytes: &[u8], alphabet: &[u8; 64]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for three in bytes.chunks(3) {
        let byte = |index: usize| u32::from(three.get(index).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for position in 0..4 {
            if position > three.len() {
                text.push('=');
            } else {
                let index = (bits >> (18 - 6 * position)) & 0x3f;
                text.push(char::from(alphabet[index as usize]));
            }
        }
    }
    text
}

/// The characters that `bytes` alone determine when `before` bytes (modulo 3) stand before them.
pub(crate) fn core(bytes: &[u8], before: usize, alphabet: &[u8; 64]) -> String {
    let mut padded = vec![0; before];
    padded.extend_from_slice(bytes);
    let first = (before * 8).div_ceil(6);
    let last = padded.len() * 8 / 6;
    encode(&padded, alphabet)
        .get(first..last)
        .unwrap_or_default()
        .to_owned()
}

/// The text that base64 stands for, if it stands for one.
#[must_use]
pub fn base64_text(encoded: &str) -> Option<String> {
    String::from_utf8(decode(encoded)?).ok()
}

/// Reads base64 of either alphabet; `None` where a character is in neither.
pub(crate) fn decode(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    let mut bits = 0_u32;
    let mut count = 0;
    for character in text.trim_end_matches('=').bytes() {
        let six = match character {
            b'A'..=b'Z' => character - b'A',
            b'a'..=b'z' => character - b'a' + 26,
            b'0'..=b'9' => character - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            _ => return None,
        };
        bits = bits << 6 | u32::from(six);
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push(u8::try_from(bits >> count & 0xff).expect("eight bits were kept"));
        }
    }
    Some(bytes)
}
