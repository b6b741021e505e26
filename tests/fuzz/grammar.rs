//! Texts of shells as their grammars allow them, nested, with values wherever a word may stand: what is
//! accepted runs nothing that a value chose.

use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use proptest::prelude::*;
use runbook::quote::{self, Dialect, Piece};

use crate::config;

/// Values that run a command wherever a shell reads one as anything but a word.
const VALUES: [&str; 8] = [
    "$(touch PWNED)",
    "';touch PWNED;'",
    "\n\";touch PWNED;\"\n",
    "x\ntouch PWNED\n",
    "path[$(touch PWNED)]",
    "`touch PWNED`\n)\ntouch PWNED\n",
    "}\ntouch PWNED\n;;esac\ntouch PWNED",
    "E\ntouch PWNED\nE\n",
];

/// Where a value stands.
const VALUE: &str = "${{ v }}";

struct Writer {
    dialect: Dialect,
    state: u64,
    functions: usize,
}

impl Writer {
    /// A number below `end` (Marsaglia, Xorshift RNGs, 2003).
    fn below(&mut self, end: u64) -> u64 {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        self.state % end
    }

    fn one<'a>(&mut self, of: &[&'a str]) -> &'a str {
        let at = self.below(of.len() as u64);
        of[usize::try_from(at).unwrap_or(0)]
    }

    fn list(&mut self, depth: u32) -> String {
        let mut list = self.one(&["", " ", "\n"]).to_owned();
        list.push_str(&self.command(depth));
        while self.below(3) == 0 {
            list += self.one(&["; ", "\n", " && ", " || ", ";"]);
            list.push_str(&self.command(depth));
        }
        list + self.one(&["", "\n", " "])
    }

    fn word(&mut self, depth: u32) -> String {
        let family = self.dialect != Dialect::Fish;
        match self.below(if depth > 4 { 3 } else { 12 }) {
            0 => VALUE.to_owned(),
            1 => format!("\"{VALUE}\""),
            2 => format!("'{VALUE}'"),
            3 if family => format!("$({})", self.list(depth + 1)),
            3 => format!("({})", self.list(depth + 1)),
            4 => format!("\"$({})\"", self.list(depth + 1)),
            5 if family => {
                let inner =
                    self.one(&["a", "'}'", "\"}\"", "'", "\\}", "$'}'", "{a}", "\"'\"", "#"]);
                let around =
                    self.one(&["${x:-@}", "\"${x:-@}\"", "${x#@}", "\"${x%@}\"", "${x/@/b}"]);
                around.replace('@', inner)
            }
            6 if family => {
                let inner = self.one(&[
                    "1", "(1)", "'1'", "\"1\"", "')'", "\"))\"", "$x", "1<<2", "\\)", "n=1",
                ]);
                self.one(&["$((@))", "$[@]"]).replace('@', inner)
            }
            7 => self
                .one(&[
                    "$'a\\'b'", "\\'", "\\\"", "\\\\", "a\\\nb", "$x", "${x}", "*", "{a,b}", "a#b",
                    "$x[1]", "$x:h", "~",
                ])
                .to_owned(),
            8 => format!("{}{}", self.word(depth + 1), self.word(depth + 1)),
            9 if family => format!("`echo {}`", self.one(&["a", "'a'", "\\'", "')'", "\\\\"])),
            _ => "a".to_owned(),
        }
    }

    fn command(&mut self, depth: u32) -> String {
        if depth > 4 {
            return "echo a".to_owned();
        }
        let next = depth + 1;
        if self.dialect == Dialect::Fish {
            return match self.below(8) {
                0 => format!("begin; {}; end", self.command(next)),
                1 => format!(
                    "if true; {}; else; {}; end",
                    self.command(next),
                    self.command(next)
                ),
                2 => format!("for q in {}; {}; end", self.word(next), self.command(next)),
                3 => format!("set x {} {}", self.word(next), self.word(next)),
                4 => format!("echo a # {}\n", self.one(&["it's", "\"", "(", "a\\"])),
                5 => format!("echo {} | cat; and {}", self.word(next), self.command(next)),
                _ => format!("echo {} {}", self.word(depth), self.word(depth)),
            };
        }
        match self.below(18) {
            0 => {
                let (opening, body) = (self.one(&["E", "'E'", "-E", "\\E"]), self.lines(next));
                let behind = self.one(&["", " 2>&1", " | cat", "; echo b"]);
                format!("cat <<{opening}{behind}\n{body}\nE\n")
            }
            1 => {
                let pattern = self.one(&[
                    "a", "(a", "*", "(a|b", "@|*", "\"@\"", "(esac", "", "x) ;; (y",
                ]);
                let pattern = pattern.replace('@', VALUE);
                let (subject, body) = (self.word(next), self.list(next));
                format!("case {subject} in {pattern}) {body};; esac")
            }
            2 => format!("( {} )", self.list(next)),
            3 => format!("{{ {}; }}", self.command(next)),
            4 => format!("if {}; then {}; fi", self.command(next), self.command(next)),
            5 => format!(
                "for q in {}; do {}; done",
                self.word(next),
                self.command(next)
            ),
            6 => {
                // Of a name of its own: one that calls itself would never end.
                self.functions += 1;
                let name = format!("f{}", self.functions);
                format!("{name}() {{ {}; }}; {name}", self.command(next))
            }
            7 => format!("x={}", self.word(next)),
            8 => format!(
                "echo a # {}\n",
                self.one(&["it's", "\"", "(", "$(", "`", "a\\", "<<E"])
            ),
            9 => format!("echo {} > f", self.word(next)),
            10 if self.dialect != Dialect::Sh => {
                format!("x=({} {})", self.word(next), self.word(next))
            }
            11 if self.dialect != Dialect::Sh => {
                format!("[[ {} == {} ]]", self.word(next), self.word(next))
            }
            12 if self.dialect != Dialect::Sh => {
                let command = self.command(next);
                self.functions += 1;
                let number = self.functions.to_string();
                self.one(&[
                    "(( 1 ))",
                    "((x=1))",
                    "for ((j=0;j<1;j++)); do @; done",
                    "function g# { @; }; g#",
                    "! @",
                    "time @",
                    "cat <(@)",
                ])
                .replace('#', &number)
                .replace('@', &command)
            }
            13 if self.dialect == Dialect::Zsh => {
                let command = self.command(next);
                self.one(&[
                    "{ @ } always { : }",
                    "if [[ a == a ]] { @ }",
                    "repeat 1 @",
                    "for q (a) @",
                    "() { @ } a",
                ])
                .replace('@', &command)
            }
            _ => format!("echo {} {}", self.word(depth), self.word(depth)),
        }
    }

    /// The lines of a here-document.
    fn lines(&mut self, depth: u32) -> String {
        let mut lines = String::new();
        for _ in 0..=self.below(4) {
            let _ = match self.below(4) {
                0 => write!(lines, "{VALUE}"),
                1 => write!(lines, "$(echo {})", self.word(depth + 1)),
                _ => write!(
                    lines,
                    "{}",
                    self.one(&[
                        "a", "'", "\"", "\\", "\n", "$x", "${x:-'}", ")", "(", "}", "E", "\t", "#"
                    ])
                ),
            };
        }
        lines
    }
}

