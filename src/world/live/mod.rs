//! The live world: real processes, the system's clock.

pub mod shell;
