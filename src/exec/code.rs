//! A step's expressions: conditions, interpolations, the elements of `each`.
//!
//! Its functions evaluate scripts, so they belong on a blocking thread.

use std::ops::{Range, RangeInclusive};
use std::sync::Arc;
use std::sync::atomic::AtomicU32;

use tokio_util::sync::CancellationToken;

use crate::diagnostic::{self, Diagnostic};
use crate::event::Status;
use crate::script::{self, Dynamic, Failure, Host, Interpolant, Notebook};
use crate::source::{Excerpt, Span};

use super::context::Context;
use super::outcome::{Ending, status_of};

/// What evaluates a step's code.
#[derive(Clone)]
pub(super) struct Code {
    pub(super) context: Arc<Context>,
    pub(super) notebook: Notebook,
    pub(super) host: Arc<dyn Host>,
    pub(super) cancel: CancellationToken,
    /// How many calls the step has made.
    pub(super) calls: Arc<AtomicU32>,
}

/// The code of the diagnostic that a script's failure is shown as.
const SCRIPT_FAILED: diagnostic::Code = diagnostic::Code("RB0390");

impl Code {
    /// The value of an expression.
    pub(super) fn evaluate(&self, expression: &Excerpt) -> Result<Dynamic, Box<Ending>> {
        self.context
            .engine
            .evaluate(
                expression,
                self.context.source(),
                &self.notebook,
                &self.host,
                &self.cancel,
            )
            .map_err(|failure| Box::new(self.ending(&failure)))
    }

    /// Whether a condition holds.
    pub(super) fn holds(&self, condition: &Excerpt) -> Result<bool, Box<Ending>> {
        let value = self.evaluate(condition)?;
        value.as_bool().map_err(|_| {
            self.failed_at(
                condition,
                &format!(
                    "the condition `{}` is neither true nor false but {}",
                    condition.text,
                    script::describe(&value)
                ),
            )
        })
    }

    /// The elements of an `each`.
    pub(super) fn elements(&self, each: &Excerpt) -> Result<Vec<Dynamic>, Box<Ending>> {
        let value = self.evaluate(each)?;
        let kind = script::describe(&value);
        if value.is_array() {
            return Ok(value.into_array().unwrap_or_default());
        }
        if let Some(numbers) = numbers(&value) {
            return Ok(numbers);
        }
        if let Some(map) = value.read_lock::<rhai::Map>() {
            return Ok(map
                .iter()
                .map(|(key, value)| {
                    let mut element = rhai::Map::new();
                    element.insert("key".into(), key.to_string().into());
                    element.insert("value".into(), value.clone());
                    Dynamic::from_map(element)
                })
                .collect());
        }
        Err(self.failed_at(
            each,
            &format!("`each` wants a list, a map or a range of at most {MOST} numbers, not {kind}"),
        ))
    }

    /// A value as the bytes that stand for it.
    pub(super) fn interpolant(
        &self,
        value: &Dynamic,
        expression: &Excerpt,
    ) -> Result<Interpolant, Box<Ending>> {
        script::interpolant(value).map_err(|reason| {
            self.failed_at(
                expression,
                &format!("`{}` can't stand here: {reason}", expression.text),
            )
        })
    }

    /// A failure for a reason that has no place of its own.
    pub(super) fn failed(&self, reason: &str) -> Box<Ending> {
        Box::new(Ending::because(
            Status::Failed,
            self.context.redactor.clean(reason),
        ))
    }

    fn failed_at(&self, code: &Excerpt, reason: &str) -> Box<Ending> {
        let mut ending = self.failed(reason);
        if !code.text.is_empty() {
            ending.detail = Some(self.picture(code.span(0..code.text.len()), reason));
        }
        ending
    }

    /// How a script's failure ends its step.
    pub(super) fn ending(&self, failure: &Failure) -> Ending {
        let mut ending = Ending::because(
            status_of(failure.kind),
            self.context.redactor.clean(&failure.message),
        );
        ending.detail = match &failure.rest {
            // Who throws more than a line says all that is to be known.
            Some(rest) => Some(self.context.redactor.clean(rest)),
            None => failure
                .span
                .map(|span| self.picture(span, &failure.message)),
        };
        ending
    }

    /// The place in the document with the code and a caret.
    fn picture(&self, span: Span, message: &str) -> crate::secret::Clean {
        let picture = Diagnostic::error(SCRIPT_FAILED, span, message).render(
            self.context.source(),
            false,
            100,
        );
        // The first line says again what the reason says.
        let picture = picture.split_once('\n').map_or("", |(_, rest)| rest);
        self.context.redactor.clean(picture)
    }
}

/// How many instances a range of numbers may make; a list has a limit of its own.
const MOST: usize = 100_000;

/// The numbers of a range, if it is one and not too long.
fn numbers(value: &Dynamic) -> Option<Vec<Dynamic>> {
    let listed = |numbers: &mut dyn Iterator<Item = i64>| {
        let listed: Vec<Dynamic> = numbers.take(MOST + 1).map(Dynamic::from_int).collect();
        (listed.len() <= MOST).then_some(listed)
    };
    if let Some(range) = value.read_lock::<Range<i64>>() {
        return listed(&mut range.clone());
    }
    let range = value.read_lock::<RangeInclusive<i64>>()?;
    listed(&mut range.clone())
}
