//! Values of inputs: all problems at once, and never a value that may be secret.

use snapbox::str;

use crate::support::Test;

const INPUTS: &str = "\
---
inputs:
  release: {type: string}
  count: {type: integer}
  db_pw: {type: string, secret: true}
---
```bash {#show}
echo ${{ release }} ${{ count }}
```
";

#[test]
fn missing_inputs_are_all_named_with_ways_to_give_them() {
    let ran = Test::new()
        .file("a.md", INPUTS)
        .args(["run", "a.md"])
        .prints(str![[r#"
--- stderr
error: there is no value for the inputs `release`, `count` and `db_pw`; nothing ran
help: give it with `--input release=…` or `RUNBOOK_INPUT_RELEASE=…`
help: give it with `--input count=…` or `RUNBOOK_INPUT_COUNT=…`
help: `db_pw` is secret: set `RUNBOOK_INPUT_DB_PW` or name a file with `--input-file`
--- status 3

"#]])
        .ends(3);
    assert!(!ran.exists("home"));
}

#[test]
fn a_wrong_input_says_its_type() {
    Test::new()
        .file("a.md", INPUTS)
        .args([
            "run",
            "a.md",
            "--input",
            "release=web",
            "--input",
            "count=many",
        ])
        .env("RUNBOOK_INPUT_DB_PW", "correct horse")
        .run()
        .ends(2)
        .says("`count`")
        .says("whole number");
}

#[test]
fn a_secret_is_no_argument() {
    Test::new()
        .file("a.md", INPUTS)
        .args([
            "run",
            "a.md",
            "--input",
            "release=web",
            "--input",
            "count=1",
            "--input",
            "db_pw=hunter2-hunter2",
        ])
        .run()
        .ends(2)
        .says("db_pw")
        .hides("hunter2-hunter2");
}

#[test]
fn a_secret_too_short_to_hide_is_refused() {
    Test::new()
        .file("a.md", INPUTS)
        .args([
            "run",
            "a.md",
            "--input",
            "release=web",
            "--input",
            "count=1",
        ])
        .env("RUNBOOK_INPUT_DB_PW", "x7")
        .run()
        .ends(2)
        .says("`db_pw`")
        .hides("x7");
}

#[test]
fn an_unknown_input_has_a_near_one() {
    Test::new()
        .file("a.md", INPUTS)
        .args(["run", "a.md", "--input", "relaese=web"])
        .run()
        .ends(2)
        .says("`relaese`")
        .says("`release`");
}

#[test]
fn an_input_without_a_value_is_not_repeated() {
    Test::new()
        .file("a.md", INPUTS)
        .args(["run", "a.md", "--input", "hunter2-hunter2"])
        .prints(str![[r#"
--- stderr
error: the first `--input` is not `NAME=VALUE`
help: write it as in `--input release=web`
--- status 2

"#]])
        .ends(2)
        .hides("hunter2");
}

#[test]
fn a_file_of_inputs_is_read_by_its_ending() {
    for (name, content) in [
        (
            "in.yaml",
            "release: web\ncount: 007\ndb_pw: correct horse\n",
        ),
        (
            "in.toml",
            "release = 'web'\ncount = 7\ndb_pw = 'correct horse'\n",
        ),
        (
            "in.json",
            r#"{"release": "web", "count": 7, "db_pw": "correct horse"}"#,
        ),
    ] {
        Test::new()
            .file("a.md", INPUTS)
            .file(name, content)
            .args(["run", "a.md", "--input-file", name])
            .run()
            .ends(0)
            .hides("correct horse");
    }
}

#[test]
fn a_wrong_file_of_inputs_shows_a_line_and_no_value() {
    for (name, content) in [
        ("in.yaml", "release: web\ndb_pw: [hunter2]\n"),
        ("in.toml", "release = 'web'\ndb_pw = hunter2\n"),
        ("in.json", "{\"release\": \"web\",\n\"db_pw\": hunter2}"),
    ] {
        Test::new()
            .file("a.md", INPUTS)
            .file(name, content)
            .args(["run", "a.md", "--input-file", name])
            .run()
            .ends(2)
            .says("line 2")
            .hides("hunter2");
    }
}

#[test]
fn a_file_of_inputs_has_a_known_ending() {
    Test::new()
        .file("a.md", INPUTS)
        .file("in.ini", "")
        .args(["run", "a.md", "--input-file", "in.ini"])
        .prints(str![[r#"
--- stderr
error: the kind of `in.ini` is not known by its ending
help: name it .yaml, .toml or .json
--- status 2

"#]])
        .ends(2);
}

#[test]
fn an_input_given_twice_is_refused() {
    Test::new()
        .file(
            "a.md",
            "---\ninputs:\n  n: {}\n---\n```bash {#one}\ntouch ran\n```\n",
        )
        .args(["run", "a.md", "--input", "n=1", "--input", "n=2"])
        .run()
        .ends(2)
        .says("the input `n` is given twice by `--input`");
}
