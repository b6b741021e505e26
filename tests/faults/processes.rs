//! Steps whose processes misbehave.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::limits::under;
use crate::power::library;
use crate::support::{Ran, Test};

/// Runs a page and checks that it took no longer than it may.
#[track_caller]
pub(crate) fn within(seconds: u64, page: &str, status: i32) -> Ran {
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
pub(crate) fn alive(mark: &str) -> usize {
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

/// Guards: `shell::stop`, KILL after the grace; `start`, which gives each step a group of its own,
/// so that all of it gets it.
#[test]
fn a_step_that_ignores_term_is_killed() {
    let mark = format!("71.{}", std::process::id());
    let page = format!(
        "```bash {{#a timeout=300ms}}\ntrap '' TERM\necho begun\nsleep {mark} & while :; do sleep {mark}; done\n```\n"
    );
    within(20, &page, 1);
    assert_eq!(alive(&mark), 0, "something of the group is left");
}

/// Guards: `Pipes::drain`, which waits no longer than `QUIET` for pipes that others hold, and no
/// longer than `LATE` where they keep writing.
#[test]
fn a_daemon_that_keeps_the_pipes_holds_up_nothing() {
    within(
        15,
        "```bash {#a}\nsetsid sleep 20 &\necho one\n```\n\n```bash {#b}\n\
         setsid sh -c 'for i in $(seq 1000); do echo late; sleep 0.02; done' & echo two\n```\n",
        0,
    );
}

/// Guards: `Pipes::pass`, which closes the one pipe that is at its end, so that it is neither read
/// again and again nor the other one forgotten; `attend`, for which only the process's end is one.
#[test]
fn a_step_that_closes_its_streams_ends_as_it_says() {
    let test = Test::new().file(
        "a.md",
        "```bash {#a}\necho one\nexec >&- 2>&- <&-\nsleep 1.5\nexit 7\n```\n",
    );
    let test = test.args(["run", "a.md"]);
    let watched = watch(test.command());
    assert_eq!(watched.status, 1);
    assert!(
        watched.computed < 70,
        "it computed for {}0 ms while it had nothing to do",
        watched.computed
    );
    let ran = test.args(["show", "last", "--format", "json"]).run();
    let entries = ran.entries();
    let end = entries
        .iter()
        .find(|entry| entry["event"] == "step-finished");
    assert_eq!(end.expect("it ended")["code"], 7, "{}", ran.text);
    for (closed, other) in [(1, 2), (2, 1)] {
        let page = format!(
            "```bash {{#a timeout=10s}}\nexec {closed}>&-\nsleep 0.2\nseq 100000 >&{other}\n```\n"
        );
        let ran = within(15, &page, 0);
        assert!(ran.journals()[0].contains("99999\\n100000\""), "{page}");
    }
    within(
        15,
        "```bash {#a}\nexec >&- 2>&-\ntrue\n```\n\n```bash {#b}\ntrue\n```\n",
        0,
    );
}

/// What was seen of the program while it ran.
pub(crate) struct Watched {
    pub(crate) status: i32,
    /// The largest resident size, in MiB.
    pub(crate) peak: u64,
    /// How long it computed, in hundredths of a second.
    pub(crate) computed: u64,
}

/// Runs the program to its end and looks at it meanwhile.
pub(crate) fn watch(mut command: Command) -> Watched {
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("it starts");
    let process = PathBuf::from(format!("/proc/{}", child.id()));
    let of = |file: &str| fs::read_to_string(process.join(file));
    let seen = |watched: &mut Watched| {
        let size = of("status").unwrap_or_default();
        let size = size.lines().find(|line| line.starts_with("VmHWM:"));
        let size = size.and_then(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok());
        watched.peak = watched.peak.max(size.unwrap_or(0) / 1024);
        // proc_pid_stat(5): `utime` and `stime` are the 14th and the 15th field.
        let stat = of("stat").unwrap_or_default();
        let fields = stat.rsplit_once(')').map_or("", |(_, fields)| fields);
        let times = fields.split_whitespace().skip(11).take(2);
        let computed = times.filter_map(|field| field.parse::<u64>().ok()).sum();
        watched.computed = watched.computed.max(computed);
    };
    let mut watched = Watched {
        status: -1,
        peak: 0,
        computed: 0,
    };
    loop {
        seen(&mut watched);
        if let Some(status) = child.try_wait().expect("it can be waited for") {
            watched.status = status.code().unwrap_or(-1);
            return watched;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// The folder of the only run.
pub(crate) fn run_of(test: &Test) -> PathBuf {
    let mut runs = fs::read_dir(test.root().join("home/runs")).expect("there are runs");
    let run = runs.next().expect("there is one");
    run.expect("it can be read").path()
}

/// Guards: `exec::output` (`INLINE`, `TAIL`, `KEPT`; `LINE`, without which the journal has nothing
/// of a long line but its end).
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
        let test = Test::new().file("a.md", page).args(["run", "a.md"]);
        let Watched { status, peak, .. } = watch(test.command());
        assert_eq!(status, 0, "{what}");
        assert!(peak < 160, "{what}: {peak} MiB resident");
        let size = |file: &str| {
            run_of(&test)
                .join(file)
                .metadata()
                .expect("it is kept")
                .len()
        };
        assert_eq!(size("output/a.stdout"), 200_000_000, "{what}");
        let journal = size("journal.jsonl");
        assert!(
            (150_000..2_000_000).contains(&journal),
            "{what}: a journal of {journal} bytes"
        );
    }
}

/// Guard: `Pipes::drain`: what left the leader's group, which alone is ended, is not waited for.
#[test]
fn a_step_that_leaves_its_group_is_not_waited_for() {
    within(
        15,
        "```bash {#a timeout=500ms allow-failure}\nset -m\nsleep 4 &\nsetsid sleep 4 &\nsleep 60\n```\n\n\
         ```python {#b timeout=5s}\nimport os, time\nif os.fork() == 0:\n    os.setsid()\n    time.sleep(25)\n    os._exit(0)\n```\n",
        0,
    );
}

/// The same where each write of the journal takes longer than the step; `None` where none can.
pub(crate) fn with_slow_writes(test: Test) -> Option<Test> {
    let library = library()?.to_str().expect("it is text");
    Some(test.env("LD_PRELOAD", library).env("FAULT_WRITE", "0 150"))
}

/// Checks that the program was killed, and that the journal ends with the start of a step.
#[track_caller]
pub(crate) fn was_killed_in(ran: &Ran, step: &str) {
    assert_eq!(ran.status, 137, "{}", ran.text);
    let entries = ran.entries();
    let last = entries.last().expect("there are entries");
    assert_eq!(
        (&last["event"], &last["step"]),
        (&"step-started".into(), &step.into())
    );
}

/// Guard: write-ahead (`Context::commit`): `step-started` was on disk before the step could do it,
/// also where writing takes longer than the step.
#[test]
fn a_step_that_kills_us_leaves_a_journal_that_verifies() {
    let page = "```bash {#a}\necho one\n```\n\n```bash {#b}\nkill -9 $PPID\nsleep 5\n```\n";
    let mut tests = vec![Test::new()];
    tests.extend(with_slow_writes(Test::new()));
    for test in tests {
        let ran = test.file("a.md", page).args(["run", "a.md"]).run();
        was_killed_in(&ran, "b");
        let ran = ran
            .then(["verify", "last"])
            .run()
            .ends(0)
            .says("the run has no end");
        let ran = ran.then(["show", "last"]).run().ends(0).says("unfinished");
        ran.then(["runs"]).run().ends(0);
    }
}

/// Steps that may run all at once.
fn parallel(number: usize, text: &str) -> String {
    let mut page = String::from("# T\n<!-- runbook: parallel -->\n\n");
    for step in 0..number {
        page += &format!("```bash {{#s{step}}}\n{text}\n```\n\n");
    }
    page
}

/// Guards: `run::jobs`, as most systems have 1,024 descriptors, and `exec::schedule`, which starts
/// what there is a turn for.
#[test]
fn a_thousand_steps_at_once() {
    let test = Test::new().file("a.md", parallel(1000, "sleep 1"));
    let test = test.args(["run", "a.md", "--jobs", "1000", "--output", "none"]);
    let ran = under("ulimit -n 1024", &test);
    assert!(ran.status.success(), "{ran:?}");
    let ran = test.args(["verify", "last"]).run().ends(0);
    let passed = ran
        .entries()
        .iter()
        .filter(|entry| entry["event"] == "step-finished" && entry["status"] == "passed")
        .count();
    assert_eq!(passed, 1000);
}

/// Guards: `run::jobs`, which asks `getrlimit` how many descriptors there are and counts those of a
/// step in a warm shell, of which many steps have many; `exec::schedule`, which starts no more
/// steps at once than that.
#[test]
fn few_file_descriptors() {
    for (limit, steps, text) in [
        (24, 50, "sleep 0.02"),
        (48, 50, "sleep 0.02"),
        (64, 50, "sleep 0.02"),
        (128, 500, "sleep 0.1"),
    ] {
        let test = Test::new().file("a.md", parallel(steps, text));
        let test = test.args(["run", "a.md", "--jobs", "500"]);
        let ran = under(&format!("ulimit -n {limit}"), &test);
        let said = String::from_utf8_lossy(&ran.stderr);
        let code = ran.status.code();
        assert!(
            code == Some(0) || (limit == 24 && matches!(code, Some(1..=4))),
            "{limit}: {code:?} {said}{}",
            String::from_utf8_lossy(&ran.stdout)
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

/// Guard: `Stdin::Null`: what is typed is ours, and no step waits for it.
#[test]
fn a_step_that_reads_gets_an_end() {
    let page = "```bash {#a timeout=5s}\nread -r x || true\ncat\necho \"<$x>\"\n```\n";
    let test = Test::new().file("a.md", page).args(["run", "a.md"]);
    let mut child = test.command().spawn().expect("it starts");
    let mut typed = child.stdin.take().expect("a pipe");
    typed.write_all(b"typed\n").expect("it can be written");
    let ran = child.wait_with_output().expect("it ends");
    drop(typed);
    let shown = String::from_utf8_lossy(&ran.stdout);
    assert!(ran.status.success() && shown.contains("<>"), "{shown}");
}

/// Guard: `Group::wants_terminal`, which sees that a step was stopped and will wait for ever.
#[test]
fn a_step_that_reads_the_terminal_is_ended() {
    let known = Command::new("script").arg("--version").output();
    if !known.is_ok_and(|known| String::from_utf8_lossy(&known.stdout).contains("util-linux")) {
        eprintln!("skipped: script of util-linux is not installed");
        return;
    }
    let test = Test::new().file("a.md", "```bash {#a}\nread -r x </dev/tty\n```\n");
    let plain = test.command();
    let program = format!(
        "timeout --foreground 20 {} run a.md 2>&1",
        plain.get_program().to_string_lossy()
    );
    let ran = Command::new("script")
        .args(["-q", "-e", "-c", &program, "/dev/null"])
        .envs(
            plain
                .get_envs()
                .filter_map(|(name, value)| Some((name, value?))),
        )
        .current_dir(test.root())
        .stdin(Stdio::piped())
        .output()
        .expect("script starts");
    let shown = String::from_utf8_lossy(&ran.stdout);
    assert_eq!(ran.status.code(), Some(1), "{shown}");
    assert!(shown.contains("ended by signal 21"), "{shown}");
}
