//! Putting a value into a shell's text so that the shell reads back the same bytes.
//!
//! Two promises: a *script-safe* text is read back by a shell that reads a script; a *paste-safe*
//! one also by a prompt, where bytes are keys and `!` is a command of the history. What is
//! paste-safe is script-safe.
//!
//! A quoted word exists only by quoting. This room knows dialects and the contexts in which a
//! value can stand; it runs nothing, and refuses a place that it can't make safe. It does not
//! judge what a command makes of its arguments: a value that begins with `-` may be an option,
//! one in command position is a command, and `ssh` or `sh -c` read their arguments once more.

mod context;
mod here_document;
mod paste;
mod powershell;
mod render;
mod scan;
mod word;

#[cfg(test)]
mod tests;

use std::fmt;

pub use context::Context;
pub use paste::{paste, paste_all};
pub use powershell::{powershell, powershell_all};
pub use render::{Misplaced, Piece, check, contexts, render};
pub use word::{Unquotable, join, word};

/// A shell's language.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// POSIX `sh` (dash, busybox, …).
    Sh,
    /// GNU bash, 3.2 and later.
    Bash,
    /// zsh.
    Zsh,
    /// fish, 3.0 and later.
    Fish,
}

impl Dialect {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Sh, Self::Bash, Self::Zsh, Self::Fish];

    /// Its name, which is the program's too.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Sh => "sh",
            Self::Bash => "bash",
            Self::Zsh => "zsh",
            Self::Fish => "fish",
        }
    }

    /// The dialect of a name, as in `bash`.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|dialect| dialect.word() == name)
    }
}

impl fmt::Display for Dialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}
