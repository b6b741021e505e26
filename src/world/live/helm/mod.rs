//! What Helm has done and does.
//!
//! What is known of releases is read from their records in the cluster, without Helm's program;
//! what changes a release runs it.

mod program;
mod read;
mod record;
mod values;

pub(super) use program::{run, runs_a_program};
pub(super) use read::answer;
