//! Cells in new shells and in forks of a warm one: nothing tells them apart.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use proptest::prelude::*;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::{Nobody, base, installed};
use crate::exec::shell::{ShellCell, argv, prepare, read_left, script_of};
use crate::quote::Dialect;
use crate::world::live::Live;
use crate::world::{End, Origin, Process, Stdin, World, streams};

/// What came of a cell.
#[derive(Debug, PartialEq)]
struct Came {
    end: End,
    stdout: String,
    stderr: String,
    /// The directory and the environment that it left.
    left: Option<(PathBuf, BTreeMap<String, String>)>,
}

struct Engines {
    runtime: tokio::runtime::Runtime,
    warm: Live,
    fresh: Live,
    folder: tempfile::TempDir,
}

impl Engines {
    fn new() -> Self {
        let engines = Self {
            runtime: tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap(),
            warm: Live::new(Arc::new(Nobody)),
            fresh: Live::new(Arc::new(Nobody)).with_fresh_shells(),
            folder: tempfile::tempdir().unwrap(),
        };
        // Enough of them that one is worth it.
        for _ in 0..10 {
            engines.run(&engines.warm, ":");
        }
        engines
    }

    /// Runs a cell in a folder that is as it was for every other one.
    fn run(&self, world: &Live, text: &str) -> Came {
        self.run_at(world, text, 14)
    }

    fn run_at(&self, world: &Live, text: &str, line: usize) -> Came {
        let place = self.folder.path().join("place");
        // The first time there is none.
        let _ = fs::remove_dir_all(&place);
        fs::create_dir_all(place.join("inner")).unwrap();
        fs::write(place.join("lines"), "one\ntwo\n").unwrap();
        let die = place.join("die");
        fs::write(&die, "#!/bin/sh\nkill -$1 $$\n").unwrap();
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        fs::set_permissions(&die, mode).unwrap();
        let left = self.folder.path().join("it's left");
        let cell = ShellCell {
            dialect: Dialect::Bash,
            text: text.as_bytes(),
            line,
            document: "docs/page.md",
            errexit: true,
            left: Some(&left),
            secrets: &[],
            scratch: self.folder.path(),
        };
        let mut environment = base();
        environment.set("GIVEN", "it's \"given\" $HOME\n\\");
        environment.set("LC_ALL", "C.UTF-8");
        prepare(&mut environment, &place);
        let argv = argv(&cell).unwrap();
        let script = script_of(&cell, &argv);
        let process = Process {
            origin: Origin::default(),
            argv,
            environment,
            directory: place,
            stdin: Stdin::Null,
            timeout: Some(std::time::Duration::from_mins(1)),
            grace: std::time::Duration::from_secs(1),
            script,
        };
        self.runtime.block_on(async {
            let (sender, receiver) = mpsc::channel(16);
            let reading = streams(receiver);
            let running = world.run(process, sender, CancellationToken::new());
            let (exit, (stdout, stderr)) = tokio::join!(running, reading);
            let left = read_left(Dialect::Bash, &left).unwrap().map(|left| {
                let environment = left.environment.iter().map(|(name, value)| {
                    (
                        name.to_string_lossy().into_owned(),
                        value.to_string_lossy().into_owned(),
                    )
                });
                (left.directory, environment.collect())
            });
            Came {
                end: exit.unwrap().end,
                stdout: String::from_utf8_lossy(&stdout).into_owned(),
                stderr: without_ids(&String::from_utf8_lossy(&stderr)),
                left,
            }
        })
    }

    fn compare(&self, text: &str) {
        let warm = self.run(&self.warm, text);
        let fresh = self.run(&self.fresh, text);
        assert_eq!(warm, fresh, "{text}");
    }
}

/// Messages without the numbers of processes, and the blanks that depend on their lengths.
fn without_ids(text: &str) -> String {
    text.lines()
        .map(|line| {
            let words: Vec<&str> = line
                .split_ascii_whitespace()
                .map(|word| {
                    let id = word.len() > 2 && word.bytes().all(|byte| byte.is_ascii_digit());
                    if id { "ID" } else { word }
                })
                .collect();
            words.join(" ") + "\n"
        })
        .collect()
}

