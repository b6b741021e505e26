//! Journals that were altered, cut off, or torn by a crash.

use super::*;

/// Verifies the five-line journal after a change to its lines.
#[track_caller]
fn altered(sealed: bool, change: impl FnOnce(&mut Vec<String>)) -> (u64, Flaw) {
    let (_folder, path) = journal();
    if !sealed {
        fs::remove_file(path.with_extension("seal")).expect("it is there");
    }
    let text = fs::read_to_string(&path).expect("it is there");
    let mut lines: Vec<String> = text.lines().map(|line| format!("{line}\n")).collect();
    change(&mut lines);
    fs::write(&path, lines.concat()).expect("there is room");
    match verify(&path) {
        Err(Broken::Line { line, flaw, .. }) => (line, flaw),
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_altered_journal_does_not_verify() {
    let number = |expected, found| Flaw::Number { expected, found };
    let flip = |line: &mut String| *line = line.replace("two", "twp");
    assert_eq!(
        altered(false, |lines| flip(&mut lines[2])),
        (4, Flaw::Chain)
    );
    assert_eq!(
        altered(false, |lines| drop(lines.remove(2))),
        (3, number(3, 4))
    );
    assert_eq!(
        altered(false, |lines| drop(lines.remove(0))),
        (1, number(1, 2))
    );
    assert_eq!(altered(false, |lines| lines.swap(2, 3)), (3, number(3, 4)));
    assert_eq!(
        altered(false, |lines| lines.insert(2, lines[1].clone())),
        (3, number(3, 2))
    );
    assert_eq!(
        altered(false, |lines| lines.push(lines[1].clone())),
        (6, number(6, 2))
    );
    assert_eq!(altered(false, Vec::clear), (1, Flaw::Empty));
    // A forger who knows the format.
    let forged = |lines: &mut Vec<String>| {
        let prev = digest(lines[4].trim_end().as_bytes());
        lines.push(Entry::new(6, clock(), prev, began_again()).to_line() + "\n");
    };
    assert_eq!(altered(false, forged), (6, Flaw::AfterEnd));
    // Only the seal vouches for the end.
    let exit = |line: &mut String| *line = line.replace("\"exit\":0", "\"exit\":1");
    assert_eq!(altered(true, |lines| exit(&mut lines[4])), (5, Flaw::Seal));
    let cut = |entries| Flaw::Cut { entries };
    assert_eq!(altered(true, |lines| drop(lines.pop())), (4, cut(1)));
    assert_eq!(altered(true, |lines| lines[4].truncate(20)), (4, cut(1)));
    assert_eq!(altered(true, |lines| lines.truncate(2)), (2, cut(3)));
    assert_eq!(altered(true, Vec::clear), (1, cut(5)));
    let more = |lines: &mut Vec<String>| {
        let prev = digest(lines[4].trim_end().as_bytes());
        lines.push(Entry::new(6, clock(), prev, noted("later")).to_line() + "\n");
    };
    assert_eq!(altered(true, more), (6, Flaw::Added { sealed: 5 }));
    assert_eq!(
        altered(true, |lines| lines.push("{".into())),
        (5, Flaw::Added { sealed: 5 })
    );
    let no_json = |lines: &mut Vec<String>| lines[1] = lines[1].replacen('}', "]", 1);
    assert!(matches!(altered(true, no_json), (2, Flaw::Malformed(_))));
}

#[test]
fn any_flipped_bit_is_found() {
    let (_folder, path) = journal();
    let bytes = fs::read(&path).expect("it is there");
    assert!(verify(&path).is_ok_and(|verified| verified.sealed && verified.finished));
    for index in (0..bytes.len()).step_by(7) {
        for bit in [0, 5] {
            let mut flipped = bytes.clone();
            flipped[index] ^= 1 << bit;
            fs::write(&path, &flipped).expect("there is room");
            assert!(verify(&path).is_err(), "byte {index}, bit {bit}");
        }
    }
}

#[test]
fn a_last_line_of_zeros_is_a_crash_for_all_who_read() {
    let (_folder, path) = journal();
    let seal = fs::read(path.with_extension("seal")).expect("it is there");
    let text = fs::read_to_string(&path).expect("it is there");
    let last = text.trim_end().rfind('\n').expect("it has lines") + 1;
    let middle = [&text[..last + 150], "\0\0\0", &text[last + 153..]].concat();
    for (torn, found) in [
        (format!("{}\0\0\0\n", &text[..last]), Some(4)),
        (
            format!("{}{}\n", &text[..last], "\0".repeat(100_000)),
            Some(4),
        ),
        (middle, Some(4)),
        // No power cut: it was altered.
        (text.replacen("\"exit\":0", "\"exit\":O", 1), None),
        (format!("{}nonsense\n", &text[..last]), None),
        (format!("{}\0\n\0\n", &text[..last]), None),
        ("\0\0\n".to_owned(), None),
    ] {
        fs::write(&path, &torn).expect("there is room");
        fs::remove_file(path.with_extension("seal")).expect("it is there");
        let read = Reader::open(&path)
            .expect("it is there")
            .collect::<Vec<_>>();
        let is_whole = read.iter().all(Result::is_ok);
        assert_eq!(is_whole.then_some(read.len()), found, "{torn:?}");
        let length = torn.len().saturating_sub(last);
        let verified = verify(&path).ok();
        let stopped = Stopped::take(&path, |_| ()).ok();
        for verified in [
            &verified,
            &stopped.map(|stopped| stopped.verified().clone()),
        ] {
            let told = verified.as_ref().map(|v| (v.entries, v.torn));
            assert_eq!(
                told,
                found.map(|found| (found as u64, Some(length))),
                "{torn:?}"
            );
        }
        fs::write(path.with_extension("seal"), &seal).expect("there is room");
        assert!(verify(&path).is_err(), "sealed: {torn:?}");
    }
}

#[test]
fn a_torn_last_line_is_a_crash_and_no_forgery() {
    let (_folder, path) = journal();
    fs::remove_file(path.with_extension("seal")).expect("it is there");
    let text = fs::read_to_string(&path).expect("it is there");
    let cut = text.len() - 10;
    fs::write(&path, &text[..cut]).expect("there is room");
    let mut reader = Reader::open(&path).expect("it is there");
    assert_eq!(reader.by_ref().flatten().count(), 4);
    let last = text.lines().next_back().expect("it has lines").len();
    assert_eq!(reader.torn(), Some(last - 9));
    let verified = verify(&path).expect("what is there is whole");
    assert_eq!((verified.entries, verified.finished), (4, false));
    assert_eq!(verified.torn, Some(last - 9));
}
