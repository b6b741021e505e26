//! `runbook resume` and locks, as the operator sees them.

use std::fs;
use std::path::PathBuf;

use crate::prompts::talk;
use crate::support::{Ran, Test};

/// A page of three steps of which the second waits for a file.
pub(crate) const PAGE: &str = "# Page\n\n\
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
pub(crate) fn journal(root: &std::path::Path) -> PathBuf {
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
    let ran = ran
        .then(["resume", "last"])
        .run()
        .ends(4)
        .says("nothing of it ran");
    // The program was killed between making the file and its first entry.
    fs::write(journal(ran.folder()), "").expect("it can be written");
    ran.then(["resume", "last"])
        .run()
        .ends(4)
        .says("nothing of it ran")
        .says("begin anew");
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
