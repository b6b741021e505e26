//! A real run, recorded, and gone through again.

use std::sync::Arc;
use std::time::Duration;

use super::*;
use crate::document::Document;
use crate::source::Source;
use crate::world::live::Live;
use crate::world::{Answer, Boxed, Operator, Question, QuestionKind};

/// Says yes, and `blue` to a text.
struct Yes;

impl Operator for Yes {
    fn ask(&self, question: Question) -> Boxed<'_, Option<Answer>> {
        let text = match question.kind {
            QuestionKind::Text { .. } => "blue",
            _ => "yes",
        };
        Box::pin(async move {
            Some(Answer {
                text: text.to_owned(),
                by: "tester".to_owned(),
            })
        })
    }
}

fn graph(text: &str) -> Arc<Graph> {
    let source = Arc::new(Source::new("page.md", text));
    let (document, wrong) = Document::parse(source);
    assert!(!wrong.has_errors(), "{wrong:?}");
    let (graph, wrong) = Graph::build(Arc::new(document), crate::script::vocabulary());
    assert!(!wrong.has_errors(), "{wrong:?}");
    Arc::new(graph)
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .thread_stack_size(16 * 1024 * 1024)
        .build()
        .expect("threads can be started")
}

/// Runs a page for real.
fn record(text: &str, given: &[Given]) -> Arc<Recording> {
    let folder = tempfile::tempdir().expect("there is room");
    let plan = Plan::new(graph(text), given, &Selection::default()).expect("it has its inputs");
    let world: Arc<dyn World> = Arc::new(Live::new(Arc::new(Yes)));
    let clock = Arc::clone(&world);
    let recorder = Recorder::in_memory(move || clock.now());
    let redactor = Redactor::default();
    redactor
        .learn("pw", b"hunter2hunter2")
        .expect("it can be hidden");
    let mut environment = Environment::default();
    environment.set("PATH", "/usr/local/bin:/usr/bin:/bin");
    environment.set("COLOUR", "red");
    let settings = Settings {
        run: "0193a5b0-0000-7000-8000-000000000000".to_owned(),
        operator: "tester".to_owned(),
        target: None,
        jobs: 4,
        keep_going: false,
        attended: true,
        environment,
        removed: Vec::new(),
        directory: folder.path().to_owned(),
        folder: folder.path().to_owned(),
        grace: Duration::from_secs(1),
        guards: Guards::default(),
        identity: None,
        context: None,
        notes: Vec::new(),
        recording: None,
        about: About::default(),
    };
    runtime().block_on(async {
        exec::run(
            Arc::new(plan),
            world,
            recorder.clone(),
            redactor,
            settings,
            Interrupt::default(),
        )
        .await
        .expect("it runs");
    });
    let entries = recorder.take();
    Arc::new(Recording::new(&entries).expect("it is a run"))
}

fn again(text: &str, recording: &Arc<Recording>) -> Rehearsed {
    runtime()
        .block_on(rehearse(
            graph(text),
            Arc::clone(recording),
            &Terms::default(),
        ))
        .expect("it can be gone through")
}

fn lines(rehearsed: &Rehearsed) -> String {
    let lines: Vec<String> = rehearsed.entries.iter().map(Entry::to_line).collect();
    lines.join("\n")
}

/// A page with something of everything.
const PAGE: &str = "\
---
inputs:
  release:
    default: web
  pw:
    secret: true
    default: hunter2hunter2
---
# All kinds

```bash {#exporter}
export PLACE=$PWD/x TOKEN_FOR=me
printf 'no newline'
echo error >&2
```

```bash {#named}
echo \"$PLACE\" | wc -l
echo ${{ release }} ${{ pw }}
```

```console {#talk}
$ echo one; echo two
one
two
$ printf three
three
```

```bash {#shaky retry=3 delay=10ms}
test -e tried || { touch tried; echo first; exit 7; }
echo second
```

