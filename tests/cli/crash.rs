//! The program goes down at every entry of a run, and inside of lines; each time `resume` comes
//! to the same end, no step that passed runs twice, and nothing is lost.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::time::Duration;

use serde_json::Value;

use crate::support::Test;

/// Each step leaves a line in `marks` whenever it runs, and in `out` what it made of the values
/// that the steps before left.
const PAGE: &str = r##"---
inputs:
  count: {type: integer, default: 2}
env:
  ROOT: ${{ env("ROOT") }}
---
# Crash

```json {#limits}
{"most": 7}
```

```bash {#first idempotent}
echo run >> "$ROOT/marks/first"
export NAME=alpha LINES_OF='one
two'
mkdir -p "$ROOT/sub" && cd "$ROOT/sub"
```

```rhai {#look idempotent}
let found = run(["sh", "-c", "echo run >> $ROOT/marks/look; echo a; echo b"]).lines();
let again = sh("echo \"$NAME\" in \"$(basename \"$PWD\")\"");
fn double(x) { x * 2 }
assert found.len() == count, "as many as there should be";
```

```bash {#second idempotent}
echo run >> "$ROOT/marks/second"
echo "$NAME $LINES_OF ${{ double(count) }} ${{ found[1] }} ${{ limits.most }} $(basename "$PWD")" | tee "$ROOT/out/second"
unset LINES_OF
```

```bash {#flaky retry=2 delay=5ms idempotent}
echo run >> "$ROOT/marks/flaky"
test "$(wc -l < "$ROOT/marks/flaky")" -ge 2
echo "${LINES_OF-gone} ${{ second.stdout }}" > "$ROOT/out/flaky"
```

```bash {#risky allow-failure idempotent}
echo run >> "$ROOT/marks/risky"
export NAME=beta
exit 3
```

## If it went wrong
<!-- runbook: when="risky.failed" -->

```bash {#mend idempotent}
echo run >> "$ROOT/marks/mend"
echo "mended ${{ risky.code }} $NAME ${{ again.stdout }}" > "$ROOT/out/mend"
```

## If it went well
<!-- runbook: when="risky.ok" -->

```bash {#never}
echo run >> "$ROOT/marks/never"
```

## Then

```bash {#nodes each="[\"x\", \"y\", \"z\"]" idempotent}
echo run >> "$ROOT/marks/nodes-${{ item }}"
echo "${{ item }} ${{ index }} $NAME" > "$ROOT/out/nodes-${{ item }}"
```

```rhai {#judge idempotent}
let all = sh("echo run >> $ROOT/marks/judge; cat $ROOT/out/*").lines();
assert nodes.items.len() == 3;
log(`there are ${all.len()}`);
```

```bash {#last confirm="Go?" idempotent}
echo run >> "$ROOT/marks/last"
echo "${{ all.len() }} ${{ nodes.items[2].status }} $NAME" > "$ROOT/out/last"
```

```bash {#clean always idempotent}
echo run >> "$ROOT/marks/clean"
echo "clean $NAME $(basename "$PWD")" > "$ROOT/out/clean"
```
"##;

/// A folder with the page, in which runs go down and go on.
struct Ground {
    test: Test,
}

/// The files of a folder and what is in them.
type Files = BTreeMap<String, String>;

impl Ground {
    fn new() -> Self {
        let test = Test::new().file("a.md", PAGE).folder("marks").folder("out");
        Self { test }
    }

    fn root(&self) -> &Path {
        self.test.root()
    }

    fn command(&self, args: &[&str]) -> std::process::Command {
        let mut command = self.test.command();
        command.args(args).env("ROOT", self.root());
        command
    }

    fn call(&self, args: &[&str]) -> Output {
        let mut child = self.command(args).spawn().expect("the program starts");
        drop(child.stdin.take());
        child.wait_with_output().expect("it can be waited for")
    }

    fn files(&self, folder: &str) -> Files {
        fs::read_dir(self.root().join(folder))
            .expect("the folder is there")
            .map(|entry| {
                let entry = entry.expect("an entry can be read");
                let text = fs::read_to_string(entry.path()).expect("it is a text");
                (entry.file_name().to_string_lossy().into_owned(), text)
            })
            .collect()
    }

    fn put(&self, folder: &str, files: &Files) {
        let folder = self.root().join(folder);
        fs::remove_dir_all(&folder).expect("the folder can be removed");
        fs::create_dir(&folder).expect("the folder can be made");
        for (name, text) in files {
            fs::write(folder.join(name), text).expect("a file can be written");
        }
    }

