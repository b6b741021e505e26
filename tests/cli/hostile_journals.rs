//! Journals that verify, and whose every text is hostile: nothing of it reaches a terminal or a
//! site raw, nothing panics.

use std::fs;
use std::path::Path;

use runbook::journal::{Entry, digest};
use runbook::visible::is_plain;
use serde_json::Value;

use crate::support::{Ran, Test};

const PAGE: &str = r#"---
inputs:
  n: {type: integer, default: 2}
  p: {type: string, default: x}
---
# Restart

```bash {#look}
echo "12 connections ${{ p }}"; echo "a warning" >&2; seq 60000
```

```rhai {#enough}
let found = run(["echo", "a"]);
log("a word");
assert n == 2, "there are two";
assert look.stdout.contains("connections"), "it answers";
```

```bash {#drain effect=change confirm="Drain it?"}
echo drained
```

```bash {#skipped when="n == 3"}
echo skipped
```

```rhai {#gone}
let left = [1, 2];
assert left.len() == 0, "all connections are gone";
```

```bash {#restart effect=destroy}
echo restarted
```
"#;

const SETTINGS: &str = "[target.d]\nrecording = \"d.jsonl\"\n";

/// The places of all texts in a value, as JSON pointers.
fn texts(value: &Value, place: &str, found: &mut Vec<String>) {
    match value {
        Value::String(_) => found.push(place.to_owned()),
        Value::Array(list) => {
            for (at, value) in list.iter().enumerate() {
                texts(value, &format!("{place}/{at}"), found);
            }
        }
        Value::Object(map) => {
            for (name, value) in map {
                texts(value, &format!("{place}/{name}"), found);
            }
        }
        _ => {}
    }
}

/// A journal with something behind each of its texts that may hold it, and its last digest.
fn rechained(journal: &str, harm: &str, keeps: &[&str]) -> (String, String) {
    let mut lines = String::new();
    let mut prev = "0".repeat(64);
    for line in journal.lines() {
        let mut entry: Value = serde_json::from_str(line).expect("an entry is JSON");
        let mut places = Vec::new();
        texts(&entry, "", &mut places);
        places.retain(|place| {
            let name = place.rsplit('/').next().unwrap_or_default();
            !["v", "at", "prev", "event", "bytes"].contains(&name) && !keeps.contains(&name)
        });
        for place in places {
            let text = entry.pointer_mut(&place).expect("it is there");
            let before = text.clone();
            *text = Value::from(format!("{}{harm}", before.as_str().unwrap_or_default()));
            if Entry::from_line(&entry.to_string()).is_err() {
                *entry.pointer_mut(&place).expect("it is there") = before;
            }
        }
        entry["prev"] = Value::from(prev);
        let line = Entry::from_line(&entry.to_string())
            .expect("it is an entry still")
            .to_line();
        prev = digest(line.as_bytes());
        lines.push_str(&line);
        lines.push('\n');
    }
    (lines, prev)
}

#[track_caller]
fn tame(what: &str, ran: &Ran) {
    for text in [&ran.stdout, &ran.stderr] {
        let acts = |c: char| c != '\n' && c != '\t' && !is_plain(c);
        assert!(!text.contains(acts), "{what}: {text:?}");
        assert!(!text.contains("panicked"), "{what}: {text}");
    }
    assert!(ran.status < 5, "{what}: {}", ran.text);
}

/// Checks each file of a site.
fn tame_files(folder: &Path) {
    for file in fs::read_dir(folder).expect("it is a folder") {
        let path = file.expect("it can be read").path();
        if path.is_dir() {
            tame_files(&path);
        } else if path.extension().is_some_and(|kind| kind == "html") {
            let page = fs::read_to_string(&path).expect("it is UTF-8");
            let acts = |c: char| !matches!(c, '\n' | '\t') && !is_plain(c);
            let found = page.find(acts).map(|at| page[..at].len());
            assert!(found.is_none(), "{}: at {found:?}", path.display());
        }
    }
}

#[test]
fn a_journal_that_verifies_may_hold_anything() {
    let evil = "\x1b]0;owned\x07\x1b]52;c;cm0=\x07\x1b[2A\u{202e}\u{9b}31m\u{85}\x7f\u{2028}";
    for (harm, keeps) in [
        (evil, &[][..]),
        (evil, &["run", "document", "digest", "directory"]),
        ("\r\n\x1b[31m\n---\n# X\n\u{9d}0;x", &["run"]),
        ("/../../x\u{202e}\0", &["run", "document", "text"]),
        ("é\u{301}\u{fffe}\u{10ffff}🏴 12345", &[]),
    ] {
        let ran = Test::new()
            .file("a.md", PAGE)
            .args(["run", "a.md", "--yes"])
            .run()
            .ends(1);
        let journal = ran.journals().remove(0);
        let (altered, last) = rechained(&journal, harm, keeps);
        assert!(altered.lines().count() > 20, "{altered}");
        let run = fs::read_dir(ran.path("home/runs"))
            .expect("it is a folder")
            .next()
            .expect("it has a run")
            .expect("it can be read")
            .path();
        let seal = format!("{last} {}\n", altered.lines().count());
        fs::write(run.join("journal.jsonl"), &altered).expect("there is room");
        fs::write(run.join("journal.seal"), seal).expect("there is room");
        fs::write(ran.path("runbook.toml"), SETTINGS).expect("there is room");
        runbook::journal::verify(run.join("journal.jsonl")).expect("its chain is right");
        // A run on the recording below is one more.
        let id = run.file_name().and_then(|name| name.to_str());
        let id = id.expect("it is UTF-8").to_owned();
        let mut ran = ran
            .then(["export", "last", "-o", "d.jsonl"])
            .run()
            .ends(0)
            .then(["show", "d.jsonl"])
            .run()
            .ends(0);
        for arguments in [
            &["verify", "d.jsonl"][..],
            &["verify", "last"],
            &["runs"],
            &["runs", "--format", "json"],
            &["show", "last"],
            &["show", "last", "--output", "full"],
            &["show", "last", "--format", "junit"],
            &["show", "last", "--format", "json"],
            &["replay", "last", "--speed", "instant"],
            &["replay", "last", "--speed", "instant", "--output", "full"],
            &["replay", "last", "--speed", "instant", "--format", "json"],
            &["replay", "last", "--with", "a.md"],
            &["replay", "last", "--with", "a.md", "--format", "json"],
            &["run", "a.md", "--target", "d", "--yes"],
            &["plan", "a.md", "--target", "d"],
            &["test"],
            &["test", "--mutate"],
            &["list"],
            &["doctor"],
            &["postmortem", "last"],
            &["postmortem", "last", "-o", "pm.md"],
            &["check", "pm.md"],
            &["plan", "pm.md"],
            &["docs", "build", "."],
            &["resume", "last", "--yes"],
            &["note", "last", "a word"],
        ] {
            let arguments: Vec<&str> = arguments
                .iter()
                .map(|argument| if *argument == "last" { &*id } else { argument })
                .collect();
            ran = ran.then([]).arguments(&arguments).run();
            tame(&format!("{harm:?} {arguments:?}"), &ran);
        }
        tame_files(ran.folder());
    }
}
