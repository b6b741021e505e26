//! Which credential variables are stale, and why.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::Offset;

use super::{Environment, Profiles};
use crate::event::Removed;

/// What is known when an environment is cleaned.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    /// Variables that no child sees.
    pub unset: Vec<String>,
    /// The profile that the runbook or its target names.
    pub profile: Option<Named>,
    /// The profiles of the shared AWS files; `None` where nobody has read them.
    pub profiles: Option<Profiles>,
}

/// A profile and who names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// Its name.
    pub profile: String,
    /// Who names it, as in ``the target `prod` ``.
    pub by: String,
}

/// One reason to take variables out.
#[derive(Clone, Copy)]
pub struct Rule {
    /// What is stale, in a few words.
    pub name: &'static str,
    /// A page of the vendor's that says so; empty where the runbook itself says it.
    pub source: &'static str,
    /// What it takes out of an environment as it is.
    find: fn(&Environment, &Policy, Timestamp) -> Vec<Removed>,
}

const KEY: &str = "AWS_ACCESS_KEY_ID";
const SECRET: &str = "AWS_SECRET_ACCESS_KEY";
const SESSION: &str = "AWS_SESSION_TOKEN";
const SECURITY: &str = "AWS_SECURITY_TOKEN";

/// The session token, and the name that boto gave it first and still reads
/// (<https://boto3.amazonaws.com/v1/documentation/api/latest/guide/credentials.html>).
const TOKENS: [&str; 2] = [SESSION, SECURITY];

/// When a temporary key expires: as `aws configure export-credentials --format env` says it
/// (<https://docs.aws.amazon.com/cli/latest/reference/configure/export-credentials.html>), and
/// as aws-vault does (<https://github.com/99designs/aws-vault/blob/master/USAGE.md>).
const EXPIRATIONS: [&str; 2] = ["AWS_CREDENTIAL_EXPIRATION", "AWS_SESSION_EXPIRATION"];

/// The names of a profile: boto still reads the second one, and before the first
/// (<https://github.com/boto/botocore/blob/develop/botocore/configprovider.py>).
const PROFILES: [&str; 2] = ["AWS_PROFILE", "AWS_DEFAULT_PROFILE"];

/// How a long-lived key begins, and a temporary one
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-unique-ids>).
const LONG_LIVED: &[u8] = b"AKIA";
const TEMPORARY: &[u8] = b"ASIA";

/// The rules in their order; each sees what those before it left.
pub static RULES: [Rule; 8] = [
    Rule {
        name: "listed",
        source: "",
        find: listed,
    },
    Rule {
        name: "keys beside a named profile",
        source: "https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-authentication.html#cli-chap-authentication-precedence",
        find: beside_a_profile,
    },
    Rule {
        name: "token beside a long-lived key",
        source: "https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_use-resources.html",
        find: beside_a_long_lived_key,
    },
    Rule {
        name: "token without a key",
        source: "https://docs.aws.amazon.com/sdkref/latest/guide/feature-static-credentials.html",
        find: without_a_key,
    },
    Rule {
        name: "two different tokens",
        source: "https://github.com/boto/botocore/blob/develop/botocore/credentials.py",
        find: different_tokens,
    },
    Rule {
        name: "expired key",
        source: "https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_request.html",
        find: expired,
    },
    Rule {
        name: "expiration of an earlier key",
        source: "https://docs.aws.amazon.com/cli/latest/reference/configure/export-credentials.html",
        find: outlived,
    },
    Rule {
        name: "profile that does not exist",
        source: "https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-files.html#cli-configure-files-using-profiles",
        find: unknown_profile,
    },
];

/// Takes out what is stale or unwanted; says what and why, never a value.
///
/// No rule takes a set of credentials that works: what can't be told from the variables alone
/// stays, and fails or not where it is used.
#[must_use]
pub fn clean(environment: &mut Environment, policy: &Policy, now: Timestamp) -> Vec<Removed> {
    let found = findings(environment, policy, now);
    found.into_iter().map(|(removed, _)| removed).collect()
}

/// The same, each with the rule that takes it.
#[must_use]
pub fn findings(
    environment: &mut Environment,
    policy: &Policy,
    now: Timestamp,
) -> Vec<(Removed, &'static Rule)> {
    let mut all = Vec::new();
    for rule in &RULES {
        for removed in (rule.find)(environment, policy, now) {
            if environment.remove(&removed.name) {
                all.push((removed, rule));
            }
        }
    }
    all
}

