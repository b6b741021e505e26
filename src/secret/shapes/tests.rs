//! What each shape hides, and what it leaves alone.

use proptest::prelude::*;

use crate::secret::Redactor;
use crate::secret::tests::in_pieces;

/// What comes out of a filter whole, and out of one that gets every byte by itself.
#[track_caller]
fn case(text: &str, expected: &str) {
    let redactor = Redactor::default();
    assert_eq!(redactor.clean(text).as_str(), expected);
    let bytes: Vec<usize> = vec![1; text.len()];
    assert_eq!(
        String::from_utf8_lossy(&in_pieces(&Redactor::default(), text.as_bytes(), &bytes)),
        expected
    );
}

#[track_caller]
fn stays(text: &str) {
    case(text, text);
}

/// Letters and digits as tokens have them.
fn random(length: usize) -> String {
    "aB3xK9mQ7zR2wT5yV8nL1pC4dF6gH0jS"
        .chars()
        .cycle()
        .take(length)
        .collect()
}

const JWT: &str = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U";

#[test]
fn a_prefix_tells() {
    for (prefix, length, kind) in [
        ("ghp_", 36, "github-token"),
        ("gho_", 36, "github-token"),
        ("github_pat_", 82, "github-token"),
        ("glpat-", 20, "gitlab-token"),
        ("xoxb-", 50, "slack-token"),
        ("sk_live_", 24, "stripe-key"),
        ("AIza", 35, "google-key"),
        ("npm_", 36, "npm-token"),
        ("pypi-AgE", 100, "pypi-token"),
        ("hvs.", 90, "vault-token"),
        ("sk-proj-", 100, "openai-key"),
        ("sk-", 48, "openai-key"),
        ("sk-ant-api03-", 90, "anthropic-key"),
        ("IQoJb3JpZ2lu", 400, "aws-session-token"),
        ("k8s-aws-v1.", 100, "eks-token"),
        ("dckr_pat_", 27, "docker-token"),
        ("abc8Q~", 34, "abc«azure-secret»"),
        ("LS0tLS1CRUdJTiBSU0EgUFJJVkFURSBLRVkt", 100, "private-key"),
    ] {
        let token = format!("{prefix}{}", random(length));
        let kind = if kind.contains('«') {
            kind.to_owned()
        } else {
            format!("«{kind}»")
        };
        case(&token, &kind);
        case(&format!("got {token}, ok\n"), &format!("got {kind}, ok\n"));
        case(&format!("[\"{token}\"]"), &format!("[\"{kind}\"]"));
        case(
            &format!("T={token}\nU={token}"),
            &format!("T={kind}\nU={kind}"),
        );
    }
}

#[test]
fn the_id_of_a_key_keeps_its_last_four() {
    case(
        "key AKIAIOSFODNN7EXAMPLE was used",
        "key «aws-key:…MPLE» was used",
    );
    case("\"ASIAQWERTYUIOPASDFGH\"", "\"«aws-key:…DFGH»\"");
    stays("AKIAIOSFODNN7EXAMPLEX AKIAIOSFODNN7EXAMPL xAKIAIOSFODNN7EXAMPLE AKIAIOSFODNN7EXAMPLe");
    assert!(!Redactor::default().finds(b"AKIAIOSFODNN7EXAMPLE"));
    assert!(Redactor::default().finds(JWT.as_bytes()));
}

#[test]
fn tokens_of_parts_are_hidden() {
    case(&format!("jwt={JWT} x"), "jwt=«jwt» x");
    case(
        &format!(
            "eyJhbGciOiJSU0EtT0FFUCJ9.{}.{}.{}.{}",
            random(300),
            random(16),
            random(40),
            random(22)
        ),
        "«jwt»",
    );
    // A message of 5 MB in one token is hidden as it comes.
    let long = format!("{JWT}{}!", "a".repeat(100_000));
    case(&long, "«jwt»!");
    stays("eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9");
    stays("eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.txt");
}