```rhai {#script}
let colour = env(\"COLOUR\");
assert colour == \"red\";
let made = run([\"printf\", \"%s\", \"made\"]);
assert made.stdout == \"made\";
let bad = sh_unchecked(\"echo gone >&2; exit 3\");
assert bad.code == 3 && bad.stderr == \"gone\";
let count = 0;
within(\"5s\", \"10ms\", || { count += 1; sh(\"echo x >> polled; wc -l < polled\").trim() == \"3\" });
let name = ask(\"which colour?\");
assert name == \"blue\";
let at = now();
assert at.len() > 10;
assert exporter.stdout == \"no newline\";
assert shaky.trim() == \"second\";
```

```bash {#maybe when='sh_unchecked(\"exit 1\").code == 0'}
echo never
```

```bash {#each-one each='[\"a\", \"b\", \"c\"]'}
echo ${{ item }}
```

```bash {#serve background ready='sh(\"echo up\").trim() == \"up\"'}
echo serving
sleep 30
```

```bash {#sure confirm=\"Is it so?\"}
echo sure
```
";

#[test]
fn a_run_is_gone_through_again_as_it_was() {
    let recording = record(PAGE, &[]);
    let end = recording.end.as_ref().expect("it has an end");
    let failed = |step: &recording::Step| step.end.clone().and_then(|end| end.reason);
    let reasons: Vec<_> = recording.steps().filter_map(failed).collect();
    assert_eq!(end.status, Status::Passed, "{reasons:?}");
    let rehearsed = again(PAGE, &recording);
    assert_eq!(rehearsed.missing, [], "{}", lines(&rehearsed));
    assert_eq!(rehearsed.comparison.differences, []);
    assert_eq!(rehearsed.status, Status::Passed);
    assert!(!lines(&rehearsed).contains("hunter2"));
    // What each step met is the same, times aside.
    for step in recording.steps() {
        let now = rehearsed.recording.step(&step.id).expect("it is there");
        assert_eq!(now.environment, step.environment, "{}", step.id);
        assert_eq!(now.directory, step.directory, "{}", step.id);
        assert_eq!(now.calls.len(), step.calls.len(), "{}", step.id);
        assert_eq!(now.checks, step.checks, "{}", step.id);
        assert_eq!(now.clock, step.clock, "{}", step.id);
        assert_eq!(now.attempts.len(), step.attempts.len(), "{}", step.id);
        for (now, then) in now.attempts.iter().zip(&step.attempts) {
            let text = |attempt: &recording::Attempt| {
                [recording::Stream::Stdout, recording::Stream::Stderr]
                    .map(|stream| recording::stream(&attempt.output, stream))
            };
            assert_eq!(text(now), text(then), "{}", step.id);
            assert_eq!(now.exit, then.exit, "{}", step.id);
            assert_eq!(now.parts, then.parts, "{}", step.id);
        }
    }
}

#[test]
fn the_same_page_and_recording_give_the_same_entries() {
    let recording = record(PAGE, &[]);
    let first = lines(&again(PAGE, &recording));
    for _ in 0..20 {
        assert_eq!(lines(&again(PAGE, &recording)), first);
    }
}

/// Time runs out for a script that waits, for one that asks, and for the run.
const LATE: &str = "\
---
timeout: 400ms
---
```rhai {#asleep timeout=20ms allow-failure}
sleep(\"1s\");
```

```rhai {#polling timeout=50ms allow-failure}
within(\"1s\", \"5ms\", || sh(\"echo no\").trim() == \"yes\");
```

```rhai {#longest}
sleep(\"5s\");
```

```bash {#never}
echo never
```
";

#[test]
fn time_runs_out_the_same_way_on_a_busy_machine() {
    let recording = record(LATE, &[]);
    let runtime = runtime();
    let graph = graph(LATE);
    let busy = std::sync::atomic::AtomicBool::new(true);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while busy.load(std::sync::atomic::Ordering::Relaxed) {
                    std::hint::spin_loop();
                }
            });
        }
        let mut all = std::collections::BTreeSet::new();
        for _ in 0..20 {
            let terms = Terms::default();
            let rehearsal = rehearse(Arc::clone(&graph), Arc::clone(&recording), &terms);
            let rehearsed = runtime.block_on(rehearsal).expect("it can be gone through");
            all.insert(lines(&rehearsed));
        }
        busy.store(false, std::sync::atomic::Ordering::Relaxed);
        assert_eq!(all.len(), 1, "{all:#?}");
    });
}

