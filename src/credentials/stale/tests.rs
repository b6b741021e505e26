//! Each rule with what it takes and what it leaves.

use super::*;

const LONG: &str = "AKIAIOSFODNN7EXAMPLE";
const SHORT: &str = "ASIAIOSFODNN7EXAMPLE";
const NOW: &str = "2026-11-23T12:00:00Z";

/// Cleans an environment; `expected` is the names that go.
#[track_caller]
fn case(variables: &[(&str, &str)], unset: &[&str], expected: &[&str]) -> Vec<Removed> {
    let policy = Policy {
        unset: unset.iter().map(|name| (*name).to_owned()).collect(),
        ..Policy::default()
    };
    with(variables, &policy, expected)
}

/// The same with a policy.
#[track_caller]
fn with(variables: &[(&str, &str)], policy: &Policy, expected: &[&str]) -> Vec<Removed> {
    let mut environment: Environment = variables
        .iter()
        .map(|(name, value)| (name.into(), value.into()))
        .collect();
    let removed = clean(&mut environment, policy, NOW.parse().unwrap());
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
fn the_latest_expiration_counts() {
    let (past, future) = ("2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z");
    let key = [(KEY, SHORT), (TOKENS[0], "tok1")];
    for (stale, valid) in [(0, 1), (1, 0)] {
        let removed = case(
            &[
                key[0],
                key[1],
                (EXPIRATIONS[valid], future),
                (EXPIRATIONS[stale], past),
            ],
            &[],
            &[EXPIRATIONS[stale]],
        );
        assert!(
            removed[0].reason.contains("of an earlier key"),
            "{}",
            removed[0].reason
        );
    }
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
fn of_two_different_tokens_the_older_name_goes() {
    let key = [(KEY, SHORT), (SECRET, "hush"), (TOKENS[0], "tok1")];
    case(
        &[key[0], key[1], key[2], (TOKENS[1], "tok2")],
        &[],
        &[TOKENS[1]],
    );
    case(&[key[0], key[1], key[2], (TOKENS[1], "tok1")], &[], &[]);
    // Boto alone can use this set, and it works there.
    case(&[key[0], key[1], (TOKENS[1], "tok2")], &[], &[]);
    case(
        &[key[0], key[1], (TOKENS[0], ""), (TOKENS[1], "tok2")],
        &[],
        &[],
    );
}

fn profiles(policy: Policy) -> Policy {
    Policy {
        profiles: Some(Profiles::parse("[profile prod]\n[default]\n", "")),
        ..policy
    }
}

fn named(profile: &str) -> Policy {
    Policy {
        profile: Some(Named {
            profile: profile.to_owned(),
            by: "the target `prod`".to_owned(),
        }),
        ..Policy::default()
    }
}

#[test]
fn keys_beside_a_named_profile_go() {
    let set = [
        (KEY, LONG),
        (SECRET, "hush"),
        (TOKENS[0], "tok1"),
        (PROFILES[1], "other"),
    ];
    let names = [KEY, SECRET, TOKENS[0], PROFILES[1]];
    let removed = with(&set, &named("prod"), &names);
    assert_eq!(
        removed[0].reason,
        "it would win over the profile of the target `prod`"
    );
    with(&set, &profiles(named("prod")), &names);
    with(&[(PROFILES[1], "prod")], &named("prod"), &[]);
    // The profile does not exist: the key is all there is.
    let kept = [(KEY, SHORT), (SECRET, "hush"), (TOKENS[0], "tok1")];
    with(&kept, &profiles(named("prd")), &[]);
}

#[test]
fn a_profile_that_does_not_exist_goes_where_there_is_a_key() {
    let policy = profiles(Policy::default());
    let key = [(KEY, LONG), (SECRET, "hush")];
    with(
        &[key[0], key[1], (PROFILES[0], "prd")],
        &policy,
        &[PROFILES[0]],
    );
    with(
        &[key[0], key[1], (PROFILES[1], "prd")],
        &policy,
        &[PROFILES[1]],
    );
    with(&[key[0], key[1], (PROFILES[0], "prod")], &policy, &[]);
    with(
        &[(PROFILES[0], "prod"), (PROFILES[1], "prd")],
        &policy,
        &[PROFILES[1]],
    );
    // Without a key, `default` would be used unasked.
    with(&[(PROFILES[0], "prd")], &policy, &[]);
    // Nobody has read the files.
    case(&[key[0], key[1], (PROFILES[0], "prd")], &[], &[]);
}

/// Every environment that holds a set which works, beside anything else, keeps that set.
#[test]
fn no_rule_takes_a_set_that_works() {
    let (past, future) = ("2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z");
    let working: [&[(&str, &str)]; 5] = [
        &[(KEY, LONG), (SECRET, "hush")],
        &[(KEY, SHORT), (SECRET, "hush"), (TOKENS[0], "tok1")],
        &[
            (KEY, SHORT),
            (SECRET, "hush"),
            (TOKENS[0], "tok1"),
            (EXPIRATIONS[0], future),
        ],
        &[
            (KEY, SHORT),
            (SECRET, "hush"),
            (TOKENS[0], "tok1"),
            (EXPIRATIONS[1], future),
        ],
        &[(KEY, "minioadmin"), (SECRET, "hush")],
    ];
    let beside = [
        (TOKENS[1], "tok2"),
        (EXPIRATIONS[0], past),
        (EXPIRATIONS[1], past),
        (EXPIRATIONS[0], "never"),
        (PROFILES[0], "prod"),
        (PROFILES[0], "prd"),
        (PROFILES[1], "prd"),
        ("AWS_REGION", "eu-west-1"),
    ];
    let policies = [
        Policy::default(),
        profiles(Policy::default()),
        profiles(named("prd")),
    ];
    for set in working {
        for chosen in 0..1_u32 << beside.len() {
            let others = beside
                .iter()
                .enumerate()
                .filter(|(index, _)| chosen & (1 << index) != 0)
                .map(|(_, variable)| *variable);
            // The expiration that was left behind is the only thing that speaks against it.
            let says = |name: &str| set.iter().any(|(other, _)| *other == name);
            let others: Vec<_> = others.filter(|(name, _)| !says(name)).collect();
            let dated = set.iter().any(|(_, value)| *value == future);
            let left_behind = others.iter().any(|(_, value)| *value == past);
            if left_behind && !dated && says(TOKENS[0]) {
                continue;
            }
            for policy in &policies {
                let mut environment: Environment = set
                    .iter()
                    .chain(&others)
                    .map(|(name, value)| (name.into(), value.into()))
                    .collect();
                let removed = clean(&mut environment, policy, NOW.parse().unwrap());
                for (name, value) in set {
                    assert_eq!(environment.text(name), Some(*value), "{removed:?}");
                }
                assert_eq!(
                    environment.text("AWS_SECURITY_TOKEN"),
                    None.or(
                        // A key of another service may have what token it likes.
                        environment
                            .text("AWS_SECURITY_TOKEN")
                            .filter(|_| set[0].1 == "minioadmin"),
                    )
                );
            }
        }
    }
}

#[test]
fn every_rule_says_where_it_comes_from() {
    for rule in &RULES {
        assert_eq!(
            rule.source.is_empty(),
            rule.name == "listed",
            "{}",
            rule.name
        );
    }
}

#[test]
fn a_key_expires_when_the_environment_says_so() {
    let of = |variables: &[(&str, &str)]| {
        let environment: Environment = variables
            .iter()
            .map(|(name, value)| (name.into(), value.into()))
            .collect();
        expiry(&environment).map(|moment| moment.to_string())
    };
    let (soon, later) = ("2026-11-23T12:30:00Z", "2026-11-23T13:00:00Z");
    let set = [
        (KEY, SHORT),
        (EXPIRATIONS[0], soon),
        (EXPIRATIONS[1], later),
    ];
    assert_eq!(of(&set).as_deref(), Some(later));
    assert_eq!(of(&set[..2]).as_deref(), Some(soon));
    assert_eq!(of(&[(KEY, LONG), set[1]]), None);
    assert_eq!(of(&[set[1]]), None);
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
