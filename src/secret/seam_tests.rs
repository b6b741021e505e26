//! Secrets with line ends, colours and offsets between their parts.

use proptest::prelude::*;

use super::tests::{in_pieces, knowing};
use super::{Redactor, base64};

const SECRET: &str = "C3J27XDCG2LmlZGEONYlgCtjfIZ4SOcMz9CPVNPk";

/// What each part of a text becomes between the parts that are hidden.
#[track_caller]
fn case(secret: &str, text: &str, expected: &str) {
    let redactor = knowing(&[("pw", secret)]);
    assert_eq!(redactor.clean(text).as_str(), expected);
    for size in [1, 2, 7] {
        let pieces = in_pieces(&redactor, text.as_bytes(), &vec![size; text.len() / size]);
        assert_eq!(
            String::from_utf8_lossy(&pieces),
            expected,
            "in pieces of {size}"
        );
    }
}

fn wrapped(text: &str, width: usize, seam: &str) -> String {
    let parts: Vec<&str> = text
        .as_bytes()
        .chunks(width)
        .map(|part| str::from_utf8(part).expect("it is ASCII"))
        .collect();
    parts.join(seam)
}

#[test]
fn what_is_not_seen_does_not_part_a_secret() {
    for seam in [
        "\u{1b}[m",
        "\u{1b}[01;31m\u{1b}[K",
        "\u{1b}]0;title\u{7}",
        "\u{1b}]8;;http://a\u{1b}\\",
        "\u{1b}(B",
        "\u{200b}",
        "\u{feff}",
        "\0",
        "\u{ad}",
        "\r",
        "\u{34f}",
        "\u{61c}",
        "\u{180e}",
        "\u{fff9}",
        "\u{e0020}",
        "\u{e0100}",
    ] {
        let (first, last) = SECRET.split_at(10);
        case(SECRET, &format!("<{first}{seam}{last}>"), "<«secret:pw»>");
    }
}

#[test]
fn long_sequences_do_not_part_a_secret() {
    let address = |length: usize| format!("\u{1b}]8;;http://x/{}\u{1b}\\", "y".repeat(length));
    let (first, last) = SECRET.split_at(7);
    for seam in [
        address(260),
        address(5_000),
        address(60_000),
        address(300).repeat(100),
        "\u{1b}[m".repeat(90),
        "\u{1b}[m".repeat(9_000),
        "\u{1b}]0;t\u{1b}[31m".to_owned(),
        "\u{9d}0;t\u{9c}".to_owned(),
        "\u{90}q\u{1b}\\".to_owned(),
        "\u{1b}]0;t\u{18}".to_owned(),
        "\u{1b}]0;t\n".to_owned(),
    ] {
        let redactor = knowing(&[("pw", SECRET)]);
        let text = format!("<{first}{seam}{last}>");
        assert_eq!(redactor.clean(&text).as_str(), "<«secret:pw»>", "{seam:?}");
        for size in [100, 8 * 1024] {
            let pieces = in_pieces(&redactor, text.as_bytes(), &vec![size; text.len() / size]);
            assert_eq!(
                String::from_utf8_lossy(&pieces),
                "<«secret:pw»>",
                "{seam:?}"
            );
        }
    }
    // What would hold too much of a stream does.
    let redactor = knowing(&[("pw", SECRET)]);
    for seam in [
        address(70_000),
        address(30_000).repeat(3),
        " ".repeat(70_000) + "\n",
    ] {
        let text = format!("<{first}{seam}{last}>");
        assert_eq!(redactor.clean(&text).as_str(), text);
        let mut filter = redactor.filter();
        let held = text
            .as_bytes()
            .chunks(100)
            .fold((0, 0), |(held, most), piece| {
                let held: usize = held + piece.len() - filter.push(piece).len();
                (held, held.max(most))
            });
        assert!(held.1 < 70_000, "{held:?}");
    }
}

#[test]
fn a_wrapped_secret_is_hidden() {
    for seam in ["\n", "\r\n", "\n    ", " \n", "\\\n", "\n> ", "\n  | "] {
        for width in [4, 12, 32, 39] {
            case(
                SECRET,
                &format!("<{}>\n", wrapped(SECRET, width, seam)),
                "<«secret:pw»>\n",
            );
        }
    }
    let words = "correct horse battery";
    case(
        words,
        "a: >\n  correct horse\n  battery\n",
        "a: >\n  «secret:pw»\n",
    );
}

