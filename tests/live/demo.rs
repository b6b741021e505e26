//! The recordings of the repository's `runbook.toml`: real runs of `runbooks/apply-status.md`, which
//! `tests/live/record.sh` makes again.

use std::path::Path;
use std::process::Command;
use std::sync::PoisonError;

use crate::cluster::cluster;
use crate::page::Page;
use crate::runbooks::{KILLED, TURN, surrounded};

const PAGE: &str = "runbooks/apply-status.md";

/// Where a run begins: each time in the same folder, so that recordings differ only where runs do.
const FOLDER: &str = "runbook-demo";

/// The variable that names the folder for the recordings.
const TO: &str = "RUNBOOK_RECORDINGS";

/// Runs a page and exports the run.
fn record(name: &str, before: &str, inputs: &[(&str, &str)], status: i32) {
    let Ok(to) = std::env::var(TO) else {
        eprintln!("skipped: {TO} names no folder (tests/live/record.sh makes recordings)");
        return;
    };
    let cluster = cluster().expect("tests/live/setup.sh brings the components");
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let folder = tempfile::Builder::new()
        .prefix(FOLDER)
        .rand_bytes(0)
        .tempdir_in("/tmp")
        .expect("nobody else records");
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join(PAGE);
    let page = std::fs::read_to_string(page).expect("it is there");
    let state = |script: &str| {
        let given = format!("# Its state\n\n```rhai\n{script}{before}\n```\n");
        Page::at(folder).file("page.md", &given).file(PAGE, &page)
    };
    let (page, _server) = surrounded(cluster, state, "runbooks/apply-status", !before.is_empty())
        .expect("terraform, aws, helm and moto are installed");
    ends(page.command(), 0);
    let mut run = page.with(&["run", PAGE, "--yes"]);
    run.env("USER", "chris");
    for (input, value) in inputs {
        run.args(["--input", &format!("{input}={value}")]);
    }
    ends(run, status);
    ends(
        page.with(&["export", "last", "-o", &format!("{to}/{name}.jsonl")]),
        0,
    );
}

#[track_caller]
fn ends(mut command: Command, status: i32) {
    let output = command.output().expect("the program starts");
    let out = String::from_utf8_lossy(&output.stdout);
    let err = String::from_utf8_lossy(&output.stderr);
    eprintln!("{out}{err}");
    assert_eq!(output.status.code(), Some(status), "{command:?}");
}

#[test]
fn an_upgrade_that_ends_well() {
    record("apply-status", "", &[], 0);
}

#[test]
fn an_upgrade_that_was_killed() {
    record("apply-status-stuck", KILLED, &[("helm_time", "3s")], 1);
}
