//! A disk that fails at each write and each sync, and a power cut at each of them.
//!
//! `disk.c` stands between the program and its journal (`LD_PRELOAD`), so that each place can be
//! hit, and only what a sync brought to disk outlives a power cut.

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;
use std::time::Duration;

use crate::disks::nothing_unrecorded;
use crate::processes::{Watched, watch};
use crate::support::Test;

/// The library, made by the system's C compiler.
pub(crate) fn library() -> Option<&'static Path> {
    static MADE: OnceLock<Option<PathBuf>> = OnceLock::new();
    let made = MADE.get_or_init(|| {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/faults/disk.c");
        let library = Path::new(env!("CARGO_TARGET_TMPDIR")).join("disk.so");
        let done = Command::new("cc")
            .args(["-shared", "-fPIC", "-o"])
            .args([&library, &source])
            .output();
        let works = cfg!(target_os = "linux") && done.is_ok_and(|done| done.status.success());
        works.then_some(library)
    });
    if made.is_none() {
        eprintln!("skipped: cc makes no library here");
    }
    made.as_deref()
}

/// Steps that leave a line in `marks` each time that they run.
const PAGE: &str = r#"
```bash {#first idempotent}
echo run >> "$ROOT/marks/first"
export NAME=alpha
```

```rhai {#look idempotent}
let found = run(["sh", "-c", "echo run >> $ROOT/marks/look; echo a; echo b"]).lines();
```

```bash {#second idempotent}
echo run >> "$ROOT/marks/second"
echo "$NAME ${{ found[1] }}" > "$ROOT/out"
seq 1 400
```

```bash {#flaky retry=2 delay=5ms idempotent}
echo run >> "$ROOT/marks/flaky"
test "$(wc -l < "$ROOT/marks/flaky")" -ge 2
```

```bash {#last always idempotent}
echo run >> "$ROOT/marks/last"
echo "$NAME ${{ found[0] }}" >> "$ROOT/out"
```
"#;

struct Ground {
    test: Test,
    library: &'static Path,
}

impl Ground {
    fn new() -> Option<Self> {
        let library = library()?;
        let test = Test::new().file("a.md", PAGE).folder("marks");
        Some(Self { test, library })
    }

    fn root(&self) -> &Path {
        self.test.root()
    }

    fn call(&self, arguments: &[&str], faults: &[(&str, &str)]) -> Output {
        self.test
            .command()
            .args(arguments)
            .env("ROOT", self.root())
            .env("LD_PRELOAD", self.library)
            .env("FAULT_LOG", self.root().join("log"))
            .envs(faults.iter().copied())
            .stdin(std::process::Stdio::null())
            .output()
            .expect("the program starts")
    }

    fn log(&self) -> String {
        fs::read_to_string(self.root().join("log")).unwrap_or_default()
    }

    fn journal(&self) -> String {
        let runs = fs::read_dir(self.root().join("home/runs"));
        let run = runs.into_iter().flatten().flatten().next();
        run.and_then(|run| fs::read(run.path().join("journal.jsonl")).ok())
            .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
            .unwrap_or_default()
    }

    /// How often each step ran.
    fn marks(&self) -> BTreeMap<String, usize> {
        fs::read_dir(self.root().join("marks"))
            .expect("the folder is there")
            .map(|entry| {
                let entry = entry.expect("an entry can be read");
                let text = fs::read_to_string(entry.path()).expect("it is a text");
                (
                    entry.file_name().to_string_lossy().into_owned(),
                    text.lines().count(),
                )
            })
            .collect()
    }
}

/// How often a whole run writes and syncs its journal.
fn counted(word: &str) -> Option<usize> {
    let ground = Ground::new()?;
    let ran = ground.call(&["run", "a.md"], &[]);
    assert!(ran.status.success(), "{ran:?}");
    let log = ground.log();
    let count = log.lines().filter(|line| line.starts_with(word)).count();
    assert!(count >= 6, "{log}");
    Some(count)
}

