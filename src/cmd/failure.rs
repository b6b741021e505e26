//! Why a command did not do what it should, and the exit status for it.

use std::error::Error;
use std::fmt::Write as _;
use std::io;

use runbook::visible;

/// The kinds of failure, each with its exit status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// What should be written can't be.
    Output,
    /// The page or the command line is wrong.
    Wrong,
    /// A guard or the operator says no.
    Refused,
    /// The journal can't be kept or does not verify.
    Journal,
    /// We are wrong.
    Bug,
    /// A signal ended it.
    Signal(u8),
    /// Nobody reads what we write any more, which is no failure.
    BrokenPipe,
}

impl Kind {
    /// The exit status.
    pub(crate) const fn exit(self) -> u8 {
        match self {
            Self::BrokenPipe => 0,
            Self::Output => 1,
            Self::Wrong => 2,
            Self::Refused => 3,
            Self::Journal => 4,
            Self::Bug => 5,
            Self::Signal(number) => 128_u8.saturating_add(number),
        }
    }
}

/// A command that did not do what it should.
#[derive(Debug)]
pub(crate) struct Failure {
    kind: Kind,
    /// One line each; empty where all has been said already.
    messages: Vec<String>,
    causes: Vec<String>,
    help: Vec<String>,
}

impl Failure {
    /// Makes a failure of a kind.
    pub(crate) fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self {
            kind,
            messages: vec![message.into()],
            causes: Vec::new(),
            help: Vec::new(),
        }
    }

    /// Something in the page or the command line is wrong.
    pub(crate) fn wrong(message: impl Into<String>) -> Self {
        Self::new(Kind::Wrong, message)
    }

    /// Something forbids it.
    pub(crate) fn refused(message: impl Into<String>) -> Self {
        Self::new(Kind::Refused, message)
    }

    /// The journal is at fault.
    pub(crate) fn journal(message: impl Into<String>) -> Self {
        Self::new(Kind::Journal, message)
    }

    /// Several things at once.
    pub(crate) fn many(kind: Kind, messages: Vec<String>) -> Self {
        Self {
            kind,
            messages,
            causes: Vec::new(),
            help: Vec::new(),
        }
    }

    /// All has been said already.
    pub(crate) fn said(kind: Kind) -> Self {
        Self::many(kind, Vec::new())
    }

    /// Adds an error and what caused it.
    pub(crate) fn because(mut self, error: &dyn Error) -> Self {
        let mut next = Some(error);
        while let Some(cause) = next {
            self.causes.push(cause.to_string());
            next = cause.source();
        }
        self
    }

    /// Adds causes of the same rank.
    pub(crate) fn causes(mut self, causes: Vec<String>) -> Self {
        self.causes.extend(causes);
        self
    }

    /// Says the next action.
    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help.push(help.into());
        self
    }

    /// Says the next action where there is one to say.
    pub(crate) fn maybe_help(self, help: Option<String>) -> Self {
        match help {
            Some(help) => self.help(help),
            None => self,
        }
    }

    /// The exit status.
    pub(crate) const fn exit(&self) -> u8 {
        self.kind.exit()
    }

    /// What happened, in one line.
    pub(crate) fn message(&self) -> String {
        let parts: Vec<&str> = self
            .messages
            .iter()
            .chain(&self.causes)
            .map(String::as_str)
            .collect();
        parts.join(": ")
    }

    /// The failure as lines for standard error; empty where there is nothing to say.
    pub(crate) fn show(&self, color: bool) -> String {
        let (red, cyan, plain) = if color {
            ("\x1b[1;31m", "\x1b[1;36m", "\x1b[0m")
        } else {
            ("", "", "")
        };
        let mut text = String::new();
        // Messages name files, arguments and steps, whose texts are not ours.
        let one_line = |text: &String| visible::text(text).replace('\n', " ");
        for message in self.messages.iter().map(one_line) {
            let _ = writeln!(text, "{red}error{plain}: {message}");
        }
        for cause in self.causes.iter().map(|text| visible::text(text)) {
            let _ = writeln!(text, "  caused by: {cause}");
        }
        for help in self.help.iter().map(one_line) {
            let _ = writeln!(text, "{cyan}help{plain}: {help}");
        }
        text
    }
}

impl From<io::Error> for Failure {
    /// A failed write to standard output or standard error.
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            Self::said(Kind::BrokenPipe)
        } else {
            Self::new(Kind::Output, "standard output can't be written").because(&error)
        }
    }
}
