//! The program teaches itself.

use snapbox::str;

use crate::support::Test;

#[test]
fn the_help_fits_a_screen_and_has_examples_and_statuses() {
    let ran = Test::new()
        .args(["--help"])
        .run()
        .ends(0)
        .says("Examples:")
        .says("Exit status:")
        .says("128+n");
    for command in [
        "run",
        "resume",
        "plan",
        "check",
        "graph",
        "list",
        "new",
        "runs",
        "show",
        "verify",
        "quote",
        "doctor",
        "completions",
    ] {
        assert!(
            ran.stdout.contains(&format!("\n  {command} ")),
            "no {command} in:\n{}",
            ran.stdout
        );
    }
    assert!(ran.stdout.lines().count() <= 50, "{}", ran.stdout);
    for line in ran.stdout.lines() {
        assert!(line.chars().count() <= 100, "{line}");
    }
}

#[test]
fn the_help_of_run_has_examples() {
    Test::new()
        .args(["run", "--help"])
        .run()
        .ends(0)
        .says("--input-file <FILE>")
        .says("runbook run deploy.md --step verify");
}

#[test]
fn the_version_is_one_line() {
    let ran = Test::new().args(["--version"]).run().ends(0);
    assert_eq!(
        ran.stdout,
        concat!("runbook ", env!("CARGO_PKG_VERSION"), "\n")
    );
}

#[test]
fn no_command_shows_the_help() {
    Test::new().args([]).run().ends(2).says("Usage: runbook");
}

#[test]
fn an_unknown_command_has_a_near_one() {
    Test::new().args(["chekc", "."]).prints(str![[r#"
--- stderr
error: unrecognized subcommand 'chekc'

  tip: a similar subcommand exists: 'check'

Usage: runbook [OPTIONS] <COMMAND>

For more information, try '--help'.
--- status 2

"#]]);
}

#[test]
fn an_unknown_flag_is_wrong() {
    Test::new()
        .args(["run", "a.md", "--key-going"])
        .run()
        .ends(2);
}

#[test]
fn a_run_has_at_least_one_step_at_a_time() {
    Test::new()
        .args(["run", "a.md", "--jobs", "0"])
        .run()
        .ends(2)
        .says("1..=1024");
}

#[test]
fn completions_are_written_for_each_shell() {
    for shell in ["bash", "zsh", "fish"] {
        Test::new()
            .args(["completions", shell])
            .run()
            .ends(0)
            .says("keep-going");
    }
}
