//! Postmortems: pages that are true, runbooks themselves, and hold nothing that acts.

use crate::journals::failed;
use crate::support::Test;

#[test]
fn a_postmortem_is_a_runbook_of_what_held() {
    let ran = failed()
        .then(["note", "last", "paged the *database* team"])
        .run()
        .then(["postmortem", "last", "-o", "pm.md"])
        .run()
        .ends(0)
        .says("wrote pm.md");
    let page = ran.read("pm.md");
    for part in [
        "## Summary",
        "ran `restart.md`. After ",
        "**failed** at `gone` (line 18): all connections are gone (`left.len() == 0` does not hold)",
        "## Impact",
        "`drain` asked “Drain it?” and `--yes` answered **yes**",
        "| `left.len()` | `2` |",
        "The assertion at `restart.md:21:8` did not hold (“all connections are gone”)",
        "| 10 | there are three | `count == 3` | `count` = `3` |",
        "- [ ] `restart` (line 24)",
        "tester: paged the \\*database\\* team",
        "**Root cause**: _To fill in._ What is known: `left.len()` was `2`, `left` was `[1, 2]`.",
        "bash {#look cwd=",
        "assert left.len() < 3, \"fewer than three are left\";",
    ] {
        assert!(page.contains(part), "no {part:?} in:\n{page}");
    }
    for part in [
        "```bash {#drain",
        "```bash {#restart",
        "assert left.len() == 0, ",
    ] {
        assert!(!page.contains(part), "{part:?} is in:\n{page}");
    }
    let checked = ran
        .then(["check", "pm.md"])
        .run()
        .ends(0)
        .says("nothing to mend");
    let again = checked.then(["run", "pm.md"]).run().ends(0).says("passed");
    again
        .then(["postmortem", "last", "-o", "pm.md"])
        .run()
        .ends(2)
        .says("already");
}

#[test]
fn a_claim_that_no_longer_holds_fails_and_the_others_are_checked() {
    let page = "# Two\n\n```bash {#a}\ncat a\n```\n\n```bash {#b needs=none}\ncat b\n```\n\n```rhai {#judge}\nassert a.trim() == \"1\", \"a is one\";\nassert b.trim() == \"2\", \"b is two\";\n```\n";
    Test::new()
        .file("two.md", page)
        .file("a", "1\n")
        .file("b", "2\n")
        .args(["run", "two.md"])
        .run()
        .ends(0)
        .then(["postmortem", "last", "-o", "pm.md"])
        .file("a", "7\n")
        .run()
        .ends(0)
        .then(["run", "pm.md"])
        .run()
        .ends(1)
        .says("a is one")
        .says("✓ judge-2");
}

#[test]
fn runs_of_one_incident_are_told_by_time() {
    let ran = failed()
        .then(["run", "other.md"])
        .file("other.md", "# Other\n\n```bash {#look}\necho 13\n```\n\n```rhai {#thirteen}\nassert look.trim() == \"13\";\n```\n")
        .run()
        .ends(0)
        .then(["runs", "--format", "json"])
        .run();
    let ids: Vec<String> = ran
        .stdout
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).expect("it is JSON"))
        .map(|run| run["run"].as_str().expect("it is a text").to_owned())
        .collect();
    let ran = ran
        .then(["postmortem", &ids[0], &ids[1], "-o", "pm.md"])
        .run()
        .ends(0)
        .then(["check", "pm.md"])
        .run()
        .ends(0)
        .says("nothing to mend");
    let page = ran.read("pm.md");
    let first = page.find("began `restart.md`").expect("it is told");
    assert!(
        first < page.find("began `other.md`").expect("it is told"),
        "{page}"
    );
    assert!(
        page.contains("which came later, has a `look` of its own"),
        "{page}"
    );
}

/// Guards: `markdown::text`, `markdown::fence` and `markdown::output`.
#[test]
fn text_from_outside_stays_text_in_a_postmortem() {
    let page = r##"---
title: "# T <script> ``` [x](y)"
---
# T

```bash {#a}
printf '# heading\n```\n## What failed\n<b>\033[31mred\n~~~~\n---\n'
echo '```bash {#pwned}'; echo 'touch pwned'; echo '```'
exit 1
```
"##;
    let ran = Test::new()
        .file("evil.md", page)
        .args(["run", "evil.md"])
        .run()
        .ends(1)
        .then([
            "note",
            "last",
            "x\n\n```bash {#pwned}\ntouch pwned\n```\n## Owned",
        ])
        .run()
        .ends(0)
        .then(["postmortem", "last", "-o", "pm.md"])
        .run()
        .ends(0)
        .then(["check", "pm.md"])
        .run()
        .ends(0)
        .says("nothing to mend");
    let written = ran.read("pm.md");
    assert!(
        !written.contains('\u{1b}') && !written.contains("<script>\n"),
        "{written}"
    );
    assert!(!written.contains("\n## Owned"), "{written}");
    let heading = written.lines().find(|line| line.starts_with("# "));
    assert!(
        heading.is_some_and(|line| line.contains("\\<script\\>") && line.contains("\\[x\\]")),
        "{written}"
    );
    let ran = ran.then(["graph", "pm.md"]).run();
    assert!(!ran.stdout.contains("pwned"), "{}", ran.stdout);
}
