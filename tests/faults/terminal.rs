//! Nothing that a terminal obeys comes out raw, wherever in a page, a file name, an argument or an
//! output it stood.
//!
//! Guards: `view/sanitize` for what a run shows, `visible::text` for messages, questions, `doctor`
//! and `JUnit`, `visible::json` for JSON and the journal, `graph/draw::one_line` for drawings,
//! `Diagnostic::render` for diagnostics.

use std::fmt::Write as _;
use std::process::{Command, Stdio};

use crate::support::{Ran, Test};

/// A title, a clipboard, a cursor that moves up, letters reordered, and CSI as one character.
const EVIL: &str = "\x1b]0;owned\x07\x1b]52;c;cm0=\x07\x1b[2A\u{202e}\u{9b}31m\u{85}\x7f";

fn acts(character: char) -> bool {
    (character.is_control() && character != '\n')
        || matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{2028}' | '\u{2029}')
}

#[track_caller]
fn tame(what: &str, ran: &Ran) {
    for text in [&ran.stdout, &ran.stderr] {
        assert!(!text.contains(acts), "{what}: {text:?}");
        assert!(!text.contains("panicked"), "{what}: {text:?}");
    }
}

/// A page that means no harm but has it in every text.
fn page() -> String {
    let escaped = EVIL.chars().fold(String::new(), |mut text, character| {
        let _ = write!(text, "\\u{:04x}", u32::from(character));
        text
    });
    format!(
        "---\ntitle: \"T {escaped}\"\ndescription: \"D {escaped}\"\nowner: \"{escaped}\"\ninputs:\n  \
         p: {{type: choice, choices: [\"a{escaped}\", b], default: \"a{escaped}\", description: \
         \"{escaped}\"}}\nenv: {{A: \"{escaped}\"}}\nrequires:\n  tools: {{\"sh\": \"*\"}}\n---\n\
         # T {EVIL}\n\n## S {EVIL}\n\n```bash {{#a confirm=\"go {EVIL}?\" when=\"true /* {EVIL} */\"}}\n\
         printf '%s' \"$A\" ${{{{ p }}}} '{EVIL}'; printf '{EVIL}' >&2\n```\n\n```rhai {{#b}}\n\
         log(\"{escaped}\");\nassert \"{escaped}\" == \"\", \"{escaped}\";\n```\n"
    )
}

#[test]
fn every_command_on_a_hostile_page() {
    for arguments in [
        &["check", "a.md"][..],
        &["check", "--format", "json", "a.md"],
        &["plan", "a.md"],
        &["graph", "a.md"],
        &["graph", "--format", "mermaid", "a.md"],
        &["graph", "--format", "dot", "a.md"],
        &["graph", "--format", "json", "a.md"],
        &["list"],
        &["run", "a.md"],
        &["run", "a.md", "--yes"],
        &["run", "a.md", "--yes", "--output", "full"],
        &["run", "a.md", "--yes", "--format", "json"],
    ] {
        let test = Test::new().file("a.md", page());
        let ran = test.arguments(arguments).run();
        assert!(
            ran.status < 2 || arguments == ["run", "a.md"],
            "{arguments:?}: {}",
            ran.text
        );
        tame(&arguments.join(" "), &ran);
    }
    let mut ran = Test::new()
        .file("a.md", page())
        .args(["run", "a.md", "--yes", "--junit", "a.xml"])
        .run()
        .ends(1);
    assert!(!ran.read("a.xml").contains(acts), "{:?}", ran.read("a.xml"));
    for journal in ran.journals() {
        assert!(!journal.contains(acts), "{journal:?}");
    }
    for arguments in [
        &["runs"][..],
        &["runs", "--format", "json"],
        &["show", "last"],
        &["show", "last", "--output", "full"],
        &["show", "last", "--format", "junit"],
        &["show", "last", "--format", "json"],
        &["verify", "last"],
    ] {
        ran = ran.then([]).arguments(arguments).run().ends(0);
        tame(&arguments.join(" "), &ran);
    }
}

#[test]
fn diagnostics_of_a_hostile_page() {
    let page = format!(
        "---\ninputs: {{\"x{}\": 3}}\n{EVIL}: 1\n---\n# T {EVIL}\n\n```bash {{#a timout{EVIL}=5 \
         needs=\"x{EVIL}\" when=\"zz{EVIL} +\"}}\nrm -rf ${{{{ q{EVIL} }}}} <a{EVIL}> `${{{{ p }}}}`\n```\n\n\
         ```rhai {{#b}}\nlet {EVIL} = ;\n```\n\n```json {{#c}}\n{{\"{EVIL}\n```\n",
        "\\u009b\\u001b"
    );
    for arguments in [
        &["check", "a.md"][..],
        &["check", "--format", "json", "a.md"],
        &["run", "a.md"],
        &["plan", "a.md"],
    ] {
        let ran = Test::new()
            .file("a.md", &page)
            .arguments(arguments)
            .run()
            .ends(2);
        tame(&arguments.join(" "), &ran);
    }
}

