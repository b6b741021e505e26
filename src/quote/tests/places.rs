//! Values in each place of a text, through the real shells.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use super::fill;
use super::shells::{present, run};
use super::values::{nasty, random};
use crate::quote::{Dialect, Piece};

/// A text that prints NUL-terminated fields; in what it should print `@` is the value.
type Template = (&'static str, &'static str);

/// Right in sh, bash and zsh.
const COMMON: &[Template] = &[
    ("printf '%s\\0' ${{ v }}", "@"),
    ("printf '%s\\0' a${{ v }}b", "a@b"),
    ("printf '%s\\0' --set x=${{ v }} y", "--set\0x=@\0y"),
    ("printf '%s\\0' 'a'${{ v }}'b'", "a@b"),
    ("printf '%s\\0' \"a\"${{ v }}\"b\"", "a@b"),
    ("printf '%s\\0' ${{ v }}${{ v }}", "@@"),
    ("n=x; printf '%s\\0' $n${{ v }}", "x@"),
    ("printf '%s\\0' \"a ${{ v }} b\"", "a @ b"),
    ("printf '%s\\0' \"${{ v }}\"", "@"),
    ("n=x; printf '%s\\0' \"$n${{ v }}$n\"", "x@x"),
    ("printf '%s\\0' \"\\\"${{ v }}\\\"\"", "\"@\""),
    ("printf '%s\\0' \"cost: $${{ v }}\"", "cost: $@"),
    ("printf '%s\\0' 'a ${{ v }} b'", "a @ b"),
    ("printf '%s\\0' '\\${{ v }}\"$'", "\\@\"$"),
    (
        "printf '%s\\0' \"a$(printf '%s.' \"b${{ v }}c\")d\"",
        "ab@c.d",
    ),
    ("printf '%s\\0' \"a$(printf '%s.' ${{ v }})d\"", "a@.d"),
    (
        "printf '%s\\0' \"$(printf '%s.' \"$(printf '%s.' 'x${{ v }}')\")\"",
        "x@..",
    ),
    ("x=$(printf '%s.' ${{ v }}); printf '%s\\0' \"$x\"", "@."),
    ("x=${{ v }}; printf '%s\\0' \"$x\"", "@"),
    ("export x=a${{ v }}; printf '%s\\0' \"$x\"", "a@"),
    ("printf '%s\\0' \"${x:-$(printf '%s.' ${{ v }})}\"", "@."),
    ("# it's\nprintf '%s\\0' ${{ v }} # \"x", "@"),
    (
        "case ${{ v }} in ${{ v }}) printf 'y\\0';; *) printf 'n\\0';; esac",
        "y",
    ),
    (
        "case \"q${{ v }}\" in\n (\"q\"${{ v }}) printf 'y\\0';;\n *) printf 'n\\0'\nesac",
        "y",
    ),
    (
        "x=$(case a in a) printf '%s.' ${{ v }};; (b) ;; esac); printf '%s\\0' \"$x\"",
        "@.",
    ),
    (
        "printf '%s\\0' \"$(case a in a) printf '%s.' \"${{ v }}\";; esac)\"",
        "@.",
    ),
    ("(printf '%s\\0' ${{ v }})", "@"),
    ("f() { printf '%s\\0' \"$1\"; }; f ${{ v }}", "@"),
    (
        "if [ ${{ v }} = \"${{ v }}\" ]; then printf 'y\\0'; fi",
        "y",
    ),
    (
        "for x in a ${{ v }}; do printf '%s\\0' \"$x\"; done",
        "a\0@",
    ),
    ("printf '%s\\0' $((1+1)) ${{ v }} $(( (2)*3 ))", "2\0@\x006"),
    ("y=ab; printf '%s\\0' \"${y#'a'}\" \"${{ v }}\"", "b\0@"),
    ("printf '%s\\0' a\\\n ${{ v }} \\'", "a\0@\0'"),
    ("printf '%s\\0' ${{ v }} 2>/dev/null", "@"),
    ("printf '%s\\0' `echo 'a'` ${{ v }}", "a\0@"),
    ("true && { printf '%s\\0' ${{ v }}; } || true", "@"),
];

