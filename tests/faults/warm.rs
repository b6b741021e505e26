//! Steps whose processes misbehave in a fork of a warm shell, where long runs have their steps.
//!
//! The words for what they do would give them a new shell (`shell::fit`), so programs do it.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::processes::{Watched, alive, run_of, was_killed_in, watch, with_slow_writes};
use crate::support::{Ran, Test};
use crate::terminal::bytes_are_kept;

/// More steps than a warm shell is started behind (`shells::COST`).
const BEFORE: usize = 10;

const PROGRAMS: [(&str, &str); 9] = [
    // The parent of the step's shell.
    (
        "where",
        "read -r _ _ _ parent _ </proc/$PPID/stat; echo \"in $(cat /proc/$parent/comm)\"",
    ),
    (
        "stubborn",
        "trap '' TERM; sleep $1 & while :; do sleep $1; done",
    ),
    ("quiet", "setsid sleep 20 &"),
    (
        "noisy",
        "setsid sh -c 'for i in $(seq 1000); do echo late; sleep 0.02; done' &",
    ),
    ("leaves", "setsid sleep 20 & sleep 60"),
    (
        "kill-step",
        "echo ran >>kill-step-ran; kill -9 $PPID; sleep 0.2",
    ),
    (
        "kill-shell",
        "echo ran >>kill-shell-ran; read -r _ _ _ parent _ </proc/$PPID/stat; kill -9 $parent; sleep 0.2",
    ),
    (
        "kill-us",
        "read -r _ _ _ parent _ </proc/$PPID/stat; read -r _ _ _ us _ </proc/$parent/stat; kill -9 $us; sleep 0.2",
    ),
    (
        "noise",
        "printf 'a\\377\\376b\\033]0;x\\007\\033]52;c;eA==\\007\\033[2A\\200c\\n'",
    ),
];

/// Steps behind so many others that they run in a warm shell; `None` where there is none.
fn warm(name: &str, steps: &str) -> Option<Test> {
    let version = Command::new("bash").arg("--version").output();
    let proven = cfg!(target_os = "linux")
        && version.is_ok_and(|told| String::from_utf8_lossy(&told.stdout).contains("version 5.2."));
    if !proven {
        eprintln!("skipped: bash 5.2 on Linux is what warm shells are made of");
        return None;
    }
    let mut page = String::new();
    for step in 0..BEFORE {
        page += &format!("```bash {{#w{step}}}\n:\n```\n\n");
    }
    let mut test = Test::new().file(name, page + steps);
    for (program, text) in PROGRAMS {
        test = test.file(program, format!("#!/bin/sh\n{text}\n"));
        let mode = fs::Permissions::from_mode(0o755);
        fs::set_permissions(test.root().join(program), mode).expect("it is ours");
    }
    Some(test.arguments(&["run", name]))
}

/// Runs it, sees that the steps that say where they are were in a warm shell, and that what was
/// kept of them verifies.
#[track_caller]
fn within(seconds: u64, status: i32, test: Test) -> Ran {
    let began = Instant::now();
    let ran = test.run().ends(status);
    let took = began.elapsed();
    assert!(took < Duration::from_secs(seconds), "it took {took:?}");
    let journal = ran.journals().remove(0);
    assert!(
        journal.contains("in bash") && !journal.contains("in runbook"),
        "no warm shell:\n{journal}"
    );
    ran.then(["verify", "last"]).run().ends(0)
}

/// Guards: `Warm::ask`, which knows the group of the fork before anything runs in it, and
/// `shell::stop`, KILL after the grace.
#[test]
fn a_step_that_ignores_term_is_killed_and_the_shell_is_not() {
    let mark = format!("72.{}", std::process::id());
    let page = format!(
        "```bash {{#a timeout=300ms allow-failure}}\n./where\n./stubborn {mark}\n```\n\n```bash {{#b}}\n./where\n```\n"
    );
    let Some(test) = warm("a.md", &page) else {
        return;
    };
    let ran = within(20, 0, test);
    assert_eq!(alive(&mark), 0, "something of the group is left");
    let journal = ran.journals().remove(0);
    assert_eq!(journal.matches("in bash").count(), 2, "{journal}");
}

/// Guard: `Pipes::drain` (`QUIET`, `LATE`), as for any step.
#[test]
fn daemons_and_what_left_the_group_hold_up_nothing() {
    let page = "```bash {#a}\n./where\n./quiet\n```\n\n```bash {#b}\n./where\n./noisy\n```\n\n\
                ```bash {#c timeout=500ms allow-failure}\n./where\n./leaves\n```\n";
    let Some(test) = warm("a.md", page) else {
        return;
    };
    within(15, 0, test);
}

