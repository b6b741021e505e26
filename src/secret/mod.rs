//! Secrets and the one way to text that may be shown.
//!
//! Text that reaches an event is [`Clean`], and only a [`Redactor`] makes it. Nothing in this
//! room prints, and no `Debug` of it shows a value.

mod clean;
mod redactor;

pub use clean::{Clean, CleanValue};
pub use redactor::{Filter, Redactor, Refused};
