//! Odd inputs for everything that reads text from outside: nothing panics, nothing hangs, and what
//! is said of a text points into it.
//!
//! `RUNBOOK_FUZZ_CASES` is the number of cases of each property: 200 as it stands, which takes some
//! twenty seconds; 100,000 for an hour by hand. A case that takes longer than its limit ends the
//! tests and is printed. What a property found goes to `tests/fuzz/corpus`, which is read first.

#![expect(
    clippy::disallowed_methods,
    reason = "the tests start the program, and read clock and environment"
)]
#![expect(clippy::print_stderr, reason = "a case that hangs is printed")]

mod corpus;
mod documents;
mod given;
mod grammar;
mod journals;
mod pieces;
mod redaction;
mod shells;
mod soundness;
mod watch;

use proptest::test_runner::Config;

/// How a property is run: `share` is its part of the cases, in hundredths.
fn config(share: u32) -> Config {
    let cases: u32 = std::env::var("RUNBOOK_FUZZ_CASES")
        .ok()
        .and_then(|cases| cases.parse().ok())
        .unwrap_or(200);
    Config {
        cases: (cases.saturating_mul(share) / 100).max(1),
        // A case is cut down for a while, not for ever.
        max_shrink_iters: 2_000,
        ..Config::default()
    }
}