/// Here-documents: each starts a `cat`.
const DOCUMENTS: &[Template] = &[
    ("cat <<EOF\n${{ v }}\nEOF\nprintf '\\0'", "@\n"),
    ("cat <<EOF\na ${{ v }} b\nEOF\nprintf '\\0'", "a @ b\n"),
    ("cat <<EOF\nE${{ v }}F\nEOF\nprintf '\\0'", "E@F\n"),
    ("cat <<EOF\nx\n${{ v }}EOF\nEOF\nprintf '\\0'", "x\n@EOF\n"),
    (
        "cat <<EOF\nE${{ v }}\n${{ v }}F\nEOF\nprintf '\\0'",
        "E@\n@F\n",
    ),
    ("cat <<EOF\n${{ v }}${{ v }}\nEOF\nprintf '\\0'", "@@\n"),
    ("n=x; cat <<EOF\n$n${{ v }}$n\nEOF\nprintf '\\0'", "x@x\n"),
    ("cat <<-EOF\n\t${{ v }}\n\tEOF\nprintf '\\0'", "@\n"),
    (
        "cat <<-EOF\n\ta${{ v }}\n\t\t${{ v }}b\n\tEOF\nprintf '\\0'",
        "a@\n@b\n",
    ),
    ("cat <<-EOF\n${{ v }}\tx\nEOF\nprintf '\\0'", "@\tx\n"),
    (
        "cat <<-EOF\n${{ v }}${{ v }}\tx\nEOF\nprintf '\\0'",
        "@@\tx\n",
    ),
    ("cat <<'EOF'\n${{ v }}\nEOF\nprintf '\\0'", "@\n"),
    (
        "cat <<\\EOF\na$x`'\"${{ v }}b\nEOF\nprintf '\\0'",
        "a$x`'\"@b\n",
    ),
    (
        "cat <<\"EOF\"; printf '%s\\0' ${{ v }}\nE${{ v }}F\nEOF",
        "E@F\n@",
    ),
    (
        "cat <<E'O'F\n${{ v }}${{ v }}EOF\nEOF\nprintf '\\0'",
        "@@EOF\n",
    ),
    (
        "cat <<A; cat <<'B'; printf '\\0'\na${{ v }}\nA\nb${{ v }}\nB",
        "a@\nb@\n",
    ),
    (
        "cat <<EOF\n$(printf '%s.' ${{ v }})\nEOF\nprintf '\\0'",
        "@.\n",
    ),
    (
        "cat <<EOF\n'$(printf '%s.' \"a${{ v }}\" 'b${{ v }}')\"\nEOF\nprintf '\\0'",
        "'a@.b@.\"\n",
    ),
    (
        "x=$(cat <<EOF\n${{ v }}.\nEOF\n); printf '%s\\0' \"$x\" ${{ v }}",
        "@.\0@",
    ),
    (
        "printf '%s\\0' \"$(cat <<'EOF'\n)\"${{ v }}.\nEOF\n)\"",
        ")\"@.",
    ),
    (
        "printf '%s\\0' \"$(cat <<'EOF'\n${{ v }}.)\nEOF\n)\"",
        "@.)",
    ),
    (
        "printf '%s\\0' \"$(cat <<-EOF\n\t${{ v }}) E${{ v }}\n\tE${{ v }}.)\nEOF\n)\"",
        "@) E@\nE@.)",
    ),
    (
        "cat <<EOF - \"a\nb\" 2>/dev/null\n${{ v }}\nEOF\nprintf '\\0'",
        "@\n",
    ),
    (
        "if true; then\n  cat <<EOF\n  ${{ v }}\nEOF\n  printf '%s\\0' \"${{ v }}\"\nfi",
        "  @\n@",
    ),
];

