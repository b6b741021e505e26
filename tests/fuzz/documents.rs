//! Pages: put together from parts, and real ones spoiled.

use std::sync::Arc;

use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use runbook::document::Document;
use runbook::graph::Graph;
use runbook::source::Source;

use crate::corpus::pages;
use crate::pieces::{blows, front_matter, info, page, spoiled};
use crate::watch::watched;
use crate::{config, soundness};

proptest! {
    #![proptest_config(config(100))]

    #[test]
    fn a_page_of_odd_parts(text in page()) {
        soundness::page(&text);
    }

    #[test]
    fn an_odd_fence(info in info(), body in "[ -~\\n\\t]{0,80}") {
        soundness::page(&format!("```{info}\n{body}\n```\n"));
    }

    #[test]
    fn an_odd_front_matter(text in front_matter()) {
        soundness::page(&format!("{text}\n```bash {{#one}}\necho ${{{{ x }}}} ${{{{ y }}}}\n```\n"));
    }

    #[test]
    fn any_text(text in any::<String>()) {
        soundness::page(&text);
    }

    #[test]
    fn an_interpolation_in_any_shell(
        language in proptest::sample::select(&["bash", "sh", "zsh", "fish", "console", "python", "rhai"][..]),
        parts in proptest::collection::vec("[ -~]{0,12}|\\$\\{\\{ x \\}\\}|\\$\\{\\{|\\}\\}|<<E|\nE\n|[`\"'(){}$\\\\#;\n]{1,4}", 0..12),
    ) {
        soundness::page(&format!("---\ninputs:\n  x: {{type: string}}\n---\n```{language} {{#a}}\n{}\n```\n", parts.concat()));
    }
}

#[test]
fn real_pages_that_were_spoiled() {
    let pages = pages();
    let strategy = (0..pages.len(), blows());
    TestRunner::new(config(150))
        .run(&strategy, |(index, blows)| {
            soundness::page(&spoiled(&pages[index].1, &blows));
            Ok(())
        })
        .unwrap_or_else(|error| panic!("{error}"));
}

/// The time for a page grows with its length, whatever it is full of.
#[test]
fn no_construct_costs_more_than_its_length() {
    for piece in [
        "> ",
        "- ",
        "1. ",
        "# a\n",
        "```bash\ntrue\n```\n\n",
        "```bash {#a",
        "```rhai\nlet x = 1;\n```\n\n",
        "[",
        "![](",
        "<!--",
        "<!-- runbook: parallel -->\n",
        "*",
        "_a",
        "`",
        "a|b\n-|-\n",
        "<a>",
        "<",
        "&amp;",
        "${{ ",
        "- [ ] x\n",
        "If x:\n\n",
        "\\",
        "\r",
        "\t",
        "{",
        "\"",
        "    $ ls\n",
        "| a ",
        "~~",
        "[^1]: ",
        "$ a\n",
        "é",
    ] {
        let sized = |bytes: usize| piece.repeat(bytes / piece.len());
        for (head, tail) in [
            ("", ""),
            ("```bash {#a}\n", "\n```\n"),
            ("```console\n", ""),
            ("---\n", "---\n"),
        ] {
            let text = format!("{head}{}{tail}", sized(12_000));
            soundness::page(&text);
        }
    }
}

/// What a page has many of is gone through once, and not once for each of them. At twice the
/// square of this number a case takes minutes, which its limit tells from seconds on any machine.
///
/// Guards: `lint` asks the page once (`destructive::fresh`); `Diagnostic::render` hands on the
/// lines around its labels and no others (`NEAR`).
#[test]
fn ten_thousand_of_a_thing_cost_no_more_than_each() {
    for piece in [
        "```bash\ntrue\n```\n\n",
        "```rhai\nlet x = 1;\n```\n\n",
        "```rhai\nlet x% = 1;\n```\n\n",
        "```bash\nrm -rf /x%; kubectl delete pod <name%>\n```\n\n",
        "## If x%\n\n```bash {#w% when=\"true\"}\nexport A%=1\necho ${{ v }}\n```\n\n",
        "- [ ] by hand %\n",
    ] {
        let mut text = "---\ninputs:\n  v: {type: string, default: a}\n---\n# T\n\n".to_owned();
        for number in 0..10_000 {
            text += &piece.replace('%', &number.to_string());
        }
        watched(piece, || said(text));
    }
}

/// The same of what stands on one line, of which a diagnostic shows a part.
///
/// Guards: `Diagnostic::render` cuts long lines (`WIDE`); `lint::commands` and `effect::commands`
/// copy nothing of the text for each piece of it.
#[test]
fn thousands_of_a_thing_on_one_line_cost_no_more_than_each() {
    for (piece, count) in [
        ("<a%> ", 4_000),
        ("${{ }} ", 4_000),
        ("rm -rf /x%; ", 4_000),
        ("<<E%", 100_000),
        ("`", 500_000),
        ("$(a) ", 20_000),
    ] {
        for head in ["```bash {#a}\n", "```console {#a}\n$ "] {
            let line: String = (0..count)
                .map(|number: usize| piece.replace('%', &number.to_string()))
                .collect();
            watched(piece, || said(format!("# T\n\n{head}{line}\n```\n")));
        }
    }
}

/// Reads a page and renders all that is said of it.
fn said(text: String) {
    let source = Arc::new(Source::new("a.md", text));
    let (document, mut found) = Document::parse(Arc::clone(&source));
    found.extend(runbook::lint::lint(&document));
    let (graph, wrong) = Graph::build(Arc::new(document), runbook::script::vocabulary());
    found.extend(wrong);
    assert_eq!(graph.order().len(), graph.steps.len());
    for diagnostic in &found {
        assert!(!diagnostic.render(&source, false, 100).is_empty());
    }
}
