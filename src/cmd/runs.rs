//! `runbook runs`, `show` and `verify`: past runs.

use super::args;
use super::failure::Failure;
use super::surroundings::Surroundings;

pub(crate) fn runs(_args: &args::Runs, _surroundings: &Surroundings) -> Result<u8, Failure> {
    unimplemented!()
}
pub(crate) fn show(_args: &args::Show, _surroundings: &Surroundings) -> Result<u8, Failure> {
    unimplemented!()
}
pub(crate) fn verify(_args: &args::Verify, _surroundings: &Surroundings) -> Result<u8, Failure> {
    unimplemented!()
}
