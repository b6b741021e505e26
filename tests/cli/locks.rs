//! Runs side by side, locks, and journals that can't be kept.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::process::Child;

use crate::resume::{PAGE, journal};
use crate::support::Test;

/// Starts a run and waits until its first step has printed `begun`.
fn begin(test: &Test) -> Child {
    let mut child = test.command().spawn().expect("the program starts");
    let output = child.stdout.take().expect("its standard output is a pipe");
    let begun = BufReader::new(output)
        .lines()
        .map_while(Result::ok)
        .any(|line| line.contains("\"begun\""));
    assert!(begun, "the step did not begin");
    child
}

const SLOW: &str = "```bash {#slow}\necho begun\nfor _ in {1..1500}; do test -e over && break; sleep 0.02; done\n```\n";

#[test]
fn a_lock_is_held_by_one_run_and_freed_by_its_death() {
    let test = Test::new()
        .file("a.md", SLOW)
        .file("b.md", "```bash {#b}\necho b >> log\n```\n")
        .args(["run", "a.md", "--lock", "prod", "--format", "json"]);
    let mut first = begin(&test);
    let id = journal(test.root());
    let id = id
        .parent()
        .and_then(|run| run.file_name())
        .expect("a run has an id");
    let id = id.to_string_lossy();
    let second = |lock: &str| test_command(&test, &["run", "b.md", "--lock", lock]);
    let refused = second("prod");
    let told = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert_eq!(refused.status.code(), Some(3), "{told}");
    assert!(
        told.contains(&format!(
            "the lock `prod` is held by run {}",
            &id[id.len() - 6..]
        )),
        "{told}"
    );
    assert!(!test.root().join("log").exists(), "it ran");
    assert_eq!(second("other").status.code(), Some(0));
    assert_eq!(second("../x").status.code(), Some(2));
    first.kill().expect("it can be killed");
    first.wait().expect("it can be waited for");
    assert_eq!(second("prod").status.code(), Some(0));
    fs::write(test.root().join("over"), "").expect("a file can be written");
}

#[test]
fn a_run_that_goes_on_is_not_resumed() {
    let test = Test::new()
        .file("a.md", SLOW)
        .args(["run", "a.md", "--format", "json"]);
    let mut first = begin(&test);
    let resumed = test_command(&test, &["resume", "last"]);
    let told = String::from_utf8_lossy(&resumed.stderr).into_owned();
    assert_eq!(resumed.status.code(), Some(3), "{told}");
    assert!(told.contains("is still going on"), "{told}");
    fs::write(test.root().join("over"), "").expect("a file can be written");
    first.wait().expect("it can be waited for");
}

fn test_command(test: &Test, args: &[&str]) -> std::process::Output {
    std::process::Command::new(test.command().get_program())
        .args(args)
        .current_dir(test.root())
        .env_clear()
        .envs(
            test.command()
                .get_envs()
                .filter_map(|(name, value)| Some((name, value?))),
        )
        .output()
        .expect("the program starts")
}

#[test]
fn two_runs_at_a_time_do_not_mix() {
    let page = "---\ninputs:\n  who: {type: string}\n---\n\
                ```bash {#a}\nexport WHO=${{ who }}\nsleep 0.1\n```\n\n```bash {#b}\nsleep 0.1\necho \"I am $WHO\"\n```\n";
    let test = Test::new().file("a.md", page);
    let children: Vec<Child> = ["ann", "bob", "cid"]
        .iter()
        .map(|who| {
            let mut command = test.command();
            command.args(["run", "a.md", "--input", &format!("who={who}")]);
            command.spawn().expect("the program starts")
        })
        .collect();
    for child in children {
        assert!(child.wait_with_output().expect("it ends").status.success());
    }
    let runs = fs::read_dir(test.root().join("home/runs")).expect("there are runs");
    let mut said = Vec::new();
    for run in runs {
        let path = run.expect("it can be read").path().join("journal.jsonl");
        let verified = test_command(&test, &["verify", &path.to_string_lossy()]);
        assert!(verified.status.success(), "{verified:?}");
        let text = fs::read_to_string(path).expect("there is a journal");
        let who: Vec<&str> = ["ann", "bob", "cid"]
            .into_iter()
            .filter(|who| text.contains(who))
            .collect();
        assert_eq!(who.len(), 1, "{text}");
        assert!(text.contains(&format!("I am {}", who[0])), "{text}");
        said.extend(who);
    }
    said.sort_unstable();
    assert_eq!(said, ["ann", "bob", "cid"]);
}

