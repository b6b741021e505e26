//! What builtins read once more: places that are refused, and beside each one that is not.

use std::process::{Command, Stdio};

use super::shells::{arguments, present};
use super::{fill, ranges};
use crate::quote::{Context, Dialect, Piece, check, contexts};

const SH: &[Dialect] = &[Dialect::Sh, Dialect::Bash];
const ZSH: &[Dialect] = &[Dialect::Zsh];
const FAMILY: &[Dialect] = &[Dialect::Sh, Dialect::Bash, Dialect::Zsh];
const FISH: &[Dialect] = &[Dialect::Fish];

#[track_caller]
fn refused(dialects: &[Dialect], expected: &Context, texts: &[&str]) {
    for dialect in dialects {
        for text in texts {
            let all = ranges(text);
            let last = contexts(*dialect, text, &all).pop();
            assert_eq!(last.as_ref(), Some(expected), "{dialect}: {text}");
            let wrong = check(*dialect, text, &all).pop().expect("it is refused");
            assert_eq!(Some(&wrong.range), all.last(), "{dialect}: {text}");
        }
    }
}

#[track_caller]
fn read_again(dialects: &[Dialect], texts: &[&str]) {
    for text in texts {
        let expected = if text.replace("\"\"", "").contains("eval") {
            Context::Evaluated
        } else {
            Context::ReadAgain
        };
        refused(dialects, &expected, &[text]);
    }
}

#[test]
fn what_is_read_again_as_text_is_refused() {
    let texts = [
        "trap ${{ v }} EXIT",
        "trap \"rm -r ${{ v }}\" EXIT",
        "alias x=${{ v }}",
        "exec -a x eval ${{ v }}",
        "builtin -- eval ${{ v }}",
        "\\command \"eval\" ${{ v }}",
        "$'eval' ${{ v }}",
        "ev\"\"al ${{ v }}",
        "time -p eval ${{ v }}",
        "x=1 y[2]+=3 <<<z eval ${{ v }}",
        "{fd}>&1 eval ${{ v }}",
        "coproc { eval ${{ v }}; }",
        "function f() { eval ${{ v }}; }",
        "function f { eval ${{ v }}; }",
        "PS4=${{ v }}",
        "export \"PS4=${{ v }}\"",
        "export 'PS4=${{ v }}'",
        "eval x > y ${{ v }}",
    ];
    read_again(FAMILY, &texts);
    let texts = [
        "coproc N { eval ${{ v }}; }",
        "coproc N if eval ${{ v }}; then :; fi",
        "coproc N case x in x) eval ${{ v }};; esac",
        "function f case x in x) eval ${{ v }};; esac",
        "for i in 1; { eval ${{ v }}; }",
        "mapfile -C ${{ v }} -c 1 a",
        "compgen -W ${{ v }}",
        "BASH_ENV=${{ v }} bash x",
        "BASH_ALIASES[x]=${{ v }}",
    ];
    read_again(SH, &texts);
    let texts = [
        "{ : } always { eval ${{ v }} }",
        "if [[ x ]] eval ${{ v }}",
        "if (( 1 )) { eval ${{ v }} }",
        "if [[ x ]] { : } else { eval ${{ v }} }",
        "for x (1) eval ${{ v }}",
        "repeat 2 eval ${{ v }}",
        "- eval ${{ v }}",
        "function f() eval ${{ v }}",
        "() { eval ${{ v }} }",
        "emulate sh -c ${{ v }}",
        "functions[f]=${{ v }}; dis_functions[f]=${{ v }}",
        "aliases=(x ${{ v }})",
        "print -rP ${{ v }}",
    ];
    read_again(ZSH, &texts);
    let texts = [
        "A=1 B=$c eval ${{ v }}",
        "\"eval\" ${{ v }}",
        "command -- eval ${{ v }}",
        "if false; else if eval ${{ v }}; end",
        "alias x=${{ v }}",
        "argparse ${{ v }} -- x",
        "complete -c x -a ${{ v }}",
        "trap ${{ v }} EXIT",
    ];
    read_again(FISH, &texts);
}

