//! Background steps.

use crate::support::Test;

#[test]
fn a_service_is_waited_for_and_ended() {
    let page = "\
```sh {#beat background ready=\"sh_unchecked(\\\"echo probe; test -s beat\\\").ok\"}
sleep 0.3; echo $$ > pid; echo up > beat; while :; do sleep 1; done
```

```sh {#see}
cat beat
```
";
    let ran = Test::new()
        .file("a.md", page)
        .args(["run", "a.md"])
        .run()
        .ends(0)
        .says("up")
        // What a probe prints is no output of the service.
        .hides("\"text\":\"probe\"");
    let pid = ran.read("pid");
    assert!(
        !std::path::Path::new("/proc")
            .join(pid.trim())
            .join("cwd")
            .exists(),
        "it still runs"
    );
}

#[test]
fn a_service_that_ends_before_it_is_ready_fails() {
    Test::new()
        .file(
            "a.md",
            "```bash {#svc background ready=\"false\"}\necho dying >&2; exit 3\n```\n",
        )
        .args(["run", "a.md"])
        .run()
        .ends(1)
        .says("it ended before it was ready: exit status 3")
        .says("dying");
}

#[test]
fn a_probe_that_hangs_ends_with_the_time_there_is() {
    let page = "```bash {#svc background ready=\"sh(\\\"sleep 62\\\").ok\" timeout=300ms}\n\
                sleep 62\n```\n";
    Test::new()
        .file("a.md", page)
        .args(["run", "a.md"])
        .run()
        .ends(1)
        .says("not ready after");
}

#[test]
fn a_service_that_ends_by_itself_is_told_of() {
    let page = "```bash {#svc background}\nsleep 0.3\n```\n\n```bash {#next}\nsleep 1\n```\n";
    Test::new()
        .file("a.md", page)
        .args(["run", "a.md"])
        .run()
        .ends(0)
        .says("svc: the service ended by itself (exit status 0)");
}

/// A service that fails while a step waits for that, and one step more.
fn dying(attributes: &str) -> Test {
    let page = format!(
        "```bash {{#svc background {attributes}}}\n\
         until test -e begun; do sleep 0.05; done; echo dying >&2; touch died; exit 4\n```\n\n\
         ```bash {{#work}}\ntouch begun; until test -e died; do sleep 0.05; done; sleep 1\n```\n\n\
         ```bash {{#next}}\necho reached\n```\n"
    );
    Test::new().file("a.md", page).args(["run", "a.md"])
}

#[test]
fn a_service_that_fails_later_fails_the_run() {
    let ran = dying("")
        .run()
        .ends(1)
        .says("failed: the service ended by itself: exit status 4 (line 1)")
        .says("dying")
        .says("1 of 3 steps failed: svc (a.md:1), 1 skipped");
    assert_eq!(ran.step("svc").as_deref(), Some("failed"));
    let replayed = ran.stdout.clone();
    let ran = ran
        .then(["replay", "last", "--speed", "instant"])
        .run()
        .ends(0);
    assert_eq!(ran.stdout, replayed);
    ran.then(["show", "last"])
        .run()
        .ends(0)
        .says("the service ended by itself: exit status 4")
        .then(["replay", "last", "--with", "a.md"])
        .run()
        .ends(0)
        .says("the path is the recorded one");
}

#[test]
fn a_service_that_failed_runs_again_when_the_run_goes_on() {
    let ran = dying("").run().ends(1);
    for mark in ["begun", "died"] {
        std::fs::remove_file(ran.path(mark)).expect("it is there");
    }
    ran.then(["resume", "last", "--yes"])
        .run()
        .ends(0)
        .says("reached");
}

#[test]
fn a_service_that_may_fail_or_is_handled_fails_nothing() {
    dying("allow-failure")
        .run()
        .ends(0)
        .says("dying")
        .says("reached");
    let handled = dying("");
    let page = std::fs::read_to_string(handled.root().join("a.md")).expect("it is there");
    let page = page.replace("{#next}", "{#next when=\"svc.failed\"}");
    handled.file("a.md", page).run().ends(0).says("reached");
}

#[test]
fn a_service_that_is_ended_with_the_run_has_not_failed() {
    let page = "```bash {#svc background}\ntrap 'exit 9' TERM; touch up; while :; do sleep 0.05; done\n```\n\n\
                ```bash {#next}\nuntil test -e up; do sleep 0.05; done\n```\n";
    let ran = Test::new()
        .file("a.md", page)
        .args(["run", "a.md"])
        .run()
        .ends(0);
    assert_eq!(ran.step("svc").as_deref(), Some("passed"));
}
