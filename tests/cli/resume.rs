//! `runbook resume` and locks, as the operator sees them.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::Child;

use crate::prompts::talk;
use crate::support::{Ran, Test};

/// A page of three steps of which the second waits for a file.
const PAGE: &str = "# Page\n\n\
    ```bash {#one}\necho one >> log\nexport NAME=value\n```\n\n\
    ```bash {#two}\necho two >> log\ntest -e ready\n```\n\n\
    ```bash {#three}\necho \"three $NAME\" >> log\n```\n";

/// Runs a page that fails, and makes what it waited for.
fn failed(page: &str) -> Ran {
    let ran = Test::new()
        .file("a.md", page)
        .args(["run", "a.md", "--yes"])
        .run()
        .ends(1);
    fs::write(ran.folder().join("ready"), "").expect("a file can be written");
    ran
}

/// The journal of the only run.
fn journal(root: &std::path::Path) -> PathBuf {
    let mut runs = fs::read_dir(root.join("home/runs")).expect("there are runs");
    let run = runs
        .next()
        .expect("there is a run")
        .expect("it can be read");
    run.path().join("journal.jsonl")
}

/// Cuts a journal after the first line that has a text, as a crash does.
fn crash_after(root: &std::path::Path, text: &str) {
    let path = journal(root);
    let whole = fs::read_to_string(&path).expect("there is a journal");
    let at = whole.find(text).expect("the journal has the text");
    let end = at + whole[at..].find('\n').expect("a line ends") + 1;
    fs::write(&path, &whole[..end]).expect("it can be written");
    let _ = fs::remove_file(path.with_extension("seal"));
}

#[test]
fn passed_steps_stay_passed_and_their_state_is_there() {
    let ran = failed(PAGE)
        .then(["resume", "last"])
        .run()
        .ends(0)
        .says("stay passed: `one`")
        .says("runs again: two: it failed: exit status 1")
        .says("passed  3 steps");
    assert_eq!(ran.read("log"), "one\ntwo\ntwo\nthree value\n");
    let heads = ran.entries();
    let heads: Vec<_> = heads
        .iter()
        .filter(|entry| entry["event"] == "run-started")
        .collect();
    assert_eq!(heads.len(), 2);
    assert_eq!(heads[0]["run"], heads[1]["run"]);
    assert_eq!(heads[1]["resumes"]["kept"], serde_json::json!(["one"]));
    ran.then(["verify", "last"])
        .run()
        .ends(0)
        .says("whole\n")
        .then(["resume", "last"])
        .run()
        .ends(0)
        .says("nothing is left to run")
        .then(["runs"])
        .run()
        .says("passed")
        .says("3 steps");
}

#[test]
fn what_changed_runs_again_with_what_depends_on_it_and_is_said_first() {
    let page = "```rhai {#a}\nlet x = 1;\n```\n\n```bash {#b}\necho b${{ x }} >> log\n```\n\n\
                ```bash {#c}\necho c >> log\n```\n\n```bash {#d}\ntest -e ready\n```\n";
    let ran = failed(page);
    fs::write(ran.folder().join("a.md"), page.replace("x = 1", "x = 2"))
        .expect("it can be written");
    let ran = ran
        .then(["resume", "last"])
        .run()
        .ends(0)
        .says("stay passed: `c`")
        .says("runs again: a: its text changed")
        .says("runs again: b: it uses `a`, which changed");
    assert_eq!(ran.read("log"), "b1\nc\nb2\n");
    let said = ran.stdout.find("runs again: b").expect("it is said");
    assert!(
        said < ran.stdout.find("✓ a").expect("it ran"),
        "{}",
        ran.text
    );
}

#[test]
fn another_value_of_an_input_runs_what_uses_it() {
    let page = "---\ninputs:\n  who: {type: string}\n---\n\
                ```bash {#a}\necho a-${{ who }} >> log\n```\n\n```bash {#b}\necho b >> log\n```\n\n\
                ```bash {#c}\ntest -e ready\n```\n";
    let ran = Test::new()
        .file("a.md", page)
        .args(["run", "a.md", "--input", "who=me"])
        .run()
        .ends(1);
    let ran = ran
        .then(["resume", "last"])
        .run()
        .ends(1)
        .says("stay passed: `a` and `b`")
        .then(["resume", "last", "--input", "who=you"])
        .run()
        .ends(1)
        .says("runs again: a: the input `who` changed")
        .says("stay passed: `b`");
    assert_eq!(ran.read("log"), "a-me\nb\na-you\n");
}

