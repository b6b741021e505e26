//! What is wrong is said once, with its place and the next action, and nothing is half-done.

use snapbox::str;

use crate::support::{Ran, Test};

/// Runs a page that must be refused by its diagnostics: nothing ran, no journal was begun.
#[track_caller]
fn wrong(page: &str, code: &str, place: &str) -> Ran {
    let ran = Test::new()
        .file("a.md", page)
        .args(["run", "a.md"])
        .run()
        .ends(2)
        .says(&format!("error[{code}"))
        .says(place)
        .says("nothing ran");
    assert!(!ran.exists("home"), "a run was begun");
    ran
}

#[test]
fn an_unknown_attribute_has_a_near_one() {
    wrong(
        "# A\n\n```bash {#one timout=5m}\ntrue\n```\n",
        "RB01",
        "a.md:3:",
    )
    .says("timout")
    .says("timeout");
}

#[test]
fn a_bad_duration_says_what_one_looks_like() {
    wrong(
        "# A\n\n```bash {#one timeout=5x}\ntrue\n```\n",
        "RB01",
        "a.md:3:",
    )
    .says("5m");
}

#[test]
fn a_duplicate_id_shows_both_places() {
    wrong(
        "```bash {#one}\ntrue\n```\n\n```bash {#one}\ntrue\n```\n",
        "RB02",
        "a.md:5:",
    )
    .says("one");
}

#[test]
fn an_unknown_need_has_a_near_one() {
    wrong(
        "```bash {#build}\ntrue\n```\n\n```bash {#deploy needs=biuld}\ntrue\n```\n",
        "RB02",
        "a.md:5:",
    )
    .says("`biuld`")
    .says("`build`");
}

#[test]
fn a_cycle_shows_its_path() {
    wrong(
        "```bash {#one needs=two}\ntrue\n```\n\n```bash {#two needs=one}\ntrue\n```\n",
        "RB02",
        "a.md:",
    )
    .says("one")
    .says("two");
}

#[test]
fn a_syntax_error_in_a_script_has_its_line() {
    wrong("# A\n\n```rhai {#one}\nlet x = ;\n```\n", "RB", "a.md:4:");
}

#[test]
fn an_unknown_variable_has_a_near_one() {
    wrong(
        "```rhai {#one}\nlet total = 1;\n```\n\n```rhai {#two}\nassert totl == 1;\n```\n",
        "RB",
        "a.md:6:",
    )
    .says("totl")
    .says("total");
}

