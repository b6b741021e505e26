//! Steps whose processes misbehave.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::support::{Ran, Test};

/// Runs a page and checks that it took no longer than it may.
#[track_caller]
fn within(seconds: u64, page: &str, status: i32) -> Ran {
    let began = Instant::now();
    let ran = Test::new()
        .file("a.md", page)
        .args(["run", "a.md"])
        .run()
        .ends(status);
    let took = began.elapsed();
    assert!(took < Duration::from_secs(seconds), "it took {took:?}");
    ran.then(["verify", "last"]).run().ends(0)
}

/// How many processes have a text in their command line.
fn alive(mark: &str) -> usize {
    fs::read_dir("/proc")
        .into_iter()
        .flatten()
        .flatten()
        .filter(|process| {
            fs::read(process.path().join("cmdline"))
                .is_ok_and(|line| String::from_utf8_lossy(&line).contains(mark))
        })
        .count()
}

/// Guard: `shell::stop`, KILL after the grace.
#[test]
fn a_step_that_ignores_term_is_killed() {
    let ran = within(
        20,
        "```bash {#a timeout=300ms}\ntrap '' TERM\necho begun\nsleep 71.25 & while :; do sleep 71.25; done\n```\n",
        1,
    );
    drop(ran);
    assert_eq!(alive("71.25"), 0, "something of the group is left");
}

/// Guard: `Pipes::drain`, which waits no longer than `QUIET` and `LATE` for pipes that others hold.
#[test]
fn a_daemon_that_keeps_the_pipes_holds_up_nothing() {
    within(
        15,
        "```bash {#a}\nsetsid sleep 20 &\necho one\n```\n\n```bash {#b}\n\
         setsid sh -c 'for i in 1 2 3 4 5 6 7 8 9 10; do echo late; sleep 2; done' & echo two\n```\n",
        0,
    );
}

/// Guard: `Pipes::pump` goes on when one of its pipes is at its end.
#[test]
fn a_step_that_closes_its_streams_ends_as_it_says() {
    let ran = within(
        15,
        "```bash {#a}\necho one\nexec >&- 2>&- <&-\nsleep 0.2\nexit 7\n```\n",
        1,
    );
    drop(ran);
    within(
        15,
        "```bash {#a}\nexec >&- 2>&-\ntrue\n```\n\n```bash {#b}\ntrue\n```\n",
        0,
    );
}

