//! Looks for secrets and what encodings make of them.

use aho_corasick::AhoCorasick;

use crate::planted::Secret;

/// All forms of all secrets, written apart from the program's own.
pub(crate) struct Search {
    automaton: AhoCorasick,
    /// For each form what it is.
    names: Vec<String>,
}

impl Search {
    pub(crate) fn new<'a>(secrets: impl Iterator<Item = &'a Secret>) -> Self {
        let mut forms = Vec::new();
        let mut names = Vec::new();
        for secret in secrets {
            let text = secret.text();
            let json = serde_json::Value::from(text).to_string();
            let json = &json[1..json.len() - 1];
            let hex = text.bytes().map(|byte| format!("{byte:02x}"));
            let hex = hex.collect::<Vec<_>>().concat();
            let url: String = text
                .bytes()
                .map(|byte| match byte {
                    b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                        char::from(byte).to_string()
                    }
                    _ => format!("%{byte:02X}"),
                })
                .collect();
            let mut add = |kind: &str, form: Vec<u8>| {
                forms.push(form);
                names.push(format!("{text:?} as {kind}"));
            };
            add("it is", text.as_bytes().to_vec());
            add("JSON", json.as_bytes().to_vec());
            add("hex", hex.to_uppercase().into_bytes());
            add("hex", hex.into_bytes());
            add("a part of a URL", url.into_bytes());
            add("shell text", text.replace('\'', "'\\''").into_bytes());
            for before in 0..3 {
                add("base64", base64(text.as_bytes(), before));
            }
        }
        Self {
            automaton: AhoCorasick::new(&forms).unwrap(),
            names,
        }
    }

    /// What was found, and where.
    pub(crate) fn find(&self, texts: &[(String, Vec<u8>)]) -> Vec<String> {
        let mut found: Vec<String> = texts
            .iter()
            .flat_map(|(place, text)| {
                self.automaton.find_iter(text).map(move |one| {
                    let from = one.start().saturating_sub(60);
                    let around = &text[from..(one.end() + 20).min(text.len())];
                    let name = &self.names[one.pattern().as_usize()];
                    format!("{name} in {place}: {}", String::from_utf8_lossy(around))
                })
            })
            .collect();
        found.dedup();
        found
    }
}

/// The characters of base64 that only these bytes decide, with so many bytes before them.
fn base64(bytes: &[u8], before: usize) -> Vec<u8> {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let bit = |index: usize| bytes[index / 8] >> (7 - index % 8) & 1;
    let start = (6 - before * 8 % 6) % 6;
    (start..=bytes.len() * 8 - 6)
        .step_by(6)
        .map(|from| {
            ALPHABET[(from..from + 6).fold(0, |six, index| six << 1 | usize::from(bit(index)))]
        })
        .collect()
}
