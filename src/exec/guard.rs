//! Verifies where a run takes place.

use std::path::Path;

use crate::credentials::{Breach, Environment, Guards, Identity, NoIdentity, regions};
use crate::document::Effect;
use crate::secret::Clean;
use crate::world::World;

use super::attempt::Prepared;
use super::context::Context;

/// What keeps a run, or one of its steps, from starting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It is the wrong place.
    Breached(Vec<Breach>),
    /// It can't be told who the credentials are.
    Nobody(NoIdentity),
}

impl Refusal {
    /// What is wrong, each with what to do about it.
    #[must_use]
    pub fn breaches(self) -> Vec<Breach> {
        match self {
            Self::Breached(breaches) => breaches,
            Self::Nobody(error) => vec![Breach {
                message: format!("the AWS account can't be verified: {error}"),
                help: error.help().to_owned(),
            }],
        }
    }
}

/// Asks the world whether everything is as the guards want it, for a process with this
/// environment in this directory. Says who the credentials are, where an account is guarded.
///
/// Nothing is kept from one call to the next: what was so a minute ago may have been changed by
/// a step, or by somebody in another window.
///
/// # Errors
/// Says every guard that does not hold.
pub async fn verify(
    guards: &Guards,
    world: &dyn World,
    environment: &Environment,
    directory: &Path,
) -> Result<Option<Identity>, Refusal> {
    let mut breaches = Vec::new();
    if !guards.contexts.is_empty() {
        let asked = world.kube_context(environment.clone(), directory.to_owned());
        match asked.await {
            Ok(context) => breaches.extend(guards.context(&context)),
            Err(error) => breaches.push(Breach {
                message: format!("the Kubernetes context can't be verified: {error}"),
                help: "set KUBECONFIG, or `kubectl config use-context` the right one".to_owned(),
            }),
        }
    }
    if !guards.regions.is_empty() {
        let asked = world.profiles(environment.clone(), directory.to_owned());
        let profiles = asked.await;
        breaches.extend(guards.region(&regions(environment, &profiles)));
    }
    // The cheap ones first: no request where the answer is no already.
    if !breaches.is_empty() {
        return Err(Refusal::Breached(breaches));
    }
    if guards.accounts.is_empty() {
        return Ok(None);
    }
    let identity = world
        .identity(environment.clone())
        .await
        .map_err(Refusal::Nobody)?;
    breaches.extend(guards.account(&identity));
    if breaches.is_empty() {
        Ok(Some(identity))
    } else {
        Err(Refusal::Breached(breaches))
    }
}

/// Why the guards refuse a step now, if it changes or destroys something and they do.
pub(super) async fn refused(context: &Context, step: usize, prepared: &Prepared) -> Option<Clean> {
    let guards = &context.settings.guards;
    if guards.is_empty() || context.graph().effect(step) == Effect::Read {
        return None;
    }
    let (environment, directory) = (&prepared.environment, &prepared.directory);
    let refusal = verify(guards, &*context.world, environment, directory)
        .await
        .err()?;
    let reasons: Vec<String> = refusal
        .breaches()
        .into_iter()
        .map(|breach| format!("{}; {}", breach.message, breach.help))
        .collect();
    Some(context.redactor.clean(&reasons.join("; ")))
}