#[test]
fn a_secret_of_lines_is_hidden_that_was_broken_elsewhere() {
    for (secret, text) in [
        ("first line\nsecond", "<first linesec\nond>"),
        ("first\nsecond", "<firstsec\u{1b}[mond>"),
        ("\u{7}beside", "<bes\0ide>"),
    ] {
        case(secret, text, "<«secret:pw»>");
    }
}

#[test]
fn wrapped_base64_is_hidden_whatever_stands_before_it() {
    let json = format!("{{\"engine\":\"postgres\",\"host\":\"db\",\"password\":\"{SECRET}\"}}");
    let encoded = base64::encode(json.as_bytes(), base64::STANDARD);
    let redactor = knowing(&[("pw", SECRET)]);
    for width in [4, 19, 40, 76] {
        let text = wrapped(&encoded, width, "\n");
        let cleaned = redactor.clean(&text);
        let shown: String = cleaned.as_str().split_whitespace().collect();
        let (before, after) = shown.split_once("«secret:pw»").expect("it is hidden");
        assert!(
            encoded.starts_with(before) && encoded.ends_with(after),
            "{shown}"
        );
        assert!(before.len() + after.len() + 52 <= encoded.len(), "{shown}");
    }
}

#[test]
fn a_first_line_of_two_letters_is_told_at_once() {
    let redactor = knowing(&[("pw", SECRET)]);
    let mut filter = redactor.filter();
    assert_eq!(filter.push(b"it is in C\n"), b"it is in C\n");
    assert_eq!(filter.push(b"it is in C\n3"), b"it is in C\n");
    assert_eq!(filter.push(b"J27\n"), b"");
    assert_eq!(
        filter.push(&SECRET.as_bytes()[5..]),
        "«secret:pw»".as_bytes()
    );
    assert_eq!(filter.push(b"!"), b"!");
    case(SECRET, &wrapped(SECRET, 1, "\n"), "C\n3\n«secret:pw»");
    case(SECRET, &wrapped(SECRET, 2, "\n"), "C3\n«secret:pw»");
}

#[test]
fn a_secret_in_short_lines_is_hidden_wherever_its_end_comes() {
    for secret in [
        "Zq7hunter\"2-Xk9",
        SECRET,
        "0a1b2c3d4e5f60718293",
        "beef dead-cafe",
        "abcd|e> f\\gh9",
    ] {
        let redactor = knowing(&[("pw", secret)]);
        for (width, before) in
            (1..=8).flat_map(|width| (0..=4).map(move |n| (width, "abcd#".split_at(n).0)))
        {
            for (first, last) in [
                ("", ""),
                ("", "\n"),
                ("lead\n", ""),
                ("lead\n", "\ntrail\n"),
            ] {
                let broken = wrapped(&format!("{before}{secret}"), width, "\n");
                let text = format!("{first}{broken}{last}");
                let cleaned = redactor.clean(&text);
                let end = text.len() - last.len();
                for cuts in [
                    vec![],
                    vec![end],
                    vec![end + 1],
                    vec![end.saturating_sub(width)],
                    vec![end - 1, 1],
                    vec![1; text.len()],
                    vec![width + 1; text.len()],
                ] {
                    let pieces = in_pieces(&redactor, text.as_bytes(), &cuts);
                    let pieces = String::from_utf8_lossy(&pieces);
                    assert_eq!(pieces, cleaned.as_str(), "{text:?} in {cuts:?}");
                    let shown: String = pieces.split_whitespace().collect();
                    let lead: String = format!("{first}{before}").split_whitespace().collect();
                    let shown = shown.strip_prefix(&lead).unwrap_or(&shown);
                    let (shown, _) = shown.split_once('«').unwrap_or((shown, ""));
                    assert!(shown.len() <= 2, "{text:?} in {cuts:?} became {pieces:?}");
                }
            }
        }
    }
}

