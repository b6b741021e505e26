//! Credentials that have parts: tokens of three, keys with a head and an end, addresses with a
//! password in them.

use super::view::{
    Class, More, View, alphanumeric, base64, bearer, blank, digit, dotted, upper_or_digit, url_safe,
};
use super::{CUT, Hit, Marker, Rest};
use crate::secret::base64 as coding;

/// Decides whether a shape begins at a position.
pub(super) type Decide = fn(&View<'_>, usize) -> Result<Option<Hit>, More>;

/// What has parts, with the bytes that it begins with: all of one set for each position.
pub(super) const STRUCTURED: &[(&str, Decide)] = &[
    ("eyJ", jwt),
    ("-----BEGIN ", pem),
    ("bearer ", authorization_bearer),
    ("basic ", authorization_basic),
    ("\"sensitive\"", sensitive),
];

/// The longest header of a token that is waited for.
const HEADER: usize = 4096;
/// The longest second part of an encrypted token: a wrapped key.
const WRAPPED: usize = 1024;
/// No private key is longer.
const PEM: usize = 64 * 1024;
/// The longest name and password of an address that are waited for.
const USERINFO: usize = 512;
/// The longest value that is waited for.
const VALUE: usize = 8 * 1024;

/// JSON Web Tokens: RFC 7519 (RFC 7515 section 7.1; encrypted ones RFC 7516 section 7.1). Their
/// header is the base64 of `{"`.
fn jwt(view: &View<'_>, position: usize) -> Result<Option<Hit>, More> {
    if !view.stands(position, b"eyJ")? || view.goes_on(position, url_safe) {
        return Ok(None);
    }
    let dot = view.run(position, url_safe, HEADER)?;
    if dot - position >= 12 && view.is_cut(dot)? {
        return Ok(Some(Hit {
            start: position,
            end: dot,
            marker: Marker::Kind("jwt"),
            then: None,
        }));
    }
    if dot - position < 12 || view.at(dot)? != Some(b'.') {
        return Ok(None);
    }
    let second = dot + 1;
    let sure = if view.stands(second, b"eyJ")? {
        second + 3
    } else {
        let end = view.run(second, url_safe, WRAPPED)?;
        let third = view.run((end + 1).min(view.text.len()), url_safe, 10);
        if end - second < 10 || view.at(end)? != Some(b'.') || third? < end + 11 {
            return Ok(None);
        }
        end
    };
    Ok(Some(Hit {
        start: position,
        end: sure,
        marker: Marker::Kind("jwt"),
        then: Some(Rest::Run(dotted)),
    }))
}

/// Private keys: RFC 7468, RFC 1421 (with headers), OpenSSH, `OpenPGP`. The line breaks may be
/// escaped, or be gone.
fn pem(view: &View<'_>, position: usize) -> Result<Option<Hit>, More> {
    fn label(byte: u8) -> bool {
        upper_or_digit(byte) || byte == b' '
    }
    let begin = b"-----BEGIN ";
    if !view.stands(position, begin)? {
        return Ok(None);
    }
    let from = position + begin.len();
    let end = view.run(from, label, 48)?;
    let name = view.slice(from, end);
    if !(name.ends_with(b"PRIVATE KEY") || name.ends_with(b"PRIVATE KEY BLOCK"))
        || !view.stands(end, b"-----")?
    {
        return Ok(None);
    }
    let body = end + 5;
    // In a sentence about keys a quote or a stop would follow.
    Ok(match view.at(body)? {
        Some(b'\n' | b'\r' | b' ' | b'\\') => true,
        Some(byte) => base64(byte),
        None => false,
    }
    .then_some(Hit {
        start: position,
        end: body,
        marker: Marker::Kind("private-key"),
        then: Some(Rest::Pem(PEM)),
    }))
}

/// `Bearer` and a token: RFC 6750 section 2.1.
fn authorization_bearer(view: &View<'_>, position: usize) -> Result<Option<Hit>, More> {
    if !view.reads(position, b"bearer ")? || view.goes_on(position, alphanumeric) {
        return Ok(None);
    }
    let start = position + 7;
    let end = view.run(start, bearer, 64)?;
    let token = view.slice(start, end);
    let is_token = token.len() >= 16 && token.iter().any(u8::is_ascii_digit);
    if !is_token && (token.len() < CUT || !view.is_cut(end)?) {
        return Ok(None);
    }
    Ok(Some(Hit {
        start,
        end,
        marker: Marker::Kind("bearer-token"),
        then: Some(Rest::Run(bearer)),
    }))
}

/// `Basic` and base64 of a name and a password: RFC 7617 section 2.
fn authorization_basic(view: &View<'_>, position: usize) -> Result<Option<Hit>, More> {
    if !view.reads(position, b"basic ")? || view.goes_on(position, alphanumeric) {
        return Ok(None);
    }
    let start = position + 6;
    let end = view.run(start, base64, USERINFO)?;
    Ok(is_name_and_password(view.slice(start, end)).then_some(Hit {
        start,
        end,
        marker: Marker::Kind("basic-auth"),
        then: (end - start == USERINFO).then_some(Rest::Run(base64)),
    }))
}

/// Whether base64 stands for a name, a colon and a password.
pub(super) fn is_name_and_password(text: &[u8]) -> bool {
    text.len() >= 8
        && std::str::from_utf8(text)
            .ok()
            .and_then(coding::decode)
            .and_then(|bytes| String::from_utf8(bytes).ok())
            .is_some_and(|pair| {
                pair.split_once(':')
                    .is_some_and(|(_, password)| password.len() > 1)
                    && !pair.contains(char::is_control)
            })
}

/// The password of an address (RFC 3986 section 3.2.1); `position` is the last character of its
/// scheme. Also of addresses with a password that is not encoded as it should be.
pub(super) fn userinfo(view: &View<'_>, position: usize) -> Result<Option<Hit>, More> {
    fn name(byte: u8) -> bool {
        part(byte) && !matches!(byte, b':' | b'@' | b'/' | b'?' | b'#')
    }
    fn part(byte: u8) -> bool {
        byte > b' ' && byte != 0x7f && !b"\"'`<>\\{}|".contains(&byte)
    }
    if !view.stands(position + 1, b"://")? {
        return Ok(None);
    }
    let colon = view.run(position + 4, name, USERINFO)?;
    if view.at(colon)? != Some(b':') {
        return Ok(None);
    }
    let start = colon + 1;
    let port = view.run(start, digit, 6)?;
    if port > start
        && !matches!(view.at(port)?, Some(byte) if part(byte) && !b"/?#,;".contains(&byte))
    {
        return Ok(None);
    }
    let end = view.run(start, part, USERINFO)?;
    let rest = view.slice(start, end);
    let authority = rest
        .iter()
        .position(|byte| b"/?#".contains(byte))
        .unwrap_or(rest.len());
    let at = rest[..authority]
        .iter()
        .rposition(|byte| *byte == b'@')
        .or_else(|| rest.iter().position(|byte| *byte == b'@'));
    let Some(at) = at else {
        return Ok(None);
    };
    let password = &rest[..at];
    let stands_for_one = password.is_empty()
        || password.starts_with("«".as_bytes())
        || matches!(password[0], b'$' | b'%' | b'*' | b'[' | b'(')
            && !password.starts_with(b"%2")
            && !password.starts_with(b"%4")
        || password
            .iter()
            .all(|byte| matches!(byte, b'x' | b'X' | b'.' | b'*'));
    Ok((!stands_for_one).then_some(Hit {
        start,
        end: start + at,
        marker: Marker::Kind("password"),
        then: None,
    }))
}

/// `terraform output -json`: `"sensitive": true`, then the value
/// (<https://developer.hashicorp.com/terraform/cli/commands/output>).
fn sensitive(view: &View<'_>, position: usize) -> Result<Option<Hit>, More> {
    let mut at = position;
    for wanted in [&b"\"sensitive\""[..], b":", b"true"] {
        if !view.stands(at, wanted)? {
            return Ok(None);
        }
        at = view.run(at + wanted.len(), white, 16)?;
    }
    // Its type stands between.
    let from = at;
    loop {
        match view.at(at)? {
            None => return Ok(None),
            Some(b'"') if view.stands(at, b"\"value\"")? => break,
            Some(b'"') if view.stands(at, b"\"sensitive\"")? => return Ok(None),
            Some(_) if at - from > VALUE => return Ok(None),
            Some(_) => at += 1,
        }
    }
    at = view.run(at + 7, white, 64)?;
    if view.at(at)? != Some(b':') {
        return Ok(None);
    }
    let start = view.run(at + 1, white, 64)?;
    let end = json_value(view, start)?;
    let value = view.slice(start, end);
    if end == start
        || value == b"null"
        || value.starts_with("«".as_bytes())
        || value.starts_with("\"«".as_bytes())
    {
        return Ok(None);
    }
    let quoted = value.len() >= 2 && value.starts_with(b"\"") && value.ends_with(b"\"");
    Ok(Some(Hit {
        start: start + usize::from(quoted),
        end: end - usize::from(quoted),
        marker: Marker::Kind("sensitive"),
        then: (end - start >= VALUE).then_some(Rest::Run(|byte| byte != b'}')),
    }))
}

/// Where a JSON value ends; one that is too long ends where it is too long.
fn json_value(view: &View<'_>, start: usize) -> Result<usize, More> {
    let mut depth = 0_usize;
    let mut quoted = false;
    let mut at = start;
    while at - start < VALUE {
        let Some(byte) = view.at(at)? else { break };
        match byte {
            b'\\' if quoted => at += 1,
            b'"' => quoted = !quoted,
            _ if quoted => {}
            b'{' | b'[' => depth += 1,
            b'}' | b']' | b',' | b'\n' | b' ' | b'\r' if depth == 0 => return Ok(at),
            b'}' | b']' => depth -= 1,
            _ => {}
        }
        at += 1;
        if depth == 0 && !quoted && matches!(byte, b'"' | b'}' | b']') {
            return Ok(at);
        }
    }
    Ok(at.min(view.text.len()))
}

fn white(byte: u8) -> bool {
    blank(byte) || matches!(byte, b'\n' | b'\r')
}

/// The characters that a scheme is made of (RFC 3986 section 3.1).
pub(super) const SCHEME: Class = |byte| alphanumeric(byte) || matches!(byte, b'+' | b'-' | b'.');
