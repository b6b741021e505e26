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
fn what_is_no_regular_file_is_refused_and_not_waited_for() {
    let test = Test::new();
    let made = std::process::Command::new("mkfifo")
        .arg(test.root().join("pipe.md"))
        .status();
    if !made.is_ok_and(|status| status.success()) {
        eprintln!("skipped: mkfifo is not installed");
        return;
    }
    for command in ["run", "plan"] {
        let args = [command, "pipe.md"];
        let output = test.command().args(args).output().expect("it starts");
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains("`pipe.md` is no regular file"), "{said}");
    }
}

#[test]
fn a_file_that_is_not_there_has_a_next_action() {
    Test::new()
        .args(["run", "nofile.md"])
        .run()
        .ends(2)
        .says("there is no file `nofile.md`")
        .says("help: `runbook list` shows the runbooks there are");
}
