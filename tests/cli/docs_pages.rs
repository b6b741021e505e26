//! `runbook docs build`: what pages bring along, where they go, and what else is in their folder.

use crate::support::{Ran, Test};

const SUMMARY: &str = "# Summary\n\n- [A](a.md)\n";

fn book(settings: &str) -> Test {
    Test::new()
        .file("book.toml", settings)
        .file("src/SUMMARY.md", SUMMARY)
        .file("src/a.md", "# A\n")
}

fn main_of(ran: &Ran, page: &str) -> String {
    let html = ran.read(page);
    let from = html.find("<main>").expect("a page has a main part");
    let to = html.find("</main>").expect("it ends");
    html[from..to].to_owned()
}

#[test]
fn html_that_acts_is_text_on_every_page() {
    let html = "\
$<meta http-equiv=\"refresh\" content=\"0;url=https://example.com\">$

+++
<meta http-equiv=\"refresh\" content=\"0;url=https://example.com\">
+++

## Head {onclick=alert(1)}

[x](javascript:alert(1)) <svg><a href=\"&#106;avascript:alert(1)\">y</a></svg>

![badge](https://example.com/badge.svg) <b>bold</b>
";
    let ran = Test::new()
        .file("runbooks/plain.md", format!("# Plain\n\n{html}"))
        .file(
            "runbooks/runs.md",
            format!("---\ntitle: Runs\n---\n# Runs\n\n```sh {{#a}}\nls\n```\n\n{html}"),
        )
        .args(["docs", "build"])
        .run()
        .ends(0);
    for page in ["book/plain.html", "book/runs.html"] {
        let main = main_of(&ran, page);
        for gone in ["<meta", " onclick=", "href=\"javascript", "<img"] {
            assert!(!main.contains(gone), "{gone} in {page}:\n{main}");
        }
        assert!(main.contains("<b>bold</b>"), "{main}");
        assert!(
            main.contains("<a href=\"https://example.com/badge.svg\">badge</a>"),
            "{main}"
        );
    }
}

#[test]
fn in_a_book_of_somebody_else_a_page_that_runs_nothing_keeps_its_html() {
    let chapter = |content: &str| {
        serde_json::json!({"Chapter": {"name": "A", "content": content, "number": null,
            "sub_items": [], "path": "a.md", "source_path": "a.md", "parent_names": []}})
    };
    let preprocessed = |content: &str| {
        let input = serde_json::json!([
            {"root": "/nowhere", "config": {"book": {"src": "src"}}, "renderer": "html", "mdbook_version": "0.5.4"},
            {"items": [chapter(content)]}
        ]);
        Test::new()
            .args(["docs", "preprocess"])
            .stdin(&input.to_string())
            .run()
            .ends(0)
            .stdout
    };
    let frame = "<iframe src='x'></iframe>\n";
    assert!(preprocessed(&format!("# A\n\n{frame}")).contains("<iframe"));
    let runs = preprocessed(&format!("# A\n\n```sh\nls\n```\n\n{frame}"));
    assert!(!runs.contains("<iframe"), "{runs}");
}

#[test]
fn a_folder_that_only_looks_like_a_site_is_not_emptied() {
    let ran = book("[book]\n")
        .file("out/.nojekyll", "")
        .file("out/toc.html", "")
        .file("out/mine.txt", "mine")
        .args(["docs", "build", "--dest", "out"])
        .run()
        .ends(2)
        .says("it has files that are no site");
    assert_eq!(ran.read("out/mine.txt"), "mine");
}

#[test]
fn a_book_with_two_renderers_builds_again() {
    book("[book]\n[output.html]\n[output.markdown]\n")
        .args(["docs", "build"])
        .run()
        .ends(0)
        .says("1 page in book/html/index.html")
        .then(["docs", "build"])
        .run()
        .ends(0);
}

#[test]
fn a_renderer_that_fails_does_not_lock_the_folder() {
    book("[book]\n[output.html]\n[output.gone]\ncommand = \"false\"\n")
        .args(["docs", "build"])
        .run()
        .ends(2)
        .then(["docs", "build"])
        .run()
        .ends(2)
        .says("gone");
}

#[test]
fn a_chapter_outside_of_the_pages_is_refused_with_its_line() {
    for chapter in ["/etc/passwd", "../../note.md"] {
        Test::new()
            .file("book.toml", "[book]\n")
            .file("note.md", "# N\n")
            .file("src/SUMMARY.md", format!("# S\n\n- [N]({chapter})\n"))
            .args(["docs", "build"])
            .run()
            .ends(2)
            .says("SUMMARY.md:3`: the chapter")
            .says("is not below the folder of the pages");
    }
}

#[test]
fn pages_that_would_vanish_are_named() {
    let ran = Test::new()
        .file("runbooks/sub/README.md", "# Readme\n")
        .file("runbooks/sub/index.md", "# Index\n")
        .file("runbooks/toc.md", "# Toc\n")
        .file("runbooks/print.md", "# Print\n")
        .file("runbooks/runs/index.md", "# My runs\n")
        .file("runbooks/a.md", "# A\n\n```sh {#a}\ntrue\n```\n")
        .args(["run", "runbooks/a.md", "--yes"])
        .run()
        .ends(0)
        .then(["docs", "build"])
        .run()
        .ends(0)
        .says("`sub/README.md` is left out: `index.md` beside it")
        .says("`toc.md` takes the place of mdBook's own `toc.html`")
        .says("`print.md` is left out");
    assert!(ran.read("book/runs/index.html").contains("My runs"));
    assert!(ran.exists("book/runs/list.html"));
    // Where nothing else is there the reason is not lost.
    Test::new()
        .file("runbooks/print.md", "# Print\n")
        .args(["docs", "build"])
        .run()
        .ends(2)
        .says("`print.md` is left out");
}

#[test]
fn the_link_to_edit_a_page_tells_nothing_of_this_machine() {
    let settings =
        "[book]\n[output.html]\nedit-url-template = \"https://example.com/edit/{path}\"\n";
    let ran = book(settings).args(["docs", "build"]).run().ends(0);
    let page = ran.read("book/a.html");
    assert!(page.contains("https://example.com/edit/src/a.md"), "{page}");
}

#[test]
fn links_lead_to_the_page_of_a_readme_and_those_to_nothing_are_told() {
    let ran = Test::new()
        .file("runbooks/sub/README.md", "# Sub\n")
        .file(
            "runbooks/a.md",
            "# A\n\n[sub](sub/README.md)\n\nSee [gone](gone.md).\n\n```sh {#look}\nls\n```\n",
        )
        .args(["docs", "build"])
        .run()
        .ends(0)
        .says("`a.md:5:5`: the link to `gone.md` leads nowhere: there is no such file");
    let main = main_of(&ran, "book/a.html");
    assert!(main.contains("href=\"sub/index.html\""), "{main}");
}

#[test]
fn a_heading_does_not_take_the_place_of_a_step() {
    let ran = Test::new()
        .file(
            "runbooks/a.md",
            "# A\n\n## Step look\n\n```sh {#look}\nls\n```\n",
        )
        .args(["docs", "build"])
        .run()
        .ends(0);
    let page = ran.read("book/a.html");
    assert_eq!(page.matches("id=\"step-look\"").count(), 1, "{page}");
    assert!(page.contains("id=\"heading-step-look\""), "{page}");
}

#[test]
fn what_is_wrong_in_the_settings_is_said_with_its_place() {
    Test::new()
        .file("book.toml", "[book]\ntitle = \"x\"\nsrc = 3\n")
        .args(["docs", "build"])
        .run()
        .ends(2)
        .says("book.toml:3:7`: invalid type: integer `3`, expected path string");
}

#[test]
fn the_environment_and_the_directory_are_shown_and_copied() {
    let ran = Test::new()
        .file(
            "runbooks/a.md",
            "---\ninputs:\n  v: {default: x}\nenv:\n  NS: \"prod-${{ v }}\"\n---\n# A\n\n```bash {#a cwd=\"/tmp\"}\npwd\n```\n",
        )
        .args(["docs", "build"])
        .run()
        .ends(0);
    let main = main_of(&ran, "book/a.html")
        .replace("&#123;", "{")
        .replace("&quot;", "\"");
    for expected in [
        "<code>NS=prod-${{ v }}</code>",
        "<b>in</b> <code>/tmp</code>",
        "data-direct=\"\"",
        "data-text=\"export NS=prod-\"${v}\"; CDPATH= cd -- /tmp || exit; pwd\"",
    ] {
        assert!(main.contains(expected), "no {expected} in:\n{main}");
    }
}
