//! What is said of secrets that can't be hidden, or stand where they must not.

use crate::Ground;

/// Runs a page with one input given in the environment; gives the status and all that was printed.
fn ran(page: &str, value: &str) -> (Option<i32>, String) {
    let ground = Ground::new();
    ground.file("work/page.md", page);
    let output = ground
        .command(&["run", "page.md", "--output", "full"])
        .env("RUNBOOK_INPUT_PW", value)
        .output()
        .unwrap();
    let mut text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.push_str(&String::from_utf8_lossy(&output.stderr));
    (output.status.code(), text)
}

const INPUT: &str = "---\ninputs:\n  pw: {type: string, secret: true}\n---\n";

#[test]
fn a_secret_that_would_shred_the_log_is_refused() {
    let page = format!("{INPUT}```bash {{#one}}\necho ran\n```\n");
    for (value, reason) in [
        ("zq9x7", "is too short"),
        ("production", "is a common word"),
    ] {
        let (status, text) = ran(&page, value);
        assert_eq!(status, Some(2), "{text}");
        assert!(
            text.contains(reason) && text.contains("nothing ran"),
            "{text}"
        );
        assert!(!text.contains(value), "{text}");
    }
}

#[test]
fn an_export_that_can_not_be_hidden_is_told_once() {
    let page =
        "```bash {#one}\nexport MY_TOKEN=ab1\n```\n\n```bash {#two}\nexport MY_TOKEN=cd2\n```\n";
    let (status, text) = ran(page, "");
    assert_eq!(status, Some(0), "{text}");
    assert_eq!(text.matches("`MY_TOKEN` is too short").count(), 1, "{text}");
}

#[test]
fn a_secret_is_no_argument_of_a_program() {
    let page = format!(
        "{INPUT}```bash {{#one}}\nprintf %s ${{{{ pw }}}}\n```\n\n```rhai {{#two}}\nrun([\"echo\", one.stdout]);\n```\n"
    );
    let (status, text) = ran(&page, "correct-horse");
    assert_eq!(status, Some(1), "{text}");
    assert!(
        text.contains("a secret can't stand on a command line"),
        "{text}"
    );
    assert!(!text.contains("correct-horse"), "{text}");
}

#[test]
fn the_id_of_a_step_holds_no_secret() {
    let page = format!("{INPUT}```bash {{#deploy-web}}\necho ran\n```\n");
    let (status, text) = ran(&page, "deploy-web");
    assert_eq!(status, Some(2), "{text}");
    assert!(text.contains("holds a secret; nothing ran"), "{text}");
    assert!(!text.contains("deploy-web"), "{text}");
}
