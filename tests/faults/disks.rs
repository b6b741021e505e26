//! A journal that can't be kept: it is told, the status is 4, and no step starts unrecorded.
//!
//! Guards of all but those that say otherwise: `Writer::write`, which keeps its first error, and
//! `Context::commit`, which starts nothing behind it.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use crate::support::{Ran, Test};

fn is_root() -> bool {
    Command::new("id")
        .arg("-u")
        .output()
        .is_ok_and(|ran| ran.stdout.starts_with(b"0\n"))
}

/// What is mounted there is unmounted at the end.
struct Mounted(std::path::PathBuf);

impl Mounted {
    fn small(at: &Path, size: &str) -> Option<Self> {
        if !is_root() {
            eprintln!("skipped: only root can mount a small disk");
            return None;
        }
        fs::create_dir_all(at).expect("a folder can be made");
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={size}"), "tmpfs"])
            .arg(at)
            .output();
        if mounted.is_ok_and(|ran| ran.status.success()) {
            Some(Self(at.to_owned()))
        } else {
            eprintln!("skipped: tmpfs can't be mounted here");
            None
        }
    }

    fn again(&self, options: &str) -> bool {
        let done = Command::new("mount")
            .args(["-o", options])
            .arg(&self.0)
            .output();
        done.is_ok_and(|ran| ran.status.success())
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).output();
    }
}

/// Every step that left a mark has its `step-started` in the journal.
#[track_caller]
pub(crate) fn nothing_unrecorded(journal: &str, marks: &[String]) {
    for mark in marks {
        let recorded = journal.lines().any(|line| {
            serde_json::from_str::<serde_json::Value>(line).is_ok_and(|entry| {
                entry["event"] == "step-started" && entry["step"] == mark.as_str()
            })
        });
        assert!(recorded, "{mark} ran, and its entry is not in:\n{journal}");
    }
}

fn marks(folder: &Path) -> Vec<String> {
    fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect()
}

/// Steps that leave a mark and print, many of them.
fn many(number: usize, print: &str) -> String {
    (0..number)
        .map(|step| format!("```bash {{#s{step}}}\ntouch marks/s{step}\n{print}\n```\n\n"))
        .collect()
}

#[track_caller]
fn told(ran: &Ran) {
    assert_eq!(ran.status, 4, "{}", ran.text);
    assert!(ran.stderr.contains("error: "), "{}", ran.stderr);
    assert!(!ran.stderr.contains("bug"), "{}", ran.stderr);
}

/// Guards: those of all; `Writer::write` also takes half a line away again.
#[test]
fn a_full_disk_is_told_and_stops_the_run() {
    let test = Test::new()
        .folder("marks")
        .file("a.md", many(60, "head -c 3000 /dev/zero | tr '\\0' x"));
    let Some(disk) = Mounted::small(&test.root().join("home"), "64k") else {
        return;
    };
    let root = test.root().to_owned();
    let ran = test.args(["run", "a.md"]).run();
    told(&ran);
    let marks = marks(&root.join("marks"));
    assert!(!marks.is_empty() && marks.len() < 60, "{} ran", marks.len());
    let journal = ran.journals().pop().expect("a journal was begun");
    nothing_unrecorded(&journal, &marks);
    assert!(journal.ends_with('\n'), "half a line is left");
    // What could be written reads on and verifies.
    let ran = ran.then(["verify", "last"]).run().ends(0);
    ran.then(["show", "last"]).run().ends(0);
    drop(disk);
}

/// Guards: those of all; where no disk can be turned, `power` has one that refuses each write.
#[test]
fn a_disk_that_turns_read_only_is_told() {
    let test = Test::new().folder("marks");
    let Some(disk) = Mounted::small(&test.root().join("home"), "1m") else {
        return;
    };
    let page = format!(
        "```bash {{#first}}\ntouch marks/first\nmount -o remount,ro '{0}' || mount -o remount,ro,size=1m '{0}' || touch failed\n```\n\n{1}",
        disk.0.display(),
        many(3, ":")
    );
    let root = test.root().to_owned();
    let ran = test.file("a.md", page).args(["run", "a.md"]).run();
    if ran.exists("failed") {
        eprintln!("skipped: a tmpfs in use can't be made read-only here");
        return;
    }
    // A file that is open for writing keeps the disk writable; then nothing was lost.
    if ran.status != 0 {
        told(&ran);
    }
    nothing_unrecorded(
        &ran.journals().pop().expect("a journal"),
        &marks(&root.join("marks")),
    );
    let _ = disk.again("remount,rw");
}

/// Guards: `Store::create` and `Recorder::start`, whose error ends the run before its first step.
#[test]
fn a_folder_that_cant_be_written_means_that_nothing_runs() {
    let page = "```bash {#a}\ntouch ran\n```\n";
    // A file where the folder should be: it holds for root too.
    let ran = Test::new()
        .file("home", "")
        .file("a.md", page)
        .args(["run", "a.md"])
        .run();
    told(&ran);
    assert!(!ran.exists("ran"));
    let ran = Test::new()
        .file("a.md", page)
        .env("RUNBOOK_HOME", "/proc/1/none")
        .args(["run", "a.md"])
        .run();
    told(&ran);
    assert!(!ran.exists("ran"));
    if is_root() {
        eprintln!("skipped in part: root may write where nobody else may");
        return;
    }
    let test = Test::new().folder("home/runs").file("a.md", page);
    fs::set_permissions(
        test.root().join("home/runs"),
        fs::Permissions::from_mode(0o500),
    )
    .expect("it is ours");
    let ran = test.args(["run", "a.md"]).run();
    told(&ran);
    assert!(!ran.exists("ran"));
}

