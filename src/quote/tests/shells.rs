//! Running scripts in the shells of this machine.

use std::io::Write;
use std::process::{Command, Stdio};

use crate::quote::Dialect;

/// The arguments with which a shell reads none of the user's files.
pub(super) fn arguments(dialect: Dialect) -> (&'static str, &'static [&'static str]) {
    match dialect {
        Dialect::Sh if installed("dash") => ("dash", &[]),
        Dialect::Sh => ("sh", &[]),
        Dialect::Bash => ("bash", &["--norc", "--noprofile"]),
        Dialect::Zsh => ("zsh", &["-f"]),
        Dialect::Fish => ("fish", &["--no-config"]),
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "these tests are about real shells"
)]
fn installed(program: &str) -> bool {
    Command::new(program)
        .args(["-c", "exit 0"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// Whether a shell is there; says so where it is not.
pub(super) fn present(dialect: Dialect) -> bool {
    let (program, _) = arguments(dialect);
    let present = installed(program);
    if !present {
        eprintln!("skipped: {program} is not installed");
    }
    present
}

/// Runs a script from a file, with options before it, and gives what it prints.
#[expect(
    clippy::disallowed_methods,
    reason = "these tests are about real shells"
)]
pub(super) fn run(
    dialect: Dialect,
    options: &[&str],
    variables: &[(&str, &std::ffi::OsStr)],
    script: &[u8],
) -> Vec<u8> {
    let mut file = tempfile::NamedTempFile::new().expect("a temporary file can be made");
    file.write_all(script).expect("the script can be written");
    let (program, arguments) = arguments(dialect);
    let output = Command::new(program)
        .args(arguments)
        .args(options)
        .arg(file.path())
        .envs(variables.iter().copied())
        .env("LC_ALL", "C.UTF-8")
        .stdin(Stdio::null())
        .output()
        .expect("the shell is installed");
    assert!(
        output.stderr.is_empty(),
        "{dialect}: {}\n{}",
        String::from_utf8_lossy(&output.stderr),
        script
            .iter()
            .take(3000)
            .copied()
            .collect::<Vec<u8>>()
            .escape_ascii()
    );
    output.stdout
}
