//! Words pasted at the prompts of real shells, through a real terminal.

use std::io::{Read as _, Write as _};
use std::path::PathBuf;
use std::process::Child;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use pty_process::blocking::{Command, Pty, open};

use super::cases;
use super::shells::{arguments, present};
use super::values::{nasty, random};
use crate::quote::{Dialect, paste, paste_all, word};

/// The last argument of each line: when it is in the file, the line has been read.
const END: &str = "the-end";

/// An interactive shell: history expansion on, bracketed paste off.
struct Prompt {
    dialect: Dialect,
    shell: Child,
    terminal: Pty,
    shown: Receiver<Vec<u8>>,
    folder: tempfile::TempDir,
}

impl Prompt {
    fn open(dialect: Dialect, locale: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let inputrc = folder.path().join("inputrc");
        std::fs::write(&inputrc, "set enable-bracketed-paste off\n").unwrap();
        let (terminal, end) = open().expect("the system has terminals");
        terminal
            .resize(pty_process::Size::new(50, 200))
            .expect("a terminal has a size");
        let (program, arguments) = arguments(dialect);
        let shell = Command::new(program)
            .args(arguments)
            .arg("-i")
            .current_dir(folder.path())
            .env_clear()
            .env("PATH", "/usr/local/bin:/usr/bin:/bin")
            .env("HOME", folder.path())
            .env("TERM", "xterm")
            .env("LC_ALL", locale)
            .env("PS1", "> ")
            .env("INPUTRC", &inputrc)
            .spawn(end)
            .expect("the shell is installed");
        let mut output = std::fs::File::from(
            std::os::fd::AsFd::as_fd(&terminal)
                .try_clone_to_owned()
                .expect("a descriptor can be doubled"),
        );
        let (sender, shown) = channel();
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(count @ 1..) = output.read(&mut buffer) {
                if sender.send(buffer[..count].to_vec()).is_err() {
                    break;
                }
            }
        });
        let mut prompt = Self {
            dialect,
            shell,
            terminal,
            shown,
            folder,
        };
        prompt.quiet(Duration::from_millis(300));
        if dialect == Dialect::Zsh {
            prompt.enter(b"unset zle_bracketed_paste");
        }
        for line in ["db drop everything now", "a b c", "echo x"] {
            prompt.enter(line.as_bytes());
        }
        prompt
    }

    /// Waits until the shell has written nothing for so long; gives what it wrote.
    fn quiet(&mut self, time: Duration) -> Vec<u8> {
        let mut shown = Vec::new();
        while let Ok(more) = self.shown.recv_timeout(time) {
            shown.extend(more);
        }
        shown
    }

    fn enter(&mut self, line: &[u8]) {
        self.terminal.write_all(line).unwrap();
        self.terminal.write_all(b"\r").unwrap();
        self.quiet(Duration::from_millis(40));
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("arguments")
    }

    /// Pastes a line whose arguments are printed, and gives what came of them.
    fn paste(&mut self, words: &[u8]) -> Vec<u8> {
        let _ = std::fs::remove_file(self.file());
        let mut line = b"printf '%s\\0' ".to_vec();
        line.extend(words);
        line.extend(format!(" {END} > arguments\r").bytes());
        self.terminal.write_all(&line).unwrap();
        let end = [END.as_bytes(), b"\0"].concat();
        let mut shown = Vec::new();
        // 20 seconds without an end, and it will not come.
        for _ in 0..4000 {
            shown.extend(self.quiet(Duration::from_millis(5)));
            let printed = std::fs::read(self.file()).unwrap_or_default();
            if let Some(printed) = printed.strip_suffix(&end[..]) {
                self.quiet(Duration::from_millis(5));
                return printed.to_vec();
            }
        }
        panic!(
            "{}: nothing came of {}\nshown: {}",
            self.dialect,
            line.escape_ascii(),
            String::from_utf8_lossy(&shown)
        );
    }
}

impl Drop for Prompt {
    fn drop(&mut self) {
        let _ = self.shell.kill();
        let _ = self.shell.wait();
    }
}

