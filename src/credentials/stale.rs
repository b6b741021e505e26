//! Which credential variables are stale, and why.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::Offset;

use super::Environment;
use crate::event::Removed;

/// What a runbook says about credentials.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    /// Variables that no child sees.
    pub unset: Vec<String>,
}

const KEY: &str = "AWS_ACCESS_KEY_ID";
const SECRET: &str = "AWS_SECRET_ACCESS_KEY";

/// The session token, and the name that boto gave it first and still reads
/// (<https://boto3.amazonaws.com/v1/documentation/api/latest/guide/credentials.html>).
const TOKENS: [&str; 2] = ["AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN"];

/// When a temporary key expires: as `aws configure export-credentials --format env` says it
/// (<https://docs.aws.amazon.com/cli/latest/reference/configure/export-credentials.html>), and
/// as aws-vault does. The first that is a time counts.
const EXPIRATIONS: [&str; 2] = ["AWS_CREDENTIAL_EXPIRATION", "AWS_SESSION_EXPIRATION"];

/// How a long-lived key begins, and a temporary one
/// (<https://docs.aws.amazon.com/STS/latest/APIReference/API_GetAccessKeyInfo.html>).
const LONG_LIVED: &[u8] = b"AKIA";
const TEMPORARY: &[u8] = b"ASIA";

