//! What the shells' builtins make of their arguments.
//!
//! A program gets its arguments as they are. A builtin may read one once more: as shell text, as a
//! number, or as the name of a variable, whose subscript can run commands (bash's manual, "Shell
//! Arithmetic" and "Arrays"; zshmisc, "Arithmetic Evaluation"; zshbuiltins). Each builtin of bash
//! 5.2, zsh 5.9, dash and fish 3.6 was tried.

use crate::quote::{Context, Dialect};

/// How a word is read once more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reading {
    /// By `eval`.
    Command,
    /// As shell text, at once or later.
    Text,
    Number,
    Name,
}

impl Reading {
    pub(super) const fn refusal(self) -> Context {
        match self {
            Self::Command => Context::Evaluated,
            Self::Text => Context::ReadAgain,
            Self::Number => Context::Arithmetic,
            Self::Name => Context::VariableName,
        }
    }
}

/// What a command makes of its arguments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rule {
    /// They are words, and no more.
    Words,
    /// Each is read once more.
    Reads(Reading),
    /// What stands behind one of these options is, which may have other letters before it.
    Options(&'static [(u8, Reading)]),
    /// `test` and `[`: what stands behind one of these options is, and a value may be the option.
    Tests(&'static [(u8, Reading)]),
    /// `name=value`; whether the value is a number, and whether the variable is a new one.
    Declares { numeric: bool, local: bool },
    /// `read`: names, and a prompt.
    Prompts,
    /// `mapfile`: what is read as text, and a name.
    Maps,
    /// `printf`: options, a format, and what it formats.
    Formats,
    /// zsh's `print`.
    Prints,
    /// zsh's `set`.
    Sets,
}

/// The rule of a command's name.
pub(super) fn rule(dialect: Dialect, name: &[u8]) -> Rule {
    use Reading::{Command, Name, Number, Text};
    match (dialect, name) {
        (_, b"eval") => Rule::Reads(Command),
        (Dialect::Fish, b"alias" | b"argparse" | b"complete" | b"trap") => Rule::Reads(Text),
        (Dialect::Fish, _) => Rule::Words,
        (_, b"trap" | b"alias" | b"fc" | b"history") => Rule::Reads(Text),
        (_, b"let") => Rule::Reads(Number),
        (_, b"getopts" | b"unset") => Rule::Reads(Name),
        (_, b"declare" | b"typeset" | b"local" | b"private") => Rule::Declares {
            numeric: false,
            local: true,
        },
        (_, b"export" | b"readonly") => Rule::Declares {
            numeric: false,
            local: false,
        },
        (_, b"read") => Rule::Prompts,
        (_, b"printf") => Rule::Formats,
        (Dialect::Zsh, b"test" | b"[") => Rule::Tests(&[(b'v', Name), (b't', Number)]),
        (Dialect::Zsh, b"integer" | b"float") => Rule::Declares {
            numeric: true,
            local: true,
        },
        (Dialect::Zsh, b"print") => Rule::Prints,
        (Dialect::Zsh, b"set") => Rule::Sets,
        (Dialect::Zsh, b"emulate" | b"sched" | b"zpty" | b"zstyle") => Rule::Reads(Text),
        (
            Dialect::Zsh,
            b"break" | b"bye" | b"continue" | b"exit" | b"logout" | b"return" | b"shift"
            | b"sysseek" | b"zsystem",
        ) => Rule::Reads(Number),
        (
            Dialect::Zsh,
            b"getln" | b"sysread" | b"vared" | b"zformat" | b"zparseopts" | b"zregexparse",
        ) => Rule::Reads(Name),
        (Dialect::Zsh, b"stat" | b"zstat") => Rule::Options(&[(b'A', Name), (b'H', Name)]),
        (Dialect::Zsh, b"strftime") => Rule::Options(&[(b's', Name)]),
        (Dialect::Zsh, b"syserror") => Rule::Options(&[(b'e', Name)]),
        (Dialect::Zsh, b"syswrite") => Rule::Options(&[(b'c', Name)]),
        (Dialect::Zsh, b"sysopen") => Rule::Options(&[(b'u', Name)]),
        (Dialect::Zsh, _) => Rule::Words,
        // What is known of bash holds for `sh`, which may be it.
        (_, b"test" | b"[") => Rule::Tests(&[(b'v', Name), (b'R', Name)]),
        (_, b"wait") => Rule::Options(&[(b'p', Name)]),
        (_, b"bind" | b"compgen" | b"complete" | b"compopt" | b"jobs") => Rule::Reads(Text),
        (_, b"mapfile" | b"readarray") => Rule::Maps,
        _ => Rule::Words,
    }
}

/// How the value of a variable is read that the shell gives a meaning to.
pub(super) fn variable(dialect: Dialect, name: &[u8]) -> Option<Reading> {
    match (dialect, name) {
        (Dialect::Fish, _) => None,
        (_, b"PS0" | b"PS1" | b"PS2" | b"PS3" | b"PS4") => Some(Reading::Text),
        (_, b"OPTIND" | b"RANDOM") => Some(Reading::Number),
        (
            Dialect::Zsh,
            b"NULLCMD" | b"PROMPT4" | b"READNULLCMD" | b"STTY" | b"aliases" | b"dis_aliases"
            | b"dis_functions" | b"dis_galiases" | b"dis_saliases" | b"functions" | b"galiases"
            | b"saliases",
        ) => Some(Reading::Text),
        (
            Dialect::Zsh,
            b"BAUD"
            | b"COLUMNS"
            | b"DIRSTACKSIZE"
            | b"LOGCHECK"
            | b"PERIOD"
            | b"REPORTMEMORY"
            | b"REPORTTIME"
            | b"TMOUT"
            | b"ZLE_RPROMPT_INDENT"
            | b"EGID"
            | b"ERRNO"
            | b"EUID"
            | b"FUNCNEST"
            | b"GID"
            | b"HISTSIZE"
            | b"KEYTIMEOUT"
            | b"LINES"
            | b"LISTMAX"
            | b"MAILCHECK"
            | b"SAVEHIST"
            | b"SECONDS"
            | b"SHLVL"
            | b"TRY_BLOCK_ERROR"
            | b"TRY_BLOCK_INTERRUPT"
            | b"UID",
        ) => Some(Reading::Number),
        (Dialect::Zsh, _) => None,
        (_, b"BASH_ALIASES" | b"BASH_ENV" | b"PROMPT_COMMAND") => Some(Reading::Text),
        (_, b"HISTCMD" | b"SRANDOM") => Some(Reading::Number),
        _ => None,
    }
}

/// Whether a format of zsh's `printf` has a conversion that reads a number.
pub(super) fn formats_number(format: &[u8]) -> bool {
    let mut rest = format;
    while let Some(at) = rest.iter().position(|byte| *byte == b'%') {
        let behind = rest.get(at + 1..).unwrap_or_default();
        let flag = |byte: &u8| byte.is_ascii_digit() || b"-+ #.$".contains(byte);
        let flags = behind.iter().take_while(|byte| flag(byte)).count();
        match behind.get(flags) {
            None | Some(b'%' | b'b' | b'c' | b'q' | b's') => {}
            Some(_) => return true,
        }
        rest = behind.get(flags + 1..).unwrap_or_default();
    }
    false
}
