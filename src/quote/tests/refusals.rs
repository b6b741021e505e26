//! Places where no value can be made safe.

use proptest::prelude::*;

use super::{fill, ranges};
use crate::quote::{Context, Dialect, Piece, check, contexts, render};

#[track_caller]
fn case(dialect: Dialect, text: &str, expected: &Context) {
    let ranges = ranges(text);
    for context in contexts(dialect, text, &ranges) {
        assert_eq!(&context, expected, "{dialect}: {text}");
    }
    let refused = expected.refusal(dialect);
    let wrong = check(dialect, text, &ranges);
    assert_eq!(
        wrong.len(),
        if refused.is_some() { ranges.len() } else { 0 }
    );
    let rendered = fill(dialect, text, Piece::Value(b"x"));
    match refused {
        Some(_) => assert_eq!(rendered, Err(wrong), "{dialect}: {text}"),
        None => assert!(rendered.is_ok(), "{dialect}: {text}"),
    }
}

#[test]
fn places_that_no_shell_of_the_family_makes_safe_are_refused() {
    for dialect in [Dialect::Sh, Dialect::Bash, Dialect::Zsh] {
        let case = |text: &str, expected: &Context| case(dialect, text, expected);
        case("echo $((1 + ${{ v }}))", &Context::Arithmetic);
        case("echo \"$(( (1) + ${{ v }} ))\"", &Context::Arithmetic);
        case("(( x = ${{ v }} ))", &Context::Arithmetic);
        case("echo $[ ${{ v }} ]", &Context::Arithmetic);
        case("let x=${{ v }}", &Context::Arithmetic);
        case("declare -i x=\"${{ v }}\"", &Context::Arithmetic);
        case("[[ ${{ v }} -eq '${{ v }}' ]]", &Context::Arithmetic);
        case("[[ a == b && \"${{ v }}\" -gt 3 ]]", &Context::Arithmetic);
        case("echo a # b ${{ v }}", &Context::Comment);
        case("#${{ v }}\necho", &Context::Comment);
        case("x=$(echo # \"${{ v }}\n)", &Context::Comment);
        case("echo `echo ${{ v }}`", &Context::Backquote);
        case(
            "echo \"`echo \\`${{ v }}\\` '${{ v }}'`\"",
            &Context::Backquote,
        );
        case("echo `a $(b ${{ v }})`", &Context::Backquote);
        case("echo ${x:-${{ v }}}", &Context::ParameterExpansion);
        case("echo \"${x:-\"${{ v }}\"}\"", &Context::ParameterExpansion);
        case("echo ${x#'${{ v }}'}", &Context::ParameterExpansion);
        case("a[${{ v }}]=1", &Context::Subscript);
        case("a=([${{ v }}]=1)", &Context::Subscript);
        case("[ -v ${{ v }} ]", &Context::VariableName);
        case("[[ -v ${{ v }} ]]", &Context::VariableName);
        case("printf -v ${{ v }} x", &Context::VariableName);
        case("eval \"echo ${{ v }}\" '${{ v }}'", &Context::Evaluated);
        case("x=1 eval ${{ v }}", &Context::Evaluated);
        case("eval\\\n ${{ v }}", &Context::Evaluated);
        case("\\eval ${{ v }}; 'eval' ${{ v }}", &Context::Evaluated);
        case("command -p eval ${{ v }}", &Context::Evaluated);
        case("if(eval ${{ v }}); then :; fi", &Context::Evaluated);
        case("case x in(x) eval ${{ v }};; esac", &Context::Evaluated);
        case(
            "for((i = 0; i < ${{ v }}; i++)); do :; done",
            &Context::Arithmetic,
        );
        case("if((${{ v }} > 3)); then :; fi", &Context::Arithmetic);
        case("[[ ${{ v }} -eq\\\n 1 ]]", &Context::Arithmetic);
        case("a[b[0]+${{ v }}]=1", &Context::Subscript);
        case("echo \\${{ v }}", &Context::AfterBackslash);
        case("echo \"\\${{ v }}\"", &Context::AfterBackslash);
        case("cat <<EOF\n\\${{ v }}\nEOF", &Context::AfterBackslash);
        case("echo $${{ v }}", &Context::AfterDollar);
        case("cat <<EOF\n$${{ v }}\nEOF", &Context::AfterDollar);
        case("cat <<${{ v }}\nEOF", &Context::Delimiter);
        case("((echo a) | cat ${{ v }})", &Context::Ambiguous);
        case("echo $((echo a) | cat \"${{ v }}\")", &Context::Ambiguous);
        for text in [
            "echo '${{ v }}",
            "echo \"${{ v }}",
            "echo \"$(echo ${{ v }}\"",
            "echo it's ${{ v }}",
            "echo $(echo 'a) ${{ v }}",
            "cat <<EOF ${{ v }}\n${{ v }}",
            "cat <<EOF\n${{ v }}\n EOF",
            "cat <<EOF\n$( ${{ v }}\nEOF\n)",
            "x=$(cat <<EOF)\n${{ v }}\nEOF",
            "cat <<EOF $(echo\n${{ v }})\nEOF",
            "cat <<$x\n${{ v }}\n$x",
            "cat <<E\\\nOF\n${{ v }}\nEOF",
            "cat << \\\nEOF\n${{ v }}\nEOF",
            "if !(echo # don't\n); then :; fi; echo '${{ v }}'",
            "function f ((${{ v }} > 3))",
            "a[1 + ${{ v }}]=1",
            "a=([1 + ${{ v }}]=1)",
        ] {
            let last = &ranges(text)[ranges(text).len() - 1..];
            let context = contexts(dialect, text, last).pop();
            let given_up = [Some(Context::Unclosed), Some(Context::Doubtful)];
            assert!(
                given_up.contains(&context),
                "{dialect}: {text}: {context:?}"
            );
        }
    }
    for text in [
        "[[ a == (#i)A ]] || cat <<E\n${{ v }}\nE",
        "a=( (#i)P* ); cat <<E\n${{ v }}\nE",
    ] {
        case(Dialect::Zsh, text, &Context::Doubtful);
    }
    case(Dialect::Zsh, "[[ a =~ ${{ v }} ]]", &Context::Regex);
    case(Dialect::Zsh, "[[ a =~ \"${{ v }}\" ]]", &Context::Regex);
    case(Dialect::Bash, "[[ a =~ ${{ v }} ]]", &Context::Bare);
    case(
        Dialect::Bash,
        "[[ a =~ (a b|c # d) ]] || eval ${{ v }}",
        &Context::Evaluated,
    );
    case(Dialect::Zsh, "echo \"$x[${{ v }}]\"", &Context::Subscript);
    case(
        Dialect::Bash,
        "echo $'\\${{ v }}'",
        &Context::AfterBackslash,
    );
    case(Dialect::Sh, "echo $'${{ v }}'", &Context::Dollar);
    case(Dialect::Bash, "echo $'${{ v }}'", &Context::Dollar);
}

