//! Each stale rule against a stand-in for AWS: what fails without it passes with it.

use std::process::{Command, Output};

use crate::stand::{EXPIRED, REVOKED, STALE, Stand};
use crate::support::{Ran, Test};

/// A key of the account 123456789012, which is moto's own.
const KEY: &str = "AKIAIOSFODNN7EXAMPLE";
const HOME: &str = "123456789012";
const OTHER: &str = "222222222222";
const PAST: &str = "2026-01-01T00:00:00Z";
const FUTURE: &str = "2099-01-01T00:00:00Z";

/// A profile with a key that works.
const CREDENTIALS: &str = "[default]\naws_access_key_id=AKIAIOSFODNN7PROFILE\naws_secret_access_key=hush\n\
     [prod]\naws_access_key_id=AKIAIOSFODNN7PROFILE\naws_secret_access_key=hush\n";

/// A step that needs AWS.
const WHO: &str = "\
```bash {#who}
aws sts get-caller-identity --query Account --output text
```
";

/// The same, and the account is guarded.
const GUARDED: &str = "\
---
requires:
  aws: {account: '123456789012'}
---
```bash {#who}
aws sts get-caller-identity --query Account --output text
```
";

pub(crate) fn has(program: &str) -> bool {
    let there = Command::new(program)
        .arg("--version")
        .output()
        .is_ok_and(|output| output.status.success());
    if !there {
        eprintln!("skipped: {program} is not installed");
    }
    there
}

/// A test in an environment that reaches nothing but the stand.
pub(crate) fn test(stand: &Stand) -> Test {
    let test = Test::new()
        .file(".aws/credentials", CREDENTIALS)
        .env("AWS_ENDPOINT_URL", &stand.url())
        .env("AWS_REGION", "us-east-1")
        .env("AWS_DEFAULT_REGION", "us-east-1")
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("AWS_MAX_ATTEMPTS", "1")
        .env("AWS_PAGER", "")
        .env("CHECKPOINT_DISABLE", "1")
        .env("TF_IN_AUTOMATION", "1");
    // Programs may be found through pyenv, which looks into the home that a test does not have.
    let pyenv = std::env::var("PYENV_ROOT").ok().or_else(|| {
        let home = std::env::var("HOME").ok()?;
        Some(format!("{home}/.pyenv"))
    });
    match pyenv {
        Some(pyenv) => test.env("PYENV_ROOT", &pyenv),
        None => test,
    }
}

/// Runs a command in a test's environment as it is, with nothing taken out.
fn uncleaned(test: &Test, argv: &[&str]) -> Output {
    let ours = test.command();
    let mut command = Command::new(argv[0]);
    command.args(&argv[1..]).env_clear();
    for (name, value) in ours.get_envs() {
        if let Some(value) = value {
            command.env(name, value);
        }
    }
    if let Some(folder) = ours.get_current_dir() {
        command.current_dir(folder);
    }
    command.output().expect("the command starts")
}

fn set(test: Test, variables: &[(&str, &str)]) -> Test {
    variables
        .iter()
        .fold(test, |test, (name, value)| test.env(name, value))
}

const ASK: [&str; 7] = [
    "aws",
    "sts",
    "get-caller-identity",
    "--query",
    "Account",
    "--output",
    "text",
];

/// Runs a page and the same call with nothing taken out: that fails, or is in another account.
#[track_caller]
fn case(stand: &Stand, page: &str, variables: &[(&str, &str)], taken: &[&str]) -> Ran {
    let test = set(test(stand), variables);
    let raw = uncleaned(&test, &ASK);
    let account = String::from_utf8_lossy(&raw.stdout).trim().to_owned();
    assert!(
        !raw.status.success() || account != HOME,
        "it works as it is: {variables:?}"
    );
    let ran = test
        .file("a.md", page)
        .args(["run", "a.md", "--output", "full"])
        .run()
        .ends(0)
        .says(HOME);
    let entries = ran.entries();
    let removed: Vec<&str> = entries[0]["removed"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|removed| removed["name"].as_str())
        .collect();
    assert_eq!(removed, taken, "{}", ran.text);
    ran
}

#[test]
fn each_stale_rule_makes_a_call_pass_that_fails_without_it() {
    let Some(stand) = Stand::start().filter(|_| has("aws")) else {
        return;
    };
    let long = [
        ("AWS_ACCESS_KEY_ID", KEY),
        ("AWS_SECRET_ACCESS_KEY", "hush"),
    ];
    let [key, secret, token] = stand.role(HOME);
    let short = [
        ("AWS_ACCESS_KEY_ID", key.as_str()),
        ("AWS_SECRET_ACCESS_KEY", secret.as_str()),
        ("AWS_SESSION_TOKEN", token.as_str()),
    ];
    let with = |set: &[(&'static str, &str)], more: &[(&'static str, &str)]| {
        let all = set.iter().chain(more);
        all.map(|(name, value)| (*name, (*value).to_owned()))
            .collect::<Vec<_>>()
    };
    let cases = [
        (
            with(&long, &[("AWS_SESSION_TOKEN", STALE)]),
            vec!["AWS_SESSION_TOKEN"],
        ),
        (
            with(&long, &[("AWS_SECURITY_TOKEN", STALE)]),
            vec!["AWS_SECURITY_TOKEN"],
        ),
        (
            with(&short, &[("AWS_SECURITY_TOKEN", STALE)]),
            vec!["AWS_SECURITY_TOKEN"],
        ),
        (
            with(
                &short[..2],
                &[
                    ("AWS_SESSION_TOKEN", EXPIRED),
                    ("AWS_CREDENTIAL_EXPIRATION", PAST),
                ],
            ),
            vec![
                "AWS_ACCESS_KEY_ID",
                "AWS_SECRET_ACCESS_KEY",
                "AWS_SESSION_TOKEN",
                "AWS_CREDENTIAL_EXPIRATION",
            ],
        ),
        (
            with(
                &short[..2],
                &[
                    ("AWS_SESSION_TOKEN", EXPIRED),
                    ("AWS_SESSION_EXPIRATION", PAST),
                ],
            ),
            vec![
                "AWS_ACCESS_KEY_ID",
                "AWS_SECRET_ACCESS_KEY",
                "AWS_SESSION_TOKEN",
                "AWS_SESSION_EXPIRATION",
            ],
        ),
        (
            with(
                &short,
                &[
                    ("AWS_CREDENTIAL_EXPIRATION", PAST),
                    ("AWS_SESSION_EXPIRATION", FUTURE),
                ],
            ),
            vec!["AWS_CREDENTIAL_EXPIRATION"],
        ),
        (with(&long, &[("AWS_PROFILE", "prd")]), vec!["AWS_PROFILE"]),
        (
            with(&long, &[("AWS_DEFAULT_PROFILE", "prd")]),
            vec!["AWS_DEFAULT_PROFILE"],
        ),
    ];
    for (variables, taken) in cases {
        let variables: Vec<_> = variables
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        case(&stand, WHO, &variables, &taken);
    }
}

/// Only a call can tell that a key was revoked, so it is made where the account matters.
#[test]
fn a_revoked_key_gives_way_to_a_profile() {
    let Some(stand) = Stand::start().filter(|_| has("aws")) else {
        return;
    };
    let revoked = [
        ("AWS_ACCESS_KEY_ID", REVOKED),
        ("AWS_SECRET_ACCESS_KEY", "hush"),
    ];
    let ran = case(
        &stand,
        GUARDED,
        &revoked,
        &["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"],
    )
    .says("AWS refuses the set that it is of (InvalidClientTokenId)")
    .hides(REVOKED)
    .hides("AKIAIOSFODNN7PROFILE");
    let identity = &ran.entries()[0]["identity"];
    assert_eq!(identity["account"], HOME);
    assert_eq!(identity["key"], "…FILE");
    // What the runbook lists goes, whatever it is.
    let page = format!("---\ncredentials:\n  unset: [AWS_ACCESS_KEY_ID]\n---\n{WHO}");
    case(&stand, &page, &revoked, &["AWS_ACCESS_KEY_ID"]);
}

#[test]
fn a_token_without_a_key_does_not_join_the_key_of_a_step() {
    let Some(stand) = Stand::start().filter(|_| has("aws")) else {
        return;
    };
    let step = format!(
        "export AWS_ACCESS_KEY_ID={KEY} AWS_SECRET_ACCESS_KEY=hush\n{}",
        ASK.join(" ")
    );
    let test = test(&stand)
        .env("AWS_SESSION_TOKEN", STALE)
        .file("a.md", format!("```bash {{#who}}\n{step}\n```\n"))
        .args(["run", "a.md", "--output", "full"]);
    assert!(!uncleaned(&test, &["bash", "-ec", &step]).status.success());
    test.run()
        .ends(0)
        .says(HOME)
        .says("removed AWS_SESSION_TOKEN");
}

#[test]
fn a_key_does_not_win_over_the_profile_of_the_target() {
    let Some(stand) = Stand::start().filter(|_| has("aws")) else {
        return;
    };
    let [key, secret, token] = stand.role(OTHER);
    let variables = [
        ("AWS_ACCESS_KEY_ID", key.as_str()),
        ("AWS_SECRET_ACCESS_KEY", secret.as_str()),
        ("AWS_SESSION_TOKEN", token.as_str()),
    ];
    let settings = format!("[target.prod]\naws = {{profile = 'prod', account = '{HOME}'}}\n");
    let test = set(test(&stand), &variables)
        .env("AWS_PROFILE", "prod")
        .file("runbook.toml", settings)
        .file("a.md", WHO)
        .args(["run", "a.md", "--target", "prod", "--output", "full"]);
    let raw = uncleaned(&test, &ASK);
    assert_eq!(String::from_utf8_lossy(&raw.stdout).trim(), OTHER);
    let ran = test
        .run()
        .ends(0)
        .says("removed AWS_SESSION_TOKEN: it would win over the profile of the target `prod`")
        .says(HOME)
        .hides(&secret)
        .hides(&token);
    assert_eq!(
        ran.entries()[0]["identity"]["source"],
        "the profile `prod` (a key in the file)"
    );
}

#[test]
fn a_set_that_works_is_kept() {
    let Some(stand) = Stand::start() else {
        return;
    };
    let [key, secret, token] = stand.role(HOME);
    let ran = test(&stand)
        .env("AWS_ACCESS_KEY_ID", &key)
        .env("AWS_SECRET_ACCESS_KEY", &secret)
        .env("AWS_SESSION_TOKEN", &token)
        .env("AWS_CREDENTIAL_EXPIRATION", FUTURE)
        .file("a.md", GUARDED.replace("aws sts", "true || aws sts"))
        .args(["run", "a.md"])
        .run()
        .ends(0)
        .hides(&key)
        .hides(&token);
    let head = &ran.entries()[0];
    assert_eq!(head["removed"], serde_json::Value::Null);
    assert_eq!(head["identity"]["expires"], FUTURE);
    assert_eq!(head["identity"]["source"], "the environment");
}

/// Another account, at the start and under way, in this process: no `aws` command is needed.
///
/// Guards: `guard::verify`, and `guard::refused` before each change.
#[test]
fn another_account_refuses_before_the_first_step_and_before_each_change() {
    let Some(stand) = Stand::start() else {
        return;
    };
    let [key, secret, token] = stand.role(OTHER);
    let guard = "---\nrequires:\n  aws: {account: '123456789012'}\n---\n";
    let page = format!(
        "{guard}```bash {{#look}}\ntrue\n```\n\n```bash {{#switch effect=read}}\n\
         export AWS_ACCESS_KEY_ID={key} AWS_SECRET_ACCESS_KEY={secret} AWS_SESSION_TOKEN={token}\n\
         ```\n\n```bash {{#change}}\ntouch changed\n```\n"
    );
    let ran = test(&stand)
        .env("AWS_ACCESS_KEY_ID", &key)
        .env("AWS_SECRET_ACCESS_KEY", &secret)
        .env("AWS_SESSION_TOKEN", &token)
        .file("a.md", &page)
        .args(["run", "a.md"])
        .run()
        .ends(3)
        .says("may run only in the AWS account `123456789012`, and this is `222222222222`")
        .says("nothing ran");
    assert!(!ran.exists("home"));
    // The environment is of the right account now, until a step exports another key.
    let ran = test(&stand)
        .file("a.md", &page)
        .args(["run", "a.md"])
        .run()
        .ends(3)
        .says("this is `222222222222`");
    assert_eq!(ran.step("switch").as_deref(), Some("passed"));
    assert_eq!(ran.step("change").as_deref(), Some("refused"));
    assert!(!ran.exists("changed"));
}

/// What `doctor` says before and after, and the command that it gives for doing it by hand.
#[test]
fn doctor_says_who_the_credentials_are_with_and_without_what_is_stale() {
    let Some(stand) = Stand::start() else {
        return;
    };
    let broken = || {
        test(&stand)
            .env("AWS_ACCESS_KEY_ID", KEY)
            .env("AWS_SECRET_ACCESS_KEY", "hush")
    };
    broken()
        .env("AWS_SESSION_TOKEN", STALE)
        .args(["doctor"])
        .run()
        .ends(0)
        .says("  as it is      AWS refuses the credentials (InvalidClientTokenId): The security token")
        .says("  in steps      AWS 123456789012, arn:aws:sts::123456789012:user/moto, key …MPLE from the environment\n")
        .says("      unset AWS_SESSION_TOKEN\n")
        .says("  profile       `default`: a key in the file")
        .hides(STALE)
        .hides(KEY);
    broken()
        .args(["doctor"])
        .run()
        .ends(0)
        .says("\nstale\n  nothing\n")
        .says("\nidentity\n  AWS 123456789012, ");
}

/// A program that gives keys sees the cleaned environment too.
#[test]
fn a_credential_process_sees_the_cleaned_environment() {
    let Some(stand) = Stand::start() else {
        return;
    };
    let program = "\
#!/bin/sh
[ -z \"$AWS_SESSION_TOKEN\" ] || { echo \"a token is there\" >&2; exit 7; }
echo '{\"Version\": 1, \"AccessKeyId\": \"AKIAIOSFODNN7PROCESS\", \"SecretAccessKey\": \"hush\", \"Expiration\": \"2099-01-01T00:00:00Z\"}'
";
    let test = test(&stand)
        .env("AWS_SESSION_TOKEN", STALE)
        .env("AWS_PROFILE", "keys")
        .file("keys.sh", program)
        .file("a.md", GUARDED.replace("aws sts", "true || aws sts"));
    let path = test.root().join("keys.sh").display().to_string();
    let ran = test
        .file(
            ".aws/config",
            format!("[profile keys]\ncredential_process = sh {path}\n"),
        )
        .args(["run", "a.md"])
        .run()
        .ends(0);
    let identity = &ran.entries()[0]["identity"];
    assert_eq!(identity["key"], "…CESS");
    assert_eq!(identity["expires"], FUTURE);
    assert_eq!(identity["source"], "the profile `keys` (asks a program)");
}

/// Terraform's backend asks STS, with the environment of its step.
#[test]
fn terraform_sees_the_cleaned_environment() {
    let Some(stand) = Stand::start().filter(|_| has("terraform")) else {
        return;
    };
    stand.ask("PUT", "/state-of-things", "text/plain", "");
    let url = stand.url();
    let main = format!(
        "terraform {{\n  backend \"s3\" {{\n    bucket = \"state-of-things\"\n    key = \"a.tfstate\"\n    \
         region = \"us-east-1\"\n    use_path_style = true\n    skip_metadata_api_check = true\n    \
         endpoints = {{ s3 = \"{url}\", sts = \"{url}\", iam = \"{url}\" }}\n  }}\n}}\n"
    );
    let init = ["terraform", "init", "-input=false", "-no-color"];
    let test = test(&stand)
        .env("AWS_ACCESS_KEY_ID", KEY)
        .env("AWS_SECRET_ACCESS_KEY", "hush")
        .env("AWS_SESSION_TOKEN", STALE)
        .file("main.tf", main)
        .file(
            "a.md",
            format!("```bash {{#init}}\n{}\n```\n", init.join(" ")),
        )
        .args(["run", "a.md", "--output", "full"]);
    let raw = uncleaned(&test, &init);
    assert!(!raw.status.success());
    let said = String::from_utf8_lossy(&raw.stderr).into_owned();
    assert!(said.contains("InvalidClientTokenId"), "{said}");
    test.run().ends(0).says("successfully initialized");
}

/// moto's own check of signatures, without the gate.
#[test]
fn a_real_signature_is_accepted_and_a_stale_token_is_not() {
    let Some(stand) = Stand::start().filter(|_| has("aws")) else {
        return;
    };
    let admin = test(&stand)
        .env("AWS_ENDPOINT_URL", &stand.moto_url())
        .env("AWS_ACCESS_KEY_ID", KEY)
        .env("AWS_SECRET_ACCESS_KEY", "hush");
    let iam = |arguments: &[&str]| {
        let argv: Vec<&str> = ["aws", "iam"].iter().chain(arguments).copied().collect();
        let output = uncleaned(&admin, &argv);
        assert!(output.status.success(), "{output:?}");
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    };
    iam(&["create-user", "--user-name", "chris"]);
    let made = iam(&[
        "create-access-key",
        "--user-name",
        "chris",
        "--query",
        "[AccessKey.AccessKeyId, AccessKey.SecretAccessKey]",
        "--output",
        "text",
    ]);
    let (key, secret) = made.split_once('\t').expect("a key and a secret");
    stand.ask("POST", "/moto-api/reset-auth", "text/plain", "0");
    let test = test(&stand)
        .env("AWS_ENDPOINT_URL", &stand.moto_url())
        .env("AWS_ACCESS_KEY_ID", key)
        .env("AWS_SECRET_ACCESS_KEY", secret)
        .env("AWS_SESSION_TOKEN", STALE)
        .file("a.md", GUARDED)
        .args(["run", "a.md", "--output", "full"]);
    assert!(!uncleaned(&test, &ASK).status.success());
    let ran = test.run().ends(0).says("user/chris").hides(secret);
    let identity = &ran.entries()[0]["identity"];
    assert_eq!(identity["arn"], "arn:aws:iam::123456789012:user/chris");
}
