//! Values that shells have trouble with.

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

/// Values each of which has broken some quoting somewhere.
pub(super) fn nasty() -> Vec<Vec<u8>> {
    let mut values: Vec<Vec<u8>> = [
        "",
        " ",
        "\t",
        "\n",
        "\n\n",
        "'",
        "''",
        "\"",
        "\\",
        "\\\\",
        "\\n",
        "\\'",
        "'\\''",
        "'$'$(touch x)'",
        "')",
        "EOF)",
        "EOFtouch x)\u{e9}",
        "x\nEOF touch x)",
        "$",
        "$$",
        "$x",
        "${x}",
        "$(id)",
        "`id`",
        "!",
        "!!",
        "a!b",
        "!db",
        "rds!db-1234",
        "-",
        "--",
        "-n",
        "-e x",
        "~",
        "~root",
        "*",
        "?",
        "[a-z]",
        "[",
        "{a,b}",
        "{1..3}",
        "=ls",
        "%1",
        "%s",
        "#",
        "# x",
        "a#b",
        ";",
        "&",
        "|",
        "<",
        ">",
        "(",
        ")",
        "((",
        "$((1))",
        "a b",
        " a ",
        "a\nb",
        "\na",
        "a\n",
        "a\\",
        "a\\\n",
        "a\\\nb",
        "EOF",
        "\nEOF",
        "EOF\n",
        "\nEOF\n",
        "x\nEOF\ny",
        "E",
        "OF",
        "\tEOF",
        "\n\tEOF\n",
        "\ttab",
        "a\n\tb",
        "\t\t",
        "END",
        "it's",
        "\"q\"",
        "^x^y",
        "\n^x^y",
        "$'a'",
        "$\"a\"",
        "a=b",
        "[0]",
        ":h",
        "abc",
        "1",
        "\r",
        "\r\n",
        "\u{7f}",
        "é",
        "数据库",
        "\u{a0}",
        "\u{feff}",
        "\u{2028}",
        "\u{f600}",
        "\u{f6ff}",
        "\u{fdd0}",
        "\u{e000}",
        "if",
        "esac",
        "}",
        "{",
        "]",
        "]]",
        "))",
        ")",
        "'\"'\"'",
        "\"'\"'\"",
        "${IFS+}",
        "a`b",
        "end",
        "END_OF_DOCUMENT",
        "x\nEOF\nEND_OF_DOCUMENT\n",
        "\u{1b}[0m",
        "\\x41",
        "\\0",
        "\\c",
    ]
    .iter()
    .map(|value| value.as_bytes().to_vec())
    .collect();
    values.extend((1..=255_u8).map(|byte| vec![byte]));
    values.extend((1..=255_u8).map(|byte| vec![b'a', byte, b'b']));
    values.push((1..=255).collect());
    values.push((1..=255).rev().collect());
    values.extend(
        [
            &b"\xc3"[..],
            b"\xe6\x95",
            b"a\xff\xfe'b",
            b"\xf0\x9f\\",
            b"\xc3'\xc3\"",
        ]
        .map(<[u8]>::to_vec),
    );
    values
}

/// So many values at random, made mostly of what is special somewhere.
pub(super) fn random(count: usize) -> Vec<Vec<u8>> {
    let byte = prop_oneof![
        6 => proptest::sample::select(b"'\"\\$`!\n\t {}()[]<>|&;#*?~=%^-+EOFab:@".to_vec()),
        1 => 1..=255_u8,
    ];
    let value = proptest::collection::vec(byte, 0..14);
    let mut runner = TestRunner::deterministic();
    (0..count)
        .map(|_| {
            value
                .new_tree(&mut runner)
                .expect("nothing is filtered")
                .current()
        })
        .collect()
}
