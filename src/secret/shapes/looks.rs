//! What values look like, and what stands where a value would.

use super::structured::is_name_and_password;
use super::view::{base64_in_url, word};
use crate::secret::forms;

/// What a value must look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Looks {
    /// Any word that is no stand-in.
    Password,
    /// Long, with letters and digits.
    Random,
    /// 32 or more of hex or base64, as signatures are.
    Signature,
    /// Base64 of a name and a password.
    Pair,
}

/// How a value stands behind its name.
#[derive(Clone, Copy, Debug)]
pub(super) struct Standing {
    pub(super) quoted: bool,
    /// Behind `=`, or between quotes: no prose.
    pub(super) assigned: bool,
}

/// What stands where a value would, in lower case.
const STAND_INS: [&str; 24] = [
    "change_me",
    "change-me",
    "empty",
    "expired",
    "false",
    "hidden",
    "incorrect",
    "invalid",
    "masked",
    "missing",
    "not_set",
    "notset",
    "optional",
    "placeholder",
    "prompt",
    "redacted",
    "removed",
    "replaceme",
    "replace_me",
    "required",
    "number",
    "unknown",
    "unset",
    "prompted",
];

/// How a value that is elsewhere begins.
const REFERENCES: [&str; 31] = [
    "$",
    "%(",
    "%{",
    "%s",
    "{{",
    "<",
    "[redact",
    "(sensitive",
    "(known",
    "(hidden",
    "(none",
    "(redact",
    "***",
    "«",
    "…",
    "...",
    "@/",
    "@.",
    "!ref",
    "!sub",
    "!vault",
    "var.",
    "local.",
    "data.",
    "module.",
    "arn:",
    "op://",
    "vault:",
    "ssm:",
    "file:",
    "aws4-hmac",
];

/// Whether a value looks like one that is hidden.
pub(super) fn looks_like_one(looks: Looks, value: &[u8], place: Standing) -> bool {
    if is_stand_in(value) {
        return false;
    }
    match looks {
        Looks::Password => is_password(value, place),
        // A call or an index is code.
        Looks::Random => {
            is_random(value) && (place.quoted || !value.iter().any(|byte| b"([{".contains(byte)))
        }
        Looks::Signature => value.len() >= 32 && value.iter().all(|byte| base64_in_url(*byte)),
        Looks::Pair => is_name_and_password(value),
    }
}

/// Whether a text stands where a value would.
pub(super) fn is_stand_in(value: &[u8]) -> bool {
    let lower = value.to_ascii_lowercase();
    value.len() < forms::SHORTEST
        || forms::is_common(value)
        || REFERENCES
            .iter()
            .any(|start| lower.starts_with(start.as_bytes()))
        || STAND_INS.iter().any(|word| lower == word.as_bytes())
        || [&b"your"[..], b"example", b"redacted", b"dummy"]
            .iter()
            .any(|start| lower.starts_with(start))
        || is_path(value)
}

/// A path: a key of AWS may begin with a slash, but is 40 long.
fn is_path(value: &[u8]) -> bool {
    [&b"/"[..], b"./", b"../", b"~/"]
        .iter()
        .any(|start| value.starts_with(start))
        && value.len() != 40
        && value
            .iter()
            .all(|byte| word(*byte) || b"-./~".contains(byte))
}

fn is_password(value: &[u8], place: Standing) -> bool {
    if place.quoted {
        // What a form says of a field.
        return ![
            &b"is "[..],
            b"must ",
            b"should ",
            b"can ",
            b"cannot ",
            b"has ",
            b"not ",
            b"please ",
            b"the ",
        ]
        .iter()
        .any(|start| value.to_ascii_lowercase().starts_with(start));
    }
    if value.iter().any(|byte| matches!(byte, b'(' | b'[')) {
        // A call, or an index: code.
        return false;
    }
    if place.assigned {
        return true;
    }
    // Prose: `password: incorrect`, `Password: Required.`
    let value = value.trim_ascii_end();
    let inner = value.strip_suffix(b".").unwrap_or(value);
    let rest = inner.get(1..).unwrap_or_default();
    !(rest.iter().all(u8::is_ascii_lowercase) || inner.iter().all(u8::is_ascii_uppercase))
}

fn is_random(value: &[u8]) -> bool {
    let has = |class: fn(&u8) -> bool| value.iter().any(class);
    if !value.iter().all(u8::is_ascii_graphic)
        || !has(u8::is_ascii_alphabetic)
        || !has(u8::is_ascii_digit)
    {
        return false;
    }
    // A name: words, numbers and short ids between dashes, dots and slashes; a UUID is one.
    let lower = !has(u8::is_ascii_uppercase);
    let name = |byte: &u8| byte.is_ascii_alphanumeric() || b"-./:_".contains(byte);
    if (lower || is_uuid(value))
        && value.iter().all(name)
        && value
            .split(|byte| b"-./:_".contains(byte))
            .all(|part| part.len() < 16)
    {
        return false;
    }
    match value.len() {
        0..8 => false,
        8..16 => has(u8::is_ascii_uppercase) && has(u8::is_ascii_lowercase),
        _ => true,
    }
}

fn is_uuid(value: &[u8]) -> bool {
    value.len() == 36
        && value
            .iter()
            .all(|byte| byte.is_ascii_hexdigit() || *byte == b'-')
}
