//! The command line of `runbook docs`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// `runbook docs`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  runbook docs build                      the site of this repository's runbooks, in book/
  runbook docs build ops --dest /tmp/site
  runbook docs serve                      build, show on this machine, rebuild on change

The folder's book.toml is used where there is one; else its runbooks/ folder, else the folder
itself. With `[preprocessor.runbook] command = \"runbook docs preprocess\"` in its book.toml,
`mdbook build` makes the same pages. Nothing that a page says is run.")]
pub(crate) struct Docs {
    #[command(subcommand)]
    pub(crate) command: DocsCommand,
}

/// What to do with a site.
#[derive(Debug, Subcommand)]
pub(crate) enum DocsCommand {
    /// Build the site
    Build(DocsBuild),
    /// Build it, show it on this machine, rebuild it when a page changes
    Serve(DocsServe),
    /// Be mdBook's preprocessor: a book as JSON comes in and goes out
    Preprocess(DocsPreprocess),
}

/// Which book, and where the site goes.
#[derive(Debug, Args)]
pub(crate) struct DocsBuild {
    /// The folder of the book
    #[arg(value_name = "DIR", default_value = ".")]
    pub(crate) folder: PathBuf,
    /// Where the site goes [default: as book.toml says, else book/]
    #[arg(long, value_name = "OUT")]
    pub(crate) dest: Option<PathBuf>,
}

/// `runbook docs serve`
#[derive(Debug, Args)]
pub(crate) struct DocsServe {
    #[command(flatten)]
    pub(crate) build: DocsBuild,
    /// The port on 127.0.0.1; 0 takes any that is free
    #[arg(long, value_name = "PORT", default_value_t = 3000)]
    pub(crate) port: u16,
}

/// `runbook docs preprocess`
#[derive(Debug, Args)]
pub(crate) struct DocsPreprocess {
    /// Only tell, by the exit status, whether a renderer is supported
    #[arg(value_name = "supports RENDERER", num_args = 0..=2)]
    pub(crate) question: Vec<String>,
}
