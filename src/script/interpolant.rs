//! A value as it enters a text.

use rhai::Dynamic;

use super::{Raw, Secret, describe};

/// A value as the bytes that stand for it in a text.
#[derive(Clone, PartialEq, Eq)]
pub struct Interpolant {
    /// The bytes.
    pub bytes: Vec<u8>,
    /// Whether `raw(…)` asks that they stand unquoted.
    pub raw: bool,
    /// Whether they may never be shown.
    pub secret: bool,
}

/// A value as the bytes that stand for it: a text, a number, a boolean, a secret, or `raw(…)`.
///
/// # Errors
/// Says why a list, a map, a step's result or nothing at all can't stand in a text.
pub fn interpolant(value: &Dynamic) -> Result<Interpolant, String> {
    let (text, raw, secret) = if let Some(secret) = value.read_lock::<Secret>() {
        (secret.reveal().to_owned(), false, true)
    } else if let Some(raw) = value.read_lock::<Raw>() {
        (raw.0.clone(), true, false)
    } else if value.is_string()
        || value.is_int()
        || value.is_float()
        || value.is_bool()
        || value.is_char()
    {
        (value.to_string(), false, false)
    } else if value.is_unit() {
        return Err("it has no value".to_owned());
    } else if value.is_array() || value.is_map() {
        return Err(format!(
            "it is a {}; choose an element, or write `to_json(…)`",
            if value.is_map() { "map" } else { "list" }
        ));
    } else {
        return Err(format!(
            "it is {}; write which part of it is meant, as in `.stdout`",
            describe(value)
        ));
    };
    Ok(Interpolant {
        bytes: text.into_bytes(),
        raw,
        secret,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_one_text_can_stand_in_a_text() {
        let bytes = |value: Dynamic| interpolant(&value).map(|it| it.bytes);
        assert_eq!(bytes("a b".into()), Ok(b"a b".to_vec()));
        assert_eq!(bytes(Dynamic::from_int(34)), Ok(b"34".to_vec()));
        assert_eq!(bytes(true.into()), Ok(b"true".to_vec()));
        assert!(bytes(Dynamic::UNIT).is_err());
        assert!(bytes(Dynamic::from_array(vec![])).is_err());
        let raw = interpolant(&Dynamic::from(Raw("$x".to_owned())));
        assert!(raw.is_ok_and(|it| it.raw));
    }
}
