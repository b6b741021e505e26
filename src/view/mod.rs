//! How records look: on a terminal, as JSON. Reads records, never runs.
