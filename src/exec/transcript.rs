//! Why a transcript failed: which of its commands, and what that printed instead.

use super::console::{self, Splitter};
use super::context::Context;
use crate::document::Exchange;
use crate::secret::Clean;

/// The command of a transcript that ended its shell: no mark was printed behind it.
pub(super) fn ended_at(
    context: &Context,
    splitter: &Splitter,
    exchanges: &[Exchange],
    status: i32,
) -> Option<(Clean, Clean)> {
    let command = &exchanges.get(splitter.parts.len().checked_sub(1)?)?.command;
    let text = command.text.trim_end();
    let place = context.place(command.span(0..text.len()));
    let first = text.lines().next().unwrap_or_default();
    let rest = if first.len() < text.len() { " …" } else { "" };
    let redactor = &context.redactor;
    Some((
        redactor.clean(&format!("`{first}{rest}` ended with exit status {status}")),
        redactor.clean(&format!(" --> {place}\n")),
    ))
}

/// The first command of a transcript whose output is not what it expects.
pub(super) fn unexpected(
    context: &Context,
    splitter: &Splitter,
    exchanges: &[Exchange],
) -> Option<(Clean, Clean)> {
    let (exchange, expected, actual) =
        exchanges
            .iter()
            .zip(&splitter.parts)
            .find_map(|(exchange, part)| {
                let expected = exchange.expected.as_ref()?;
                let actual = String::from_utf8_lossy(part);
                (!console::matches(&expected.text, &actual)).then_some((
                    exchange,
                    &expected.text,
                    actual,
                ))
            })?;
    let command = exchange.command.text.trim_end();
    let place = context.place(exchange.command.span(0..command.len()));
    let indent = |text: &str| {
        text.trim_end()
            .lines()
            .take(20)
            .map(|line| format!("    {line}\n"))
            .collect::<String>()
    };
    let reason = context.redactor.clean(&format!(
        "the output of `{command}` is not what is expected"
    ));
    let detail = context.redactor.clean(&format!(
        " --> {place}\nexpected:\n{}printed:\n{}",
        indent(expected),
        indent(&actual)
    ));
    Some((reason, detail))
}
