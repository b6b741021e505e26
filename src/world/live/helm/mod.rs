//! What Helm has done and does.
//!
//! What is known of releases is read from their records in the cluster, without Helm's program;
//! what changes a release runs it.

mod command;
mod program;
mod read;
mod record;
mod values;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::calls::until;
use super::kubernetes::Clusters;
use crate::world::{Call, CallError, Reply};

/// Answers a call to `helm::…`.
pub(super) async fn answer(
    clusters: &Clusters,
    call: Call,
    progress: &mpsc::Sender<String>,
    stop: &CancellationToken,
) -> Result<Reply, CallError> {
    match call.function.as_str() {
        "helm::upgrade" | "helm::rollback" | "helm::uninstall" => {
            program::run(clusters, call, progress, stop).await
        }
        _ => until(stop, read::answer(clusters, call, progress)).await,
    }
}