#[test]
fn a_private_key_is_hidden_whole() {
    let body = format!("{}\n", random(64)).repeat(25);
    for label in [
        "PRIVATE KEY",
        "RSA PRIVATE KEY",
        "EC PRIVATE KEY",
        "OPENSSH PRIVATE KEY",
        "ENCRYPTED PRIVATE KEY",
        "PGP PRIVATE KEY BLOCK",
    ] {
        let key = format!("-----BEGIN {label}-----\n{body}-----END {label}-----");
        case(&format!("a\n{key}\nb\n"), "a\n«private-key»\nb\n");
        case(
            &format!("{{\"k\": \"{}\\n\"}}", key.replace('\n', "\\n")),
            "{\"k\": \"«private-key»\\n\"}",
        );
        case(&key.replace('\n', "\r\n"), "«private-key»");
        case(&key.replace('\n', ""), "«private-key»");
    }
    // Cut off: whatever follows may be of the key.
    case(
        &format!("-----BEGIN PRIVATE KEY-----\n{body}"),
        "«private-key»",
    );
    stays("-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n");
    stays("-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----\n");
    stays("the file lacks \"-----BEGIN PRIVATE KEY-----\"; see above\nmore\n");
    let two = format!("-----BEGIN PRIVATE KEY-----\n{body}-----END PRIVATE KEY-----\n");
    case(&two.repeat(2), "«private-key»\n«private-key»\n");
    // No key is so long; what comes after is shown again.
    let endless = format!("-----BEGIN PRIVATE KEY-----\n{}", "line\n".repeat(20_000));
    let cleaned = Redactor::default().clean(&endless);
    assert!(cleaned.as_str().len() > 30_000 && cleaned.as_str().len() < 40_000);
}

#[test]
fn the_password_of_an_address_is_hidden() {
    case(
        "https://user:hunter2@host/path",
        "https://user:«password»@host/path",
    );
    case(
        "postgres://app:p%40ss@db:5432/x?y=z",
        "postgres://app:«password»@db:5432/x?y=z",
    );
    case(
        "redis://:hunter2@cache:6379",
        "redis://:«password»@cache:6379",
    );
    case("amqp://a:b@c@host/", "amqp://a:«password»@host/");
    case("mysql://a:pa/ss#x@host/db", "mysql://a:«password»@host/db");
    case("mysql://a:1234567@host/db", "mysql://a:«password»@host/db");
    case(
        "url 'https://x-access-token:ghs_abc@github.com/o/r.git'",
        "url 'https://x-access-token:«password»@github.com/o/r.git'",
    );
    stays(
        "https://host:8080/a@b https://host:443 http://a.b/c:d@e https://user@host/ ssh://git@host:22/x",
    );
    stays(
        "https://user:$PASSWORD@host https://user:***@host https://user:${PW}@host https://user:@host",
    );
    stays("https://[::1]:8080/ s3://bucket/a:b@c");
}

#[test]
fn an_authorization_is_hidden() {
    let token = random(40);
    case(
        &format!("Authorization: Bearer {token}\r\n"),
        "Authorization: Bearer «authorization»\r\n",
    );
    case(
        &format!("-H 'authorization: bearer {token}'"),
        "-H 'authorization: bearer «authorization»'",
    );
    case(
        &format!("sent Bearer {token}."),
        "sent Bearer «bearer-token»",
    );
    case(
        "Authorization: Basic dXNlcjpodW50ZXIy",
        "Authorization: Basic «authorization»",
    );
    case("< basic dXNlcjpwYXNzd29yZA== >", "< basic «basic-auth» >");
    case(
        "\"auth\": \"dXNlcjpwYXNzd29yZA==\"",
        "\"auth\": \"«basic-auth»\"",
    );
    stays("Basic authentication is required; bearer tokens are not accepted");
    stays("-H \"Authorization: Bearer $TOKEN\" -H 'Authorization: Bearer ${TOKEN}'");
}

