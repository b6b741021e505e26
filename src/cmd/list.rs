//! `runbook list`: the runbooks of a folder with their last run.

use super::args;
use super::failure::Failure;
use super::surroundings::Surroundings;

pub(crate) fn list(_args: &args::List, _surroundings: &Surroundings) -> Result<u8, Failure> {
    unimplemented!()
}
