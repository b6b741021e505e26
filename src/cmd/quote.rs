//! `runbook quote`: a text as one safe word of a shell.

use std::os::unix::ffi::OsStrExt as _;

use runbook::quote::{self, Dialect};

use super::args;
use super::failure::Failure;
use super::surroundings::print_bytes;

/// Quotes a text.
///
/// # Errors
/// Where no word of that shell can hold it.
pub(crate) fn quote(args: &args::Quote) -> Result<u8, Failure> {
    let dialect = Dialect::named(&args.shell)
        .ok_or_else(|| Failure::wrong(format!("there is no shell `{}`", args.shell)))?;
    let mut word = quote::word(dialect, args.text.as_bytes())
        .map_err(|error| Failure::wrong(error.to_string()))?;
    word.push(b'\n');
    print_bytes(&word)?;
    Ok(0)
}
