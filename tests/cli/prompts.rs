//! Questions on a terminal, which `script` of util-linux lends.

use std::io::{Read as _, Write as _};
use std::process::{ChildStdin, ChildStdout, Command, Stdio};

use crate::support::Test;

/// Runs `runbook run a.md` on a terminal, answering each prompt as it comes; gives the status and
/// what the terminal showed. `None` where there is no such `script`.
fn converse(test: &Test, arguments: &str, answers: &[(&str, &str)]) -> Option<(i32, String)> {
    talk(test, &format!("run a.md {arguments}"), answers)
}

/// The same for any command line.
pub(crate) fn talk(
    test: &Test,
    arguments: &str,
    answers: &[(&str, &str)],
) -> Option<(i32, String)> {
    let known = Command::new("script").arg("--version").output();
    if !known.is_ok_and(|known| String::from_utf8_lossy(&known.stdout).contains("util-linux")) {
        let _ = writeln!(
            std::io::stderr(),
            "skipped: script of util-linux is not installed"
        );
        return None;
    }
    let plain = test.command();
    // A prompt that never comes must not hang the tests.
    let program = format!(
        "timeout --foreground 30 {} {arguments}",
        plain.get_program().to_string_lossy()
    );
    let mut child = Command::new("script")
        .args(["-q", "-e", "-c", &program, "/dev/null"])
        .env_clear()
        .envs(
            plain
                .get_envs()
                .filter_map(|(name, value)| Some((name, value?))),
        )
        .env("TERM", "dumb")
        .current_dir(test.root())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("script starts");
    let mut keys = child.stdin.take().expect("its standard input is a pipe");
    let mut shown = child.stdout.take().expect("its standard output is a pipe");
    let mut screen = String::new();
    let mut from = 0;
    for (prompt, answer) in answers {
        from = answer_one(&mut keys, &mut shown, &mut screen, from, (prompt, answer));
    }
    let mut rest = Vec::new();
    shown.read_to_end(&mut rest).expect("it can be read");
    screen.push_str(&String::from_utf8_lossy(&rest));
    drop(keys);
    let status = child.wait().expect("it can be waited for");
    Some((status.code().expect("script ends by itself"), screen))
}

/// Waits for a prompt that comes after `from`, answers it, and gives the place after it.
fn answer_one(
    keys: &mut ChildStdin,
    shown: &mut ChildStdout,
    screen: &mut String,
    from: usize,
    (prompt, answer): (&str, &str),
) -> usize {
    let mut buffer = [0; 4096];
    let place = loop {
        if let Some(place) = screen[from..].find(prompt) {
            break from + place + prompt.len();
        }
        let count = shown.read(&mut buffer).expect("it can be read");
        assert!(count > 0, "no {prompt:?} in:\n{screen}");
        screen.push_str(&String::from_utf8_lossy(&buffer[..count]));
    };
    // The echo is turned off after the prompt is shown, which also drops what was typed before.
    std::thread::sleep(std::time::Duration::from_millis(200));
    keys.write_all(answer.as_bytes()).expect("it can be typed");
    place
}

const CONFIRM: &str = "```bash {#one confirm=\"Really?\"}\ntouch ran\n```\n";

#[test]
fn yes_runs_the_step() {
    let test = Test::new().file("a.md", CONFIRM);
    let Some((status, screen)) = converse(&test, "", &[("Really? [y/N]", "y\n")]) else {
        return;
    };
    assert_eq!(status, 0, "{screen}");
    assert!(
        screen.contains("touch ran"),
        "the commands are shown:\n{screen}"
    );
    assert!(test.root().join("ran").exists());
}

#[test]
fn no_refuses_the_step() {
    let test = Test::new().file("a.md", CONFIRM);
    let Some((status, screen)) = converse(&test, "", &[("[y/N]", "maybe\n"), ("[y/N]", "\n")])
    else {
        return;
    };
    assert_eq!(status, 3, "{screen}");
    assert!(!test.root().join("ran").exists());
}

#[test]
fn an_interrupt_at_a_question_ends_the_run() {
    let test = Test::new().file("a.md", CONFIRM);
    let Some((status, screen)) = converse(&test, "", &[("[y/N]", "\x03")]) else {
        return;
    };
    assert_eq!(status, 130, "{screen}");
    assert!(!test.root().join("ran").exists());
}

#[test]
fn missing_inputs_are_asked_for_and_secret_ones_not_echoed() {
    let test = Test::new().file(
        "a.md",
        "\
---
inputs:
  count: {type: integer, description: How many}
  db_pw: {type: string, secret: true}
---
```bash {#one}
printf '%s %s' ${{ count }} ${{ db_pw }} > kept
```
",
    );
    let Some((status, screen)) = converse(
        &test,
        "",
        &[
            ("How many", "many\n"),
            ("whole number", ""),
            ("How many", "3\n"),
            ("db_pw", "correct-horse\n"),
        ],
    ) else {
        return;
    };
    assert_eq!(status, 0, "{screen}");
    assert!(!screen.contains("correct-horse"), "{screen}");
    let kept = std::fs::read_to_string(test.root().join("kept")).expect("the step wrote it");
    assert_eq!(kept, "3 correct-horse");
}

#[test]
fn an_interrupt_at_an_input_runs_nothing() {
    let test = Test::new().file(
        "a.md",
        "---\ninputs:\n  db_pw: {type: string, secret: true}\n---\n```bash {#one}\ntouch ran\n```\n",
    );
    let Some((status, screen)) = converse(&test, "", &[("db_pw", "\x03")]) else {
        return;
    };
    assert_eq!(status, 130, "{screen}");
    assert!(!test.root().join("home").exists());
}

#[test]
fn credentials_that_expire_too_soon_are_the_operators_to_judge() {
    let test = || {
        let expires = jiff::Timestamp::now() + jiff::SignedDuration::from_mins(30);
        Test::new()
            .file(
                "a.md",
                "```bash {#one timeout=40m effect=change}\ntouch ran\n```\n",
            )
            .env("AWS_ACCESS_KEY_ID", "ASIAIOSFODNN7EXAMPLE")
            .env("AWS_SECRET_ACCESS_KEY", "hush")
            .env("AWS_SESSION_TOKEN", "token")
            .env("AWS_CREDENTIAL_EXPIRATION", &expires.to_string())
    };
    let asked = test();
    let Some((status, screen)) = converse(&asked, "--yes", &[("Begin all the same?", "n\n")])
    else {
        return;
    };
    assert_eq!(status, 3, "{screen}");
    assert!(!asked.root().join("ran").exists());
    let asked = test();
    if let Some((status, screen)) = converse(&asked, "--yes", &[("Begin all the same?", "y\n")]) {
        assert_eq!(status, 0, "{screen}");
        assert!(asked.root().join("ran").exists());
    }
}