/// Goes down by a fault, sees what outlived it, and goes on from there.
#[track_caller]
fn goes_down_and_on(variable: &str, fault: &str) {
    let Some(ground) = Ground::new() else { return };
    let ran = ground.call(&["run", "a.md"], &[(variable, fault)]);
    // What it had started goes on without it for a moment.
    std::thread::sleep(Duration::from_millis(100));
    let place = format!("{variable}={fault}");
    let (before, marks) = (ground.journal(), ground.marks());
    if ran.status.code().is_some() {
        // A run is not the same to the last write: it ended before.
        assert!(ran.status.success(), "{place}: {ran:?}");
        return;
    }
    let names: Vec<String> = marks.keys().cloned().collect();
    nothing_unrecorded(&before, &names);
    let kept = before.rfind('\n').map_or("", |end| &before[..=end]);
    let passed: Vec<String> = kept
        .lines()
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
        .filter(|entry| entry["event"] == "step-finished" && entry["status"] == "passed")
        .filter_map(|entry| Some(entry["step"].as_str()?.to_owned()))
        .collect();
    if !kept.is_empty() {
        let verified = ground.call(&["verify", "last"], &[]);
        assert!(verified.status.success(), "{place}: {verified:?}\n{before}");
    }
    let next: &[&str] = if kept.is_empty() {
        assert!(marks.is_empty(), "{place}: {marks:?}");
        &["run", "a.md"]
    } else {
        &["resume", "last", "--yes"]
    };
    let whole = kept.contains("\"run-finished\"");
    let resumed = ground.call(next, &[]);
    let said = String::from_utf8_lossy(&resumed.stderr).into_owned();
    assert!(
        whole || resumed.status.success(),
        "{place}: {said}\n{before}"
    );
    let now = ground.marks();
    assert_eq!(now.len(), 5, "{place}: {now:?}");
    for step in passed {
        assert_eq!(
            now.get(&step),
            marks.get(&step),
            "{place}: `{step}` passed and ran again"
        );
    }
    let out = fs::read_to_string(ground.root().join("out")).expect("it was written");
    assert!(
        out.starts_with("alpha b\n") && out.ends_with("alpha a\n"),
        "{place}: {out}"
    );
    let verified = ground.call(&["verify", "last"], &[]);
    assert!(verified.status.success(), "{place}: {verified:?}");
}

/// Guards: `Writer::append`'s `sync_data`, `Context::commit` before each start, and `Stopped`,
/// which takes a torn line away.
#[test]
fn the_power_fails_at_each_sync_and_the_run_goes_on_to_the_same_end() {
    let Some(syncs) = counted("synced") else {
        return;
    };
    for number in 1..=syncs {
        for fault in ["cut", "torn"] {
            goes_down_and_on("FAULT_SYNC", &format!("{number} {fault}"));
        }
    }
}

/// Guards: `Context::commit` before each start, and `Stopped`, which takes a torn line away.
#[test]
fn a_kill_inside_of_each_write_and_the_run_goes_on_to_the_same_end() {
    let Some(writes) = counted("wrote") else {
        return;
    };
    for number in 1..=writes {
        goes_down_and_on("FAULT_WRITE", &format!("{number} kill"));
    }
}

/// Guards: `verify_up_to`, for which a part of a seal is none; `Walk::end`, which tells of one that is
/// whole and wrong.
#[test]
fn a_seal_that_was_cut_off_is_none() {
    let Some(ground) = Ground::new() else { return };
    let ran = ground.call(&["run", "a.md"], &[]);
    assert!(ran.status.success(), "{ran:?}");
    let run = fs::read_dir(ground.root().join("home/runs"));
    let run = run.expect("there are runs").next().expect("there is one");
    let seal = run.expect("it can be read").path().join("journal.seal");
    let whole = fs::read_to_string(&seal).expect("it is there");
    for length in [0, 1, 64, 66, whole.len() - 1] {
        fs::write(&seal, &whole[..length]).expect("it can be written");
        let verified = ground.call(&["verify", "last"], &[]);
        assert!(verified.status.success(), "{length}: {verified:?}");
    }
    fs::write(&seal, whole.replacen(&whole[..4], "0000", 1)).expect("it can be written");
    assert_eq!(ground.call(&["verify", "last"], &[]).status.code(), Some(4));
    // With a part of a seal beside it, a journal takes a note as it does without one.
    fs::write(&seal, &whole[..9]).expect("it can be written");
    let noted = ground.call(&["note", "last", "x"], &[]);
    assert!(noted.status.success(), "{noted:?}");
    assert!(ground.call(&["verify", "last"], &[]).status.success());
}