#[test]
fn an_export_that_changed_runs_what_mentions_it() {
    let page = "```bash {#a}\nexport V=1\n```\n\n```bash {#b}\necho b$V >> log\n```\n\n\
                ```bash {#c}\necho c >> log\n```\n\n```bash {#d}\ntest -e ready\n```\n";
    let ran = failed(page);
    fs::write(ran.folder().join("a.md"), page.replace("V=1", "V=2")).expect("it can be written");
    let ran = ran
        .then(["resume", "last"])
        .run()
        .ends(0)
        .says("runs again: b: it uses V, which `a` exports");
    assert_eq!(ran.read("log"), "b1\nc\nb2\n");
}

#[test]
fn an_interrupted_step_needs_a_decision() {
    let ran = Test::new()
        .file("a.md", PAGE)
        .file("ready", "")
        .args(["run", "a.md"])
        .run()
        .ends(0);
    crash_after(ran.folder(), "\"event\":\"step-started\",\"step\":\"two\"");
    let before = fs::read(journal(ran.folder())).expect("there is a journal");
    let ran = ran
        .then(["resume", "last", "--yes"])
        .run()
        .ends(3)
        .says("`two` was interrupted: it had begun at")
        .says("`--again two` or `--done two`");
    assert_eq!(
        fs::read(journal(ran.folder())).expect("it is there"),
        before,
        "nothing is written"
    );
    assert_eq!(ran.read("log"), "one\ntwo\nthree value\n");
    let ran = ran
        .then(["resume", "last", "--done", "two"])
        .run()
        .ends(0)
        .says("counts as done: two (--done says so)");
    assert_eq!(ran.read("log"), "one\ntwo\nthree value\nthree value\n");
    assert_eq!(ran.step("two").as_deref(), Some("passed"));
    crash_after(ran.folder(), "\"event\":\"step-started\",\"step\":\"two\"");
    let ran = ran
        .then(["resume", "last", "--again", "two"])
        .run()
        .ends(0)
        .says("runs again: two: it was interrupted, and --again says again");
    assert!(ran.read("log").ends_with("two\nthree value\n"));
}

#[test]
fn a_step_that_says_so_or_only_reads_runs_again_by_itself() {
    for page in [
        "```bash {#a idempotent}\necho a >> log\n```\n",
        "## A\n<!-- runbook: idempotent -->\n\n```bash {#a}\necho a >> log\n```\n",
        "```bash {#a effect=read}\necho a >> log\n```\n",
    ] {
        let ran = Test::new()
            .file("a.md", page)
            .args(["run", "a.md"])
            .run()
            .ends(0);
        crash_after(ran.folder(), "\"event\":\"step-started\"");
        let ran = ran
            .then(["resume", "last"])
            .run()
            .ends(0)
            .says("runs again: a: it was interrupted");
        assert_eq!(ran.read("log"), "a\na\n");
    }
}

#[test]
fn the_operator_decides_on_a_terminal() {
    for (answer, status, log) in [
        ("again\n", 0, "one\ntwo\nthree value\ntwo\nthree value\n"),
        ("done\n", 0, "one\ntwo\nthree value\nthree value\n"),
        ("what\n", 0, "one\ntwo\nthree value\ntwo\nthree value\n"),
        ("abort\n", 3, "one\ntwo\nthree value\n"),
    ] {
        let ran = Test::new()
            .file("a.md", PAGE)
            .file("ready", "")
            .args(["run", "a.md"])
            .run()
            .ends(0);
        crash_after(ran.folder(), "\"event\":\"step-started\",\"step\":\"two\"");
        let next = ran.then(["resume", "last"]);
        let mut answers = vec![("[again/done/abort] ", answer)];
        if answer == "what\n" {
            answers.push(("answer `again`, `done` or `abort`: ", "again\n"));
        }
        let Some((ended, screen)) = talk(&next, "resume last", &answers) else {
            return;
        };
        assert_eq!(ended, status, "{screen}");
        let written = fs::read_to_string(next.root().join("log")).expect("there is a log");
        assert_eq!(written, log, "{screen}");
    }
}

