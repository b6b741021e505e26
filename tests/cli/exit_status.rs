//! The contract of exit statuses, one test each.

use std::io::{BufRead as _, BufReader};

use crate::support::Test;

/// Runs a page and checks the status.
#[track_caller]
fn case(page: &str, status: i32) {
    let ran = Test::new()
        .file("a.md", page)
        .args(["run", "a.md"])
        .run()
        .ends(status);
    let entries = ran.entries();
    let last = entries.last().expect("a run has entries");
    assert_eq!(last["event"], "run-finished", "{}", ran.text);
    assert_eq!(last["exit"], status, "{}", ran.text);
}

#[test]
fn all_passed_is_0() {
    case("```bash {#one}\ntrue\n```\n", 0);
}

#[test]
fn an_empty_page_is_0() {
    case("", 0);
}

#[test]
fn a_failed_step_is_1() {
    case("```bash {#one}\nexit 7\n```\n", 1);
}

#[test]
fn a_failed_assertion_is_1() {
    case("```rhai {#one}\nassert 1 == 2;\n```\n", 1);
}

#[test]
fn an_allowed_failure_is_0() {
    case("```bash {#one allow-failure}\nexit 7\n```\n", 0);
}

#[test]
fn a_handled_failure_is_0() {
    case(
        "```bash {#one}\nexit 7\n```\n\n```bash {#two when=\"one.failed\"}\ntrue\n```\n",
        0,
    );
}

#[test]
fn a_question_that_nobody_answers_is_3() {
    case("```bash {#one confirm}\ntrue\n```\n", 3);
}

#[test]
fn a_terminal_that_nobody_has_is_3() {
    case("```bash {#one tty}\ntrue\n```\n", 3);
}

#[test]
fn yes_answers_questions_before_steps() {
    Test::new()
        .file("a.md", "```bash {#one confirm}\ntouch ran\n```\n")
        .args(["run", "a.md", "--yes"])
        .run()
        .ends(0);
}

#[test]
fn yes_does_not_decide_a_branch() {
    Test::new()
        .file("a.md", "# A\n\nIf Helm fails:\n\n```bash\ntouch ran\n```\n")
        .args(["run", "a.md", "--yes"])
        .run()
        .ends(3);
}

#[test]
fn a_wrong_page_is_2_and_a_wrong_command_line_too() {
    Test::new()
        .file("a.md", "```bash {#one needs=two}\ntrue\n```\n")
        .args(["run", "a.md"])
        .run()
        .ends(2);
    Test::new().args(["run"]).run().ends(2);
}

#[test]
fn a_signal_is_128_and_its_number() {
    for (signal, status) in [("INT", 130), ("TERM", 143), ("HUP", 129)] {
        let test = Test::new()
            .file(
                "a.md",
                "```bash {#one}\necho begun\nsleep 30\n```\n\n```bash {#two always}\ntouch cleaned\n```\n",
            )
            .args(["run", "a.md", "--format", "json"]);
        let mut child = test.command().spawn().expect("the program starts");
        let output = child.stdout.take().expect("its standard output is a pipe");
        let mut lines = BufReader::new(output).lines();
        let begun = lines
            .by_ref()
            .map_while(Result::ok)
            .any(|line| line.contains("\"begun\""));
        assert!(begun, "the step did not begin");
        let sent = std::process::Command::new("kill")
            .args(["-s", signal, &child.id().to_string()])
            .status()
            .expect("kill starts");
        assert!(sent.success());
        lines.for_each(drop);
        let ended = child.wait().expect("it can be waited for");
        assert_eq!(ended.code(), Some(status), "{signal}");
        assert!(test.root().join("cleaned").exists(), "no cleanup: {signal}");
    }
}

#[test]
fn a_reader_that_leaves_is_no_failure() {
    let page = "```bash\ntrue\n```\n\n".repeat(2000);
    let test = Test::new().file("a.md", page).args(["graph", "a.md"]);
    let mut child = test.command().spawn().expect("the program starts");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("it can be waited for");
    assert_eq!(output.status.code(), Some(0));
    assert!(output.stderr.is_empty());
}

#[test]
fn no_step_starts_once_the_journal_is_gone() {
    let page = "```bash {#a}\nrm \"$RUNBOOK_HOME\"/runs/*/journal.jsonl\n```\n\n\
                ```bash {#b}\ntouch b\n```\n";
    let ran = Test::new()
        .file("a.md", page)
        .args(["run", "a.md"])
        .run()
        .ends(4)
        .says("it was removed");
    assert!(!ran.exists("b"));
}
