//! What a run costs beside a small program that does the same work: ratios, measured in one run.
//!
//! `cargo bench` prints one line for each figure: the median, smallest and largest ratio over
//! interleaved pairs. Milliseconds depend on the machine; ratios hardly do. Nothing here fails a
//! build: figures are for people.

#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark starts processes, reads the clock and prints"
)]

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use runbook::document::Document;
use runbook::graph::Graph;
use runbook::source::Source;

const PAIRS: usize = 5;

fn main() {
    let folder = tempfile::tempdir().unwrap();
    println!(
        "{:<44} {:>7} {:>7} {:>7}   aim",
        "", "median", "least", "most"
    );
    steps(folder.path());
    forks(folder.path());
    output(folder.path());
    documents();
    checks(folder.path());
    sleeps(folder.path());
    start();
}

/// Prints the ratios of pairs that were measured one after the other.
fn report(name: &str, aim: &str, mut pair: impl FnMut() -> (Duration, Duration)) {
    pair();
    let mut ratios: Vec<f64> = (0..PAIRS)
        .map(|_| {
            let (ours, theirs) = pair();
            ours.as_secs_f64() / theirs.as_secs_f64()
        })
        .collect();
    ratios.sort_by(f64::total_cmp);
    println!(
        "{name:<44} {:>6.2}x {:>6.2}x {:>6.2}x   {aim}",
        ratios[PAIRS / 2],
        ratios[0],
        ratios[PAIRS - 1]
    );
}

fn time(work: impl FnOnce()) -> Duration {
    let start = Instant::now();
    work();
    start.elapsed()
}

/// The command that runs a runbook.
fn command(folder: &Path, file: &Path, more: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_runbook"));
    command
        .args(["run", "--yes", "--output", "none"])
        .args(more)
        .arg(file)
        .current_dir(folder)
        .env("RUNBOOK_HOME", folder.join("home"))
        .stdin(Stdio::null())
        .stdout(Stdio::null());
    command
}

/// Runs a runbook.
fn run(folder: &Path, file: &Path, more: &[&str]) {
    let status = command(folder, file, more).status().unwrap();
    assert!(status.success(), "{}: {status}", file.display());
    let _gone = fs::remove_dir_all(folder.join("home"));
}

/// Runs a runbook; gives its largest resident size in KiB where the system tells.
fn run_watched(folder: &Path, file: &Path) -> u64 {
    let mut child = command(folder, file, &[]).spawn().unwrap();
    let mut peak = 0;
    loop {
        let status = fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
        if let Some(line) = status.lines().find(|line| line.starts_with("VmHWM:")) {
            let size = line.split_whitespace().nth(1).and_then(|n| n.parse().ok());
            peak = peak.max(size.unwrap_or(0));
        }
        if let Some(status) = child.try_wait().unwrap() {
            assert!(status.success(), "{}: {status}", file.display());
            break;
        }
        std::thread::sleep(Duration::from_micros(500));
    }
    let _gone = fs::remove_dir_all(folder.join("home"));
    peak
}

/// 1,000 trivial bash steps beside a loop of spawn, capture and one synced record each.
fn steps(folder: &Path) {
    let file = folder.join("steps.md");
    let mut text = String::from("# Steps\n");
    for step in 0..1000 {
        writeln!(text, "\n```bash {{#s{step}}}\n:\n```").unwrap();
    }
    fs::write(&file, text).unwrap();
    report(
        "1,000 bash steps / spawn + capture + sync",
        "1.2 (1.5)",
        || {
            let ours = time(|| {
                run(folder, &file, &[]);
            });
            let theirs = time(|| {
                let mut record = File::create(folder.join("record")).unwrap();
                for step in 0..1000 {
                    let output = Command::new("bash").args(["-c", ":"]).output().unwrap();
                    assert!(output.status.success());
                    writeln!(record, "{{\"step\":{step},\"code\":0}}").unwrap();
                    record.sync_data().unwrap();
                }
            });
            (ours, theirs)
        },
    );
}

/// The CPU time of this process and of the children that were waited for; zero where the system
/// does not tell.
fn used() -> Duration {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = stat.rsplit_once(')').map_or("", |(_, fields)| fields);
    // proc_pid_stat(5): user and system time, then those of children, in hundredths of a second.
    let ticks: u64 = fields
        .split_whitespace()
        .skip(11)
        .take(4)
        .filter_map(|ticks| ticks.parse::<u64>().ok())
        .sum();
    Duration::from_millis(ticks * 10)
}