#[test]
fn file_names_and_arguments() {
    let odd = format!("x{EVIL}.md");
    for command in ["run", "check", "plan", "graph", "show", "verify"] {
        let ran = Test::new().args([command, &odd]).run();
        tame(command, &ran);
        let ran = Test::new()
            .file(&odd, "```bash {#a}\nfalse\n```\n")
            .args([command, &odd])
            .run();
        tame(command, &ran);
    }
    for option in [
        "--input",
        "--step",
        "--from",
        "--target",
        "--input-file",
        "--junit",
    ] {
        for value in [format!("p={EVIL}"), EVIL.to_owned(), format!("{EVIL}=p")] {
            let ran = Test::new()
                .file("a.md", page())
                .args(["run", "a.md", option, &value])
                .run();
            tame(option, &ran);
        }
    }
    let escaped = "x\\u001b]0;owned\\u0007\\u009b";
    for settings in [
        format!("default-target = \"{escaped}\"\n"),
        format!("[target.\"{escaped}\"]\nnone = 1\n"),
        format!("\"{escaped}\" = 1\n"),
        format!("default-target = {EVIL}\n"),
    ] {
        let ran = Test::new()
            .file("a.md", "```bash\ntrue\n```\n")
            .file("runbook.toml", settings)
            .args(["run", "a.md"])
            .run()
            .ends(2);
        tame("runbook.toml", &ran);
    }
}

/// Guards: `view::short`, and `sanitize::line` for the name of a file that is verified.
#[test]
fn a_run_that_calls_itself_something_else() {
    let id = "0193a5b0-0000-7000-8000-00000000abcd";
    let whole = Test::new()
        .file("a.md", "```bash {#a}\nfalse\n```\n")
        .args(["run", "a.md"])
        .run()
        .ends(1)
        .journals()
        .remove(0);
    let own = whole.split("\"run\":\"").nth(1).expect("its id");
    let own = own.get(..36).expect("an id");
    for name in [
        &format!("{EVIL}\u{e9}12345"),
        EVIL,
        "\x1b[2J",
        "x\x1b]0;owned\x07\u{1b}[2J\u{e9}12345",
        "\u{9b}2J\u{202e}",
        "a\nb",
    ] {
        let written = serde_json::Value::from(name).to_string();
        let journal = whole.replace(&format!("\"{own}\""), &written);
        let mut ran = Test::new()
            .file(&format!("home/runs/{id}/journal.jsonl"), &journal)
            .file(&format!("odd/{EVIL}.jsonl"), &whole)
            .args(["runs"])
            .run()
            .ends(0);
        assert_eq!(ran.stdout.lines().count(), 2, "{}", ran.stdout);
        tame(name, &ran);
        let odd = format!("odd/{EVIL}.jsonl");
        for arguments in [
            &["runs", "--format", "json"][..],
            &["verify", &odd],
            &["export", &odd],
            &["show", &odd],
            &["show", id],
            &["show", id, "--format", "junit"],
            &["replay", id, "--speed", "instant"],
            &["replay", id, "--with", "a.md"],
            &["postmortem", id],
            &["postmortem", &odd],
            &["note", &odd, "a word"],
            &["resume", id],
        ] {
            ran = ran.then([]).arguments(arguments).run();
            tame(&format!("{name:?} {arguments:?}"), &ran);
        }
    }
}

