//! Documents that others wrote, run block by block against what a shell made of them.
//!
//! The corpus lies beside the project and not in it; without it the test says so and is skipped.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::support::Test;

/// Blocks (document and line) that end otherwise here, and why that is right.
const EXCEPTIONS: [(&str, usize, &str); 24] = [
    (
        "innovation-engine/docs/Common/prerequisiteExample.md",
        15,
        "prints a random text",
    ),
    (
        "innovation-engine/scenarios/testing/fuzzyMatchTest.md",
        3,
        AZURE,
    ),
    (
        "innovation-engine/scenarios/testing/fuzzyMatchTest.md",
        17,
        AZURE,
    ),
    (
        "innovation-engine/scenarios/testing/fuzzyMatchTest.md",
        32,
        AZURE,
    ),
    (
        "innovation-engine/scenarios/testing/fuzzyMatchTest.md",
        47,
        AZURE,
    ),
    (
        "runme-txtar/script-basic/README.md",
        19,
        "a fence without a language is prose",
    ),
    ("runme-txtar/script-basic/README.md", 32, SKIP),
    (
        "runme-txtar/script-basic/README.md",
        64,
        "`sh` is sh, which has no `pushd`",
    ),
    (
        "runme-txtar/script-basic/shellscript.md",
        7,
        "`shellscript` is prose",
    ),
    (
        "runme-txtar/script-shebang/SHEBANG.md",
        13,
        "ruby is not there, so nothing runs",
    ),
    ("runme-txtar/tags-tags/CATEGORIES.md", 9, TRANSCRIPT),
    ("runme-txtar/tags-tags/CATEGORIES.md", 19, SKIP),
    ("runme-txtar/tags-tags/CATEGORIES.md", 24, TRANSCRIPT),
    ("runme-txtar/tags-tags/TAGS.md", 5, TRANSCRIPT),
    ("runme-txtar/tags-tags/TAGS.md", 15, SKIP),
    ("runme-txtar/tags-tags/TAGS.md", 20, TRANSCRIPT),
    (
        "runme-txtar/tags-tags/install-manual-solution-1.md",
        9,
        TRANSCRIPT,
    ),
    (
        "runme-txtar/tags-tags/install-manual-solution-2.md",
        9,
        TRANSCRIPT,
    ),
    (
        "runme/examples/README.md",
        39,
        "`sh` is sh, which has no `pushd`",
    ),
    ("runme/examples/frontmatter/cwd/ABSOLUTE.md", 16, CWD),
    ("runme/examples/frontmatter/cwd/NONE.md", 11, CWD),
    ("runme/examples/frontmatter/cwd/NONE.md", 15, CWD),
    ("runme/examples/frontmatter/cwd/ABSOLUTE.md", 12, CWD),
    (
        "runme/examples/frontmatter/shells/BASH.md",
        8,
        "`$0` is the document",
    ),
];
const AZURE: &str = "`azurecli-interactive` is prose";
const CWD: &str = "`cwd` is heeded";
const SKIP: &str = "`excludeFromRunAll` is `skip`";
const TRANSCRIPT: &str = "a transcript has one stream";

/// What a block did.
#[derive(Debug, PartialEq)]
struct Did {
    code: i64,
    stdout: String,
}

