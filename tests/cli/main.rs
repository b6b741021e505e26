//! The program as its operator sees it: what it prints, where, and with which status it ends.

mod support;

mod bad_input;
mod commands;
mod exit_status;
mod guards;
mod help;
mod inputs;
mod prompts;
mod run;