/// Whatever a fork could do otherwise than a new bash; some of it gets a new one for that reason.
const CELLS: &[&str] = &[
    ":",
    "false",
    "true; false",
    "exit 3",
    "exit",
    "false || exit 300",
    "return 3",
    "! true",
    "false | true",
    "false && true",
    "set +e; false; echo \"$?\"",
    "(exit 4); echo no",
    "f() { return 5; }; f; echo no",
    "f() { exit 6; }; f; echo no",
    "x=$(exit 7); echo no",
    "foo",
    "echo a\n\nfoo\necho b",
    "f() {\n  foo\n}\nf",
    "cd nowhere",
    "if",
    "echo a; fi",
    "echo 'a",
    "cat <<E\n$GIVEN\n$(foo)\nE",
    "cat <<E\nx",
    "cat lines | while read -r x; do echo \"<$x>\"; done",
    "set -u; echo $nothing; echo no",
    "echo ${nothing:?is not set}; echo no",
    "echo ${nothing?}",
    "echo ${bad!name}\necho on",
    "echo $((1/0))\necho on",
    "a[1/0]=1\necho on",
    "readonly x; x=1\necho on",
    "echo ${GIVEN:1/0}\necho on",
    "break; echo on",
    "continue 3; echo on",
    "local x; echo on",
    "shift 5; echo on",
    "cd a b; echo on",
    "export 1a=2; echo on",
    "unset -f cd echo; echo on",
    "echo \"$0 $# $- $? $_\" \"${PIPESTATUS[@]}\"",
    "echo \"$-|$IFS|$OPTIND|$PATH|$PWD|$OLDPWD\"",
    "export A='1 2' B=\"it's\" C=$'\\n\\t'; export -n GIVEN; unset HOME",
    "export OLDPWD=/nowhere",
    "cd inner; cd ..; export D=${PWD##*/}",
    "cd inner; rmdir ../inner; pwd",
    "greet() { echo hi; }; export -f greet",
    "env; export -p",
    "set; shopt",
    "echo $$ >/dev/null; jobs; ulimit -n",
    "type cd ls",
    "umask; umask 077; umask",
    "exec 3>&1; echo x >&3",
    "exec ls",
    "trap 'echo bye' EXIT; echo hi",
    "eval 'echo $LINENO'; foo",
    "echo 'echo sourced; return 3' >f; . ./f",
    "set -x; echo traced",
    "set -v; echo seen",
    "set -n; echo no",
    "sleep 0.01 & wait; echo $?",
    "diff <(echo a) <(echo b)",
    "kill -TERM $$",
    "./die TERM; echo no",
    "set +e; ./die KILL; echo $?",
    "./die SEGV",
    "cat; read -r x; echo $?",
    "head -1 lines; tail -1 <lines",
    "printf '\\0\\377' | od -c",
    "echo ü; echo \"${#GIVEN}\"; x=ü; echo ${#x}",
    "echo *; shopt -s nullglob; echo q*",
    "shopt -s extglob\necho @(lines|die)",
    "shopt -s failglob\necho q*\necho on",
    "[[ a == b ]]; echo no",
    "[[ 1 -eq x/0 ]]\necho on",
    "[ 1 -eq x ]\necho on",
    "test a b c d\necho on",
    "case x in y) :;; *) echo d;; esac",
    "TIMEFORMAT=timed; time :",
    "select x in a; do :; done",
    "until false; do break; done; echo $?",
    "ls /nowhere | cat; echo no",
    "echo out; echo err >&2; echo out",
    "f() { f; }; f() { echo $1; ((0)) || :; }; f 1",
    "printf '%d\\n' x; echo on",
    "exit abc",
    "exit 1 2",
    "echo a >/nowhere/x\necho on",
    "echo a > ''; echo on",
    "wait; echo $?",
    "hash; hash -r",
    "{ echo a; exit 9; } | cat; echo no",
    "x=1 y=$x; echo \"$y\"; z=$(false) || echo caught",
    "\\",
    "echo a \\\n  b",
    "# only a comment",
    "",
    "echo \"$(\necho deep\n)\"; `foo`",
    "set -- a b; echo \"$@\"; set -f; echo *",
    "set -o noclobber; echo a >lines",
    "set -euo pipefail; false | cat",
    "command foo; builtin foo; echo on",
    "export GIVEN; GIVEN=2; unset GIVEN; export GIVEN",
    "export É=1",
    "alias l=ls; l",
    "pushd inner; dirs; popd",
];