/// Guard: `Warm::ending`: the shell says how the fork ended, whatever became of its streams.
#[test]
fn a_step_that_closes_its_streams_ends_as_it_says() {
    let page = "```bash {#a allow-failure}\n./where\n{ sleep 0.3; exit 7; } >&- 2>&- <&-\n```\n\n\
                ```bash {#b}\n{ seq 100000; } 2>&-\n{ seq 100000 >&2; } >&-\n```\n";
    let Some(test) = warm("a.md", page) else {
        return;
    };
    let ran = within(15, 0, test);
    let entries = ran.entries();
    let code = entries
        .iter()
        .find(|entry| entry["event"] == "step-finished" && entry["step"] == "a");
    assert_eq!(code.expect("it ended")["code"], 7);
    assert_eq!(ran.journals()[0].matches("99999\\n100000\"").count(), 2);
}

/// Guard: `exec::output`, as for any step.
#[test]
fn output_of_200_megabytes_is_kept_whole_in_little_memory() {
    let page = "```bash {#a}\n./where >&2\nhead -c 200000000 /dev/zero | tr '\\0' x\n```\n";
    let Some(test) = warm("a.md", page) else {
        return;
    };
    let Watched { status, peak, .. } = watch(test.command());
    assert_eq!(status, 0);
    assert!(peak < 160, "{peak} MiB resident");
    let run = run_of(&test);
    let kept = run.join("output/a.stdout").metadata().expect("it is kept");
    assert_eq!(kept.len(), 200_000_000);
    let journal = fs::read_to_string(run.join("journal.jsonl")).expect("a journal");
    assert!(journal.contains("in bash"), "no warm shell");
}

/// Guards: `view/sanitize`, and the journal's `Text`, which keeps bytes that are no text.
#[test]
fn bytes_that_are_no_text_and_escapes_are_kept_and_shown_as_such() {
    let Some(test) = warm("a.md", "```bash {#a}\n./where\n./noise\n```\n") else {
        return;
    };
    let ran = test.run().ends(0).says("in bash");
    assert!(
        !ran.stdout.contains(['\u{1b}', '\u{7}']),
        "{:?}",
        ran.stdout
    );
    bytes_are_kept(&ran);
}

/// Guards: `Warm::run`, for which what has begun is never run again, and `Warm::ending`, which ends
/// the group of a fork whose shell was killed.
#[test]
fn a_step_that_kills_its_shell_ends_and_runs_once() {
    let page = "```bash {#a allow-failure}\n./where\n./kill-step\necho on\n```\n\n\
                ```bash {#b allow-failure}\n./where\n./kill-shell\nsleep 0.3\ntouch on\n```\n\n```bash {#c}\necho end\n```\n";
    let Some(test) = warm("a.md", page) else {
        return;
    };
    let ran = within(15, 0, test);
    for step in ["a", "b"] {
        assert_eq!(ran.step(step).as_deref(), Some("failed"), "{step}");
    }
    assert_eq!(ran.read("kill-step-ran"), "ran\n");
    assert_eq!(ran.read("kill-shell-ran"), "ran\n");
    // Time for what may have been left.
    std::thread::sleep(Duration::from_secs(1));
    assert!(!ran.exists("on"), "it went on without its shell");
    assert_eq!(ran.step("c").as_deref(), Some("passed"));
}

/// Guards: write-ahead (`Context::commit`), and `FRONT`, for which a closed pipe of requests is the
/// shell's end, as is one of answers (SIGPIPE): it does not outlive us.
#[test]
fn a_step_that_kills_us_leaves_a_journal_that_verifies_and_no_shell() {
    let name = format!("kills-us-{}.md", std::process::id());
    let page = "```bash {#a}\n./where\n```\n\n```bash {#b}\n./kill-us\nsleep 0.2\n```\n";
    let Some(plain) = warm(&name, page) else {
        return;
    };
    let slow = warm(&name, page).and_then(with_slow_writes);
    let ran = slow.unwrap_or(plain).run();
    was_killed_in(&ran, "b");
    assert!(ran.journals()[0].contains("in bash"), "no warm shell");
    let began = Instant::now();
    while alive(&name) > 0 {
        assert!(began.elapsed() < Duration::from_secs(10), "a shell is left");
        std::thread::sleep(Duration::from_millis(20));
    }
    let ran = ran.then(["verify", "last"]).run().ends(0);
    ran.then(["show", "last"]).run().ends(0).says("unfinished");
}
