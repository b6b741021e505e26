//! What the site says of the past: runs of long ago, of parts, without an end, and their pages.

use std::fs;
use std::process::Stdio;
use std::time::{Duration, Instant};

use jiff::{Timestamp, ToSpan as _};
use regex::Regex;
use runbook::journal::digest;

use crate::support::{Ran, Test};

const PAGE: &str = "\
# Rotate

```bash {#one effect=read}
echo one
```

```rhai {#two}
assert one.ok, \"one is ok\";
assert one.stdout.contains(\"one\");
```

```bash {#three effect=change}
echo three
```
";

fn ran_once() -> Ran {
    Test::new()
        .file("runbooks/rotate.md", PAGE)
        .args(["run", "runbooks/rotate.md", "--yes"])
        .run()
        .ends(0)
}

/// Has all runs be so many days older, in journals that verify.
fn aged(ran: Ran, days: i64) -> Ran {
    let runs = ran.folder().join("home/runs");
    let moment = Regex::new(r#""at":"([^"]+)""#).expect("a pattern");
    let before = Regex::new(r#""prev":"[0-9a-f]{64}""#).expect("a pattern");
    let all: Vec<_> = runs.read_dir().expect("runs").flatten().collect();
    for run in all {
        let name = run.file_name().to_string_lossy().into_owned();
        // The newest are those whose ids are the last.
        let older = format!("00{}", &name[2..]);
        let journal = run.path().join("journal.jsonl");
        let text = fs::read_to_string(&journal).expect("a journal");
        let mut last = "0".repeat(64);
        let mut lines = String::new();
        for line in text.replace(&name, &older).lines() {
            let at = &moment.captures(line).expect("a line has a time")[1];
            let at: Timestamp = at.parse().expect("a time");
            let at = at - (24 * days).hours();
            let at = at.strftime("%Y-%m-%dT%H:%M:%S.%6fZ");
            let line = moment.replace(line, format!("\"at\":\"{at}\""));
            let line = before
                .replace(&line, format!("\"prev\":\"{last}\""))
                .into_owned();
            last = digest(line.as_bytes());
            lines.push_str(&line);
            lines.push('\n');
        }
        fs::write(&journal, lines).expect("a file");
        let _ = fs::remove_file(run.path().join("journal.seal"));
        fs::rename(run.path(), runs.join(older)).expect("a folder");
    }
    let ran = ran.then(["verify", "last"]).run();
    assert_eq!(ran.status, 0, "{}", ran.text);
    ran
}

fn built(ran: Ran) -> Ran {
    ran.then(["docs", "build"]).run().ends(0)
}

#[track_caller]
fn has(text: &str, expected: &[&str]) {
    for expected in expected {
        assert!(text.contains(expected), "no {expected:?} in:\n{text}");
    }
}

#[test]
fn a_runbook_does_not_hold_by_a_run_of_one_step_while_others_are_stale() {
    let ran = aged(ran_once(), 120)
        .then(["run", "runbooks/rotate.md", "--step", "one", "--yes"])
        .run()
        .ends(0);
    let ran = built(ran);
    let page = ran.read("book/rotate.html");
    has(
        &page,
        &[
            "<div class=\"rb-status\" data-state=\"stale\"",
            "Stale: parts of it passed more than 90 days ago",
            "<b>2 steps stale</b>",
            "2 of 2 assertions held, 2 of them more than 90 days ago",
        ],
    );
    assert!(!page.contains("Holds"), "{page}");
    let index = ran.read("book/index.html");
    has(
        &index,
        &[
            "<b>0</b> <span aria-hidden=\"true\">✓</span> hold",
            "<b>1</b> <span aria-hidden=\"true\">◔</span> stale",
            "2 of 3 steps",
        ],
    );
    let ran = built(aged(ran_once(), 120));
    has(
        &ran.read("book/rotate.html"),
        &["Stale: it passed more than 90 days ago"],
    );
}

#[test]
fn a_runbook_of_which_only_a_part_ever_ran_holds_in_part() {
    let ran = Test::new()
        .file("runbooks/rotate.md", PAGE)
        .args(["run", "runbooks/rotate.md", "--step", "one", "--yes"])
        .run()
        .ends(0);
    let ran = built(ran);
    has(
        &ran.read("book/rotate.html"),
        &["Holds in part: some steps never ran", "2 steps never ran"],
    );
    has(&ran.read("book/index.html"), &["hold in part"]);
}

#[test]
fn a_failure_stays_one_until_the_step_that_failed_has_passed() {
    let ran = Test::new()
        .file(
            "runbooks/a.md",
            "# A\n\n```sh {#one}\ntrue\n```\n\n```sh {#two}\ntest -e go\n```\n",
        )
        .args(["run", "runbooks/a.md", "--yes"])
        .run()
        .ends(1)
        .then(["run", "runbooks/a.md", "--step", "one", "--yes"])
        .run()
        .ends(0);
    let ran = built(ran);
    has(
        &ran.read("book/a.html"),
        &["Does not hold: a step failed when it last ran"],
    );
    fs::write(ran.folder().join("go"), "").expect("a file");
    let ran = ran
        .then(["run", "runbooks/a.md", "--step", "two", "--yes"])
        .run()
        .ends(0);
    has(&built(ran).read("book/a.html"), &["✓</span> Holds"]);
}

#[test]
fn a_run_that_goes_on_is_unfinished() {
    let test = Test::new()
        .file(
            "runbooks/slow.md",
            "# Slow\n\n```sh {#quick}\ntrue\n```\n\n```sh {#slow}\nsleep 60\n```\n",
        )
        .args(["run", "runbooks/slow.md", "--yes"]);
    let mut child = test
        .command()
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program starts");
    let runs = test.root().join("home/runs");
    let began = Instant::now();
    let going = || {
        let mut runs = runs.read_dir().into_iter().flatten().flatten();
        let journal = runs.next().map(|run| run.path().join("journal.jsonl"));
        let text = journal.and_then(|journal| fs::read_to_string(journal).ok());
        text.is_some_and(|text| text.contains("\"step-started\",\"step\":\"slow\""))
    };
    while !going() && began.elapsed() < Duration::from_secs(30) {
        std::thread::sleep(Duration::from_millis(20));
    }
    let ran = test.args(["docs", "build"]).run().ends(0);
    let page = ran.read("book/slow.html");
    let index = ran.read("book/index.html");
    let _ = child.kill();
    let _ = child.wait();
    has(
        &page,
        &[
            "Unfinished: its last run has no end yet",
            "<b>unfinished</b>",
            "1 step unfinished",
        ],
    );
    assert!(!page.contains("interrupted"), "{page}");
    has(&index, &["▸</span> unfinished"]);
}

#[test]
fn the_end_of_a_run_of_many_entries_is_in_its_timeline_and_what_is_left_out_is_said() {
    let ran = Test::new()
        .file(
            "runbooks/a.md",
            "# A\n\n```sh {#many}\nfor i in $(seq 1200); do echo $i; sleep .001; echo $i >&2; sleep .001; done\n```\n\n```sh {#last}\nexit 3\n```\n",
        )
        .args(["run", "runbooks/a.md", "--yes"])
        .run()
        .ends(1);
    let id = id_of(&ran);
    let run = built(ran).read(&format!("book/runs/{id}.html"));
    let number = Regex::new(r"data-last=.(\d+)").expect("a pattern");
    let last: usize = number.captures(&run).expect("a player")[1]
        .parse()
        .expect("a number");
    assert!(last > 2000, "{last} entries are no test of this");
    has(
        &run,
        &[
            "data-step=\"last\" data-state=\"failed\"><a href",
            &format!("id=\"seq={last}\""),
            "are left out here: ",
            "entries of the journal, ",
        ],
    );
}

/// The id of the only run.
fn id_of(ran: &Ran) -> String {
    let runs = ran.folder().join("home/runs");
    let run = runs.read_dir().expect("runs").flatten().next();
    run.expect("a run")
        .file_name()
        .to_string_lossy()
        .into_owned()
}

#[test]
fn a_postmortem_leads_to_its_run_and_to_each_moment_of_it() {
    let ran = ran_once();
    let id = id_of(&ran);
    let ran = ran
        .then(["postmortem", "last", "-o", "runbooks/pm.md"])
        .run()
        .ends(0);
    // The ten newest runs have a page anyway.
    let mut ran = ran;
    for _ in 0..10 {
        ran = ran
            .then(["run", "runbooks/rotate.md", "--yes"])
            .run()
            .ends(0);
    }
    let ran = built(ran);
    let page = ran.read("book/pm.html");
    has(
        &page,
        &[
            &format!("href=\"runs/{id}.html\""),
            &format!("href=\"runs/{id}.html#seq=1\""),
        ],
    );
    has(
        &ran.read(&format!("book/runs/{id}.html")),
        &["id=\"seq=1\""],
    );
}

#[test]
fn runbooks_with_one_title_are_told_apart() {
    let ran = Test::new()
        .file("runbooks/a/x.md", "# Restart\n\n```sh {#x}\ntrue\n```\n")
        .file("runbooks/b/y.md", "# Restart\n\n```sh {#x}\ntrue\n```\n")
        .file("runbooks/c.md", "# Other\n\n```sh {#x}\ntrue\n```\n")
        .args(["run", "runbooks/a/x.md", "--yes"])
        .run()
        .ends(0);
    let ran = built(ran);
    for page in ["index", "runs/index", "toc"] {
        has(
            &ran.read(&format!("book/{page}.html")),
            &["Restart (a/x.md)"],
        );
    }
    let index = ran.read("book/index.html");
    has(&index, &["Restart (b/y.md)", ">Other<"]);
}

#[test]
fn names_that_act_in_addresses_have_links_that_lead_to_them() {
    let ran = Test::new()
        .file(
            "runbooks/a #1 50%25?.md",
            "# Odd\n\n```sh {#x}\ntrue\n```\n",
        )
        .file(
            "runbooks/b.md",
            "# B\n\n[odd](a%20%231%2050%2525%3F.md) [too](<a #1 50%25?.md>)\n\n```sh {#x}\ntrue\n```\n",
        )
        .args(["run", "runbooks/a #1 50%25?.md", "--yes"])
        .run()
        .ends(0);
    let ran = built(ran);
    let run = format!("runs/{}", id_of(&ran));
    let link = Regex::new(r##"(?:href|src)="([^"#:?]*)"##).expect("a pattern");
    for page in ["index", "b", "toc", "runs/index", &run] {
        let html = ran.read(&format!("book/{page}.html"));
        assert!(!html.contains("50%25?.html"), "{page}:\n{html}");
        let folder = page.rsplit_once('/').map_or("", |(folder, _)| folder);
        for found in link.captures_iter(&html) {
            let path = found[1].replace("%20", " ");
            assert!(
                path.is_empty() || ran.exists(&format!("book/{folder}/{path}")),
                "{page}: {}",
                &found[0]
            );
        }
        has(
            &html,
            &["a -1 50-25-.html"].map(|name| if page == "toc" { name } else { "50-25-.html" }),
        );
    }
}