/// Right in bash and zsh.
const EXTENDED: &[Template] = &[
    ("printf '%s\\0' $'a\\'${{ v }}\\\\b'", "a'@\\b"),
    ("printf '%s\\0' $'${{ v }}'", "@"),
    ("printf '%s\\0' \"$(printf '%s.' $'\\'x${{ v }}')\"", "'x@."),
    ("[[ ${{ v }} == ${{ v }} ]] && printf 'y\\0'", "y"),
    (
        "[[ \"x${{ v }}\" == x\"${{ v }}\" && ( a = b || 1 -eq 1 ) ]] && printf 'y\\0'",
        "y",
    ),
    ("a=(x ${{ v }} 'z'); printf '%s\\0' \"${a[@]}\"", "x\0@\0z"),
    ("a=(x # it's\n${{ v }}); printf '%s\\0' \"${a[@]}\"", "x\0@"),
    (
        "printf '%s\\0' \"$(a=(x ${{ v }} 'z'); printf '%s.' \"${a[@]}\")\"",
        "x.@.z.",
    ),
    (
        "printf '%s\\0' \"$(f() { local a=(\"x${{ v }}\" 'y${{ v }}'); printf '%s.' \"${a[@]}\"; }; f)\"",
        "x@.y@.",
    ),
    (
        "cat <<EOF\n$(a=(${{ v }}); printf '%s.' \"${a[@]}\")\nEOF\nprintf '\\0'",
        "@.\n",
    ),
    ("(( 1 < 2 )) && printf '%s\\0' ${{ v }}", "@"),
    (
        "for ((i = 0; i < 1; i++)); do printf '%s\\0' ${{ v }}; done",
        "@",
    ),
    (
        "IFS= read -r -d '' x < <(printf '%s.\\0' ${{ v }}); printf '%s\\0' \"$x\"",
        "@.",
    ),
    (
        "function f { case $1 in a) printf '%s\\0' ${{ v }};; esac; }; f a",
        "@",
    ),
    ("printf '%s\\0' {a,${{ v }}}", "a\0@"),
    ("printf '%s\\0' ${{ v }}{1..2}", "@1\0@2"),
    (
        "x=abc; printf '%s\\0' \"${x/'b'/\"}\"}\" ${{ v }}",
        "a}c\0@",
    ),
    ("printf '%s\\0' $((1 << 2)) ${{ v }}", "4\0@"),
    ("printf '%s\\0' \"$( (printf '%s.' ${{ v }}) )\"", "@."),
    ("case x in (x) printf '%s\\0' ${{ v }};& y) ;; esac", "@"),
];

/// Right in sh alone.
const SH: &[Template] = &[("printf '%s\\0' \"${x:-'}\" ${{ v }}", "'\0@")];

/// Right in bash alone.
const BASH: &[Template] = &[
    ("printf '%s\\0' a#'b' ${{ v }}", "a#b\0@"),
    ("printf '%s\\0' \"${x:-'y'}\" ${{ v }}", "'y'\0@"),
    ("printf '%s\\0' $\"a${{ v }}b\"", "a@b"),
    (
        "shopt -s extglob\ncase ${{ v }}x in @(a|${{ v }})x) printf 'y\\0';; esac",
        "y",
    ),
];

/// Right in zsh alone.
const ZSH: &[Template] = &[
    ("printf '%s\\0' \"${x:-'}\" ${{ v }}", "'\0@"),
    (
        ": =(true)(N) *(N.) ${(j:,:)x}; printf '%s\\0' a=${{ v }}",
        "a=@",
    ),
    (
        "x=(a b); printf '%s\\0' $x[1] ${{ v }} \"$x[1]${{ v }}\"",
        "a\0@\0a@",
    ),
    ("x=a; cat <<EOF\n$x:${{ v }}\nEOF\nprintf '\\0'", "a:@\n"),
    (
        "x=(a b); cat <<EOF\n$x[1]${{ v }}\nEOF\nprintf '\\0'",
        "a@\n",
    ),
    ("for x (a ${{ v }}) printf '%s\\0' $x.", "a.\0@."),
];

