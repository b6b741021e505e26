//! Secrets in every form and cut at every place.

use proptest::prelude::*;

use super::{Redactor, Refused, base64};
use crate::value::Value;

pub(super) fn knowing(secrets: &[(&str, &str)]) -> Redactor {
    let redactor = Redactor::default();
    for (name, value) in secrets {
        redactor
            .learn(name, value.as_bytes())
            .expect("it is fit to hide");
    }
    redactor
}

pub(super) fn in_pieces(redactor: &Redactor, text: &[u8], cuts: &[usize]) -> Vec<u8> {
    let mut filter = redactor.filter();
    let mut out = Vec::new();
    let mut rest = text;
    for cut in cuts {
        let (piece, after) = rest.split_at((*cut).min(rest.len()));
        out.extend(filter.push(piece));
        rest = after;
    }
    out.extend(filter.push(rest));
    out.extend(filter.finish());
    out
}

#[track_caller]
fn case(secret: &str, text: &str, expected: &str) {
    let redactor = knowing(&[("pw", secret)]);
    assert_eq!(redactor.clean(text).as_str(), expected);
    let piece_by_piece = in_pieces(&redactor, text.as_bytes(), &vec![1; text.len()]);
    assert_eq!(String::from_utf8_lossy(&piece_by_piece), expected);
}

#[test]
fn a_secret_is_hidden_in_every_form() {
    let p = "it's $9 \"a/b\"+é";
    case(p, &format!("<{p}>"), "<«secret:pw»>");
    case(p, &format!("{}", Value::from(p)), "\"«secret:pw»\"");
    for text in [
        r#"it'\''s $9 "a/b"+é"#,
        r#"it'"'"'s $9 "a/b"+é"#,
        r#"it\'s $9 "a/b"+é"#,
        r#"it's \$9 \"a/b\"+é"#,
        r#"it\'s\ \$9\ \"a/b\"+é"#,
        r#"it's $9 \"a\/b\"+é"#,
        r#"it's $9 \"a/b\"+\u00e9"#,
        r#"it''s $9 "a/b"+é"#,
        "it%27s%20%249%20%22a%2Fb%22%2B%C3%A9",
        "it%27s%20%249%20%22a%2fb%22%2b%c3%a9",
        "it%27s+%249+%22a%2Fb%22%2B%C3%A9",
        "it&#39;s $9 &quot;a/b&quot;+é",
        "697427732024392022612f62222bc3a9",
        "697427732024392022612F62222BC3A9",
        "aXQncyAkOSAiYS9iIivDqQ==",
    ] {
        case(p, &format!("<{text}>"), "<«secret:pw»>");
    }
}

#[test]
fn a_secret_is_hidden_as_tools_write_what_is_beyond_ascii() {
    let secret = "it's <é>\t\"漢\" \\&9/x-y";
    for text in [
        "it's <é>\t\"\"漢\"\" \\&9/x-y",
        r#"it'\''s <é>'$'\t''"漢" \&9/x-y"#,
        r#"it\'s <\xe9>\t"\u6f22" \\&9/x-y"#,
        r#"it\'s <\xc3\xa9>\t"\xe6\xbc\xa2" \\&9/x-y"#,
        r#"it's <\xE9>\t\"\u6F22\" \\&9/x-y"#,
        r"it's &lt;&#233;&gt;&#9;&quot;&#28450;&quot; \&amp;9/x-y",
        r"it's &lt;&#xe9;&gt;&#9;&quot;&#x6f22;&quot; \&amp;9/x-y",
        "it's &lt;&#233;&gt;\t\"&#28450;\" \\&amp;9/x-y",
        r#"it's <\303\251>\t"\346\274\242" \\&9/x-y"#,
        "it's <M-CM-)>\t\"M-fM-<M-\"\" \\&9/x-y",
        r"it%2527s%2520%253C%25C3%25A9%253E%2509%2522%25E6%25BC%25A2%2522%2520%255C%25269%252Fx-y",
        r"it's &lt;\u00e9&gt;\t\&quot;\u6f22\&quot; \\&amp;9/x-y",
        r"it's &lt;\u00e9&gt;\t\&quot;\u6f22\&quot; \\&amp;9/x-y",
    ] {
        case(secret, &format!("({text})"), "(«secret:pw»)");
    }
    for text in [r"Zq7hunter\-a\@b\~c", "Zq7hunter-a%40b~c"] {
        case("Zq7hunter-a@b~c", text, "«secret:pw»");
    }
    case("a{b}c^d é|", "a%7Bb%7Dc%5Ed%20%C3%A9%7C@h", "«secret:pw»@h");
    case("a{b}c^d é|", "?a{b}c^d%20%C3%A9|&", "?«secret:pw»&");
}

