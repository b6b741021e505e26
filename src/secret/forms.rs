//! Every form in which a secret may turn up in output.
//!
//! A form is a run of bytes to look for: the value itself and what quoting, escaping and encoding
//! make of it, without the quotes around it and without characters that depend on what stands
//! beside it.

use std::collections::BTreeSet;

use super::base64::{self, STANDARD, URL_SAFE};

/// Nothing shorter is looked for: it would be found in innocent text.
pub(super) const SHORTEST: usize = 6;
/// The same for one line of a secret that has several.
const SHORTEST_LINE: usize = 8;
/// Where `base64` and PEM (64), and MIME (76) break their lines.
const WRAPS: [usize; 2] = [64, 76];
/// Where `xxd -p` breaks its lines.
const HEX_WRAP: usize = 60;

/// Words that output is full of; hiding them would shred it.
const COMMON: [&str; 22] = [
    "127.0.0.1",
    "changeme",
    "cluster",
    "default",
    "deployed",
    "development",
    "disabled",
    "enabled",
    "example",
    "failed",
    "latest",
    "localhost",
    "master",
    "passed",
    "password",
    "postgres",
    "production",
    "running",
    "secret",
    "staging",
    "string",
    "undefined",
];

/// Whether a value can't be told from ordinary output: a common word, or one repeated character.
pub(super) fn is_common(value: &[u8]) -> bool {
    value.windows(2).all(|two| two[0] == two[1])
        || COMMON
            .iter()
            .any(|word| value.eq_ignore_ascii_case(word.as_bytes()))
}

/// All forms of a trimmed value.
pub(super) fn forms(value: &[u8]) -> BTreeSet<Vec<u8>> {
    let mut forms = BTreeSet::new();
    collect(value, &mut forms);
    if value.contains(&b'\n') {
        // A terminal writes line feeds as CR LF.
        let unix: Vec<u8> = value
            .iter()
            .copied()
            .filter(|byte| *byte != b'\r')
            .collect();
        forms.insert(replace(&unix, |byte| (byte == b'\n').then_some("\r\n")));
        for line in value.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii) {
            if line.len() >= SHORTEST_LINE && !is_common(line) && !line.starts_with(b"-----") {
                collect(line, &mut forms);
            }
        }
        forms.insert(unix);
    }
    forms.retain(|form| form.len() >= SHORTEST);
    forms
}

fn collect(value: &[u8], forms: &mut BTreeSet<Vec<u8>>) {
    forms.insert(value.to_vec());
    escapes(value, forms);
    let is_plain = |byte: &u8| matches!(byte, b' '..=b'~');
    if !value.iter().all(is_plain) {
        beyond_ascii(value, forms);
    }
    shells(value, forms);
    urls(value, forms);
    base64s(value, forms);
    hexes(value, forms);
}

/// A value with some bytes written otherwise.
fn replace<'a>(value: &[u8], with: impl Fn(u8) -> Option<&'a str>) -> Vec<u8> {
    let mut out = Vec::with_capacity(value.len() + 8);
    for &byte in value {
        match with(byte) {
            Some(text) => out.extend_from_slice(text.as_bytes()),
            None => out.push(byte),
        }
    }
    out
}

/// A value with a backslash before some bytes.
fn backslash(value: &[u8], before: impl Fn(u8) -> bool) -> Vec<u8> {
    let mut out = Vec::with_capacity(value.len() + 8);
    for &byte in value {
        if before(byte) {
            out.push(b'\\');
        }
        out.push(byte);
    }
    out
}

