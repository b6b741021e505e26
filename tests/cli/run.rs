//! Runs from the outside: what is printed, what is kept, what children see.

use crate::support::Test;

#[test]
fn steps_run_in_order_and_leave_values() {
    let ran = Test::new()
        .file(
            "a.md",
            "\
# Order

```bash {#first}
export COLOUR='deep
red'
mkdir sub && cd sub
echo '{\"n\": 41}'
```

```rhai {#second}
let n = first.json().n + 1;
assert n == 42;
```

```bash {#third}
echo \"$COLOUR\" > ../colour
echo ${{ n }} > ../number
pwd > ../where
```
",
        )
        .args(["run", "a.md"])
        .run()
        .ends(0);
    assert_eq!(ran.read("colour"), "deep\nred\n");
    assert_eq!(ran.read("number"), "42\n");
    assert!(ran.read("where").ends_with("/sub\n"));
}

#[test]
fn a_step_does_not_read_what_the_program_could() {
    let ran = Test::new()
        .file("a.md", "```bash {#one}\ncat > seen\n```\n")
        .args(["run", "a.md"])
        .stdin("not for the step\n")
        .run()
        .ends(0);
    assert_eq!(ran.read("seen"), "");
}

#[test]
fn a_branch_is_taken_by_what_happened() {
    let ran = Test::new()
        .file(
            "a.md",
            "\
# Deploy

```bash {#helm}
exit 1
```

## If Helm succeeds
<!-- runbook: when=\"helm.ok\" -->

```bash {#flip}
true
```

## If Helm fails
<!-- runbook: when=\"helm.failed\" -->

```bash {#roll-back}
true
```
",
        )
        .args(["run", "a.md"])
        .run()
        .ends(0);
    assert_eq!(ran.step("helm").as_deref(), Some("failed"));
    assert_eq!(ran.step("flip").as_deref(), Some("skipped"));
    assert_eq!(ran.step("roll-back").as_deref(), Some("passed"));
}

#[test]
fn a_failure_is_shown_with_its_place_and_the_values() {
    Test::new()
        .file(
            "a.md",
            "# A\n\n```rhai {#check}\nlet used = 97;\nassert used < 95, \"there is room\";\n```\n",
        )
        .args(["run", "a.md"])
        .run()
        .ends(1)
        .says("check")
        .says("used < 95")
        .says("97")
        .says("there is room")
        .says("a.md:5");
}