/// What the runbook lists under `credentials: unset`, whatever it is.
fn listed(_: &Environment, policy: &Policy, _: Timestamp) -> Vec<Removed> {
    all(&policy.unset, "listed under `credentials: unset`")
}

/// Keys that would win over the profile that the runbook or its target names: the environment
/// comes before profiles in every tool's search
/// (<https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-authentication.html#cli-chap-authentication-precedence>).
///
/// Where the files are known and have no such profile the keys stay: nothing would be left.
fn beside_a_profile(environment: &Environment, policy: &Policy, _: Timestamp) -> Vec<Removed> {
    let Some(named) = &policy.profile else {
        return Vec::new();
    };
    let missing = |profiles: &Profiles| !profiles.has(&named.profile);
    if policy.profiles.as_ref().is_some_and(missing) {
        return Vec::new();
    }
    let reason = format!("it would win over the profile of {}", named.by);
    let mut removed = all(
        &[
            KEY,
            SECRET,
            SESSION,
            SECURITY,
            EXPIRATIONS[0],
            EXPIRATIONS[1],
        ],
        &reason,
    );
    if environment.text(PROFILES[1]) != Some(&*named.profile) {
        removed.extend(all(&PROFILES[1..], &reason));
    }
    removed
}

/// A session token beside a long-lived key, which every service refuses, for the two don't
/// belong together
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_use-resources.html>),
/// and the token's expiration, for which some tools refuse the good key.
fn beside_a_long_lived_key(environment: &Environment, _: &Policy, now: Timestamp) -> Vec<Removed> {
    if kind(environment) != Kind::LongLived {
        return Vec::new();
    }
    let past = expirations(environment).any(|(_, moment)| moment <= now);
    let mut removed = all(
        &TOKENS,
        "belongs to a temporary key, but `AWS_ACCESS_KEY_ID` is a long-lived one",
    );
    if has_token(environment) || past {
        removed.extend(all(
            &EXPIRATIONS,
            "tells of a temporary key, but `AWS_ACCESS_KEY_ID` is a long-lived one",
        ));
    }
    removed
}

/// A session token without a key: static credentials are key, secret and token together
/// (<https://docs.aws.amazon.com/sdkref/latest/guide/feature-static-credentials.html>).
fn without_a_key(environment: &Environment, _: &Policy, _: Timestamp) -> Vec<Removed> {
    if kind(environment) != Kind::Absent || !has_token(environment) {
        return Vec::new();
    }
    let reason = "belongs to a key, but `AWS_ACCESS_KEY_ID` is not set";
    let mut removed = all(&TOKENS, reason);
    removed.extend(all(&EXPIRATIONS, reason));
    removed
}

/// `AWS_SECURITY_TOKEN` that differs from `AWS_SESSION_TOKEN`: boto takes the older name first,
/// all other tools read only the newer one, so the older is the one left behind
/// (<https://github.com/boto/botocore/blob/develop/botocore/credentials.py>, `EnvProvider.TOKENS`).
fn different_tokens(environment: &Environment, _: &Policy, _: Timestamp) -> Vec<Removed> {
    let both = environment.text(SESSION).zip(environment.text(SECURITY));
    if both.is_none_or(|(session, security)| session == security) {
        return Vec::new();
    }
    let reason = "differs from `AWS_SESSION_TOKEN`, and some tools would take it instead";
    all(&[SECURITY], reason)
}

/// A temporary key that is past its expiration, with its secret and token: services refuse it
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_request.html>), and it
/// keeps tools from looking for a better one
/// (<https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html#credentialProviderChain>).
fn expired(environment: &Environment, _: &Policy, now: Timestamp) -> Vec<Removed> {
    let names: &[&str] = match kind(environment) {
        Kind::Temporary => &[KEY, SECRET, SESSION, SECURITY],
        // What has expired is the token; a key of another service may be a long-lived one.
        Kind::Unknown if has_token(environment) => &TOKENS,
        Kind::Unknown | Kind::Absent | Kind::LongLived => return Vec::new(),
    };
    let Some((last, moment)) = expirations(environment).max_by_key(|(_, moment)| *moment) else {
        return Vec::new();
    };
    if moment > now {
        return Vec::new();
    }
    let reason = format!("expired: `{last}` has passed");
    let mut removed = all(names, &reason);
    removed.extend(all(
        &EXPIRATIONS,
        "tells of a temporary key that has expired",
    ));
    removed
}

