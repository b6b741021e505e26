//! The program: parses the command line, runs one command, tells how it ended.

mod cmd;

fn main() -> std::process::ExitCode {
    cmd::main()
}
