//! Recordings: passed on, run, tested, and what a test would notice.

use crate::support::Test;

const PAGE: &str = include_str!("../recordings/restore.md");
const RECORDING: &str = include_str!("../recordings/restore.jsonl");
const SETTINGS: &str = include_str!("../recordings/runbook.toml");

fn project() -> Test {
    Test::new()
        .file("restore.md", PAGE)
        .file("restore.jsonl", RECORDING)
        .file("runbook.toml", SETTINGS)
}

#[test]
fn a_run_can_be_passed_on_as_one_file() {
    let ran = Test::new()
        .file(
            "page.md",
            "# Hand over\n\n```bash {#greet}\necho \"pw: $DB_PASSWORD\"\n```\n",
        )
        .env("DB_PASSWORD", "correct-horse-9")
        .args(["run", "page.md"])
        .run()
        .ends(0);
    let ran = ran
        .then(["export", "last", "-o", "run.jsonl"])
        .run()
        .ends(0);
    let text = ran.read("run.jsonl");
    assert!(text.starts_with("{\"recording\":\"1."), "{text}");
    assert!(text.contains("{\"page\":\"# Hand over\"}\n"), "{text}");
    assert!(!text.contains("correct-horse"), "{text}");
    assert!(text.contains("«secret:DB_PASSWORD»"), "{text}");
    let verified = ran.then(["verify", "last"]).run().ends(0).stdout;
    let ran = Test::new()
        .file("run.jsonl", &text)
        .args(["verify", "run.jsonl"])
        .run()
        .ends(0);
    let digest = verified.lines().last().expect("a digest").to_owned();
    let ran = ran.says(&digest);
    let ran = ran.then(["show", "run.jsonl"]).run().ends(0).says("greet");
    let ran = ran
        .then(["replay", "run.jsonl", "--speed", "instant"])
        .run()
        .ends(0)
        .says("passed");
    // One letter is enough.
    ran.then(["verify", "run.jsonl"])
        .file("run.jsonl", text.replace("Hand over", "Hand 0ver"))
        .run()
        .ends(4)
        .says("does not verify");
}

#[test]
fn no_letter_of_a_recording_can_be_another() {
    let head = RECORDING.lines().next().expect("it has a first line").len();
    let all = (0..head).chain((head..RECORDING.len()).step_by(997));
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("run.jsonl");
    for at in all {
        let mut bytes = RECORDING.as_bytes().to_vec();
        bytes[at] ^= 1;
        std::fs::write(&path, &bytes).expect("a file");
        let broken = runbook::journal::verify(&path);
        assert!(broken.is_err(), "byte {at}: {broken:?}");
    }
}

#[test]
fn a_target_can_be_a_recording() {
    let ran = project()
        .env("PATH", "/nonexistent")
        .args(["run", "restore.md", "--target", "recorded"])
        .run()
        .ends(0)
        .says("nothing real is touched")
        .says("the recording of run")
        .says("drained 42 of 42");
    assert!(!ran.exists("seen"));
    let head = &ran.entries()[0];
    assert!(head["recording"].is_string(), "{head}");
    ran.then(["resume", "last"]).run().ends(3);
}

#[test]
fn another_value_of_an_input_can_not_be_answered() {
    project()
        .args([
            "run",
            "restore.md",
            "--target",
            "recorded",
            "--input",
            "keep=4",
        ])
        .run()
        .ends(1)
        .says("the recording can't answer");
}

#[test]
fn a_recording_that_is_gone_is_told() {
    Test::new()
        .file("restore.md", PAGE)
        .file("runbook.toml", SETTINGS)
        .args(["run", "restore.md", "--target", "recorded"])
        .run()
        .ends(2)
        .says("which is not there");
}

#[test]
fn runbooks_go_as_their_recordings_say() {
    let ran = project()
        .args(["test", "--junit", "report.xml"])
        .run()
        .ends(0)
        .says("✓ restore.md on recorded  5 steps, 4 assertions")
        .says("1 test, all as recorded");
    assert!(ran.read("report.xml").contains("failures=\"0\""));
}

#[test]
fn a_runbook_that_diverges_is_told_and_can_be_accepted() {
    let edited = PAGE.replace("queue.depth == 42", "queue.depth == 43");
    let ran = project()
        .file("restore.md", edited)
        .args(["test", "--junit", "report.xml"])
        .run()
        .ends(1)
        .says("✗ restore.md on recorded")
        .says("`verify` (restore.md:22): failed, in the recording passed")
        .says("`report` (restore.md:31): skipped, in the recording passed")
        .says("1 test, 1 diverged");
    assert!(ran.read("report.xml").contains("<failure"));
    let ran = ran
        .then(["test", "--bless"])
        .run()
        .ends(0)
        .says("accepted: restore.jsonl says so now");
    let ran = ran.then(["verify", "restore.jsonl"]).run().ends(0);
    ran.then(["test"]).run().ends(0);
}

#[test]
fn what_can_not_be_answered_can_not_be_accepted() {
    let edited = PAGE.replace("echo \"restored", "echo \"all restored");
    let ran = project()
        .file("restore.md", edited)
        .args(["test", "--bless"])
        .run()
        .ends(1)
        .says("not accepted");
    assert_eq!(ran.read("restore.jsonl"), RECORDING);
}

#[test]
fn a_test_can_want_another_end_of_a_step() {
    let settings = "\
[target.recorded]
recording = \"restore.jsonl\"

[[test]]
runbook = \"restore.md\"
target = \"recorded\"
inputs = { keep = 4 }
status = { verify = \"failed\", report = \"skipped\" }
";
    let ran = project()
        .file("runbook.toml", settings)
        .args(["test"])
        .run()
        .ends(1)
        .says("the recording can't answer");
    let edited = PAGE.replace("queue.depth == 42", "queue.depth == keep + 40");
    ran.then(["test"]).file("restore.md", edited).run().ends(0);
}

#[test]
fn changes_that_no_assertion_notices_are_told() {
    let ran = project()
        .args(["test", "--mutate"])
        .run()
        .ends(0)
        .says("restore.md on recorded: ")
        .says("report: standard output: nothing at all")
        .says("restore.md:8 depth: standard output: /paused is true");
    for noticed in ["/depth is 43", "/workers is empty", "depth: exit status"] {
        assert!(!ran.text.contains(noticed), "{noticed}\n{}", ran.text);
    }
}

#[test]
fn where_nothing_is_recorded_there_is_nothing_to_test() {
    Test::new()
        .file("page.md", PAGE)
        .args(["test"])
        .run()
        .ends(2)
        .says("there is nothing to test");
}
