//! Changes recorded outcomes.