#[test]
fn overlapping_secrets_leave_nothing() {
    let redactor = knowing(&[
        ("short", "hunter2"),
        ("long", "hunter2-extended"),
        ("tail", "extended-warranty"),
    ]);
    for (text, expected) in [
        ("hunter2", "«secret:short»"),
        ("hunter2-extende", "«secret:short»-extende"),
        ("hunter2-extended!", "«secret:long»!"),
        ("hunter2-extended-warranty!", "«secret:long»!"),
        ("hunter2hunter2", "«secret:short»«secret:short»"),
    ] {
        assert_eq!(redactor.clean(text).as_str(), expected);
        let pieces = in_pieces(&redactor, text.as_bytes(), &vec![1; text.len()]);
        assert_eq!(String::from_utf8_lossy(&pieces), expected);
    }
}

#[test]
fn lines_of_a_key_are_hidden_one_by_one() {
    let key = "-----BEGIN KEY-----\nMIIEvQIBADANBgkq\nhkiG9w0BAQEFAASC\n-----END KEY-----\n";
    case(key, "  hkiG9w0BAQEFAASC\r\n", "  «secret:pw»\r\n");
    case(key, "-----BEGIN KEY-----", "-----BEGIN KEY-----");
    case(key, key, "«secret:pw»\n");
    case(key, &key.replace('\n', "\r\n"), "«secret:pw»\r\n");
}

#[test]
fn wrapped_base64_is_hidden() {
    let secret: String = (0..60_u8)
        .map(|n| char::from(b'!' + n.wrapping_mul(7) % 90))
        .collect();
    let redactor = knowing(&[("pw", &secret)]);
    for wrap in [64, 76] {
        let encoded = base64::encode(secret.as_bytes(), base64::STANDARD);
        let (first, second) = encoded.split_at(wrap);
        let cleaned = redactor.clean(&format!("{first}\n{second}\n"));
        assert_eq!(cleaned.as_str(), "«secret:pw»\n");
        // Each line by itself, too; but under eight characters can't be told from other text.
        assert_eq!(redactor.clean(first).as_str(), "«secret:pw»");
        if second.len() >= 8 {
            assert_eq!(redactor.clean(second).as_str(), "«secret:pw»");
        }
    }
}

#[test]
fn a_line_comes_out_at_once() {
    let redactor = knowing(&[("pw", "tok-one-two")]);
    let mut filter = redactor.filter();
    assert_eq!(filter.push(b"done\n"), b"done\n");
    assert_eq!(filter.push(b"Continue? "), b"Continue? ");
    assert_eq!(filter.push(b"a to"), b"a ");
    assert_eq!(filter.push(b"ad\n"), b"toad\n");
    assert_eq!(filter.push(b"tok-one-"), b"");
    assert_eq!(filter.push(b"two"), "«secret:pw»".as_bytes());
    assert_eq!(filter.push(b"tok-one"), b"");
    assert_eq!(filter.finish(), b"tok-one");
}

#[test]
fn what_repeats_is_held_in_bounded_memory() {
    let redactor = knowing(&[("pw", "abcabcabc")]);
    let mut filter = redactor.filter();
    let mut out = Vec::new();
    for _ in 0..100_000 {
        out.extend(filter.push(b"abc"));
    }
    out.extend(filter.push(b"abc!"));
    assert_eq!(String::from_utf8_lossy(&out), "«secret:pw»!");
}

#[test]
fn a_filter_knows_what_is_learnt_later() {
    let redactor = Redactor::default();
    let mut filter = redactor.filter();
    assert_eq!(filter.push(b"correct-horse "), b"correct-horse ");
    redactor
        .learn("pw", b"correct-horse")
        .expect("it is fit to hide");
    assert_eq!(filter.push(b"correct-horse "), "«secret:pw» ".as_bytes());
}

#[test]
fn values_are_cleaned_with_their_keys() {
    let redactor = knowing(&[("pw", "correct-horse"), ("pin", "1234567")]);
    let value =
        serde_json::json!({"a correct-horse": ["correct-horse", 1_234_567, 12, null, true]});
    let cleaned = serde_json::to_string(&redactor.clean_value(&value)).expect("it is JSON");
    assert_eq!(
        cleaned,
        r#"{"a «secret:pw»":["«secret:pw»","«secret:pin»",12,null,true]}"#
    );
}