#[test]
fn all_errors_come_at_once() {
    wrong(
        "```bash {#one timout=5m}\ntrue\n```\n\n```bash {#two needs=on}\ntrue\n```\n",
        "RB",
        "a.md:1:",
    )
    .says("a.md:5:")
    .says("2 errors");
}

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
fn a_missing_file_has_a_near_one() {
    Test::new()
        .file("runbooks/restart.md", "")
        .args(["run", "runbooks/retsart.md"])
        .prints(str![[r#"
--- stderr
error: there is no file `runbooks/retsart.md`
help: did you mean `runbooks/restart.md`?
--- status 2

"#]])
        .ends(2);
}

#[test]
fn an_ending_may_be_forgotten_but_is_named() {
    Test::new()
        .file("restart.md", "")
        .args(["plan", "restart"])
        .run()
        .ends(2)
        .says("did you mean `restart.md`?");
}

#[test]
fn a_folder_is_no_runbook() {
    Test::new()
        .folder("runbooks")
        .args(["run", "runbooks"])
        .prints(str![[r#"
--- stderr
error: `runbooks` is a folder, not a file
help: `runbook list runbooks` shows the runbooks in it
--- status 2

"#]])
        .ends(2);
}

#[test]
fn a_binary_file_has_its_first_wrong_byte() {
    Test::new()
        .file("a.md", b"# A\n\n\x7fELF\0\xff")
        .args(["run", "a.md"])
        .prints(str![[r#"
--- stderr
error: `a.md` is not a text: byte 10 on line 3 is NUL
help: a runbook is a Markdown page in UTF-8
--- status 2

"#]])
        .ends(2);
    Test::new()
        .file("a.md", b"# A\ncaf\xe9\n")
        .args(["graph", "a.md"])
        .prints(str![[r#"
--- stderr
error: `a.md` is not a text: byte 8 on line 2 is not UTF-8
help: a runbook is a Markdown page in UTF-8
--- status 2

"#]])
        .ends(2);
    Test::new()
        .file("a.md", b"\xff\xfe#\0")
        .args(["plan", "a.md"])
        .run()
        .ends(2)
        .says("UTF-16");
}

#[test]
fn a_file_of_100_megabytes_is_not_read() {
    let test = Test::new();
    let file = std::fs::File::create(test.root().join("a.md")).expect("it can be made");
    file.set_len(100 * 1000 * 1000).expect("it can be grown");
    test.args(["run", "a.md"])
        .prints(str![[r#"
--- stderr
error: `a.md` is larger than 32 MiB
help: a runbook is a Markdown page; name the page
--- status 2

"#]])
        .ends(2);
}

#[test]
fn a_journal_that_cant_be_kept_stops_before_the_first_step() {
    let ran = Test::new()
        .file("a.md", "```bash {#one}\ntouch ran\n```\n")
        .file("occupied", "")
        .args(["run", "a.md"])
        .env("RUNBOOK_HOME", "occupied/home")
        .prints(str![[r#"
--- stderr
error: the journal can't be kept, so nothing ran: the journal `[ROOT]/occupied/home/runs/[RUN]/journal.jsonl` can't be written: Not a directory (os error 20)
help: set RUNBOOK_HOME to a folder that you can write to
--- status 4

"#]])
        .ends(4);
    assert!(!ran.exists("ran"));
}

#[test]
fn a_shell_that_is_not_installed_stops_before_the_first_step() {
    let ran = Test::new()
        .file(
            "a.md",
            "```rhai {#zero}\nlet x = 1;\n```\n\n```fish {#one}\ntrue\n```\n",
        )
        .folder("bin")
        .args(["run", "a.md"])
        .env("PATH", "bin")
        .prints(str![[r#"
--- stderr
error: the step `one` needs `fish`, which is not installed (not found on PATH)
help: install what is missing; `runbook doctor` shows what is there; nothing ran
--- status 3

"#]])
        .ends(3);
    assert!(!ran.exists("home"));
}

const TOOL: &str = "\
---
requires:
  tools: {rocket: '>=2.1', launchpad: '*'}
---
```bash {#one}
touch ran
```
";

#[test]
fn a_tool_below_its_version_stops_before_the_first_step() {
    use std::os::unix::fs::PermissionsExt as _;

    let path = std::env::var("PATH").unwrap_or_default();
    let test = Test::new()
        .file("a.md", TOOL)
        .file("bin/rocket", "#!/bin/sh\necho 'rocket v2.0.9 (abc)'\n");
    let program = test.root().join("bin/rocket");
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755))
        .expect("it can be made a program");
    let path = format!("{}:{path}", test.root().join("bin").display());
    let ran = test
        .args(["run", "a.md"])
        .env("PATH", &path)
        .prints(str![[r#"
--- stderr
error: the runbook requires `rocket` >=2.1, and 2.0.9 is installed
error: the runbook requires `launchpad`, which is not installed (not found on PATH)
help: install what is missing; `runbook doctor` shows what is there; nothing ran
--- status 3

"#]])
        .ends(3);
    assert!(!ran.exists("ran"));
    assert!(!ran.exists("home"));
}

#[test]
fn settings_have_no_unknown_keys() {
    Test::new()
        .file("a.md", "# A\n")
        .file("runbook.toml", "[target.demo]\nrecordng = 'x'\n")
        .args(["run", "a.md"])
        .prints(str![[r#"
--- stderr
error: runbook.toml:2:1: unknown key `recordng`
help: did you mean `recording`?
--- status 2

"#]])
        .ends(2);
}

#[test]
fn an_unknown_target_has_a_near_one() {
    Test::new()
        .file("a.md", "# A\n")
        .file("runbook.toml", "[target.prod]\n")
        .args(["run", "a.md", "--target", "prd"])
        .prints(str![[r#"
--- stderr
error: there is no target `prd`
help: did you mean `prod`?
--- status 2

"#]])
        .ends(2);
}

#[test]
fn a_recording_is_no_target_yet() {
    Test::new()
        .file("a.md", "# A\n")
        .file(
            "runbook.toml",
            "default-target = 'demo'\n[target.demo]\nrecording = 'x'\n",
        )
        .args(["run", "a.md"])
        .run()
        .ends(2)
        .says("recordings are not supported by this version");
}

#[test]
fn a_guard_that_cant_be_verified_refuses() {
    Test::new()
        .file(
            "a.md",
            "---\nrequires:\n  aws: {account: '123456789012'}\n---\n```bash {#one}\ntouch ran\n```\n",
        )
        .args(["run", "a.md"])
        .prints(str![[r#"
--- stderr
error: the runbook may run only in the AWS account `123456789012`, which this version can't verify; nothing ran
help: take the guard out and check it in a step of the runbook
--- status 3

"#]])
        .ends(3);
}

#[test]
fn another_region_refuses() {
    let page = "---\nrequires:\n  aws: {region: us-west-2}\n---\n```bash {#one}\ntrue\n```\n";
    let test = || Test::new().file("a.md", page).args(["run", "a.md"]);
    test().run().ends(3).says("no region is set");
    test()
        .env("AWS_REGION", "eu-west-1")
        .run()
        .ends(3)
        .says("`eu-west-1`");
    test().env("AWS_DEFAULT_REGION", "us-west-2").run().ends(0);
}

#[test]
fn a_report_needs_a_folder_before_the_run() {
    let ran = Test::new()
        .file("a.md", "```bash {#one}\ntouch ran\n```\n")
        .args(["run", "a.md", "--junit", "reports/junit.xml"])
        .prints(str![[r#"
--- stderr
error: the folder of `reports/junit.xml` does not exist
help: make it, or name another file for `--junit`
--- status 2

"#]])
        .ends(2);
    assert!(!ran.exists("ran"));
}
