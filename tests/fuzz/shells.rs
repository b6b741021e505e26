//! Values in shells' texts: one that is accepted stays one value, for bash itself.

use std::process::Command;

use proptest::prelude::*;
use runbook::quote::{self, Dialect, Piece};

use crate::config;
use crate::watch::watched;

/// Texts around a value that a shell reads as one word after `printf`.
const AROUND: [(&str, &str); 15] = [
    ("printf %s ", ""),
    ("printf %s \"", "\""),
    ("printf %s '", "'"),
    ("printf %s \"a $(printf %s ", ") b\""),
    ("cat <<E\n", "\nE\n"),
    ("cat <<'E'\n", "\nE\n"),
    ("printf %s \"$(cat <<E\n", ")\nE\n)\""),
    ("printf %s \"$(cat <<'E'\nx", "x\nE\n)\""),
    ("case x in *) printf %s ", " ;; esac"),
    ("f() { printf %s ", "; }; f"),
    ("if true; then printf %s \"x", "y\"; fi"),
    ("printf %s \"$(a=(x ", "); printf %s \"${a[1]}\")\""),
    ("cat < <(declare -a a=(x \"", "\"); printf %s \"${a[1]}\")"),
    ("a=(x \"$(printf %s '", "')\"); printf %s \"${a[1]}\""),
    ("printf %s $'a\\'", "b' \"$( (printf %s c) )\""),
];

proptest! {
    #![proptest_config(config(40))]

    #[test]
    fn a_value_that_is_accepted_is_one_value(
        around in 0..AROUND.len(),
        value in prop_oneof!["[ -~\n\t]{0,30}", any::<String>(), "[`$\"'\\\\(){};&|<>*?~#!\nE ]{0,12}"],
    ) {
        let value = value.replace('\0', "");
        let (before, after) = AROUND[around];
        let text = format!("{before}X{after}");
        let range = before.len()..before.len() + 1;
        let rendered = quote::render(Dialect::Bash, &text, &[(range, Piece::Value(value.as_bytes()))]);
        if let Ok(script) = rendered {
            let printed = |script: &[u8]| {
                use std::os::unix::ffi::OsStrExt as _;
                let folder = tempfile::tempdir().expect("a folder");
                let ran = Command::new("bash")
                    .args(["--norc", "-c"])
                    .arg(std::ffi::OsStr::from_bytes(script))
                    .current_dir(folder.path())
                    .env("LC_ALL", "C.UTF-8")
                    .output()
                    .expect("bash starts");
                assert!(ran.status.success(), "{:?}", String::from_utf8_lossy(&ran.stderr));
                let left = std::fs::read_dir(folder.path()).expect("a folder").count();
                assert_eq!(left, 0, "something was written");
                ran.stdout
            };
            let marked = String::from_utf8(printed(text.as_bytes())).expect("text");
            // Where it is the end of what `$(…)` gives.
            let is_end = before.contains("$(") && !before.contains("<<");
            let trimmed = if is_end { value.trim_end_matches('\n') } else { &value };
            let expected = marked.replacen('X', trimmed, 1);
            let shown = printed(&script);
            prop_assert_eq!(String::from_utf8_lossy(&shown), expected, "{:?}", String::from_utf8_lossy(&script));
        }
    }

    #[test]
    fn any_text_with_places_is_rendered_or_refused(
        parts in proptest::collection::vec("[ -~\n]{0,10}|[`\"'(){}$\\\\#;<&|\n]{1,6}|\\$\\(|<<E|\nE\n|\\[\\[|esac|case x in|é", 1..14),
        dialect in 0..4_usize,
        value in any::<String>(),
    ) {
        let mut text = String::new();
        let mut ranges = Vec::new();
        for part in &parts {
            text.push_str(part);
            ranges.push(text.len()..text.len() + 1);
            text.push('X');
        }
        let dialect = Dialect::ALL[dialect % Dialect::ALL.len()];
        watched(&text, || {
            let wrong = quote::check(dialect, &text, &ranges);
            assert!(wrong.iter().all(|place| text.get(place.range.clone()).is_some()));
            assert_eq!(quote::contexts(dialect, &text, &ranges).len(), ranges.len());
            let pieces: Vec<_> = ranges
                .iter()
                .map(|range| (range.clone(), Piece::Value(value.as_bytes())))
                .collect();
            let _ = quote::render(dialect, &text, &pieces);
        });
    }
}
