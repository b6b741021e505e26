//! What the operator's clusters know and do, asked of their API servers in this process.
//!
//! All configuration comes from the call's environment, never from the process's own. What is
//! kept between calls, connections and the kinds of a cluster, is kept for one run.

mod cluster;
mod config;
mod error;
mod hidden;
mod kind;
mod plugin;
mod read;
mod ready;
mod wait;
mod write;

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use tokio::sync::mpsc;

pub(super) use cluster::{Cluster, Request, encoded};
use hidden::Revealed;

use super::arguments::Arguments;
use crate::value::Value;
use crate::world::{Call, CallError, Reply};

/// When a wait says what it waits for, and how often from then on.
pub(super) const SILENCE: Duration = Duration::from_secs(2);
pub(super) const REMINDER: Duration = Duration::from_secs(15);

/// The clusters that a run has talked to, each by what its client was made of.
#[derive(Default)]
pub(super) struct Clusters {
    known: RwLock<HashMap<String, Arc<Cluster>>>,
    /// What was read of Secrets, wherever: it may be written to another cluster.
    revealed: Revealed,
}

impl Clusters {
    /// The cluster of a call's environment.
    pub(super) async fn of(
        &self,
        call: &Call,
        context: Option<&str>,
    ) -> Result<Arc<Cluster>, CallError> {
        let files = config::Files::read(call).await?;
        let key = files.key(call, context);
        if let Some(cluster) = self.kept(&key) {
            return Ok(cluster);
        }
        let cluster = Arc::new(Cluster::new(files.found(call, context).await?)?);
        self.known
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(key, Arc::clone(&cluster));
        Ok(cluster)
    }

    /// A cluster that is known, and who we are there still holds.
    fn kept(&self, key: &str) -> Option<Arc<Cluster>> {
        let kept = self.known.read().unwrap_or_else(PoisonError::into_inner);
        kept.get(key).filter(|cluster| cluster.is_fresh()).cloned()
    }

    /// Forgets a cluster, so that whoever asks next signs in anew.
    fn forget(&self, cluster: &Arc<Cluster>) {
        self.known
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .retain(|_, known| !Arc::ptr_eq(known, cluster));
    }

    /// Answers a call to `k8s::…`.
    pub(super) async fn answer(
        &self,
        mut call: Call,
        progress: &mpsc::Sender<String>,
    ) -> Result<Reply, CallError> {
        let mut arguments = Arguments::of(&mut call);
        let context = arguments.text("context")?;
        let cluster = self.of(&call, context.as_deref()).await?;
        let asked = Asked {
            cluster: &cluster,
            revealed: &self.revealed,
            progress,
        };
        let answered = asked.dispatch(&call.function, arguments).await;
        if answered
            .as_ref()
            .is_err_and(|error| error.code == "Unauthorized")
        {
            self.forget(&cluster);
        }
        answered
    }
}

/// A call on its way.
struct Asked<'a> {
    cluster: &'a Cluster,
    revealed: &'a Revealed,
    progress: &'a mpsc::Sender<String>,
}

impl Asked<'_> {
    async fn dispatch(&self, function: &str, arguments: Arguments) -> Result<Reply, CallError> {
        match function {
            "k8s::get" => self.get(arguments).await,
            "k8s::list" => self.list(arguments).await,
            "k8s::exists" => self.exists(arguments).await,
            "k8s::ready" => self.ready(arguments).await,
            "k8s::wait" => self.wait(arguments).await,
            "k8s::logs" => self.logs(arguments).await,
            "k8s::events" => self.events(arguments).await,
            "k8s::apply" => self.apply(arguments).await,
            "k8s::patch" => self.patch(arguments).await,
            "k8s::delete" => self.delete(arguments).await,
            other => Err(super::calls::unknown(other)),
        }
    }
}

/// The texts at a path in an object, as in `["metadata", "name"]`.
fn at<'a>(object: &'a Value, path: &[&str]) -> Option<&'a Value> {
    path.iter().try_fold(object, |value, name| value.get(name))
}

/// A text in an object, empty where there is none.
fn text<'a>(object: &'a Value, path: &[&str]) -> &'a str {
    at(object, path).and_then(Value::as_str).unwrap_or_default()
}