/// JSON (RFC 8259 section 7, and what encoders escape beyond it), YAML, XML.
fn escapes(value: &[u8], forms: &mut BTreeSet<Vec<u8>>) {
    let Ok(text) = std::str::from_utf8(value) else {
        return;
    };
    let json = json(text);
    // Go's encoder escapes these three for HTML, PHP's the slash.
    forms.insert(replace(json.as_bytes(), |byte| match byte {
        b'<' => Some("\\u003c"),
        b'>' => Some("\\u003e"),
        b'&' => Some("\\u0026"),
        _ => None,
    }));
    forms.insert(json.replace('/', "\\/").into_bytes());
    // Encoders that keep to ASCII.
    let mut lower = String::new();
    let mut upper = String::new();
    for character in json.chars() {
        if character.is_ascii() {
            lower.push(character);
            upper.push(character);
        } else {
            for unit in character.encode_utf16(&mut [0; 2]) {
                lower.push_str(&format!("\\u{unit:04x}"));
                upper.push_str(&format!("\\u{unit:04X}"));
            }
        }
    }
    // JSON inside of JSON.
    for json in [&json, &lower, &upper] {
        forms.insert(self::json(json).into_bytes());
    }
    // In the attributes of HTML.
    for json in [&json, &lower, &upper] {
        forms.insert(
            json.replace('&', "&amp;")
                .replace('<', "&lt;")
                .replace('>', "&gt;")
                .replace('"', "&quot;")
                .into_bytes(),
        );
    }
    forms.insert(json.into_bytes());
    forms.insert(lower.into_bytes());
    forms.insert(upper.into_bytes());
    // YAML's single quotes; CSV's, and SQL's, double ones; then XML and HTML.
    forms.insert(text.replace('\'', "''").into_bytes());
    forms.insert(text.replace('"', "\"\"").into_bytes());
    for (quote, apostrophe) in [
        ("\"", "'"),
        ("&quot;", "'"),
        ("&quot;", "&#39;"),
        ("&quot;", "&#x27;"),
        ("&quot;", "&apos;"),
        ("&#34;", "&#39;"),
    ] {
        forms.insert(replace(value, |byte| match byte {
            b'&' => Some("&amp;"),
            b'<' => Some("&lt;"),
            b'>' => Some("&gt;"),
            b'"' => Some(quote),
            b'\'' => Some(apostrophe),
            _ => None,
        }));
    }
}

/// What Python, YAML and Perl, `cat -v` and `sed -n l`, XML and HTML write of characters beyond
/// ASCII.
fn beyond_ascii(value: &[u8], forms: &mut BTreeSet<Vec<u8>>) {
    let mut texts = vec![
        String::from_utf8_lossy(&ansi_c(value, "\\033", true)).into_owned(),
        String::from_utf8_lossy(&ansi_c(value, "\\033", true)).replace("\\'", "'"),
        value.iter().map(|byte| caret(*byte)).collect(),
    ];
    let bytes = |lower: bool| -> String {
        let write = |byte: &u8| match byte {
            b'\\' => "\\\\".to_owned(),
            b' '..=b'~' => char::from(*byte).to_string(),
            b'\n' => "\\n".to_owned(),
            b'\t' => "\\t".to_owned(),
            b'\r' => "\\r".to_owned(),
            byte if lower => format!("\\x{byte:02x}"),
            byte => format!("\\x{byte:02X}"),
        };
        value.iter().map(write).collect()
    };
    texts.extend([bytes(false), bytes(true)]);
    if let Ok(text) = std::str::from_utf8(value) {
        let write = |beyond: fn(u32) -> String, special: fn(char) -> Option<&'static str>| {
            text.chars()
                .map(|one| match special(one) {
                    Some(written) => written.to_owned(),
                    None if one.is_ascii() && (one >= ' ' || matches!(one, '\n' | '\t')) => {
                        one.to_string()
                    }
                    None => beyond(u32::from(one)),
                })
                .collect::<String>()
        };
        texts.push(write(upper, in_strings));
        texts.push(write(lower, in_strings));
        for special in [in_xml, in_html, in_attributes] {
            texts.push(write(|code| format!("&#{code};"), special));
            texts.push(write(|code| format!("&#x{code:x};"), special));
            texts.push(write(|code| format!("&#x{code:X};"), special));
        }
    }
    for text in texts {
        for quote in ["\"", "'"] {
            forms.insert(text.replace(quote, &format!("\\{quote}")).into_bytes());
        }
        forms.insert(text.into_bytes());
    }
}

/// A character's number as Python and YAML write it.
fn upper(code: u32) -> String {
    match code {
        0..=0xFF => format!("\\x{code:02X}"),
        0x100..=0xFFFF => format!("\\u{code:04X}"),
        _ => format!("\\U{code:08X}"),
    }
}

fn lower(code: u32) -> String {
    match code {
        0..=0xFF => format!("\\x{code:02x}"),
        0x100..=0xFFFF => format!("\\u{code:04x}"),
        _ => format!("\\U{code:08x}"),
    }
}

fn in_strings(one: char) -> Option<&'static str> {
    match one {
        '\\' => Some("\\\\"),
        '\n' => Some("\\n"),
        '\t' => Some("\\t"),
        '\r' => Some("\\r"),
        _ => None,
    }
}

