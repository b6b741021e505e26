//! What a cell's script is made of, in each shell.

mod left;
mod warm;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::*;
use crate::world::live::Live;
use crate::world::{
    Answer, Boxed, End, Operator, Origin, Process, Question, SpawnError, Stdin, World, streams,
};

struct Nobody;

impl Operator for Nobody {
    fn ask(&self, _: Question) -> Boxed<'_, Option<Answer>> {
        Box::pin(async { None })
    }
}

/// What came of a cell.
struct Ran {
    code: i32,
    stdout: String,
    stderr: String,
    left: Option<Left>,
}

impl Ran {
    /// An exported variable that it left.
    fn export(&self, name: &str) -> Option<String> {
        let left = self.left.as_ref().expect("the shell left something");
        let value = left.environment.get(name)?;
        Some(value.to_str().expect("text").to_owned())
    }
}

fn installed(dialect: Dialect) -> bool {
    let found = std::env::split_paths("/usr/local/bin:/usr/bin:/bin:/opt/homebrew/bin")
        .any(|folder| folder.join(dialect.word()).exists());
    if !found {
        eprintln!("skipped: {dialect} is not installed");
    }
    found
}

fn base() -> Environment {
    let mut environment = Environment::default();
    environment.set("PATH", "/usr/local/bin:/usr/bin:/bin:/opt/homebrew/bin");
    environment.set("HOME", "/");
    environment
}

fn execute(argv: Vec<OsString>, environment: Environment, directory: &Path) -> (End, Ran) {
    let process = Process {
        origin: Origin::default(),
        argv,
        environment,
        directory: directory.to_owned(),
        stdin: Stdin::Null,
        timeout: Some(Duration::from_mins(1)),
        grace: Duration::from_secs(1),
        script: None,
    };
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(async {
            let world = Live::new(Arc::new(Nobody));
            let (sender, receiver) = mpsc::channel(16);
            let reading = streams(receiver);
            let cancel = CancellationToken::new();
            let (exit, (stdout, stderr)) =
                tokio::join!(world.run(process, sender, cancel), reading);
            let exit: Result<_, SpawnError> = exit;
            let end = exit.unwrap().end;
            let ran = Ran {
                code: match end {
                    End::Code(code) => code,
                    _ => -1,
                },
                stdout: String::from_utf8_lossy(&stdout).into_owned(),
                stderr: String::from_utf8_lossy(&stderr).into_owned(),
                left: None,
            };
            (end, ran)
        })
}

fn run_with(dialect: Dialect, text: &[u8], mut environment: Environment, private: bool) -> Ran {
    let scratch = tempfile::tempdir().unwrap();
    let left = scratch.path().join("it's left");
    let cell = ShellCell {
        dialect,
        text,
        line: 14,
        document: "docs/apply-status.md",
        errexit: true,
        left: Some(&left),
        secrets: &[],
        scratch: scratch.path(),
    };
    let directory = Path::new("/");
    prepare(&mut environment, directory);
    let argv = if private {
        private_argv(&cell)
    } else {
        argv(&cell)
    };
    let (_, mut ran) = execute(argv.unwrap(), environment, directory);
    ran.left = read_left(dialect, &left).unwrap();
    ran
}

fn run(dialect: Dialect, text: &str) -> Ran {
    run_with(dialect, text.as_bytes(), base(), false)
}

const POSIX: [Dialect; 3] = [Dialect::Sh, Dialect::Bash, Dialect::Zsh];

fn each(dialects: &[Dialect], mut check: impl FnMut(Dialect)) {
    for dialect in dialects {
        if installed(*dialect) {
            check(*dialect);
        }
    }
}

#[test]
fn messages_name_the_document_and_the_line() {
    #[track_caller]
    fn case(dialect: Dialect, text: &str, expected: &str) {
        if installed(dialect) {
            let ran = run(dialect, text);
            assert!(ran.stderr.contains(expected), "{dialect}: {}", ran.stderr);
            assert_ne!(ran.code, 0, "{dialect}");
        }
    }
    let missing = "\nno_such_program\n";
    case(
        Dialect::Bash,
        missing,
        "docs/apply-status.md: line 15: no_such_program: command not found\n",
    );
    case(
        Dialect::Sh,
        missing,
        "docs/apply-status.md: 15: no_such_program: not found\n",
    );
    case(
        Dialect::Zsh,
        missing,
        ":15: command not found: no_such_program\n",
    );
    case(
        Dialect::Fish,
        missing,
        "/apply-status.md (line 15): \nno_such_program",
    );
    let open = "true\necho 'a\ntrue";
    case(
        Dialect::Bash,
        open,
        "docs/apply-status.md: -c: line 15: unexpected EOF while looking for matching `''\n",
    );
    case(
        Dialect::Sh,
        open,
        "Syntax error: Unterminated quoted string\n",
    );
    case(Dialect::Zsh, open, "unmatched '\n");
    case(Dialect::Fish, open, "/apply-status.md (line 15): ");
}

