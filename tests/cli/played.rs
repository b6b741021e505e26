//! Runs played back on a terminal, and journals that somebody made to break a reader.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use proptest::prelude::*;
use runbook::diagnostic::Diagnostics;
use runbook::document::Document;
use runbook::graph::Graph;
use runbook::journal::{Entry, Reader, digest, verify};
use runbook::report::{Account, Report, junit, postmortem};
use runbook::sink::Sink as _;
use runbook::source::Source;
use runbook::view::{Past, Style, Terminal, show};

use crate::prompts::talk;
use crate::support::Test;

const PAGE: &str = "# Two\n\n```bash {#one confirm=\"Really?\"}\necho from one\n```\n\n```bash {#two}\nsleep 0.4\necho from two\n```\n\n```bash {#three}\necho from three\n```\n";

/// The lines of a screen that stay: without bars, which know of time, and without colours.
fn settled(screen: &str) -> Vec<String> {
    let plain = console::strip_ansi_codes(screen);
    let marks = [
        "✓", "✗", "↷", "│", "┃", "? ", "passed", "failed", "Two", "    echo",
    ];
    let mut lines: Vec<String> = Vec::new();
    for line in plain.split(['\r', '\n']) {
        let line = line.trim_end();
        let bare = line.trim_start();
        if marks.iter().any(|mark| bare.starts_with(mark.trim_start())) {
            // What was typed is the operator's, not ours.
            let line = bare.split("[y/N]").next().unwrap_or_default().trim_end();
            if lines.last().map(String::as_str) != Some(line) {
                lines.push(line.to_owned());
            }
        }
    }
    lines
}

#[test]
fn a_terminal_shows_a_replay_as_it_showed_the_run() {
    let test = Test::new().file("a.md", PAGE);
    let Some((status, live)) = talk(&test, "run a.md", &[("Really? [y/N]", "y\n")]) else {
        return;
    };
    assert_eq!(status, 0, "{live}");
    let (status, replayed) = talk(&test, "replay last --speed 4", &[]).expect("script is there");
    assert_eq!(status, 0, "{replayed}");
    assert!(settled(&live).len() >= 8, "{live}");
    assert_eq!(
        settled(&replayed),
        settled(&live),
        "{live}\n---\n{replayed}"
    );
}

#[test]
fn keys_pause_step_and_stop_a_replay() {
    let test = Test::new().file("a.md", PAGE);
    let Some((status, live)) = talk(&test, "run a.md", &[("Really? [y/N]", "y\n")]) else {
        return;
    };
    assert_eq!(status, 0, "{live}");
    let keys = [("Two", " "), ("paused after entry", "n"), ("", "q")];
    let (status, stopped) =
        talk(&test, "replay last --speed 0.05", &keys).expect("script is there");
    assert_eq!(status, 0, "{stopped}");
    assert!(!stopped.contains("from three"), "{stopped}");
}

/// Everything that reads a journal, on these bytes; whatever it says, it says it.
fn read_by_all(bytes: &[u8]) {
    let folder = tempfile::tempdir().expect("there is room");
    let path = folder.path().join("journal.jsonl");
    fs::write(&path, bytes).expect("there is room");
    let _ = verify(&path);
    let entries = || {
        Reader::open(&path)
            .expect("it is there")
            .map_while(Result::ok)
            .collect::<Vec<Entry>>()
    };
    let _ = show(entries(), Style::plain(80));
    let _ = Past::of(entries());
    let _ = junit(&Report::fold(entries()));
    let mut screen = Terminal::new(Style::plain(60), Box::new(std::io::sink()));
    for entry in entries() {
        screen.receive(&entry).expect("nothing is written");
    }
    screen.finish().expect("nothing is written");
    if let Some(account) = Account::fold(entries()) {
        let page = postmortem(vec![account], runbook::script::vocabulary());
        let found = said(&page);
        assert!(found.is_empty(), "{found:#?}\n{page}");
    }
}

/// What `check` says of a page.
fn said(page: &str) -> Vec<String> {
    let (document, mut found) = Document::parse(Arc::new(Source::new("pm.md", page)));
    let document = Arc::new(document);
    let (_, wrong) = Graph::build(Arc::clone(&document), runbook::script::vocabulary());
    found.extend(wrong);
    found.extend(runbook::lint::lint(&document));
    let texts = |found: &Diagnostics| found.iter().map(|d| d.message.clone()).collect();
    texts(&found)
}

fn kept() -> String {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/journals/1.1/failed/journal.jsonl");
    fs::read_to_string(path).expect("it is there")
}

/// Texts that mean something to somebody who reads pages, terminals or numbers.
const HOSTILE: [&str; 14] = [
    "```",
    "~~~\\n# x",
    "\\n---\\n",
    "<script>",
    "{{#include /etc/passwd}}",
    "${{ x }}",
    "\\u001b[2J",
    "| a | b |",
    "\\n```bash {#pwn}\\nrm -rf /\\n```\\n",
    "[1]",
    "\\u202e",
    "«secret:x»",
    "-1",
    "\\\"}",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn no_bytes_break_a_reader(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        read_by_all(&bytes);
    }

    #[test]
    fn a_damaged_journal_breaks_no_reader(flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6), cut in any::<prop::sample::Index>()) {
        let mut bytes = kept().into_bytes();
        for (at, byte) in flips {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        bytes.truncate(cut.index(bytes.len()) + 1);
        read_by_all(&bytes);
    }

    #[test]
    fn a_forged_journal_breaks_no_reader(changes in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), 0..HOSTILE.len()), 1..8), drop in prop::collection::vec(any::<prop::sample::Index>(), 0..3)) {
        let text = kept();
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        for (line, place, what) in changes {
            let line = line.index(lines.len());
            // Behind a quote: mostly the beginning of a text.
            let quotes: Vec<usize> = lines[line].match_indices(":\"").map(|(at, _)| at + 2).collect();
            let at = quotes[place.index(quotes.len())];
            lines[line].insert_str(at, HOSTILE[what]);
        }
        let dropped: BTreeSet<usize> = drop.iter().map(|at| at.index(lines.len())).collect();
        let mut forged = String::new();
        let mut prev = "0".repeat(64);
        let mut number = 0;
        for (index, line) in lines.iter().enumerate() {
            if dropped.contains(&index) && index > 0 {
                continue;
            }
            number += 1;
            // The forger knows the chain.
            let line = match line.split_once("\"event\"") {
                Some((_, rest)) => format!("{{\"v\":\"1.1\",\"seq\":{number},\"at\":\"2026-11-23T05:06:07.123456Z\",\"prev\":\"{prev}\",\"event\"{rest}"),
                None => line.clone(),
            };
            prev = digest(line.as_bytes());
            forged.push_str(&line);
            forged.push('\n');
        }
        read_by_all(forged.as_bytes());
    }
}
