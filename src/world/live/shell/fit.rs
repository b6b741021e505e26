//! Whether a text of bash may run in a fork of a bash that is there already.
//!
//! A fork has all that a new bash has but a few things of its own (its process id, what its
//! parent counted), and where an expansion fails it ends, while a new bash goes on with the next
//! line. What could show one of these, by its text, gets a new bash. Words are looked for
//! wherever they stand, in quotes too: a text that is sent to a new bash without need is only
//! slower. It must never look at anything but the text.

/// The longest text that is looked at; what is longer takes its time anyway.
const LONGEST: usize = 32 * 1024;

/// Words that need a new bash, and why.
const WORDS: &[(&str, &str)] = &[
    ("PPID", PROCESS),
    ("SECONDS", COUNTED),
    ("SHLVL", COUNTED),
    ("LINENO", COUNTED),
    ("FUNCNAME", COUNTED),
    ("HISTCMD", COUNTED),
    ("UID", READONLY),
    ("EUID", READONLY),
    ("GROUPS", READONLY),
    ("SHELLOPTS", READONLY),
    ("PS4", "what a trace begins with may be computed"),
    ("FUNCNEST", GOES_ON),
    ("eval", UNSEEN),
    ("source", UNSEEN),
    ("alias", UNSEEN),
    ("unalias", UNSEEN),
    ("mapfile", UNSEEN),
    ("readarray", UNSEEN),
    ("exec", "`exec` counts SHLVL down in a new bash only"),
    ("trap", "a fork has traps that were reset"),
    ("coproc", BESIDE),
    ("jobs", BESIDE),
    ("fg", BESIDE),
    ("bg", BESIDE),
    ("disown", BESIDE),
    ("suspend", BESIDE),
    ("logout", PROCESS),
    ("kill", PROCESS),
    ("pkill", PROCESS),
    ("killall", PROCESS),
    ("pgrep", PROCESS),
    ("pidof", PROCESS),
    ("ps", PROCESS),
    ("pstree", PROCESS),
    ("ulimit", PROCESS),
    ("times", PROCESS),
    ("history", COUNTED),
    ("fc", COUNTED),
    ("caller", COUNTED),
    ("compgen", READONLY),
    ("complete", READONLY),
    ("bind", READONLY),
    ("enable", READONLY),
    ("let", GOES_ON),
    ("declare", GOES_ON),
    ("typeset", GOES_ON),
    ("readonly", GOES_ON),
    ("getopts", GOES_ON),
];

/// Pieces of text that need a new bash, and why.
const PIECES: &[(&str, &str)] = &[
    ("\0", "NUL is no text"),
    ("$$", PROCESS),
    ("${$", PROCESS),
    ("$!", BESIDE),
    ("${!", "what a name stands for can't be seen"),
    ("@P}", "what is expanded can't be seen"),
    ("__runbook", "our own names"),
    ("/proc/", PROCESS),
    ("/dev/fd", PROCESS),
    ("/dev/tty", "it reaches for the terminal"),
    ("<(", BESIDE),
    (">(", BESIDE),
    ("((", GOES_ON),
    ("$[", GOES_ON),
    ("printf -v", GOES_ON),
    ("[ -v", GOES_ON),
    ("test -v", GOES_ON),
    ("local -", GOES_ON),
];

const PROCESS: &str = "it can see which process it is";
const COUNTED: &str = "a shell counts it from its own start";
const READONLY: &str = "it may be what bash made for itself";
const UNSEEN: &str = "it runs a text that can't be seen";
const BESIDE: &str = "it may start something that goes on beside it";
const GOES_ON: &str = "where it fails, a new bash goes on with the next line";

/// What `set` may be asked for.
const FLAGS: &[u8] = b"aefuCE";
const OPTIONS: [&str; 6] = [
    "errexit",
    "nounset",
    "pipefail",
    "noglob",
    "noclobber",
    "errtrace",
];
/// What `shopt` may be asked for.
const SHOPTS: [&str; 7] = [
    "nullglob",
    "dotglob",
    "globstar",
    "extglob",
    "nocaseglob",
    "nocasematch",
    "inherit_errexit",
];