/// An expiration in the past beside one in the future: it was left by an earlier key, and boto
/// refuses a key for the first of them
/// (<https://docs.aws.amazon.com/cli/latest/reference/configure/export-credentials.html>).
fn outlived(environment: &Environment, _: &Policy, now: Timestamp) -> Vec<Removed> {
    let Some((valid, _)) = expirations(environment).find(|(_, moment)| *moment > now) else {
        return Vec::new();
    };
    expirations(environment)
        .filter(|(_, moment)| *moment <= now)
        .flat_map(|(name, _)| {
            let reason = format!("has passed, and `{valid}` has not: it is of an earlier key");
            all(&[name], &reason)
        })
        .collect()
}

/// `AWS_PROFILE` that names no profile, where there is a key: the `aws` command gives up on it
/// before it looks for keys
/// (<https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-files.html#cli-configure-files-using-profiles>).
///
/// Without a key it stays, and the tools say themselves that it is wrong: what they would find
/// instead, the profile `default`, may be quite another account.
fn unknown_profile(environment: &Environment, policy: &Policy, _: Timestamp) -> Vec<Removed> {
    let Some(profiles) = &policy.profiles else {
        return Vec::new();
    };
    let chosen = |name: &&str| {
        environment
            .text(name)
            .is_some_and(|value| profiles.has(value))
    };
    let keyed = kind(environment) != Kind::Absent && environment.text(SECRET).is_some();
    let usable = keyed || PROFILES.iter().any(chosen);
    PROFILES
        .into_iter()
        .filter(|name| {
            usable
                && environment
                    .text(name)
                    .is_some_and(|value| !profiles.has(value))
        })
        .flat_map(|name| all(&[name], "names a profile that is in no AWS file"))
        .collect()
}

/// When the key in the environment expires, as far as the environment says it.
#[must_use]
pub fn expiry(environment: &Environment) -> Option<Timestamp> {
    let keyed = matches!(kind(environment), Kind::Temporary | Kind::Unknown);
    expirations(environment)
        .map(|(_, moment)| moment)
        .max()
        .filter(|_| keyed)
}

/// What could be wrong with a set of credentials that AWS refuses, the least first: its token, or
/// all of the key in the environment.
#[must_use]
pub fn suspects(environment: &Environment) -> Vec<Vec<&'static str>> {
    let there = |names: &[&'static str]| -> Vec<&'static str> {
        let names = names.iter().copied();
        names
            .filter(|name| environment.get(name).is_some())
            .collect()
    };
    let token = there(&TOKENS);
    let key = there(&[
        KEY,
        SECRET,
        SESSION,
        SECURITY,
        EXPIRATIONS[0],
        EXPIRATIONS[1],
    ]);
    match kind(environment) {
        Kind::Absent => Vec::new(),
        // Without its token a temporary key is nothing.
        Kind::LongLived | Kind::Unknown if !token.is_empty() => vec![token, key],
        Kind::LongLived | Kind::Unknown | Kind::Temporary => vec![key],
    }
}

fn all(names: &[impl AsRef<str>], reason: &str) -> Vec<Removed> {
    names
        .iter()
        .map(|name| Removed {
            name: name.as_ref().to_owned(),
            reason: reason.to_owned(),
        })
        .collect()
}

/// What `AWS_ACCESS_KEY_ID` holds.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Absent,
    LongLived,
    Temporary,
    Unknown,
}

fn kind(environment: &Environment) -> Kind {
    let key = environment
        .get(KEY)
        .map(|key| key.as_encoded_bytes().trim_ascii())
        .unwrap_or_default();
    if key.is_empty() {
        Kind::Absent
    } else if key.starts_with(LONG_LIVED) {
        Kind::LongLived
    } else if key.starts_with(TEMPORARY) {
        Kind::Temporary
    } else {
        Kind::Unknown
    }
}

fn has_token(environment: &Environment) -> bool {
    TOKENS
        .iter()
        .any(|name| environment.get(name).is_some_and(|value| !value.is_empty()))
}

/// The expirations that are moments.
fn expirations(environment: &Environment) -> impl Iterator<Item = (&'static str, Timestamp)> {
    EXPIRATIONS
        .into_iter()
        .filter_map(|name| Some((name, moment(environment.text(name)?)?)))
}

/// Reads a moment: RFC 3339, or the same without an offset, which then is UTC.
fn moment(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    text.parse().ok().or_else(|| {
        let local: DateTime = text.parse().ok()?;
        Offset::UTC.to_timestamp(local).ok()
    })
}

#[cfg(test)]
mod tests;
