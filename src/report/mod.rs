//! What a run amounts to: a fold of its entries. Reads records, never runs or prints.
