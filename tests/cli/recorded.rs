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

/// Each of the characters that the journal escapes and JSON need not.
const ESCAPED: &str = "\u{7f} \u{85} \u{9b} \u{2028} \u{202e} \u{2066}";

#[test]
fn what_the_journal_escapes_is_passed_on_as_it_stands() {
    let octal: String = ESCAPED.bytes().map(|byte| format!("\\{byte:o}")).collect();
    let page = format!(
        "---\ntitle: \"T \\x7f\\u2028\"\ninputs:\n  i: string\n---\n# H {ESCAPED}\n\nProse \
         {ESCAPED} back\\\\nslash\n\n```bash {{#a}}\nprintf '{octal}\\n' # {ESCAPED}\n```\n\n\
         ```rhai {{#b}}\nlog(\"{ESCAPED}\");\n```\n"
    );
    let ran = Test::new()
        .file("d.md", page)
        .file("runbook.toml", "[target.d]\nrecording = \"d.jsonl\"\n")
        .args(["run", "d.md", "--input", &format!("i=j {ESCAPED}")])
        .run()
        .ends(0);
    let ran = ran.then(["verify", "last"]).run().ends(0);
    let digest = ran.stdout.lines().last().expect("a digest").to_owned();
    let ran = ran.then(["export", "last", "-o", "d.jsonl"]).run().ends(0);
    let recording = ran.read("d.jsonl");
    assert!(
        recording
            .chars()
            .all(|c| c == '\n' || runbook::visible::is_plain(c)),
        "{recording:?}"
    );
    let ran = ran
        .then(["verify", "./d.jsonl"])
        .run()
        .ends(0)
        .says(&digest);
    // What is passed on can be passed on.
    let ran = ran
        .then(["export", "./d.jsonl", "-o", "e.jsonl"])
        .run()
        .ends(0);
    assert_eq!(ran.read("e.jsonl"), recording);
    ran.then(["replay", "./d.jsonl", "--with", "d.md"])
        .run()
        .ends(0)
        .then(["test"])
        .run()
        .ends(0)
        .says("all as recorded");
}

#[test]
fn a_recording_has_one_form() {
    let lines: Vec<&str> = RECORDING.split_inclusive('\n').collect();
    let first = lines
        .iter()
        .position(|line| line.starts_with("{\"at\""))
        .expect("it has entries");
    let (head, page, entry, later) = (lines[0], lines[5], lines[first], lines[first + 3]);
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("run.jsonl");
    let refused = |what: &str, change: &dyn Fn(&mut Vec<String>)| {
        let mut altered: Vec<String> = lines.iter().map(|line| (*line).to_owned()).collect();
        change(&mut altered);
        let altered = altered.concat();
        assert_ne!(altered, RECORDING, "{what}");
        std::fs::write(&path, &altered).expect("a file");
        let broken = runbook::journal::verify(&path);
        assert!(broken.is_err(), "{what}: {broken:?}");
    };
    std::fs::write(&path, RECORDING).expect("a file");
    runbook::journal::verify(&path).expect("it is whole");
    let evil = "{\"page\":\"evil\"}\n";
    for at in [first + 1, first + 5, lines.len()] {
        refused("a page", &|lines| lines.insert(at, evil.to_owned()));
        refused("a head", &|lines| lines.insert(at, head.to_owned()));
        refused("a blank line", &|lines| lines.insert(at, "\n".to_owned()));
    }
    refused("two heads", &|lines| lines.insert(0, head.to_owned()));
    refused("no page", &|lines| drop(lines.drain(1..first)));
    let pages = lines[1..first].concat();
    refused("the page in the entry", &|lines| {
        let text: String = pages
            .lines()
            .map(|line| &line["{\"page\":\"".len()..line.len() - 2])
            .collect::<Vec<_>>()
            .join("\\n");
        lines[first] = entry.replacen("\"text\":null", &format!("\"text\":\"{text}\""), 1);
        lines.drain(1..first);
    });
    refused("two lines of the page in one", &|lines| {
        let next = lines.remove(6).replacen("{\"page\":\"", "", 1);
        lines[5] = format!("{}\\n{next}", page.trim_end().trim_end_matches("\"}"));
    });
    for (at, line) in [(0, head), (5, page), (first, entry), (first + 3, later)] {
        let put = |from: &str, to: &str| {
            assert!(line.contains(from), "{from} in {line}");
            let other = line.replacen(from, to, 1);
            refused(&other, &|lines| lines[at].clone_from(&other));
        };
        put("}\n", ",\"x\":1}\n");
        put("}\n", "} \n");
        put("}\n", "}\r\n");
        put("{", "{ ");
        put("\":", "\": ");
        put("{\"", "{\"page\":\"a\",\"");
        put("{\"", "{\"at\":\"+0.000000\",\"");
        put("{\"", "{\"v\":\"1.1\",\"");
        put("{\"", "{\"\\u0061\":1,\"");
        put("\n", "");
    }
    refused("another number", &|lines| {
        lines[first + 3] = later.replacen("\"+0.", "\"+00.", 1);
    });
    refused("cut off", &|lines| {
        let last = lines.last_mut().expect("it has lines");
        last.truncate(last.len() - 1);
    });
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