fn in_xml(one: char) -> Option<&'static str> {
    match one {
        '&' => Some("&amp;"),
        '<' => Some("&lt;"),
        '>' => Some("&gt;"),
        _ => None,
    }
}

fn in_html(one: char) -> Option<&'static str> {
    match one {
        '"' => Some("&quot;"),
        '\'' => Some("&#x27;"),
        _ => in_xml(one),
    }
}

fn in_attributes(one: char) -> Option<&'static str> {
    match one {
        '\t' => Some("&#9;"),
        '\n' => Some("&#10;"),
        '"' => Some("&quot;"),
        _ => in_xml(one),
    }
}

/// A byte as `cat -v` writes it.
fn caret(byte: u8) -> String {
    match byte {
        b'\n' | b'\t' => char::from(byte).to_string(),
        0x80.. => format!("M-{}", caret_any(byte & 0x7F)),
        _ => caret_any(byte),
    }
}

fn caret_any(byte: u8) -> String {
    if byte.is_ascii_control() {
        format!("^{}", char::from(byte ^ 0x40))
    } else {
        char::from(byte).to_string()
    }
}

/// A text as it stands in a JSON string, without the quotes.
fn json(text: &str) -> String {
    let quoted = serde_json::to_string(text).expect("a text is always JSON");
    quoted[1..quoted.len() - 1].to_owned()
}

/// What shells and their tracing (`set -x`, `export -p`, `printf %q`, `${x@Q}`) write.
fn shells(value: &[u8], forms: &mut BTreeSet<Vec<u8>>) {
    for apostrophe in ["'\\''", "'\"'\"'", "\\'"] {
        forms.insert(replace(value, |byte| (byte == b'\'').then_some(apostrophe)));
    }
    // fish between single quotes.
    forms.insert(backslash(value, |byte| matches!(byte, b'\'' | b'\\')));
    // Double quotes, without and with history expansion.
    forms.insert(backslash(value, |byte| {
        matches!(byte, b'"' | b'\\' | b'$' | b'`')
    }));
    forms.insert(backslash(value, |byte| {
        matches!(byte, b'"' | b'\\' | b'$' | b'`' | b'!')
    }));
    // bash's `printf %q`, zsh's `${(q)x}`, and the escaping of Ruby and other libraries.
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || !byte.is_ascii() || byte == b'\n';
    forms.insert(backslash(value, |byte| {
        !plain(byte) && !b"_-./:=@%+~#".contains(&byte)
    }));
    forms.insert(backslash(value, |byte| {
        !plain(byte) && !b"_-./:=@%+~,".contains(&byte)
    }));
    forms.insert(backslash(value, |byte| {
        !plain(byte) && !b"_-./:@+,".contains(&byte)
    }));
    // Perl's `quotemeta`, and of other tools that know no plain signs.
    forms.insert(backslash(value, |byte| {
        byte.is_ascii() && !byte.is_ascii_alphanumeric() && byte != b'_'
    }));
    forms.insert(coreutils(value));
    forms.insert(ansi_c(value, "\\E", false));
    forms.insert(ansi_c(value, "\\e", false));
    forms.insert(ansi_c(value, "\\E", true));
    if !value.contains(&0) {
        // What this program itself writes into cells.
        for quoted in [
            shell_quote::Bash::quote_vec(value),
            shell_quote::Sh::quote_vec(value),
            shell_quote::Fish::quote_vec(value),
        ] {
            let inner = quoted
                .strip_prefix(b"$'")
                .or_else(|| quoted.strip_prefix(b"'"))
                .unwrap_or(&quoted);
            forms.insert(inner.strip_suffix(b"'").unwrap_or(inner).to_vec());
        }
    }
}

/// What `ls` and other coreutils write, without the quotes at the ends: only what has no picture
/// stands in `$'…'`.
fn coreutils(value: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(value.len() + 16);
    let mut escaped = false;
    for &byte in value {
        let escapes = byte.is_ascii_control();
        match (escaped, escapes) {
            (false, true) => out.extend_from_slice(b"'$'"),
            (true, false) => out.extend_from_slice(b"''"),
            _ => {}
        }
        escaped = escapes;
        match byte {
            b'\'' => out.extend_from_slice(b"'\\''"),
            _ if escapes => out.extend_from_slice(&ansi_c(&[byte], "\\033", false)),
            _ => out.push(byte),
        }
    }
    out
}

