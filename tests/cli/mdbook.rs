//! The site beside what mdBook itself makes: of our own book, and of books of other people.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use regex::Regex;

use crate::support::{Ran, Test};

/// The text of all pages of a folder, written in one way: how attributes and characters are written
/// differs where HTML was taken apart and put together again, and the names of indexes by their hashes.
fn pages(folder: &Path) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut open = vec![folder.to_owned()];
    while let Some(next) = open.pop() {
        for entry in next.read_dir().expect("a folder").flatten() {
            let path = entry.path();
            if path.is_dir() {
                open.push(path);
                continue;
            }
            let name = path.strip_prefix(folder).expect("it is in the folder");
            let name = name.display().to_string();
            let text = match path.extension().and_then(|ending| ending.to_str()) {
                Some("html") => plain(&std::fs::read_to_string(&path).expect("a page")),
                _ => String::new(),
            };
            found.insert(unhashed(&name), text);
        }
    }
    found
}

fn unhashed(text: &str) -> String {
    let hash = Regex::new(r"(searchindex|searcher)-[0-9a-f]{8}\.js").expect("a pattern");
    hash.replace_all(text, "$1.js").into_owned()
}

fn plain(html: &str) -> String {
    let mut text = unhashed(html)
        .replace("=\"\"", "")
        .replace("viewbox=", "viewBox=");
    for (written, character) in [
        ("&#10;", "\n"),
        ("&#9;", "\t"),
        ("&#123;", "{"),
        ("&#39;", "'"),
        ("&quot;", "\""),
        ("&gt;", ">"),
    ] {
        text = text.replace(written, character);
    }
    let now = Regex::new("As of <time.*?</time>").expect("a pattern");
    text = now.replace_all(&text, "As of now").into_owned();
    // Blanks between elements.
    let blank = Regex::new(r">\s+|\s+<").expect("a pattern");
    blank
        .replace_all(&text, |found: &regex::Captures<'_>| {
            found[0].trim().to_owned()
        })
        .into_owned()
}

/// Has mdBook build the book of a folder; nothing, and a word of it, where it is not installed.
fn mdbook(ran: &Ran, into: &str) -> Option<()> {
    let program = Path::new(env!("CARGO_BIN_EXE_runbook"));
    let folder = program.parent().expect("it is in a folder").to_owned();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let path = std::iter::once(folder).chain(std::env::split_paths(&path));
    let path = std::env::join_paths(path).expect("folders without colons");
    let built = Command::new("mdbook")
        .args(["build", "-d", into])
        .current_dir(ran.folder())
        .env("PATH", path)
        .env("RUNBOOK_HOME", ran.path("home"))
        .output();
    let Ok(built) = built else {
        eprintln!("skipped: mdbook is not installed");
        return None;
    };
    let told = String::from_utf8_lossy(&built.stderr).into_owned();
    assert!(built.status.success(), "{told}");
    assert!(!told.contains("WARN") && !told.contains("ERROR"), "{told}");
    Some(())
}

#[track_caller]
fn same(ran: &Ran) {
    let (ours, theirs) = (pages(&ran.path("ours")), pages(&ran.path("theirs")));
    let names = |of: &BTreeMap<String, String>| of.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&ours), names(&theirs));
    for (name, text) in &ours {
        let other = &theirs[name];
        let differs = text
            .char_indices()
            .zip(other.chars())
            .find(|((_, one), two)| one != two)
            .map(|((at, _), _)| at);
        if let Some(at) = differs {
            let around = |text: &str| {
                let from = text.floor_char_boundary(at.saturating_sub(120));
                let to = text.ceil_char_boundary((at + 120).min(text.len()));
                text.get(from..to).unwrap_or_default().to_owned()
            };
            panic!("{name}:\n{}\n---\n{}", around(text), around(other));
        }
        assert_eq!(text.len(), other.len(), "{name}");
    }
}

#[test]
fn mdbook_makes_the_same_pages_of_our_own_book() {
    let mut test = Test::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for folder in ["runbooks", "src/site/theme"] {
        for entry in root.join(folder).read_dir().expect("a folder").flatten() {
            if entry.path().is_file() {
                let name = format!("{folder}/{}", entry.file_name().to_string_lossy());
                test = test.file(&name, std::fs::read(entry.path()).expect("a file"));
            }
        }
    }
    let book = std::fs::read(root.join("book.toml")).expect("it is there");
    let ran = test
        .file("book.toml", book)
        .args([
            "run",
            "runbooks/quickstart.md",
            "--yes",
            "--input",
            "folder=runbooks",
        ])
        .run()
        .ends(0)
        .then(["docs", "build", "--dest", "ours"])
        .run()
        .ends(0);
    if mdbook(&ran, "theirs").is_some() {
        same(&ran);
    }
}

#[test]
fn a_book_with_what_mdbook_offers_builds_in_both_ways() {
    let ran = Test::new()
        .file(
            "book.toml",
            "[book]\ntitle = \"Guide\"\nsrc = \"src\"\n[preprocessor.runbook]\ncommand = \"runbook docs preprocess\"\nafter = [\"links\"]\n[output.html.playground]\neditable = true\n[output.html.fold]\nenable = true\n",
        )
        .file(
            "src/SUMMARY.md",
            "# Summary\n\n[Before](before.md)\n\n# First part\n\n- [One](one/README.md)\n  - [Two](one/two.md)\n    - [Three](one/three.md)\n- [Draft]()\n\n---\n\n# Second part\n\n- [Four](four.md)\n\n[After](after.md)\n",
        )
        .file("src/before.md", "# Before\n\n{{#include code.rs}}\n\n[^1] and ~~gone~~.\n\n[^1]: A note.\n")
        .file("src/code.rs", "fn main() {}\n")
        .file("src/one/README.md", "# One\n\n```rust,editable\n{{#include ../code.rs}}\n```\n\n{{#playground ../code.rs}}\n")
        .file("src/one/two.md", "# Two {#named}\n\n| a | b |\n|:-:|--:|\n| 1 | 2 |\n\n- [x] done\n\n> [!NOTE]\n> said\n\n```sh\nls \\\n  -l\n```\n")
        .file("src/one/three.md", "{{#title Other title}}\n# Three\n\nTerm\n: what it is\n\n1. a\n\n   ```bash\n   echo a\n   ```\n")
        .file("src/four.md", "Four\n====\n\n<details><summary>x</summary>\n\n```console\n$ ls\nx\n```\n\n</details>\n\n<div>\n\n```sh\nls\n```\n</div>\n")
        .file("src/after.md", "# After\n\n![image](a.png) [two](one/two.md#named)\n")
        .file("src/a.png", b"\x89PNG")
        .args(["docs", "build", "--dest", "ours"])
        .run()
        .ends(0);
    assert!(ran.read("ours/before.html").contains("fn main() {}"));
    assert!(ran.read("ours/one/index.html").contains("editable"));
    assert!(ran.read("ours/one/two.html").contains("id=\"named\""));
    let four = ran.read("ours/four.html");
    assert!(
        four.contains("<details>") && four.contains("rb-step"),
        "{four}"
    );
    assert!(ran.exists("ours/a.png"));
    if mdbook(&ran, "theirs").is_some() {
        assert!(Path::new(&ran.path("theirs/one/three.html")).exists());
    }
}
