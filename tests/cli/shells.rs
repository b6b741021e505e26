//! Steps in forks of a warm shell, and in new shells: the run is the same.

use std::fs;
use std::time::{Duration, Instant};

use crate::prompts::talk;
use crate::support::Test;

/// Steps of all kinds of ends, enough of them that a shell is warm.
const PAGE: &str = r#"# Shells

```bash {#a}
export A='1 2'; mkdir -p inner; cd inner
```

```bash {#b}
echo "$A" in ${PWD##*/}; greet=hi; set -f; umask 077
```

```bash {#c}
echo "<$greet>" $- $(umask); echo err >&2
```

```bash {#d allow-failure}
exit 143
```

```bash {#e allow-failure}
cd ..
no_such_program
```

```bash {#f allow-failure}
if
```

```bash {#g allow-failure timeout=300ms}
sleep 61
```

```bash {#h}
for n in 1 2 3; do echo $n; done | tail -1; unset A
```

```bash {#i}
echo "<$A>"; PASSWORD=$(echo hunter22); echo $PASSWORD
```

```sh {#j}
echo "$0"
```

```bash {#k each=[1,2]}
echo ${{ item }}
```

```console {#l}
$ echo shown
shown
```
"#;

/// What a run of the page recorded, without what differs from run to run.
fn recorded(more: &[&str]) -> Vec<String> {
    let first = "```bash\n:\n```\n\n".repeat(10);
    let test = Test::new().file("a.md", first + PAGE);
    let root = test.root().display().to_string();
    let mut arguments = vec!["run", "a.md", "--yes", "--jobs", "1"];
    arguments.extend(more);
    let mut entries = test.arguments(&arguments).run().ends(0).entries();
    entries.retain(|entry| entry["event"] != "run-started" && entry["event"] != "run-finished");
    let shown = entries.iter_mut().map(|entry| {
        if let Some(entry) = entry.as_object_mut() {
            for changing in ["at", "prev", "elapsed_ms"] {
                entry.remove(changing);
            }
            if let Some(value) = entry
                .get_mut("value")
                .and_then(|value| value.as_object_mut())
            {
                value.remove("elapsed_us");
            }
        }
        entry.to_string().replace(&root, "ROOT")
    });
    shown.collect()
}

#[test]
fn a_run_is_the_same_with_warm_shells_and_with_fresh_ones() {
    let warm = recorded(&[]);
    let fresh = recorded(&["--fresh-shells"]);
    assert!(warm.len() > 40, "{warm:#?}");
    for (warm, fresh) in warm.iter().zip(&fresh) {
        assert_eq!(warm, fresh);
    }
    assert_eq!(warm.len(), fresh.len());
}

/// How many processes have a text among their arguments.
fn alive(text: &str) -> usize {
    let Ok(processes) = fs::read_dir("/proc") else {
        return 0;
    };
    processes
        .flatten()
        .filter_map(|process| fs::read(process.path().join("cmdline")).ok())
        .filter(|line| String::from_utf8_lossy(line).contains(text))
        .count()
}

#[track_caller]
fn until_alive(text: &str, count: usize) {
    let began = Instant::now();
    while alive(text) != count {
        assert!(
            began.elapsed() < Duration::from_secs(20),
            "{} of {text}",
            alive(text)
        );
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn no_warm_shell_outlives_a_run_that_is_killed() {
    if !cfg!(target_os = "linux") {
        return;
    }
    // While it waits, as a step of another shell runs; and while a step of its own does.
    for language in ["sh", "bash"] {
        let length = format!("6{:05}.{}", std::process::id() % 100_000, language.len());
        let mut page = "```bash\n:\n```\n\n".repeat(10);
        page.push_str(&format!("```{language}\nsleep {length}; :\n```\n"));
        let test = Test::new()
            .file("a.md", page)
            .args(["run", "a.md", "--yes"]);
        let mut program = test.command().spawn().expect("the program starts");
        let step = format!("sleep\0{length}");
        until_alive(&step, 1);
        let shells = format!("/proc/{}/fd", program.id());
        assert!(alive(&shells) >= 1, "a shell is warm");
        program.kill().expect("it can be killed");
        program.wait().expect("it can be waited for");
        if language == "sh" {
            until_alive(&shells, 0);
        }
        // The step goes on, as ever; with its end the shell ends, which waited for it.
        let ended = std::process::Command::new("pkill")
            .args(["-f", &format!("^sleep {length}")])
            .status();
        assert!(ended.expect("pkill is there").success());
        until_alive(&shells, 0);
    }
}

#[test]
fn on_a_terminal_steps_run_and_are_stopped_by_its_keys() {
    let length = format!("7{:05}.5", std::process::id() % 100_000);
    let mut page = "```bash\necho some\n```\n\n".repeat(10);
    page.push_str(&format!("```bash\necho ready; sleep {length}\n```\n"));
    let test = Test::new().file("a.md", page);
    let Some((status, shown)) = talk(&test, "run a.md --yes", &[("ready", "\u{3}")]) else {
        return;
    };
    assert_eq!(status, 130, "{shown}");
    assert!(
        shown.contains("interrupted") || shown.contains("stopped"),
        "{shown}"
    );
    until_alive(&length, 0);
}

/// A program of its own that tells whose child it is, and what the step before left.
const WHOSE: &str = "#!/bin/sh\nps -o comm= -p $PPID\necho \"$A ${PWD##*/}\"\nexit 3\n";

#[test]
fn a_bash_that_calls_one_program_becomes_it_and_the_next_step_knows_no_difference() {
    use std::os::unix::fs::PermissionsExt;

    let page = |call: &str| {
        format!(
            "# T\n\n```bash {{#a}}\nexport A=1; mkdir -p inner; cd inner\n```\n\n\
             ```bash {{#b allow-failure}}\n{call}\n```\n\n\
             ```bash {{#c}}\necho \"$A ${{PWD##*/}}\"\n```\n\n\
             ```rhai\nassert b.code == 3;\nprint(c.stdout);\n```\n"
        )
    };
    for (call, parent) in [
        ("../whose 'x y' --z=1", "runbook"),
        ("../whose || (exit 3)", "bash"),
    ] {
        let test = Test::new().file("a.md", page(call)).file("whose", WHOSE);
        let program = test.root().join("whose");
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).expect("it is ours");
        let shown = test.args(["run", "a.md", "--yes"]).run().ends(0);
        shown.says(&format!("│ {parent}")).says("│ 1 inner");
    }
}
