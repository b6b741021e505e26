//! What reads journals: replay, notes, and all of it on journals that are old, broken or hostile.

use std::fs;
use std::path::{Path, PathBuf};

use crate::support::{Ran, Test};

const PAGE: &str = r#"# Restart

```bash {#look}
echo "12 connections"
echo "a warning" >&2
```

```rhai {#enough}
let count = 3;
assert count == 3, "there are three";
assert look.stdout.contains("connections"), "it answers";
```

```bash {#drain effect=change confirm="Drain it?"}
echo drained
```

```rhai {#gone}
let left = [1, 2];
assert left.len() < 3, "fewer than three are left";
assert left.len() == 0, "all connections are gone";
```

```bash {#restart effect=destroy}
echo restarted
```
"#;

/// A failed run of the page above.
pub(crate) fn failed() -> Ran {
    Test::new()
        .file("restart.md", PAGE)
        .args(["run", "restart.md", "--yes"])
        .run()
        .ends(1)
}

/// The journals that are kept: their folders.
fn kept() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/journals");
    let mut found = Vec::new();
    for version in fs::read_dir(root).expect("the folder is there") {
        let version = version.expect("it can be read").path();
        for run in fs::read_dir(version).expect("it is a folder") {
            found.push(run.expect("it can be read").path());
        }
    }
    found.sort();
    assert!(found.len() >= 6, "{found:?}");
    found
}

#[test]
fn a_replay_prints_what_the_run_printed() {
    let ran = failed();
    let live = ran.stdout.clone();
    let journal = ran.journals().concat();
    let replayed = ran
        .then(["replay", "last", "--speed", "instant"])
        .run()
        .ends(0);
    assert_eq!(
        (replayed.stdout.as_str(), replayed.stderr.as_str()),
        (live.as_str(), "")
    );
    let fast = replayed
        .then(["replay", "last", "--speed", "1000"])
        .run()
        .ends(0);
    assert_eq!(fast.stdout, live);
    let lines = fast
        .then(["replay", "last", "--speed", "instant", "--format", "json"])
        .run()
        .ends(0);
    assert_eq!(lines.stdout, journal);
    // Up to an entry, it is the beginning of the same.
    let part = lines
        .then(["replay", "last", "--speed", "instant", "--until", "12"])
        .run()
        .ends(0);
    assert!(live.starts_with(&part.stdout) && !part.stdout.is_empty());
    assert!(part.stdout.len() < live.len(), "{}", part.stdout);
    // What is noted later was not seen then.
    let noted = part.then(["note", "last", "a word"]).run().ends(0);
    let again = noted.then(["replay", "last", "--speed", "instant"]).run();
    assert_eq!(again.stdout, live);
}

#[test]
fn all_of_the_output_is_replayed_as_it_was_shown() {
    for output in ["full", "none"] {
        let ran = Test::new()
            .file("restart.md", PAGE)
            .args(["run", "restart.md", "--yes", "--output", output])
            .run()
            .ends(1);
        let live = ran.stdout.clone();
        let replayed = ran
            .then(["replay", "last", "--speed", "instant", "--output", output])
            .run();
        assert_eq!(replayed.stdout, live);
    }
}

#[test]
fn a_speed_that_is_none_is_refused() {
    for speed in ["0", "-1", "fast", "inf", "nan"] {
        let speed = format!("--speed={speed}");
        Test::new()
            .args(["replay", "last", &speed])
            .run()
            .ends(2)
            .says("instant");
    }
    Test::new()
        .args(["replay", "last"])
        .run()
        .ends(2)
        .says("no runs yet");
}

#[test]
fn a_note_continues_the_chain_and_is_shown() {
    let ran = failed()
        .then(["note", "last", "paged the database team"])
        .run()
        .ends(0);
    ran.then(["verify", "last"])
        .run()
        .ends(0)
        .says("whole")
        .then(["note", "last", "second"])
        .run()
        .ends(0)
        .then(["show", "last"])
        .run()
        .ends(0)
        .says("tester: paged the database team")
        .says("tester: second")
        .then(["note", "last", "  "])
        .run()
        .ends(2)
        .says("the note is empty")
        .then(["verify", "last"])
        .run()
        .ends(0)
        .says("24 entries · whole");
}

