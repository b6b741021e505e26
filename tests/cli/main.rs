//! The program as its operator sees it: what it prints, where, and with which status it ends.

#![expect(
    clippy::disallowed_methods,
    reason = "the tests start the program, and what they compare it with"
)]
#![expect(clippy::print_stderr, reason = "a test that is skipped says so")]
#![expect(
    clippy::needless_raw_string_hashes,
    reason = "snapbox writes the outputs so"
)]

mod stand;
mod support;

mod aws;
mod bad_input;
mod browser;
mod by_default;
mod commands;
mod corpus;
mod crash;
mod docs;
mod docs_pages;
mod each;
mod exit_status;
mod guards;
mod handled;
mod held;
mod help;
mod histories;
mod hostile_journals;
mod inputs;
mod journals;
mod locks;
mod mdbook;
mod outputs;
mod places;
mod played;
mod postmortems;
mod prompts;
mod recorded;
mod replay;
mod resume;
mod run;
mod served;
mod services;
mod shells;
mod systems_aws;
mod systems_http;
mod systems_terraform;
mod timeouts;
