//! Output that is too long for the journal: a file beside it, for which the journal vouches.

use std::fs;
use std::path::PathBuf;

use crate::support::{Ran, Test};

/// One step writes much to both streams, each with one byte that is no UTF-8.
const PAGE: &str = r"# Much

```bash {#big}
printf 'a\377b\n'
i=0
while [ $i -lt 9000 ]; do echo 'a line of output that has about fifty characters'; i=$((i+1)); done
while [ $i -gt 0 ]; do echo 'a line of output that has about fifty characters' >&2; i=$((i-1)); done
```

```bash {#short}
echo little
```
";

fn much() -> Ran {
    Test::new()
        .file("much.md", PAGE)
        .args(["run", "much.md"])
        .run()
        .ends(0)
}

/// The path of an output of the only run, from the folder of the test.
fn output(ran: &Ran, name: &str) -> PathBuf {
    let run = fs::read_dir(ran.path("home/runs"))
        .expect("there are runs")
        .find_map(|run| {
            let path = run.expect("it can be read").path().join("output");
            path.is_dir().then_some(path)
        });
    run.expect("it has outputs").join(name)
}

#[test]
fn a_journal_vouches_for_the_outputs_beside_it() {
    let ran = much();
    let kept: Vec<_> = ran
        .entries()
        .into_iter()
        .filter(|entry| entry["event"] == "output-kept")
        .collect();
    assert_eq!(kept.len(), 2, "{kept:?}");
    for (entry, stream) in kept.iter().zip(["stdout", "stderr"]) {
        assert_eq!(entry["v"], "1.2");
        assert_eq!(
            (&entry["step"], &entry["stream"]),
            (&"big".into(), &stream.into())
        );
        assert_eq!(entry["file"], format!("big.{stream}"));
        let bytes = fs::read(output(&ran, &format!("big.{stream}"))).expect("it is there");
        assert_eq!(entry["bytes"], bytes.len());
        assert_eq!(entry["sha256"], runbook::journal::digest(&bytes));
    }
    ran.then(["verify", "last"])
        .run()
        .ends(0)
        .says("whole, with 2 files of output");
}

#[test]
fn an_output_that_was_altered_cut_or_removed_does_not_verify() {
    type Change = fn(&mut Vec<u8>);
    let cases: [(Change, &str); 4] = [
        (|bytes| bytes[70] ^= 1, "`output/big.stdout` was altered"),
        (
            |bytes| bytes.truncate(300_000),
            "`output/big.stdout` was cut: 300000 of",
        ),
        (
            |bytes| bytes.push(b'x'),
            "`output/big.stdout` was added to: it had",
        ),
        (Vec::clear, "`output/big.stdout` was cut: 0 of"),
    ];
    let mut ran = much();
    let file = output(&ran, "big.stdout");
    let whole = fs::read(&file).expect("it is there");
    for (change, said) in cases {
        let mut bytes = whole.clone();
        change(&mut bytes);
        fs::write(&file, bytes).expect("there is room");
        ran = ran.then(["verify", "last"]).run().ends(4).says(said);
    }
    fs::remove_file(&file).expect("it is there");
    fs::write(output(&ran, "big.stderr"), "").expect("there is room");
    ran = ran
        .then(["verify", "last"])
        .run()
        .ends(4)
        .says("`output/big.stdout` is gone")
        .says("`output/big.stderr` was cut");
    fs::create_dir(&file).expect("there is room");
    ran.then(["verify", "last"])
        .run()
        .ends(4)
        .says("`output/big.stdout` is no file");
}

#[test]
fn an_output_without_a_digest_is_told_apart() {
    let ran = much();
    fs::write(output(&ran, "big.2.stdout"), "half of it").expect("there is room");
    ran.then(["verify", "last"])
        .run()
        .ends(0)
        .says("whole, with 2 files of output")
        .says("the journal has no digest of `output/big.2.stdout`");
}

#[test]
fn what_would_be_read_of_an_altered_output_is_refused() {
    let ran = much()
        .then(["replay", "last", "--with", "much.md"])
        .run()
        .ends(0);
    fs::write(output(&ran, "big.stdout"), "another").expect("there is room");
    ran.then(["replay", "last", "--with", "much.md"])
        .run()
        .ends(4)
        .says("`output/big.stdout` was cut");
}

#[test]
fn an_exported_run_verifies_without_its_outputs() {
    much()
        .then(["export", "last", "-o", "much.jsonl"])
        .run()
        .ends(0)
        .then(["verify", "much.jsonl"])
        .run()
        .ends(0)
        .says("whole, its 2 files of output are not with it")
        .then(["replay", "much.jsonl", "--with", "much.md"])
        .run()
        .says("much.md");
}