/// Why a text needs a new bash; `None` where a fork does as well.
pub(super) fn needs_new(text: &[u8]) -> Option<&'static str> {
    if text.len() > LONGEST {
        return Some("it is long");
    }
    let Ok(text) = std::str::from_utf8(text) else {
        return Some("it is not UTF-8");
    };
    if let Some((_, why)) = PIECES.iter().find(|(piece, _)| text.contains(piece)) {
        return Some(why);
    }
    words(text)
        .or_else(|| ampersands(text.as_bytes()))
        .or_else(|| subscripts(text))
}

/// Goes through the words: whatever stands between blanks, quotes and operators.
fn words(text: &str) -> Option<&'static str> {
    let mut begin = 0;
    let mut before: Option<&str> = None;
    while let Some(offset) = text[begin..].find(is_word) {
        let start = begin + offset;
        let end = text[start..]
            .find(|character| !is_word(character))
            .map_or(text.len(), |length| start + length);
        let word = &text[start..end];
        if let Some((_, why)) = WORDS.iter().find(|(known, _)| *known == word) {
            return Some(why);
        }
        if word.starts_with("BASH") {
            return Some(READONLY);
        }
        let rest = &text[end..];
        let begins = || {
            let front = text[..start].trim_end_matches([' ', '\t']);
            front.ends_with(['\n', ';', '|', '&', '(', '{', '}', '!', '`', '='])
                || front.is_empty()
                || before.is_some_and(|word| {
                    matches!(
                        word,
                        "then"
                            | "do"
                            | "else"
                            | "elif"
                            | "if"
                            | "while"
                            | "until"
                            | "time"
                            | "builtin"
                            | "command"
                    )
                })
        };
        match word {
            "." if begins() || front_word_assigns(&text[..start]) => return Some(UNSEEN),
            "set" if !sets_plainly(rest) => return Some("it may show or set anything"),
            "shopt" if !shopts_plainly(rest) => return Some("it may show or set anything"),
            _ => {}
        }
        before = Some(word);
        begin = end;
    }
    None
}

const fn is_word(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '_' | '-' | '.' | '/')
}

/// Whether the last word in front is an assignment, so that a command may follow it.
fn front_word_assigns(front: &str) -> bool {
    let front = front.trim_end_matches([' ', '\t']);
    let start = front.rfind([' ', '\t', '\n', ';']).map_or(0, |at| at + 1);
    front[start..].contains('=')
}

/// The words of the command that `rest` goes on with.
fn arguments(rest: &str) -> impl Iterator<Item = &str> {
    let end = rest.find(['\n', ';', '&', '|', ')', '}', '#', '`']);
    rest[..end.unwrap_or(rest.len())].split_ascii_whitespace()
}

/// Whether behind `set` stand flags only that mean the same everywhere, or arguments.
fn sets_plainly(rest: &str) -> bool {
    let mut words = arguments(rest);
    let mut any = false;
    while let Some(word) = words.next() {
        any = true;
        if word == "--" {
            return true;
        }
        // Without `set -e`, the status of a failed expansion is 127 in a new bash, and 1 in a fork.
        let Some(flags) = word.strip_prefix('-') else {
            return false;
        };
        let (flags, option) = match flags.strip_suffix('o') {
            Some(flags) => (flags, words.next()),
            None => (flags, Some("errexit")),
        };
        if !flags.bytes().all(|flag| FLAGS.contains(&flag))
            || !option.is_some_and(|option| OPTIONS.contains(&option))
        {
            return false;
        }
    }
    any
}

/// Whether behind `shopt` stand options only that mean the same everywhere.
fn shopts_plainly(rest: &str) -> bool {
    let mut words = arguments(rest);
    matches!(words.next(), Some("-s" | "-u" | "-q"))
        && words.next().is_some_and(|option| SHOPTS.contains(&option))
        && words.all(|option| SHOPTS.contains(&option))
}

