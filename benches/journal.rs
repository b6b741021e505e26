//! What the journal costs: ratios, measured in one run.
//!
//! `cargo bench --bench journal` prints one line for each figure; nothing here fails a build.

#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark reads the clock and prints"
)]

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use runbook::event::{Event, RunStarted, Status, StepHead, Stream, Text};
use runbook::journal::{Entry, Reader, Recorder, digest, verify};
use runbook::secret::Redactor;
use runbook::sink::Sink;
use runbook::view::{Style, Terminal};
use sha2::{Digest as _, Sha256};

const PAIRS: usize = 5;
/// How many entries the journal of the first figures has.
const ENTRIES: u64 = 200_000;
/// How many synced appends are compared.
const SYNCS: usize = 300;

fn main() {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let path = folder.path().join("journal.jsonl");
    write_journal(&path, ENTRIES, &["a line of output".to_owned()]);
    println!(
        "{:<50} {:>9} {:>9} {:>9}   aim",
        "", "median", "least", "most"
    );
    replay(&path);
    verifying(&path, "verify / hashing, 350 bytes a line");
    let long = folder.path().join("long.jsonl");
    write_journal(&long, 6_000, &["a line of output\n".repeat(1_000)]);
    verifying(&long, "verify / hashing, 17 KiB a line");
    appends(folder.path());
    if let Some(bytes) = std::env::var("RUNBOOK_BENCH_BYTES")
        .ok()
        .and_then(|n| n.parse().ok())
    {
        memory(folder.path(), bytes);
    }
}

/// Prints the figures of several turns.
fn report(name: &str, unit: &str, aim: &str, mut turn: impl FnMut() -> f64) {
    turn();
    let mut figures: Vec<f64> = (0..PAIRS).map(|_| turn()).collect();
    figures.sort_by(f64::total_cmp);
    let [least, .., most] = figures.as_slice() else {
        return;
    };
    println!(
        "{name:<50} {:>8.2}{unit} {least:>8.2}{unit} {most:>8.2}{unit}   {aim}",
        figures[PAIRS / 2]
    );
}

fn time(work: impl FnOnce()) -> Duration {
    let start = Instant::now();
    work();
    start.elapsed()
}

/// Writes a journal of a run of so many entries, with these outputs in turn.
fn write_journal(path: &Path, entries: u64, outputs: &[String]) {
    let redactor = Redactor::default();
    let steps: Vec<String> = (0..200).map(|number| format!("step-{number}")).collect();
    let mut out = BufWriter::new(File::create(path).unwrap());
    let mut seq = 0;
    let mut prev = "0".repeat(64);
    let mut at = Timestamp::from_second(1_800_000_000).unwrap();
    let mut put = |event: Event| {
        seq += 1;
        at += Duration::from_millis(3);
        let line = Entry::new(seq, at, std::mem::take(&mut prev), event).to_line();
        prev = digest(line.as_bytes());
        out.write_all(line.as_bytes()).unwrap();
        out.write_all(b"\n").unwrap();
        seq
    };
    let head = |id: &String| StepHead {
        id: id.clone(),
        title: redactor.clean("Look at it"),
        section: None,
        kind: "bash".to_owned(),
        line: 10,
        needs: Vec::new(),
        goes_on: false,
        effect: None,
    };
    put(Event::RunStarted(Box::new(RunStarted {
        run: "0193a5b0-0000-7000-8000-00000000abcd".to_owned(),
        document: "a.md".to_owned(),
        steps: steps.iter().map(head).collect(),
        ..RunStarted::default()
    })));
    let share = (entries - 2) / steps.len() as u64;
    let outputs: Vec<_> = outputs.iter().map(|text| redactor.clean(text)).collect();
    for step in &steps {
        put(Event::StepStarted {
            step: step.clone(),
            attempt: 1,
            command: Some(redactor.clean("kubectl get pods")),
            directory: Some(redactor.clean("/srv")),
        });
        for number in 2..share {
            put(if number % 10 == 0 {
                Event::Checked {
                    step: step.clone(),
                    line: 12,
                    column: 8,
                    expression: redactor.clean("pods.len() == 3"),
                    held: true,
                    message: None,
                    parts: Vec::new(),
                }
            } else {
                Event::Output {
                    step: step.clone(),
                    stream: Stream::Stdout,
                    skipped: 0,
                    open: false,
                    call: None,
                    text: Text::Text(
                        outputs[usize::try_from(number).unwrap() % outputs.len()].clone(),
                    ),
                }
            });
        }
        put(Event::StepFinished {
            step: step.clone(),
            status: Status::Passed,
            reason: None,
            detail: None,
            code: Some(0),
            attempts: 1,
            elapsed_ms: 3,
        });
    }
    put(Event::RunFinished {
        status: Status::Passed,
        exit: 0,
        reason: None,
        failed: Vec::new(),
        elapsed_ms: 3,
    });
    out.flush().unwrap();
}