#[test]
fn places_that_fish_does_not_make_safe_are_refused() {
    let case = |text: &str, expected: &Context| case(Dialect::Fish, text, expected);
    case("echo a # ${{ v }}", &Context::Comment);
    case("echo $${{ v }} \"$${{ v }}\"", &Context::AfterDollar);
    case(
        "echo \\${{ v }} \"\\${{ v }}\" '\\${{ v }}'",
        &Context::AfterBackslash,
    );
    case("echo $x[${{ v }}] \"$x[${{ v }}]\"", &Context::Subscript);
    case("eval echo ${{ v }}", &Context::Evaluated);
    case("switch x\ncase ${{ v }}\nend", &Context::CasePattern);
    case("echo (echo ${{ v }}", &Context::Unclosed);
    case("echo '${{ v }}", &Context::Unclosed);
    case("echo a#b ${{ v }} ; echo ${{ v }}", &Context::Bare);
}

#[track_caller]
fn refused(dialect: Dialect, text: &str, piece: Piece<'_>, reason: &str) {
    let wrong = fill(dialect, text, piece).expect_err("it is refused");
    assert_eq!(wrong[0].reason, reason);
    assert_eq!(wrong[0].range, ranges(text)[0]);
    assert!(!wrong[0].help.is_empty());
}

#[test]
fn values_are_refused_where_only_some_can_stand() {
    let bash = Dialect::Bash;
    refused(
        bash,
        "echo ${{ v }}",
        Piece::Value(b"a\0b"),
        "this value has a NUL byte, which no shell can pass on",
    );
    refused(
        bash,
        "cat <<-'EOF'\n\t${{ v }}\n\tEOF\n",
        Piece::Value(b"a\n\tb"),
        "`<<-` would take the tabs away with which a line of this value begins",
    );
    refused(
        bash,
        "cat <<'EOF'\n${{ v }}\nEOF\n",
        Piece::Variable("PW"),
        "a secret goes by a variable, which a quoted here-document does not expand",
    );
    refused(
        Dialect::Sh,
        "cat <<EOF\n$(echo ${{ v }})\nEOF\n",
        Piece::Value(b"a\nb"),
        "a value of several lines can't stand in a command in a here-document",
    );
}

