//! How a run is gone about, be it begun or resumed.

use std::path::PathBuf;

use clap::Args;

use super::{RunFormat, Shown};

/// What `run` and `resume` take alike.
#[derive(Clone, Debug, Args)]
pub(crate) struct Conduct {
    /// Answer yes to the questions before steps and to manual steps
    #[arg(long)]
    pub(crate) yes: bool,
    /// Begin even if the credentials expire before the run is expected to end; --yes does not
    /// say that
    #[arg(long)]
    pub(crate) allow_expiring_credentials: bool,
    /// After a failure go on with what does not depend on it
    #[arg(long)]
    pub(crate) keep_going: bool,
    /// How many steps may run at a time [default: the number of cores, at least 4]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(crate) jobs: Option<u16>,
    /// Start a new shell for every shell step; without it steps that come to the same there run in
    /// forks of a shell that is kept warm
    #[arg(long)]
    pub(crate) fresh_shells: bool,
    /// How the run is shown: json is one entry of the journal per line
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    pub(crate) format: RunFormat,
    /// How much of the output of steps is shown
    #[arg(long, value_name = "HOW-MUCH", default_value = "short")]
    pub(crate) output: Shown,
    /// Write a report for CI (`JUnit` XML) there when the run has ended
    #[arg(long, value_name = "PATH")]
    pub(crate) junit: Option<PathBuf>,
}