const FISH: &[Template] = &[
    ("printf '%s\\0' ${{ v }}", "@"),
    ("printf '%s\\0' a${{ v }}b --x=${{ v }}", "a@b\0--x=@"),
    ("printf '%s\\0' 'a ${{ v }} b'", "a @ b"),
    ("printf '%s\\0' '\\'${{ v }}\\\\'", "'@\\"),
    ("printf '%s\\0' \"a ${{ v }} b\"", "a @ b"),
    (
        "set n x; printf '%s\\0' \"$n${{ v }}\" $n${{ v }}",
        "x@\0x@",
    ),
    ("printf '%s\\0' 'a'${{ v }}\"b\"", "a@b"),
    (
        "printf '%s\\0' (printf '%s\\0' \"b${{ v }}c\" | string split0)",
        "b@c",
    ),
    (
        "printf '%s\\0' \"q$(printf '%s.' ${{ v }} | string collect -N)d\"",
        "q@.d",
    ),
    ("# it's\nprintf '%s\\0' ${{ v }} # \"(", "@"),
    (
        "set x a b; printf '%s\\0' $x[1] $x[(math 1 + 1)] ${{ v }}",
        "a\0b\0@",
    ),
    ("if test ${{ v }} = \"${{ v }}\"; printf 'y\\0'; end", "y"),
    ("printf '%s\\0' {a,${{ v }}} 2>/dev/null", "a\0@"),
    ("begin; printf '%s\\0' \\' ${{ v }}; end", "'\0@"),
    ("set x ${{ v }}; printf '%s\\0' $x", "@"),
];

fn values_come_back(dialect: Dialect, options: &[&str], templates: &[Template], count: usize) {
    if !present(dialect) {
        return;
    }
    let mut values = nasty();
    // Many templates start a process for each value; each byte is in a longer value too.
    values.retain(|value| !matches!(value.as_slice(), [128.. | ..32] | [b'a', _, b'b']));
    values.extend(random(count));
    if templates == DOCUMENTS {
        let matters = |byte: &u8| matches!(byte, b'E' | b'\t' | b'\n' | b'\\' | b'$' | 128..);
        values.retain(|value| value.is_empty() || value.iter().any(matters));
    }
    values.push(LARGE.repeat(50));
    bring_back(dialect, options, templates, &values);
}

/// Many of these make 100 kB.
const LARGE: &[u8] = b"0123456789$'\"\\\n\tEOF\n";

fn bring_back(dialect: Dialect, options: &[&str], templates: &[Template], values: &[Vec<u8>]) {
    for (text, expected) in templates {
        let mut script = Vec::new();
        let mut wanted = Vec::new();
        for value in values {
            // Stated where it is refused: `<<-` with quotes, several lines in a nested command.
            let Ok(shell) = fill(dialect, text, Piece::Value(value)) else {
                assert!(text.contains("<<"), "{dialect}: {text}");
                continue;
            };
            script.extend(shell);
            script.push(b'\n');
            let expected = expected.replace('@', "\u{1}\u{1}");
            wanted.push((value, replace(expected.as_bytes(), b"\x01\x01", value)));
        }
        let printed = run(dialect, options, &[], &script);
        let mut rest = printed.as_slice();
        for (value, wanted) in wanted {
            let got = rest.get(..wanted.len() + 1).unwrap_or(rest);
            assert!(
                got == [&wanted[..], b"\0"].concat(),
                "{dialect}: {text}\ngot: {}\nvalue: {}\nshell: {}",
                got.escape_ascii(),
                value.escape_ascii(),
                fill(dialect, text, Piece::Value(value))
                    .unwrap_or_default()
                    .escape_ascii()
            );
            rest = &rest[wanted.len() + 1..];
        }
        assert!(rest.is_empty(), "{dialect}: {text}");
    }
}