#[test]
fn a_secret_that_a_step_left_is_fetched_again_where_it_is_needed() {
    let page = "```bash {#login}\necho login >> log\nexport API_TOKEN=abcdef-ghijkl-123\n```\n\n\
                ```bash {#use}\ntest -e ready\ntest \"$API_TOKEN\" = \"abcdef-ghijkl-\"123 && echo used >> log\n```\n";
    let ran = failed(page);
    let ran = ran
        .then(["resume", "last"])
        .run()
        .ends(0)
        .says("runs again: login: it left a secret, which no journal keeps, for `use`")
        .hides("abcdef-ghijkl-123");
    assert_eq!(ran.read("log"), "login\nlogin\nused\n");
    let text = fs::read_to_string(journal(ran.folder())).expect("it is kept");
    assert!(text.contains("export API_TOKEN=«"), "{text}");
}

#[test]
fn a_service_is_started_again_for_what_is_left() {
    let page = "```bash {#serve background ready='sh_unchecked(\"test -e up\").ok'}\necho up >> up\nsleep 30\n```\n\n\
                ```bash {#use}\ntest -e ready && echo used >> log\n```\n";
    let ran = failed(page);
    let ran = ran
        .then(["resume", "last"])
        .run()
        .ends(0)
        .says("runs again: serve: a service ends with its run, and `use` is to run");
    assert_eq!(ran.read("up"), "up\nup\n");
}

#[test]
fn cleaning_up_comes_after_what_is_left() {
    let page =
        "```bash {#work}\ntest -e ready\n```\n\n```bash {#clean always}\necho clean >> log\n```\n";
    let ran = failed(page)
        .then(["resume", "last"])
        .run()
        .ends(0)
        .says("runs again: clean: it runs after");
    assert_eq!(ran.read("log"), "clean\nclean\n");
}

#[test]
fn only_the_instances_that_are_left_run() {
    let page = "```bash {#node each=\"[\\\"a\\\", \\\"b\\\"]\"}\necho ${{ item }} >> log-${{ item }}\n\
                test ${{ item }} = a -o -e ready\n```\n";
    let ran = failed(page)
        .then(["resume", "last"])
        .run()
        .ends(0)
        .says("stay passed: `node[0]`")
        .says("1 of its 2 instances");
    assert_eq!(
        (ran.read("log-a"), ran.read("log-b")),
        ("a\n".to_owned(), "b\nb\n".to_owned())
    );
}

#[test]
fn a_failure_that_was_handled_stays_one() {
    let page = "```bash {#risk}\necho risk >> log\nexit 4\n```\n\n\
                ```bash {#mend when=\"risk.failed\"}\necho mend ${{ risk.code }} >> log\ntest -e ready\n```\n";
    let ran = failed(page)
        .then(["resume", "last"])
        .run()
        .ends(0)
        .says("stay failed: `risk`");
    assert_eq!(ran.read("log"), "risk\nmend 4\nmend 4\n");
}

#[test]
fn an_altered_journal_is_not_gone_on_with() {
    let ran = failed(PAGE);
    let path = journal(ran.folder());
    let text = fs::read_to_string(&path).expect("there is a journal");
    fs::write(&path, text.replacen("echo one", "echo won", 1)).expect("it can be written");
    let ran = ran
        .then(["resume", "last"])
        .run()
        .ends(4)
        .says("does not verify")
        .says("nothing ran");
    assert_eq!(ran.read("log"), "one\ntwo\n");
}

#[test]
fn a_journal_that_cant_begin_has_nothing_to_go_on_with() {
    let ran = failed(PAGE);
    fs::write(journal(ran.folder()), "{\"v\":\"1.1\",\"se").expect("it can be written");
    let _ = fs::remove_file(journal(ran.folder()).with_extension("seal"));
    ran.then(["resume", "last"])
        .run()
        .ends(4)
        .says("nothing ran");
    Test::new()
        .args(["resume", "last"])
        .run()
        .ends(2)
        .says("there are no runs yet");
}

#[test]
fn words_that_name_no_step_are_wrong() {
    failed(PAGE)
        .then(["resume", "last", "--again", "onee"])
        .run()
        .ends(2)
        .says("did you mean `one`?")
        .then(["resume", "last", "--done", "three"])
        .run()
        .ends(2)
        .says("`three` had not begun")
        .then(["resume", "last", "--again", "one"])
        .run()
        .ends(0)
        .says("runs again: one: --again says again");
}

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

const SLOW: &str = "```bash {#slow}\necho begun\nwhile test ! -e over; do sleep 0.02; done\n```\n";

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
