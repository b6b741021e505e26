//! `runbook replay RUN --with FILE`: another page, in a run that was recorded.

use std::fs;
use std::process::Command;

use crate::support::Test;

const PAGE: &str = "\
# Roll out

```bash {#count}
echo 3
```

```bash {#rollout}
echo rolled out; echo x >> touched
```

```rhai {#verify}
assert rollout.contains(\"rolled\"), \"it is out\";
let answer = sh(\"echo x >> touched; echo 7\").trim();
assert answer == \"7\";
```
";

fn recorded() -> Test {
    let ran = Test::new()
        .file("page.md", PAGE)
        .args(["run", "page.md"])
        .run()
        .ends(0);
    assert_eq!(ran.read("touched"), "x\nx\n");
    ran.then(["replay", "last", "--with", "edited.md"])
}

#[test]
fn the_same_page_takes_the_same_path_and_touches_nothing() {
    let ran = recorded().file("edited.md", PAGE).run().ends(0);
    assert_eq!(ran.read("touched"), "x\nx\n");
    assert_eq!(ran.journals().len(), 1, "it keeps no journal");
    ran.says("the path is the recorded one")
        .says("3 steps ran, 2 assertions were checked");
}

#[test]
fn a_stricter_assertion_stops_where_it_stands() {
    let edited = PAGE.replace(
        "```bash {#rollout}",
        "```rhai {#enough}\nassert count.trim() == \"4\", \"four are there\";\n```\n\n```bash {#rollout}",
    );
    recorded()
        .file("edited.md", edited)
        .run()
        .ends(1)
        .says("the path leaves the recorded one at `enough` (edited.md:7)")
        .says("today's runbook would have stopped at step `enough`, [TIME] earlier")
        .says("rollout: skipped, in the recording passed")
        .says("✗ enough (edited.md:8)  count.trim() == \"4\"  four are there")
        .says("count.trim() = \"3\"");
}

#[test]
fn an_assertion_that_is_mended_is_told() {
    let ran = Test::new()
        .file("page.md", PAGE.replace("== \"7\"", "== \"8\""))
        .args(["run", "page.md"])
        .run()
        .ends(1);
    ran.then(["replay", "last", "--with", "edited.md"])
        .file("edited.md", PAGE)
        .run()
        .ends(1)
        .says("the path leaves the recorded one at `verify` (edited.md:11)")
        .says("recorded  failed")
        .says("now       passed");
}

#[test]
fn another_command_can_not_be_answered() {
    let edited = PAGE.replace("echo rolled out", "echo rolled back");
    let ran = recorded().file("edited.md", edited).run().ends(1);
    assert_eq!(ran.read("touched"), "x\nx\n");
    ran.says("the path leaves the recorded one at `rollout` (edited.md:7)")
        .says("the command of `rollout` is not the recorded one")
        .says("what comes after `rollout` can't be told from this recording")
        .says("echo rolled back");
}

#[test]
fn a_step_with_another_name_is_known_by_its_command() {
    let edited = PAGE
        .replace("#rollout", "#release")
        .replace("rollout.contains", "release.contains");
    recorded()
        .file("edited.md", edited)
        .run()
        .ends(0)
        .says("the path is the recorded one");
}

#[test]
fn no_process_is_started_and_no_socket_opened() {
    if Command::new("strace").arg("-V").output().is_err() {
        eprintln!("skipped: strace is not installed");
        return;
    }
    let test = recorded().file("edited.md", PAGE);
    let root = test.root().to_owned();
    let command = test.command();
    let traced = Command::new("strace")
        .args(["-f", "-qq", "-e", "trace=process,network", "-o"])
        .arg(root.join("trace"))
        .arg(command.get_program())
        .args(command.get_args())
        .current_dir(&root)
        .envs(
            command
                .get_envs()
                .filter_map(|(name, value)| Some((name, value?))),
        )
        .output()
        .expect("strace starts");
    let said = String::from_utf8_lossy(&traced.stderr);
    if said.contains("ptrace") || said.contains("PTRACE") {
        eprintln!("skipped: nothing may be traced here");
        return;
    }
    assert!(traced.status.success(), "{said}");
    let trace = fs::read_to_string(root.join("trace")).expect("a trace");
    let begun: Vec<&str> = trace
        .lines()
        .filter(|line| {
            let is_thread = line.contains("CLONE_THREAD");
            let starts = ["execve(", "execveat(", "fork(", "clone(", "clone3("];
            (starts.iter().any(|call| line.contains(call)) && !is_thread)
                || ["socket(", "connect(", "bind(", "sendto(", "sendmsg("]
                    .iter()
                    .any(|call| line.contains(call))
        })
        .collect();
    // The one `execve` is the program itself; the pair of sockets wakes its own thread for signals.
    let outside: Vec<&&str> = begun
        .iter()
        .filter(|line| !line.contains("runbook"))
        .collect();
    assert!(outside.is_empty(), "{outside:#?}");
    let own = begun.iter().filter(|line| line.contains("execve(")).count();
    assert_eq!(own, 1, "{begun:#?}");
}

#[test]
fn what_is_no_run_is_refused() {
    for (name, text, said) in [
        ("empty", "", "is empty"),
        ("foreign", "{\"a\":1}\n", "not an entry"),
        (
            "headless",
            "{\"recording\":\"1.1\",\"run\":null,\"entries\":0,\"digest\":\"0000000000000000000000000000000000000000000000000000000000000000\"}\n",
            "is empty",
        ),
        (
            "undigested",
            "{\"recording\":\"1.1\",\"entries\":0}\n",
            "it was altered",
        ),
        ("cut", "{\"recording\":", "it is no"),
        (
            "future",
            "{\"v\":\"9.0\",\"seq\":1,\"at\":\"2026-01-01T00:00:00.000000Z\",\"prev\":\"0\",\"event\":\"noted\",\"text\":\"\"}\n",
            "9.0",
        ),
    ] {
        let ran = Test::new()
            .file(name, text)
            .file("page.md", PAGE)
            .args(["replay", name, "--with", "page.md"])
            .run();
        assert_eq!(ran.status, 4, "{name}: {}", ran.text);
        assert!(!ran.exists("touched"), "{name}");
        if name != "cut" {
            let _ = ran.says(said);
        }
    }
}
