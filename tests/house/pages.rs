//! What the pages of the repository say is true: their runbooks are right, and run.

use std::fs;
use std::sync::LazyLock;

use regex::Regex;

use crate::support::{files, read, root, runbook, text};

/// The pages that people read.
const PAGES: [&str; 2] = ["README.md", "docs/language.md"];

/// A runbook shown in a page.
struct Shown {
    page: &'static str,
    line: usize,
    text: String,
    /// Whether the page says that it runs.
    runs: bool,
}

/// The runbooks that a page shows whole: fences of four backquotes in `markdown`. A comment
/// `<!-- runs -->` before one promises that it runs and passes.
fn shown(page: &'static str) -> Vec<Shown> {
    let mut found = Vec::new();
    let text = read(page);
    let mut lines = text.lines().enumerate();
    let mut runs = false;
    while let Some((number, line)) = lines.next() {
        if line == "<!-- runs -->" {
            runs = true;
        } else if line == "````markdown" {
            let body: Vec<&str> = lines
                .by_ref()
                .map(|(_, line)| line)
                .take_while(|line| *line != "````")
                .collect();
            found.push(Shown {
                page,
                line: number + 1,
                text: body.join("\n") + "\n",
                runs,
            });
            runs = false;
        }
    }
    found
}

#[test]
fn every_runbook_of_the_repository_is_right() {
    let output = runbook(root(), &["check", "--no-shellcheck", "runbooks"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    let said = text(&output);
    assert!(said.contains("nothing to mend"), "{said}");
}

#[test]
fn every_runbook_of_the_pages_is_right_and_runs_where_it_says_so() {
    let mut ran = 0;
    for shown in PAGES.into_iter().flat_map(shown) {
        let place = format!("{}:{}", shown.page, shown.line);
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("page.md"), &shown.text).expect("a file");
        let output = runbook(folder.path(), &["check", "--no-shellcheck", "page.md"]);
        let said = text(&output);
        assert!(
            output.status.success() && said.contains("nothing to mend"),
            "{place}\n{said}"
        );
        if shown.runs {
            let output = runbook(folder.path(), &["run", "page.md", "--yes"]);
            assert!(output.status.success(), "{place}\n{}", text(&output));
            ran += 1;
        }
    }
    assert!(ran >= 5, "{ran} examples ran");
}

static REDACTED: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?x) \b\d+\.\d\d s | \brun\ [0-9a-f]{6} | \b\d+\ MiB\ free | \b\d+\ bytes
        | \b\d+\ files | (?m:^\ \ │\ .*$) | \x20+",
    )
    .expect("a pattern")
});

/// A transcript without what differs from run to run: times, ids, sizes, the machine's own words.
fn settled(transcript: &str) -> Vec<String> {
    let text = REDACTED.replace_all(transcript, " ");
    text.lines()
        .map(|line| line.trim().to_owned())
        .filter(|line| !line.is_empty())
        .collect()
}

#[test]
fn the_transcript_of_the_readme_is_what_the_first_command_prints() {
    let page = read("README.md");
    let transcript = page
        .split("```text\n")
        .nth(1)
        .and_then(|rest| rest.split("\n```").next())
        .expect("README.md has a transcript in a `text` fence");
    let expected = transcript
        .split_once('\n')
        .map(|(command, rest)| {
            assert!(command.starts_with("$ "), "{command}");
            rest
        })
        .expect("a command and its output");
    let home = tempfile::tempdir().expect("a folder");
    // As on a machine that has no other program at all.
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_runbook"))
        .args(["run", "runbooks/apply-status.md"])
        .current_dir(root())
        .env_clear()
        .env("PATH", home.path())
        .env("RUNBOOK_HOME", home.path())
        .stdin(std::process::Stdio::null())
        .output()
        .expect("the program starts");
    let said = text(&output);
    assert!(output.status.success(), "{said}");
    let (expected, said) = (settled(expected), settled(&said));
    assert_eq!(expected, said, "{expected:#?}\n{said:#?}");
}

#[test]
fn the_runbooks_go_as_their_recordings_say() {
    let said = text(&runbook(root(), &["test"]));
    assert!(said.contains("all as recorded"), "{said}");
}

#[test]
fn every_flag_and_command_stands_in_the_pages() {
    let pages: String = PAGES.iter().map(|page| read(page)).collect();
    let help = text(&runbook(root(), &["--help"]));
    let commands: Vec<&str> = help
        .lines()
        .skip_while(|line| *line != "Commands:")
        .skip(1)
        .take_while(|line| !line.is_empty())
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next())
        .filter(|command| *command != "help")
        .collect();
    assert!(commands.len() > 8, "{commands:?}");
    let flag = Regex::new(r"(?m)^\s+(?:-\w, )?(--[a-z-]+)").expect("a pattern");
    for command in commands {
        assert!(
            pages.contains(&format!("runbook {command}")),
            "no page names `runbook {command}`"
        );
        let help = text(&runbook(root(), &[command, "--help"]));
        for found in flag.captures_iter(&help) {
            assert!(
                pages.contains(&found[1]),
                "no page names `{}` of `runbook {command}`",
                &found[1]
            );
        }
    }
}

#[test]
fn every_link_between_the_pages_leads_somewhere() {
    let link = Regex::new(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)").expect("a pattern");
    let mut pages = files("docs", ".md");
    for page in [
        "README.md",
        "CONTRIBUTING.md",
        "ARCHITECTURE.md",
        "CHANGELOG.md",
    ] {
        pages.push((page.to_owned(), read(page)));
    }
    for (page, text) in pages {
        let folder = root().join(&page);
        let folder = folder.parent().expect("a file is in a folder");
        for found in link.captures_iter(&text) {
            assert!(folder.join(&found[1]).exists(), "{page}: {}", &found[1]);
        }
    }
}
