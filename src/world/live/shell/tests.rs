//! Real processes: how they start, speak, and are ended.

#![expect(
    clippy::disallowed_methods,
    reason = "how long a process lives is what is tested"
)]

mod warm;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::credentials::Environment;
use crate::world::{End, Exit, Origin, Process, SpawnError, Stdin, streams};

fn environment() -> Environment {
    let mut environment = Environment::default();
    environment.set("PATH", "/usr/local/bin:/usr/bin:/bin");
    environment
}

fn process(argv: &[&str]) -> Process {
    Process {
        origin: Origin::default(),
        argv: argv.iter().map(OsString::from).collect(),
        environment: environment(),
        directory: PathBuf::from("/"),
        stdin: Stdin::Null,
        timeout: None,
        grace: Duration::from_millis(300),
        script: None,
    }
}

fn sh(script: &str) -> Process {
    process(&["sh", "-c", script])
}

/// Runs a process and gathers what it wrote.
async fn gather(
    process: Process,
    cancel: CancellationToken,
) -> (Result<Exit, SpawnError>, Vec<u8>, Vec<u8>) {
    let (sender, receiver) = mpsc::channel(16);
    let reading = streams(receiver);
    let (exit, (stdout, stderr)) = tokio::join!(super::run(process, sender, cancel), reading);
    (exit, stdout, stderr)
}

async fn run(process: Process) -> (Exit, Vec<u8>, Vec<u8>) {
    let (exit, stdout, stderr) = gather(process, CancellationToken::new()).await;
    (exit.unwrap(), stdout, stderr)
}

/// How many processes have `marker` among their arguments.
fn alive(marker: &str) -> usize {
    if !Path::new("/proc/self/cmdline").exists() {
        eprintln!("skipped: there is no /proc");
        return 0;
    }
    std::fs::read_dir("/proc")
        .unwrap()
        .flatten()
        .filter_map(|entry| std::fs::read(entry.path().join("cmdline")).ok())
        .filter(|cmdline| {
            cmdline
                .split(|byte| *byte == 0)
                .any(|argument| argument == marker.as_bytes())
        })
        .count()
}

/// A number of seconds that no other test sleeps for.
fn marker(number: u32) -> String {
    format!("3{:05}{number:02}", std::process::id() % 100_000)
}

