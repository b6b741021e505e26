//! Scripts in forks of a warm shell: how they end, and that they know nothing of each other.

use std::ffi::OsString;
use std::fs;
use std::time::{Duration, Instant};

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::super::shells::{COST, Shells};
use super::{alive, environment, marker, until_alive};
use crate::world::{End, Exit, Origin, Process, Script, SpawnError, Stdin, streams};

/// Programs in a folder, as the words for what they do need a new shell.
const PROGRAMS: [(&str, &str); 7] = [
    (
        "parent",
        "read -r _ _ _ parent _ </proc/$PPID/stat; echo $parent",
    ),
    ("environ", "tr '\\0' '\\n' </proc/$PPID/environ"),
    ("kill-parent", "sleep 0.1; kill -$1 $PPID; sleep 0.2"),
    (
        "kill-shell",
        "read -r _ _ _ parent _ </proc/$PPID/stat; kill -9 $parent; sleep 0.2; echo on",
    ),
    ("kill-group", "kill -$1 0; sleep 0.2"),
    ("daemon", "sleep $1 >/dev/null 2>&1 &"),
    ("stubborn", "trap '' TERM; sleep $1 & sleep $1"),
];

struct Place {
    folder: tempfile::TempDir,
    shells: Shells,
    /// `$0`, by which this place's shells are known.
    name: String,
}

impl Place {
    /// A place whose shells are warm.
    async fn new(number: u32) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in PROGRAMS {
            let path = folder.path().join(name);
            fs::write(&path, format!("#!/bin/sh\n{text}\n")).unwrap();
            let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
            fs::set_permissions(&path, mode).unwrap();
        }
        let name = format!("page-{}.md", marker(number));
        let place = Self {
            folder,
            shells: Shells::default(),
            name,
        };
        for _ in 0..=COST {
            assert_eq!(place.run(":").await.0.end, End::Code(0));
        }
        place
    }

    fn script(&self, text: &str) -> Process {
        let before = "trap ':' EXIT; set -e -o pipefail\n";
        let all = format!("{before}{text}\n").into_bytes();
        let mut environment = environment();
        environment.set("PWD", self.folder.path());
        let mut argv: Vec<OsString> = ["bash", "--norc", "--noprofile", "-c"]
            .iter()
            .map(OsString::from)
            .collect();
        argv.push(String::from_utf8(all.clone()).unwrap().into());
        argv.push(self.name.clone().into());
        Process {
            origin: Origin::default(),
            argv,
            environment,
            directory: self.folder.path().to_owned(),
            stdin: Stdin::Null,
            timeout: None,
            grace: Duration::from_millis(300),
            script: Some(Script {
                body: before.len()..all.len() - 1,
                text: all,
                name: self.name.clone().into(),
            }),
        }
    }

    async fn gather(
        &self,
        process: Process,
        cancel: CancellationToken,
    ) -> (Result<Exit, SpawnError>, String, String) {
        let (sender, receiver) = mpsc::channel(16);
        let reading = streams(receiver);
        let (exit, (out, err)) = tokio::join!(self.shells.run(process, sender, cancel), reading);
        (
            exit,
            String::from_utf8(out).unwrap(),
            String::from_utf8(err).unwrap(),
        )
    }

    async fn run_process(&self, process: Process) -> (Exit, String, String) {
        let (exit, out, err) = self.gather(process, CancellationToken::new()).await;
        (exit.unwrap(), out, err)
    }

    async fn run(&self, text: &str) -> (Exit, String, String) {
        self.run_process(self.script(text)).await
    }

    /// Whose child the shell of a script is.
    async fn parent(&self) -> String {
        self.run("./parent").await.1.trim().to_owned()
    }

    /// Whether the next script runs in a fork of a warm shell.
    async fn is_warm(&self) -> bool {
        self.parent().await != std::process::id().to_string()
    }
}

/// Whether warm shells can be here.
fn proven() -> bool {
    let version = std::process::Command::new("bash").arg("--version").output();
    let proven = cfg!(target_os = "linux")
        && version.is_ok_and(|told| String::from_utf8_lossy(&told.stdout).contains("version 5.2."));
    if !proven {
        eprintln!("skipped: bash 5.2 on Linux is what warm shells are made of");
    }
    proven
}

#[tokio::test]
async fn the_first_scripts_get_new_shells_and_the_others_one_warm_one() {
    if !proven() {
        return;
    }
    let place = Place::new(20).await;
    let first = place.parent().await;
    assert_ne!(first, std::process::id().to_string());
    assert_eq!(place.parent().await, first);
    let new = Place {
        shells: Shells::default(),
        ..place
    };
    for _ in 0..COST {
        assert!(!new.is_warm().await);
    }
    assert!(new.is_warm().await);
    let fresh = Place {
        shells: Shells::fresh(),
        ..new
    };
    for _ in 0..COST + 2 {
        assert!(!fresh.is_warm().await);
    }
}

