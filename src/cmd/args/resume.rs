//! The command line of `runbook resume`.

use clap::Args;

use super::{Conduct, Inputs, RunName};

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
    #[command(flatten)]
    pub(crate) conduct: Conduct,
    /// Hold this lock [default: the one that the run had]
    #[arg(long, value_name = "NAME")]
    pub(crate) lock: Option<String>,
}
