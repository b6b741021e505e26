//! The command line.

mod conduct;
mod inputs;
mod recordings;
mod resume;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

pub(crate) use self::conduct::Conduct;
pub(crate) use self::inputs::{Inputs, Selection};
pub(crate) use self::resume::Resume;
pub(crate) use recordings::{Export, Replay, Speed, Test};

/// What `--help` shows below the commands.
const AFTER: &str = "\
Examples:
  runbook new restart.md                  write a runbook to start from
  runbook check .                         find the mistakes in every runbook below
  runbook plan restart.md                 see what would run, in which order, and why
  runbook run restart.md                  run it, step by step
  runbook run restart.md --input host=db1 --yes
  runbook show last                       see what happened

A runbook is a Markdown page. Its fences in sh, bash, zsh, fish, console and rhai are steps.
A step runs when the one above it is done. A page with nothing of ours in it runs too: each
step asks first. What ran, with what outcome, is kept in .runbook/runs beside the nearest
runbook.toml or .git (or in $RUNBOOK_HOME/runs).

Exit status:
  0  all passed                           3  refused: a guard, a question without a yes
  1  a step or an assertion failed        4  the journal can't be kept or does not verify
  2  the page or the command line is      5  a bug in runbook
     wrong; nothing ran                   128+n  ended by signal n";

const AFTER_RUN: &str = "\
Examples:
  runbook run deploy.md                            asks for what it needs to know
  runbook run deploy.md --input release=web --input count=3
  RUNBOOK_INPUT_DB_PW=… runbook run deploy.md      the way for secrets, or --input-file
  runbook run deploy.md --step verify              this step and what it needs
  runbook run deploy.md --from migrate --until verify
  runbook run deploy.md --yes --format json        in CI: no questions, one entry per line

Without a terminal nothing is asked: a question that --yes does not answer, or an input without
a value, refuses the run (exit status 3). Ctrl-C ends the running steps and runs the ones marked
`always`; a second Ctrl-C ends at once.";

/// Runs Markdown runbooks, step by step, and keeps a journal of what happened.
#[derive(Debug, Parser)]
#[command(name = "runbook", version, after_help = AFTER, max_term_width = 100)]
#[command(
    disable_help_subcommand = true,
    subcommand_required = true,
    arg_required_else_help = true
)]
pub(crate) struct Line {
    /// Use colour: auto, always, never
    #[arg(
        long,
        global = true,
        display_order = 900,
        value_name = "WHEN",
        default_value = "auto",
        hide_default_value = true,
        hide_possible_values = true
    )]
    pub(crate) color: ColorWhen,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// When to use colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ColorWhen {
    // On a terminal, unless `NO_COLOR` is set.
    Auto,
    // Always.
    Always,
    // Never.
    Never,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run a runbook
    Run(Run),
    /// Go on with a run that had stopped
    Resume(Resume),
    /// Show what would run, in which order and why; run nothing
    Plan(Plan),
    /// Find the mistakes in runbooks
    Check(Check),
    /// Draw the steps and what waits for what
    Graph(Graph),
    /// List the runbooks of a folder with their last run
    List(List),
    /// Write a runbook to start from
    New(New),
    /// List past runs
    Runs(Runs),
    /// Show a past run
    Show(Show),
    /// Play a past run back as it looked
    Replay(Replay),
    /// Add a note to the journal of a past run
    Note(Note),
    /// Write the postmortem of one run or several: a page that is a runbook itself
    Postmortem(Postmortem),
    /// Write a run as one file to pass on: every command takes it for the run
    Export(Export),
    /// Test runbooks against their recordings
    Test(Test),
    /// Tell whether a run's journal is whole and unaltered
    Verify(Verify),
    /// Make a site of the runbooks, which shows whether they still hold
    Docs(super::docs::Docs),
    /// Write a text as one safe word of a shell
    Quote(super::quote::Quote),
    /// Look at this machine's tools, shells and credentials
    Doctor,
    /// Write completions for a shell
    Completions(Completions),
}

/// `runbook run`
#[derive(Debug, Args)]
#[command(after_help = AFTER_RUN)]
pub(crate) struct Run {
    /// The runbook
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    #[command(flatten)]
    pub(crate) inputs: Inputs,
    #[command(flatten)]
    pub(crate) selection: Selection,
    #[command(flatten)]
    pub(crate) conduct: Conduct,
    /// Hold this lock while it runs: another run with the same one is refused
    #[arg(long, value_name = "NAME")]
    pub(crate) lock: Option<String>,
}