fn replace(text: &[u8], mark: &[u8], value: &[u8]) -> Vec<u8> {
    let mut replaced = Vec::new();
    let mut at = 0;
    while at < text.len() {
        if text[at..].starts_with(mark) {
            replaced.extend(value);
            at += mark.len();
        } else {
            replaced.push(text[at]);
            at += 1;
        }
    }
    replaced
}

#[test]
fn values_come_back_from_sh() {
    values_come_back(Dialect::Sh, &[], COMMON, 60);
    values_come_back(Dialect::Sh, &[], SH, 60);
}

#[test]
fn values_come_back_from_bash() {
    values_come_back(Dialect::Bash, &[], COMMON, 60);
    values_come_back(Dialect::Bash, &[], EXTENDED, 60);
    values_come_back(Dialect::Bash, &[], BASH, 60);
}

#[test]
fn values_come_back_from_zsh() {
    values_come_back(Dialect::Zsh, &[], COMMON, 60);
    values_come_back(Dialect::Zsh, &[], EXTENDED, 60);
    values_come_back(Dialect::Zsh, &["-o", "extendedglob"], ZSH, 60);
}

#[test]
fn values_come_back_from_zsh_whatever_its_options() {
    let options = ["-o", "extendedglob", "-o", "rcquotes"];
    values_come_back(Dialect::Zsh, &options, COMMON, 50);
    values_come_back(Dialect::Zsh, &options, EXTENDED, 50);
}

#[test]
fn values_come_back_from_fish() {
    values_come_back(Dialect::Fish, &[], FISH, 60);
}

#[test]
fn large_values_come_back() {
    let values = [LARGE.repeat(5300)];
    for dialect in Dialect::ALL {
        if present(dialect) {
            let (words, documents) = match dialect {
                Dialect::Fish => (&FISH[..3], &[][..]),
                _ => (&COMMON[..3], &DOCUMENTS[..2]),
            };
            bring_back(dialect, &[], words, &values);
            bring_back(dialect, &[], documents, &values);
        }
    }
}

#[test]
fn values_come_back_from_here_documents_of_sh() {
    values_come_back(Dialect::Sh, &[], DOCUMENTS, 20);
}

#[test]
fn values_come_back_from_here_documents_of_bash() {
    values_come_back(Dialect::Bash, &[], DOCUMENTS, 20);
}

#[test]
fn values_come_back_from_here_documents_of_zsh() {
    values_come_back(Dialect::Zsh, &[], DOCUMENTS, 20);
}

#[test]
fn variables_come_back_from_every_place() {
    let values = [
        &b"a $x `id` \"'\\ !b"[..],
        b"",
        b"\nEOF\n\ttab",
        b"-n",
        b"\xff'",
    ];
    for dialect in Dialect::ALL.into_iter().filter(|dialect| present(*dialect)) {
        let templates: Vec<Template> = match dialect {
            Dialect::Fish => FISH.to_vec(),
            Dialect::Sh => [COMMON, DOCUMENTS, SH].concat(),
            Dialect::Bash => [COMMON, DOCUMENTS, EXTENDED, BASH].concat(),
            Dialect::Zsh => [COMMON, DOCUMENTS, EXTENDED, ZSH].concat(),
        };
        for (text, expected) in templates {
            let Ok(shell) = fill(dialect, text, Piece::Variable("RUNBOOK_SECRET")) else {
                assert!(text.contains("<<"), "{dialect}: {text}");
                continue;
            };
            for value in values {
                let variables = [("RUNBOOK_SECRET", OsStr::from_bytes(value))];
                let printed = run(dialect, &[], &variables, &shell);
                let wanted = replace(expected.as_bytes(), b"@", value);
                assert_eq!(
                    printed.escape_ascii().to_string(),
                    [&wanted[..], b"\0"].concat().escape_ascii().to_string(),
                    "{dialect}: {text}\nshell: {}",
                    shell.escape_ascii()
                );
            }
        }
    }
}