#[test]
fn the_same_comes_of_a_cell_in_both() {
    if !installed(Dialect::Bash) {
        return;
    }
    let engines = Engines::new();
    for text in CELLS {
        engines.compare(text);
    }
}

#[test]
fn messages_name_the_same_lines_wherever_a_cell_stands() {
    if !installed(Dialect::Bash) {
        return;
    }
    let engines = Engines::new();
    for line in [
        1, 2, 3, 257, 258, 259, 300, 513, 514, 515, 6145, 6146, 6147, 9000,
    ] {
        let text = "echo a\nfoo || f() {\n cd nowhere\n}\nf";
        let warm = engines.run_at(&engines.warm, text, line);
        let at = format!("docs/page.md: line {}: foo", line + 1);
        assert!(warm.stderr.starts_with(&at), "{line}: {}", warm.stderr);
        assert_eq!(warm, engines.run_at(&engines.fresh, text, line));
    }
}

/// Small commands and how they are put together.
fn cells() -> impl Strategy<Value = String> {
    let command = prop::sample::select(vec![
        ":",
        "false",
        "true",
        "foo",
        "echo a",
        "echo \"$x $?\"",
        "x=1",
        "x=$(echo b; false)",
        "exit 3",
        "exit",
        "cd inner",
        "cd ..",
        "cd nowhere",
        "export E=\"$x\"",
        "unset x E",
        "cat lines",
        "grep two lines",
        "echo err >&2",
        "return 2",
        "break",
        "set +e",
        "set -u",
        "echo $nothing",
        "echo ${x:?gone}",
        "[ -n \"$x\" ]",
        "read -r x <lines",
        "echo \"$-\"",
        "set -- p q; shift",
        "pwd",
        "echo b >>new",
        "printf '%s|' * \"$@\"",
        "echo \"${PIPESTATUS[*]}\"",
        "echo ${x!}",
        "./die TERM",
        "umask 027",
        "wait",
        "f",
        "x=${x}z",
        "cat <<E\n$x\nE\n",
        "[[ $x == b* ]]",
        "echo `echo c`",
        "command -v ls foo",
        "export -f f",
        "local y=1",
    ])
    .prop_map(str::to_owned);
    command.prop_recursive(4, 12, 3, |inner| {
        let two = (inner.clone(), inner.clone());
        prop_oneof![
            two.clone().prop_map(|(a, b)| format!("{a}\n{b}")),
            two.clone()
                .prop_map(|(a, b)| format!("{{ {a}\n}} && {{ {b}\n}}")),
            two.clone()
                .prop_map(|(a, b)| format!("{{ {a}\n}} || {{ {b}\n}}")),
            two.clone()
                .prop_map(|(a, b)| format!("{{ {a}\n}} | {{ cat; {b}\n}}")),
            two.clone()
                .prop_map(|(a, b)| format!("if {a}\nthen {b}\nelse echo else; fi")),
            two.prop_map(|(a, b)| format!("for i in 1 2; do {a}\n{b}\ndone")),
            inner.clone().prop_map(|a| format!("({a}\n)")),
            inner.clone().prop_map(|a| format!("! {{ {a}\n}}")),
            inner.clone().prop_map(|a| format!("f() {{ {a}\n}}")),
            inner
                .clone()
                .prop_map(|a| format!("x=$({a}\n); echo \"<$x>\"")),
            inner.prop_map(|a| format!("{{ {a}\n}} 2>&1 >new")),
        ]
    })
}

#[test]
fn the_same_comes_of_random_cells_in_both() {
    if !installed(Dialect::Bash) {
        return;
    }
    let engines = Engines::new();
    let known = proptest::test_runner::Config::default();
    let config = proptest::test_runner::Config {
        // Each is two shells; `PROPTEST_CASES` asks for more.
        cases: known.cases / 4,
        failure_persistence: None,
        ..known
    };
    let mut runner = proptest::test_runner::TestRunner::new(config);
    let outcome = runner.run(&cells(), |text| {
        // A cell that calls itself would run for ever.
        prop_assume!(
            !text.contains("f() {") || !text.split("f() {").nth(1).unwrap_or("").contains("\nf\n")
        );
        let warm = engines.run(&engines.warm, &text);
        let fresh = engines.run(&engines.fresh, &text);
        prop_assert_eq!(warm, fresh);
        Ok(())
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
}
