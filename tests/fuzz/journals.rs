//! Journals that were cut, altered or made up, and outputs that a terminal would obey.

use std::fmt::Write as _;
use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use proptest::prelude::*;
use runbook::journal::{self, Entry, Reader, digest};
use runbook::report::{Report, junit};
use runbook::sink::Sink as _;
use runbook::site;
use runbook::view::{self, Past, Shown, Style, Terminal};
use serde_json::{Value, json};

use crate::config;
use crate::pieces::{blows, spoiled};
use crate::soundness::tame;
use crate::watch::watched;

/// What a terminal would show.
#[derive(Clone, Default)]
struct Page(Arc<Mutex<Vec<u8>>>);

impl Write for Page {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("nobody panics with it").extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Entries that follow one another, from their events.
fn chained(events: &[Value]) -> String {
    let mut text = String::new();
    let mut prev = "0".repeat(64);
    for (number, event) in events.iter().enumerate() {
        let mut line = json!({
            "v": "1.0", "seq": number + 1, "at": "2026-11-23T04:51:00.000000Z", "prev": prev,
        });
        let whole = line.as_object_mut().expect("an object");
        whole.extend(event.as_object().cloned().unwrap_or_default());
        let line = line.to_string();
        prev = digest(line.as_bytes());
        writeln!(text, "{line}").expect("a text takes all");
    }
    text
}

/// A run with an event of each kind, and some text in all of their places.
fn events(text: &str) -> Vec<Value> {
    vec![
        json!({"event": "run-started", "run": text, "document": text,
            "title": text, "digest": text, "program": text, "platform": text, "operator": text, "target": text,
            "attended": true, "inputs": {text: text, "n": 3, "deep": [[{"a": text}]]},
            "removed": [{"name": text, "reason": text}],
            "steps": [{"id": "a", "title": text, "kind": "bash", "line": 1, "needs": []},
                {"id": text, "title": "b", "kind": text, "line": 0, "needs": ["a", text]}]}),
        json!({"event": "step-started", "step": "a", "attempt": 1}),
        json!({"event": "output", "step": "a", "stream": "stdout", "text": text}),
        json!({"event": "output", "step": text, "stream": "stderr", "text": text, "skipped": 99}),
        json!({"event": "output", "step": "a", "stream": "stdout", "bytes": "G10wO3gHYf8bWzJK"}),
        json!({"event": "called", "step": "a", "call": 1, "function": text, "request": text}),
        json!({"event": "captured", "step": "a", "call": 1, "outcome": text, "value": text}),
        json!({"event": "checked", "step": "a", "line": 1, "column": 1, "held": false, "expression": text,
            "message": text, "parts": [{"code": text, "value": text}]}),
        json!({"event": "asked", "step": "a", "question": text}),
        json!({"event": "answered", "step": "a", "answer": text, "by": text}),
        json!({"event": "noted", "step": text, "text": text}),
        json!({"event": "step-finished", "step": "a", "status": "failed", "reason": text, "detail": text,
            "attempts": 1, "elapsed_ms": 1}),
        json!({"event": "step-skipped", "step": text, "reason": text}),
        json!({"event": "run-finished", "status": "failed", "exit": 1, "reason": text, "elapsed_ms": 5}),
    ]
}

/// Reads a journal in every way that there is.
fn read(bytes: &[u8]) {
    let file = tempfile::NamedTempFile::new().expect("a temporary file");
    std::fs::write(file.path(), bytes).expect("it can be written");
    let _ = journal::verify(file.path());
    let Ok(reader) = Reader::open(file.path()) else {
        return;
    };
    let entries: Vec<Entry> = reader.map_while(Result::ok).collect();
    show(&entries);
}

fn show(entries: &[Entry]) {
    for width in [0, 20, 80] {
        for output in [Shown::Short, Shown::Full, Shown::None] {
            let style = Style {
                output,
                ..Style::plain(width)
            };
            tame("show", &view::show(entries, style));
            let page = Page::default();
            let mut terminal = Terminal::new(style, Box::new(page.clone()));
            for entry in entries {
                terminal.receive(entry).expect("it can be written");
            }
            terminal.finish().expect("it can be written");
            let shown = page.0.lock().expect("nobody panics with it").clone();
            tame(
                "the terminal",
                &String::from_utf8(shown).expect("it is text"),
            );
        }
    }
    tame("junit", &junit(&Report::fold(entries.to_vec())));
    if let Some(past) = Past::of(entries) {
        tame("runs", &view::runs(&[past], Style::plain(80)));
    }
    for entry in entries {
        let line = entry.to_line();
        tame("a line", &line);
        assert_eq!(Entry::from_line(&line).as_ref(), Ok(entry), "{line}");
    }
}

fn hostile() -> impl Strategy<Value = String> {
    prop_oneof![
        "[\x1b\\[\\]\\\\P^_\x07\x18\r\t\n\u{9b}\u{9d}\u{202e}0-9;mA ß]{0,60}",
        any::<String>(),
        "[ -~]{0,200}",
        Just("x".repeat(3_000)),
        Just("\u{1b}[".repeat(900)),
        Just("\r\n\t".repeat(900)),
    ]
}

proptest! {
    #![proptest_config(config(40))]

    #[test]
    fn any_text_in_all_places_of_a_run(text in hostile()) {
        watched(&text, || {
            let journal = chained(&events(&text));
            let entries: Vec<Entry> = journal.lines().map_while(|line| Entry::from_line(line).ok()).collect();
            assert!(entries.len() >= 6, "{} entries are read", entries.len());
            read(journal.as_bytes());
        });
    }

    #[test]
    fn a_journal_that_was_spoiled(text in "[a-z\u{1b}]{0,9}", blows in blows()) {
        let whole = chained(&events(&text));
        let journal = spoiled(&whole, &blows);
        watched(&journal, || read(journal.as_bytes()));
    }

    #[test]
    fn a_recording_that_was_spoiled(text in "[a-z\u{1b}]{0,9}", blows in blows()) {
        let whole = chained(&events(&text));
        let recording = journal::export(whole.lines()).expect("its lines are entries");
        let recording = spoiled(&recording, &blows);
        watched(&recording, || read(recording.as_bytes()));
    }

    #[test]
    fn an_output_is_html_that_acts_on_nothing(text in hostile()) {
        let (html, _) = watched(&text, || site::ansi(&text));
        tame("the page of a run", &html);
        for tag in html.split('<').skip(1) {
            let ours = tag.starts_with("/span>") || tag.starts_with("span class=\"");
            assert!(ours, "{html}");
        }
    }

    #[test]
    fn events_in_any_order(order in proptest::collection::vec(0..14_usize, 0..40)) {
        let all = events("x");
        let some: Vec<Value> = order.iter().map(|at| all[*at].clone()).collect();
        let journal = chained(&some);
        watched(&journal, || read(journal.as_bytes()));
    }

    #[test]
    fn bytes_that_are_no_journal(bytes in proptest::collection::vec(any::<u8>(), 0..2_000)) {
        watched(&String::from_utf8_lossy(&bytes), || read(&bytes));
    }

    #[test]
    fn lines_of_odd_json(lines in proptest::collection::vec("\\{\"v\":\"[0-9.]{0,4}\",\"seq\":-?[0-9]{1,22},\"at\":\"[0-9TZ:.-]{0,30}\",\"prev\":\"0*\",\"event\":\"[a-z-]{0,14}\"[,:\"a-z{}0-9\\[\\]]{0,30}\\}", 0..6)) {
        let journal = lines.join("\n");
        watched(&journal, || read(journal.as_bytes()));
    }
}

#[test]
fn long_texts_cost_what_they_weigh() {
    for text in [
        "x", "\u{1b}[", "\r\n\t", "a ", "\t", "\r", "\u{6f22}", "\u{301}", "\n",
    ] {
        let long = text.repeat(9_000 / text.len());
        let journal = chained(&events(&long));
        let entries: Vec<Entry> = journal
            .lines()
            .map_while(|line| Entry::from_line(line).ok())
            .collect();
        watched(text, || show(&entries));
    }
}
