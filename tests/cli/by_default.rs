//! A recording as the default target: whom it is for, and whom it is not for.

use crate::support::Test;

const PAGE: &str = include_str!("../recordings/restore.md");
const RECORDING: &str = include_str!("../recordings/restore.jsonl");

/// A project whose default is a recording, with a page that it is not of.
fn by_default() -> Test {
    Test::new()
        .file("restore.md", PAGE)
        .file("restore.jsonl", RECORDING)
        .file("other.md", "# Other\n\n```bash {#touch}\ntouch real\n```\n")
        .file(
            "runbook.toml",
            "default-target = 'recorded'\n[target.recorded]\nrecording = 'restore.jsonl'\n\
             [target.live]\n",
        )
}

#[test]
fn a_default_recording_is_for_its_own_page() {
    let ran = by_default()
        .args(["run", "restore.md"])
        .run()
        .ends(0)
        .says("nothing real is touched");
    assert!(!ran.exists("seen"));
}

#[test]
fn another_page_runs_for_real_and_says_so() {
    let ran = by_default()
        .args(["run", "other.md"])
        .run()
        .ends(0)
        .says("this runs for real: the default target `recorded` is a recording of restore.md");
    assert!(ran.exists("real"));
    assert!(ran.entries()[0].get("target").is_none());
}

#[test]
fn a_page_that_a_test_names_is_run_on_the_recording_too() {
    let settings = "default-target = 'recorded'\n[target.recorded]\nrecording = 'restore.jsonl'\n\
                    [[test]]\nrunbook = 'copy.md'\n";
    let ran = by_default()
        .file("copy.md", PAGE)
        .file("runbook.toml", settings)
        .args(["run", "copy.md"])
        .run()
        .ends(0)
        .says("nothing real is touched");
    assert!(!ran.exists("seen"));
}

#[test]
fn another_target_than_the_recording_is_real() {
    let ran = by_default()
        .args(["run", "restore.md", "--target", "live"])
        .run()
        .ends(0)
        .says("target live")
        .hides("nothing real");
    assert!(ran.exists("seen"));
}

#[test]
fn a_real_run_is_not_resumed_on_a_recording() {
    let failing = "# Other\n\n```bash {#touch}\ntest -e there\n```\n";
    let ran = by_default()
        .file("other.md", failing)
        .args(["run", "other.md"])
        .run()
        .ends(1);
    let ran = ran
        .then(["resume", "last", "--target", "recorded"])
        .run()
        .ends(3)
        .says("is a recording, and the run was a real one");
    ran.then(["resume", "last"])
        .file("there", "")
        .run()
        .ends(0)
        .hides("target recorded");
}
