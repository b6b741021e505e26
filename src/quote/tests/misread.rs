//! Texts that one shell or another reads otherwise than it seems: each ran a command that a value
//! chose, or changed the value. A value in them is refused, for whatever reason.

use super::ranges;
use crate::quote::{Dialect, check};

#[track_caller]
fn refused(dialects: &[Dialect], texts: &[&str]) {
    for dialect in dialects {
        for text in texts {
            let ranges = ranges(text);
            let wrong = check(*dialect, text, &ranges);
            let last = wrong.last().map(|wrong| &wrong.range);
            assert_eq!(last, ranges.last(), "{dialect}: {text}");
        }
    }
}

#[test]
fn fish_joins_what_seems_apart() {
    let texts = [
        "eval &>/dev/null ${{ v }}",
        "if eval &>>x ${{ v }}; end",
        "alias x &>/dev/null ${{ v }}; x",
        "eval a&b ${{ v }}",
        "eval a&${{ v }}",
        "eval echo \\\n  # why\n  ${{ v }}",
        "eval {a,\n${{ v }}}",
        "eval {a;b} ${{ v }}",
        "eval x[a|b] ${{ v }}",
        "echo x; \u{3000}eval ${{ v }}",
        "echo x;\u{b}eval ${{ v }}",
        "eval\r ${{ v }}",
        "echo x 2>| eval ${{ v }}",
        "\\x65val ${{ v }}",
        "{eval,${{ v }}}",
        "{ev,}al ${{ v }}",
        "echo ~${{ v }}",
    ];
    refused(&[Dialect::Fish], &texts);
}

#[test]
fn bash_reads_quotes_braces_and_patterns_otherwise() {
    let texts = [
        "echo $(( '))'${{ v }}' ' ))",
        "(( x = \"))\"${{ v }}\" \" ))",
        "echo $[ ']'${{ v }}' ' ]",
        "echo \"$(case x in a) ;; (esac) echo ${{ v }};; esac)\"",
        "echo $(case x in a) ;; (esac|b) cat <<'E'\n${{ v }}\nE\n;; esac)",
        "{eval,${{ v }}}",
        "e{va,xx}l ${{ v }}",
        "$'\\145val' ${{ v }}",
        "declare -i {n,m}; n=${{ v }}",
        "declare -i $x; n=${{ v }}",
        "declare -i n; printf -vn %s ${{ v }}",
        "declare -i n; read n <<E\n${{ v }}\nE",
        "declare -i n; while read -r n; do :; done <<< ${{ v }}",
        "declare -ai a; mapfile a <<< ${{ v }}",
        "read PS4 <<E\n${{ v }}\nE",
        "echo ${{ v }} )",
        "\"$(time case <() in)${{ v }})\"",
        "case x in () echo ${{ v }};; esac",
        "case x in x) echo ${{ v }}",
    ];
    refused(&[Dialect::Sh, Dialect::Bash], &texts);
    let texts = [
        "set -o posix; echo \"${x:-'}\" '}${{ v }}\"",
        "jobs -x eval ${{ v }}",
    ];
    refused(&[Dialect::Bash], &texts);
}

#[test]
fn zsh_reads_modifiers_groups_and_numbers_otherwise() {
    let texts = [
        "cat <<E\n$x:h${{ v }}\nE",
        "echo $x:s/a/${{ v }}/",
        "echo \"$x[1]:s/a/${{ v }}/\"",
        "echo $x:F:${{ v }}:h",
        "{eval ${{ v }}}",
        "f() {trap ${{ v }} EXIT}",
        "{ : } always {eval ${{ v }}}",
        "echo $(case x in (a|x)) eval ${{ v }};; esac)",
        "case x in (a|x)y|x) eval ${{ v }};; esac",
        "case x in (x) | (y)) eval ${{ v }};; esac",
        "for (( i = 0; i < 1; i++ )); do :; done; i=${{ v }}",
        ": $((n = 1)); export n=${{ v }}",
        "let n=1; n=${{ v }}",
        "[[ n=1 -eq 1 ]]; n=${{ v }}",
        "echo $path[n=1]; n=${{ v }}",
        "echo ${path[n=1]}; n=${{ v }}",
        "repeat n=1 :; n=${{ v }}",
        "exec {fd}>x; fd=${{ v }}",
        "integer n; for n (${{ v }}) :",
        "integer n; read n <<E\n${{ v }}\nE",
        "typeset -i {n,m}; n=${{ v }}",
        "echo $m[\"]\"] \"${{ v }}\"",
        "echo $m[']'] '${{ v }}'",
        "[[ -n *(#q${{ v }}) ]]",
        "ls a=(${{ v }})",
        "eval &>| /dev/null ${{ v }}",
        "sysopen -ru ${{ v }} x",
        "zformat -F ${{ v }} %a a:b",
        "zregexparse ${{ v }} y x",
        "read -t '1?'${{ v }} x",
        "read x 'path[1?'${{ v }}':0]'",
        "printf \"$format\" ${{ v }}",
        "REPORTTIME=${{ v }}",
        "STTY=${{ v }} x",
        "echo ~${{ v }}",
        "x=~'${{ v }}'",
        "echo =${{ v }}",
        "echo {${{ v }}..3}",
    ];
    refused(&[Dialect::Zsh], &texts);
}

#[test]
fn many_values_and_long_words_take_no_time() {
    let long = format!("echo {}{}", "x".repeat(100_000), "${{ v }}".repeat(1000));
    let list = format!("for a in{}; do :; done", " ${{ v }}".repeat(3000));
    let names = format!("read{} <<< {}", " a".repeat(3000), "${{ v }}".repeat(3000));
    for text in [long, list, names] {
        for dialect in Dialect::ALL {
            let _ = check(dialect, &text, &ranges(&text));
        }
    }
}
