//! The command line of `runbook resume`.

use std::path::PathBuf;

use clap::Args;

use super::{Inputs, RunFormat, RunName, Shown};

const AFTER_RESUME: &str = "\
Examples:
  runbook resume last                      after a failure, Ctrl-C, a crash
  runbook resume 3f2a1c --input count=4    what used the input runs again
  runbook resume last --again deploy       this step too, and what depends on it
  runbook resume last --done deploy        it had begun, and somebody saw to its end

Steps that passed stay passed while what they run, use and where they run is the same; what
changed in the page since then runs again, with what depends on it. A step that had begun and not
ended is asked about; without a terminal that refuses the run (exit status 3), unless the step
says `idempotent` or only reads, or --again or --done names it.";

/// `runbook resume`
#[derive(Debug, Args)]
#[command(after_help = AFTER_RESUME)]
pub(crate) struct Resume {
    #[command(flatten)]
    pub(crate) run: RunName,
    #[command(flatten)]
    pub(crate) inputs: Inputs,
    /// Run this step again, also if it had passed; may be given more than once
    #[arg(long, value_name = "ID")]
    pub(crate) again: Vec<String>,
    /// Count this step as done, which had begun and not passed; may be given more than once
    #[arg(long, value_name = "ID")]
    pub(crate) done: Vec<String>,
    /// Answer yes to the questions before steps and to manual steps; not to whether a step that
    /// was interrupted may run again
    #[arg(long)]
    pub(crate) yes: bool,
    /// Go on even if the credentials expire before the run is expected to end
    #[arg(long)]
    pub(crate) allow_expiring_credentials: bool,
    /// After a failure go on with what does not depend on it
    #[arg(long)]
    pub(crate) keep_going: bool,
    /// How many steps may run at a time [default: the number of cores, at least 4]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(crate) jobs: Option<u16>,
    /// How the run is shown: json is one entry of the journal per line
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    pub(crate) format: RunFormat,
    /// How much of the output of steps is shown
    #[arg(long, value_name = "HOW-MUCH", default_value = "short")]
    pub(crate) output: Shown,
    /// Write a report for CI (`JUnit` XML) of the whole run there when it has ended
    #[arg(long, value_name = "PATH")]
    pub(crate) junit: Option<PathBuf>,
    /// Hold this lock [default: the one that the run had]
    #[arg(long, value_name = "NAME")]
    pub(crate) lock: Option<String>,
}
