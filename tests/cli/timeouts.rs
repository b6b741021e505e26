//! Steps that take too long.

use std::time::{Duration, Instant};

use crate::support::{Ran, Test};

#[track_caller]
fn timed_out(cell: &str) -> Ran {
    let began = Instant::now();
    let ran = Test::new()
        .file("a.md", format!("# T\n\n{cell}\n"))
        .args(["run", "a.md"])
        .run()
        .ends(1)
        .says("timed out after");
    let took = began.elapsed();
    assert!(took < Duration::from_secs(20), "it took {took:?}");
    ran
}

#[test]
fn a_timeout_ends_what_a_script_runs() {
    timed_out("```rhai {timeout=300ms}\nsh(\"sleep 61 & sleep 61\");\n```").says("a.md:4:1");
    timed_out("```rhai {timeout=300ms}\nrun([\"sleep\", \"61\"]);\n```");
    timed_out("```rhai {timeout=300ms}\nloop { try { sh(\"sleep 61\") } catch { } }\n```");
}

#[test]
fn a_timeout_ends_a_script_that_computes_or_waits() {
    timed_out("```rhai {timeout=300ms}\nloop { }\n```");
    timed_out("```rhai {timeout=300ms}\nwithin(\"10m\", \"1m\", || false);\n```");
}

#[test]
fn a_timeout_ends_shells_and_interpreters() {
    timed_out("```bash {timeout=300ms}\nsleep 61 & sleep 61\n```");
    timed_out("```python {timeout=300ms}\nimport time\ntime.sleep(61)\n```");
}
