//! How records look: on a terminal, as tables, as JSON.
//!
//! Everything here is a fold of entries, reports, plans or diagnostics into text. This room never
//! runs anything and never reads the clock, the environment or the directory; width, colour and
//! liveness are given to it. Text from outside passes [`sanitize`] before it is shown.

mod bars;
mod by_hand;
mod check;
mod columns;
mod evidence;
mod held;
mod identity;
pub mod json;
mod layout;
mod list;
mod paint;
mod plan;
mod resumed;
mod runs;
pub mod sanitize;
mod screen;
mod show;
mod summary;
mod tally;
mod target;
mod terminal;
mod timeline;
mod what_if;

#[cfg(test)]
mod tests;

pub use check::check;
pub use list::{Listed, list};
pub use plan::plan;
pub use runs::{Past, runs};
pub use screen::{Paused, Screen};
pub use show::show;
pub use terminal::Terminal;
pub use what_if::{WhatIf, what_if};

use crate::journal;

/// How text is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// Whether colours may be used.
    pub color: bool,
    /// The width in columns; 0 where there is no limit, so that nothing is cut or wrapped.
    pub width: usize,
    /// Whether progress is drawn: standard error is a terminal that someone looks at.
    pub live: bool,
    /// How much of the steps' output is shown.
    pub output: Shown,
}

impl Style {
    /// Plain lines of a width: no colours, no bars, short outputs.
    #[must_use]
    pub const fn plain(width: usize) -> Self {
        Self {
            color: false,
            width,
            live: false,
            output: Shown::Short,
        }
    }
}

/// How much of the steps' output is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Shown {
    /// The first and last lines, under the finished step.
    #[default]
    Short,
    /// All of it, as it comes.
    Full,
    /// None.
    None,
}

/// The end of a run's id, by which people know it: a `UUIDv7` begins with the time, so that runs
/// of one day differ only there. A journal from elsewhere may call its run what it likes.
#[must_use]
pub fn short(run: &str) -> String {
    journal::short(&sanitize::line(run)).to_owned()
}
