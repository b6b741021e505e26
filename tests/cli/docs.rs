//! `runbook docs`: the site as its author and its readers meet it.

use regex::Regex;

use crate::support::{Ran, Test};

pub(crate) const PAGE: &str = "\
---
title: Restart the web server
owner: platform
inputs:
  host: {type: string, default: db1}
requires:
  tools: {sh: \"*\"}
---

# Restart the web server

## Restart

```bash {#restart effect=change timeout=5m}
printf 'restarting %s\\n' ${{ host }}
```

```rhai {#check}
assert restart.ok, \"it restarted\";
```

## Stop
<!-- runbook: when=\"restart.failed\" -->

```bash {#stop effect=destroy confirm=\"Stop ${{ host }}?\"}
echo stop
```
";

pub(crate) fn site() -> Test {
    Test::new()
        .file("runbooks/restart.md", PAGE)
        .file("runbooks/ops/README.md", "# Operations\n\nText.\n")
        .file(
            "runbooks/ops/plain.md",
            "# Look\n\n```sh\nls <folder>\n```\n",
        )
}

fn built() -> Ran {
    site()
        .args(["run", "runbooks/restart.md", "--yes"])
        .run()
        .ends(0)
        .then(["docs", "build"])
        .run()
        .ends(0)
}

#[test]
fn a_folder_of_runbooks_becomes_a_site_without_any_configuration() {
    let ran = built().says("3 pages in book/index.html");
    let page = ran.read("book/restart.html");
    for expected in [
        "Holds",
        "1 of 1 run passed",
        "platform",
        "<svg",
        "href=\"#step-restart\"",
        "id=\"step-restart\"",
        "data-effect=\"destroy\"",
        "timeout",
        "data-direct=\"",
        "Last verified",
        "it restarted",
        "by tester",
    ] {
        assert!(page.contains(expected), "no {expected:?} in:\n{page}");
    }
    assert!(
        !page.contains("title: Restart"),
        "front matter is no text:\n{page}"
    );
    let index = ran.read("book/index.html");
    for expected in ["Restart the web server", "Look", "1 of 1", "never run"] {
        assert!(index.contains(expected), "no {expected:?} in:\n{index}");
    }
    assert!(
        ran.exists("book/ops/index.html"),
        "README.md is the page of its folder"
    );
}

#[test]
fn values_stand_in_the_code_as_variables_quoted_for_their_place() {
    let ran = Test::new()
        .file(
            "runbooks/a.md",
            "# A\n\n```bash {#a}\necho \"id: ${{ x }}\" ${{ 1 + 1 }}\n```\n",
        )
        .args(["docs", "build"])
        .run()
        .ends(0);
    let page = ran.read("book/a.html").replace("&#123;", "{");
    assert!(
        page.contains("${x}") && page.contains("${value_1_1}"),
        "{page}"
    );
    assert!(page.contains("data-vars=\"x value_1_1\""), "{page}");
}

#[test]
fn every_page_forbids_scripts_of_its_own_and_asks_no_other_host() {
    let ran = built();
    let own = Regex::new(r"<script(?:>|[^>]*[^>]>[^<])").expect("a pattern");
    let elsewhere = Regex::new(r#"<(?:script|link|img|iframe)[^>]*(?:src|href)="(?:https?:)?//"#)
        .expect("a pattern");
    for page in ["index", "restart", "ops/plain", "404", "runs/index"] {
        let html = ran.read(&format!("book/{page}.html"));
        assert!(
            html.contains(
                "Content-Security-Policy\" content=\"default-src 'none'; script-src 'self';"
            ),
            "{page}:\n{html}"
        );
        let found = own.find(&html).map(|found| found.as_str());
        assert!(found.is_none(), "{page}: {found:?}");
        assert!(!elsewhere.is_match(&html), "{page}:\n{html}");
        assert!(!html.contains(" onclick="), "{page}");
    }
}

#[test]
fn every_link_of_the_site_leads_somewhere() {
    let ran = built();
    let link = Regex::new(r##"(?:href|src)="([^"#:?]*)(?:#([^"]*))?""##).expect("a pattern");
    let run = run_page(&ran);
    for page in [
        "index.html",
        "restart.html",
        "ops/plain.html",
        "runs/index.html",
        &run,
    ] {
        let html = ran.read(&format!("book/{page}"));
        for found in link.captures_iter(&html) {
            let (path, anchor) = (&found[1], found.get(2).map(|anchor| anchor.as_str()));
            let folder = page.rsplit_once('/').map_or("", |(folder, _)| folder);
            let target = if path.is_empty() {
                page.to_owned()
            } else {
                format!("{folder}/{path}")
                    .trim_start_matches('/')
                    .to_owned()
            };
            assert!(
                ran.exists(&format!("book/{target}")),
                "{page}: {}",
                &found[0]
            );
            if let Some(anchor) = anchor {
                let there = ran.read(&format!("book/{target}"));
                assert!(
                    there.contains(&format!("id=\"{anchor}\"")),
                    "{page}: {}",
                    &found[0]
                );
            }
        }
    }
}

fn run_page(ran: &Ran) -> String {
    let index = ran.read("book/runs/index.html");
    let name = Regex::new(r#"runs/([0-9a-f-]{36}\.html)"#).expect("a pattern");
    let found = name
        .captures(&index)
        .expect("the list of runs links to one");
    format!("runs/{}", &found[1])
}

#[test]
fn a_run_has_a_page_with_its_output_its_timeline_and_moments_to_link_to() {
    let ran = built();
    let page = ran.read(&format!("book/{}", run_page(&ran)));
    for expected in [
        "restarting db1",
        "id=\"seq=1\"",
        "class=\"rb-player\"",
        "data-state=\"passed\"",
        "data-state=\"skipped\"",
        "restart.failed",
    ] {
        assert!(page.contains(expected), "no {expected:?} in:\n{page}");
    }
}

/// Guard: `html::push`, by which all text from outside comes into a page.
#[test]
fn hostile_titles_inputs_and_outputs_are_text() {
    let page = "\
---
title: \"<script>canary1</script>\"
owner: \"</div><script>canary2</script>\"
inputs:
  name: {type: string, default: \"\\\"><script>canary3</script>\", description: \"</td><script>canary4</script>\"}
---

# Heading <script>canary5</script>

```bash {#a confirm=\"<script>canary6</script>\"}
printf '</pre><script>canary7</script>\\n\\033[31mred\\033[0m {{#include ../secret}}\\n'
echo ${{ name }} >&2
```

```rhai {#b}
assert a.ok, \"</li><script>canary8</script>\";
```
";
    let ran = Test::new()
        .file("runbooks/a.md", page)
        .file("secret", "canary9")
        .args(["run", "runbooks/a.md", "--yes"])
        .run()
        .ends(0)
        .then(["docs", "build"])
        .run()
        .ends(0);
    let run = run_page(&ran);
    for page in ["a.html", "index.html", "runs/index.html", &run] {
        let html = ran.read(&format!("book/{page}"));
        assert!(!html.contains("<script>"), "{page}:\n{html}");
        assert!(!html.contains("canary9"), "{page}");
    }
    // Of what stands on a page of the book, mdBook's own preprocessor finds nothing to do.
    assert!(!ran.read("book/a.html").contains("{{#"));
    let html = ran.read(&format!("book/{run}"));
    assert!(html.contains("&lt;script&gt;canary7"), "{html}");
    assert!(html.contains("<span class=\"f1\">red</span>"), "{html}");
}

#[test]
fn no_letter_of_the_site_reorders_others_and_what_is_copied_stays() {
    let page = "\
---
inputs:
  name: {type: string, default: \"a\u{202e}b\", description: \"c\u{2066}d\"}
---

# Title \u{202e}x

Text \u{2067}x `code \u{202e}x`.

```bash {#a}
echo \u{202e}x ${{ name }}
```

```text
plain \u{202e}x
```
";
    let ran = Test::new()
        .file("runbooks/a.md", page)
        .file("runbooks/b.md", "# Notes \u{202e}x\n\nText \u{202e}x.\n")
        .args(["run", "runbooks/a.md", "--yes"])
        .run()
        .ends(0)
        .then(["docs", "build"])
        .run()
        .ends(0);
    let orders = |c: char| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let run = run_page(&ran);
    for page in [
        "a.html",
        "b.html",
        "index.html",
        "toc.html",
        "runs/index.html",
        &run,
    ] {
        let html = ran.read(&format!("book/{page}"));
        // Nobody sees these attributes; what they hold is put into a copy.
        let mut seen = String::new();
        for part in html.split(" data-") {
            let value = part
                .split_once("=\"")
                .and_then(|(_, rest)| rest.split_once('"'));
            seen.push_str(value.map_or(part, |(_, rest)| rest));
        }
        let found = seen.split('\n').find(|line| line.contains(orders));
        assert_eq!(found, None, "{page}");
    }
    let html = ran.read("book/a.html");
    assert!(html.contains("data-default=\"a\u{202e}b\""), "{html}");
    assert!(html.contains("data-text=\"echo \u{202e}x "), "{html}");
}

#[test]
fn a_book_of_somebody_else_keeps_its_order_and_its_text() {
    let ran = Test::new()
        .file("book.toml", "[book]\ntitle = \"Guide\"\nsrc = \"src\"\n[preprocessor.runbook]\n")
        .file("src/SUMMARY.md", "# Summary\n\n[Introduction](intro.md)\n\n- [Install](install.md)\n")
        .file("src/intro.md", "# Introduction\n\nPlain <b>text</b>.\n\n```rust\nfn main() {}\n```\n")
        .file("src/install.md", "# Install\n\n1. Do\n\n   ```console\n   $ ls\n   x\n   ```\n\n   and go on\n\n> ```sh\n> ls\n> ```\n> on\n")
        .args(["docs", "build", "--dest", "out"])
        .run()
        .ends(0)
        .says("2 pages in out/index.html");
    let intro = ran.read("out/intro.html");
    assert!(
        intro.contains("Plain <b>text</b>.") && intro.contains("language-rust"),
        "{intro}"
    );
    assert!(
        !intro.contains("rb-head"),
        "a page that runs nothing is left alone:\n{intro}"
    );
    let install = ran.read("out/install.html");
    assert!(install.contains("<p>and go on</p>"), "{install}");
    assert!(install.contains("<p>on</p>"), "{install}");
    assert!(
        !install.contains("rb-badge") && !install.contains("rb-verdict"),
        "{install}"
    );
}

#[test]
fn the_preprocessor_speaks_the_protocol_of_mdbook() {
    let supports = |renderer: &str| {
        Test::new()
            .args(["docs", "preprocess", "supports", renderer])
            .run()
            .status
    };
    assert_eq!((supports("html"), supports("epub")), (0, 1));
    let input = serde_json::json!([
        {"root": "/nowhere", "config": {"book": {"src": "src"}}, "renderer": "html", "mdbook_version": "0.5.4"},
        {"items": [{"Chapter": {"name": "A", "content": "# A\n\n```sh {#a}\necho hi\n```\n", "number": null,
            "sub_items": [], "path": "a.md", "source_path": "a.md", "parent_names": []}}]}
    ]);
    let ran = Test::new()
        .args(["docs", "preprocess"])
        .stdin(&input.to_string())
        .run()
        .ends(0);
    let book: serde_json::Value = serde_json::from_str(&ran.stdout).expect("a book comes out");
    let items = book["items"].as_array().expect("it has items");
    assert_eq!(items[0]["Chapter"]["path"], "index.md");
    let text = items[1]["Chapter"]["content"]
        .as_str()
        .expect("it has text");
    assert!(
        text.contains("rb-step") && text.starts_with("# A\n"),
        "{text}"
    );
    Test::new()
        .args(["docs", "preprocess"])
        .stdin("nonsense")
        .run()
        .ends(2)
        .says("the input is not mdBook's");
}

#[test]
fn what_can_not_be_a_site_is_said() {
    Test::new()
        .args(["docs", "build", "nowhere"])
        .run()
        .ends(2)
        .says("there is no folder");
    Test::new()
        .folder("runbooks")
        .args(["docs", "build"])
        .run()
        .ends(2)
        .says("there are no pages");
    // Building empties the folder: never one with something else in it.
    let ran = site()
        .file("docs/mine.txt", "mine")
        .args(["docs", "build", "--dest", "docs"])
        .run()
        .ends(2)
        .says("it has files that are no site");
    assert_eq!(ran.read("docs/mine.txt"), "mine");
    site()
        .args(["docs", "build", "--dest", "."])
        .run()
        .ends(2)
        .says("the pages are in it");
    site()
        .file("runbooks/bad.md", b"\xff\xfe")
        .args(["docs", "build"])
        .run()
        .ends(0)
        .says("`bad.md` is left out: it is not UTF-8");
    Test::new()
        .file("book.toml", "[book]\nsorce = \"x\"\n")
        .args(["docs", "build"])
        .run()
        .ends(2);
    site()
        .file("runbooks/SUMMARY.md", "- [Gone](gone.md)\n")
        .args(["docs", "build"])
        .run()
        .ends(2)
        .says("gone.md");
}

#[test]
fn a_page_with_errors_says_so_and_is_built() {
    let ran = Test::new()
        .file(
            "runbooks/a.md",
            "# A\n\n```sh {#a needs=nothing}\nls\n```\n\n```sh {#a}\nls\n```\n",
        )
        .args(["docs", "build"])
        .run()
        .ends(0);
    assert!(ran.read("book/a.html").contains("does not run"));
    assert!(ran.read("book/index.html").contains("has errors"));
}

#[test]
fn a_graph_that_nobody_would_scroll_past_is_folded_and_its_nodes_can_be_told_apart() {
    let steps: String = (0..40)
        .map(|number| format!("```sh {{#step-with-a-long-name-{number}}}\ntrue\n```\n\n"))
        .collect();
    let ran = Test::new()
        .file("runbooks/a.md", format!("# A\n\n{steps}"))
        .args(["run", "runbooks/a.md", "--yes"])
        .run()
        .ends(0)
        .then(["docs", "build"])
        .run()
        .ends(0);
    let page = ran.read("book/a.html");
    for expected in [
        "<details class=\"rb-fold\"><summary>40 steps as a graph",
        "rb-tall\" tabindex=\"0\"",
    ] {
        assert!(page.contains(expected), "no {expected:?} in:\n{page}");
    }
    let name = Regex::new("class=\"rb-id\"[^>]*>([^<]*)<").expect("a pattern");
    let names: std::collections::BTreeSet<&str> = name
        .captures_iter(&page)
        .map(|found| found.get(1).expect("a name").as_str())
        .collect();
    assert_eq!(names.len(), 40, "{names:?}");
    let run = ran.read(&format!("book/{}", run_page(&ran)));
    assert!(run.contains("rb-tall\" tabindex=\"0\""), "{run}");
}

#[test]
fn a_run_on_a_recording_and_an_altered_journal_verify_nothing() {
    let ran = site()
        .file("runbook.toml", "[target.demo]\nrecording = \"rec.jsonl\"\n")
        .file("runbooks/again.md", PAGE)
        .args(["run", "runbooks/restart.md", "--yes"])
        .run()
        .ends(0)
        .then(["export", "last", "-o", "rec.jsonl"])
        .run()
        .ends(0)
        .then(["run", "runbooks/again.md", "--target", "demo", "--yes"])
        .run()
        .ends(0);
    let runs = ran.folder().join("home/runs");
    let mut runs: Vec<_> = runs.read_dir().expect("runs").flatten().collect();
    runs.sort_by_key(std::fs::DirEntry::file_name);
    let journal = runs[0].path().join("journal.jsonl");
    let text = std::fs::read_to_string(&journal).expect("a journal");
    std::fs::write(&journal, text.replace("restarting db1", "restarting db2")).expect("a file");
    let ran = ran.then(["docs", "build"]).run().ends(0);
    let page = ran.read("book/again.html");
    for expected in [
        "Never run for real; passed on a recording",
        "data-state=\"rehearsed\"",
        "held on a recording",
        "Never verified",
    ] {
        assert!(page.contains(expected), "no {expected:?} in:\n{page}");
    }
    assert!(!page.contains("data-state=\"passed\""), "{page}");
    let page = ran.read("book/restart.html");
    assert!(
        page.contains("Not verified: ") && !page.contains("Last verified"),
        "{page}"
    );
    let run = runs[0].file_name().to_string_lossy().into_owned();
    assert!(
        page.contains(&format!("href=\"runs/{run}.html\"")),
        "{page}"
    );
    let list = ran.read("book/runs/index.html");
    assert!(list.contains("altered journal"), "{list}");
    assert!(list.contains("passed on a recording"), "{list}");
    let index = ran.read("book/index.html");
    assert!(index.contains("only on a recording"), "{index}");
}