/// How a run is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum RunFormat {
    // For people.
    Human,
    // The journal's own lines.
    Json,
}

/// How much of the output of steps is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Shown {
    // The last lines of steps that failed.
    Short,
    // All of it.
    Full,
    // Nothing of it.
    None,
}

/// `runbook plan`
#[derive(Debug, Args)]
pub(crate) struct Plan {
    /// The runbook
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    #[command(flatten)]
    pub(crate) inputs: Inputs,
    #[command(flatten)]
    pub(crate) selection: Selection,
}

/// `runbook check`
#[derive(Debug, Args)]
pub(crate) struct Check {
    /// Files, and folders to look for .md and .markdown files in
    #[arg(value_name = "PATH", required = true)]
    pub(crate) paths: Vec<PathBuf>,
    /// How diagnostics are shown: json is one per line
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    pub(crate) format: RunFormat,
    /// Don't ask `ShellCheck`, which otherwise reads the cells of bash and sh where it is installed
    #[arg(long)]
    pub(crate) no_shellcheck: bool,
}

/// `runbook graph`
#[derive(Debug, Args)]
pub(crate) struct Graph {
    /// The runbook
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// How it is drawn
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(crate) format: GraphFormat,
}

/// How a graph is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum GraphFormat {
    // For a terminal.
    Text,
    // For Markdown on GitHub and for mdBook.
    Mermaid,
    // For Graphviz.
    Dot,
    // For programs.
    Json,
}

/// `runbook list`
#[derive(Debug, Args)]
pub(crate) struct List {
    /// Where to look
    #[arg(value_name = "DIR", default_value = ".")]
    pub(crate) folder: PathBuf,
}

/// `runbook new`
#[derive(Debug, Args)]
pub(crate) struct New {
    /// The file to write; one that is there is never overwritten
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
}

/// `runbook runs`
#[derive(Debug, Args)]
pub(crate) struct Runs {
    /// How they are shown: json is one run per line
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    pub(crate) format: RunFormat,
}

/// `runbook show`
#[derive(Debug, Args)]
pub(crate) struct Show {
    #[command(flatten)]
    pub(crate) run: RunName,
    /// How it is shown
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    pub(crate) format: ShowFormat,
    /// How much of the output of steps is shown
    #[arg(long, value_name = "HOW-MUCH", default_value = "short")]
    pub(crate) output: Shown,
}

/// A run on the command line.
#[derive(Debug, Args)]
pub(crate) struct RunName {
    /// A run's id, the beginning of one, `last`, or the path of a journal
    #[arg(value_name = "RUN")]
    pub(crate) name: String,
}

/// How a past run is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ShowFormat {
    // As it looked when it ran.
    Human,
    // The journal's own lines.
    Json,
    // A `JUnit` report.
    Junit,
}

/// `runbook note`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  runbook note last \"paged the database team at 05:10\"
  runbook note 1a2b3c \"the alert was a false one\"")]
pub(crate) struct Note {
    #[command(flatten)]
    pub(crate) run: RunName,
    /// What there is to note
    #[arg(value_name = "TEXT")]
    pub(crate) text: String,
}

/// `runbook postmortem`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  runbook postmortem last                          to standard output
  runbook postmortem last -o postmortem.md
  runbook postmortem 1a2b3c 4d5e6f -o incident.md  two runs of one incident, by time
  runbook run postmortem.md                        which of its claims still hold")]
pub(crate) struct Postmortem {
    /// Runs: ids, beginnings or ends of ids, `last`, or paths of journals
    #[arg(value_name = "RUN", required = true)]
    pub(crate) runs: Vec<String>,
    /// The file to write; one that is there is never overwritten
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

/// `runbook verify`
#[derive(Debug, Args)]
pub(crate) struct Verify {
    #[command(flatten)]
    pub(crate) run: RunName,
}

/// `runbook completions`
#[derive(Debug, Args)]
pub(crate) struct Completions {
    /// The shell
    #[arg(value_name = "SHELL")]
    pub(crate) shell: clap_complete::Shell,
}
