//! What goes wrong around a run, and who means harm: nothing is lost, nothing reaches the terminal,
//! and nothing starts unrecorded.
//!
//! Each test names the guard in the code that makes it pass; without it the test fails.

#![expect(
    clippy::disallowed_methods,
    reason = "the tests start the program, and read clock and environment"
)]
#![expect(clippy::print_stderr, reason = "a test that is skipped says so")]

#[expect(dead_code, reason = "`cli` uses what is left")]
#[path = "../cli/support.rs"]
mod support;

mod disks;
mod injection;
mod limits;
mod network;
mod power;
mod processes;
mod terminal;
mod warm;
