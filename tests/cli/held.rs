//! Secrets that a step makes and writes before anyone knows them.

use crate::support::Test;

const PAGE: &str = r#"# Secrets
```bash {#bash}
DB_PASSWORD=$(echo Corr-Ect-Horse | tr a-z A-Z)
echo "it is $DB_PASSWORD"
```
```sh {#sh}
API_TOKEN=`printf 'tok-%s' en12345678`
echo "it is $API_TOKEN" >&2
```
```zsh {#zsh}
export MY_SECRET="$(printf 'zz-%s' en12345678)"
echo "it is $MY_SECRET"
```
```fish {#fish}
set -x MY_TOKEN (printf 'ff-%s' en12345678)
echo "it is $MY_TOKEN"
```
```rhai {#seen}
assert bash.stdout.contains("HORSE") && zsh.contains("zz-"), "scripts see the values";
```
"#;

#[test]
fn a_secret_is_hidden_in_the_output_of_the_step_that_made_it() {
    for shell in ["zsh", "fish"] {
        if std::process::Command::new(shell)
            .arg("--version")
            .output()
            .is_err()
        {
            eprintln!("skipped: {shell} is not installed");
            return;
        }
    }
    let ran = Test::new()
        .file("a.md", PAGE)
        .args(["run", "a.md"])
        .run()
        .ends(0)
        .says("it is «secret:DB_PASSWORD»")
        .says("it is «secret:API_TOKEN»")
        .says("it is «secret:MY_SECRET»")
        .says("it is «secret:MY_TOKEN»");
    let journal = ran.journals().concat();
    for value in ["CORR-ECT", "tok-en1", "zz-en1", "ff-en1"] {
        assert!(!journal.contains(value), "{value}");
    }
}

#[test]
fn output_is_withheld_where_the_shell_can_t_leave_the_value() {
    let page = "# A\n```bash {#a timeout=500ms}\nA_TOKEN=$(printf 'gg-%s' en12345678); echo \"$A_TOKEN\"\nexec sleep 20\n```\n";
    let ran = Test::new()
        .file("a.md", page)
        .args(["run", "a.md"])
        .run()
        .ends(1)
        .says("what it wrote is withheld: it may hold `A_TOKEN`");
    assert!(!ran.journals().concat().contains("gg-en1"));
}