#[test]
fn a_text_given_as_a_file_has_the_same_lines() {
    each(&Dialect::ALL, |dialect| {
        let ran = run_with(dialect, b"echo ok\nno_such_program\n", base(), true);
        assert_eq!(ran.stdout, "ok\n", "{dialect}");
        let line = match dialect {
            Dialect::Bash => "/apply-status.md: line 15: no_such",
            Dialect::Sh => "/apply-status.md: 15: no_such",
            Dialect::Zsh => "/apply-status.md:15: command not",
            Dialect::Fish => "/apply-status.md (line 15)",
        };
        assert!(ran.stderr.contains(line), "{dialect}: {}", ran.stderr);
    });
}

#[test]
fn a_text_too_long_for_an_argument_runs() {
    each(&Dialect::ALL, |dialect| {
        let text = format!(
            "echo begin\n{}echo end\n",
            "# a long comment\n".repeat(20_000)
        );
        assert_eq!(run(dialect, &text).stdout, "begin\nend\n", "{dialect}");
    });
}

#[test]
fn a_cell_on_the_first_line_runs() {
    each(&Dialect::ALL, |dialect| {
        let scratch = tempfile::tempdir().unwrap();
        for line in [0, 1, 2, 60_000] {
            let cell = ShellCell {
                dialect,
                text: b"# nothing\necho ok",
                line,
                document: "a.md",
                errexit: true,
                left: None,
                secrets: &[],
                scratch: scratch.path(),
            };
            let (_, ran) = execute(argv(&cell).unwrap(), base(), Path::new("/"));
            assert_eq!((ran.code, &*ran.stdout), (0, "ok\n"), "{dialect} {line}");
        }
    });
}

#[test]
fn the_first_failing_command_ends_a_cell() {
    for text in [
        "false\necho not",
        "f() { return 1; }\nf\necho not",
        "x=$(false)\necho not",
        "( exit 1 )\necho not",
    ] {
        each(&POSIX, |dialect| {
            let ran = run(dialect, text);
            assert_eq!((ran.code, &*ran.stdout), (1, ""), "{dialect}: {text}");
            assert!(ran.left.is_some(), "{dialect}: {text}");
        });
    }
    each(&[Dialect::Bash, Dialect::Zsh], |dialect| {
        assert_eq!(run(dialect, "false | true\necho not").stdout, "");
    });
}

#[test]
fn a_failure_that_is_asked_about_ends_nothing() {
    each(&POSIX, |dialect| {
        let ran = run(
            dialect,
            "if false; then :; fi\nfalse || true\n! true\nset +e; false; echo on",
        );
        assert_eq!((ran.code, &*ran.stdout), (0, "on\n"), "{dialect}");
    });
}

#[test]
fn without_errexit_a_cell_goes_on() {
    each(&Dialect::ALL, |dialect| {
        let scratch = tempfile::tempdir().unwrap();
        let cell = ShellCell {
            dialect,
            text: b"false | true\nfalse\necho on",
            line: 3,
            document: "a.md",
            errexit: false,
            left: None,
            secrets: &[],
            scratch: scratch.path(),
        };
        let (_, ran) = execute(argv(&cell).unwrap(), base(), Path::new("/"));
        assert_eq!((ran.code, &*ran.stdout), (0, "on\n"), "{dialect}");
    });
}

#[test]
fn exports_and_directory_are_left() {
    each(&POSIX, |dialect| {
        let ran = run(
            dialect,
            "export A='it'\"'\"'s\ntwo lines' B= ; C=private; unset HOME; cd /usr/bin; cd ../lib",
        );
        assert_eq!(
            ran.export("A").as_deref(),
            Some("it's\ntwo lines"),
            "{dialect}"
        );
        assert_eq!(ran.export("B").as_deref(), Some(""), "{dialect}");
        for gone in ["C", "HOME", "_", "SHLVL", "PWD"] {
            assert_eq!(ran.export(gone), None, "{dialect} {gone}");
        }
        assert_eq!(ran.left.unwrap().directory, PathBuf::from("/usr/lib"));
    });
    if installed(Dialect::Fish) {
        let ran = run(
            Dialect::Fish,
            "set -gx A 'two\nlines'; set -e HOME; set -g C 1; cd /usr/lib",
        );
        assert_eq!(ran.export("A").as_deref(), Some("two\nlines"));
        assert_eq!((ran.export("HOME"), ran.export("C")), (None, None));
        assert_eq!(ran.left.unwrap().directory, PathBuf::from("/usr/lib"));
    }
}

