//! The scanner at the bytes that separate words and commands.

use super::commands::{CasePart, Commands, Parenthesis, Verb};
use super::posix::{Frame, Kind, Scanner};
use crate::quote::{Context, Dialect};

impl Scanner<'_> {
    fn commands(&mut self) -> Option<&mut Commands> {
        match self.frames.last_mut() {
            Some(Frame {
                kind: Kind::Commands(commands),
                ..
            }) => Some(commands),
            _ => None,
        }
    }

    /// One byte, or one operator, of a list of commands; `false` when the scan is over.
    pub(super) fn command_byte(&mut self, byte: u8) -> bool {
        let at = self.at;
        let next = self.byte(at + 1);
        let (dialect, masked) = (self.dialect, self.masked);
        let Some(commands) = self.commands() else {
            return false;
        };
        let in_pattern = commands.parentheses.last() == Some(&Parenthesis::Pattern);
        match byte {
            b'\\' if next == b'\n' => self.at += 2,
            b'\\' => {
                self.spoil_word();
                self.backslash();
            }
            b'\'' => return self.word_literal(1, false, &Context::Single),
            b'"' => {
                self.spoil_word();
                self.open(1, Kind::Double);
            }
            b'`' => {
                self.spoil_word();
                return self.backquote();
            }
            b'$' if next == b'\'' => {
                return self.word_literal(2, true, &Context::Dollar);
            }
            b'$' => {
                self.spoil_word();
                self.dollar(false);
            }
            b')' => return self.close_parenthesis(),
            b'(' => {
                let text = &masked.text;
                if !in_pattern {
                    if commands.is_doubtful_parenthesis(dialect, text, at, next) {
                        return self.doubt(at);
                    }
                    if commands.ends_at_parenthesis(text, at) {
                        self.end_word();
                    }
                }
                self.open_parenthesis();
            }
            _ if in_pattern => self.at += 1,
            b' ' | b'\t' => {
                if commands.is_blank_in_subscript(&masked.text, at) {
                    return self.doubt(at);
                }
                self.end_word();
                self.at += 1;
            }
            b'\n' => return self.newline(),
            b'#' if commands.word.is_none() => {
                let end = self.masked.find(at..self.limit(), b"\n");
                for atom in self.masked.atoms_in(at..end) {
                    self.put(atom, Context::Comment);
                }
                self.at = end;
            }
            b';' => self.semicolon(),
            b'&' | b'|' => self.join(byte),
            b'<' | b'>' => return self.redirection(byte),
            _ => {
                commands.begin_word(at);
                self.at = self.end_of_plain(at + 1);
            }
        }
        true
    }

    /// Where bytes end that mean nothing but themselves inside a word.
    fn end_of_plain(&self, start: usize) -> usize {
        let rest = self.masked.text.get(start..self.limit());
        let length = rest.and_then(|rest| {
            rest.iter().position(|byte| {
                !(byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'/'))
            })
        });
        length.map_or(self.limit().max(start), |length| start + length)
    }

    /// Marks the word at this place as not plain, opening one if none is open.
    fn spoil_word(&mut self) {
        let at = self.at;
        if let Some(commands) = self.commands() {
            commands.begin_word(at).plain = false;
        }
    }

    /// `'…'` or `$'…'` as a part of a word.
    fn word_literal(&mut self, opening: usize, escapes: bool, context: &Context) -> bool {
        self.spoil_word();
        let start = self.at;
        let (dialect, text) = (self.dialect, &self.masked.text);
        let first = self.masked.atoms_in(start..usize::MAX).start;
        let first = self
            .masked
            .atoms
            .get(first)
            .map_or(start, |atom| atom.start);
        let refusal = match self.frames.last() {
            Some(Frame {
                kind: Kind::Commands(commands),
                ..
            }) => commands.refusal(dialect, text, first),
            _ => None,
        };
        if !self.literal(opening, escapes, refusal.as_ref().unwrap_or(context)) {
            return false;
        }
        for atom in self.masked.atoms_in(start..self.at) {
            self.note_operand(atom);
        }
        true
    }

    pub(super) fn end_word(&mut self) {
        let at = self.at;
        let text = &self.masked.text;
        let (dialect, names) = (self.dialect, &mut self.names);
        let Some(Frame {
            kind: Kind::Commands(commands),
            ..
        }) = self.frames.last_mut()
        else {
            return;
        };
        let numbers = commands.end_word(dialect, text, at, names);
        if commands.lost {
            self.doubt(at);
        }
        for atom in numbers {
            self.put(atom, Context::Arithmetic);
        }
    }

    fn newline(&mut self) -> bool {
        self.end_word();
        self.at += 1;
        let start = self.at;
        // Shells differ on where the lines of a here-document stand that opens before `$(`.
        let own = self.commands().map_or(0, |commands| commands.pending.len());
        if self.unread > own {
            return self.lose_unread();
        }
        let Some(commands) = self.commands() else {
            return false;
        };
        let array = commands.parentheses.last() == Some(&Parenthesis::Array);
        if !array && commands.test.is_none() {
            commands.next_command();
        }
        commands.pending_from = None;
        let pending = std::mem::take(&mut commands.pending);
        pending.is_empty() || self.read_documents(&pending, start)
    }

    fn lose_unread(&mut self) -> bool {
        let opened = self.frames.iter().find_map(|frame| match &frame.kind {
            Kind::Commands(commands) => commands.unread_document(),
            _ => None,
        });
        self.lose(opened.unwrap_or(0))
    }

    fn semicolon(&mut self) {
        self.end_word();
        let (next, after) = (self.byte(self.at + 1), self.byte(self.at + 2));
        let zsh = self.dialect == Dialect::Zsh;
        let length = match (next, after) {
            (b';', b'&') => 3,
            (b';' | b'&', _) => 2,
            (b'|', _) if zsh => 2,
            _ => 1,
        };
        self.at += length;
        if let Some(commands) = self.commands() {
            commands.next_command();
            let depth = commands.parentheses.len();
            if let Some(case) = commands.cases.last_mut()
                && length > 1
                && case.depth == depth
            {
                case.part = CasePart::FirstPattern;
            }
        }
    }

    fn join(&mut self, byte: u8) {
        self.end_word();
        let next = self.byte(self.at + 1);
        if byte == b'&' && next == b'>' {
            self.at += if self.byte(self.at + 2) == b'>' { 3 } else { 2 };
            if self.dialect == Dialect::Zsh && matches!(self.byte(self.at), b'|' | b'!') {
                self.at += 1;
            }
            if let Some(commands) = self.commands() {
                commands.redirects = true;
                commands.duplicates = false;
                commands.streams = false;
            }
            return;
        }
        self.at += if next == byte || (byte == b'|' && next == b'&') {
            2
        } else {
            1
        };
        if let Some(commands) = self.commands() {
            commands.next_command();
        }
    }

    fn redirection(&mut self, byte: u8) -> bool {
        let at = self.at;
        let masked = self.masked;
        let names = &mut self.names;
        let Some(Frame {
            kind: Kind::Commands(commands),
            ..
        }) = self.frames.last_mut()
        else {
            return false;
        };
        // Digits glued to the operator are a file descriptor and no word, as is `{name}`.
        if let Some(word) = &commands.word
            && word.plain
            && let whole = &masked.text[word.start..at]
        {
            let named = whole
                .strip_prefix(b"{")
                .and_then(|rest| rest.strip_suffix(b"}"));
            if let Some(name) = named {
                names.calculate(name);
            }
            if named.is_some() || whole.iter().all(u8::is_ascii_digit) {
                commands.word = None;
            }
        }
        let next = self.byte(at + 1);
        if next == b'(' {
            self.spoil_word();
            self.open(2, Kind::Commands(Box::new(Commands::new(true))));
            return true;
        }
        self.end_word();
        if byte == b'<' && next == b'<' && self.byte(at + 2) != b'<' {
            return self.open_document();
        }
        self.at += 1;
        while matches!(self.byte(self.at), b'<' | b'>' | b'&' | b'|' | b'!') {
            self.at += 1;
        }
        let duplicates = next == b'&' && self.dialect != Dialect::Zsh;
        let streams = masked.text.get(at..self.at) == Some(b"<<<");
        if let Some(commands) = self.commands() {
            commands.redirects = true;
            commands.duplicates = duplicates;
            commands.streams = streams;
        }
        true
    }

    /// Takes a here-document up, to be read after this line.
    pub(super) fn await_document(&mut self, index: usize, start: usize) {
        if let Some(commands) = self.commands() {
            commands.pending.push(index);
            commands.pending_from.get_or_insert(start);
            self.unread += 1;
        }
    }

    fn open_parenthesis(&mut self) {
        let at = self.at;
        let dialect = self.dialect;
        let zsh = dialect == Dialect::Zsh;
        let bash = dialect == Dialect::Bash;
        let is_subshell = self.is_subshell(at);
        let (limit, masked) = (self.limit(), self.masked);
        let doubled = self.byte(at + 1) == b'(';
        let next = (at + 1..limit).find(|next| !matches!(masked.byte(*next), b' ' | b'\t'));
        let empty = next.filter(|next| masked.byte(*next) == b')');
        let names = &mut self.names;
        let Some(Frame {
            kind: Kind::Commands(commands),
            ..
        }) = self.frames.last_mut()
        else {
            return;
        };
        let whole = commands
            .word
            .as_ref()
            .and_then(|word| masked.text.get(word.start..at));
        let names_function = commands.names_function();
        let assigns_array = commands.assigns_array(dialect, &masked.text);
        let in_case = commands
            .cases
            .last_mut()
            .filter(|case| case.part != CasePart::Body);
        match whole {
            Some(b"=") if zsh => {
                self.spoil_word();
                self.open(1, Kind::Commands(Box::new(Commands::new(true))));
            }
            Some([.., b'=']) if in_case.is_none() && assigns_array && commands.test.is_none() => {
                commands.open_array(&masked.text, names);
                self.at += 1;
            }
            Some(_) if empty.is_some() && in_case.is_none() && names_function => {
                commands.word = None;
                commands.next_command();
                self.at = empty.map_or(at + 1, |close| close + 1);
            }
            // Functions with several names: what stands behind them may be a command.
            Some(_) if empty.is_some() && in_case.is_none() && zsh && commands.test.is_none() => {
                self.doubt(at);
            }
            Some(_) => {
                commands.open_pattern(at);
                self.at += 1;
            }
            None if in_case.is_some() && empty.is_some() => {
                self.doubt(0);
            }
            None if in_case.is_some() => {
                if let Some(case) = in_case.filter(|case| case.part == CasePart::FirstPattern) {
                    case.part = CasePart::Pattern;
                    case.opened = true;
                } else {
                    commands.open_pattern(at);
                }
                self.at += 1;
            }
            None if commands.expects_regex() && bash => {
                commands.open_pattern(at);
                self.at += 1;
            }
            None if commands.test.is_some() => {
                commands.next_command();
                commands.parentheses.push(Parenthesis::Group);
                self.at += 1;
            }
            None if doubled && !is_subshell && (commands.expects || commands.verb == Verb::For) => {
                commands.next_command();
                self.open(
                    2,
                    Kind::Arithmetic {
                        depth: 0,
                        command: true,
                    },
                );
            }
            None if commands.expects => {
                commands.next_command();
                if is_subshell {
                    commands.parentheses.push(Parenthesis::Ambiguous);
                    self.ambiguous += 1;
                } else {
                    commands.parentheses.push(Parenthesis::Subshell);
                }
                self.at += 1;
            }
            None if empty.is_some() => {
                // `name () …`
                commands.next_command();
                self.at = empty.map_or(at + 1, |close| close + 1);
            }
            None if zsh && commands.verb == Verb::For => {
                commands.parentheses.push(Parenthesis::Words);
                self.at += 1;
            }
            None if zsh => {
                commands.open_pattern(at);
                self.at += 1;
            }
            None => {
                commands.next_command();
                commands.parentheses.push(Parenthesis::Subshell);
                self.at += 1;
            }
        }
    }

    fn close_parenthesis(&mut self) -> bool {
        if let Some(commands) = self.commands()
            && commands.parentheses.last() == Some(&Parenthesis::Pattern)
        {
            commands.parentheses.pop();
            self.at += 1;
            return true;
        }
        self.end_word();
        self.at += 1;
        let Some(commands) = self.commands() else {
            return false;
        };
        let depth = commands.parentheses.len();
        let in_pattern = commands.cases.last().is_some_and(|case| {
            case.depth == depth && matches!(case.part, CasePart::FirstPattern | CasePart::Pattern)
        });
        if in_pattern {
            let mut empty = false;
            let opened = commands.cases.last_mut().is_some_and(|case| {
                empty = case.part == CasePart::FirstPattern;
                case.part = CasePart::Body;
                std::mem::take(&mut case.opened)
            });
            commands.next_command();
            // No shell has a pattern of nothing there; what bash makes of it is not what it seems.
            if empty {
                return self.doubt(0);
            }
            // zsh may take the parentheses for a part of the pattern.
            let glued = !matches!(self.byte(self.at), b' ' | b'\t' | b'\n');
            let rest = self.masked.text.get(self.at..).unwrap_or_default();
            let next = rest.iter().find(|byte| !b" \t".contains(byte));
            if self.dialect == Dialect::Zsh
                && opened
                && (glued || matches!(next, Some(b'|' | b')')))
            {
                return self.doubt(self.at);
            }
            return true;
        }
        match commands.parentheses.pop() {
            Some(Parenthesis::Array | Parenthesis::Pattern) => {}
            Some(Parenthesis::Subshell | Parenthesis::Group | Parenthesis::Words) => {
                commands.next_command();
            }
            Some(Parenthesis::Ambiguous) => {
                commands.next_command();
                self.ambiguous = self.ambiguous.saturating_sub(1);
            }
            None if commands.substitution => {
                // Its lines would stand outside the parentheses, or nowhere.
                if let Some(start) = commands.unread_document() {
                    return self.lose(start);
                }
                if commands.ambiguous {
                    self.ambiguous = self.ambiguous.saturating_sub(1);
                }
                self.frames.pop();
            }
            // A shell would not read on there, so this is not what it reads.
            None => return self.doubt(0),
        }
        true
    }
}
