//! What real shells leave behind, read back.

use std::ffi::{OsStr, OsString};
use std::io::ErrorKind;
use std::os::unix::ffi::{OsStrExt, OsStringExt};

use proptest::prelude::*;

use super::{base, each, installed, run, run_with};
use crate::exec::left::{listing, parse};
use crate::exec::shell::read_left;
use crate::quote::Dialect;

#[test]
fn an_exported_function_reaches_the_next_cell() {
    if !installed(Dialect::Bash) {
        return;
    }
    let text = "greet() { cat <<E\nhello $1\ndeclare -x NOT=1\nE\n}\nsub() ( exit 4 )\n\
                hidden() { :; }\nexport -f greet sub; declare -ax LIST=(1 '2)'); export VOID";
    let ran = run(Dialect::Bash, text);
    assert_eq!(
        (ran.export("LIST"), ran.export("VOID"), ran.export("NOT")),
        (None, None, None)
    );
    let next = ran.left.unwrap().onto(Dialect::Bash, &base());
    assert_eq!(next.iter().filter(|(name, _)| is_function(name)).count(), 2);
    let text = b"greet you; sub || echo $?; unset -f sub";
    let ran = run_with(Dialect::Bash, text, next.clone(), false);
    assert_eq!(
        ran.stdout, "hello you\ndeclare -x NOT=1\n4\n",
        "{}",
        ran.stderr
    );
    let after = ran.left.unwrap().onto(Dialect::Bash, &next);
    assert_eq!(
        after.iter().filter(|(name, _)| is_function(name)).count(),
        1
    );
    if installed(Dialect::Sh) {
        let ran = run_with(Dialect::Sh, b"true", after.clone(), false);
        let kept = ran.left.unwrap().onto(Dialect::Sh, &after);
        assert_eq!(kept.iter().filter(|(name, _)| is_function(name)).count(), 1);
    }
}

fn is_function(name: &OsStr) -> bool {
    name.as_bytes().starts_with(b"BASH_FUNC_")
}

#[test]
fn listings_of_other_shells_are_read() {
    #[track_caller]
    fn case(text: &[u8], expected: Option<&[(&str, &[u8])]>) {
        let read = listing(text);
        let read = read.map(|variables| {
            variables
                .into_iter()
                .map(|(name, value)| (String::from_utf8(name.to_vec()).unwrap(), value))
                .collect::<Vec<_>>()
        });
        let expected = expected.map(|variables| {
            variables
                .iter()
                .map(|(name, value)| ((*name).to_owned(), value.to_vec()))
                .collect::<Vec<_>>()
        });
        assert_eq!(read, expected, "{}", String::from_utf8_lossy(text));
    }
    case(b"", Some(&[]));
    // bash 3.2 as macOS has it: raw newlines and bytes
    case(
        b"declare -x A=\"x\ny \\\"\\$HOME\\` \\\\ \xff\"\ndeclare -x OLDPWD\ndeclare -ix B=\"5\"\n",
        Some(&[("A", b"x\ny \"$HOME` \\ \xff"), ("B", b"5")]),
    );
    case(
        b"declare -x A=$'\\a\\b\\e\\E\\f\\n\\r\\t\\v\\\\\\'\\\"\\?\\0101\\x41z\\u00e9\\U1F600\\cA\\377'\n",
        Some(&[(
            "A",
            b"\x07\x08\x1b\x1b\x0c\n\r\t\x0b\\'\"?\x081Az\xc3\xa9\xf0\x9f\x98\x80\x01\xff",
        )]),
    );
    // dash, busybox, ksh93, zsh
    case(
        b"export A='it'\"'\"'s'\nexport B=\n",
        Some(&[("A", b"it's"), ("B", b"")]),
    );
    case(
        b"export A='it'\\''s'\nexport B=bare\n",
        Some(&[("A", b"it's"), ("B", b"bare")]),
    );
    case(
        b"typeset -x A=$'\\M-\\C-?\\C-['\n",
        Some(&[("A", b"\xff\x1b")]),
    );
    case(
        b"declare -ax L=([0]=\"a )\" [1]=$'b')\ndeclare -Ax M=([\"x y\"]=\"z\" )\nexport B=1\n",
        Some(&[("B", b"1")]),
    );
    for broken in [
        &b"export A='x"[..],
        b"export A=\"x",
        b"export A=$'\\x'",
        b"what A=1",
        b"export",
        b"export 1=2",
        b"declare -ax L=(1",
        b"export A=$'\\uD800'",
        b"export A=$'\\",
    ] {
        case(broken, None);
    }
}

#[test]
fn what_was_cut_short_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("left");
    for dialect in Dialect::ALL {
        assert_eq!(read_left(dialect, &path).unwrap(), None);
    }
    for bytes in [
        &b""[..],
        b"/tmp",
        b"/tmp\n\0",
        b"/tmp\n\0A=1",
        b"/tmp\n\0\0export A",
    ] {
        std::fs::write(&path, bytes).unwrap();
        for dialect in Dialect::ALL {
            let error = read_left(dialect, &path).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidData, "{dialect} {bytes:?}");
        }
    }
}

/// Any bytes that an environment can hold, those that shells treat specially more often.
fn value() -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![
        1_u8..=255,
        proptest::sample::select(
            b"'\"\\$`!\n\t\r\x1b\x7f\xff\xc3\xa9 ()[]{}=#~*?&|;<>-%^".to_vec()
        ),
    ];
    proptest::collection::vec(byte, 0..40)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    /// Given by the environment, listed by the shell, read back.
    #[test]
    fn any_value_survives_any_shell(values in proptest::collection::vec(value(), 20)) {
        for locale in ["C", "C.UTF-8"] {
            let mut given = base();
            given.set("LC_ALL", locale);
            for (number, value) in values.iter().enumerate() {
                given.set(format!("V{number}"), OsString::from_vec(value.clone()));
            }
            each(&Dialect::ALL, |dialect| {
                let ran = run_with(dialect, b"true", given.clone(), false);
                let next = ran.left.expect("it left something").onto(dialect, &given);
                for number in 0..values.len() {
                    let name = format!("V{number}");
                    assert_eq!(next.get(&name), given.get(&name), "{dialect} {locale}");
                }
            });
        }
    }

    #[test]
    fn no_listing_makes_the_reader_panic(bytes in value(), dialect in 0_usize..4) {
        let text = [b"export A=".as_slice(), &bytes].concat();
        let _ = listing(&text);
        let left = [b"/\n\0".as_slice(), &bytes, b"\0"].concat();
        let _ = parse(Dialect::ALL[dialect], &left);
    }
}