/// Runs and gives the largest resident size in MiB beside.
fn watched(page: &str) -> (i32, u64, Test) {
    let test = Test::new().file("a.md", page).args(["run", "a.md"]);
    let mut child = test
        .command()
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("it starts");
    let mut peak = 0;
    loop {
        let status = fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
        let size = status
            .lines()
            .find(|line| line.starts_with("VmHWM:"))
            .and_then(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok());
        peak = peak.max(size.unwrap_or(0) / 1024);
        if let Some(status) = child.try_wait().expect("it can be waited for") {
            return (status.code().unwrap_or(-1), peak, test);
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Guards: `exec::output` (`INLINE`, `TAIL`, `LINE`, `KEPT`), and a channel that is bounded.
#[test]
fn output_of_200_megabytes_is_kept_whole_in_little_memory() {
    for (what, page) in [
        (
            "lines",
            "```bash {#a}\nyes 'a line that repeats itself many times over' | head -c 200000000 || true\n```\n",
        ),
        (
            "no newline",
            "```bash {#a}\nhead -c 200000000 /dev/zero | tr '\\0' x\n```\n",
        ),
    ] {
        let (status, peak, test) = watched(page);
        assert_eq!(status, 0, "{what}");
        assert!(peak < 160, "{what}: {peak} MiB resident");
        let run = fs::read_dir(test.root().join("home/runs"))
            .expect("there are runs")
            .next()
            .expect("there is one")
            .expect("it can be read")
            .path();
        let kept = run
            .join("output/a.stdout")
            .metadata()
            .expect("it is kept")
            .len();
        assert_eq!(kept, 200_000_000, "{what}");
        let journal = run
            .join("journal.jsonl")
            .metadata()
            .expect("a journal")
            .len();
        assert!(journal < 2_000_000, "{what}: a journal of {journal} bytes");
    }
}

/// Guard: `Group` is the leader's; what left it is not waited for (`Pipes::drain`).
#[test]
fn a_step_that_leaves_its_group_is_not_waited_for() {
    within(
        15,
        "```bash {#a timeout=500ms allow-failure}\nset -m\nsleep 4 &\nsetsid sleep 4 &\nsleep 60\n```\n\n\
         ```python {#b timeout=5s}\nimport os\nif os.fork() == 0:\n    os.setsid()\n    os.close(1)\n    os._exit(0)\nos.wait()\n```\n",
        0,
    );
}

/// Guard: write-ahead: `step-started` was synced before the step could do it.
#[test]
fn a_step_that_kills_us_leaves_a_journal_that_verifies() {
    let page = "```bash {#a}\necho one\n```\n\n```bash {#b}\nkill -9 $PPID\nsleep 5\n```\n";
    let ran = Test::new().file("a.md", page).args(["run", "a.md"]).run();
    assert_eq!(ran.status, 137, "{}", ran.text);
    let entries = ran.entries();
    let last = entries.last().expect("there are entries");
    assert_eq!(
        (&last["event"], &last["step"]),
        (&"step-started".into(), &"b".into())
    );
    let ran = ran
        .then(["verify", "last"])
        .run()
        .ends(0)
        .says("the run has no end");
    let ran = ran.then(["show", "last"]).run().ends(0).says("unfinished");
    ran.then(["runs"]).run().ends(0);
}

/// Guard: `run::jobs`, and `exec::schedule`, which starts what there is a turn for.
#[test]
fn a_thousand_steps_at_once() {
    let mut page = String::from("# T\n<!-- runbook: parallel -->\n\n");
    for step in 0..1000 {
        page += &format!("```bash {{#s{step}}}\n:\n```\n\n");
    }
    let ran = Test::new()
        .file("a.md", page)
        .args(["run", "a.md", "--jobs", "1000", "--output", "none"])
        .run()
        .ends(0);
    let passed = ran
        .entries()
        .iter()
        .filter(|entry| entry["event"] == "step-finished" && entry["status"] == "passed")
        .count();
    assert_eq!(passed, 1000);
    ran.then(["verify", "last"]).run().ends(0);
}

/// Guard: `run::jobs`, which asks `getrlimit` how many descriptors there are.
#[test]
fn few_file_descriptors() {
    let mut page = String::from("# T\n<!-- runbook: parallel -->\n\n");
    for step in 0..50 {
        page += &format!("```bash {{#s{step}}}\nsleep 0.02\n```\n\n");
    }
    for limit in [24, 48, 64] {
        let test = Test::new().file("a.md", &page);
        let plain = test.command();
        let script = format!("ulimit -n {limit}; exec \"$0\" run a.md --jobs 50");
        let ran = Command::new("sh")
            .args(["-c", &script])
            .arg(plain.get_program())
            .env_clear()
            .envs(
                plain
                    .get_envs()
                    .filter_map(|(name, value)| Some((name, value?))),
            )
            .current_dir(test.root())
            .output()
            .expect("sh starts");
        let said = String::from_utf8_lossy(&ran.stderr);
        let code = ran.status.code();
        assert!(
            code == Some(0) || (limit == 24 && matches!(code, Some(1..=4))),
            "{limit}: {code:?} {said}"
        );
        assert!(!said.contains("bug"), "{limit}: {said}");
    }
}

/// Guard: `Writer::each_sink`, which drops a view that fails and goes on.
#[test]
fn a_reader_of_ours_that_leaves_stops_no_step() {
    let test = Test::new().file(
        "a.md",
        "```bash {#a}\nyes | head -c 300000 || true\n```\n\n```bash {#b}\ntouch b\n```\n",
    );
    let test = test.args(["run", "a.md", "--output", "full"]);
    let mut child = test
        .command()
        .stdin(Stdio::null())
        .spawn()
        .expect("it starts");
    drop(child.stdout.take());
    let _ = child.wait_with_output().expect("it ends");
    assert!(
        Path::new(&test.root().join("b")).exists(),
        "the run went on"
    );
}

/// Guards: `Stdin::Null`, and `Group::wants_terminal`.
#[test]
fn a_step_that_reads_gets_an_end() {
    within(10, "```bash {#a}\nread -r x || true\ncat\n```\n", 0);
}