/// A `&` that leaves something running: not that of `&&`, `&>`, `>&`, `<&`, `|&`.
fn ampersands(text: &[u8]) -> Option<&'static str> {
    text.iter().enumerate().find_map(|(at, byte)| {
        let before = at.checked_sub(1).and_then(|at| text.get(at));
        let joined = matches!(before, Some(b'&' | b'>' | b'<' | b'|'))
            || matches!(text.get(at + 1), Some(b'&' | b'>'));
        (*byte == b'&' && !joined).then_some(BESIDE)
    })
}

/// Subscripts and substrings, which are arithmetic.
fn subscripts(text: &str) -> Option<&'static str> {
    let bytes = text.as_bytes();
    let subscript = bytes.windows(2).any(
        |pair| matches!(pair, [before, b'['] if before.is_ascii_alphanumeric() || *before == b'_'),
    );
    let substring = text.match_indices("${").any(|(at, _)| {
        let rest = text[at + 2..].trim_start_matches(|character: char| {
            character.is_ascii_alphanumeric() || "_@*#?-".contains(character)
        });
        rest.strip_prefix(':')
            .is_some_and(|rest| !rest.starts_with(['-', '=', '?', '+']))
    });
    (subscript || substring).then_some(GOES_ON)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_commands_fit() {
        for text in [
            ":",
            "kubectl get pods -n prod | grep -v Running || true",
            "if [ -d x ]; then cd x; fi\nexport A=\"$B\" C=${D:-e} E=${F:?none}",
            "greet() { local name=$1; echo \"hello $name\"; }\ngreet you 2>&1 &>/dev/null",
            "set -euo pipefail\nset -f\nset -- a b; shopt -s nullglob",
            "find . -name '*.rs'; docker build .; make --set x; ./source/eval.sh",
            "cat <<END\n$HOME ${#A} ${A%%.*} ${A#x} ${A/b/c}\nEND",
            "for f in *; do wc -l < \"$f\"; done |& tail -1",
            "[[ $A == b* && $C -gt 3 ]] || exit 3",
            "",
        ] {
            assert_eq!(needs_new(text.as_bytes()), None, "{text}");
        }
    }

    /// Each of these differs in a fork, or could: taken out of the tables, its case fails.
    #[test]
    fn what_could_tell_a_fork_gets_a_new_bash() {
        for text in [
            "echo $$",
            "echo ${$}",
            "echo $!",
            "echo ${!x}",
            "echo ${x@P}",
            "a=$__runbook_x",
            "cat /proc/self/stat",
            "ls /dev/fd/3",
            "read x </dev/tty",
            "diff <(a) b",
            "a > >(b)",
            "echo $((1/0))",
            "((i++))",
            "echo $[1/0]",
            "printf -v a b",
            "[ -v a ]",
            "test -v a",
            "local -i x",
            "echo $BASHPID",
            "echo ${BASH_VERSION}",
            "sleep 1 &",
            "a & b",
            "a & >b",
            "x='a&b'",
            "echo ${a[0]}",
            "a[0]=1",
            "echo ${a:1}",
            "echo ${a:-${b:1:2}}",
            ". ./x",
            "a; . x",
            "A=1 . x",
            "if . x; then :; fi",
            "command . x",
            "set",
            "set -x",
            "set -eux",
            "set -o posix",
            "set -o",
            "set +m",
            "set +e",
            "set +o errexit",
            "\\set",
            "(set)",
            "shopt",
            "shopt -s expand_aliases",
            "shopt -s nullglob failglob",
            "a\0b",
        ] {
            assert!(needs_new(text.as_bytes()).is_some(), "{text}");
        }
        for (word, _) in WORDS {
            for text in [
                format!("{word} x"),
                format!("echo \"${word}\""),
                format!("a;\\{word}"),
            ] {
                assert!(needs_new(text.as_bytes()).is_some(), "{text}");
            }
        }
        assert!(needs_new(&b"a".repeat(LONGEST + 1)).is_some());
        assert!(needs_new(b"\xff").is_some());
    }
}