/// Takes out what is stale or unwanted; says what and why, never a value.
///
/// Removed are, in this order:
/// - what the policy lists;
/// - a session token beside a long-lived key, which every service refuses, for the two don't
///   belong together, and its expiration, which has some tools refuse the good key
///   (<https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_use-resources.html>);
/// - a session token without a key;
/// - a temporary key that is past its expiration, with its secret and token: what is left of it
///   would keep tools from looking for a better one
///   (<https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html#credentialProviderChain>).
#[must_use]
pub fn clean(environment: &mut Environment, policy: &Policy, now: Timestamp) -> Vec<Removed> {
    let mut removed = Vec::new();
    let mut remove = |environment: &mut Environment, name: &str, reason: &str| {
        if environment.remove(name) {
            removed.push(Removed {
                name: name.to_owned(),
                reason: reason.to_owned(),
            });
        }
    };
    for name in &policy.unset {
        remove(environment, name, "listed under `credentials: unset`");
    }
    let expiration = EXPIRATIONS
        .into_iter()
        .find_map(|name| Some((name, moment(environment.text(name)?)?)));
    let expired = expiration.filter(|(_, moment)| *moment <= now);
    let has_token = TOKENS.iter().any(|name| is_set(environment, name));
    match kind(environment) {
        Kind::LongLived => {
            for name in TOKENS {
                let reason = "belongs to a temporary key, but `AWS_ACCESS_KEY_ID` is a long-lived \
                              one";
                remove(environment, name, reason);
            }
            if has_token || expired.is_some() {
                for name in EXPIRATIONS {
                    let reason = "tells of a temporary key, but `AWS_ACCESS_KEY_ID` is a \
                                  long-lived one";
                    remove(environment, name, reason);
                }
            }
        }
        Kind::Absent if has_token => {
            for name in TOKENS.into_iter().chain(EXPIRATIONS) {
                let reason = "belongs to a key, but `AWS_ACCESS_KEY_ID` is not set";
                remove(environment, name, reason);
            }
        }
        kind => {
            if let Some((source, _)) = expired
                && (kind == Kind::Temporary || has_token)
            {
                for name in [KEY, SECRET].into_iter().chain(TOKENS).chain(EXPIRATIONS) {
                    let reason = if EXPIRATIONS.contains(&name) {
                        "tells of a temporary key that has expired".to_owned()
                    } else {
                        format!("expired: `{source}` has passed")
                    };
                    remove(environment, name, &reason);
                }
            }
        }
    }
    removed
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

fn is_set(environment: &Environment, name: &str) -> bool {
    environment.get(name).is_some_and(|value| !value.is_empty())
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
mod tests {
    use super::*;

    const LONG: &str = "AKIAIOSFODNN7EXAMPLE";
    const SHORT: &str = "ASIAIOSFODNN7EXAMPLE";
    const NOW: &str = "2026-11-23T12:00:00Z";

    /// Cleans an environment; `expected` is the names that go.
    #[track_caller]
    fn case(variables: &[(&str, &str)], unset: &[&str], expected: &[&str]) -> Vec<Removed> {
        let mut environment: Environment = variables
            .iter()
            .map(|(name, value)| (name.into(), value.into()))
            .collect();
        let policy = Policy {
            unset: unset.iter().map(|name| (*name).to_owned()).collect(),
        };
        let removed = clean(&mut environment, &policy, NOW.parse().unwrap());
        let names: Vec<_> = removed.iter().map(|removed| &*removed.name).collect();
        assert_eq!(names, expected);
        for (name, value) in variables {
            let gone = names.contains(name);
            assert_eq!(environment.get(name).is_none(), gone, "{name}");
            for removed in &removed {
                let told = value.len() > 3 && removed.reason.contains(value.get(..4).unwrap());
                assert!(!told, "a value is told: {}", removed.reason);
            }
        }
        removed
    }

    #[test]
    fn a_token_beside_a_long_lived_key_goes() {
        let removed = case(
            &[
                (KEY, LONG),
                (SECRET, "hush"),
                (TOKENS[0], "tok1"),
                (TOKENS[1], "tok2"),
            ],
            &[],
            &TOKENS,
        );
        assert_eq!(
            removed[0].reason,
            "belongs to a temporary key, but `AWS_ACCESS_KEY_ID` is a long-lived one"
        );
        case(&[(KEY, LONG), (SECRET, "hush")], &[], &[]);
    }

    #[test]
    fn a_long_lived_key_outlives_any_expiration() {
        let past = "2026-11-23T11:59:59Z";
        let future = "2026-11-24T00:00:00Z";
        case(
            &[
                (KEY, LONG),
                (SECRET, "hush"),
                (TOKENS[0], "tok1"),
                (EXPIRATIONS[0], past),
            ],
            &[],
            &[TOKENS[0], EXPIRATIONS[0]],
        );
        case(
            &[(KEY, LONG), (TOKENS[1], "tok1"), (EXPIRATIONS[0], future)],
            &[],
            &[TOKENS[1], EXPIRATIONS[0]],
        );
        case(
            &[(KEY, LONG), (EXPIRATIONS[1], past)],
            &[],
            &[EXPIRATIONS[1]],
        );
        case(&[(KEY, LONG), (EXPIRATIONS[1], future)], &[], &[]);
    }

    #[test]
    fn a_temporary_key_goes_when_its_time_has_passed() {
        #[track_caller]
        fn expires(at: &str, gone: bool) {
            let all = [KEY, SECRET, TOKENS[0], EXPIRATIONS[0]];
            let variables = [
                (KEY, SHORT),
                (SECRET, "hush"),
                (TOKENS[0], "tok1"),
                (EXPIRATIONS[0], at),
            ];
            case(&variables, &[], if gone { &all } else { &[] });
        }
        expires("2026-11-23T11:59:59Z", true);
        expires("2026-11-23T12:00:00Z", true);
        expires("2026-11-23T12:00:01Z", false);
        expires("2026-11-23T13:30:00+02:00", true);
        expires("2026-11-23T11:30:00-02:00", false);
        expires("2026-11-23T11:30:00+0000", true);
        expires("2026-11-23 11:30:00", true);
        expires("2026-11-23T12:30:00", false);
        expires("soon", false);
        expires("", false);
    }

    #[test]
    fn the_first_expiration_that_is_a_time_counts() {
        let (past, future) = ("2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z");
        let key = [(KEY, SHORT), (TOKENS[0], "tok1")];
        case(
            &[
                key[0],
                key[1],
                (EXPIRATIONS[0], future),
                (EXPIRATIONS[1], past),
            ],
            &[],
            &[],
        );
        let removed = case(
            &[
                key[0],
                key[1],
                (EXPIRATIONS[0], "never"),
                (EXPIRATIONS[1], past),
            ],
            &[],
            &[KEY, TOKENS[0], EXPIRATIONS[0], EXPIRATIONS[1]],
        );
        assert_eq!(
            removed[0].reason,
            "expired: `AWS_SESSION_EXPIRATION` has passed"
        );
    }

    #[test]
    fn a_token_without_a_key_goes() {
        case(&[(TOKENS[0], "tok1"), (SECRET, "hush")], &[], &[TOKENS[0]]);
        case(&[(KEY, ""), (TOKENS[0], "tok1")], &[], &[TOKENS[0]]);
        case(&[(EXPIRATIONS[0], "2026-01-01T00:00:00Z")], &[], &[]);
    }

    #[test]
    fn a_key_of_another_service_is_left_alone() {
        case(&[(KEY, "minioadmin"), (SECRET, "hush")], &[], &[]);
        case(&[(KEY, "minioadmin"), (TOKENS[0], "tok1")], &[], &[]);
        let past = "2026-01-01T00:00:00Z";
        case(&[(KEY, "minioadmin"), (EXPIRATIONS[0], past)], &[], &[]);
    }

    #[test]
    fn what_the_policy_lists_goes_whatever_it_is() {
        let removed = case(
            &[
                (KEY, SHORT),
                (TOKENS[0], "tok1"),
                ("GITHUB_TOKEN", "ghp_abc"),
            ],
            &[
                "GITHUB_TOKEN",
                "NOT_THERE",
                "AWS_SESSION_TOKEN",
                "GITHUB_TOKEN",
            ],
            &["GITHUB_TOKEN", "AWS_SESSION_TOKEN"],
        );
        assert_eq!(removed[0].reason, "listed under `credentials: unset`");
    }
}