#[test]
fn a_name_tells() {
    let key = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
    case(
        &format!("aws_secret_access_key = {key}\n"),
        "aws_secret_access_key = «aws-secret-key»\n",
    );
    case(
        &format!("\"SecretAccessKey\": \"{key}\","),
        "\"SecretAccessKey\": \"«aws-secret-key»\",",
    );
    case(
        &format!("|  SecretAccessKey |  {key}  |"),
        "|  SecretAccessKey |  «aws-secret-key»  |",
    );
    case(
        &format!("AccountName=x;AccountKey={}==;End", random(86)),
        "AccountName=x;AccountKey=«account-key»;End",
    );
    case(
        &format!("    client-key-data: {}\n", random(900)),
        "    client-key-data: «client-key»\n",
    );
    case(
        &format!("    token: {}\n", random(40)),
        "    token: «token»\n",
    );
    case(
        &format!("DD_API_KEY={}", "0123456789abcdef".repeat(2)),
        "DD_API_KEY=«api-key»",
    );
    case(
        &format!(
            "X-Amz-Date=2&X-Amz-Signature={}&x=1",
            "0123456789abcdef".repeat(4)
        ),
        "X-Amz-Date=2&X-Amz-Signature=«signature»&x=1",
    );
    case("password=hunter2", "password=«password»");
    case(
        "PGPASSWORD='hunter2 and more' psql",
        "PGPASSWORD='«password»' psql",
    );
    case(
        "{\"password\": \"correct horse\"}",
        "{\"password\": \"«password»\"}",
    );
    case(
        "\"{\\\"password\\\": \\\"hunt\\\\\\\"er2\\\"}\"",
        "\"{\\\"password\\\": \\\"«password»\\\"}\"",
    );
    case(
        "{'db_password': 'hunter2', 'a': 1}",
        "{'db_password': '«password»', 'a': 1}",
    );
    case("db_password: hunter2\n", "db_password: «password»\n");
    case(
        "Server=a;Uid=b;Pwd=hunter2;",
        "Server=a;Uid=b;Pwd=«password»;",
    );
    case(
        "mysql --password hunter2 -e x",
        "mysql --password «password» -e x",
    );
    case(
        "ALTER USER a WITH PASSWORD 'hunter2';",
        "ALTER USER a WITH PASSWORD '«password»';",
    );
    case(
        "<password>hunter2</password>",
        "<password>«password»</password>",
    );
    case(
        "\"SecretString\": \"{\\\"a\\\":\\\"hunter2\\\"}\"",
        "\"SecretString\": \"«secret»\"",
    );
    case(
        &format!("token: ghp_{}\n", random(36)),
        "token: «github-token»\n",
    );
    // Too long to wait for.
    case(
        &format!("password={} b", "x1".repeat(5000)),
        "password=«password» b",
    );
}

#[test]
fn an_escape_is_no_part_of_a_word() {
    let github = format!("ghp_{}", random(36));
    for before in [
        "\\n",
        "\\t",
        "\\r",
        "\\\\n",
        "\\u000a",
        "\\x1b",
        "\u{1b}[31m",
        "\u{1b}[01;31m",
    ] {
        case(
            &format!("a{before}{github}"),
            &format!("a{before}«github-token»"),
        );
        case(&format!("a{before}{JWT} b"), &format!("a{before}«jwt» b"));
        case(
            &format!("a{before}AKIAQQ7WERTYUIOPASDF"),
            &format!("a{before}«aws-key:…ASDF»"),
        );
        let bearer = format!("a{before}Bearer {}", random(30));
        case(&bearer, &format!("a{before}Bearer «bearer-token»"));
    }
    stays("machinghp_16C7e42F292c6912E7710c838347Ae178B4a");
    let redactor = Redactor::default();
    redactor.learn_assignments("printf 'a\\nPASSWORD=correct-horse-9'");
    assert_eq!(
        redactor.clean("correct-horse-9").as_str(),
        "«secret:PASSWORD»"
    );
}

#[test]
fn what_was_cut_is_hidden() {
    case("token ghp_aB3xK9… of", "token «github-token»… of");
    case(
        "Authorization: Bearer abcdefghijklmn…",
        "Authorization: Bearer «bearer-token»…",
    );
    case("x eyJhbGciOiJIUzI1NiIs… y", "x «jwt»… y");
    stays("sk-learn… ghp_… Bearer of… eyJ…");
}

