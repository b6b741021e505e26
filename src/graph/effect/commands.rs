//! The commands of a shell text: enough of a shell's grammar to find the words of each.
//!
//! Not a shell: what it can't follow becomes a command that nobody knows, which counts as a
//! change.

use crate::language::HOLE;

/// A command: its words without quotes, and whether its output is written to a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Command {
    pub(super) words: Vec<String>,
    pub(super) writes: bool,
}

/// The commands of a text, those inside `$(…)` and backquotes included.
pub(super) fn split(text: &str) -> Vec<Command> {
    let mut splitter = Splitter {
        rest: text.chars().collect(),
        at: 0,
        found: Vec::new(),
        heres: Vec::new(),
    };
    splitter.commands(None);
    splitter.found
}

/// Text deeper than this inside `$(…)` is not looked at.
const DEEPEST: usize = 64;

struct Splitter {
    rest: Vec<char>,
    at: usize,
    found: Vec<Command>,
    /// Here-documents that begin at the next line: their last line, and whether tabs go.
    heres: Vec<(String, bool)>,
}

impl Splitter {
    fn peek(&self, ahead: usize) -> Option<char> {
        self.rest.get(self.at + ahead).copied()
    }

    fn next(&mut self) -> Option<char> {
        let character = self.peek(0)?;
        self.at += 1;
        Some(character)
    }

    /// Reads commands up to a closing sign, without recursion for nested ones: `closers` is the
    /// stack of what must come.
    fn commands(&mut self, closer: Option<char>) {
        let mut closers: Vec<(Option<char>, Command, Option<String>)> = Vec::new();
        let mut closer = closer;
        let mut command = Command::default();
        let mut word: Option<String> = None;
        while let Some(character) = self.next() {
            match character {
                '\\' => {
                    if let Some(next) = self.next()
                        && next != '\n'
                    {
                        word.get_or_insert_default().push(next);
                    }
                }
                '\'' => {
                    let word = word.get_or_insert_default();
                    while let Some(inner) = self.next().filter(|c| *c != '\'') {
                        word.push(inner);
                    }
                }
                '"' => self.double_quoted(word.get_or_insert_default()),
                '$' if self.peek(0) == Some('(') && self.peek(1) != Some('(') => {
                    self.at += 1;
                    if closers.len() < DEEPEST {
                        let open = std::mem::take(&mut command);
                        closers.push((closer.replace(')'), open, word.take()));
                    }
                }
                '`' if closer == Some('`') => {
                    self.end(&mut command, &mut word);
                    if let Some((before, open, part)) = closers.pop() {
                        closer = before;
                        command = open;
                        word = part;
                        word.get_or_insert_default().push(HOLE);
                    }
                }
                '`' => {
                    if closers.len() < DEEPEST {
                        let open = std::mem::take(&mut command);
                        closers.push((closer.replace('`'), open, word.take()));
                    }
                }
                ')' if closer == Some(')') => {
                    self.end(&mut command, &mut word);
                    if let Some((before, open, part)) = closers.pop() {
                        closer = before;
                        command = open;
                        word = part;
                        word.get_or_insert_default().push(HOLE);
                    }
                }
                '#' if word.is_none() => {
                    while self.peek(0).is_some_and(|c| c != '\n') {
                        self.at += 1;
                    }
                }
                '\n' => {
                    self.end(&mut command, &mut word);
                    self.here_documents();
                }
                '<' if self.peek(0) == Some('<') && self.peek(1) != Some('<') => {
                    self.at += 1;
                    Self::end_word(&mut command, &mut word);
                    self.here_word();
                }
                '<' => Self::end_word(&mut command, &mut word),
                '>' => {
                    // `2>` : the number is no word.
                    if word
                        .as_ref()
                        .is_some_and(|w| w.chars().all(|c| c.is_ascii_digit()))
                    {
                        word = None;
                    }
                    Self::end_word(&mut command, &mut word);
                    if self.redirection() {
                        command.writes = true;
                    }
                }
                ';' | '|' | '(' | ')' => self.end(&mut command, &mut word),
                '&' if self.peek(0) == Some('>') => {}
                '&' => self.end(&mut command, &mut word),
                blank if blank.is_whitespace() => Self::end_word(&mut command, &mut word),
                other => word.get_or_insert_default().push(other),
            }
        }
        self.end(&mut command, &mut word);
        while let Some((_, mut open, mut part)) = closers.pop() {
            self.end(&mut open, &mut part);
        }
    }