#[test]
fn what_is_read_as_a_number_is_refused() {
    let texts = [
        "OPTIND=${{ v }}",
        "RANDOM+=1${{ v }} x",
        "for OPTIND in 1 ${{ v }}; do :; done",
        "read OPTIND <<< ${{ v }}",
        "printf -v OPTIND %s ${{ v }}",
        "declare -i n; n=${{ v }}",
        "\\declare -x \"-i\" n=${{ v }}",
        "f() { n=${{ v }}; }; typeset -ri m n; f",
        "declare -ai a; a+=(1 ${{ v }})",
    ];
    refused(FAMILY, &Context::Arithmetic, &texts);
    let texts = [
        "exit ${{ v }}",
        "shift ${{ v }}",
        "while :; do break \"${{ v }}\"; done",
        "repeat ${{ v }} :",
        "integer n; n=${{ v }}",
        "float -x n=${{ v }}",
        "[ -t ${{ v }} ]",
        "[[ -t ${{ v }} ]]",
        "printf %d ${{ v }}",
        "printf 'a %% b %s %*s' ${{ v }}",
        "printf '%s '${{ v }} ${{ v }}",
        "print -f %d ${{ v }}",
        "SECONDS=${{ v }}",
        "COLUMNS=${{ v }} ls",
    ];
    refused(ZSH, &Context::Arithmetic, &texts);
    refused(ZSH, &Context::Subscript, &["echo $#path[${{ v }}]"]);
}

#[test]
fn where_a_variable_is_named_a_value_is_refused() {
    let texts = [
        "read ${{ v }}",
        "read -r x ${{ v }} <<< y",
        "while read -r ${{ v }}; do :; done",
        "unset \"x[${{ v }}]\"",
        "getopts ab ${{ v }}",
        "declare ${{ v }}=1",
        "export ${{ v }}",
        "local x=1 \"${{ v }}\"",
        "declare -n r; r=${{ v }}",
        "printf \"-v\" ${{ v }} x",
        "[ ! -v ${{ v }} ]",
        "[ \"-v\" ${{ v }} ]",
        "[ ${{ v }} ${{ v }} ]",
        "[[ ( ! -v ${{ v }} ) ]]",
    ];
    refused(FAMILY, &Context::VariableName, &texts);
    refused(
        SH,
        &Context::VariableName,
        &["wait -n -p ${{ v }}", "wait -np${{ v }}"],
    );
    let texts = [
        "set -A ${{ v }} x",
        "print -rv ${{ v }} x",
        "zstat -A ${{ v }} x",
    ];
    refused(ZSH, &Context::VariableName, &texts);
}

#[test]
fn what_may_be_an_option_that_names_a_variable_is_refused() {
    let texts = [
        "printf ${{ v }}",
        "printf \"${{ v }}\\n\" x",
        "printf -${{ v }} x",
        "printf -v${{ v }} x",
    ];
    refused(FAMILY, &Context::Option, &texts);
    let texts = ["print ${{ v }}", "print -u 1 '${{ v }}'", "set ${{ v }} x"];
    refused(ZSH, &Context::Option, &texts);
}

#[test]
fn other_places_of_one_shell_are_refused() {
    let texts = ["x >&${{ v }}", "x 2>& \"a${{ v }}\"", "x <&'${{ v }}'"];
    refused(SH, &Context::Descriptor, &texts);
    let texts = [
        "ls *(${{ v }})",
        "x=(a *(N[${{ v }}]))",
        "x > *(\"${{ v }}\")",
    ];
    refused(ZSH, &Context::GlobQualifier, &texts);
    let texts = ["case x { x) : ;; }; x ${{ v }}", "f g() { : }; x ${{ v }}"];
    refused(ZSH, &Context::Doubtful, &texts);
    let texts = ["coproc N ((${{ v }}))"];
    refused(FAMILY, &Context::Doubtful, &texts);
}