#[test]
fn evidence_stays() {
    stays("commit 9b06573be5eb19c3c05cc93c3f8973ca0071add3 (HEAD)");
    stays("sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    stays("id 550e8400-e29b-41d4-a716-446655440000, token: 550e8400-e29b-41d4-a716-446655440000");
    stays("arn:aws:secretsmanager:us-east-1:123456789012:secret:prod/db-AbCdEf");
    stays("arn:aws:iam::123456789012:role/deploy account 123456789012");
    stays("data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk");
    stays(
        "certificate-authority-data: LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCk1JSUM1ekNDQWMrZ0F3SUI",
    );
    stays(
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SDG6UOoqKLsabgH5C9okWi0dh2l9GKJl me@host",
    );
    stays("password: incorrect\nPassword: Required.\npassword: ******\npassword=<redacted>");
    stays("password = var.db_password\npassword = get_password()\npassword: ${DB_PASSWORD}");
    stays("Enter password: \nmore\n\"password\": \"must be at least 8 characters\"");
    stays("secretName: my-app-tls-2024\nsecret: registry-credentials-7f9c8d\nsecretKeyRef:");
    stays(
        "token_type: bearer\ntokenExpirationSeconds: 3607\ntokens: 12345678901234567\nnextToken: eyJhYmNkZWYxMjM0NTY3ODkw",
    );
    stays("GOOGLE_APPLICATION_CREDENTIALS=/home/me/key.json password_file=/run/secrets/db");
    stays("(sensitive value) password = (sensitive value)");
    stays("disk-io task-id sk-learn-0.24.1 whsec_ ghp_short AKIA npm_config_registry=https://x.y/");
    stays("«secret:db_password» password=«secret:db_password» token: «jwt» AWS «aws-key:…MPLE»");
    stays("AWS_ACCESS_KEY_ID and access_key: see below");
    stays("2026-11-23T12:00:00Z INFO pod/api-7f9c8d5b6-x2x4z ready image=registry/app@sha256:4f5d");
}

#[test]
fn values_under_a_name_are_hidden() {
    let redactor = Redactor::default();
    let value = serde_json::json!({"db": {"password": "hunter2", "user": "app", "api_token": random(30), "port": 5432, "nextToken": random(30)}});
    let cleaned = serde_json::to_value(redactor.clean_value(&value)).unwrap();
    assert_eq!(cleaned["db"]["password"], "«password»");
    assert_eq!(cleaned["db"]["api_token"], "«token»");
    assert_eq!(cleaned["db"]["user"], "app");
    assert_eq!(cleaned["db"]["nextToken"], random(30));
}

#[test]
fn terraform_says_at_the_end_what_is_sensitive() {
    let state = serde_json::json!({
        "format_version": "1.0",
        "values": {
            "outputs": {"db": {"sensitive": true, "value": "hunter-two"}, "id": {"sensitive": false, "value": "vpc-0123456"}},
            "root_module": {"resources": [{
                "address": "x.y",
                "values": {"user": "adminuser", "word": "correct-horse", "list": [{"a": "first-one"}, {"a": "second-one"}]},
                "sensitive_values": {"word": true, "list": [{}, {"a": true}]}
            }]}
        }
    });
    for text in [
        state.to_string(),
        serde_json::to_string_pretty(&state).unwrap(),
    ] {
        let cleaned = in_pieces(&Redactor::default(), text.as_bytes(), &[3, 10, 100]);
        let cleaned = String::from_utf8(cleaned).unwrap();
        for gone in ["hunter-two", "correct-horse", "second-one"] {
            assert!(!cleaned.contains(gone), "{cleaned}");
        }
        for kept in ["vpc-0123456", "adminuser", "first-one", "«secret:word»"] {
            assert!(cleaned.contains(kept), "{kept}: {cleaned}");
        }
    }
    case("{\"format\": 1}", "{\"format\": 1}");
    case("{\"format_version", "{\"format_version");
    case(
        "{\"db\":{\"sensitive\":true,\"type\":\"string\",\"value\":\"hunter2\"},\"id\":{\"sensitive\":false,\"type\":\"string\",\"value\":\"x\"}}",
        "{\"db\":{\"sensitive\":true,\"type\":\"string\",\"value\":\"«sensitive»\"},\"id\":{\"sensitive\":false,\"type\":\"string\",\"value\":\"x\"}}",
    );
    case(
        "{\n  \"a\": {\n    \"sensitive\": true,\n    \"type\": [\n      \"list\"\n    ],\n    \"value\": [\n      \"x, ]\",\n      \"y\"\n    ]\n  }\n}\n",
        "{\n  \"a\": {\n    \"sensitive\": true,\n    \"type\": [\n      \"list\"\n    ],\n    \"value\": «sensitive»\n  }\n}\n",
    );
}

#[test]
fn variables_are_learnt_from_a_shells_text() {
    let redactor = Redactor::default();
    redactor.learn_assignments(
        "export DB_PASSWORD='correct horse' COLOUR=crimson-red\nAPI_TOKEN=zebra-crossing\nMY_SECRET=$(cat x) PGPASSWORD=$OTHER\n",
    );
    for known in ["correct horse", "zebra-crossing"] {
        assert!(redactor.finds(known.as_bytes()));
    }
    for unknown in ["crimson-red", "$(cat x)", "$OTHER"] {
        assert!(!redactor.finds(unknown.as_bytes()));
    }
}

/// Pieces of text that shapes begin, end or break off with.
fn fragment() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("-----BEGIN RSA PRIVATE KEY-----\n".to_owned()),
        Just("-----END RSA PRIVATE KEY-----".to_owned()),
        Just("-----BEGIN ".to_owned()),
        Just("-----END".to_owned()),
        Just(JWT.to_owned()),
        Just("eyJhbGciOiJIUzI1NiJ9.".to_owned()),
        Just("https://user:pa5sword@host/".to_owned()),
        Just("://a:".to_owned()),
        Just("@".to_owned()),
        Just("password".to_owned()),
        Just("\"password\": \"".to_owned()),
        Just("AWS_SECRET_ACCESS_KEY=".to_owned()),
        Just("Authorization: Bearer ".to_owned()),
        Just("Basic dXNlcjpwYXNzd29yZA==".to_owned()),
        Just("\"sensitive\": true, \"value\": \"".to_owned()),
        Just("ghp_".to_owned()),
        Just("AKIAIOSFODNN7EXAMPLE".to_owned()),
        Just("correct-horse".to_owned()),
        Just("8Q~".to_owned()),
        "[a-zA-Z0-9/+=_.~-]{1,60}",
        "[ \\n\"'=:,;{}\\\\|-]{1,4}",
        "[ -~\\n«»é]{0,20}",
    ]
}

proptest! {
    #[test]
    fn pieces_do_not_matter(
        parts in prop::collection::vec(fragment(), 1..14),
        cuts in prop::collection::vec(0_usize..60, 0..80),
    ) {
        let text = parts.concat();
        let redactor = Redactor::default();
        let _ = redactor.learn("pw", b"correct-horse");
        let run = |cuts: &[usize]| {
            let mut filter = redactor.filter();
            let mut out = Vec::new();
            let mut rest = text.as_bytes();
            for cut in cuts {
                let (piece, after) = rest.split_at((*cut).min(rest.len()));
                out.extend(filter.push(piece));
                rest = after;
            }
            out.extend(filter.push(rest));
            out.extend(filter.finish());
            String::from_utf8_lossy(&out).into_owned()
        };
        let whole = run(&[]);
        prop_assert_eq!(&run(&cuts), &whole);
        prop_assert_eq!(&run(&vec![1; text.len()]), &whole);
        let cleaned = redactor.clean(&text);
        prop_assert_eq!(cleaned.as_str(), &whole);
    }
}
