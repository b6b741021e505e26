//! The commands of the binary, and the only place with a terminal, an environment, a working
//! directory and an exit status.
//!
//! It reads what the operator wants, hands it to the library, and shows what comes back. Nothing
//! here decides what happens in a run.

mod args;
mod check;
mod credentials;
mod docs;
mod doctor;
mod export;
mod failure;
mod graph;
mod guards;
mod inputs;
mod keyboard;
mod lease;
mod list;
mod new;
mod note;
mod on_recording;
mod operator;
mod page;
mod plan;
mod postmortem;
mod project;
mod quote;
mod replay;
mod resume;
mod rooms;
mod run;
mod runs;
mod shellcheck;
mod signals;
mod surroundings;
mod test;
mod tools;
mod what_if;

use std::panic;
use std::process::ExitCode;

use clap::{CommandFactory as _, Parser as _};

use args::{Command, Line};
use failure::{Failure, Kind};
use surroundings::{Surroundings, complain};

/// Where a bug is told of.
const ISSUES: &str = concat!(
    "this is a bug in runbook ",
    env!("CARGO_PKG_VERSION"),
    "; please report it with the line above"
);

/// Scripts nest deeply and run on the threads of the runtime.
const STACK: usize = 64 * 1024 * 1024;

/// Runs the program.
pub(crate) fn main() -> ExitCode {
    panic::set_hook(Box::new(hook));
    let status = panic::catch_unwind(|| {
        let line = match Line::try_parse() {
            Ok(line) => line,
            // Help and version are such errors too, with status 0.
            Err(error) => {
                let _ = error.print();
                return u8::try_from(error.exit_code()).unwrap_or(2);
            }
        };
        command(&line)
    });
    ExitCode::from(status.unwrap_or_else(|_| Kind::Bug.exit()))
}

/// Runs a command and tells how it failed, if it did.
fn command(line: &Line) -> u8 {
    let (outcome, color) = match Surroundings::capture(line.color) {
        Ok(surroundings) => (dispatch(line, &surroundings), surroundings.err.color),
        Err(failure) => (Err(failure), false),
    };
    outcome.unwrap_or_else(|failure| {
        // Where standard error is gone nobody reads it.
        let _ = complain(&failure.show(color));
        failure.exit()
    })
}

fn dispatch(line: &Line, surroundings: &Surroundings) -> Result<u8, Failure> {
    match &line.command {
        Command::Run(args) => run::run(args, surroundings),
        Command::Resume(args) => resume::resume(args, surroundings),
        Command::Plan(args) => plan::plan(args, surroundings),
        Command::Check(args) => check::check(args, surroundings),
        Command::Graph(args) => graph::graph(args, surroundings),
        Command::List(args) => list::list(args, surroundings),
        Command::New(args) => new::new(args, surroundings),
        Command::Runs(args) => runs::runs(args, surroundings),
        Command::Show(args) => runs::show(args, surroundings),
        Command::Replay(args) => match &args.with {
            Some(file) => what_if::what_if(&args.run.name, file, args.format, surroundings),
            None => replay::replay(args, surroundings),
        },
        Command::Note(args) => note::note(args, surroundings),
        Command::Postmortem(args) => postmortem::postmortem(args, surroundings),
        Command::Export(args) => export::export(args, surroundings),
        Command::Test(args) => test::test(args, surroundings),
        Command::Verify(args) => runs::verify(args, surroundings),
        Command::Docs(args) => docs::docs(args, surroundings),
        Command::Quote(args) => quote::quote(args),
        Command::Doctor => doctor::doctor(surroundings),
        Command::Completions(args) => completions(args),
    }
}

fn completions(args: &args::Completions) -> Result<u8, Failure> {
    let mut bytes = Vec::new();
    clap_complete::generate(args.shell, &mut Line::command(), "runbook", &mut bytes);
    surroundings::print_bytes(&bytes)?;
    Ok(0)
}

/// Makes what runs asynchronous code; only commands that do pay for it.
fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .thread_stack_size(STACK)
        .build()
        .map_err(|error| Failure::new(Kind::Refused, "no threads can be started").because(&error))
}

/// Tells of a panic: where, and what only if it is a text of ours; a value may be a secret.
fn hook(panic: &panic::PanicHookInfo<'_>) {
    keyboard::restore();
    let place = panic
        .location()
        .map_or_else(|| "an unknown place".to_owned(), ToString::to_string);
    let what = panic.payload().downcast_ref::<&'static str>().copied();
    let _ = complain(&format!(
        "error: {} at {place}\n{ISSUES}\n",
        what.unwrap_or("a panic")
    ));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Line::command().debug_assert();
    }
}