/// The CPU time of some work.
fn cpu(work: impl FnOnce()) -> Duration {
    let before = used();
    work();
    used().saturating_sub(before)
}

/// The CPU time of 1,000 trivial bash steps beside that of a warm bash which forks for each, with a
/// synced record each; and beside a new bash each.
fn forks(folder: &Path) {
    let file = folder.join("steps.md");
    let record = |number: usize, file: &mut File| {
        writeln!(file, "{{\"step\":{number},\"code\":0}}").unwrap();
        file.sync_data().unwrap();
    };
    let warm = || {
        let mut records = File::create(folder.join("record")).unwrap();
        let mut shell = Command::new("bash")
            .args(["-c", "while read -r line; do ( : ); echo $?; done"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut requests = shell.stdin.take().unwrap();
        let mut answers = shell.stdout.take().unwrap();
        for number in 0..1000 {
            requests.write_all(b":\n").unwrap();
            let mut answer = [0; 2];
            answers.read_exact(&mut answer).unwrap();
            assert_eq!(&answer, b"0\n");
            record(number, &mut records);
        }
        drop(requests);
        shell.wait().unwrap();
    };
    report("  CPU / a fork of a warm bash + sync", "1.3", || {
        (cpu(|| run(folder, &file, &[])), cpu(warm))
    });
    report("  CPU / the same with --fresh-shells", "", || {
        let fresh = || run(folder, &file, &["--fresh-shells"]);
        (cpu(|| run(folder, &file, &[])), cpu(fresh))
    });
}

/// A step that prints 100 MB beside `cat` of the same bytes to a reader.
fn output(folder: &Path) {
    let big = folder.join("big");
    let line = "the quick brown fox jumps over the lazy dog and runs along the river bank\n";
    fs::write(&big, line.repeat(100_000_000 / line.len())).unwrap();
    let file = folder.join("output.md");
    fs::write(&file, "# Output\n\n```bash {#big}\ncat big\n```\n").unwrap();
    let mut peak = 0;
    report("100 MB of output / cat to a reader", "3.5", || {
        let ours = time(|| peak = run_watched(folder, &file).max(peak));
        let theirs = time(|| {
            let mut cat = Command::new("cat")
                .arg(&big)
                .stdout(Stdio::piped())
                .spawn()
                .unwrap();
            let mut out = cat.stdout.take().unwrap();
            let mut buffer = vec![0; 64 * 1024];
            while out.read(&mut buffer).unwrap() > 0 {}
            cat.wait().unwrap();
        });
        (ours, theirs)
    });
    println!(
        "{:<44} {:>6} MiB                     64 MiB",
        "  its largest resident size",
        peak / 1024
    );
}

/// Reading 10 MB of Markdown into a graph beside pulldown-cmark's bare events.
///
/// Pages of people have a fence every 1,100 bytes (1,741 of them, counted); one every 200 bytes,
/// each with attributes and a value, is as dense as a page gets.
fn documents() {
    let prose = "Some *prose* about `part` with a [link](https://example.com).\n\n\
                 - one item\n- another item\n\n";
    for (name, paragraphs, aim) in [
        ("10 MB document + graph / bare events", 8, "2.0"),
        ("  the same with a step every 200 bytes", 1, ""),
    ] {
        let mut text =
            String::from("---\ninputs:\n  namespace: {type: string, default: x}\n---\n# Big\n");
        let mut number = 0;
        while text.len() < 10_000_000 {
            write!(
                text,
                "\n## Part {number}\n\n{}```bash {{#s{number} timeout=5m}}\necho \"part {number}\"\n\
                 kubectl get pods -n ${{{{ namespace }}}}\n```\n",
                prose.repeat(paragraphs)
            )
            .unwrap();
            number += 1;
        }
        let vocabulary = runbook::script::vocabulary();
        report(name, aim, || {
            let ours = time(|| {
                let source = Arc::new(Source::new("big.md", text.clone()));
                let (document, _) = Document::parse(source);
                let (graph, _) = Graph::build(Arc::new(document), vocabulary);
                assert_eq!(graph.steps.len(), number);
            });
            let theirs = time(|| {
                let events = pulldown_cmark::Parser::new_ext(&text, pulldown_cmark::Options::all());
                assert!(events.count() > number);
            });
            (ours, theirs)
        });
    }
}

/// `check` of 2,000 documents of 8 KB beside reading them and their bare events.
///
/// They are of the kind that others write: none is annotated, half have a front matter, and a few
/// have something that a careful reader would note.
fn checks(folder: &Path) {
    let pages = folder.join("pages");
    fs::create_dir(&pages).unwrap();
    for page in 0..2000 {
        let mut text = String::new();
        if page % 2 == 0 {
            writeln!(text, "---\ntitle: Page {page}\nlayout: manual\n---\n").unwrap();
        }
        writeln!(text, "# What to do about alert {page}\n").unwrap();
        let mut part = 0;
        while text.len() < 8000 {
            write!(
                text,
                "## Part {part} of the service\n\nThe *service* writes to its `queue-{part}` and \
                 reads from [the store](https://example.com/store/{part}). Where the queue grows, \
                 readers are too slow, or one of them is gone.\n\n\
                 - the first reader, on `node-{part}`\n- the second, which only counts\n\n\
                 1. Look at the dashboard of part {part}.\n2. Look at its logs:\n\n\
                 ```bash\nkubectl get pods -n web-{part} -l app=reader\n\
                 kubectl logs -n web-{part} deployment/reader --tail=100 | grep -i error\n```\n\n\
                 If the pods restart:\n\n```yaml\nkind: Deployment\nreplicas: {part}\n```\n\n"
            )
            .unwrap();
            part += 1;
        }
        if page % 4 == 0 {
            text.push_str("```bash\nkubectl delete pod <pod-name> -n web\n```\n");
        }
        fs::write(pages.join(format!("{page:04}.md")), text).unwrap();
    }
    report("check of 2,000 documents / bare events", "2.0", || {
        let ours = time(|| {
            let status = Command::new(env!("CARGO_BIN_EXE_runbook"))
                .args(["check", "--no-shellcheck", "pages"])
                .current_dir(folder)
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .status();
            assert!(status.unwrap().success());
        });
        let theirs = time(|| {
            let mut events = 0;
            for page in 0..2000 {
                let text = fs::read_to_string(pages.join(format!("{page:04}.md"))).unwrap();
                let all = pulldown_cmark::Options::all();
                events += pulldown_cmark::Parser::new_ext(&text, all).count();
            }
            assert!(events > 2000);
        });
        (ours, theirs)
    });
}

/// 64 steps of `sleep 0.1` side by side beside 64 spawns at once.
fn sleeps(folder: &Path) {
    let file = folder.join("sleeps.md");
    let mut text = String::from("# Sleeps\n");
    for step in 0..64 {
        writeln!(text, "\n```bash {{#s{step} needs=none}}\nsleep 0.1\n```").unwrap();
    }
    fs::write(&file, text).unwrap();
    report("64 sleeps side by side / 64 spawns at once", "1.2", || {
        let ours = time(|| {
            run(folder, &file, &["--jobs", "64"]);
        });
        let theirs = time(|| {
            let children: Vec<_> = (0..64)
                .map(|_| {
                    Command::new("bash")
                        .args(["-c", "sleep 0.1"])
                        .stdout(Stdio::piped())
                        .spawn()
                        .unwrap()
                })
                .collect();
            for child in children {
                child.wait_with_output().unwrap();
            }
        });
        (ours, theirs)
    });
}

/// `runbook --version` beside `bash -c :`.
fn start() {
    let version = || {
        let status = Command::new(env!("CARGO_BIN_EXE_runbook"))
            .arg("--version")
            .stdout(Stdio::null())
            .status();
        assert!(status.unwrap().success());
    };
    report("--version / bash -c :", "", || {
        let ours = time(version);
        let theirs = time(|| {
            Command::new("bash").args(["-c", ":"]).status().unwrap();
        });
        (ours, theirs)
    });
    let mut times: Vec<Duration> = (0..20).map(|_| time(version)).collect();
    times.sort();
    println!(
        "{:<44} {:>5.1}ms                        10 ms",
        "  --version",
        times[10].as_secs_f64() * 1000.0
    );
}
