//! The program where the system gives it little.

use std::process::{Command, Output};

use crate::support::Test;

/// Runs the program under limits of its shell, as in `ulimit -n 64`.
pub(crate) fn under(limits: &str, test: &Test) -> Output {
    let plain = test.command();
    let environment = plain.get_envs();
    Command::new("sh")
        .args(["-c", &format!("{limits}; exec \"$0\" \"$@\"")])
        .arg(plain.get_program())
        .args(plain.get_args())
        .env_clear()
        .envs(environment.filter_map(|(name, value)| Some((name, value?))))
        .current_dir(test.root())
        .output()
        .expect("sh starts")
}