/// A script, a shell that fails once, what runs side by side, and time.
const SMALL: &str = "\
```bash {#flaky retry=1 delay=1ms}
test -e there || { touch there; exit 1; }
echo there
```

```bash {#left needs=flaky}
sleep 0.01; echo left
```

```bash {#right needs=flaky}
echo right
```

```rhai {#judge}
within(\"2s\", \"1ms\", || left.contains(\"left\"));
sleep(\"5ms\");
assert now() > \"2020\" && sh(\"echo x\").trim() == \"x\";
```
";

#[test]
fn a_thousand_times_the_same_bytes() {
    let recording = record(SMALL, &[]);
    let runtime = runtime();
    let graph = graph(SMALL);
    let once = || {
        let terms = Terms::default();
        let rehearsal = rehearse(Arc::clone(&graph), Arc::clone(&recording), &terms);
        let rehearsed = runtime.block_on(rehearsal).expect("it can be gone through");
        assert_eq!(rehearsed.missing, []);
        crate::journal::digest(lines(&rehearsed).as_bytes())
    };
    let first = once();
    for round in 1..1000 {
        assert_eq!(once(), first, "round {round}");
    }
}

#[test]
fn a_step_that_ran_out_of_time_does_so_again() {
    for page in [
        "```bash {#slow timeout=100ms}\necho begun; sleep 20\n```\n",
        "```rhai {#slow timeout=100ms}\nsh(\"sleep 20\");\n```\n",
        "```rhai {#slow timeout=100ms}\nsleep(\"20s\");\n```\n",
        "```rhai {#slow}\nrun([\"sleep\", \"20\"], #{timeout: \"50ms\"});\n```\n",
    ] {
        let recording = record(page, &[]);
        let rehearsed = again(page, &recording);
        let reason = |recording: &Recording| {
            let step = recording.step("slow").expect("it ran");
            step.end.clone().and_then(|end| end.reason)
        };
        let then = reason(&recording).expect("it failed");
        assert_eq!(reason(&rehearsed.recording), Some(then), "{page}");
        assert!(rehearsed.comparison.is_same(), "{page}");
    }
}

#[test]
fn a_shorter_timeout_ends_a_recorded_process() {
    let recording = record(
        "```bash {#slow}\necho begun; sleep 0.3; echo done\n```\n",
        &[],
    );
    let rehearsed = again(
        "```bash {#slow timeout=100ms}\necho begun; sleep 0.3; echo done\n```\n",
        &recording,
    );
    let step = rehearsed.recording.step("slow").expect("it ran");
    let reason = step.end.clone().and_then(|end| end.reason).expect("why");
    assert!(reason.as_str().starts_with("timed out"), "{reason}");
    let output = recording::stream(&step.attempts[0].output, recording::Stream::Stdout);
    assert_eq!(output, b"begun\n");
}

#[test]
fn a_variable_that_nobody_read_is_missing() {
    let recording = record(
        "```rhai {#a}\nassert env(\"COLOUR\") == \"red\";\n```\n",
        &[],
    );
    let rehearsed = again(
        "```rhai {#a}\nassert env(\"COLOUR\") == \"red\"; log(env(\"SHAPE\", \"?\"));\n```\n",
        &recording,
    );
    let missing: Vec<&str> = rehearsed
        .missing
        .iter()
        .map(|missing| missing.reason.as_str())
        .collect();
    assert_eq!(
        missing,
        ["the variable `SHAPE` was not read in the recording"]
    );
}

#[test]
fn what_no_assertion_looks_at_goes_unnoticed() {
    let strength = |page: &str| {
        let recording = record(page, &[]);
        let (graph, terms) = (graph(page), Terms::default());
        let strength = mutation::strength(&graph, &recording, &terms);
        runtime()
            .block_on(strength)
            .expect("it can be gone through")
    };
    let blind = strength("```bash {#count}\necho 3 pods\n```\n");
    assert_eq!((blind.made, blind.unnoticed.len()), (3, 2));
    assert_eq!(blind.score(), 33);
    let sees = strength(
        "```bash {#count}\necho 3 pods\n```\n\n```rhai {#see}\nassert count.trim() == \"3 pods\";\n```\n",
    );
    assert_eq!(sees.unnoticed, []);
    assert_eq!(sees.score(), 100);
}
