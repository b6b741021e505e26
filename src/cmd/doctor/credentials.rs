//! What `doctor` says of credentials: where they are looked for, what is stale, who they are.

use std::fmt::Write as _;
use std::path::Path;

use runbook::credentials::{self, Environment, Policy, Profiles};
use runbook::world::World;

/// The variables that make one source, and what that source is called.
const ELSEWHERE: [(&str, [&str; 2]); 2] = [
    (
        "web identity",
        ["AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_ROLE_ARN"],
    ),
    (
        "container",
        [
            "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
            "AWS_CONTAINER_CREDENTIALS_FULL_URI",
        ],
    ),
];
const NO_MACHINE: &str = "AWS_EC2_METADATA_DISABLED";

/// What was found, and the text that says so.
pub(super) struct Found {
    pub(super) text: String,
    /// The environment without what is stale.
    pub(super) cleaned: Environment,
}

/// Looks at the sources in the order in which tools do
/// (<https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html>).
pub(super) async fn look(environment: &Environment, directory: &Path, world: &dyn World) -> Found {
    let profiles = world
        .profiles(environment.clone(), directory.to_owned())
        .await;
    let mut text = String::from("\ncredentials\n");
    let mut row = |name: &str, says: &str| {
        let _ = writeln!(text, "  {name:<13} {says}");
    };
    row("environment", &in_environment(environment));
    row("profile", &in_files(environment, &profiles));
    for (name, variables) in ELSEWHERE {
        let set: Vec<&str> = variables
            .into_iter()
            .filter(|name| environment.text(name).is_some())
            .collect();
        row(name, &none_or(&set));
    }
    let machine = match environment.text(NO_MACHINE) {
        Some(value) if value.eq_ignore_ascii_case("true") => "turned off",
        _ => "asked last, where nothing above has any",
    };
    row("machine", machine);

    let mut cleaned = environment.clone();
    let policy = Policy {
        profiles: Some(profiles.clone()),
        ..Policy::default()
    };
    let findings = credentials::findings(&mut cleaned, &policy, world.now());
    text.push_str("\nstale\n");
    if findings.is_empty() {
        text.push_str("  nothing\n");
    }
    for (removed, rule) in &findings {
        let _ = writeln!(text, "  {}: {}", removed.name, removed.reason);
        let _ = writeln!(text, "      see {}", rule.source);
    }
    if !findings.is_empty() {
        let names: Vec<&str> = findings
            .iter()
            .map(|(removed, _)| removed.name.as_str())
            .collect();
        text.push_str("  runs take these out of every step; in this shell it is done with\n");
        let _ = writeln!(text, "      unset {}", names.join(" "));
    }
    text.push_str(&who(environment, &cleaned, &profiles, world).await);
    Found { text, cleaned }
}

fn in_environment(environment: &Environment) -> String {
    let mut says = Vec::new();
    if let Some(key) = environment.text("AWS_ACCESS_KEY_ID") {
        let kind = match key.get(..4) {
            Some("AKIA") => "a long-lived key",
            Some("ASIA") => "a temporary key",
            _ => "a key",
        };
        says.push(format!("{kind} {}", credentials::last_four(key)));
    }
    let others = [
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "AWS_SECURITY_TOKEN",
    ];
    let others = others
        .into_iter()
        .filter(|name| environment.text(name).is_some());
    says.extend(others.map(str::to_owned));
    if let Some(expires) = credentials::expiry(environment) {
        says.push(expires.strftime("expires %Y-%m-%d %H:%M UTC").to_string());
    }
    none_or(&says)
}

fn in_files(environment: &Environment, profiles: &Profiles) -> String {
    let name = credentials::profile(environment);
    let shown = name.unwrap_or("default");
    match (profiles.has(shown), name) {
        (true, _) => match profiles.source(shown) {
            Some(source) => format!("`{shown}`: {source}"),
            None => format!("`{shown}`: no credentials in it"),
        },
        (false, Some(name)) => format!("`{name}` is in no AWS file"),
        (false, None) => "none".to_owned(),
    }
}

fn none_or(says: &[impl AsRef<str>]) -> String {
    let says: Vec<&str> = says.iter().map(AsRef::as_ref).collect();
    if says.is_empty() {
        "none".to_owned()
    } else {
        says.join(", ")
    }
}

/// Who the credentials are, with and without what is stale. AWS is asked only where there is
/// something to ask with; the machine's own role is left out of it.
async fn who(
    environment: &Environment,
    cleaned: &Environment,
    profiles: &Profiles,
    world: &dyn World,
) -> String {
    let set = |name: &str| environment.text(name).is_some();
    let elsewhere = ELSEWHERE
        .iter()
        .any(|(_, names)| names.iter().any(|name| set(name)));
    let keyed = set("AWS_ACCESS_KEY_ID") && set("AWS_SECRET_ACCESS_KEY");
    let profile = credentials::profile(environment).unwrap_or("default");
    if !keyed && !elsewhere && profiles.source(profile).is_none() {
        return String::new();
    }
    let ask = |environment: &Environment| {
        let mut environment = environment.clone();
        environment.set(NO_MACHINE, "true");
        world.identity(environment)
    };
    let says = |answer| match answer {
        Ok(credentials::Identity {
            account,
            arn,
            key,
            source,
            expires,
            ..
        }) => {
            let expires = expires.map_or_else(String::new, |expires| {
                expires.strftime(", expires %Y-%m-%d %H:%M UTC").to_string()
            });
            format!("AWS {account}, {arn}, key {key} from {source}{expires}")
        }
        Err(error) => {
            let error: credentials::NoIdentity = error;
            format!("{error}\n                {}", error.help())
        }
    };
    let mut text = String::from("\nidentity\n");
    if environment == cleaned {
        let _ = writeln!(text, "  {}", says(ask(environment).await));
    } else {
        let (before, after) = tokio::join!(ask(environment), ask(cleaned));
        let _ = writeln!(text, "  as it is      {}", says(before));
        let _ = writeln!(text, "  in steps      {}", says(after));
    }
    text
}
