//! Journals on real disks: written ahead, read back, verified.

mod altered;

use std::fs;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex};

use jiff::Timestamp;
use proptest::prelude::*;
use tempfile::TempDir;

use super::*;
use crate::event::tests::{clean, event};
use crate::event::{Event, RunStarted, Status, VERSION};
use crate::sink::Sink;

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .build()
        .expect("the system has threads")
}

fn noted(text: &str) -> Event {
    Event::Noted {
        step: None,
        text: clean(text),
        by: None,
    }
}

fn began() -> Event {
    Event::RunStarted(Box::new(RunStarted {
        program: "0.1.0".into(),
        ..RunStarted::default()
    }))
}

fn ended() -> Event {
    Event::RunFinished {
        status: Status::Passed,
        exit: 0,
        reason: None,
        failed: Vec::new(),
        elapsed_ms: 1,
    }
}

fn began_again() -> Event {
    Event::StepSkipped {
        step: "a".into(),
        reason: clean("it is over"),
    }
}

fn clock() -> Timestamp {
    Timestamp::UNIX_EPOCH
}

/// A journal of a whole run of five entries.
fn journal() -> (TempDir, std::path::PathBuf) {
    let folder = TempDir::new().expect("there is room");
    let recorder = Recorder::start(folder.path(), Vec::new(), clock).expect("it is writable");
    runtime().block_on(async {
        recorder
            .commit(vec![began()])
            .await
            .expect("it is writable");
        for text in ["one", "two", "three"] {
            recorder.record(noted(text)).await;
        }
        recorder
            .commit(vec![ended()])
            .await
            .expect("it is writable");
        assert_eq!(recorder.finish().await, Ok(Vec::new()));
    });
    let path = folder.path().join("journal.jsonl");
    (folder, path)
}

/// Collects what it is fed; fails or panics when it has had enough.
#[derive(Clone, Default)]
struct Collected {
    lines: Arc<Mutex<Vec<(u64, String)>>>,
    fails_at: Option<u64>,
    panics_at: Option<u64>,
}

impl Sink for Collected {
    fn receive(&mut self, _: &Entry) -> io::Result<()> {
        unreachable!("the recorder has the line");
    }