    /// The folder of the only run.
    fn run(&self) -> PathBuf {
        let mut runs = fs::read_dir(self.root().join("home/runs")).expect("there are runs");
        let run = runs
            .next()
            .expect("there is a run")
            .expect("it can be read");
        assert!(runs.next().is_none(), "there is more than one run");
        run.path()
    }

    /// Whether the run came as far as to have a journal: its folders are made one by one.
    fn has_journal(&self) -> bool {
        let runs = fs::read_dir(self.root().join("home/runs"));
        runs.is_ok_and(|mut runs| {
            runs.next()
                .is_some_and(|run| run.is_ok_and(|run| run.path().join("journal.jsonl").exists()))
        })
    }

    fn journal(&self) -> String {
        fs::read_to_string(self.run().join("journal.jsonl")).expect("there is a journal")
    }
}

fn entries(journal: &str) -> Vec<Value> {
    journal
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect()
}

/// What the steps do, when it was announced and when it was known to be done.
struct Effect {
    step: String,
    mark: String,
    announced: usize,
    done: usize,
}

/// The effects of a whole run; a number is how many entries there are when it is so.
fn effects(entries: &[Value]) -> Vec<Effect> {
    let is = |entry: &Value, event: &str| entry["event"] == event;
    let mut effects = Vec::new();
    for (at, entry) in entries.iter().enumerate() {
        let step = entry["step"].as_str().unwrap_or_default().to_owned();
        let text = match entry["event"].as_str() {
            Some("step-started") if entry["directory"].is_string() => &entry["command"],
            Some("called") => &entry["request"],
            _ => continue,
        };
        let text = text.as_str().unwrap_or_default();
        let Some((_, mark)) = text.split_once("marks/") else {
            continue;
        };
        let mark = mark
            .split(|c: char| !(c.is_alphanumeric() || c == '-'))
            .next()
            .unwrap_or_default();
        // `nodes-` is followed by its quoted element.
        let mark = match step.strip_prefix("nodes[") {
            Some(index) => format!(
                "nodes-{}",
                ["x", "y", "z"][usize::from(index.as_bytes()[0] - b'0')]
            ),
            None => mark.to_owned(),
        };
        let ended = |later: &Value| {
            later["step"] == entry["step"]
                && (is(later, "step-finished")
                    || is(later, "step-started")
                    || (is(entry, "called") && is(later, "captured")))
        };
        let after = entries.iter().skip(at + 1).position(ended);
        let after = after.expect("what began has ended");
        effects.push(Effect {
            step,
            mark,
            announced: at + 1,
            done: at + 2 + after,
        });
    }
    effects
}

/// Checks what a resumed run came to against one that never went down; `before` is the journal as
/// it was when it did, and `marks` what had been done by then.
fn compare(ground: &Ground, whole: &(Files, Files), before: &str, marks: &Files, place: &str) {
    assert_eq!(ground.files("out"), whole.1, "{place}: another end");
    // A line without its end is none, whole as it may look.
    let kept = before.rfind('\n').map_or("", |end| &before[..=end]);
    let passed: BTreeSet<String> = entries(kept)
        .iter()
        .filter(|entry| entry["event"] == "step-finished" && entry["status"] == "passed")
        .filter_map(|entry| entry["step"].as_str().map(str::to_owned))
        .collect();
    let now = ground.files("marks");
    assert_eq!(
        now.keys().collect::<Vec<_>>(),
        whole.0.keys().collect::<Vec<_>>(),
        "{place}: other steps ran"
    );
    for (name, text) in &now {
        let step = match name.strip_prefix("nodes-") {
            Some(item) => format!("nodes[{}]", item.as_bytes()[0] - b'x'),
            None => name.clone(),
        };
        if passed.contains(&step) {
            assert_eq!(
                Some(text),
                marks.get(name),
                "{place}: {step} passed and ran again"
            );
        }
    }
    let journal = ground.journal();
    assert!(
        journal.starts_with(kept),
        "{place}: the journal lost something"
    );
    let end = entries(&journal).pop().expect("there are entries");
    assert_eq!(end["event"], "run-finished", "{place}");
    assert_eq!(end["status"], "passed", "{place}");
    let verified = ground.call(&["verify", "last"]);
    assert!(verified.status.success(), "{place}: {verified:?}");
}

/// Guards: `Judge::first`, which keeps what passed and runs again what was under way; `Reader::advance`
/// and `Stopped::reopen`, for which a line that was cut off is none.
#[test]
fn a_run_that_goes_down_after_an_even_entry_goes_on_to_the_same_end() {
    matrix(0);
}

/// Guards: `Judge::first`, which keeps what passed and runs again what was under way; `Reader::advance`
/// and `Stopped::reopen`, for which a line that was cut off is none.
#[test]
fn a_run_that_goes_down_after_an_odd_entry_goes_on_to_the_same_end() {
    matrix(1);
}