#[test]
fn a_secret_is_hidden_that_is_broken_at_blanks_and_marks() {
    let words = "correct horse battery staple";
    for text in [
        "correct \nhorse \nbattery \nstaple",
        "correct\nhorse\nbattery\nstaple",
        "correct horse\n  battery\n  staple",
        "correct\n# horse battery\n# staple",
    ] {
        case(words, &format!("<{text}>\n"), "<«secret:pw»>\n");
    }
    for secret in ["abcd|e> f\\gh9", "DOMAIN\\user|x > y#z", SECRET] {
        for seam in ["\n", "\n|", "\n# ", "\n> ", "\n#", "\n>>", " \\\n\t"] {
            for width in 4..12 {
                let text = format!("<{}>\n", wrapped(secret, width, seam));
                case(secret, &text, "<«secret:pw»>\n");
            }
        }
    }
}

#[test]
fn a_secret_in_lines_is_hidden_whose_second_letter_begins_another() {
    let redactor = knowing(&[("one", "abcdefgh"), ("other", "bcdefghXYZ")]);
    for text in ["ab\ncdefgh!", "ab\ncdefgh\n"] {
        let cleaned = redactor.clean(text);
        assert!(
            cleaned.as_str().starts_with("ab\n«secret:one»"),
            "{cleaned:?}"
        );
        for cut in 1..text.len() {
            let pieces = in_pieces(&redactor, text.as_bytes(), &[cut]);
            assert_eq!(String::from_utf8_lossy(&pieces), cleaned.as_str(), "{cut}");
        }
    }
}

