//! Runbooks against real components on loopback; what is not there is named, and its tests pass.
//!
//! `tests/live/setup.sh` brings the components.

#![expect(
    clippy::disallowed_methods,
    reason = "the tests start the program, and what it is run against"
)]
#![expect(clippy::print_stderr, reason = "a test that is skipped says so")]

mod chart;
mod cluster;
mod components;
mod page;
mod seed;
mod stand_in;

mod clusters;
mod demo;
mod helm;
mod kubernetes;
mod manifests;
mod runbooks;
mod situations;
