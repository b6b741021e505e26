//! Runbooks as code.

pub mod credentials;
pub mod diagnostic;
pub mod document;
pub mod event;
pub mod exec;
pub mod graph;
pub mod journal;
pub mod language;
pub mod lint;
pub mod name;
pub mod plan;
pub mod quote;
pub mod report;
pub mod script;
pub mod secret;
pub mod sink;
pub mod source;
pub mod value;
pub mod view;
pub mod world;
