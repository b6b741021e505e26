//! Failures that a later `when` asks about.

use crate::support::{Ran, Test};

fn run(cells: &str) -> Ran {
    Test::new()
        .file(
            "a.md",
            format!("# A\n\n```bash {{#a}}\nexit 1\n```\n\n{cells}"),
        )
        .args(["run", "a.md"])
        .run()
}

const NEXT: &str = "```bash {#next}\ntrue\n```\n";

#[test]
fn a_failure_that_a_step_handles_is_none() {
    let ran = run(&format!(
        "```bash {{#no when=\"a.ok\"}}\ntrue\n```\n\n```bash {{#fix when=\"a.failed\"}}\ntrue\n```\n\n{NEXT}"
    ))
    .ends(0)
    .says("1 failed but handled");
    assert_eq!(ran.step("no").as_deref(), Some("skipped"));
    assert_eq!(ran.step("fix").as_deref(), Some("passed"));
    assert_eq!(ran.step("next").as_deref(), Some("passed"));
}

#[test]
fn a_failure_that_no_step_handles_in_the_end_stops_the_run() {
    for condition in ["a.ok", "a.failed && a.code == 5"] {
        let ran = run(&format!(
            "```bash {{#fix when=\"{condition}\"}}\ntrue\n```\n\n{NEXT}"
        ))
        .ends(1)
        .says("the run stopped: `a` failed");
        assert_eq!(ran.step("fix").as_deref(), Some("skipped"));
        assert_eq!(ran.step("next").as_deref(), Some("skipped"));
    }
}

#[test]
fn what_waits_for_a_skipped_step_of_an_unhandled_failure_does_not_run_with_keep_going() {
    let page = format!(
        "```bash {{#a}}\nexit 1\n```\n\n```bash {{#fix when=\"a.ok\"}}\ntrue\n```\n\n{NEXT}"
    );
    let ran = Test::new()
        .file("a.md", page)
        .args(["run", "a.md", "--keep-going"])
        .run()
        .ends(1)
        .says("it needs `a`, which failed");
    assert_eq!(ran.step("next").as_deref(), Some("skipped"));
}

#[test]
fn a_handler_that_fails_is_the_failure() {
    run("```bash {#fix when=\"a.failed\"}\nexit 2\n```\n")
        .ends(1)
        .says("1 of 2 steps failed: fix (a.md:7), 1 failed but handled");
}

#[test]
fn a_step_after_one_that_lacks_a_name_runs() {
    let page = "\
```rhai {#a when=\"false\"}
let v = 1;
```

```bash {#lacks}
echo ${{ v }}
```

```bash {#next}
true
```
";
    let ran = Test::new()
        .file("a.md", page)
        .args(["run", "a.md"])
        .run()
        .ends(0);
    assert_eq!(ran.step("lacks").as_deref(), Some("skipped"));
    assert_eq!(ran.step("next").as_deref(), Some("passed"));
}

#[test]
fn the_time_of_a_run_ends_what_runs() {
    Test::new()
        .file(
            "a.md",
            "---\ntimeout: 300ms\n---\n\n```bash {#a}\nsleep 61\n```\n\n```bash {#z always}\ntouch z\n```\n",
        )
        .args(["run", "a.md"])
        .run()
        .ends(1)
        .says("interrupted: the time of the run was up")
        .exists("z")
        .then_some(())
        .expect("cleanup ran");
}

#[test]
fn a_refused_run_does_not_show_what_may_fail_as_failed() {
    let page = "\
```bash {#risky allow-failure}
exit 7
```

```bash {#change confirm=\"Go on?\"}
echo changed
```
";
    Test::new()
        .file("a.md", page)
        .args(["run", "a.md"])
        .run()
        .ends(3)
        .says("1 failed but handled")
        .hides("1 failed,");
}