/// Guard: `Writer::append`, which looks at the file's links and length after each sync.
#[test]
fn a_journal_that_is_removed_or_cut_while_running_stops_the_run() {
    for harm in [
        "rm \"$RUNBOOK_HOME\"/runs/*/journal.jsonl",
        "rm -r \"$RUNBOOK_HOME\"",
        ": > \"$(echo \"$RUNBOOK_HOME\"/runs/*/journal.jsonl)\"",
        "truncate -s 100 \"$RUNBOOK_HOME\"/runs/*/journal.jsonl",
    ] {
        let page = format!("```bash {{#a}}\n{harm}\n```\n\n```bash {{#b}}\ntouch b\n```\n");
        let ran = Test::new().file("a.md", page).args(["run", "a.md"]).run();
        told(&ran);
        assert!(!ran.exists("b"), "{harm}");
    }
}

/// Guard: `Context::output_file`, which opens the folder before it makes a file in it.
#[test]
fn a_link_in_the_place_of_the_outputs_leads_no_file_elsewhere() {
    for (harm, kept) in [
        ("mkdir -p elsewhere; ln -s \"$PWD/elsewhere\" \"$f\"", false),
        ("ln -s \"$PWD/nowhere\" \"$f\"", false),
        ("touch \"$f\"", false),
        ("mkdir \"$f\"", true),
    ] {
        let page = format!(
            "```bash {{#a}}\nf=$(echo \"$RUNBOOK_HOME\"/runs/*)/output\n{harm}\n```\n\n\
             ```bash {{#b}}\nseq 200000\n```\n"
        );
        let ran = Test::new().file("a.md", page).args(["run", "a.md"]).run();
        let ran = ran.ends(0);
        assert_eq!(
            ran.text.contains("could not be kept"),
            !kept,
            "{}",
            ran.text
        );
        assert!(!ran.exists("elsewhere/b.stdout") && !ran.exists("nowhere"));
        if harm.contains("elsewhere") {
            assert!(ran.text.contains("a link is in the place"), "{}", ran.text);
        }
    }
}

/// Guard: `journal::verify`: each line holds the digest of the one before, and the seal the last.
#[test]
fn a_journal_that_is_altered_while_running_does_not_verify() {
    let page = "```bash {#a}\nf=$(echo \"$RUNBOOK_HOME\"/runs/*/journal.jsonl)\n\
                sed 's/tester/nobody/' \"$f\" > copy\ncat copy > \"$f\"\n```\n\n```bash {#b}\ntrue\n```\n";
    let ran = Test::new().file("a.md", page).args(["run", "a.md"]).run();
    let ran = ran.then(["verify", "last"]).run();
    told(&ran);
}

/// Guards: `Reader::advance`, for which a line without its end is no entry, and `Walk::end`, which
/// tells of it: it is a crash, not a forgery.
#[test]
fn a_power_cut_leaves_a_journal_that_reads_as_far_as_it_goes() {
    let ran = Test::new()
        .file("a.md", many(3, "echo out"))
        .folder("marks")
        .args(["run", "a.md"])
        .run()
        .ends(0);
    let whole = ran.journals().remove(0);
    let test = ran.then(["verify", "journal.jsonl"]);
    let path = test.root().join("journal.jsonl");
    let mut ran = test.file("journal.jsonl", "").run();
    let first = whole.find('\n').expect("it has lines");
    let mut cuts: Vec<usize> = (first + 1..whole.len()).step_by(701).collect();
    // Whole but for its newline.
    cuts.push(whole.len() - 1);
    for cut in cuts {
        let kept = &whole[..cut];
        // Blocks that were not synced come back as zeros.
        for tail in ["", "\0\0\0\0\0\0\0\0"] {
            fs::write(&path, format!("{kept}{tail}")).expect("it can be written");
            ran = ran.then(["show", "journal.jsonl"]).run().ends(0);
            assert!(
                ran.stdout.contains("unfinished"),
                "{cut} {tail:?}: {}",
                ran.text
            );
            ran = ran.then(["verify", "journal.jsonl"]).run().ends(0);
            let torn = !kept.ends_with('\n') || !tail.is_empty();
            let told = if torn {
                "a last line cut off"
            } else {
                "has no end"
            };
            assert!(ran.stdout.contains(told), "{cut} {tail:?}: {}", ran.text);
        }
    }
    // In the middle it is no power cut.
    fs::write(
        &path,
        format!("{}\0{}", &whole[..first + 9], &whole[first + 9..]),
    )
    .expect("it can be written");
    let ran = ran.then(["verify", "journal.jsonl"]).run();
    told(&ran);
}
