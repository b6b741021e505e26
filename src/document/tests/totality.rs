//! Whatever the page, reading it ends, and all places are in it.

use proptest::prelude::*;

use super::{assert_sound, parse};

/// Pieces that real pages are made of, and pieces that break them.
const PIECES: [&str; 71] = [
    "# ",
    "## If it fails:\n",
    "\n",
    "\n\n",
    "\r\n",
    "\t",
    "  ",
    "    ",
    "> ",
    "- ",
    "1. ",
    "- [ ] ",
    "- [x] ",
    "```",
    "````",
    "~~~",
    "```sh\n",
    "```bash {#a needs=b}\n",
    "```console\n",
    "```rhai {",
    "```json {#v}\n",
    "```py {each=\"x\"}\n",
    "```sh {\"name\":\"x\"}\n",
    "{\"name\": \"",
    "{ name=x }",
    "$ ls\n",
    "$ cat <<EOF\n",
    "EOF\n",
    "> more\n",
    "out\n",
    "\\\n",
    "${{ ",
    " }}",
    "${{ a }}",
    "<name>",
    "<in>out",
    "</name>",
    "<<",
    "<",
    ">",
    "kubectl get <pod name>\n",
    "<!-- runbook: when=\"x\" -->\n",
    "<!-- runbook:",
    "<!--",
    "-->",
    "---\n",
    "inputs:\n",
    "  a: {type: int, default: 3}\n",
    "title: x\n",
    "inputs: [",
    "env: {A: \"${{ x }}\"}\n",
    "timeout: 5x\n",
    "&a ",
    "*a",
    "!!binary ",
    "| a | b |\n|---|---|\n",
    "If it fails:\n",
    "Wenn nicht:\n",
    "如果失败：\n",
    "**",
    "`",
    "ß",
    "🚀",
    "\u{feff}",
    "\u{0}",
    "\u{a0}",
    "\"",
    "'",
    "}",
    "=",
    "when=\"a\\\"b\"",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn any_text_is_read(text in any::<String>()) {
        let (document, diagnostics) = parse(&text);
        assert_sound(&document, &diagnostics);
    }

    #[test]
    fn any_mixture_of_markdown_is_read(
        pieces in proptest::collection::vec(proptest::sample::select(&PIECES[..]), 0..60),
        head in any::<bool>(),
    ) {
        let mut text = String::from(if head { "---\n" } else { "" });
        text.extend(pieces);
        let (document, diagnostics) = parse(&text);
        assert_sound(&document, &diagnostics);
        for found in &diagnostics {
            let _ = found.render(&document.source, false, 100);
        }
    }
}

#[test]
fn deep_nesting_is_read() {
    for prefix in ["> ", "- ", "1. ", "> - "] {
        let page = format!("{}```sh\ntrue\n", prefix.repeat(5_000));
        let (document, diagnostics) = parse(&page);
        assert_sound(&document, &diagnostics);
    }
}