fn pasted_words_come_back(dialect: Dialect) {
    if !present(dialect) {
        return;
    }
    let mut values = nasty();
    values.extend(random(cases(400)));
    values.push(b"0123456789abcde'".repeat(200));
    values.push((1..=255).cycle().take(3000).collect());
    // What `script` and `sudo` leave of a locale is often C.
    for (index, locale) in ["C.UTF-8", "C"].into_iter().enumerate() {
        let mut prompt = Prompt::open(dialect, locale);
        let half = values.len() / 2;
        let mut rest = &values[index * half..];
        rest = &rest[..rest.len().min(half + 1)];
        while !rest.is_empty() {
            let mut size = 0;
            let count = rest
                .iter()
                .take_while(|value| {
                    size += value.len();
                    size < 300
                })
                .count()
                .max(1);
            let (batch, later) = rest.split_at(count);
            rest = later;
            let words = paste_all(dialect, batch).expect("no value has a NUL byte");
            let got = prompt.paste(&words);
            let expected: Vec<u8> = batch
                .iter()
                .flat_map(|v| [&v[..], b"\0"].concat())
                .collect();
            assert_eq!(
                got.escape_ascii().to_string(),
                expected.escape_ascii().to_string(),
                "{dialect}, {locale}: {}",
                words.escape_ascii()
            );
        }
    }
}

#[test]
fn pasted_words_come_back_from_bash() {
    pasted_words_come_back(Dialect::Bash);
}

#[test]
fn pasted_words_come_back_from_zsh() {
    pasted_words_come_back(Dialect::Zsh);
}

#[test]
fn pasted_words_come_back_from_fish() {
    pasted_words_come_back(Dialect::Fish);
}

#[test]
fn pasted_words_come_back_from_sh() {
    pasted_words_come_back(Dialect::Sh);
}

/// Without this, the tests above could pass at a prompt that expands nothing.
#[test]
fn the_prompts_here_corrupt_what_is_not_paste_safe() {
    for dialect in [Dialect::Bash, Dialect::Zsh] {
        if !present(dialect) {
            continue;
        }
        let mut prompt = Prompt::open(dialect, "C.UTF-8");
        assert_eq!(
            prompt.paste(b"\"rds!db-1ab9\"").escape_ascii().to_string(),
            "rdsdb dropab9\\x00",
            "{dialect}"
        );
        assert_eq!(prompt.paste(b"'rds!db-1ab9'"), b"rds!db-1ab9\0");
    }
}

/// `shell-quote` is right in scripts; at a prompt its bytes are keys. So the paste-safe forms
/// are our own.
#[test]
fn shell_quote_breaks_at_a_prompt_where_paste_does_not() {
    for (dialect, value) in [
        (Dialect::Bash, b"a\n^b".as_slice()),
        (Dialect::Bash, b"a\x7fb"),
    ] {
        if !present(dialect) {
            continue;
        }
        let mut prompt = Prompt::open(dialect, "C.UTF-8");
        let theirs = shell_quote::Sh::quote_vec(value);
        let mut expected = value.to_vec();
        expected.push(0);
        // The substitution fails and the line is thrown away, or a key is missing.
        prompt.enter(&[b"printf '%s\\0' ", &theirs[..], b" > arguments"].concat());
        prompt.terminal.write_all(b"\r").unwrap();
        prompt.quiet(Duration::from_millis(100));
        let got = std::fs::read(prompt.file()).unwrap_or_default();
        assert_ne!(got, expected, "{}", value.escape_ascii());
        let mut prompt = Prompt::open(dialect, "C.UTF-8");
        assert_eq!(prompt.paste(&paste(dialect, value).unwrap()), expected);
    }
}

#[test]
fn a_pasted_word_is_printable_ascii() {
    for dialect in Dialect::ALL {
        for value in nasty().into_iter().chain(random(2000)) {
            let pasted = paste(dialect, &value).expect("no value has a NUL byte");
            let is_key = |byte: &u8| {
                !(b' '..=b'~').contains(byte) && (dialect != Dialect::Sh || *byte != b'\n')
            };
            assert!(
                !pasted.iter().any(is_key),
                "{dialect}: {}",
                pasted.escape_ascii()
            );
            if value.iter().all(|byte| (b' '..=b'~').contains(byte)) {
                let scripted = word(dialect, &value).expect("no value has a NUL byte");
                assert_eq!(pasted, scripted, "a plain value has one form");
            }
        }
    }
}
