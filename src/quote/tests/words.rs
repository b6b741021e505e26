//! One word, alone.

use super::cases;
use super::shells::{present, run};
use super::values::{nasty, random};
use crate::quote::{Dialect, Unquotable, join, paste, paste_all, word};

fn words_come_back(dialect: Dialect, options: &[&str], prefix: &str) {
    if !present(dialect) {
        return;
    }
    let mut values = nasty();
    values.extend(random(cases(4000)));
    values.push(b"0123456789abcde'".repeat(6250));
    // What is safe to paste is safe in scripts too, so that one form can be shown.
    for quote in [word, paste] {
        let mut script = prefix.as_bytes().to_vec();
        for value in &values {
            script.extend(b"printf '%s\\0' ");
            script.extend(quote(dialect, value).expect("no value has a NUL byte"));
            script.push(b'\n');
        }
        let printed = run(dialect, options, &[], &script);
        let mut fields = printed.split(|byte| *byte == 0);
        for value in &values {
            let field = fields.next().unwrap_or_default();
            assert!(
                field == value,
                "{dialect}: {} became {}",
                value.escape_ascii(),
                field.escape_ascii()
            );
        }
        assert_eq!(fields.count(), 1, "{dialect}");
    }
}

#[test]
fn words_come_back_from_sh() {
    words_come_back(Dialect::Sh, &[], "");
}

#[test]
fn words_come_back_from_bash() {
    words_come_back(Dialect::Bash, &[], "");
    words_come_back(Dialect::Bash, &["-O", "extglob"], "set -o posix\n");
    // Each other shell of the family can be somebody's `sh`.
    let values = nasty();
    let same = |value: &Vec<u8>| word(Dialect::Sh, value) == word(Dialect::Bash, value);
    assert!(values.iter().all(same));
}

#[test]
fn words_come_back_from_zsh() {
    words_come_back(Dialect::Zsh, &[], "");
    words_come_back(Dialect::Zsh, &["-o", "extendedglob", "-o", "rcquotes"], "");
}

#[test]
fn words_come_back_from_fish() {
    words_come_back(Dialect::Fish, &[], "");
}

#[test]
fn plain_words_stay_plain_and_keywords_do_not() {
    let line = |dialect, argv: &[&str]| {
        let line = join(dialect, argv).expect("no argument has a NUL byte");
        String::from_utf8(line).expect("the arguments are text")
    };
    assert_eq!(
        line(
            Dialect::Bash,
            &["helm", "list", "-n", "a b", "--set=x", "", "if"]
        ),
        "helm list -n 'a b' '--set=x' '' 'if'"
    );
    assert_eq!(line(Dialect::Fish, &["echo", "a\\b'c"]), r"echo 'a\\b\'c'");
}

#[test]
fn a_nul_byte_is_refused() {
    for dialect in Dialect::ALL {
        assert_eq!(word(dialect, b"a\0b"), Err(Unquotable));
        assert_eq!(join(dialect, &["a", "\0"]), Err(Unquotable));
        assert_eq!(paste(dialect, b"a\0b"), Err(Unquotable));
        assert_eq!(paste_all(dialect, &["a", "\0"]), Err(Unquotable));
    }
}