/// A journal played back without waiting.
fn replay(path: &Path) {
    report("replay, million entries a minute", " ", "1 or more", || {
        let mut entries = 0;
        let taken = time(|| {
            let mut screen = Terminal::new(Style::plain(100), Box::new(io::sink()));
            for entry in Reader::open(path).unwrap() {
                screen.receive(&entry.unwrap()).unwrap();
                entries += 1;
            }
            screen.finish().unwrap();
        });
        f64::from(entries) / taken.as_secs_f64() * 60.0 / 1e6
    });
    report("  by the command", " ", "1 or more", || {
        let taken = time(|| {
            let status = Command::new(env!("CARGO_BIN_EXE_runbook"))
                .args(["replay", "--speed", "instant"])
                .arg(path)
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .status();
            assert!(status.unwrap().success());
        });
        f64::from(u32::try_from(ENTRIES).unwrap()) / taken.as_secs_f64() * 60.0 / 1e6
    });
}

/// Verifying a journal beside hashing the bytes of its file.
fn verifying(path: &Path, name: &str) {
    report(name, "x", "2.0 or less", || {
        let ours = time(|| drop(verify(path).unwrap()));
        let theirs = time(|| {
            let mut file = File::open(path).unwrap();
            let mut hash = Sha256::new();
            let mut buffer = vec![0; 1024 * 1024];
            loop {
                let read = file.read(&mut buffer).unwrap();
                if read == 0 {
                    break;
                }
                hash.update(&buffer[..read]);
            }
            assert_ne!(hash.finalize()[..], [0; 32]);
        });
        ours.as_secs_f64() / theirs.as_secs_f64()
    });
}

/// Committing an entry beside one synced append of the same bytes.
fn appends(folder: &Path) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let redactor = Redactor::default();
    let event = || Event::StepStarted {
        step: "step".to_owned(),
        attempt: 1,
        command: Some(redactor.clean("kubectl get pods")),
        directory: Some(redactor.clean("/srv")),
    };
    let mut turn = 0;
    report(
        "commit of an entry / synced append",
        "x",
        "1.3 or less",
        || {
            turn += 1;
            let run = folder.join(format!("run-{turn}"));
            let recorder = Recorder::start(&run, Vec::new(), || Timestamp::UNIX_EPOCH).unwrap();
            let line =
                Entry::new(1, Timestamp::UNIX_EPOCH, "0".repeat(64), event()).to_line() + "\n";
            let plain = folder.join(format!("plain-{turn}"));
            let mut file = OpenOptions::new()
                .create_new(true)
                .append(true)
                .open(plain)
                .unwrap();
            let (mut ours, mut theirs) = (Duration::ZERO, Duration::ZERO);
            for _ in 0..SYNCS {
                ours += time(|| runtime.block_on(recorder.commit(vec![event()])).unwrap());
                theirs += time(|| {
                    file.write_all(line.as_bytes()).unwrap();
                    file.sync_data().unwrap();
                });
            }
            runtime.block_on(recorder.finish()).unwrap();
            ours.as_secs_f64() / theirs.as_secs_f64()
        },
    );
}

/// The largest resident size of the commands that read a large journal.
fn memory(folder: &Path, bytes: u64) {
    let path = folder.join("large.jsonl");
    for (name, text) in [
        ("short lines", "a line of output".to_owned()),
        ("long lines", "a line of output\n".repeat(3_000)),
    ] {
        write_journal(&path, bytes / (text.len() as u64 + 230), &[text]);
        let size = fs::metadata(&path).unwrap().len() / 1024 / 1024;
        for command in ["verify", "show", "replay", "postmortem"] {
            let mut process = Command::new(env!("CARGO_BIN_EXE_runbook"));
            process
                .arg(command)
                .arg(&path)
                .stdin(Stdio::null())
                .stdout(Stdio::null());
            if command == "replay" {
                process.args(["--speed", "instant"]);
            }
            let start = Instant::now();
            let mut child = process.spawn().unwrap();
            let mut peak = 0;
            let status = loop {
                let text =
                    fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
                let line = text.lines().find(|line| line.starts_with("VmHWM:"));
                let now = line.and_then(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok());
                peak = peak.max(now.unwrap_or(0));
                if let Some(status) = child.try_wait().unwrap() {
                    break status;
                }
                std::thread::sleep(Duration::from_millis(2));
            };
            assert!(status.success(), "{command}: {status}");
            println!(
                "{:<50} {:>6} MiB, {:.1}s                  256 MiB or less",
                format!("{command} of {size} MiB, {name}"),
                peak / 1024,
                start.elapsed().as_secs_f64()
            );
        }
    }
}