    /// Reads up to the closing `"`; commands inside are looked at as if they stood alone.
    fn double_quoted(&mut self, word: &mut String) {
        while let Some(character) = self.next() {
            match character {
                '"' => return,
                '\\' => {
                    if let Some(next) = self.next() {
                        word.push(next);
                    }
                }
                '$' if self.peek(0) == Some('(') && self.peek(1) != Some('(') => {
                    let start = self.at + 1;
                    self.skip_nested();
                    let end = self.at.saturating_sub(1).max(start);
                    let inner: String = self.rest[start..end.min(self.rest.len())].iter().collect();
                    word.push(HOLE);
                    self.found.extend(split_within(&inner));
                }
                '`' => {
                    let start = self.at;
                    while self.next().is_some_and(|c| c != '`') {}
                    let end = self.at.saturating_sub(1).max(start);
                    let inner: String = self.rest[start..end].iter().collect();
                    word.push(HOLE);
                    self.found.extend(split_within(&inner));
                }
                other => word.push(other),
            }
        }
    }

    /// Moves past the `)` that closes the `(` here.
    fn skip_nested(&mut self) {
        let mut depth = 0_usize;
        while let Some(character) = self.next() {
            match character {
                '(' => depth += 1,
                ')' => {
                    depth = depth.saturating_sub(1);
                    if depth == 0 {
                        return;
                    }
                }
                '\'' => while self.next().is_some_and(|c| c != '\'') {},
                '\\' => self.at += 1,
                _ => {}
            }
        }
    }

    fn end_word(command: &mut Command, word: &mut Option<String>) {
        command.words.extend(word.take());
    }

    fn end(&mut self, command: &mut Command, word: &mut Option<String>) {
        Self::end_word(command, word);
        let command = std::mem::take(command);
        if !command.words.is_empty() || command.writes {
            self.found.push(command);
        }
    }

    /// Reads where output goes; whether that is a file that is kept.
    fn redirection(&mut self) -> bool {
        while matches!(self.peek(0), Some('>' | '|')) {
            self.at += 1;
        }
        if self.peek(0) == Some('&') {
            self.at += 1;
        }
        let target = self.plain_word();
        !(target.is_empty()
            || target.starts_with("/dev/")
            || target == "-"
            || target.chars().all(|c| c.is_ascii_digit()))
    }

    fn here_word(&mut self) {
        let tabs = self.peek(0) == Some('-');
        if tabs {
            self.at += 1;
        }
        let word = self.plain_word();
        if !word.is_empty() {
            self.heres.push((word, tabs));
        }
    }

    /// The next word of the line without its quotes.
    fn plain_word(&mut self) -> String {
        while matches!(self.peek(0), Some(' ' | '\t')) {
            self.at += 1;
        }
        let mut word = String::new();
        while let Some(character) = self.peek(0) {
            match character {
                '\'' | '"' | '\\' => {}
                c if c.is_whitespace() || ";|&()<>".contains(c) => break,
                other => word.push(other),
            }
            self.at += 1;
        }
        word
    }

    /// Moves past the here-documents that begin on this line.
    fn here_documents(&mut self) {
        for (last, tabs) in std::mem::take(&mut self.heres) {
            while self.at < self.rest.len() {
                let mut line = String::new();
                while let Some(character) = self.next().filter(|c| *c != '\n') {
                    line.push(character);
                }
                let line = if tabs {
                    line.trim_start_matches('\t')
                } else {
                    &line
                };
                if line.trim_end_matches('\r') == last {
                    break;
                }
            }
        }
    }
}

/// The commands of a text inside quotes; one that nests further is taken as it stands.
fn split_within(text: &str) -> Vec<Command> {
    if text.contains('`') || (text.contains('"') && text.contains("$(")) {
        return vec![Command {
            words: vec![HOLE.to_string()],
            writes: false,
        }];
    }
    split(text)
}