/// The inside of `$'…'` as bash and zsh write it.
fn ansi_c(value: &[u8], escape: &str, ascii: bool) -> Vec<u8> {
    let mut out = Vec::with_capacity(value.len() + 8);
    for &byte in value {
        match byte {
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'\'' => out.extend_from_slice(b"\\'"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\t' => out.extend_from_slice(b"\\t"),
            b'\r' => out.extend_from_slice(b"\\r"),
            0x07 => out.extend_from_slice(b"\\a"),
            0x08 => out.extend_from_slice(b"\\b"),
            0x0b => out.extend_from_slice(b"\\v"),
            0x0c => out.extend_from_slice(b"\\f"),
            0x1b => out.extend_from_slice(escape.as_bytes()),
            _ if byte.is_ascii_control() || (ascii && !byte.is_ascii()) => {
                out.extend_from_slice(format!("\\{byte:03o}").as_bytes());
            }
            _ => out.push(byte),
        }
    }
    out
}

/// Percent-encoding: RFC 3986, `encodeURIComponent`, `encodeURI`, form data, path segments.
fn urls(value: &[u8], forms: &mut BTreeSet<Vec<u8>>) {
    // Encoded twice.
    let once = percent(value, b"-._~", false, false);
    forms.insert(percent(&once, b"-._~", false, false));
    for (kept, plus) in [
        ("-._~", false),
        // What WHATWG's URL keeps in a user's name, a path and a query (sections 1.3 and 4).
        ("-._~!$%&'()*+,", false),
        ("-._~!$%&'()*+,/:;=@[\\]|", false),
        ("-._~!$%&()*+,/:;=?@[\\]^`{|}", false),
        ("-._~/", false),
        ("-._~!'()*", false),
        ("-._~!'()*;/?:@&=+$,#", false),
        ("-._~$&+,;=", false),
        ("-._~$&+=:@", false),
        ("*-._", true),
        ("-._~", true),
    ] {
        for lower in [false, true] {
            forms.insert(percent(value, kept.as_bytes(), plus, lower));
        }
    }
}

fn percent(value: &[u8], kept: &[u8], plus: bool, lower: bool) -> Vec<u8> {
    let mut out = Vec::with_capacity(value.len() + 8);
    for &byte in value {
        if byte.is_ascii_alphanumeric() || kept.contains(&byte) {
            out.push(byte);
        } else if plus && byte == b' ' {
            out.push(b'+');
        } else if lower {
            out.extend_from_slice(format!("%{byte:02x}").as_bytes());
        } else {
            out.extend_from_slice(format!("%{byte:02X}").as_bytes());
        }
    }
    out
}

fn base64s(value: &[u8], forms: &mut BTreeSet<Vec<u8>>) {
    let mut with_newline = value.to_vec();
    with_newline.push(b'\n');
    for alphabet in [STANDARD, URL_SAFE] {
        for before in 0..3 {
            let core = base64::core(value, before, alphabet).into_bytes();
            forms.insert(percent(&core, b"-_", false, false));
            forms.insert(percent(&core, b"-_", false, true));
            forms.insert(core);
        }
        // By itself, and as `echo` gives it: with padding, and in lines.
        for whole in [value, &with_newline] {
            let whole = base64::encode(whole, alphabet).into_bytes();
            for wrap in WRAPS {
                lines(&whole, wrap, forms);
            }
            forms.insert(whole);
        }
    }
}

fn hexes(value: &[u8], forms: &mut BTreeSet<Vec<u8>>) {
    let lower: Vec<String> = value.iter().map(|byte| format!("{byte:02x}")).collect();
    let upper: Vec<String> = value.iter().map(|byte| format!("{byte:02X}")).collect();
    for digits in [lower, upper] {
        let bare = digits.concat().into_bytes();
        lines(&bare, HEX_WRAP, forms);
        forms.insert(bare);
        for between in [" ", ":", "\\x", "%"] {
            forms.insert(digits.join(between).into_bytes());
        }
    }
}

/// The lines that a longer text is broken into.
fn lines(text: &[u8], wrap: usize, forms: &mut BTreeSet<Vec<u8>>) {
    if text.len() > wrap {
        for line in text.chunks(wrap).filter(|line| line.len() >= SHORTEST_LINE) {
            forms.insert(line.to_vec());
        }
    }
}