#[tokio::test]
async fn a_status_is_told_apart_from_a_signal() {
    if !proven() {
        return;
    }
    let place = Place::new(21).await;
    assert_eq!(place.run("exit 143").await.0.end, End::Code(143));
    assert_eq!(place.run("exit 137").await.0.end, End::Code(137));
    assert_eq!(place.run("exit 255").await.0.end, End::Code(255));
    for name in ["TERM", "KILL", "SEGV", "HUP", "INT", "PIPE", "USR1"] {
        let text = format!("./kill-parent {name}; echo on");
        let warm = place.run(&text).await;
        let fresh = super::run(place.script(&text)).await;
        assert_eq!(
            (warm.0.end, warm.1.as_bytes()),
            (fresh.0.end, &fresh.1[..]),
            "{name}"
        );
    }
    let (exit, ..) = place.run("./kill-group KILL").await;
    assert_eq!(exit.end, End::Signal(9));
    assert!(place.is_warm().await, "the shell itself was spared");
}

#[tokio::test]
async fn a_timeout_ends_this_script_and_no_daemon_of_an_earlier_one() {
    if !proven() {
        return;
    }
    let place = Place::new(22).await;
    let (daemon, grandchild) = (marker(23), marker(24));
    place.run(&format!("./daemon {daemon}")).await;
    let parent = place.parent().await;
    let mut process = place.script(&format!("./stubborn {grandchild}"));
    process.timeout = Some(Duration::from_millis(200));
    let began = Instant::now();
    let (exit, ..) = place.run_process(process).await;
    assert_eq!(exit.end, End::TimedOut);
    assert!(
        began.elapsed() > Duration::from_millis(480),
        "it got its grace"
    );
    until_alive(&grandchild, 0).await;
    assert_eq!(alive(&daemon), 1, "it was left alone");
    assert_eq!(place.parent().await, parent, "the shell goes on");
    let process = place.script(&format!("sleep {grandchild}"));
    let cancel = CancellationToken::new();
    let stopping = async {
        until_alive(&grandchild, 1).await;
        cancel.cancel();
    };
    let ((exit, ..), ()) = tokio::join!(place.gather(process, cancel.clone()), stopping);
    assert_eq!(exit.unwrap().end, End::Cancelled);
    until_alive(&grandchild, 0).await;
    assert_eq!(alive(&daemon), 1, "it was left alone");
    let found = std::process::Command::new("pkill")
        .args(["-f", &daemon])
        .status();
    assert!(found.unwrap().success());
}

#[tokio::test]
async fn dropping_the_future_kills_the_script() {
    if !proven() {
        return;
    }
    let place = Place::new(25).await;
    let grandchild = marker(26);
    let (sender, _receiver) = mpsc::channel(1);
    {
        let process = place.script(&format!("./stubborn {grandchild}"));
        let running = place.shells.run(process, sender, CancellationToken::new());
        tokio::select! {
            exit = running => panic!("{exit:?}"),
            () = until_alive(&grandchild, 3) => {}
        }
    }
    until_alive(&grandchild, 0).await;
    until_alive(&place.name, 0).await;
    assert_eq!(place.run("echo on").await.1, "on\n");
}

#[tokio::test]
async fn a_warm_shell_that_is_killed_takes_its_script_with_it_and_no_other() {
    if !proven() {
        return;
    }
    let place = Place::new(27).await;
    let (exit, ..) = place.run("./kill-shell; echo on").await;
    assert_eq!(exit.end, End::Signal(9));
    for _ in 0..COST {
        assert_eq!(place.run("echo on").await.1, "on\n");
    }
    assert!(place.is_warm().await, "there is another one");
    // One that is killed while it waits is noticed before anything is asked of it.
    let shell = place.parent().await;
    let killed = std::process::Command::new("kill")
        .args(["-9", &shell])
        .status();
    assert!(killed.unwrap().success());
    // A signal takes its time; until then nobody can know of it.
    let is_there = || {
        fs::read_to_string(format!("/proc/{shell}/stat")).is_ok_and(|stat| !stat.contains(") Z"))
    };
    while is_there() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    assert_eq!(place.run("echo on").await.1, "on\n");
}

#[tokio::test]
async fn a_script_that_waits_for_the_terminal_is_ended() {
    if !proven() {
        return;
    }
    let place = Place::new(28).await;
    let (exit, ..) = place.run("./kill-group TTIN; echo not").await;
    assert_eq!(
        exit.end,
        End::Signal(rustix::process::Signal::TTIN.as_raw())
    );
}

