//! What must hold before the first step; where it does not, nothing ran.

use snapbox::str;

use crate::support::Test;

#[test]
fn a_journal_that_cant_be_kept_stops_before_the_first_step() {
    let ran = Test::new()
        .file("a.md", "```bash {#one}\ntouch ran\n```\n")
        .file("occupied", "")
        .args(["run", "a.md"])
        .env("RUNBOOK_HOME", "occupied/home")
        .prints(str![[r#"
--- stderr
error: the journal can't be kept, so nothing ran: the journal `[ROOT]/occupied/home/runs/[RUN]/journal.jsonl` can't be written: Not a directory (os error 20)
help: set RUNBOOK_HOME to a folder that you can write to
--- status 4

"#]])
        .ends(4);
    assert!(!ran.exists("ran"));
}

#[test]
fn a_shell_that_is_not_installed_stops_before_the_first_step() {
    let ran = Test::new()
        .file(
            "a.md",
            "```rhai {#zero}\nlet x = 1;\n```\n\n```fish {#one}\ntrue\n```\n",
        )
        .folder("bin")
        .args(["run", "a.md"])
        .env("PATH", "bin")
        .prints(str![[r#"
--- stderr
error: the step `one` needs `fish`, which is not installed (not found on PATH)
help: install what is missing; `runbook doctor` shows what is there; nothing ran
--- status 3

"#]])
        .ends(3);
    assert!(!ran.exists("home"));
}

const TOOL: &str = "\
---
requires:
  tools: {rocket: '>=2.1', launchpad: '*'}
---
```bash {#one}
touch ran
```
";

#[test]
fn a_tool_that_knows_no_such_option_is_asked_as_it_wants() {
    use std::os::unix::fs::PermissionsExt as _;

    let page =
        |tools: &str| format!("---\nrequires:\n  tools: {{{tools}}}\n---\n```bash\ntrue\n```\n");
    let run = |tools: &str| {
        let test = Test::new()
            .file("a.md", page(tools))
            .file(
                "bin/tmux",
                "#!/bin/sh\n[ \"$1\" = -V ] || exit 1\necho 'tmux 3.3a'\n",
            )
            .file("bin/less", "#!/bin/sh\necho 'less 590 (GNU)'\n")
            .file("bin/dash", "#!/bin/sh\nexit 2\n");
        for name in ["tmux", "less", "dash"] {
            let program = test.root().join("bin").join(name);
            std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755))
                .expect("it can be made a program");
        }
        let path = std::env::var("PATH").unwrap_or_default();
        let path = format!("{}:{path}", test.root().join("bin").display());
        test.args(["run", "a.md"]).env("PATH", &path).run()
    };
    run("tmux: '>=2', less: '>=400'").ends(0);
    run("dash: '>=1'")
        .ends(3)
        .says("its version can't be read: `dash --version` told none");
}

#[test]
fn a_tool_below_its_version_stops_before_the_first_step() {
    use std::os::unix::fs::PermissionsExt as _;

    let path = std::env::var("PATH").unwrap_or_default();
    let test = Test::new()
        .file("a.md", TOOL)
        .file("bin/rocket", "#!/bin/sh\necho 'rocket v2.0.9 (abc)'\n");
    let program = test.root().join("bin/rocket");
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755))
        .expect("it can be made a program");
    let path = format!("{}:{path}", test.root().join("bin").display());
    let ran = test
        .args(["run", "a.md"])
        .env("PATH", &path)
        .prints(str![[r#"
--- stderr
error: the runbook requires `rocket` >=2.1, and 2.0.9 is installed
error: the runbook requires `launchpad`, which is not installed (not found on PATH)
help: install what is missing; `runbook doctor` shows what is there; nothing ran
--- status 3

"#]])
        .ends(3);
    assert!(!ran.exists("ran"));
    assert!(!ran.exists("home"));
}

#[test]
fn settings_have_no_unknown_keys() {
    Test::new()
        .file("a.md", "# A\n")
        .file("runbook.toml", "[target.demo]\nrecordng = 'x'\n")
        .args(["run", "a.md"])
        .prints(str![[r#"
--- stderr
error: runbook.toml:2:1: unknown key `recordng`
help: did you mean `recording`?
--- status 2

"#]])
        .ends(2);
}

#[test]
fn an_unknown_target_has_a_near_one() {
    Test::new()
        .file("a.md", "# A\n")
        .file("runbook.toml", "[target.prod]\n")
        .args(["run", "a.md", "--target", "prd"])
        .prints(str![[r#"
--- stderr
error: there is no target `prd`
help: did you mean `prod`?
--- status 2

"#]])
        .ends(2);
}

#[test]
fn a_recording_that_is_not_there_is_told() {
    Test::new()
        .file("a.md", "# A\n")
        .file(
            "runbook.toml",
            "default-target = 'demo'\n[target.demo]\nrecording = 'x'\n",
        )
        .args(["run", "a.md"])
        .run()
        .ends(2)
        .says("the target `demo` is the recording `x`, which is not there");
}

#[test]
fn an_account_that_nobody_can_be_asked_for_refuses_in_plain_words() {
    // A port that was free just now.
    let free = std::net::TcpListener::bind("127.0.0.1:0")
        .and_then(|listener| listener.local_addr())
        .expect("there is a free port");
    Test::new()
        .file(
            "a.md",
            "---\nrequires:\n  aws: {account: '123456789012'}\n---\n```bash {#one}\ntouch ran\n```\n",
        )
        .args(["run", "a.md"])
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
        .env("AWS_SECRET_ACCESS_KEY", "hush")
        .env("AWS_ENDPOINT_URL", &format!("http://{free}"))
        .run()
        .ends(3)
        .says(
            "AWS can't be reached to ask who the credentials are: tcp connect error: \
             Connection refused (os error 111); nothing ran",
        )
        .hides("DispatchFailure")
        .hides("ConnectorError");
}

/// Guard: `guard::verify`: who can't be asked for refuses too.
#[test]
fn a_guard_that_cant_be_verified_refuses() {
    let ran = Test::new()
        .file(
            "a.md",
            "---\nrequires:\n  aws: {account: '123456789012'}\n---\n```bash {#one}\ntouch ran\n```\n",
        )
        .args(["run", "a.md"])
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .prints(str![[r#"
--- stderr
error: the AWS account can't be verified: there are no AWS credentials: AWS_ACCESS_KEY_ID is not set, and there is no profile `default`; nothing ran
help: set AWS_PROFILE to a profile, or sign in with `aws sso login` or `aws configure`
--- status 3

"#]])
        .ends(3);
    assert!(!ran.exists("ran"));
    assert!(!ran.exists("home"));
}

const CONTEXT: &str = "\
---
requires:
  kube: {context: prod}
---
```bash {#look}
true
```

```bash {#switch effect=read}
cp other.yaml kube.yaml
```

```bash {#change}
touch ran
```
";

/// Guard: `guard::verify`: a context that can't be told refuses too.
#[test]
fn the_context_of_the_first_kubeconfig_that_has_one_is_verified() {
    let ran = Test::new()
        .file("a.md", CONTEXT)
        .file("none.yaml", "apiVersion: v1\n")
        .file("dev.yaml", "current-context: dev\n")
        .file("prod.yaml", "current-context: prod\n")
        .args(["run", "a.md"])
        .env("KUBECONFIG", "none.yaml:missing.yaml:dev.yaml:prod.yaml")
        .prints(str![[r#"
--- stderr
error: the runbook may run only in the Kubernetes context `prod`, and `dev` is current; nothing ran
help: kubectl config use-context prod
--- status 3

"#]])
        .ends(3);
    assert!(!ran.exists("home"));
    ran.then(["run", "a.md"])
        .run()
        .ends(3)
        .says("no Kubernetes context is current");
}

/// Guard: `guard::refused`.
#[test]
fn the_context_is_verified_again_before_each_change() {
    let ran = Test::new()
        .file("a.md", CONTEXT)
        .file("kube.yaml", "current-context: prod\n")
        .file("other.yaml", "current-context: dev\n")
        .args(["run", "a.md"])
        .env("KUBECONFIG", "kube.yaml")
        .run()
        .ends(3)
        .says("`dev` is current");
    assert_eq!(ran.step("look").as_deref(), Some("passed"));
    assert_eq!(ran.step("switch").as_deref(), Some("passed"));
    assert_eq!(ran.step("change").as_deref(), Some("refused"));
    assert!(!ran.exists("ran"));
}

/// Guard: `guard::verify`.
#[test]
fn another_region_refuses() {
    let page = "---\nrequires:\n  aws: {region: us-west-2}\n---\n```bash {#one}\ntrue\n```\n";
    let test = || Test::new().file("a.md", page).args(["run", "a.md"]);
    test().run().ends(3).says("no region is set");
    test()
        .env("AWS_REGION", "eu-west-1")
        .run()
        .ends(3)
        .says("`eu-west-1`");
    test().env("AWS_DEFAULT_REGION", "us-west-2").run().ends(0);
}

#[test]
fn a_profile_that_is_in_no_file_refuses() {
    Test::new()
        .file("a.md", "```bash {#one}\ntrue\n```\n")
        .file("runbook.toml", "[target.prod]\naws = {profile = 'prd'}\n")
        .file(".aws/config", "[profile prod]\n")
        .args(["run", "a.md", "--target", "prod"])
        .prints(str![[r#"
--- stderr
error: the AWS profile `prd` of the target `prod` is in no AWS file; nothing ran
help: did you mean `prod`?
--- status 3

"#]])
        .ends(3);
}

const LEASE: &str = "```bash {#one timeout=40m}\nrm -f nothing\n```\n";

#[test]
fn credentials_that_expire_too_soon_are_told_before_the_first_change() {
    let test = |arguments: &[&str], minutes: i64| {
        let expires = jiff::Timestamp::now() + jiff::SignedDuration::from_mins(minutes);
        let mut all = vec!["run", "a.md", "--yes"];
        all.extend(arguments);
        let test = Test::new().file("a.md", LEASE);
        let test = match all.as_slice() {
            [a, b, c] => test.args([*a, *b, *c]),
            [a, b, c, d] => test.args([*a, *b, *c, *d]),
            _ => unreachable!("there is at most one argument more"),
        };
        test.env("AWS_ACCESS_KEY_ID", "ASIAIOSFODNN7EXAMPLE")
            .env("AWS_SECRET_ACCESS_KEY", "hush")
            .env("AWS_SESSION_TOKEN", "token")
            .env("AWS_CREDENTIAL_EXPIRATION", &expires.to_string())
            .run()
    };
    let ran = test(&[], 30)
        .ends(3)
        .says("the credentials expire in [TIME], and the run may take [TIME]")
        .says("(the sum of its timeouts); nothing ran")
        .says("--allow-expiring-credentials");
    assert!(!ran.exists("home"));
    let ran = test(&["--allow-expiring-credentials"], 30).ends(0);
    let noted = ran.entries();
    assert!(
        noted.iter().any(|entry| entry["event"] == "noted"
            && entry["text"]
                .as_str()
                .is_some_and(|text| text.ends_with("allowed by --allow-expiring-credentials"))),
        "{noted:?}"
    );
    test(&[], 90).ends(0);
}

#[test]
fn a_report_needs_a_folder_before_the_run() {
    let ran = Test::new()
        .file("a.md", "```bash {#one}\ntouch ran\n```\n")
        .args(["run", "a.md", "--junit", "reports/junit.xml"])
        .prints(str![[r#"
--- stderr
error: the folder of `reports/junit.xml` does not exist
help: make it, or name another file for `--junit`
--- status 2

"#]])
        .ends(2);
    assert!(!ran.exists("ran"));
}