/// Guards: `Writer::write`, whose first error is kept (`failed`), and `Context::commit`, which
/// starts nothing behind it.
#[test]
fn a_disk_that_refuses_a_write_or_a_sync_is_told_and_stops_the_run() {
    for (variable, errno, said) in [
        ("FAULT_WRITE", 28, "No space left"),
        ("FAULT_WRITE", 30, "Read-only file system"),
        ("FAULT_WRITE", 122, "Disk quota exceeded"),
        ("FAULT_SYNC", 5, "Input/output error"),
    ] {
        for number in [1, 2, 4] {
            let Some(ground) = Ground::new() else { return };
            let ran = ground.call(
                &["run", "a.md", "--keep-going"],
                &[(variable, &format!("{number} {errno}"))],
            );
            let told = String::from_utf8_lossy(&ran.stderr);
            let place = format!("{variable}={number} {errno}: {told}");
            assert_eq!(ran.status.code(), Some(4), "{place}");
            assert!(told.contains(said) && !told.contains("bug"), "{place}");
            let names: Vec<String> = ground.marks().into_keys().collect();
            assert!(names.len() < 5, "{place}: {names:?}");
            nothing_unrecorded(&ground.journal(), &names);
        }
    }
}

/// Guards: `Beside::close`, which gives the first error of its writer and of its disk, and
/// `Recording::close`, which vouches only for what is whole.
#[test]
fn a_disk_that_refuses_an_output_is_told_and_nothing_vouches_for_it() {
    for (variable, errno, said) in [
        ("FAULT_WRITE", 28, "No space left"),
        ("FAULT_SYNC", 5, "Input/output error"),
    ] {
        for number in [1, 3] {
            let Some(ground) = Ground::new() else { return };
            let page = "```bash {#long}\nhead -c 40000000 /dev/zero | tr '\\0' x\n```\n";
            fs::write(ground.root().join("a.md"), page).expect("it can be written");
            let fault = format!("{number} {errno}");
            let faults = [("FAULT_OUTPUT", "1"), (variable, fault.as_str())];
            let ran = ground.call(&["run", "a.md"], &faults);
            let told = String::from_utf8_lossy(&ran.stdout);
            let place = format!("{variable}={fault}: {told}");
            assert!(
                told.contains("could not be kept") && told.contains(said),
                "{place}"
            );
            assert!(!ground.journal().contains("output-kept"), "{place}");
            let verified = ground.call(&["verify", "last"], &[]);
            assert!(verified.status.success(), "{place}: {verified:?}");
        }
    }
}

/// Answers one request after it has noted a line.
fn noting(log: PathBuf, line: &'static str) -> String {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port of loopback is free");
    let port = listener.local_addr().expect("it is bound").port();
    std::thread::spawn(move || {
        let (mut client, _) = listener.accept().expect("somebody asks");
        let log = OpenOptions::new().append(true).open(log);
        let _ = writeln!(log.expect("there is a log"), "{line}");
        let _ = client.read(&mut [0; 4096]);
        let _ = client.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    });
    format!("http://127.0.0.1:{port}")
}