#[test]
fn what_would_shred_the_log_is_refused() {
    let redactor = Redactor::default();
    assert_eq!(redactor.learn("a", b""), Ok(()));
    assert_eq!(redactor.learn("a", b" \n"), Ok(()));
    for short in ["abcde", " true ", "éééé"] {
        let refused = redactor.learn("a", short.as_bytes());
        assert_eq!(refused, Err(Refused::TooShort { name: "a".into() }));
    }
    for common in [
        "Production",
        "localhost",
        "default\n",
        "password",
        "xxxxxxxx",
        "********",
    ] {
        let refused = redactor.learn("a", common.as_bytes());
        assert_eq!(refused, Err(Refused::TooCommon { name: "a".into() }));
    }
    let refused = redactor.learn("a", "ab".repeat(40_000).as_bytes());
    assert_eq!(refused, Err(Refused::TooLong { name: "a".into() }));
    assert_eq!(redactor.clean("production").as_str(), "production");
}

#[test]
fn what_was_cut_short_is_hidden() {
    let redactor = knowing(&[("pw", "correct-horse-battery")]);
    for (text, expected) in [
        ("`x correct-hor…` failed", "`x «secret:pw»…` failed"),
        (
            "correct-horse-battery… corr… \u{2026}",
            "«secret:pw»… corr… …",
        ),
        ("incorrect-horse…", "in«secret:pw»…"),
    ] {
        assert_eq!(redactor.clean(text).as_str(), expected);
    }
}

#[test]
fn debug_never_shows_a_value() {
    let redactor = knowing(&[("pw", "correct-horse")]);
    assert_eq!(format!("{redactor:?}"), r#"Redactor(["«secret:pw»"])"#);
}

/// What an ordinary program makes of a secret, written apart from the room's own forms.
fn encodings(secret: &str, before: &str, after: &str) -> Vec<String> {
    let around = format!("{before}{secret}{after}");
    vec![
        around.clone(),
        Value::from(around.as_str()).to_string(),
        Value::from(Value::from(around.as_str()).to_string()).to_string(),
        format!("'{}'", around.replace('\'', "'\\''")),
        around.bytes().map(|byte| format!("{byte:02x}")).collect(),
        around.bytes().map(|byte| format!("%{byte:02X}")).collect(),
        base64::encode(around.as_bytes(), base64::STANDARD),
        base64::encode(around.as_bytes(), base64::URL_SAFE),
    ]
}

proptest! {
    #[test]
    fn pieces_do_not_matter(
        secrets in prop::collection::vec("[ab]{3}[abc'\" /é]{3,9}", 1..4),
        parts in prop::collection::vec(("[abc' ]{0,6}", any::<prop::sample::Index>()), 1..8),
        cuts in prop::collection::vec(0_usize..7, 0..60),
    ) {
        let redactor = Redactor::default();
        for (number, secret) in secrets.iter().enumerate() {
            let _ = redactor.learn(&number.to_string(), secret.as_bytes());
        }
        let mut text = String::new();
        for (between, index) in parts {
            text.push_str(&between);
            text.push_str(index.get::<String>(&secrets));
        }
        let whole = in_pieces(&redactor, text.as_bytes(), &[]);
        prop_assert_eq!(&in_pieces(&redactor, text.as_bytes(), &cuts), &whole);
        let cleaned = redactor.clean(&text);
        prop_assert_eq!(cleaned.as_str().as_bytes(), &whole[..]);
    }

    #[test]
    fn no_encoding_gets_through(
        secret in "[!-~]{1}[ -~éß]{5,30}[!-~]{1}",
        before in "[ -~]{0,5}",
        after in "[ -~]{0,5}",
    ) {
        let redactor = Redactor::default();
        prop_assume!(redactor.learn("pw", secret.as_bytes()).is_ok());
        for encoded in encodings(&secret, &before, &after) {
            prop_assert!(redactor.finds(encoded.as_bytes()), "{}", encoded);
            let cleaned = redactor.clean(&encoded);
            prop_assert!(!redactor.finds(cleaned.as_str().as_bytes()));
            prop_assert!(!cleaned.as_str().contains(&secret));
        }
    }

    #[test]
    fn text_without_secrets_is_unchanged(
        text in prop::collection::vec(any::<u8>(), 0..300),
        cuts in prop::collection::vec(0_usize..40, 0..20),
    ) {
        let redactor = knowing(&[("pw", "correct-horse-battery"), ("other", "«»-staple-9")]);
        prop_assert_eq!(in_pieces(&redactor, &text, &cuts), text);
    }

    #[test]
    fn base64_reads_what_it_writes(bytes in prop::collection::vec(any::<u8>(), 0..50)) {
        for alphabet in [base64::STANDARD, base64::URL_SAFE] {
            prop_assert_eq!(base64::decode(&base64::encode(&bytes, alphabet)), Some(bytes.clone()));
        }
    }
}
