//! The rules of the house: what may import what, what files hold, and that the pages are true.

#![expect(
    clippy::disallowed_methods,
    reason = "the tests start the program, and what they compare it with"
)]

mod support;

mod codes;
mod corpus;
mod files;
mod layers;
mod pages;
mod words;
