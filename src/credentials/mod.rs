//! The environment as a value, and what is taken out of it before any child sees it.
//!
//! The process's own environment is captured once, in `cmd`, and never changed. Nothing in this
//! room reads it, nor any file: texts come in as values.

mod environment;
mod guards;
mod identity;
mod kube;
mod profiles;
mod stale;

pub use environment::Environment;
pub use guards::{Breach, Guard, Guards, regions};
pub use identity::{Identity, NoContext, NoIdentity, last_four};
pub use kube::{current_context, files as kube_files};
pub use profiles::{Profiles, SharedFile, answered, places, profile};
pub use stale::{Named, Policy, RULES, Rule, clean, expiry, findings, suspects};
