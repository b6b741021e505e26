//! What pages are made of, rightly and wrongly, and how a page is spoiled.

use proptest::prelude::*;
use proptest::sample::select;

/// Words of the language, and of what is near to it.
const KEYS: [&str; 28] = [
    "needs",
    "when",
    "confirm",
    "timeout",
    "retry",
    "delay",
    "backoff",
    "always",
    "allow-failure",
    "background",
    "ready",
    "each",
    "effect",
    "tty",
    "errexit",
    "cwd",
    "shell",
    "skip",
    "allow",
    "parallel",
    "name",
    "timout",
    "#x",
    ".class",
    "ключ",
    "",
    "-",
    "a=b",
];

/// Values of attributes, of front matter and of JSON.
const VALUES: [&str; 40] = [
    "5m",
    "0",
    "-1",
    "1e9",
    "99999999999999999999h",
    "none",
    "a",
    "a,b",
    "a,,b,",
    "one.ok",
    "one.failed && two",
    "\"",
    "'",
    "\"a \\\" b\"",
    "'it''s'",
    "{",
    "}",
    "{}",
    "[",
    "[1, 2]",
    "true",
    "false",
    "~",
    "null",
    "${{ a }}",
    "${{",
    "}}",
    "`id`",
    "\u{0}",
    "\u{1b}]0;x\u{7}",
    "\u{9b}",
    "\u{202e}",
    "\u{1f680}",
    "é",
    "\\",
    "\\\"",
    "item",
    "[].map(|x| x)",
    "#{a: 1}.a",
    "\"${{ raw(a) }}\"",
];

const LANGUAGES: [&str; 16] = [
    "bash",
    "sh",
    "zsh",
    "fish",
    "shell",
    "console",
    "shell-session",
    "rhai",
    "python",
    "node",
    "json",
    "yaml",
    "toml",
    "text",
    "",
    "made-up",
];

/// Lines of scripts, of shells and of neither.
const LINES: [&str; 46] = [
    "let x = 1;",
    "const y = x + one.code;",
    "fn f(a, b) { a + b }",
    "assert one.ok, \"why\";",
    "assert",
    "assert 1 ==",
    "run([\"a\", `${x}`]);",
    "sh(\"a\").json()[0].b",
    "within(\"1m\", \"1s\", || f(1, 2));",
    "try { throw 1 } catch (e) { }",
    "switch x { 1 => 2, _ => 3 }",
    "for i in 0..9 { if i > 3 { break; } }",
    "let s = `a ${ `b ${1}` }`;",
    "/* /* */",
    "// x",
    "'c'",
    "\"\\u{110000}\"",
    "0x_ff.1e9",
    "a?.b?[c] ?? d",
    "|x| x",
    "#{",
    "}",
    "((((",
    "))))",
    "import \"x\";",
    "eval(\"1\")",
    "echo ${{ x }}",
    "echo \"a ${{ x }} b\"",
    "cat <<EOF",
    "EOF",
    "cat <<-'E' ${{ x }}",
    "$(( ${{ x }} ))",
    "`a ${{ x }}`",
    "case x in (a) b;; esac",
    "export A=${{ x }}",
    "rm -rf ${{ x }}/*",
    "curl http://x | sh",
    "$ ls -l",
    "> more",
    "out",
    "<placeholder>",
    "a < b > c",
    "# a comment ${{ x }}",
    "PASSWORD=hunter2hunter2",
    "\t\ttabs",
    "\u{feff}x\u{0}\u{1b}[0m",
];

/// Keys of front matter.
const FRONT: [&str; 18] = [
    "title",
    "description",
    "owner",
    "inputs",
    "target",
    "env",
    "shell",
    "timeout",
    "requires",
    "credentials",
    "input",
    "? x",
    "<<",
    "&a",
    "*a",
    "!!binary",
    "'",
    "\"",
];

fn value() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => select(&VALUES[..]).prop_map(str::to_owned),
        1 => any::<String>(),
        1 => "[ -~]{0,20}",
    ]
}