#[tokio::test]
async fn nothing_of_one_script_is_in_the_environment_of_another() {
    if !proven() {
        return;
    }
    let place = Place::new(29).await;
    let with = |name: &str, value: &str| {
        let mut process = place.script("env; ./environ");
        process.environment.set(name, value);
        process
    };
    let (_, out, _) = place.run_process(with("TOKEN", "s3cr3t")).await;
    assert!(out.contains("TOKEN=s3cr3t"));
    for _ in 0..3 {
        let (_, out, err) = place.run("env; ./environ; echo \"<$TOKEN>\"").await;
        assert!(!out.contains("s3cr3t") && out.contains("<>"), "{out}{err}");
    }
    // A variable that is another's when a shell starts is left out once it has changed.
    for value in ["1", "2", "3", "4", "5", "6", "7"] {
        let (_, out, _) = place.run_process(with("LANGUAGE", value)).await;
        assert!(out.contains(&format!("LANGUAGE={value}\n")), "{out}");
        let (_, out, _) = place.run_process(with("TOKEN", value)).await;
        assert!(
            out.contains(&format!("TOKEN={value}\n")) && !out.contains("LANGUAGE"),
            "{out}"
        );
    }
    assert!(place.is_warm().await);
}

#[tokio::test]
async fn what_a_script_sets_ends_with_it() {
    if !proven() {
        return;
    }
    let place = Place::new(30).await;
    let (exit, ..) = place
        .run(
            "x=1; f() { :; }; export y=2; umask 077; cd /; shopt -s nullglob; set -f; hash -p /a b",
        )
        .await;
    assert_eq!(exit.end, End::Code(0));
    let shown = "echo \"$x-$y-$-\"; umask; pwd; hash; type f || :; shopt -q nullglob || echo no";
    let (_, warm, errors) = place.run(shown).await;
    let fresh = Place {
        shells: Shells::fresh(),
        ..place
    };
    let (_, expected, expected_errors) = fresh.run(shown).await;
    assert_eq!((warm, errors), (expected, expected_errors));
}

#[tokio::test]
async fn a_text_that_is_not_well_formed_gets_a_new_shell() {
    if !proven() {
        return;
    }
    let place = Place::new(31).await;
    for text in [
        "if",
        "echo a\nfi",
        "}; f() {",
        ") ; (",
        "cat <<E\nx",
        "echo 'x",
        "a=$(",
        "x \\",
    ] {
        let warm = place.run(text).await;
        let fresh = super::run(place.script(text)).await;
        assert_eq!(warm.0.end, fresh.0.end, "{text}");
        assert_eq!(warm.1.as_bytes(), fresh.1, "{text}");
        assert_eq!(warm.2.as_bytes(), fresh.2, "{text}");
        assert_eq!(place.run("echo on").await.1, "on\n");
    }
    assert!(place.is_warm().await);
}

#[tokio::test]
async fn a_directory_that_is_gone_is_told_as_ever() {
    if !proven() {
        return;
    }
    let place = Place::new(32).await;
    let mut process = place.script(":");
    process.directory = "/no/such/place".into();
    process.environment.set("PWD", "/no/such/place");
    let error = place
        .gather(process, CancellationToken::new())
        .await
        .0
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "the directory `/no/such/place` does not exist"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn scripts_side_by_side_do_not_wait_for_each_other_and_nothing_stays() {
    if !proven() {
        return;
    }
    let place = Place::new(33).await;
    let began = Instant::now();
    for _ in 0..3 {
        let running = (0..12).map(|number| {
            let place = &place;
            async move { place.run(&format!("sleep 0.3; echo {number}")).await.1 }
        });
        let all = futures_util::future::join_all(running).await;
        let expected: Vec<String> = (0..12).map(|number| format!("{number}\n")).collect();
        assert_eq!(all, expected);
    }
    assert!(
        began.elapsed() < Duration::from_secs(5),
        "{:?}",
        began.elapsed()
    );
    assert!(alive(&place.name) >= 2, "shells wait");
    let name = place.name.clone();
    drop(place);
    assert_eq!(alive(&name), 0, "no shell outlives its world");
}

#[tokio::test]
async fn much_output_and_a_slow_reader_are_as_ever() {
    if !proven() {
        return;
    }
    let place = Place::new(34).await;
    let text = "head -c 3000000 /dev/zero | tr '\\0' x; head -c 2000000 /dev/zero | tr '\\0' y >&2";
    let (exit, out, err) = place.run(text).await;
    assert_eq!(exit.end, End::Code(0));
    assert_eq!((out.len(), err.len()), (3_000_000, 2_000_000));
    let (_, out, _) = place
        .run("(sleep 0.03; echo late) | cat; cat; echo end")
        .await;
    assert_eq!(out, "late\nend\n", "its input is empty");
}
