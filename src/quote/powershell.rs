//! Words of PowerShell, which runs no cells here but at whose prompt values are pasted.
//!
//! By the rules of `about_Quoting_Rules` and `about_Special_Characters`
//! (<https://learn.microsoft.com/powershell/module/microsoft.powershell.core/about/about_quoting_rules>)
//! in both Windows PowerShell 5.1 and PowerShell 7. A word is an argument of a command; versions
//! before 7.3 hand quotation marks in it wrongly to programs that are no cmdlets, which no
//! quoting of ours can mend.

use std::fmt::Write as _;

use super::Unquotable;

/// Gives a text as one word, in scripts and at a prompt.
///
/// ```
/// use runbook::quote::powershell;
/// assert_eq!(powershell("it's $x").unwrap(), "'it''s $x'");
/// assert_eq!(powershell("a\n\u{3}").unwrap(), "\"a`n$([char]3)\"");
/// ```
///
/// # Errors
/// Where the text has a NUL character, which no program can be given.
pub fn powershell(text: &str) -> Result<String, Unquotable> {
    if text.contains('\0') {
        return Err(Unquotable);
    }
    let mut word = String::with_capacity(text.len() + 2);
    if !text.contains(is_key) {
        word.push('\'');
        for c in text.chars() {
            if is_single_quote(c) {
                word.push(c);
            }
            word.push(c);
        }
        word.push('\'');
        return Ok(word);
    }
    word.push('"');
    for c in text.chars() {
        match c {
            '\n' => word.push_str("`n"),
            '\r' => word.push_str("`r"),
            '\t' => word.push_str("`t"),
            _ if is_key(c) => {
                let _ = write!(word, "$([char]{})", u32::from(c));
            }
            '`' | '$' => word.extend(['`', c]),
            _ if is_double_quote(c) => word.extend(['`', c]),
            _ => word.push(c),
        }
    }
    word.push('"');
    Ok(word)
}

/// Gives an argument vector as one command: `& 'program' 'argument'`.
///
/// # Errors
/// Where an argument has a NUL character.
pub fn powershell_all(argv: &[impl AsRef<str>]) -> Result<String, Unquotable> {
    let words: Result<Vec<_>, _> = argv.iter().map(|text| powershell(text.as_ref())).collect();
    Ok(format!("& {}", words?.join(" ")))
}

/// What a line editor takes for a key, or what a reader of the line would not see: control
/// characters, separators of lines, and what changes the direction of text (Unicode TR 36).
fn is_key(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// PowerShell takes the typographic marks for the typewriter's.
fn is_single_quote(c: char) -> bool {
    matches!(c, '\'' | '\u{2018}'..='\u{201b}')
}

fn is_double_quote(c: char) -> bool {
    matches!(c, '"' | '\u{201c}'..='\u{201e}')
}
