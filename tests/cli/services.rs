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
    let page =
        "```bash {#svc background}\nsleep 0.3; exit 3\n```\n\n```bash {#next}\nsleep 1\n```\n";
    Test::new()
        .file("a.md", page)
        .args(["run", "a.md"])
        .run()
        .ends(0)
        .says("svc: the service ended by itself (exit status 3)");
}