#[test]
fn the_head_says_what_the_run_was_given() {
    let page = "---\nrequires:\n  tools: {bash: \">=3\"}\n---\n```bash {#a}\ntrue\n```\n";
    let ran = Test::new()
        .file("a.md", page)
        .env("SOME_VARIABLE", "some-value-of-it")
        .args(["run", "a.md"])
        .run()
        .ends(0)
        .hides("some-value-of-it");
    let head = ran.entries()[0].clone();
    assert!(
        head["tools"]["bash"]
            .as_str()
            .is_some_and(|version| version.contains('.')),
        "{head}"
    );
    let variables = head["variables"].as_array().expect("there are variables");
    assert!(
        variables.iter().any(|name| name == "SOME_VARIABLE"),
        "{head}"
    );
    assert_eq!(
        head["fingerprints"]["a"].as_str().map(str::len),
        Some(64),
        "{head}"
    );
    assert_eq!(head["text"], page);
}

#[test]
fn an_interrupted_run_goes_on() {
    let page = "```bash {#a}\necho a >> log\n```\n\n```bash {#b idempotent}\necho b >> log\necho begun\n\
                test -e over || sleep 20\n```\n\n```bash {#c}\necho c >> log\n```\n";
    let test = Test::new()
        .file("a.md", page)
        .args(["run", "a.md", "--format", "json"]);
    let mut child = begin(&test);
    let sent = std::process::Command::new("kill")
        .args(["-s", "INT", &child.id().to_string()])
        .status()
        .expect("kill starts");
    assert!(sent.success());
    assert_eq!(
        child.wait().expect("it can be waited for").code(),
        Some(130)
    );
    fs::write(test.root().join("over"), "").expect("a file can be written");
    let resumed = test_command(&test, &["resume", "last"]);
    assert!(resumed.status.success(), "{resumed:?}");
    let log = fs::read_to_string(test.root().join("log")).expect("there is a log");
    assert_eq!(log, "a\nb\nb\nc\n");
}

#[test]
fn no_step_starts_once_the_disk_is_full() {
    // A limit on the size of files is what a full disk looks like to the journal alone.
    let page = "```bash {#a}\nfor i in $(seq 400); do echo \"a line of some length, number $i\"; done\n```\n\n\
                ```bash {#b}\ntouch b\n```\n";
    let test = Test::new().file("a.md", page);
    let program = test.command().get_program().to_owned();
    let output = std::process::Command::new("bash")
        .args(["-c", "trap '' XFSZ; ulimit -f 12; exec \"$0\" run a.md"])
        .arg(program)
        .current_dir(test.root())
        .env_clear()
        .envs(
            test.command()
                .get_envs()
                .filter_map(|(name, value)| Some((name, value?))),
        )
        .output()
        .expect("bash starts");
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(4), "{told}");
    assert!(told.contains("can't be written"), "{told}");
    assert!(!test.root().join("b").exists(), "a step started");
    // What was written is whole, and the run goes on where there is room again.
    let resumed = test_command(&test, &["resume", "last", "--again", "a"]);
    let told = String::from_utf8_lossy(&resumed.stderr).into_owned();
    assert!(resumed.status.success(), "{told}");
    assert!(test.root().join("b").exists());
}

#[test]
fn a_run_whose_journal_cant_be_made_does_not_begin() {
    let test = Test::new()
        .file("a.md", PAGE)
        .file("home/runs", "a file")
        .args(["run", "a.md"]);
    let ran = test.run().ends(4).says("nothing ran");
    assert!(!ran.exists("log"));
}