#[test]
fn a_secret_in_a_note_is_hidden() {
    failed()
        .then([
            "note",
            "last",
            "it was AKIAIOSFODNN7EXAMPLE and hunter2hunter2",
        ])
        .env("DB_PASSWORD", "hunter2hunter2")
        .run()
        .ends(0)
        .hides("AKIAIOSFODNN7EXAMPLE")
        .hides("hunter2hunter2");
}

#[test]
fn a_live_run_takes_no_note() {
    let test = Test::new()
        .file(
            "wait.md",
            "# Wait\n\n```bash {#wait}\ntouch begun\nfor _ in {1..600}; do test -e go && break; sleep 0.05; done\n```\n",
        )
        .args(["run", "wait.md", "--yes"]);
    let mut child = test.command().spawn().expect("the program starts");
    let root = test.root().to_owned();
    while !root.join("begun").exists() {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    let run = |args: &[&str]| {
        let mut command = test.command();
        command.args(args);
        command
    };
    let mut note = run(&[]);
    // The builder's own arguments come first; a fresh one is made of the same folder.
    note = {
        let mut fresh = std::process::Command::new(note.get_program());
        fresh
            .args(["note", "last", "too early"])
            .current_dir(&root)
            .env("RUNBOOK_HOME", root.join("home"));
        fresh
    };
    let refused = note.output().expect("the program starts");
    let said = String::from_utf8_lossy(&refused.stderr);
    assert_eq!(refused.status.code(), Some(3), "{said}");
    assert!(said.contains("the run is not over"), "{said}");
    fs::write(root.join("go"), "").expect("there is room");
    assert!(child.wait().expect("it ends").success());
    assert!(note.status().expect("the program starts").success());
}

#[test]
fn kept_journals_stay_readable() {
    for folder in kept() {
        let journal = folder.join("journal.jsonl");
        let journal = journal.to_str().expect("it is UTF-8");
        let live = fs::read_to_string(folder.join("live.txt")).expect("it is there");
        let finished = folder.join("journal.seal").exists();
        let ran = Test::new()
            .args(["verify", journal])
            .run()
            .ends(0)
            .says("whole");
        let ran = ran
            .then(["replay", journal, "--speed", "instant"])
            .run()
            .ends(0);
        if finished {
            assert_eq!(ran.stdout, live, "{journal}");
        } else {
            assert!(ran.stdout.starts_with(&live), "{journal}");
        }
        let ran = ran.then(["show", journal]).run().ends(0).says("run ");
        let ran = ran
            .then(["show", journal, "--format", "junit"])
            .run()
            .ends(0);
        let ran = ran
            .then(["postmortem", journal, "-o", "pm.md"])
            .run()
            .ends(0);
        ran.then(["check", "pm.md"])
            .run()
            .ends(0)
            .says("nothing to mend");
    }
}

/// What every command that reads a journal does with this one.
#[track_caller]
fn unreadable(bytes: &[u8], seal: Option<&[u8]>, expected: &str) {
    let mut test = Test::new().file("run/journal.jsonl", bytes);
    if let Some(seal) = seal {
        test = test.file("run/journal.seal", seal);
    }
    let mut ran = test.args(["verify", "run"]).run().ends(4).says(expected);
    for args in [
        vec!["show", "run"],
        vec!["show", "run", "--format", "junit"],
        vec!["replay", "run", "--speed", "instant"],
        vec!["postmortem", "run"],
        vec!["note", "run", "a word"],
    ] {
        let mut command = ran.then(["verify"]);
        command = command.arguments(&args);
        ran = command.run().ends(4).says(expected);
        assert_eq!(ran.stdout, "", "{args:?}");
    }
}

#[test]
fn a_journal_that_cant_be_believed_is_refused_by_every_reader() {
    let folder = &kept()[0];
    let journal = fs::read(folder.join("journal.jsonl")).expect("it is there");
    let text = String::from_utf8(journal.clone()).expect("it is UTF-8");
    let seal = fs::read(folder.join("journal.seal")).expect("it is there");
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let edit = |change: &dyn Fn(&mut Vec<String>)| {
        let mut lines: Vec<String> = lines.iter().map(|line| (*line).to_owned()).collect();
        change(&mut lines);
        lines.concat().into_bytes()
    };
    unreadable(b"", None, "the journal is empty");
    unreadable(b"# A page\n\nnot a journal\n", None, "not an entry");
    for no_journal in [
        &b"hello"[..],
        b"{\"a\":",
        b"{\"v\": 1",
        &b"x".repeat(39_000),
    ] {
        unreadable(no_journal, None, "no journal");
    }
    // A power cut amid the very first line: zeros, or a beginning of it.
    unreadable(&[0; 3], None, "no whole entry");
    for cut in [1, 5, 40, lines[0].len() - 1] {
        unreadable(
            lines[0].get(..cut).expect("it is ASCII").as_bytes(),
            None,
            "no whole entry",
        );
    }
    unreadable(&[0xff; 4096], Some(&seal), "the end was cut off");
    unreadable(b"\xff\xfe\n\n\n\n", None, "it is not UTF-8");
    unreadable(&b"[".repeat(100_000), Some(&seal), "cut off");
    unreadable(
        &[b"{\"v\":".repeat(10_000), b"\n".to_vec()].concat(),
        None,
        "not an entry",
    );
    unreadable(
        &edit(&|lines| lines[0] = lines[0].replace("\"v\":\"1.", "\"v\":\"7.")),
        Some(&seal),
        "is of version 7.",
    );
    unreadable(
        &edit(&|lines| lines[4] = lines[4].replace("\"step\":\"", "\"step\":\"x")),
        Some(&seal),
        "it does not continue the line before",
    );
    unreadable(
        &edit(&|lines| drop(lines.remove(3))),
        Some(&seal),
        "entry 5 stands where 4 belongs",
    );
    unreadable(
        &edit(&|lines| lines.swap(3, 4)),
        Some(&seal),
        "entry 5 stands where 4 belongs",
    );
    unreadable(
        &edit(&|lines| drop(lines.remove(0))),
        None,
        "entry 2 stands where 1 belongs",
    );
    unreadable(
        &edit(&|lines| drop(lines.pop())),
        Some(&seal),
        "the end was cut off: the journal's seal counts 1 more",
    );
    unreadable(
        &journal[..journal.len() - 9],
        Some(&seal),
        "the end was cut off",
    );
    unreadable(
        &edit(&|lines| {
            let again = lines[5].clone();
            lines.push(again);
        }),
        Some(&seal),
        "lines were removed, added or moved",
    );
    unreadable(&journal, Some(b"nonsense\n"), "seal");
}

#[test]
fn a_journal_of_a_later_minor_version_is_read_with_a_notice() {
    let journal = fs::read_to_string(kept()[0].join("journal.jsonl")).expect("it is there");
    let first = journal.lines().next().expect("it has lines");
    let mut later: Vec<String> =
        vec![first.replacen("\"v\":\"1.0\"", "\"later\":[1],\"v\":\"1.99\"", 1)];
    for event in [
        "\"event\":\"sung\",\"song\":1",
        "\"event\":\"noted\",\"text\":\"hello\"",
    ] {
        let prev = runbook::journal::digest(later.last().expect("there is one").as_bytes());
        later.push(format!(
            "{{\"v\":\"1.99\",\"seq\":{},\"at\":\"2026-11-23T05:06:07.123456Z\",\"prev\":\"{prev}\",{event}}}",
            later.len() + 1
        ));
    }
    let mut ran = Test::new()
        .file("run/journal.jsonl", later.join("\n") + "\n")
        .args(["verify", "run"])
        .run()
        .ends(0)
        .says("3 entries");
    for args in [
        vec!["show", "run"],
        vec!["replay", "run", "--speed", "instant"],
        vec!["postmortem", "run"],
    ] {
        ran = ran
            .then(["verify"])
            .arguments(&args)
            .run()
            .ends(0)
            .says("version 1.99");
    }
    ran.says("hello");
}

#[test]
fn runs_names_the_journals_that_it_leaves_out() {
    let id = "0193a5b0-0000-7000-8000-00000000abcd";
    failed()
        .then(["runs"])
        .file(&format!("home/runs/{id}/journal.jsonl"), "nonsense\nmore\n")
        .run()
        .ends(0)
        .says("restart.md")
        .says("run 00abcd is left out");
}