/// Texts in which a value is what it is.
const FREE: &[(&[Dialect], &[&str])] = &[
    (
        FAMILY,
        &[
            "export X=${{ v }} Y=\"a ${{ v }}\"",
            "f() { local x=${{ v }} y='a'${{ v }}; }; f",
            "readonly x=${{ v }}; echo x",
            "x=${{ v }}; y=$x",
            "ENV=${{ v }} true",
            "printf '%s\\n' ${{ v }} -v ${{ v }}",
            "printf -- '%s' ${{ v }}",
            "printf '%s: '\"${{ v }}\" x",
            "[ ${{ v }} = x ]",
            "[ -n \"${{ v }}\" -a x != ${{ v }} ]",
            "[ ${{ v }} -lt ${{ v }} ]",
            "test -d ${{ v }}/x",
            "read -r x < /dev/null; echo ${{ v }}",
            "cat < ${{ v }} > ./x${{ v }}",
            "true 2>&1 ${{ v }}",
            "set -- ${{ v }}",
            "kill -0 ${{ v }}",
            "wait ${{ v }}",
            "cd ${{ v }}",
            "command -v ${{ v }}",
            "for x in ${{ v }}; do :; done",
            "case ${{ v }} in (a|${{ v }}) ;; esac",
            "if true; then cat ${{ v }}; fi",
            "helm test ${{ v }}; docker history ${{ v }}",
            "env printf ${{ v }}",
            "unset x; echo ${{ v }}",
        ],
    ),
    (
        SH,
        &[
            "exit ${{ v }}",
            "shift ${{ v }}",
            "printf '%d' ${{ v }}",
            "read -rp \"Delete ${{ v }}? \" x",
        ],
    ),
    (
        &[Dialect::Bash],
        &[
            "declare -r x=${{ v }}; declare -x y=${{ v }}",
            "x=(a ${{ v }}); x+=(\"${{ v }}\")",
            "f() { local -a x=(${{ v }}); }; f",
            "declare -A m=([a]=${{ v }}); m[b]=${{ v }}",
            "mapfile -t a <<< ${{ v }}",
            "read -ra a <<< \"${{ v }}\"",
            "[[ ${{ v }} == a* && -f ${{ v }} ]]",
            "[[ -v x ]]; echo ${{ v }}",
            "coproc cat ${{ v }}; wait",
            "coproc N { echo ${{ v }}; }; wait",
            "declare -i n=1; m=${{ v }}",
            "printf -v x '%s' ${{ v }}",
            "true &> x ${{ v }}",
            "wait -n ${{ v }}",
        ],
    ),
    (
        ZSH,
        &[
            "print -r -- ${{ v }}",
            "print x ${{ v }}",
            "printf 'a %% %5s %b' ${{ v }} ${{ v }}",
            "typeset x=${{ v }}; typeset -gx y=${{ v }}",
            "read -r x <<< ${{ v }}",
            "read \"x?Delete ${{ v }}? \" < /dev/null",
            "[[ a == (b|${{ v }}) ]]",
            "if [[ -n ${{ v }} ]] { echo ${{ v }} } else { echo ${{ v }} }",
            "repeat 2 echo ${{ v }}",
            "for x (a ${{ v }}) echo ${{ v }}",
            "path+=(${{ v }})",
            "set -o errexit -- ${{ v }}",
            "echo $# ${{ v }}; echo $#path",
        ],
    ),
    (
        FISH,
        &[
            "A=${{ v }} echo ${{ v }}",
            "set x ${{ v }}",
            "string match -r x ${{ v }}",
            "printf ${{ v }}",
            "test ${{ v }} = x",
            "command -v ${{ v }}",
        ],
    ),
];

/// Values that run a command wherever a shell reads them once more.
const HOSTILE: &[&str] = &[
    "$(touch PWNED)",
    "touch PWNED",
    "path[$(touch PWNED)]",
    "a[$(touch PWNED)]=1",
    "-va[$(touch PWNED)]",
    "-Apath[$(touch PWNED)]",
    "x($(touch PWNED))",
    "x; touch PWNED",
];

#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "these tests are about real shells"
)]
fn where_a_value_may_stand_it_runs_nothing() {
    for (dialects, texts) in FREE {
        for dialect in dialects.iter().filter(|dialect| present(**dialect)) {
            for text in *texts {
                let folder = tempfile::tempdir().expect("a folder");
                for value in HOSTILE {
                    let script = fill(*dialect, text, Piece::Value(value.as_bytes()));
                    let script = script.unwrap_or_else(|why| panic!("{dialect}: {text}: {why:?}"));
                    let path = folder.path().join("script");
                    std::fs::write(&path, script).expect("the script is written");
                    let (program, options) = arguments(*dialect);
                    let mut command = Command::new(program);
                    let command = command.args(options).arg(path).current_dir(folder.path());
                    let output = command.stdin(Stdio::null()).output().expect("a shell");
                    assert!(
                        !folder.path().join("PWNED").exists(),
                        "{dialect}: {text}: {value}: {output:?}"
                    );
                }
            }
        }
    }
}
