//! The environment as a value, and what is taken out of it before any child sees it.
//!
//! The process's own environment is captured once, in `cmd`, and never changed. Nothing in this
//! room reads it.

mod environment;
mod stale;

pub use environment::Environment;
pub use stale::{Policy, clean};
