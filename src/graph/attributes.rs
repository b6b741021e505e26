//! What a step's own attributes and those of its sections come to.

use std::time::Duration;

use crate::document::{Attributes, Document, Effect};
use crate::quote::Dialect;
use crate::source::{Excerpt, Spanned};

/// Attributes of a section or a cell with those of the sections around it: the nearest wins,
/// `when`s add up.
#[derive(Clone, Debug, Default)]
pub(super) struct Inherited<'a> {
    /// Sections with a `when`, outermost first.
    pub(super) conditions: Vec<usize>,
    /// The outermost section that says `parallel`.
    pub(super) parallel: Option<usize>,
    /// The nearest section that says `needs`, and what it needs.
    pub(super) section_needs: Option<(usize, &'a [Spanned<String>])>,
    pub(super) confirm: Option<&'a Excerpt>,
    pub(super) timeout: Option<Duration>,
    pub(super) retry: Option<u32>,
    pub(super) delay: Option<Duration>,
    pub(super) backoff: Option<f64>,
    pub(super) always: bool,
    pub(super) allow_failure: bool,
    pub(super) background: bool,
    pub(super) ready: Option<&'a Excerpt>,
    pub(super) each: Option<&'a Excerpt>,
    pub(super) effect: Option<Effect>,
    pub(super) idempotent: bool,
    pub(super) tty: bool,
    pub(super) errexit: Option<bool>,
    pub(super) cwd: Option<&'a Excerpt>,
    pub(super) shell: Option<Dialect>,
    pub(super) skip: bool,
}

impl<'a> Inherited<'a> {
    /// What holds below these when `own` is said as well.
    pub(super) fn with(&self, own: &'a Attributes) -> Self {
        Self {
            conditions: self.conditions.clone(),
            parallel: self.parallel,
            section_needs: self.section_needs,
            confirm: own.confirm.as_ref().or(self.confirm),
            timeout: own.timeout.or(self.timeout),
            retry: own.retry.or(self.retry),
            delay: own.delay.or(self.delay),
            backoff: own.backoff.or(self.backoff),
            always: own.always || self.always,
            allow_failure: own.allow_failure || self.allow_failure,
            background: own.background || self.background,
            ready: own.ready.as_ref().or(self.ready),
            each: own.each.as_ref().or(self.each),
            effect: own.effect.or(self.effect),
            idempotent: own.idempotent || self.idempotent,
            tty: own.tty || self.tty,
            errexit: own.errexit.or(self.errexit),
            cwd: own.cwd.as_ref().or(self.cwd),
            shell: own.shell.or(self.shell),
            skip: own.skip || self.skip,
        }
    }
}

/// What each section hands down to its cells.
pub(super) fn inherited(document: &Document) -> Vec<Inherited<'_>> {
    let mut all: Vec<Inherited<'_>> = Vec::with_capacity(document.sections.len());
    for (at, section) in document.sections.iter().enumerate() {
        // Sections stand after the one around them.
        let mut here = match section.parent.and_then(|parent| all.get(parent)) {
            Some(around) => around.with(&section.attributes),
            None => Inherited::default().with(&section.attributes),
        };
        if section.attributes.when.is_some() {
            here.conditions.push(at);
        }
        if section.attributes.parallel && here.parallel.is_none() {
            here.parallel = Some(at);
        }
        if let Some(needs) = &section.attributes.needs {
            here.section_needs = Some((at, needs));
        }
        all.push(here);
    }
    all
}
