//! Asks who the credentials are, and takes out those that stand in the way of better ones.

use crate::credentials::{Environment, Identity, NoIdentity, suspects};
use crate::event::Removed;

use super::World;

/// Asks AWS who the credentials of an environment are. Where AWS refuses them, and accepts what
/// is left without the token, or without the key in the environment, that is taken out: it is
/// named in what comes back.
///
/// Only a call can tell such a set from a good one
/// (<https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html>: it needs no
/// permission, so that a refusal is about the credentials).
///
/// # Errors
/// Where no set of credentials is accepted: why the first one is not. The environment is then as
/// it was.
pub async fn probe(
    world: &dyn World,
    environment: &mut Environment,
) -> Result<(Identity, Vec<Removed>), NoIdentity> {
    let refused = match world.identity(environment.clone()).await {
        Ok(identity) => return Ok((identity, Vec::new())),
        Err(error) => error,
    };
    let NoIdentity::Refused { code, .. } = &refused else {
        return Err(refused);
    };
    for names in suspects(environment) {
        let mut without = environment.clone();
        for name in &names {
            without.remove(name);
        }
        if let Ok(identity) = world.identity(without.clone()).await {
            let reason =
                format!("AWS refuses the set that it is of ({code}), and accepts what is left");
            *environment = without;
            let removed = names.into_iter().map(|name| Removed {
                name: name.to_owned(),
                reason: reason.clone(),
            });
            return Ok((identity, removed.collect()));
        }
    }
    Err(refused)
}