#[test]
fn dumps_of_bytes_are_hidden() {
    let secret = "correct-horse-battery";
    // `od -An -tx1`, `xxd`, `hexdump -C`, `od -tx1` and `xxd -i` of `pw=` and the secret.
    for (text, expected) in [
        (
            " 70 77 3d 63 6f 72 72 65 63 74 2d 68 6f 72 73 65\n 2d 62 61 74 74 65 72 79 0a\n",
            " 70 77 3d «secret:pw» 0a\n",
        ),
        (
            "00000000: 7077 3d63 6f72 7265 6374 2d68 6f72 7365  pw=correct-horse\n\
             00000010: 2d62 6174 7465 7279 0a                   -battery.\nnext\n",
            "00000000: 7077 3d«secret:pw»\nnext\n",
        ),
        (
            "00000000  70 77 3d 63 6f 72 72 65  63 74 2d 68 6f 72 73 65  |pw=correct-horse|\n\
             00000010  2d 62 61 74 74 65 72 79  0a                       |-battery.|\n00000019\n",
            "00000000  70 77 3d «secret:pw»\n00000019\n",
        ),
        (
            "0000000 70 77 3d 63 6f 72 72 65 63 74 2d 68 6f 72 73 65\n\
             0000020 2d 62 61 74 74 65 72 79 0a\n0000031\n",
            "0000000 70 77 3d «secret:pw» 0a\n0000031\n",
        ),
        (
            "  0x70, 0x77, 0x3d, 0x63, 0x6f, 0x72, 0x72, 0x65, 0x63, 0x74, 0x2d, 0x68,\n  \
             0x6f, 0x72, 0x73, 0x65, 0x2d, 0x62, 0x61, 0x74, 0x74, 0x65, 0x72, 0x79, 0x0a\n",
            "  0x70, 0x77, 0x3d, 0x«secret:pw», 0x0a\n",
        ),
        // `od -c`, `hexdump -c`, `od -a`.
        (
            "0000000   p   w   =   c   o   r   r   e   c   t   -   h   o   r   s   e\n\
             0000020   -   b   a   t   t   e   r   y  \\n\n0000031\n",
            "0000000   p   w   =   «secret:pw»  \\n\n0000031\n",
        ),
        (
            "0000000   p   w   =   c   o   r   r   e   c   t   -   h   o   r   s   e\n\
             0000010   -   b   a   t   t   e   r   y  \\n                            \n0000019\n",
            "0000000   p   w   =   «secret:pw»  \\n                            \n0000019\n",
        ),
        (
            "000000 120   p   w  sp   c   o   r   r   e   c   t   -   h   o   r   s\n\
             000010   e   -   b   a   t   t   e   r   y  nl\n00001a\n",
            "000000 120   p   w  sp   «secret:pw»  nl\n00001a\n",
        ),
        // `od -A x -t x1`, `od -t x1z`, `hexdump`, `od`, `od -tx4`, `od -td1`, `xxd -e`.
        (
            "000000 70 77 3d 63 6f 72 72 65 63 74 2d 68 6f 72 73 65\n\
             000010 2d 62 61 74 74 65 72 79 0a\n000019\n",
            "000000 70 77 3d «secret:pw» 0a\n000019\n",
        ),
        (
            "0000000 70 77 3d 63 6f 72 72 65 63 74 2d 68 6f 72 73 65  >pw=correct-horse<\n\
             0000020 2d 62 61 74 74 65 72 79 0a                       >-battery.<\n0000031\n",
            "0000000 70 77 3d «secret:pw»\n0000031\n",
        ),
        (
            "0000000 7770 633d 726f 6572 7463 682d 726f 6573\n\
             0000010 622d 7461 6574 7972 000a\n0000019\n",
            "0000000 7770 633d «secret:pw» 000a\n0000019\n",
        ),
        (
            "0000000 073560 061475 071157 062562 072143 064055 071157 062563\n\
             0000020 061055 072141 062564 074562 000012\n0000031\n",
            "0000000 073560 061475 «secret:pw» 000012\n0000031\n",
        ),
        (
            "0000000 633d7770 6572726f 682d7463 6573726f\n\
             0000020 7461622d 79726574 0000000a\n0000031\n",
            "0000000 633d7770 «secret:pw» 0000000a\n0000031\n",
        ),
        (
            "0000000  112  119   61   99  111  114  114  101   99  116   45  104  111  114  115  101\n\
             0000020   45   98   97  116  116  101  114  121   10\n0000031\n",
            "0000000  112  119   61   «secret:pw»   10\n0000031\n",
        ),
        (
            "00000000: 633d7770 6572726f 682d7463 6573726f  pw=correct-horse\n\
             00000010: 7461622d 79726574       0a           -battery.\nnext\n",
            "00000000: 633d7770 «secret:pw»\nnext\n",
        ),
        (
            "636f7272 6563742d 686f7273 652d6261 74746572 79",
            "«secret:pw»",
        ),
        (
            "63:6F:72:72:65:63:74:2D:68:6F:72:73:65:2D:62:61:74:74:65:72:79",
            "«secret:pw»",
        ),
    ] {
        case(secret, text, expected);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn no_seam_lets_a_secret_through(
        secret in "[!-~]{12,40}",
        before in "[ö\u{e9} ]{0,6}",
        seam in prop_oneof![
            Just("\n"), Just("\r\n"), Just("\n  "), Just("\u{1b}[1m"), Just("\u{200b}"), Just("\n> "),
        ],
        width in 3_usize..30,
        encoding in 0_usize..3,
        cuts in prop::collection::vec(0_usize..9, 0..40),
    ) {
        let redactor = Redactor::default();
        prop_assume!(redactor.learn("pw", secret.as_bytes()).is_ok());
        // A line's end takes a backslash before it with it, and the marks after it.
        prop_assume!(!secret.contains(['\\', '>', '|']));
        let encoded = match encoding {
            0 => secret.clone(),
            1 => base64::encode(secret.as_bytes(), base64::STANDARD),
            _ => secret.bytes().map(|byte| format!("{byte:02x}")).collect(),
        };
        let text = format!("{before}{}ö", wrapped(&encoded, width, seam));
        let cleaned = redactor.clean(&text);
        let pieces = in_pieces(&redactor, text.as_bytes(), &cuts);
        prop_assert_eq!(&String::from_utf8_lossy(&pieces), cleaned.as_str());
        // The end of base64 depends on what comes after the secret; its padding, too.
        let rest = cleaned.as_str().replace("«secret:pw»", "");
        let left = rest.chars().filter(char::is_ascii_graphic).count();
        prop_assert!(left <= 6 + seam.len(), "{:?} became {:?}", text, cleaned);
    }

    #[test]
    fn lines_without_secrets_are_unchanged(
        text in "([0-9a-f: \n]{0,40}|[a-z \n\r\u{1b}\\[m;]{0,40}|[ -~\n]{0,40}|\u{200b}|\n00000010: 6162 6364  abcd\n){0,8}",
        cuts in prop::collection::vec(0_usize..20, 0..40),
    ) {
        let redactor = knowing(&[("pw", "correct-horse-battery"), ("hex", "«0a1b2c3d4e»")]);
        let cleaned = redactor.clean(&text);
        prop_assert_eq!(cleaned.as_str(), &text);
        let pieces = in_pieces(&redactor, text.as_bytes(), &cuts);
        prop_assert_eq!(String::from_utf8_lossy(&pieces), text);
    }
}