/// Guards: `Context::commit` waits for the disk before each start and each call (`Runner`,
/// `StepHost`); `store::make` and `recorder::create` bring the names of the folders there.
#[test]
fn a_slow_disk_holds_each_start_until_its_entry_is_there() {
    let Some(ground) = Ground::new() else { return };
    let log = ground.root().join("log");
    // Each leaves the text of the entry that must be on disk by then.
    let note = |entry: &str| format!("echo 'ran {entry}' >> '{}'", log.display());
    let mut page = String::new();
    for step in 0..4 {
        // Its own time begins when it starts, and not when the disk is asked.
        page += &format!(
            "```bash {{#s{step} timeout=5s}}\n{}\n```\n\n",
            note(&format!("\"event\":\"step-started\",\"step\":\"s{step}\""))
        );
    }
    let call = note("\"event\":\"called\",\"step\":\"c\",\"call\":1");
    page += &format!("```rhai {{#c}}\nsh(`{call}`);\nhttp::get(env(\"BASE\"));\n```\n");
    fs::write(ground.root().join("a.md"), page).expect("it can be written");
    let base = noting(log, "ran \"event\":\"called\",\"step\":\"c\",\"call\":2");
    let faults = [("FAULT_SYNC", "0 120"), ("BASE", &base)];
    let ran = ground.call(&["run", "a.md"], &faults);
    assert!(ran.status.success(), "{ran:?}");
    let (journal, log) = (ground.journal(), ground.log());
    let mut synced = 0;
    let mut folders = Vec::new();
    let mut seen = 0;
    for line in log.lines() {
        match line.split_once(' ') {
            Some(("synced", bytes)) => synced = bytes.parse().expect("a number"),
            Some(("folder", path)) => folders.push(path),
            Some(("ran", entry)) => {
                let at = journal.find(entry).expect("its entry is there");
                let end = at + journal[at..].find('\n').expect("a whole line") + 1;
                assert!(
                    synced >= end,
                    "{entry} ran when {synced} bytes were on disk, and it ends at {end}"
                );
                // A file is found again only where each new folder above it is on disk.
                for folder in ["", "/home", "/home/runs"] {
                    let folder = format!("{}{folder}", ground.root().display());
                    assert!(
                        folders.contains(&&*folder),
                        "{folder} is not in {folders:?}"
                    );
                }
                seen += 1;
            }
            _ => {}
        }
    }
    assert_eq!(seen, 6, "{log}");
}

/// Guard: `Beside`, of which no more than `WAITING` pieces wait for the disk.
#[test]
fn a_slow_disk_holds_up_long_output_and_not_our_memory() {
    let Some(ground) = Ground::new() else { return };
    let page = "```bash {#a}\nhead -c 250000000 /dev/zero | tr '\\0' x\n```\n";
    fs::write(ground.root().join("a.md"), page).expect("it can be written");
    let mut command = ground.test.command();
    command.args(["run", "a.md"]);
    command.envs([("FAULT_OUTPUT", "1"), ("FAULT_WRITE", "0 1")]);
    command.env("LD_PRELOAD", ground.library);
    let Watched { status, peak, .. } = watch(command);
    assert_eq!(status, 0);
    assert!(peak < 160, "{peak} MiB resident");
}

/// Guard: `Live::elapsed`, of a clock that nobody moves; nothing computes with the one that is shown.
#[test]
fn a_clock_that_steps_back_an_hour_disturbs_nothing() {
    let Some(ground) = Ground::new() else { return };
    let clock = ground.root().join("clock");
    let page = "```bash {#a timeout=1m}\necho -3600 > clock\n```\n\n```bash {#b retry=2 delay=5ms}\n\
                test -e again || { touch again; echo -7200 > clock; false; }\n```\n\n```rhai {#c}\nsleep(\"10ms\");\n```\n";
    fs::write(ground.root().join("a.md"), page).expect("it can be written");
    fs::write(&clock, "0").expect("it can be written");
    let faults = [("FAULT_CLOCK", clock.to_str().expect("it is text"))];
    for arguments in [
        &["run", "a.md"][..],
        &["verify", "last"],
        &["show", "last"],
        &["runs"],
        &["replay", "last", "--speed", "100"],
    ] {
        let ran = ground.call(arguments, &faults);
        assert!(ran.status.success(), "{arguments:?}: {ran:?}");
    }
    let times: Vec<String> = ground
        .journal()
        .lines()
        .map(|line| {
            let entry: serde_json::Value = serde_json::from_str(line).expect("it is JSON");
            entry["at"].as_str().expect("a time").to_owned()
        })
        .collect();
    assert!(!times.is_sorted(), "the clock was moved: {times:?}");
    // Lengths are of a clock that nobody moves.
    for line in ground.journal().lines() {
        let entry: serde_json::Value = serde_json::from_str(line).expect("it is JSON");
        let elapsed = entry["elapsed_ms"].as_u64().unwrap_or(0);
        assert!(elapsed < 600_000, "{line}");
    }
}
