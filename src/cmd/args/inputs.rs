//! What a run is given, and which part of a page it takes.

use std::path::PathBuf;

use clap::Args;

/// Where the values of inputs come from.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct Inputs {
    /// Give an input its value; never a secret one (use `RUNBOOK_INPUT_<NAME>` or --input-file)
    #[arg(id = "input", long, value_name = "NAME=VALUE")]
    pub(crate) values: Vec<String>,
    /// Read inputs from a YAML, TOML or JSON file
    #[arg(id = "input-file", long, value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
    /// Run against a target of runbook.toml
    #[arg(long, value_name = "NAME")]
    pub(crate) target: Option<String>,
}

/// Which steps.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct Selection {
    /// Run this step and what it needs; may be given more than once
    #[arg(id = "step", long, value_name = "ID")]
    pub(crate) steps: Vec<String>,
    /// Start at this step
    #[arg(long, value_name = "ID")]
    pub(crate) from: Option<String>,
    /// Stop after this step
    #[arg(long, value_name = "ID")]
    pub(crate) until: Option<String>,
}