fn attribute() -> impl Strategy<Value = String> {
    prop_oneof![
        2 => select(&["one", "two", "three", "a.b", "a-b", "1", "\u{e9}", ""][..]).prop_map(|id| format!("#{id}")),
        4 => (select(&KEYS[..]), value()).prop_map(|(key, value)| format!("{key}={value}")),
        3 => (select(&KEYS[..]), value()).prop_map(|(key, value)| {
            format!("{key}=\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""))
        }),
        1 => select(&KEYS[..]).prop_map(str::to_owned),
        1 => value(),
    ]
}

/// The words after a fence, in each of the forms that are read.
pub(crate) fn info() -> impl Strategy<Value = String> {
    let attributes = proptest::collection::vec(attribute(), 0..5).prop_map(|words| words.join(" "));
    (select(&LANGUAGES[..]), attributes, 0..6_u8).prop_map(
        |(language, attributes, form)| match form {
            0 => language.to_owned(),
            1 => format!("{language} {attributes}"),
            2 => format!("{language} {{\"name\":\"{attributes}\"}}"),
            3 => format!("{language} {{{attributes}"),
            _ => format!("{language} {{{attributes}}}"),
        },
    )
}

fn cell() -> impl Strategy<Value = String> {
    let lines = proptest::collection::vec(
        prop_oneof![8 => select(&LINES[..]).prop_map(str::to_owned), 1 => any::<String>()],
        0..6,
    );
    (
        select(&["```", "````", "~~~", "  ```", "> ```", "- ```"][..]),
        info(),
        lines,
        any::<bool>(),
    )
        .prop_map(|(fence, info, lines, closed)| {
            let end = if closed { fence } else { "" };
            format!("{fence}{info}\n{}\n{end}\n\n", lines.join("\n"))
        })
}

fn entry() -> impl Strategy<Value = String> {
    let input = (
        select(&["x", "y", "one", "if", "a b", "é", "<<", "*a"][..]),
        select(&["string", "integer", "boolean", "duration", "path", "choice", "secret", "[", "int"][..]),
        value(),
        value(),
    )
        .prop_map(|(name, kind, default, rest)| {
            format!("  {name}: {{type: {kind}, default: {default}, choices: [{rest}], pattern: \"{rest}\"}}\n")
        });
    prop_oneof![
        3 => (select(&FRONT[..]), value()).prop_map(|(key, value)| format!("{key}: {value}\n")),
        2 => proptest::collection::vec(input, 0..4).prop_map(|inputs| format!("inputs:\n{}", inputs.concat())),
        1 => (select(&FRONT[..]), value(), value()).prop_map(|(key, a, b)| format!("{key}: {{{a}: {b}}}\n")),
        1 => (select(&FRONT[..]), value()).prop_map(|(key, a)| format!("{key}:\n  - {a}\n  -\n   x: |\n     {a}\n")),
        1 => any::<String>(),
    ]
}

pub(crate) fn front_matter() -> impl Strategy<Value = String> {
    (
        proptest::collection::vec(entry(), 0..6),
        select(&["---\n", "---", "...\n", "", "--- \n", "---\r\n"][..]),
    )
        .prop_map(|(entries, end)| format!("---\n{}{end}\n", entries.concat()))
}

/// A page of such parts.
pub(crate) fn page() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        6 => cell(),
        2 => (1..7_usize, value()).prop_map(|(depth, title)| format!("{} {title}\n\n", "#".repeat(depth))),
        2 => proptest::collection::vec(attribute(), 0..4)
            .prop_map(|words| format!("<!-- runbook: {} -->\n", words.join(" "))),
        1 => value().prop_map(|value| format!("- [ ] {value}\n- [x] {value}\n\n")),
        1 => value().prop_map(|value| format!("If {value}:\n\n")),
        1 => value(),
    ];
    (
        prop_oneof![front_matter(), Just(String::new())],
        proptest::collection::vec(part, 0..8),
    )
        .prop_map(|(front, parts)| format!("{front}{}", parts.concat()))
}

/// One way to spoil a text: what to do, where, and with what.
pub(crate) type Blow = (u8, u16, u16, String);

pub(crate) fn blows() -> impl Strategy<Value = Vec<Blow>> {
    proptest::collection::vec((0..8_u8, any::<u16>(), 0..400_u16, value()), 1..6)
}

/// Spoils a text.
pub(crate) fn spoiled(text: &str, blows: &[Blow]) -> String {
    let mut text = text.to_owned();
    for (kind, at, length, new) in blows {
        let place = |number: usize| {
            let mut at = if text.is_empty() {
                0
            } else {
                number % (text.len() + 1)
            };
            while !text.is_char_boundary(at) {
                at -= 1;
            }
            at
        };
        // Scaled, so that long texts are reached everywhere.
        let start = place(usize::from(*at) * text.len().max(1) / usize::from(u16::MAX));
        let end = place((start + usize::from(*length)).min(text.len())).max(start);
        match kind {
            0 => text.replace_range(start..end, ""),
            1 => text.insert_str(start, new),
            2 => text.replace_range(start..end, new),
            3 => text.truncate(start),
            4 => {
                let piece = text[start..end].repeat(3);
                text.insert_str(start, &piece);
            }
            5 => text = text.replace('\n', "\r\n"),
            6 => {
                let piece = text[start..end].to_owned();
                text.replace_range(start..end, "");
                text.insert_str(0, &piece);
            }
            _ => text.replace_range(start..end, &new.repeat(usize::from(*length) % 9)),
        }
        if text.len() > 60_000 {
            text.truncate(
                (0..=60_000)
                    .rev()
                    .find(|at| text.is_char_boundary(*at))
                    .unwrap_or(0),
            );
        }
    }
    text
}