#[test]
fn documents_of_others_do_what_their_shell_did() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus/runnable");
    let corpus = [
        corpus.clone(),
        Path::new("/work/shared/corpus/runnable").to_owned(),
    ]
    .into_iter()
    .find(|corpus| corpus.join("expected.json").exists());
    let Some(corpus) = corpus else {
        eprintln!("skipped: there is no ../shared/corpus/runnable");
        return;
    };
    let text = fs::read_to_string(corpus.join("expected.json")).expect("it can be read");
    let expected: BTreeMap<String, Vec<Value>> =
        serde_json::from_str(&text).expect("it is JSON of this shape");
    let mut compared = 0;
    let mut wrong = Vec::new();
    for (document, blocks) in &expected {
        let (folder, found) = run(&corpus, document);
        for block in blocks {
            let line = block["line"]
                .as_u64()
                .and_then(|line| usize::try_from(line).ok())
                .expect("a line");
            let result = &block["result"]["envcwd"];
            let wanted = Did {
                code: result["rc"].as_i64().expect("a status"),
                stdout: result["stdout"]
                    .as_str()
                    .expect("a text")
                    .replace("<DOCDIR>", &folder)
                    .trim_end_matches('\n')
                    .to_owned(),
            };
            match found.get(&line) {
                // What waits for a failed block does not run; the shells went on.
                Some(None) => {}
                Some(Some(did)) if *did == wanted => compared += 1,
                other => wrong.push((document.clone(), line, format!("{other:?} for {wanted:?}"))),
            }
        }
    }
    let is_known = |document: &str, line: usize| {
        EXCEPTIONS
            .iter()
            .any(|(known, at, _)| *known == document && *at == line)
    };
    let new: Vec<_> = wrong
        .iter()
        .filter(|(document, line, _)| !is_known(document, *line))
        .collect();
    assert!(new.is_empty(), "{new:#?}");
    for (document, line, why) in EXCEPTIONS {
        let still = wrong
            .iter()
            .any(|(name, at, _)| name == document && *at == line);
        assert!(still, "{document}:{line} is no exception any more: {why}");
    }
    assert!(compared >= 35, "only {compared} blocks were compared");
}

/// Runs a document; gives its folder, and what the step of each line did: `None` where it waited
/// for one that failed.
fn run(corpus: &Path, document: &str) -> (String, BTreeMap<usize, Option<Did>>) {
    let mut test = Test::new();
    copy(corpus, &test.root().join("corpus"));
    let path = test.root().join("corpus").join(document);
    let folder = path.parent().expect("it is in a folder").to_owned();
    let name = path.file_name().expect("it has a name").to_string_lossy();
    test = test.args(["run", &name, "--yes", "--keep-going", "--format", "json"]);
    let output = test
        .command()
        .current_dir(&folder)
        .stdin(std::process::Stdio::null())
        .output()
        .expect("the program runs");
    let entries: Vec<Value> = String::from_utf8_lossy(&output.stdout)
        .lines()
        .map(|line| serde_json::from_str(line).expect("an entry is JSON"))
        .collect();
    let mut found = BTreeMap::new();
    let Some(head) = entries.first() else {
        return (folder.to_string_lossy().into_owned(), found);
    };
    for step in head["steps"].as_array().into_iter().flatten() {
        let of = |event: &str| {
            let event = event.to_owned();
            entries
                .iter()
                .filter(move |entry| entry["step"] == step["id"] && entry["event"] == event)
        };
        let line = step["line"]
            .as_u64()
            .and_then(|line| usize::try_from(line).ok())
            .expect("a line");
        if of("step-skipped").any(|entry| entry["reason"] != "it says `skip`") {
            found.insert(line, None);
        }
        let stdout: String = of("output")
            .filter(|entry| entry["stream"] == "stdout")
            .filter_map(|entry| Some(entry["text"].as_str()?.to_owned() + "\n"))
            .collect();
        if let Some(end) = of("step-finished").next() {
            let did = Did {
                code: end["code"].as_i64().unwrap_or(-1),
                stdout: stdout.trim_end_matches('\n').to_owned(),
            };
            found.insert(line, Some(did));
        }
    }
    (folder.to_string_lossy().into_owned(), found)
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder can be made");
    for entry in fs::read_dir(from).expect("a folder can be read") {
        let path: PathBuf = entry.expect("an entry can be read").path();
        let target = to.join(path.file_name().expect("it has a name"));
        if path.is_dir() {
            copy(&path, &target);
        } else {
            fs::write(&target, fs::read(&path).expect("a file can be read"))
                .expect("a file can be written");
        }
    }
}
