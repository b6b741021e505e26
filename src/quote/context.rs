//! Where in a shell's text a value stands, and why some places are refused.

use super::Dialect;

/// Where in a shell's text a value stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Context {
    /// Among the words of a command, or glued to one: `--set x=${{ v }}`.
    Bare,
    /// Inside `"…"`.
    Double,
    /// Inside `'…'`.
    Single,
    /// Inside `$'…'`.
    Dollar,
    /// In the lines of a here-document.
    HereDocument {
        /// The line that ends it.
        delimiter: String,
        /// Whether `<<-` takes leading tabs away.
        strip_tabs: bool,
        /// Whether the delimiter is quoted, which makes the lines literal.
        quoted: bool,
    },
    /// Refused: `$(( … ))`, `(( … ))`, `$[ … ]`, `let`, `declare -i`, a number in `[[ … ]]`.
    Arithmetic,
    /// Refused: after `#`.
    Comment,
    /// Refused: inside a `((` that is two parentheses and no arithmetic.
    Ambiguous,
    /// Refused: inside backquotes.
    Backquote,
    /// Refused: inside `${ … }`.
    ParameterExpansion,
    /// Refused: inside `name[ … ]`.
    Subscript,
    /// Refused: where the name of a variable is taken: `read`, `unset`, `declare`, `[ -v`.
    VariableName,
    /// Refused: where a builtin may take an option that names a variable: `printf ${{ v }}`.
    Option,
    /// Refused: an argument of `eval`.
    Evaluated,
    /// Refused: an argument of `trap` or `alias`, or what is assigned to `PS4`.
    ReadAgain,
    /// Refused: after `>&` and `<&`, which bash expands twice.
    Descriptor,
    /// Refused: in the parentheses of a file name pattern of zsh.
    GlobQualifier,
    /// Refused: right of zsh's `=~`, where quotes don't make a pattern literal.
    Regex,
    /// Refused: a pattern of fish's `case`, where quotes don't make a wildcard literal.
    CasePattern,
    /// Refused: right after a backslash.
    AfterBackslash,
    /// Refused: right after a `$` that names nothing.
    AfterDollar,
    /// Refused: right after a `~`, which zsh and fish expand with it.
    AfterTilde,
    /// Refused: after something that shells read in more than one way.
    Doubtful,
    /// Refused: the delimiter of a here-document.
    Delimiter,
    /// Refused: after something that opens and never closes.
    Unclosed,
    /// Refused: the range is no part of the text.
    Outside,
}

impl Context {
    /// Why a value can't stand there, and what to do instead; `None` where it can.
    #[must_use]
    pub fn refusal(&self, dialect: Dialect) -> Option<(String, String)> {
        let assign = match dialect {
            Dialect::Fish => "assign it to a variable first: `set x ${{ … }}`, then use `$x`",
            _ => "assign it to a variable first: `x=${{ … }}`, then use `$x`",
        };
        let number = "compute in a script cell, or, if it can only be a number, write `raw(…)`";
        let (reason, help) = match self {
            Self::Bare | Self::Double | Self::Single | Self::HereDocument { .. } => return None,
            Self::Dollar if dialect != Dialect::Sh => return None,
            Self::Dollar => (
                "some `sh` don't know `$'…'`, so a value inside it can't be quoted",
                "use `'…'` or `\"…\"`",
            ),
            Self::Arithmetic => (
                "a value in arithmetic is evaluated, which can run commands",
                number,
            ),
            Self::Ambiguous => (
                "shells misread values inside a `((` that is no arithmetic",
                "put a blank between the parentheses: `( (`",
            ),
            Self::Comment => (
                "a value in a comment can end the comment",
                "move it out of the comment, or write `raw(…)`",
            ),
            Self::Backquote => (
                "a value inside backquotes can't be quoted",
                "write `$(…)` instead of the backquotes",
            ),
            Self::ParameterExpansion => ("a value inside `${…}` can't be quoted", assign),
            Self::Subscript => (
                "a value in a subscript is evaluated, which can run commands",
                number,
            ),
            Self::VariableName => (
                "the name of a variable is evaluated, which can run commands",
                "write the name out, or, if it can only be a name, `raw(…)`",
            ),
            Self::Option => (
                "a value may be an option here that takes the name of a variable, which can run commands",
                "write what comes before it, `--` or `printf '%s' ${{ … }}`",
            ),
            Self::Evaluated => (
                "`eval` reads its arguments once more, so a value there can't be quoted",
                "run the command without `eval`",
            ),
            Self::ReadAgain => (
                "the shell reads this once more as a command, so a value here can't be quoted",
                match dialect {
                    Dialect::Fish => {
                        "`set x ${{ … }}` before, and write `\"$x\"` in single quotes here"
                    }
                    _ => "assign `x=${{ … }}` before, and write `\"$x\"` in single quotes here",
                },
            ),
            Self::Descriptor => (
                "bash expands what stands behind `>&` twice, which can run commands",
                "write `> ${{ … }} 2>&1` for a file, or, if it can only be a number, `raw(…)`",
            ),
            Self::GlobQualifier => (
                "zsh reads a value in these parentheses as qualifiers, which can run commands",
                "write it outside of the parentheses",
            ),
            Self::Regex => (
                "zsh reads a quoted value right of `=~` as a pattern",
                "compare with `==`, or, if it is meant as a pattern, write `raw(…)`",
            ),
            Self::CasePattern => (
                "fish reads wildcards in a pattern of `case` even if they are quoted",
                "compare with `test $x = ${{ … }}`",
            ),
            Self::AfterBackslash => (
                "the backslash before this value would undo its quoting",
                "remove the backslash, or double it",
            ),
            Self::AfterDollar => (
                "the `$` before this value would change what it means",
                "write `\\$` for a dollar sign",
            ),
            Self::AfterTilde => (
                "the `~` before this value would make a user's name of it",
                "write `\\~` for a tilde, `$HOME/` for the home directory",
            ),
            Self::Doubtful => (
                "what stands around this value is read in more than one way",
                match dialect {
                    Dialect::Fish => {
                        "`set x ${{ … }}` in the first line, or give `x` in the front matter's `env`, and write `\"$x\"` here"
                    }
                    _ => {
                        "assign `x=${{ … }}` in the first line, or give `x` in the front matter's `env`, and write `\"$x\"` here"
                    }
                },
            ),
            Self::Delimiter => (
                "the delimiter of a here-document must be known before the run",
                "write it out; the lines of the document can hold values",
            ),
            Self::Unclosed => (
                "what opens before this value is never closed, so its place is unknown",
                "close the quote, bracket or here-document before it",
            ),
            Self::Outside => (
                "this range is no part of the text, or overlaps another",
                "give ranges of the text in ascending order",
            ),
        };
        Some((reason.to_owned(), help.to_owned()))
    }
}