#[test]
fn only_what_the_cell_made_is_new() {
    each(&Dialect::ALL, |dialect| {
        let ran = run(dialect, "true");
        let left = ran.left.unwrap();
        let names: Vec<_> = left
            .environment
            .iter()
            .map(|(name, _)| name.to_str().unwrap())
            .filter(|name| *name != "OLDPWD")
            .collect();
        let ours = names.iter().any(|name| name.contains("runbook"));
        assert!(
            !ours && names.contains(&"PATH") && names.contains(&"HOME"),
            "{names:?}"
        );
        // zsh adds LOGNAME, fish USER.
        if matches!(dialect, Dialect::Sh | Dialect::Bash) {
            assert_eq!(names, ["HOME", "PATH"], "{dialect}");
        }
        let mut given = base();
        given.set("SHLVL", "4");
        given.set("A.B", "kept");
        given.set("RUNBOOK_INPUT_X", "kept");
        given.set("GONE", "");
        let next = left.onto(dialect, &given);
        assert_eq!(next.text("SHLVL"), Some("4"));
        assert_eq!(next.text("A.B"), Some("kept"));
        assert_eq!(next.text("RUNBOOK_INPUT_X"), Some("kept"));
        assert_eq!(next.get("GONE"), None);
    });
}

#[test]
fn whatever_the_end_the_status_is_its_own_and_the_exports_are_left() {
    for (text, code) in [
        ("exit 3", 3),
        ("f() { exit 4; }; f", 4),
        ("f() { return 5; }; f", 5),
        ("(exit 6)", 6),
        ("set +e; false", 1),
        ("set -u; echo ok", 0),
        ("set -C; true", 0),
        ("sleep 0.01 &", 0),
        ("cat <<EOF\nx\nEOF", 0),
        ("true # a comment", 0),
        ("true \\", 0),
        ("exec 2>&-; exec 1>&-; exec 0<&-; exit 7", 7),
        ("umask 077; set -f; IFS=0/; exit 8", 8),
        ("set -a; A=1; trap 'echo trapped' EXIT; true", 0),
        ("trap 'echo trapped' EXIT; (exit 9)\n", 9),
        ("export E=1; trap : INT; false", 1),
        (
            "printf() { echo mine; }; pwd() { echo mine; }; cd() { :; }; true",
            0,
        ),
        ("if :; then\nexit 10\nfi", 10),
    ] {
        each(&POSIX, |dialect| {
            let ran = run(dialect, text);
            assert_eq!(ran.code, code, "{dialect}: {text}: {}", ran.stderr);
            let own_trap_fails = text.contains("trapped") && code != 0 && dialect != Dialect::Zsh;
            assert_eq!(ran.left.is_none(), own_trap_fails, "{dialect}: {text}");
            if text.contains("trapped") {
                assert_eq!(ran.stdout, "trapped\n", "{dialect}: {text}");
            }
            if text.contains("set -a") {
                assert_eq!(ran.export("A").as_deref(), Some("1"), "{dialect}");
            }
            assert_eq!(ran.stderr, "", "{dialect}: {text}");
        });
    }
    if installed(Dialect::Fish) {
        for (text, code) in [
            ("exit 3", 3),
            ("false", 1),
            ("function f; return 4; end; f", 4),
        ] {
            let ran = run(Dialect::Fish, text);
            assert_eq!((ran.code, ran.left.is_some()), (code, true), "{text}");
        }
    }
}

#[test]
fn a_cell_that_becomes_another_program_leaves_nothing() {
    each(&Dialect::ALL, |dialect| {
        let ran = run(dialect, "exec sh -c 'exit 3'");
        assert_eq!((ran.code, ran.left), (3, None), "{dialect}");
    });
}

#[test]
fn the_epilogue_is_not_traced() {
    each(&[Dialect::Sh, Dialect::Bash], |dialect| {
        let text = "set -x\necho a\n";
        assert_eq!(run(dialect, text).stderr, "+ echo a\n", "{dialect}");
        let text = "trap : INT\nset -x\necho a\n";
        assert_eq!(run(dialect, text).stderr, "+ echo a\n", "{dialect}");
    });
}

#[test]
fn start_up_files_are_not_read() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("rc");
    fs::write(&file, "echo surprise\n").unwrap();
    for name in [".bashrc", ".profile", ".zshrc", ".zshenv"] {
        fs::copy(&file, folder.path().join(name)).unwrap();
    }
    let config = folder.path().join(".config/fish");
    fs::create_dir_all(&config).unwrap();
    fs::copy(&file, config.join("config.fish")).unwrap();
    let mut environment = base();
    environment.set("HOME", folder.path());
    environment.set("BASH_ENV", &file);
    environment.set("ENV", &file);
    environment.set("SHELLOPTS", "xtrace");
    each(&Dialect::ALL, |dialect| {
        let ran = run_with(dialect, b"echo ok", environment.clone(), false);
        assert_eq!((&*ran.stdout, &*ran.stderr), ("ok\n", ""), "{dialect}");
    });
}

#[test]
fn an_interpreter_gets_a_file_of_its_kind() {
    let scratch = tempfile::tempdir().unwrap();
    let argv = interpreter_argv("/usr/bin/python3.11 -u", b"\xff", scratch.path()).unwrap();
    assert_eq!(argv[..2], ["/usr/bin/python3.11", "-u"]);
    let path = Path::new(&argv[2]);
    assert_eq!(path.file_name().unwrap(), "cell.py");
    assert_eq!(fs::read(path).unwrap(), b"\xff");
    let mode = std::os::unix::fs::MetadataExt::mode(&fs::metadata(path).unwrap());
    assert_eq!(mode & 0o777, 0o600);
}
