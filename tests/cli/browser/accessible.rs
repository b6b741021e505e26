//! What axe-core finds on the pages: nothing serious, at any width and in any theme.

use std::path::{Path, PathBuf};

use serde_json::json;

use super::chromium::{Page, axe};
use super::shown::site;
use super::{pages, run_of};
use crate::support::Test;

#[track_caller]
fn finds_nothing(page: &mut Page, axe: &str, file: &Path, shown: &str) {
    page.open(file, "");
    page.until("document.querySelectorAll('#mdbook-sidebar a').length > 1");
    page.js("for (const fold of document.querySelectorAll('details')) fold.open = true;");
    page.js(axe);
    let found = page.js(
        "new Promise(done => setTimeout(done, 50)).then(() => axe.run(document, {resultTypes: ['violations']})).then(done => done.violations
            .filter(one => ['serious', 'critical'].includes(one.impact))
            .map(one => [one.id, one.help, ...one.nodes.slice(0, 5).map(node => node.html + ' ' + node.failureSummary)]))",
    );
    let told = serde_json::to_string_pretty(&found).expect("it is JSON");
    assert_eq!(found, json!([]), "{} {shown}: {told}", file.display());
}

fn in_all(page: &mut Page, axe: &str, files: &[PathBuf]) {
    for file in files {
        for (width, scheme) in [
            (1280, "light"),
            (1280, "dark"),
            (390, "light"),
            (390, "dark"),
        ] {
            page.size(width, 900);
            page.media(scheme, "screen");
            finds_nothing(page, axe, file, &format!("{scheme} {width}"));
        }
    }
}

#[test]
fn axe_finds_nothing_serious_in_either_theme() {
    let Some(axe) = axe() else { return };
    let Some(mut page) = Page::new() else { return };
    let ran = site();
    let mut files = [
        "index.html",
        "restart.html",
        "notes.html",
        "ops/other.html",
        "runs/index.html",
    ]
    .map(|file| ran.path("book").join(file))
    .to_vec();
    files.extend([run_of(&ran, "restart"), run_of(&ran, "ops/other")]);
    in_all(&mut page, &axe, &files);
}

#[test]
fn axe_finds_nothing_serious_on_the_pages_of_this_repository() {
    let Some(axe) = axe() else { return };
    let Some(mut page) = Page::new() else { return };
    let ran = Test::new()
        .args(["docs", "build", env!("CARGO_MANIFEST_DIR"), "--dest", "out"])
        .run()
        .ends(0);
    let mut files = pages(&ran.path("out"));
    // Runs of whoever works here are no pages of the repository.
    files.retain(|file| {
        !file.ends_with("toc.html") && !file.components().any(|part| part.as_os_str() == "runs")
    });
    assert!(files.len() > 5, "{files:?}");
    in_all(&mut page, &axe, &files);
}

#[test]
fn axe_finds_nothing_serious_in_the_theme_of_another_book_with_drafts() {
    let Some(axe) = axe() else { return };
    let Some(mut page) = Page::new() else { return };
    let ran = Test::new()
        .file(
            "book.toml",
            "[book]\ntitle = \"Guide\"\nsrc = \"src\"\n[output.html]\ndefault-theme = \"rust\"\n[preprocessor.runbook]\n",
        )
        .file(
            "src/SUMMARY.md",
            "# Summary\n\n- [Look](look.md)\n- [Other](other.md)\n- [Draft]()\n",
        )
        .file("src/look.md", "# Look\n\n```sh\nls\n```\n")
        .file("src/other.md", "# Other\n\nText.\n")
        .args(["docs", "build", "--dest", "out"])
        .run()
        .ends(0);
    page.size(1280, 900);
    page.media("light", "screen");
    finds_nothing(&mut page, &axe, &ran.path("out/look.html"), "rust");
}