/// Waits for `count` processes with the marker.
async fn until_alive(marker: &str, count: usize) {
    for _ in 0..500 {
        if alive(marker) == count {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("{} processes, not {count}", alive(marker));
}

#[tokio::test]
async fn output_and_status_are_passed_on() {
    let (exit, stdout, stderr) = run(sh("echo out; echo err >&2; exit 7")).await;
    assert_eq!(exit.end, End::Code(7));
    assert_eq!(stdout, b"out\n");
    assert_eq!(stderr, b"err\n");
}

#[tokio::test]
async fn bytes_that_are_no_text_are_kept() {
    let (_, stdout, _) = run(sh(r"printf '\377\000\200'")).await;
    assert_eq!(stdout, b"\xff\0\x80");
}

#[tokio::test]
async fn a_signal_of_its_own_is_told_apart() {
    let (exit, ..) = run(sh("kill -KILL $$")).await;
    assert_eq!(exit.end, End::Signal(9));
}

#[tokio::test]
async fn the_environment_is_all_it_gets() {
    let mut process = process(&["env"]);
    process.environment.set("A", "b c");
    let (_, stdout, _) = run(process).await;
    assert_eq!(
        String::from_utf8(stdout).unwrap(),
        "A=b c\nPATH=/usr/local/bin:/usr/bin:/bin\n"
    );
}

#[tokio::test]
async fn a_program_is_found_on_the_path_that_it_gets() {
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("greet");
    std::fs::write(&program, "#!/bin/sh\necho \"hello from $PWD\"\n").unwrap();
    std::fs::set_permissions(
        &program,
        std::os::unix::fs::PermissionsExt::from_mode(0o755),
    )
    .unwrap();
    let mut greet = process(&["greet"]);
    greet.environment.set("PATH", folder.path());
    let (exit, stdout, _) = run(greet).await;
    assert_eq!(
        (exit.end, &stdout[..]),
        (End::Code(0), &b"hello from /\n"[..])
    );

    let mut relative = process(&["./greet"]);
    relative.directory = folder.path().to_owned();
    assert_eq!(run(relative).await.0.end, End::Code(0));

    let mut ours = process(&["cat"]);
    ours.environment.set("PATH", folder.path());
    let error = gather(ours, CancellationToken::new()).await.0.unwrap_err();
    assert_eq!(
        error.to_string(),
        "`cat` is not installed (not found on PATH)"
    );
}

#[tokio::test]
async fn what_cannot_be_started_says_why() {
    async fn case(process: Process, expected: &str) {
        let error = gather(process, CancellationToken::new())
            .await
            .0
            .unwrap_err();
        assert_eq!(error.to_string(), expected);
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("broken");
    let name = path.to_str().unwrap();
    std::fs::write(&path, "#!/no/such/interpreter\n").unwrap();
    case(
        process(&[]),
        "`` could not be started: no program was named",
    )
    .await;
    case(
        process(&[name]),
        &format!("`{name}` could not be started: Permission denied (os error 13)"),
    )
    .await;
    std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    case(
        process(&[name]),
        &format!(
            "`{name}` could not be started: the interpreter that its first line (`#!`) names \
             does not exist"
        ),
    )
    .await;
    let mut nowhere = sh(":");
    nowhere.directory = "/no/such/place".into();
    case(nowhere, "the directory `/no/such/place` does not exist").await;
    case(
        process(&["true", &"x".repeat(8 << 20)]),
        "`true` could not be started: its arguments and environment are too long for the \
         system; pass what is long in a file or on standard input",
    )
    .await;
}

#[tokio::test]
async fn a_large_input_and_a_large_output_at_once_do_not_block() {
    let bytes: Vec<u8> = (0..3_000_000_u32).map(|byte| (byte % 251) as u8).collect();
    let mut cat = process(&["cat"]);
    cat.stdin = Stdin::Bytes(bytes.clone());
    let (exit, stdout, _) = run(cat).await;
    assert_eq!(exit.end, End::Code(0));
    assert!(stdout == bytes, "the bytes changed");
}

#[tokio::test]
async fn an_input_that_nobody_reads_is_no_error() {
    let mut process = process(&["true"]);
    process.stdin = Stdin::Bytes(vec![0; 1 << 20]);
    assert_eq!(run(process).await.0.end, End::Code(0));
}

#[tokio::test]
async fn an_empty_input_is_at_its_end() {
    let mut process = process(&["cat"]);
    process.stdin = Stdin::Bytes(Vec::new());
    assert_eq!(run(process).await.0.end, End::Code(0));
}

#[tokio::test]
async fn a_timeout_ends_the_group() {
    let marker = marker(1);
    let mut process = sh(&format!(
        "(sleep {marker} & sleep {marker}) & sleep {marker}"
    ));
    process.timeout = Some(Duration::from_millis(200));
    process.grace = Duration::from_secs(5);
    let began = Instant::now();
    let (exit, ..) = run(process).await;
    assert_eq!(exit.end, End::TimedOut);
    assert!(began.elapsed() < Duration::from_secs(4), "{exit:?}");
    until_alive(&marker, 0).await;
}

#[tokio::test]
async fn a_group_that_ignores_term_is_killed() {
    let marker = marker(2);
    let mut process = sh(&format!(
        "trap '' TERM; sleep {marker} & sleep {marker}; sleep {marker}"
    ));
    process.timeout = Some(Duration::from_millis(100));
    let (exit, ..) = run(process).await;
    assert_eq!(exit.end, End::TimedOut);
    assert!(exit.elapsed >= Duration::from_millis(400), "{exit:?}");
    assert!(exit.elapsed < Duration::from_secs(3), "{exit:?}");
    until_alive(&marker, 0).await;
}

#[tokio::test]
async fn a_grandchild_that_ignores_term_is_killed_when_its_parent_is_gone() {
    let marker = marker(3);
    let mut process = sh(&format!("(trap '' TERM; sleep {marker}) & sleep {marker}"));
    process.timeout = Some(Duration::from_millis(100));
    run(process).await;
    until_alive(&marker, 0).await;
}

#[tokio::test]
async fn cancelling_ends_the_group_and_keeps_its_last_words() {
    let marker = marker(4);
    let process = sh(&format!(
        "trap 'echo bye; exit 0' TERM; echo hello; sleep {marker} & wait"
    ));
    let cancel = CancellationToken::new();
    let stopping = async {
        until_alive(&marker, 1).await;
        cancel.cancel();
    };
    let ((exit, stdout, _), ()) = tokio::join!(gather(process, cancel.clone()), stopping);
    assert_eq!(exit.unwrap().end, End::Cancelled);
    assert_eq!(stdout, b"hello\nbye\n");
    until_alive(&marker, 0).await;
}

#[tokio::test]
async fn nothing_starts_when_it_was_cancelled_before() {
    let cancel = CancellationToken::new();
    cancel.cancel();
    let (exit, stdout, _) = gather(sh("echo hello"), cancel).await;
    assert_eq!((exit.unwrap().end, &stdout[..]), (End::Cancelled, &b""[..]));
}

#[tokio::test]
async fn a_stopped_process_hears_of_its_end() {
    let mut process = sh("kill -STOP $$");
    process.timeout = Some(Duration::from_millis(100));
    process.grace = Duration::from_secs(5);
    let (exit, ..) = run(process).await;
    assert_eq!(exit.end, End::TimedOut);
    assert!(exit.elapsed < Duration::from_secs(4), "{exit:?}");
}

#[tokio::test]
async fn a_process_that_waits_for_the_terminal_is_ended() {
    let marker = marker(7);
    // What the terminal would send to a background group that reads it.
    let (exit, ..) = run(sh(&format!("sleep {marker} & kill -TTIN 0; echo not"))).await;
    assert_eq!(
        exit.end,
        End::Signal(rustix::process::Signal::TTIN.as_raw())
    );
    until_alive(&marker, 0).await;
}

#[tokio::test]
async fn at_the_terminal_a_process_shares_our_group_and_can_be_ended() {
    let mut at_terminal = sh("exit 3");
    at_terminal.stdin = Stdin::Terminal;
    let (exit, stdout, _) = run(at_terminal).await;
    assert_eq!((exit.end, &stdout[..]), (End::Code(3), &b""[..]));

    let marker = marker(8);
    let mut sleep = process(&["sleep", &marker]);
    sleep.stdin = Stdin::Terminal;
    sleep.timeout = Some(Duration::from_millis(50));
    assert_eq!(run(sleep).await.0.end, End::TimedOut);
    assert_eq!(alive(&marker), 0);
}

#[tokio::test]
async fn dropping_the_future_kills_the_group() {
    let marker = marker(5);
    let process = sh(&format!(
        "trap '' TERM; (sleep {marker} &) ; sleep {marker}"
    ));
    let (sender, _receiver) = mpsc::channel(1);
    {
        let running = super::run(process, sender, CancellationToken::new());
        tokio::select! {
            exit = running => panic!("{exit:?}"),
            () = until_alive(&marker, 2) => {}
        }
    }
    until_alive(&marker, 0).await;
}

#[tokio::test]
async fn a_daemon_that_holds_the_pipe_holds_up_nothing() {
    let marker = marker(6);
    let began = Instant::now();
    let (exit, stdout, _) = run(sh(&format!("sleep {marker} & echo $!"))).await;
    assert_eq!(exit.end, End::Code(0));
    assert!(began.elapsed() < Duration::from_secs(1));
    assert_eq!(alive(&marker), 1, "it was left alone");
    let daemon = String::from_utf8(stdout).unwrap();
    run(sh(&format!("kill {daemon}"))).await;
    until_alive(&marker, 0).await;
}

#[tokio::test]
async fn a_daemon_that_writes_for_ever_is_not_listened_to() {
    let began = Instant::now();
    let (exit, stdout, _) = run(sh("(while :; do echo x; sleep 0.02; done) & echo $! >&2")).await;
    assert_eq!(exit.end, End::Code(0));
    assert!(began.elapsed() < Duration::from_secs(5));
    assert!(stdout.starts_with(b"x\n"));
}

#[tokio::test]
async fn what_comes_right_after_the_end_is_not_lost() {
    let (_, stdout, _) = run(sh("(sleep 0.03; echo late) & echo early")).await;
    assert_eq!(stdout, b"early\nlate\n");
}

#[tokio::test]
async fn a_slow_reader_slows_the_process_down_and_loses_nothing() {
    let (sender, mut receiver) = mpsc::channel(1);
    let process = sh("head -c 1000000 /dev/zero; echo done >&2");
    let running = tokio::spawn(super::run(process, sender, CancellationToken::new()));
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(!running.is_finished());
    let mut bytes = 0;
    while let Some(chunk) = receiver.recv().await {
        bytes += chunk.bytes.len();
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    assert_eq!(bytes, 1_000_005);
    assert_eq!(running.await.unwrap().unwrap().end, End::Code(0));
}

#[tokio::test]
async fn a_process_that_nobody_reads_can_still_be_ended() {
    let (sender, _receiver) = mpsc::channel(1);
    let mut process = process(&["cat", "/dev/zero"]);
    process.timeout = Some(Duration::from_millis(200));
    let exit = super::run(process, sender, CancellationToken::new()).await;
    assert_eq!(exit.unwrap().end, End::TimedOut);
}

#[tokio::test]
async fn a_reader_that_went_away_is_not_noticed_by_the_process() {
    let (sender, receiver) = mpsc::channel(1);
    drop(receiver);
    let process = sh("head -c 1000000 /dev/zero && exit 3");
    let exit = super::run(process, sender, CancellationToken::new()).await;
    assert_eq!(exit.unwrap().end, End::Code(3));
}

#[tokio::test]
async fn both_streams_flow_when_both_are_full() {
    let script = "head -c 20000000 /dev/zero & head -c 20000000 /dev/zero >&2; wait";
    let (exit, stdout, stderr) = run(sh(script)).await;
    assert_eq!(exit.end, End::Code(0));
    assert_eq!((stdout.len(), stderr.len()), (20_000_000, 20_000_000));
}

#[tokio::test(flavor = "multi_thread")]
async fn many_run_side_by_side() {
    let began = Instant::now();
    let running: Vec<_> = (0..300)
        .map(|_| tokio::spawn(run(process(&["sleep", "0.5"]))))
        .collect();
    for run in running {
        assert_eq!(run.await.unwrap().0.end, End::Code(0));
    }
    assert!(began.elapsed() < Duration::from_secs(20));
}