/// Goes down at each second entry of a run, and goes on from there.
fn matrix(parity: usize) {
    let ground = Ground::new();
    let ran = ground.call(&["run", "a.md", "--yes", "--jobs", "1"]);
    assert!(
        ran.status.success(),
        "{}",
        String::from_utf8_lossy(&ran.stdout)
    );
    let whole = (ground.files("marks"), ground.files("out"));
    let journal = ground.journal();
    let lines: Vec<&str> = journal.split_inclusive('\n').collect();
    assert!(lines.len() >= 40, "only {} entries", lines.len());
    let effects = effects(&entries(&journal));
    for count in (1..=lines.len()).filter(|count| count % 2 == parity) {
        // Every line whole; and now and then with a part of the next one.
        let mut cuts = vec![lines[..count].concat()];
        if let Some(next) = lines.get(count).filter(|_| count % 3 == 0) {
            let part = (count * 37) % next.len();
            let end = (0..=part).rev().find(|at| next.is_char_boundary(*at));
            cuts.push(lines[..count].concat() + &next[..end.unwrap_or(0)]);
        }
        for cut in cuts {
            let torn = !cut.ends_with('\n');
            let place = format!(
                "entry {count} of {}{}",
                lines.len(),
                if torn { ", torn" } else { "" }
            );
            let mut marks = Files::new();
            let mut out = Files::new();
            for effect in &effects {
                // What was under way had done its work or not; both happen.
                let happened =
                    effect.done <= count || (effect.announced <= count && (count % 4 < 2 || torn));
                if happened {
                    marks
                        .entry(effect.mark.clone())
                        .or_default()
                        .push_str("run\n");
                    let failed = effect.step == "flaky" && marks[&effect.mark].lines().count() < 2;
                    if let Some(text) = whole.1.get(&effect.mark).filter(|_| !failed) {
                        out.insert(effect.mark.clone(), text.clone());
                    }
                }
            }
            ground.put("marks", &marks);
            ground.put("out", &out);
            let run = ground.run();
            fs::write(run.join("journal.jsonl"), &cut).expect("the journal can be written");
            let _ = fs::remove_file(run.join("journal.seal"));
            let _ = fs::create_dir(ground.root().join("sub"));
            let resumed = ground.call(&["resume", "last", "--yes"]);
            let said = String::from_utf8_lossy(&resumed.stdout).into_owned();
            let told = String::from_utf8_lossy(&resumed.stderr).into_owned();
            assert!(resumed.status.success(), "{place}:\n{said}\n{told}");
            if torn {
                assert!(said.contains("was cut off"), "{place}:\n{said}");
            }
            if count < lines.len() {
                compare(&ground, &whole, &cut, &marks, &place);
            }
        }
    }
}

/// Guard: `Judge::first`, which keeps what passed and runs again what was under way.
#[test]
fn a_run_that_is_killed_goes_on_to_the_same_end() {
    let whole = {
        let ground = Ground::new();
        let ran = ground.call(&["run", "a.md", "--yes"]);
        assert!(
            ran.status.success(),
            "{}",
            String::from_utf8_lossy(&ran.stderr)
        );
        (ground.files("marks"), ground.files("out"))
    };
    for (number, wait) in [15_u64, 40, 65, 90, 120, 160, 210, 270]
        .into_iter()
        .enumerate()
    {
        let ground = Ground::new();
        let mut before = String::new();
        let mut marks = Files::new();
        for attempt in 0..2 {
            let args: &[&str] = match attempt {
                0 => &["run", "a.md", "--yes"],
                _ if before.is_empty() => break,
                _ => &["resume", "last", "--yes"],
            };
            let mut child = ground.command(args).spawn().expect("the program starts");
            std::thread::sleep(Duration::from_millis(wait + 7 * number as u64 * attempt));
            child.kill().expect("it can be killed");
            child.wait().expect("it can be waited for");
            // What it had started goes on without it for a moment.
            std::thread::sleep(Duration::from_millis(150));
            if ground.has_journal() {
                before = ground.journal();
                marks = ground.files("marks");
            }
        }
        if !before.contains('\n') {
            continue;
        }
        let resumed = ground.call(&["resume", "last", "--yes"]);
        let told = String::from_utf8_lossy(&resumed.stderr).into_owned();
        assert!(
            resumed.status.success(),
            "after {wait} ms: {told}\n{before}"
        );
        if !before.contains("\"run-finished\"") {
            compare(
                &ground,
                &whole,
                &before,
                &marks,
                &format!("after {wait} ms"),
            );
        }
    }
}