/// Runs a script, for some seconds at most.
fn run(dialect: Dialect, script: &[u8], folder: &Path) {
    let path = folder.join("script");
    std::fs::write(&path, script).expect("the script is written");
    let options: &[&str] = match dialect {
        Dialect::Sh => &["dash"],
        Dialect::Bash => &["bash", "--norc"],
        Dialect::Zsh => &["zsh", "-f"],
        Dialect::Fish => &["fish", "--no-config"],
    };
    let started = Command::new(options[0])
        .args(&options[1..])
        .arg(path)
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    // A shell that is not installed has no say.
    let Ok(mut shell) = started else {
        return;
    };
    let began = Instant::now();
    while shell.try_wait().is_ok_and(|ended| ended.is_none()) {
        if began.elapsed() > Duration::from_secs(10) {
            let _ = shell.kill();
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}

proptest! {
    #![proptest_config(config(150))]

    #[test]
    fn no_text_that_is_accepted_runs_what_a_value_chose(
        seed in 1..u64::MAX,
        dialect in 0..4_usize,
        value in 0..VALUES.len(),
    ) {
        let dialect = Dialect::ALL[dialect];
        let text = Writer { dialect, state: seed, functions: 0 }.list(0);
        let ranges: Vec<_> = text
            .match_indices(VALUE)
            .map(|(start, _)| start..start + VALUE.len())
            .collect();
        let value = Piece::Value(VALUES[value].as_bytes());
        let pieces: Vec<_> = ranges.into_iter().map(|range| (range, value)).collect();
        if let Ok(script) = quote::render(dialect, &text, &pieces) {
            let folder = tempfile::tempdir().expect("a folder");
            run(dialect, &script, folder.path());
            prop_assert!(!folder.path().join("PWNED").exists(), "{}: {}", dialect, text);
        }
    }
}
