//! Commands on what was recorded.

use std::path::PathBuf;

use clap::Args;

use super::{RunFormat, RunName, Shown};

/// `runbook replay`
#[derive(Debug, Args)]
#[command(after_help = "\
Keys, on a terminal:
  space  pauses and goes on            n, Enter  plays one entry, then pauses
  q      stops

Examples:
  runbook replay last                    at its own pace
  runbook replay last --speed 10         ten times as fast
  runbook replay last --speed instant > as-it-looked.txt
  runbook replay 1a2b3c --until 40       up to entry 40 (`show --format json` has the numbers)")]
pub(crate) struct Replay {
    #[command(flatten)]
    pub(crate) run: RunName,
    /// Tell what this runbook would have done then: it runs against what was recorded, and
    /// reaches nothing else
    #[arg(long, value_name = "FILE", conflicts_with_all = ["speed", "until", "output"])]
    pub(crate) with: Option<PathBuf>,
    /// How many times as fast as it was, or `instant`
    #[arg(long, value_name = "N", default_value = "1", value_parser = speed)]
    pub(crate) speed: Speed,
    /// Stop after the entry of this number
    #[arg(long, value_name = "SEQ", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) until: Option<u64>,
    /// How it is shown: json is the journal's own lines, with `--with` those that would have been
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    pub(crate) format: RunFormat,
    /// How much of the output of steps is shown
    #[arg(long, value_name = "HOW-MUCH", default_value = "short")]
    pub(crate) output: Shown,
}

/// How fast a run is played back.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Speed {
    /// So many times as fast as it was.
    Times(f64),
    /// Without waiting.
    Instant,
}

fn speed(text: &str) -> Result<Speed, String> {
    if text == "instant" {
        return Ok(Speed::Instant);
    }
    let times = text.strip_suffix('x').unwrap_or(text).parse::<f64>();
    match times {
        Ok(times) if times.is_finite() && times > 0.0 => Ok(Speed::Times(times)),
        _ => Err("a number above 0, or `instant`".to_owned()),
    }
}

/// `runbook test`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  runbook test                     every runbook of the project with a recording
  runbook test runbooks/deploy.md --junit report.xml
  runbook test --mutate            which wrong outcomes would no assertion notice?

Recordings are targets of runbook.toml (`[target.NAME]`, `recording = \"FILE\"`), written by
`runbook export RUN -o FILE`. Cases stand in `[[test]]` tables: `runbook`, `target`, and where
wanted `inputs` and the `status` of steps; each other recording is tested with its own runbook.")]
pub(crate) struct Test {
    /// Runbooks, and folders of them [default: all that have a recording]
    #[arg(value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
    /// Write a report for CI (`JUnit` XML) there
    #[arg(long, value_name = "PATH")]
    pub(crate) junit: Option<PathBuf>,
    /// Accept what diverges: the recording then says what happens now
    #[arg(long, conflicts_with = "mutate")]
    pub(crate) bless: bool,
    /// Change recorded outcomes one at a time, and tell which changes no assertion notices
    #[arg(long)]
    pub(crate) mutate: bool,
}

/// `runbook export`
#[derive(Debug, Args)]
pub(crate) struct Export {
    #[command(flatten)]
    pub(crate) run: RunName,
    /// The file to write [default: standard output]
    #[arg(short = 'o', long = "to", value_name = "FILE")]
    pub(crate) to: Option<PathBuf>,
}
