//! Secrets in what comes in pieces: however it is split the same comes out, and it costs what it
//! weighs.

use proptest::prelude::*;
use proptest::sample::{Index, select};
use runbook::secret::Redactor;
use runbook::view::sanitize;

use crate::config;
use crate::watch::watched;

/// What secrets and outputs are made of: seams, quoting, dumps, and what credentials begin with.
const PARTS: [&str; 42] = [
    "\n0000020   c   o   r   r   e   c   t  sp\n",
    "0000000   h   o   r   s   e  sp   b   a   t   t   e   r   y",
    "\n# ",
    "correct",
    "horse",
    " ",
    "\n",
    "\r\n",
    "\t",
    "\0",
    "\u{7}",
    "\u{1b}[1m",
    "\u{ad}",
    "\u{200b}",
    "…",
    "é",
    "'",
    "\"",
    "\\",
    "\\n",
    "\\x63",
    "'\\''",
    "%20",
    "&#39;",
    "+",
    "> ",
    "| ",
    "  ",
    "00000000: 636f 7272 6563 7420  correct \n",
    " 63 6f 72 72 65 63 74",
    "686f727365",
    "0x",
    "x",
    "Y29ycmVjdA==",
    "password=",
    "\"token\": \"",
    "Bearer ",
    "https://u:",
    "@",
    "ghp_0123456789",
    "-----BEGIN PRIVATE KEY-----\n",
    "{\"format_version\":\"1.0\",",
];

/// Secrets with seams, quotes and blanks of their own.
const SECRETS: [&str; 8] = [
    "correct|horse> \\battery #9",
    "correct horse battery",
    "first line\nsecond line",
    "\u{7}beside the bell",
    "it's \"9\\\" & é+/",
    "two  blanks\tand\ttabs",
    "zero\0\u{ad}width",
    "C3J27XDCG2LmlZEGONYlgCtjfIZ4SOcMz9CPVNPk",
];

/// What control sequences are made of, and what ends them.
const SEQUENCES: [&str; 25] = [
    "\u{1b}",
    "[",
    "]",
    "P",
    "_",
    "(",
    "\\",
    "0;t",
    "m",
    "B",
    "\u{7}",
    "\u{18}",
    "\u{1a}",
    "\u{90}",
    "\u{98}",
    "\u{9b}",
    "\u{9c}",
    "\u{9d}",
    "\u{9f}",
    "\u{85}",
    "\n",
    "\u{1b}[m",
    "\u{1b}]8;;http://x/",
    "\u{1b}\\",
    "\u{200b}",
];

fn parts(most: usize) -> impl Strategy<Value = Vec<String>> {
    let part = prop_oneof![
        12 => select(&PARTS[..]).prop_map(str::to_owned),
        1 => "[ -~]{1,8}",
    ];
    proptest::collection::vec(part, 0..most)
}

fn filtered<'a>(redactor: &Redactor, pieces: impl Iterator<Item = &'a [u8]>) -> Vec<u8> {
    let mut filter = redactor.filter();
    let mut shown = Vec::new();
    for piece in pieces {
        shown.extend(filter.push(piece));
    }
    shown.extend(filter.finish());
    shown
}

proptest! {
    #![proptest_config(config(100))]

    #[test]
    fn a_stream_is_hidden_alike_however_it_is_split(
        secrets in proptest::collection::vec(select(&SECRETS[..]), 0..3),
        parts in parts(24),
        spliced in proptest::collection::vec((any::<Index>(), 0..3_usize, any::<Index>()), 0..4),
        size in 1..9_usize,
    ) {
        let redactor = Redactor::default();
        for secret in &secrets {
            let _unfit = redactor.learn("pw", secret.as_bytes());
        }
        let mut parts: Vec<Vec<u8>> = parts.into_iter().map(String::into_bytes).collect();
        // A secret stands in it, whole or with something between its characters. (Not inside of an
        // escape sequence, whose beginning a stream does not remember.)
        for (at, secret, cut) in spliced {
            if let Some(secret) = secrets.get(secret) {
                let cut = cut.index(secret.len() + 1);
                let seam = [&b""[..], b"\0", b"\n", b"\x1b[m"][cut % 4];
                let (first, last) = secret.as_bytes().split_at(cut);
                parts.insert(at.index(parts.len() + 1), [first, seam, last].concat());
            }
        }
        let text = parts.concat();
        let whole = filtered(&redactor, std::iter::once(text.as_slice()));
        let split = filtered(&redactor, text.chunks(size));
        prop_assert_eq!(String::from_utf8_lossy(&split), String::from_utf8_lossy(&whole));
    }

    #[test]
    fn what_the_view_drops_joins_no_secret(
        cuts in proptest::collection::vec((any::<Index>(), proptest::collection::vec(select(&SEQUENCES[..]), 1..6)), 1..4),
        before in proptest::collection::vec(select(&SEQUENCES[..]), 0..3),
        long in 0..500_usize,
        size in 1..9_usize,
    ) {
        let secret = "C3J27XDCG2LmlZEGONYlgCtjfIZ4SOcMz9CPVNPk";
        let redactor = Redactor::default();
        redactor.learn("pw", secret.as_bytes()).expect("it is fit to hide");
        let mut text = secret.to_owned();
        for (at, seam) in cuts {
            let seam = seam.concat().replace('t', &"t".repeat(long));
            let at = (0..=at.index(secret.len())).rev().find(|at| text.is_char_boundary(*at));
            text.insert_str(at.unwrap_or(0), &seam);
        }
        let text = format!("{}{text}", before.concat());
        let shown = filtered(&redactor, text.as_bytes().chunks(size));
        let shown = String::from_utf8_lossy(&shown);
        prop_assert!(!sanitize::lines(&shown).collect::<String>().contains(secret), "{:?}", text);
    }
}

/// Guards: what is held of a stream is bounded, however a secret begins that does not go on.
#[test]
fn what_a_secret_may_begin_with_costs_what_it_weighs() {
    for part in [
        " ",
        "\t",
        "\n",
        "\0",
        "\u{1b}[m",
        "\u{1b}]0;",
        "y",
        "6",
        "6\n",
        " 6",
        "| ",
        "\\",
    ] {
        for begun in [
            "corr",
            "corr\n",
            "corr\u{1b}]0;",
            "636f72",
            "636f72 ",
            "0000000 636f72 ",
            "0000000   c   o   r",
        ] {
            let redactor = Redactor::default();
            for secret in ["correct horse battery", "correct|horse\\battery"] {
                redactor
                    .learn("pw", secret.as_bytes())
                    .expect("it is fit to hide");
            }
            let text = format!("{begun}{}", part.repeat(100_000 / part.len()));
            watched(&format!("{begun:?}, then {part:?}"), || {
                filtered(&redactor, text.as_bytes().chunks(4 * 1024));
            });
        }
    }
}

/// Guards: `dumps::passed` ends where `Dump::read` does.
#[test]
fn long_outputs_cost_what_they_weigh() {
    for part in PARTS
        .iter()
        .copied()
        .chain(["a", "0", "AKIA", "eyJ", "\u{1b}]0;"])
    {
        let redactor = Redactor::default();
        for secret in ["correct horse battery", "one line\nanother line"] {
            redactor
                .learn("pw", secret.as_bytes())
                .expect("it is fit to hide");
        }
        let text = part.repeat(100_000 / part.len());
        watched(part, || {
            filtered(&redactor, text.as_bytes().chunks(8 * 1024));
            let _clean = redactor.clean(&text);
        });
    }
}