#[test]
fn a_value_that_bash_could_take_for_an_arrays_words_is_refused() {
    let why = "bash may take a value that begins with `(` for the words of an array here";
    for text in [
        "declare -a x=${{ v }}",
        "f() { local -r x=\"${{ v }}\"; }",
        "read -a x <<< y; declare x=${{ v }}",
        "typeset \"x=${{ v }}\"",
        "readonly -a x='${{ v }}'",
    ] {
        refused(Dialect::Bash, text, Piece::Value(b"(a b)"), why);
        fill(Dialect::Bash, text, Piece::Value(b"a (b)")).expect("it is no list of words");
    }
    for text in ["local x=a${{ v }}", "export x=${{ v }}", "x=${{ v }}"] {
        fill(Dialect::Bash, text, Piece::Value(b"(a b)")).expect("it is no list of words");
    }
}

#[test]
fn a_byte_that_bash_would_take_away_is_refused() {
    let inside = "q=$(cat <<'E'\n${{ v }}\nE\n)";
    for value in [&b"a\x01\x01b"[..], b"\x01\x7f"] {
        let why = "bash drops a control character of this value (0x01) in a quoted here-document in `$(…)`";
        refused(Dialect::Bash, inside, Piece::Value(value), why);
    }
    for (text, value) in [
        (inside, &b"a\x01"[..]),
        ("cat <<'E'\n${{ v }}\nE\n", b"\x01\x01"),
    ] {
        fill(Dialect::Bash, text, Piece::Value(value)).expect("bash keeps it");
    }
}

#[test]
fn spelled_out_text_is_put_in_as_it_is_and_read_as_part_of_the_text() {
    let text = "echo ${{ raw }} ${{ v }} $((1 + ${{ raw }}))";
    let ranges = ranges(text);
    let fill = |raw: &'static [u8]| {
        let pieces = [
            (ranges[0].clone(), Piece::Raw(raw)),
            (ranges[1].clone(), Piece::Value(b"a b")),
            (ranges[2].clone(), Piece::Raw(b"2")),
        ];
        render(Dialect::Bash, text, &pieces)
    };
    assert_eq!(fill(b"-x $y"), Ok(b"echo -x $y 'a b' $((1 + 2))".to_vec()));
    assert_eq!(fill(b"\"\""), Ok(b"echo \"\" 'a b' $((1 + 2))".to_vec()));
    // With a `#`, the value would stand in a comment.
    let wrong = fill(b"#").expect_err("the value stands in a comment");
    assert_eq!(wrong[0].range, ranges[1]);
}

#[test]
fn ranges_that_do_not_fit_are_refused() {
    let value = Piece::Value(b"x");
    let cases: [&[(usize, usize)]; 4] = [&[(0, 9)], &[(1, 1)], &[(0, 2)], &[(3, 4), (0, 1)]];
    for case in cases {
        let ranges: Vec<_> = case.iter().map(|(start, end)| *start..*end).collect();
        let pieces: Vec<_> = ranges.iter().map(|range| (range.clone(), value)).collect();
        assert!(render(Dialect::Bash, "aß b", &pieces).is_err(), "{case:?}");
        assert!(
            !check(Dialect::Bash, "aß b", &ranges).is_empty(),
            "{case:?}"
        );
    }
}

#[test]
fn deep_and_broken_texts_take_no_time() {
    for part in [
        "$(",
        "((",
        "$((",
        "\"$(",
        "${x:-",
        "<<a",
        "(",
        "case a in ",
        "`",
        "$[",
        "[[ ",
        "'",
    ] {
        let text = format!("{}${{{{ v }}}}{}", part.repeat(20_000), ")".repeat(20_000));
        for dialect in Dialect::ALL {
            let _ = check(dialect, &text, &ranges(&text));
        }
    }
}

proptest! {
    #[test]
    fn no_text_makes_a_scan_panic(
        text in proptest::collection::vec(
            proptest::sample::select(vec![
                "'", "\"", "\\", "$", "`", "(", ")", "((", "))", "{", "}", "[", "]", "[[", "]]",
                "<<EOF", "<<-'EOF'", "<<", "EOF", "\n", "\t", " ", "#", "${{ v }}", "case", "in",
                "esac", ";;", ";", "a=", "é", "$'", "${x", "<(", "=~", "-eq", "eval", "for", "1",
            ]),
            0..40,
        ),
    ) {
        let text = text.concat();
        for dialect in Dialect::ALL {
            let ranges = ranges(&text);
            let wrong = check(dialect, &text, &ranges);
            let rendered = fill(dialect, &text, Piece::Value(b"a\n\tb'EOF\n"));
            if !wrong.is_empty() {
                prop_assert!(rendered.is_err());
            }
            let _ = fill(dialect, &text, Piece::Variable("X"));
        }
    }
}
