//! The commands that run nothing, and those that look at past runs.

use snapbox::str;

use crate::support::Test;

#[test]
fn a_new_runbook_runs_as_it_is() {
    Test::new()
        .args(["new", "disk.md"])
        .prints(str![[r#"
wrote disk.md

  runbook plan disk.md    what would run
  runbook run disk.md     run it
--- status 0

"#]])
        .ends(0)
        .then(["check", "disk.md"])
        .run()
        .ends(0)
        .says("nothing to mend")
        .then(["run", "disk.md", "--input", "limit=101"])
        .run()
        .ends(0)
        .says("nothing to do");
}

#[test]
fn a_new_runbook_overwrites_nothing() {
    let ran = Test::new()
        .file("disk.md", "mine")
        .args(["new", "disk.md"])
        .prints(str![[r#"
--- stderr
error: `disk.md` is there already; it was not touched
help: name a new file
--- status 2

"#]])
        .ends(2);
    assert_eq!(ran.read("disk.md"), "mine");
}

#[test]
fn a_quoted_word_comes_back_from_its_shell() {
    for shell in ["sh", "bash", "zsh", "fish"] {
        for word in ["rds!db-1234", "-it's", "$(rm) `x` \\ \"", "a\nb", "", "~/*"] {
            let ran = Test::new()
                .args(["quote", "--shell", shell, "--", word])
                .run()
                .ends(0);
            let back = std::process::Command::new(shell)
                .arg("-c")
                .arg(format!("printf %s {}", ran.stdout))
                .output();
            match back {
                Ok(back) => assert_eq!(String::from_utf8_lossy(&back.stdout), word, "{shell}"),
                Err(_) => eprintln!("skipped: {shell} is not installed"),
            }
        }
    }
}

#[test]
fn what_quote_prints_may_be_pasted() {
    #[track_caller]
    fn prints<const N: usize>(args: [&str; N], expected: &str) {
        let ran = Test::new().args(args).run().ends(0);
        assert_eq!(ran.stdout, expected);
    }
    prints(["quote", "rds!db-1234"], "'rds!db-1234'\n");
    prints(["quote", "a\n^b\t"], "$'a\\n^b\\t'\n");
    prints(["quote", "--shell", "fish", "a\tb"], "'a'\\t'b'\n");
    prints(["quote", "--", "echo", "-n", "a b"], "echo -n 'a b'\n");
    prints(["quote", "--shell", "powershell", "it's"], "'it''s'\n");
    prints(
        ["quote", "--shell", "powershell", "x", "a\n"],
        "& 'x' \"a`n\"\n",
    );
}

#[test]
fn an_unknown_shell_cant_quote() {
    Test::new()
        .args(["quote", "--shell", "cmd.exe", "x"])
        .run()
        .ends(2);
}

#[test]
fn check_looks_into_folders_and_passes_over_what_is_not_ours() {
    Test::new()
        .file("docs/a.md", "```bash {#one}\ntrue\n```\n")
        .file(
            "docs/deep/b.markdown",
            "```bash {#one timout=1s}\ntrue\n```\n",
        )
        .file("docs/.hidden/c.md", b"\0")
        .file("docs/node_modules/d.md", b"\0")
        .file("docs/target/e.md", b"\0")
        .file("docs/f.txt", b"\0")
        .args(["check", "docs"])
        .run()
        .ends(2)
        .says("docs/deep/b.markdown:1:")
        .says("2 files, 1 error");
}

#[test]
fn check_goes_on_after_a_file_that_is_no_text() {
    Test::new()
        .file("a.md", b"\0")
        .file("b.md", "# B\n")
        .args(["check", ".", "missing.md"])
        .run()
        .ends(2)
        .says("3 files, 2 errors");
}

/// Files are read side by side; the first of them takes longest.
#[test]
fn check_tells_of_files_in_the_order_of_their_names() {
    let wrong = "```bash {#one timout=1s}\ntrue\n```\n";
    let mut test = Test::new().file("00.md", format!("{}{wrong}", "*a* `b`\n\n".repeat(20_000)));
    for number in 1..40 {
        test = test.file(&format!("{number:02}.md"), wrong);
    }
    let ran = test
        .args(["check", ".", "--format", "json", "--no-shellcheck"])
        .run()
        .ends(2);
    let files: Vec<String> = ran
        .stdout
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).expect("it is JSON"))
        .map(|line| line["file"].as_str().expect("a text").to_owned())
        .collect();
    let in_order: Vec<String> = (0..40).map(|number| format!("{number:02}.md")).collect();
    assert_eq!(files, in_order);
}

#[test]
fn check_writes_one_json_object_per_diagnostic() {
    let ran = Test::new()
        .file("a.md", "# ä\n\n```bash {#one timout=1s}\ntrue\n```\n")
        .args(["check", "a.md", "--format", "json"])
        .run()
        .ends(2);
    let line: serde_json::Value =
        serde_json::from_str(ran.stdout.lines().next().expect("there is a line"))
            .expect("it is JSON");
    assert_eq!(line["file"], "a.md");
    assert_eq!(line["severity"], "error");
    assert_eq!(line["line"], 3);
}

const PAGE: &str = "\
---
inputs:
  release: {type: string}
---
# Deploy

```bash {#build}
echo building
```

```bash {#deploy needs=build}
echo ${{ release }}
```
";

#[test]
fn a_graph_is_drawn_in_four_ways() {
    for (format, text) in [
        ("text", "build"),
        ("mermaid", "flowchart"),
        ("dot", "digraph"),
        ("json", "\"deploy\""),
    ] {
        Test::new()
            .file("a.md", PAGE)
            .args(["graph", "a.md", "--format", format])
            .run()
            .ends(0)
            .says(text);
    }
}

#[test]
fn a_plan_needs_no_inputs_and_runs_nothing() {
    let ran = Test::new()
        .file("a.md", PAGE)
        .args(["plan", "a.md"])
        .run()
        .ends(0)
        .says("build")
        .says("deploy")
        .says("unset");
    assert!(!ran.exists("home"));
}

#[test]
fn a_run_can_be_listed_shown_and_verified() {
    let ran = Test::new()
        .file("a.md", PAGE)
        .args(["run", "a.md", "--input", "release=web"])
        .run()
        .ends(0);
    let ran = ran.then(["runs"]).run().ends(0).says("a.md").says("passed");
    let ran = ran.then(["list"]).run().ends(0).says("a.md").says("passed");
    let ran = ran.then(["show", "last"]).run().ends(0).says("deploy");
    let ran = ran.then(["show", "last", "--format", "json"]).run().ends(0);
    assert_eq!(ran.stdout, ran.journals()[0]);
    let ran = ran
        .then(["show", "last", "--format", "junit"])
        .run()
        .ends(0)
        .says("<testsuite");
    ran.then(["verify", "last"]).run().ends(0);
}

#[test]
fn an_altered_journal_does_not_verify() {
    let ran = Test::new()
        .file("a.md", PAGE)
        .args(["run", "a.md", "--input", "release=web"])
        .run()
        .ends(0);
    let journal = ran.journals()[0].replace("building", "bulldozing");
    ran.then(["verify", "altered.jsonl"])
        .file("altered.jsonl", journal)
        .run()
        .ends(4);
}

#[test]
fn a_run_that_is_not_there_is_said() {
    Test::new().args(["show", "last"]).run().ends(2);
    Test::new().args(["verify", "0199"]).run().ends(2);
    Test::new().args(["runs"]).run().ends(0);
}

#[test]
fn doctor_finds_shells_and_stale_credentials() {
    Test::new()
        .args(["doctor"])
        .env("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
        .env("AWS_SESSION_TOKEN", "a-stale-session-token")
        .run()
        .ends(0)
        .says("bash")
        .says("  AWS_SESSION_TOKEN: belongs to a temporary key, but `AWS_ACCESS_KEY_ID` is a long-lived one\n")
        .says("see https://docs.aws.amazon.com/")
        .says("      unset AWS_SESSION_TOKEN\n")
        .says("a long-lived key …MPLE")
        .hides("AKIAIOSFODNN7EXAMPLE")
        .hides("a-stale-session-token");
}

#[test]
fn doctor_says_which_tools_the_runbooks_here_need() {
    let page = "---\nrequires:\n  tools: {bash: '>=99', launchpad: '>=2', sh: '*'}\n---\n";
    Test::new()
        .file("deep/a.md", page)
        .file("b.md", "---\nrequires:\n  tools: {bash: '>=3'}\n---\n")
        .file(".kube/config", "current-context: dev\n")
        .args(["doctor"])
        .run()
        .ends(0)
        .says("\n             but >=99 is required by deep/a.md\n")
        .says("  launchpad  not found\n             but >=2 is required by deep/a.md\n")
        .says("\ncluster\n  dev\n");
}

#[test]
fn runs_live_beside_the_nearest_project() {
    let ran = Test::new()
        .file("runbook.toml", "")
        .file("deep/down/a.md", PAGE)
        .args(["run", "deep/down/a.md", "--input", "release=web"])
        .env("RUNBOOK_HOME", "")
        .run()
        .ends(0);
    assert!(ran.exists(".runbook/runs"));
    assert_eq!(ran.read(".runbook/.gitignore"), "*\n");
    assert!(!ran.exists("deep/down/.runbook"));
}

#[test]
fn check_asks_shellcheck_where_it_is_installed() {
    if std::process::Command::new("shellcheck")
        .arg("--version")
        .output()
        .is_err()
    {
        eprintln!("skipped: shellcheck is not installed");
        return;
    }
    let page = "# A\n> ```bash {#a}\n> echo \"é\" $1 ${{ 1 }}\n> ```\n\n```sh {#b allow=SC2086}\necho $1\n```\n";
    let check = || {
        Test::new()
            .file("a.md", page)
            .args(["check", "a.md", "--format", "json"])
    };
    let ran = check().run().ends(0);
    assert_eq!(ran.stdout.lines().count(), 1, "{}", ran.text);
    for part in [
        r#""severity":"note","code":"SC2086","message":"double quote to prevent globbing and word splitting""#,
        r#""line":3,"column":12,"end_line":3,"end_column":14"#,
        r#""suggestion":{"text":"\"$1\"","#,
        "https://www.shellcheck.net/wiki/SC2086",
    ] {
        assert!(ran.stdout.contains(part), "{part} in {}", ran.stdout);
    }
    let mut without = check();
    without = without.args(["check", "a.md", "--format", "json", "--no-shellcheck"]);
    assert_eq!(without.run().ends(0).stdout, "");
    // Not installed is no fault.
    let absent = check().env("PATH", "/nowhere").run().ends(0);
    assert_eq!(absent.stdout, "");
}
