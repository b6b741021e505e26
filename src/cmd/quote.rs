//! `runbook quote`: texts as safe words of a shell, in scripts and at its prompt.

use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt as _;

use clap::Args;
use runbook::quote::{self, Dialect};

use super::failure::Failure;
use super::surroundings::print_bytes;

/// `runbook quote`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  runbook quote 'rds!db-1234'
  runbook quote --shell fish -- \"-it's\"
  runbook quote -- kubectl exec web -- printf \"it's\\n\"")]
pub(crate) struct Quote {
    /// The shell that will read it: sh, bash, zsh, fish, powershell
    #[arg(long, value_name = "SHELL", default_value = "bash", value_parser = ["sh", "bash", "zsh", "fish", "powershell"], hide_possible_values = true)]
    pub(crate) shell: String,
    /// The text, or the words of a command; put `--` before one that begins with `-`
    #[arg(value_name = "STRING", required = true)]
    pub(crate) texts: Vec<OsString>,
}

/// Quotes a text, or several as one command.
///
/// # Errors
/// Where no word of that shell can hold one.
pub(crate) fn quote(args: &Quote) -> Result<u8, Failure> {
    let mut line = match Dialect::named(&args.shell) {
        Some(dialect) => {
            let words: Vec<&[u8]> = args.texts.iter().map(|text| text.as_bytes()).collect();
            quote::paste_all(dialect, &words).map_err(|error| Failure::wrong(error.to_string()))?
        }
        None if args.shell == "powershell" => powershell(&args.texts)?.into_bytes(),
        None => {
            return Err(Failure::wrong(format!(
                "there is no shell `{}`",
                args.shell
            )));
        }
    };
    line.push(b'\n');
    print_bytes(&line)?;
    Ok(0)
}

/// One text is a word, several are a command.
fn powershell(texts: &[OsString]) -> Result<String, Failure> {
    let texts: Option<Vec<&str>> = texts.iter().map(|text| text.to_str()).collect();
    let texts = texts.ok_or_else(|| {
        Failure::wrong("PowerShell's texts are Unicode, and this one is not UTF-8")
    })?;
    let quoted = match texts.as_slice() {
        [text] => quote::powershell(text),
        texts => quote::powershell_all(texts),
    };
    quoted.map_err(|error| Failure::wrong(error.to_string()))
}
