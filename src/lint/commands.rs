//! The words of shell text, well enough to recognise a command.

use std::borrow::Cow;
use std::ops::Range;

/// A command and where it stands.
#[derive(Debug, Default)]
pub(super) struct Command<'a> {
    /// Its words, redirections left out.
    pub(super) words: Vec<Word<'a>>,
    /// Whether its output goes into the command after it.
    pub(super) piped: bool,
}

/// A word of a command, without its quotes; a copy only where those stand inside of it.
#[derive(Debug)]
pub(super) struct Word<'a> {
    pub(super) text: Cow<'a, str>,
    pub(super) range: Range<usize>,
}

impl<'a> Command<'a> {
    /// The words from the program on: without assignments, `sudo`, `env -u X` and their like.
    pub(super) fn program(&self) -> &[Word<'a>] {
        let mut words = self.words.as_slice();
        loop {
            let mut options_with_value: &[&str] = &[];
            let Some((first, rest)) = words.split_first() else {
                return words;
            };
            match &*first.text {
                "sudo" => options_with_value = &["-u", "-g"],
                "env" => options_with_value = &["-u", "-C"],
                "command" | "exec" | "nohup" | "time" | "then" | "do" | "else" | "if" | "while"
                | "until" | "!" | "{" => {}
                text if is_assignment(text) => {}
                _ => return words,
            }
            words = rest;
            while let Some((option, rest)) = words.split_first()
                && option.text.starts_with('-')
            {
                let takes_value = options_with_value.contains(&&*option.text);
                words = rest.get(usize::from(takes_value)..).unwrap_or_default();
            }
        }
    }

    /// The program and its arguments as texts.
    pub(super) fn argv(&self) -> Vec<&str> {
        self.program().iter().map(|word| &*word.text).collect()
    }

    /// Where the program and its arguments stand.
    pub(super) fn range(&self) -> Range<usize> {
        let words = self.program();
        match (words.first(), words.last()) {
            (Some(first), Some(last)) => first.range.start..last.range.end,
            _ => 0..0,
        }
    }
}

/// Whether a word sets a variable.
pub(super) fn is_assignment(word: &str) -> bool {
    word.split_once('=').is_some_and(|(name, _)| {
        !name.is_empty()
            && !name.starts_with(|first: char| first.is_ascii_digit())
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    })
}

/// A text without what quotes: a word of a command that is read from the text stands in it in one
/// piece. To look there first is cheaper than to read the commands.
pub(super) fn bare(text: &str) -> Cow<'_, str> {
    let mut signs = memchr::memchr3_iter(b'\\', b'\'', b'"', text.as_bytes()).peekable();
    if signs.peek().is_none() {
        return Cow::Borrowed(text);
    }
    let mut bare = String::with_capacity(text.len());
    let mut from = 0;
    for at in signs {
        // The sign behind a backslash was passed over with it, if it was a line's end.
        bare.push_str(text.get(from..at).unwrap_or_default());
        let joins = text[at..].starts_with("\\\n");
        from = at + if joins { 2 } else { 1 };
    }
    bare.push_str(text.get(from..).unwrap_or_default());
    Cow::Owned(bare)
}

/// The commands of a text; those in `$( … )` and parentheses stand for themselves.
pub(super) fn commands(text: &str) -> Vec<Command<'_>> {
    let mut reader = Reader {
        whole: text,
        text: text.as_bytes(),
        at: 0,
        commands: Vec::new(),
        command: Command::default(),
        word: None,
        target: false,
        documents: Vec::new(),
    };
    while reader.step() {}
    reader.end_command(false);
    reader.commands
}

struct Reader<'a> {
    whole: &'a str,
    text: &'a [u8],
    at: usize,
    commands: Vec<Command<'a>>,
    command: Command<'a>,
    word: Option<Open>,
    /// Whether the next word is the target of a redirection.
    target: bool,
    /// The delimiters of here-documents that open on this line.
    documents: Vec<String>,
}

/// A word that is being read.
struct Open {
    start: usize,
    /// The bytes that it is, as long as they stand in one piece.
    piece: Range<usize>,
    /// The bytes that it is, once they don't.
    copy: Vec<u8>,
}

/// What begins something other than the next byte of a word.
const SIGNS: [bool; 256] = {
    let mut signs = [false; 256];
    let all = b"$\\'\"# \t\n<>|&;()`";
    let mut at = 0;
    while at < all.len() {
        signs[all[at] as usize] = true;
        at += 1;
    }
    signs
};

