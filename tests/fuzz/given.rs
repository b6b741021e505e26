//! Files that the program reads beside pages: inputs, `runbook.toml`, what tools print as JSON.

use std::fs;
use std::process::{Command, Stdio};

use proptest::prelude::*;
use tempfile::TempDir;

use crate::config;
use crate::pieces::{blows, spoiled};
use crate::watch::watched;

const YAML: &str = "name: web\ncount: 007\nflag: yes\ntext: |\n  a\n  b\nanchor: &a x\nalias: *a\nt: 2026-11-23\nf: 1e400\n";
const TOML: &str = "name = \"web\"\ncount = 7\nflag = true\nt = 2026-11-23T00:00:00Z\ntext = '''\na\n'''\nf = inf\n";
const JSON: &str = "{\"name\": \"web\", \"count\": 7, \"flag\": true, \"u\": \"\\ud83d\\ude80\", \"f\": 1e308, \"n\": null}";
const SETTINGS: &str = "default-target = \"demo\"\n[target.demo]\naws = { profile = \"p\", region = \"r\", account = \"1\" }\n\
                        kube = { context = \"c\" }\n[[test]]\nrunbook = \"a.md\"\ntarget = \"demo\"\n";

/// Starts the program in a folder with these files; it says what is wrong, or it is right.
fn started(files: &[(&str, &str)], arguments: &[&str]) {
    let folder: TempDir = tempfile::tempdir().expect("a folder");
    for (name, text) in files {
        fs::write(folder.path().join(name), text).expect("it can be written");
    }
    let case = format!("{files:?}");
    let (ran, _) = watched(&case, || {
        Command::new(env!("CARGO_BIN_EXE_runbook"))
            .args(arguments)
            .current_dir(folder.path())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", folder.path())
            .stdin(Stdio::null())
            .output()
            .expect("the program starts")
    });
    let said = String::from_utf8_lossy(&ran.stderr);
    let code = ran.status.code();
    assert!(matches!(code, Some(0..=4)), "{code:?} {said} {case}");
    assert!(!said.contains("this is a bug"), "{said} {case}");
    assert!(!said.contains(crate::soundness::acts), "{said:?}");
}

proptest! {
    #![proptest_config(config(10))]

    #[test]
    fn a_file_of_inputs_that_was_spoiled(kind in 0..3_usize, blows in blows()) {
        let (name, text) = [("in.yaml", YAML), ("in.toml", TOML), ("in.json", JSON)][kind];
        let page = "---\ninputs:\n  name: {type: string}\n  count: {type: integer, default: 1}\n---\n```bash\n:\n```\n";
        started(&[("a.md", page), (name, &spoiled(text, &blows))], &["plan", "a.md", "--input-file", name]);
    }

    #[test]
    fn settings_that_were_spoiled(blows in blows()) {
        started(
            &[("a.md", "```bash\n:\n```\n"), ("runbook.toml", &spoiled(SETTINGS, &blows))],
            &["list"],
        );
    }

    #[test]
    fn what_a_tool_prints_is_read_or_fails_the_step(kind in 0..2_usize, blows in blows()) {
        let text = spoiled([JSON, YAML][kind], &blows);
        let reader = ["json", "yaml"][kind];
        let page = format!("```bash {{#a}}\ncat out\n```\n\n```rhai {{#b timeout=10s}}\nlet v = a.{reader}();\nto_json(v).len()\n```\n");
        started(&[("a.md", &page), ("out", &text)], &["run", "a.md"]);
    }
}