#[test]
fn what_waits_for_a_failure_does_not_run() {
    let page = "\
```bash {#one}
exit 3
```

```bash {#two}
touch two
```

```bash {#three needs=none}
sleep 0.3; touch three
```

```bash {#four needs=three}
touch four
```

```bash {#cleanup always}
touch cleanup
```
";
    let ran = Test::new()
        .file("a.md", page)
        .args(["run", "a.md"])
        .run()
        .ends(1);
    assert!(!ran.exists("two"));
    assert!(ran.exists("three"), "running steps finish");
    assert!(!ran.exists("four"));
    assert!(ran.exists("cleanup"));
    let ran = Test::new()
        .file("a.md", page)
        .args(["run", "a.md", "--keep-going"])
        .run()
        .ends(1);
    assert!(!ran.exists("two"));
    assert!(ran.exists("four"));
}

#[test]
fn a_selection_brings_what_it_needs() {
    let page = "```bash {#a}\ntouch a\n```\n\n```bash {#b needs=a}\ntouch b\n```\n\n```bash {#c}\ntouch c\n```\n\n```bash {#d}\ntouch d\n```\n";
    let test = || Test::new().file("p.md", page);
    let ran = test().args(["run", "p.md", "--step", "b"]).run().ends(0);
    assert!(ran.exists("a") && ran.exists("b") && !ran.exists("c"));
    let ran = test()
        .args(["run", "p.md", "--from", "b", "--until", "c"])
        .run()
        .ends(0);
    assert!(ran.exists("b") && ran.exists("c") && !ran.exists("d"));
    test()
        .args(["run", "p.md", "--step", "bb"])
        .run()
        .ends(2)
        .says("`bb`");
}

#[test]
fn json_is_the_journal_itself() {
    let ran = Test::new()
        .file("a.md", "```bash {#one}\necho hi; echo oh >&2\n```\n")
        .args(["run", "a.md", "--format", "json"])
        .run()
        .ends(0);
    assert_eq!(ran.stdout, ran.journals()[0]);
    assert_eq!(ran.stderr, "");
    let events: Vec<_> = ran
        .entries()
        .iter()
        .map(|entry| entry["event"].as_str().unwrap_or_default().to_owned())
        .collect();
    assert_eq!(events.first().map(String::as_str), Some("run-started"));
    assert_eq!(events.last().map(String::as_str), Some("run-finished"));
}

#[test]
fn a_secret_is_nowhere_but_in_its_step() {
    let ran = Test::new()
        .file(
            "a.md",
            "\
---
inputs:
  db_pw: {type: string, secret: true}
---
```bash {#one}
printf %s ${{ db_pw }} > kept
echo ${{ db_pw }}; printf %s ${{ db_pw }} | base64; env
```
",
        )
        .args(["run", "a.md", "--output", "full"])
        .env("RUNBOOK_INPUT_DB_PW", "correct-horse-battery")
        .run()
        .ends(0)
        .says("«secret:db_pw»")
        .hides("correct-horse-battery")
        .hides("Y29ycmVjdC1ob3JzZS1iYXR0ZXJ5");
    assert_eq!(ran.read("kept"), "correct-horse-battery");
}

/// Guard: `Scratch::within`, whose folder only its owner may enter.
#[test]
fn what_a_shell_leaves_is_its_owners_alone() {
    let ran = Test::new()
        .file(
            "a.md",
            "# A\n\n```bash {#mode}\numask 022; ls -ld \"$(dirname \"$__runbook\")\"\n```\n",
        )
        .args(["run", "a.md", "--output", "full"])
        .run();
    assert!(ran.stdout.contains("drwx------"), "{}", ran.stdout);
}

#[test]
fn children_do_not_see_stale_credentials_or_inputs() {
    let ran = Test::new()
        .file("a.md", "```bash {#one}\nenv > seen\n```\n")
        .args(["run", "a.md"])
        .env("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
        .env(
            "AWS_SECRET_ACCESS_KEY",
            "wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY",
        )
        .env("AWS_SESSION_TOKEN", "a-stale-session-token")
        .env("RUNBOOK_INPUT_OTHER", "x")
        .run()
        .ends(0)
        .says("AWS_SESSION_TOKEN")
        .hides("a-stale-session-token");
    let seen = ran.read("seen");
    assert!(seen.contains("AKIAIOSFODNN7EXAMPLE"));
    assert!(!seen.contains("AWS_SESSION_TOKEN"));
    assert!(!seen.contains("RUNBOOK_INPUT_"));
}

#[test]
fn a_target_points_steps_at_its_profile() {
    let ran = Test::new()
        .file("a.md", "```bash {#one}\nenv > seen\n```\n")
        .file(
            "runbook.toml",
            "[target.prod]\naws = { profile = 'prod', region = 'us-west-2' }\n",
        )
        .file(".aws/config", "[profile prod]\nregion = us-west-2\n")
        .args(["run", "a.md", "--target", "prod"])
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
        .run()
        .ends(0)
        .says("AWS_ACCESS_KEY_ID");
    let seen = ran.read("seen");
    assert!(seen.contains("AWS_PROFILE=prod\n"));
    assert!(seen.contains("AWS_REGION=us-west-2\n"));
    assert!(!seen.contains("AKIA"));
}

#[test]
fn a_report_is_written_whole() {
    let ran = Test::new()
        .file("a.md", "```bash {#one}\nexit 3\n```\n")
        .args(["run", "a.md", "--junit", "junit.xml"])
        .run()
        .ends(1);
    let report = ran.read("junit.xml");
    assert!(report.contains("<testsuite"), "{report}");
    assert!(report.contains("failures=\"1\""), "{report}");
}

#[test]
fn a_plain_page_asks_and_yes_waives_the_questions_not_the_inputs() {
    let page = "# Restart\n\n```bash\necho restarting <service-name>\n```\n";
    let test = || Test::new().file("a.md", page);
    test()
        .args(["run", "a.md", "--yes"])
        .run()
        .ends(3)
        .says("service");
    test()
        .args(["run", "a.md", "--yes", "--output", "full"])
        .env("RUNBOOK_INPUT_SERVICE_NAME", "web; touch pwned")
        .run()
        .ends(0)
        .says("restarting web; touch pwned");
}

#[test]
fn there_is_no_colour_without_a_terminal_unless_it_is_asked_for() {
    let test = || Test::new().file("a.md", "```bash {#one}\nexit 1\n```\n");
    let ran = test().args(["run", "a.md"]).run().ends(1);
    assert!(!ran.text.contains('\x1b'), "{}", ran.text);
    let ran = test().args(["run", "a.md", "--color", "always"]).run();
    assert!(ran.stdout.contains('\x1b'), "{}", ran.text);
    let ran = test()
        .args(["run", "a.md"])
        .env("CLICOLOR_FORCE", "1")
        .run();
    assert!(ran.stdout.contains('\x1b'), "{}", ran.text);
    let ran = test()
        .args(["run", "a.md"])
        .env("CLICOLOR_FORCE", "1")
        .env("NO_COLOR", "1")
        .run();
    assert!(!ran.text.contains('\x1b'), "{}", ran.text);
}

#[test]
fn steps_run_side_by_side_up_to_jobs() {
    let page = ["a", "b", "c", "d"]
        .map(|id| format!("```bash {{#{id} needs=none}}\nsleep 0.5\n```\n\n"))
        .concat();
    let elapsed = |jobs: &str| {
        let ran = Test::new()
            .file("a.md", &page)
            .args(["run", "a.md", "--jobs", jobs])
            .run()
            .ends(0);
        let entries = ran.entries();
        entries
            .last()
            .and_then(|entry| entry["elapsed_ms"].as_u64())
    };
    assert!(elapsed("4") < Some(1500));
    assert!(elapsed("1") >= Some(2000));
}

#[test]
fn a_traceback_names_the_lines_of_the_page() {
    Test::new()
        .file("a.md", "# A\n\n```python {#one}\nx = 1\nx / 0\n```\n")
        .args(["run", "a.md"])
        .run()
        .ends(1)
        .says("line 5, in <module>")
        .says("ZeroDivisionError");
}

#[test]
fn output_shown_in_a_plain_page_is_not_run() {
    let page = "# Disk\n\n```bash\necho one > one\n```\n\n**Output:**\n\n```bash\ntouch two\n```\n";
    let ran = Test::new()
        .file("a.md", page)
        .args(["run", "a.md", "--yes"])
        .run()
        .ends(0);
    assert!(ran.exists("one"));
    assert!(!ran.exists("two"));
    Test::new()
        .file("a.md", page)
        .args(["check", "a.md"])
        .run()
        .ends(0)
        .says("RB0117")
        .says("it is not run");
}

#[test]
fn a_command_of_a_transcript_that_fails_is_named() {
    Test::new()
        .file(
            "a.md",
            "# T\n```console {#t}\n$ true\n$ cat none \\\n  /none\n$ echo next\nnext\n```\n",
        )
        .args(["run", "a.md"])
        .run()
        .ends(1)
        .says("`cat none \\ …` ended with exit status 1")
        .says("a.md:4:3");
}

#[test]
fn a_failed_assertion_shows_what_was_looked_at() {
    Test::new()
        .file(
            "a.md",
            "# T\n```bash {#pods}\necho 'api NotReady'; echo 'ui Ready'\n```\n```rhai {#a}\n\
             assert pods.lines().filter(|x| x.ends_with(\" Ready\")).len() == 2;\n```\n",
        )
        .args(["run", "a.md"])
        .run()
        .ends(1)
        .says("[\"api NotReady\", \"ui Ready\"]")
        .says("[\"ui Ready\"]");
}
