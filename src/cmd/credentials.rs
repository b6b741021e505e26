//! The environment of a run: what is taken out of it, who it is, and whether that is right.

use runbook::credentials::{self, Environment, Guard, Guards, Identity, Named, NoIdentity, Policy};
use runbook::document::FrontMatter;
use runbook::event::Removed;
use runbook::exec::guard::{self, Refusal};
use runbook::name::nearest;
use runbook::world::{World, probe};

use super::failure::{Failure, Kind};
use super::inputs;
use super::project::Chosen;
use super::surroundings::Surroundings;

/// The environment that a run starts from.
pub(crate) struct Ready {
    /// The environment, cleaned.
    pub(crate) environment: Environment,
    /// What was taken out of it.
    pub(crate) removed: Vec<Removed>,
    /// What must be so before anything is changed; it was so a moment ago.
    pub(crate) guards: Guards,
    /// Who the credentials are, where that matters.
    pub(crate) identity: Option<Identity>,
    /// What the operator should know, and nothing is refused for.
    pub(crate) warnings: Vec<String>,
}

/// Cleans the environment and verifies where the run takes place.
///
/// AWS is asked only where the page or its target names an account or a profile.
///
/// # Errors
/// Where a guard does not hold or can't be verified, or a profile is not there.
pub(crate) async fn ready(
    front: &FrontMatter,
    target: Option<&Chosen>,
    surroundings: &Surroundings,
    world: &dyn World,
) -> Result<Ready, Failure> {
    let mut environment = surroundings.environment.clone();
    inputs::hide(&mut environment);
    if let Some(target) = target {
        target.apply(&mut environment);
    }
    let directory = &surroundings.directory;
    let profiles = world.profiles(environment.clone(), directory.clone()).await;
    let policy = Policy {
        unset: front.unset.clone(),
        profile: named(front, target),
        profiles: Some(profiles),
    };
    if let (Some(named), Some(profiles)) = (&policy.profile, &policy.profiles) {
        if !profiles.has(&named.profile) {
            return Err(missing(named, profiles));
        }
        environment.set("AWS_PROFILE", &named.profile);
    }
    let mut removed = credentials::clean(&mut environment, &policy, world.now());

    let guards = guards(front, target);
    let mut warnings = Vec::new();
    let verified = guard::verify(&guards, world, &environment, directory).await;
    let identity = match verified {
        // Only a call can tell; it may be that what is left is good.
        Err(Refusal::Nobody(NoIdentity::Refused { .. })) => {
            match probe(world, &mut environment).await {
                Ok((_, more)) => {
                    removed.extend(more);
                    guard::verify(&guards, world, &environment, directory)
                        .await
                        .map_err(refused)?
                }
                Err(error) => return Err(refused(Refusal::Nobody(error))),
            }
        }
        Err(refusal) => return Err(refused(refusal)),
        Ok(None) if policy.profile.is_some() => {
            match world.identity(environment.clone()).await {
                Ok(identity) => Some(identity),
                // Nobody asked for an account: what needs AWS says so itself.
                Err(error) => {
                    warnings.push(error.to_string());
                    None
                }
            }
        }
        Ok(identity) => identity,
    };
    Ok(Ready {
        environment,
        removed,
        guards,
        identity,
        warnings,
    })
}

/// The profile that the target or the page names.
fn named(front: &FrontMatter, target: Option<&Chosen>) -> Option<Named> {
    let of_target = target.and_then(|target| {
        Some(Named {
            profile: target.profile()?.to_owned(),
            by: format!("the target `{}`", target.name),
        })
    });
    of_target.or_else(|| {
        let (_, text) = front.env.iter().find(|(name, _)| name == "AWS_PROFILE")?;
        // One that only the run knows can't be looked up before.
        (!text.text.contains("${{")).then(|| Named {
            profile: text.text.trim().to_owned(),
            by: "the runbook".to_owned(),
        })
    })
}

fn missing(named: &Named, profiles: &credentials::Profiles) -> Failure {
    let profile = &named.profile;
    let help = match nearest(profile, profiles.names()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("make it with `aws configure --profile {profile}`"),
    };
    Failure::refused(format!(
        "the AWS profile `{profile}` of {} is in no AWS file; nothing ran",
        named.by
    ))
    .help(help)
}

/// What the page and its target ask for.
pub(crate) fn guards(front: &FrontMatter, target: Option<&Chosen>) -> Guards {
    let requires = &front.requires;
    let both = |page: Option<&str>, chosen: Option<&str>| {
        let page = page.map(|wanted| Guard {
            wanted: wanted.to_owned(),
            by: "the runbook".to_owned(),
        });
        let chosen = chosen.zip(target).map(|(wanted, target)| Guard {
            wanted: wanted.to_owned(),
            by: format!("the target `{}`", target.name),
        });
        let same = |guard: &Guard| {
            page.as_ref()
                .is_some_and(|page| page.wanted == guard.wanted)
        };
        let chosen = chosen.filter(|guard| !same(guard));
        page.into_iter().chain(chosen).collect()
    };
    let said = |wanted: &'_ Option<runbook::source::Spanned<String>>| -> Option<String> {
        wanted.as_ref().map(|wanted| wanted.value.clone())
    };
    Guards {
        accounts: both(
            said(&requires.aws_account).as_deref(),
            target.and_then(Chosen::account),
        ),
        regions: both(
            said(&requires.aws_region).as_deref(),
            target.and_then(Chosen::region),
        ),
        contexts: both(
            said(&requires.kube_context).as_deref(),
            target.and_then(Chosen::context),
        ),
    }
}

fn refused(refusal: Refusal) -> Failure {
    let breaches = refusal.breaches();
    let messages = breaches
        .iter()
        .map(|breach| format!("{}; nothing ran", breach.message))
        .collect();
    breaches
        .into_iter()
        .fold(Failure::many(Kind::Refused, messages), |failure, breach| {
            failure.help(breach.help)
        })
}