impl Reader<'_> {
    fn byte(&self, at: usize) -> u8 {
        self.text.get(at).copied().unwrap_or(0)
    }

    fn end_word(&mut self) {
        let Some(open) = self.word.take() else {
            return;
        };
        if std::mem::take(&mut self.target) {
            return;
        }
        let text = if open.copy.is_empty() {
            Cow::Borrowed(self.whole.get(open.piece).unwrap_or_default())
        } else {
            Cow::Owned(String::from_utf8_lossy(&open.copy).into_owned())
        };
        self.command.words.push(Word {
            text,
            range: open.start..self.at,
        });
    }

    fn end_command(&mut self, piped: bool) {
        self.end_word();
        self.target = false;
        self.command.piped = piped;
        let command = std::mem::take(&mut self.command);
        if !command.words.is_empty() {
            self.commands.push(command);
        }
    }

    fn push(&mut self, range: Range<usize>) {
        let start = self.at;
        let open = self.word.get_or_insert_with(|| Open {
            start,
            piece: range.start..range.start,
            copy: Vec::new(),
        });
        let range = range.start..range.end.min(self.text.len()).max(range.start);
        if range.is_empty() {
            return;
        }
        if open.copy.is_empty() && (open.piece.is_empty() || open.piece.end == range.start) {
            let from = if open.piece.is_empty() {
                range.start
            } else {
                open.piece.start
            };
            open.piece = from..range.end;
            return;
        }
        if open.copy.is_empty() {
            let piece = self.text.get(open.piece.clone());
            open.copy.extend(piece.unwrap_or_default());
        }
        open.copy.extend(self.text.get(range).unwrap_or_default());
    }

    /// Where the run of plain bytes ends that begins at an offset.
    fn plain(&self, from: usize) -> usize {
        let rest = self.text.get(from..).unwrap_or_default();
        let length = rest.iter().position(|byte| SIGNS[usize::from(*byte)]);
        length.map_or(self.text.len(), |length| from + length)
    }

    /// The first place of a byte from an offset on, else the end.
    fn find(&self, from: usize, wanted: &[u8]) -> usize {
        let rest = self.text.get(from..).unwrap_or_default();
        memchr::memmem::find(rest, wanted).map_or(self.text.len(), |at| from + at)
    }

    fn step(&mut self) -> bool {
        let at = self.at;
        let Some(&byte) = self.text.get(at) else {
            return false;
        };
        match byte {
            b'$' if self.text[at..].starts_with(b"${{") => {
                let end = (self.find(at, b"}}") + 2).min(self.text.len());
                self.push(at..end);
                self.at = end;
            }
            b'\\' => {
                if self.byte(at + 1) != b'\n' {
                    self.push(at + 1..at + 2);
                }
                self.at = (at + 2).min(self.text.len());
            }
            b'\'' => {
                let end = self.find(at + 1, b"'");
                self.push(at + 1..end);
                self.at = (end + 1).min(self.text.len());
            }
            b'"' => self.double(),
            b'#' if self.word.is_none() => self.at = self.find(at, b"\n"),
            b' ' | b'\t' => {
                self.end_word();
                self.at += 1;
            }
            b'\n' => {
                self.end_command(false);
                self.at += 1;
                self.skip_documents();
            }
            b'<' | b'>' => self.redirection(byte),
            b'|' => {
                self.end_command(self.byte(at + 1) != b'|');
                self.at += if matches!(self.byte(at + 1), b'|' | b'&') {
                    2
                } else {
                    1
                };
            }
            b'&' if self.byte(at + 1) == b'>' => self.at += 1,
            b';' | b'&' | b'(' | b')' | b'`' => {
                self.end_command(false);
                self.at += 1;
            }
            _ => {
                let end = self.plain(at + 1);
                self.push(at..end);
                self.at = end;
            }
        }
        true
    }

    fn double(&mut self) {
        let mut at = self.at + 1;
        let mut depth = 0_usize;
        self.push(at..at);
        while at < self.text.len() {
            match self.byte(at) {
                b'"' if depth == 0 => break,
                b'\\' => {
                    self.push(at + 1..at + 2);
                    at += 2;
                    continue;
                }
                b'$' if self.byte(at + 1) == b'(' => depth += 1,
                b')' => depth = depth.saturating_sub(1),
                _ => {}
            }
            let end = self.plain(at + 1);
            self.push(at..end);
            at = end;
        }
        self.at = (at + 1).min(self.text.len());
    }

    fn redirection(&mut self, byte: u8) {
        let at = self.at;
        if let Some(open) = &self.word
            && open.copy.iter().all(u8::is_ascii_digit)
            && (self.text.get(open.piece.clone()).unwrap_or_default().iter())
                .all(u8::is_ascii_digit)
        {
            self.word = None;
        }
        self.end_word();
        let is_document = byte == b'<' && self.byte(at + 1) == b'<' && self.byte(at + 2) != b'<';
        self.at += 1;
        while matches!(self.byte(self.at), b'<' | b'>' | b'&' | b'|') {
            self.at += 1;
        }
        if !is_document {
            self.target = self.byte(self.at) != b'(';
            return;
        }
        if self.byte(self.at) == b'-' {
            self.at += 1;
        }
        let rest = self.whole.get(self.at..).unwrap_or_default();
        let word = rest
            .trim_start_matches([' ', '\t'])
            .split(|c: char| c.is_whitespace() || ";&|<>()".contains(c))
            .next()
            .unwrap_or_default();
        self.documents.push(word.replace(['\'', '"', '\\'], ""));
        self.target = true;
    }

    fn skip_documents(&mut self) {
        for delimiter in std::mem::take(&mut self.documents) {
            while self.at < self.text.len() {
                let end = self.find(self.at, b"\n");
                let line = self.text.get(self.at..end).unwrap_or_default();
                self.at = (end + 1).min(self.text.len());
                if line.trim_ascii() == delimiter.as_bytes() {
                    break;
                }
            }
        }
    }
}