/// Guard: `title` of `runbook test`.
#[test]
fn a_test_with_a_hostile_name() {
    let escaped = "\\u001b]0;owned\\u0007\\u202e\\u009b2J";
    for settings in [
        format!(
            "[[test]]\nrunbook = \"a{escaped}.md\"\ntarget = \"d\"\n[target.d]\nrecording = \"r.jsonl\"\n"
        ),
        format!("[target.\"{escaped}\"]\nrecording = \"r{escaped}.jsonl\"\n"),
        format!(
            "[[test]]\nrunbook = \"a.md\"\ntarget = \"d\"\nstatus = {{\"{escaped}\" = \"{escaped}\"}}\n\
             [target.d]\nrecording = \"restore.jsonl\"\n"
        ),
    ] {
        let recording = include_str!("../recordings/restore.jsonl");
        for arguments in [
            &["test", "--junit", "t.xml"][..],
            &["test", "--bless"],
            &["test", "--mutate"],
        ] {
            let ran = Test::new()
                .file("runbook.toml", &settings)
                .file("restore.jsonl", recording)
                .file("a.md", include_str!("../recordings/restore.md"))
                .arguments(arguments)
                .run();
            tame(&format!("{settings} {arguments:?}"), &ran);
            if arguments.contains(&"t.xml") && ran.exists("t.xml") {
                let report = ran.read("t.xml");
                assert!(!report.contains(acts), "{report:?}");
            }
        }
    }
}

#[test]
fn a_message_is_one_line_whatever_it_names() {
    let ran = Test::new()
        .args(["run", "x\nerror: all is well\n.md"])
        .run()
        .ends(2);
    let errors = ran.stderr.lines().filter(|line| line.starts_with("error"));
    assert_eq!(errors.count(), 1, "{}", ran.stderr);
}

#[test]
fn doctor_on_hostile_names() {
    let page = "---\nrequires:\n  tools: {\"zz\\e]0;owned\\a\": \">=1\"}\n---\n# T\n\n```bash\ntrue\n```\n";
    let ran = Test::new()
        .file("a.md", page)
        .args(["doctor"])
        .run()
        .ends(0);
    assert!(ran.stdout.contains("zz"), "{}", ran.stdout);
    tame("doctor", &ran);
}

/// Guards: `Keyboard::show`, which the questions of pages, of front matter and of scripts pass, and
/// `view/sanitize` for what moves while a step runs (`Terminal::animate`).
#[test]
fn questions_at_a_terminal() {
    let known = Command::new("script").arg("--version").output();
    if !known.is_ok_and(|known| String::from_utf8_lossy(&known.stdout).contains("util-linux")) {
        eprintln!("skipped: script of util-linux is not installed");
        return;
    }
    let test = Test::new().file(
        "a.md",
        format!(
            "---\ninputs:\n  q: {{type: string, description: \"d\\e]52;c;cm0=\\a\"}}\n---\n# T\n\n\
             ```bash {{#a confirm=\"go {EVIL}?\"}}\nprintf '%s\\n' '{EVIL}'; sleep 0.4\n```\n\n```rhai {{#b}}\n\
             ask(\"w\\x1b]52;c;cm0=\\x07?\", \"d\\x1b]52;c;cm0=\\x07\");\n```\n"
        ),
    );
    let plain = test.command();
    let program = format!(
        "timeout --foreground 30 {} run a.md --color never 2>&1",
        plain.get_program().to_string_lossy()
    );
    let mut child = Command::new("script")
        .args(["-q", "-e", "-c", &program, "/dev/null"])
        .envs(
            plain
                .get_envs()
                .filter_map(|(name, value)| Some((name, value?))),
        )
        .env("TERM", "dumb")
        .env_remove("CI")
        .current_dir(test.root())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("script starts");
    let mut keys = child.stdin.take().expect("a pipe");
    std::io::Write::write_all(&mut keys, b"v\ny\nx\n").expect("it can be typed");
    let output = child.wait_with_output().expect("it ends");
    let shown = String::from_utf8_lossy(&output.stdout);
    assert!(shown.contains("go "), "the question was asked: {shown:?}");
    for harm in ["\x1b]", "\x07", "\u{202e}", "\u{9b}"] {
        assert!(!shown.contains(harm), "{harm:?} in {shown:?}");
    }
}

/// Checks that bytes that are no text were shown lossily and kept whole.
#[track_caller]
pub(crate) fn bytes_are_kept(ran: &Ran) {
    assert!(ran.stdout.contains('\u{fffd}'), "{}", ran.stdout);
    let kept = ran
        .entries()
        .iter()
        .any(|entry| entry["event"] == "output" && entry["bytes"].is_string());
    assert!(kept, "{:?}", ran.journals());
}

/// Guards: the journal's `Text`, which keeps bytes that are no text and gives them lossily, and
/// `view/sanitize`.
#[test]
fn bytes_that_are_no_text_are_kept_and_shown_as_such() {
    let page = "```bash {#a}\nprintf 'a\\377\\376b\\033]0;x\\007\\200c\\n'\n```\n";
    let ran = Test::new()
        .file("a.md", page)
        .args(["run", "a.md"])
        .run()
        .ends(0);
    tame("run", &ran);
    bytes_are_kept(&ran);
}