    fn receive_line(&mut self, entry: &Entry, line: &str) -> io::Result<()> {
        assert_ne!(self.panics_at, Some(entry.seq), "as it was told");
        if self.fails_at == Some(entry.seq) {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        let mut lines = self.lines.lock().expect("nobody panics with it");
        lines.push((entry.seq, line.to_owned()));
        Ok(())
    }
}

#[test]
fn a_line_is_as_the_contract_says() {
    let at = "2026-11-23T05:06:07.123456789Z"
        .parse()
        .expect("it is a time");
    let entry = Entry::new(7, at, "0".repeat(64), noted("a\n\"b\""));
    let line = format!(
        r#"{{"v":"{VERSION}","seq":7,"at":"2026-11-23T05:06:07.123456Z","prev":"{}","event":"noted","text":"a\n\"b\""}}"#,
        "0".repeat(64)
    );
    assert_eq!(entry.to_line(), line);
    assert_eq!(Entry::from_line(&line), Ok(entry));
    let whole = Entry::new(1, clock(), String::new(), ended()).to_line();
    assert!(
        whole.contains(r#""at":"1970-01-01T00:00:00.000000Z""#),
        "{whole}"
    );
}

#[test]
fn sixty_four_commits_at_once_keep_one_order() {
    let folder = TempDir::new().expect("there is room");
    let sink = Collected::default();
    let seen = Arc::clone(&sink.lines);
    let path = folder.path().join("runs/a");
    let recorder = Recorder::start(&path, vec![Box::new(sink)], clock).expect("it is writable");
    runtime().block_on(async {
        recorder
            .commit(vec![began()])
            .await
            .expect("it is writable");
        let steps: Vec<_> = (0..64)
            .map(|number| {
                let recorder = recorder.clone();
                tokio::spawn(async move {
                    for turn in 0..4 {
                        recorder.record(noted(&format!("{number} {turn}"))).await;
                        let end = noted(&format!("{number} {turn} end"));
                        recorder.commit(vec![end]).await.expect("it is writable");
                    }
                })
            })
            .collect();
        for step in steps {
            step.await.expect("it does not panic");
        }
        recorder.finish().await.expect("it is writable");
    });
    let text = fs::read_to_string(path.join("journal.jsonl")).expect("it is there");
    let lines = seen.lock().expect("nobody panics with it");
    assert_eq!(lines.len(), 1 + 64 * 8);
    for (index, (line, (seq, shown))) in text.lines().zip(lines.iter()).enumerate() {
        assert_eq!((*seq, shown.as_str()), (index as u64 + 1, line));
    }
    let verified = verify(path.join("journal.jsonl")).expect("it is whole");
    assert_eq!((verified.entries, verified.finished), (513, false));
    // Each of them saw its own notes in order.
    for number in 0..64 {
        let own: Vec<_> = Reader::open(path.join("journal.jsonl"))
            .expect("it is there")
            .filter_map(|entry| match entry.expect("it is whole").event {
                Event::Noted { text, .. } => Some(text.to_string()),
                _ => None,
            })
            .filter(|text| text.split(' ').next() == Some(&number.to_string()))
            .collect();
        assert_eq!(
            own[..3],
            [
                format!("{number} 0"),
                format!("{number} 0 end"),
                format!("{number} 1")
            ]
        );
    }
}

#[test]
fn a_failing_sink_is_dropped_and_noted() {
    let folder = TempDir::new().expect("there is room");
    let broken = Collected {
        fails_at: Some(2),
        ..Collected::default()
    };
    let panicking = Collected {
        panics_at: Some(3),
        ..Collected::default()
    };
    let fine = Collected::default();
    let seen = [&broken, &panicking, &fine].map(|sink| Arc::clone(&sink.lines));
    let sinks: Vec<Box<dyn Sink>> = vec![Box::new(broken), Box::new(panicking), Box::new(fine)];
    let recorder = Recorder::start(folder.path(), sinks, clock).expect("it is writable");
    let notes = runtime().block_on(async {
        let events = vec![began(), noted("one"), noted("two"), ended()];
        recorder.commit(events).await.expect("it is writable");
        recorder.finish().await.expect("it is writable")
    });
    assert_eq!(
        notes,
        [
            "a view of the run ended early: broken pipe",
            "a view of the run ended early: it panicked, which is a bug of this program",
        ]
    );
    let counts = seen.map(|lines| lines.lock().expect("it is whole").len());
    assert_eq!(counts, [1, 2, 4]);
    assert!(verify(folder.path().join("journal.jsonl")).is_ok());
}

#[test]
fn a_folder_that_cant_be_written_is_an_error() {
    let folder = TempDir::new().expect("there is room");
    let file = folder.path().join("file");
    fs::write(&file, "").expect("there is room");
    let error = Recorder::start(&file.join("run"), Vec::new(), clock).expect_err("it is a file");
    let Error::Write { path, reason } = error else {
        panic!("not a write error")
    };
    assert_eq!(Path::new(&path), file.join("run/journal.jsonl"));
    assert!(reason.contains("directory"), "{reason}");
}

#[test]
fn a_journal_is_never_written_over() {
    let (folder, path) = journal();
    let before = fs::read(&path).expect("it is there");
    assert!(Recorder::start(folder.path(), Vec::new(), clock).is_err());
    assert_eq!(fs::read(&path).expect("it is there"), before);
}

#[test]
fn what_is_not_on_disk_is_not_shown() {
    // A device that is always full.
    let full = fs::OpenOptions::new().write(true).open("/dev/full");
    let Ok(full) = full else {
        eprintln!("skipped: there is no /dev/full");
        return;
    };
    let sink = Collected::default();
    let seen = Arc::clone(&sink.lines);
    let path = Path::new("/dev/full").to_owned();
    let end = writer::End::empty();
    let writer = writer::Writer::new(full, path, vec![Box::new(sink)], Box::new(clock), end);
    let (queue, messages) = tokio::sync::mpsc::channel(8);
    let thread = std::thread::spawn(move || writer.run(messages));
    let answers: Vec<_> = (0..2)
        .map(|_| {
            let (done, wait) = tokio::sync::oneshot::channel();
            let message = writer::Message::Commit(vec![began()], None, done);
            queue.blocking_send(message).expect("it listens");
            wait.blocking_recv().expect("it answers")
        })
        .collect();
    drop(queue);
    thread.join().expect("it does not panic");
    assert!(matches!(&answers[0], Err(Error::Write { reason, .. }) if reason.contains("space")));
    assert_eq!(answers[0], answers[1]);
    assert!(seen.lock().expect("it is whole").is_empty());
}

#[test]
fn files_are_for_their_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let folder = TempDir::new().expect("there is room");
    let run = Store::new(folder.path().join("runs"))
        .create("a")
        .expect("it is writable");
    Recorder::start(&run.folder, Vec::new(), clock).expect("it is writable");
    let mode = |path: &Path| {
        fs::metadata(path)
            .expect("it is there")
            .permissions()
            .mode()
            & 0o777
    };
    assert_eq!((mode(&run.folder), mode(run.journal())), (0o700, 0o600));
}

#[test]
fn a_newer_minor_version_is_read_and_said() {
    let folder = TempDir::new().expect("there is room");
    let path = folder.path().join("j.jsonl");
    const UNKNOWN: &str =
        "{\"v\":\"1.9\",\"seq\":2,\"prev\":\"\",\"event\":\"sung\",\"at\":\"\"}\n";
    let line = Entry::new(1, clock(), "0".repeat(64), began()).to_line();
    let ours = format!("\"v\":\"{VERSION}\"");
    fs::write(
        &path,
        line.replace(&ours, "\"new\":1,\"v\":\"1.9\"") + "\n" + UNKNOWN,
    )
    .expect("there is room");
    let mut reader = Reader::open(&path).expect("it is there");
    assert!(reader.next().is_some_and(|entry| entry.is_ok()));
    // What it does not know is passed over.
    assert!(reader.next().is_none());
    assert!(reader.notice().is_some_and(|notice| notice.contains("1.9")));

    fs::write(&path, line.replace(&ours, "\"v\":\"2.0\"") + "\n").expect("there is room");
    let error = Reader::open(&path)
        .expect("it is there")
        .next()
        .expect("it has a line");
    assert_eq!(
        error
            .expect_err("it is of another major version")
            .to_string(),
        format!(
            "the journal `{}` is of version 2.0, this program reads {VERSION}: \
             read it with runbook 0.1.0, which wrote it",
            path.display()
        )
    );
}

#[test]
fn runs_are_found_by_what_people_type() {
    let folder = TempDir::new().expect("there is room");
    let store = Store::new(folder.path().join("runs"));
    assert_eq!(store.list(), Ok(Vec::new()));
    assert!(matches!(store.find("last"), Err(NotFound::Empty { .. })));
    let ids = [
        "0193a5b0-0000-7000-8000-00000000abcd",
        "0193a5b0-0000-7000-8000-00000001abcd",
        "0193a5b1-0000-7000-8000-0000000000ff",
    ];
    for id in ids {
        let run = store.create(id).expect("it is writable");
        Recorder::start(&run.folder, Vec::new(), clock).expect("it is writable");
    }
    fs::create_dir(store.root.join("notes")).expect("there is room");
    let listed: Vec<_> = store.list().expect("it is readable");
    assert!(
        listed
            .iter()
            .map(|run| run.id.as_str())
            .eq(ids.into_iter().rev())
    );
    let id = |reference: &str| store.find(reference).map(|run| run.id);
    assert_eq!(id("last").as_deref(), Ok(ids[2]));
    assert_eq!(id(ids[0]).as_deref(), Ok(ids[0]));
    assert_eq!(id("0193A5B1").as_deref(), Ok(ids[2]));
    assert_eq!(id(short(ids[1])).as_deref(), Ok(ids[1]));
    assert!(
        matches!(id("0193a5b0"), Err(NotFound::Ambiguous { matches, .. }) if matches.len() == 2)
    );
    for unknown in ["", "-", "77", "ü", "lastly"] {
        assert!(
            matches!(id(unknown), Err(NotFound::Unknown { .. })),
            "{unknown}"
        );
    }
    let run = store.find(ids[0]).expect("it is there");
    for path in [run.journal(), run.folder.as_path()] {
        assert_eq!(
            store.find(path.to_str().expect("it is UTF-8")).as_ref(),
            Ok(&run)
        );
    }
    assert_eq!((short("abc"), short("üüüü")), ("abc", "üüü"));
    assert_eq!((short("abcé12345"), short("")), ("12345", ""));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn an_entry_reads_as_it_was_written(seq in any::<u64>(), micros in -60_000_000_000_000_000_i64..250_000_000_000_000_000, event in event()) {
        let at = Timestamp::from_microsecond(micros).expect("it is in range");
        let entry = Entry::new(seq, at, digest(b"x"), event);
        let line = entry.to_line();
        prop_assert!(!line.contains('\n'));
        prop_assert_eq!(Entry::from_line(&line), Ok(entry));
    }

    #[test]
    fn a_journal_cut_anywhere_reads_as_a_prefix(events in prop::collection::vec(event(), 1..5), cut in any::<prop::sample::Index>()) {
        let folder = TempDir::new().expect("there is room");
        let path = folder.path().join("j.jsonl");
        let mut text = String::new();
        let mut entries = Vec::new();
        for (index, event) in events.into_iter().enumerate() {
            let entry = Entry::new(index as u64 + 1, clock(), digest(b"x"), event);
            text.push_str(&entry.to_line());
            text.push('\n');
            entries.push(entry);
        }
        fs::write(&path, &text.as_bytes()[..cut.index(text.len() + 1)]).expect("there is room");
        let read: Result<Vec<Entry>, _> = Reader::open(&path).expect("it is there").collect();
        let read = read.expect("a cut is no error");
        prop_assert_eq!(&read[..], &entries[..read.len()]);
    }

    #[test]
    fn no_bytes_make_the_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..200), line in "[{}\":,a-z0-9\\n]{0,80}") {
        let folder = TempDir::new().expect("there is room");
        let path = folder.path().join("j.jsonl");
        for bytes in [bytes, line.into_bytes()] {
            fs::write(&path, bytes).expect("there is room");
            let _ = Reader::open(&path).expect("it is there").count();
            let _ = verify(&path);
        }
    }
}
