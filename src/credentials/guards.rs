//! Where a run may take place: accounts, regions, clusters.

use super::{Environment, Identity, Profiles, profile};

/// One thing that must be so before anything is changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Guard {
    /// What it must be.
    pub wanted: String,
    /// Who says so: `the runbook`, or ``the target `prod` ``.
    pub by: String,
}

/// All that must be so; a runbook and its target may both ask for it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Guards {
    /// The number of the AWS account.
    pub accounts: Vec<Guard>,
    /// The AWS region.
    pub regions: Vec<Guard>,
    /// The Kubernetes context.
    pub contexts: Vec<Guard>,
}

/// A guard that does not hold.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Breach {
    /// What is not as it must be.
    pub message: String,
    /// What to do.
    pub help: String,
}

impl Guards {
    /// Whether there is nothing to verify.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.accounts.is_empty() && self.regions.is_empty() && self.contexts.is_empty()
    }

    /// The accounts that are not the one of an identity.
    pub fn account(&self, identity: &Identity) -> impl Iterator<Item = Breach> {
        self.accounts
            .iter()
            .filter(|guard| guard.wanted != identity.account)
            .map(|guard| Breach {
                message: format!(
                    "{} may run only in the AWS account `{}`, and this is `{}` ({})",
                    guard.by, guard.wanted, identity.account, identity.arn
                ),
                help: format!(
                    "use credentials of `{}`; these are from {}",
                    guard.wanted, identity.source
                ),
            })
    }

    /// The regions that are not the one in force. Every name that says a region must say the
    /// wanted one, for tools differ in which they read.
    pub fn region(&self, actual: &[(String, String)]) -> impl Iterator<Item = Breach> {
        self.regions.iter().filter_map(move |guard| {
            let wanted = &guard.wanted;
            let help = format!("set `AWS_REGION={wanted}` if that is where it should run");
            let begin = format!("{} may run only in the AWS region `{wanted}`", guard.by);
            if actual.is_empty() {
                return Some(Breach {
                    message: format!("{begin}, and no region is set"),
                    help,
                });
            }
            let (name, region) = actual.iter().find(|(_, region)| region != wanted)?;
            Some(Breach {
                message: format!("{begin}, and {name} says `{region}`"),
                help,
            })
        })
    }

    /// The contexts that are not the current one.
    pub fn context(&self, actual: &str) -> impl Iterator<Item = Breach> {
        self.contexts
            .iter()
            .filter(move |guard| guard.wanted != actual)
            .map(move |guard| Breach {
                message: format!(
                    "{} may run only in the Kubernetes context `{}`, and `{actual}` is current",
                    guard.by, guard.wanted
                ),
                help: format!("kubectl config use-context {}", guard.wanted),
            })
    }
}

/// The regions that an environment says, each with what says it. boto reads only
/// `AWS_DEFAULT_REGION`, newer tools read `AWS_REGION` first, and where none of the two is set
/// the profile decides (<https://docs.aws.amazon.com/sdkref/latest/guide/feature-region.html>).
#[must_use]
pub fn regions(environment: &Environment, profiles: &Profiles) -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> = ["AWS_REGION", "AWS_DEFAULT_REGION"]
        .into_iter()
        .filter_map(|name| Some((name.to_owned(), environment.text(name)?.to_owned())))
        .collect();
    if found.is_empty() {
        let profile = profile(environment).unwrap_or("default");
        let region = profiles.setting(profile, "region");
        found.extend(region.map(|region| (format!("the profile `{profile}`"), region.to_owned())));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guards() -> Guards {
        let guard = |wanted: &str| {
            vec![Guard {
                wanted: wanted.to_owned(),
                by: "the runbook".to_owned(),
            }]
        };
        Guards {
            accounts: guard("123456789012"),
            regions: guard("us-west-2"),
            contexts: guard("prod"),
        }
    }

    #[track_caller]
    fn region(variables: &[(&str, &str)], config: &str, expected: Option<&str>) {
        let environment = variables
            .iter()
            .map(|(name, value)| (name.into(), value.into()))
            .collect();
        let actual = regions(&environment, &Profiles::parse(config, ""));
        let breach = guards().region(&actual).next();
        assert_eq!(breach.map(|breach| breach.message).as_deref(), expected);
    }

    #[test]
    fn every_name_must_say_the_region() {
        const BEGIN: &str = "the runbook may run only in the AWS region `us-west-2`, and ";
        let with = |end: &str| format!("{BEGIN}{end}");
        region(&[("AWS_REGION", "us-west-2")], "", None);
        region(&[("AWS_DEFAULT_REGION", "us-west-2")], "", None);
        region(
            &[
                ("AWS_REGION", "us-west-2"),
                ("AWS_DEFAULT_REGION", "eu-west-1"),
            ],
            "",
            Some(&with("AWS_DEFAULT_REGION says `eu-west-1`")),
        );
        region(&[], "", Some(&with("no region is set")));
        region(&[], "[default]\nregion=us-west-2\n", None);
        region(
            &[("AWS_PROFILE", "a")],
            "[profile a]\nregion=eu-west-1\n",
            Some(&with("the profile `a` says `eu-west-1`")),
        );
    }

    #[test]
    fn another_account_and_another_context_are_breaches() {
        let identity = |account: &str| Identity {
            account: account.to_owned(),
            arn: format!("arn:aws:iam::{account}:user/chris"),
            user_id: "AIDAEXAMPLE".to_owned(),
            source: "the environment".to_owned(),
            key: "…MPLE".to_owned(),
            expires: None,
        };
        assert_eq!(guards().account(&identity("123456789012")).next(), None);
        assert_eq!(
            guards()
                .account(&identity("210987654321"))
                .next()
                .unwrap()
                .message,
            "the runbook may run only in the AWS account `123456789012`, and this is \
             `210987654321` (arn:aws:iam::210987654321:user/chris)"
        );
        assert_eq!(guards().context("prod").next(), None);
        assert_eq!(
            guards().context("dev").next().unwrap().message,
            "the runbook may run only in the Kubernetes context `prod`, and `dev` is current"
        );
    }
}
