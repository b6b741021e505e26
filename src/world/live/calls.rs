//! Who answers which call.

use serde_json::json;
use tokio::sync::mpsc;
use tokio::time;
use tokio_util::sync::CancellationToken;

use super::kubernetes::Clusters;
use super::{aws, helm};
use crate::value::{Value, show_duration};
use crate::world::{Call, CallError, Reply, codes};

/// What answers calls, and keeps what is worth keeping between them.
#[derive(Default)]
pub(super) struct Systems {
    clusters: Clusters,
}

impl Systems {
    /// Answers a call within its time, unless it is cancelled.
    pub(super) async fn answer(
        &self,
        call: Call,
        progress: mpsc::Sender<String>,
        cancel: CancellationToken,
    ) -> Result<Reply, CallError> {
        if helm::runs_a_program(&call.function) {
            // It ends its program in its own way: killed at once it would leave half of a release.
            return helm::run(&self.clusters, call, progress, cancel).await;
        }
        let limit = call.timeout;
        let function = call.function.clone();
        tokio::select! {
            biased;
            () = cancel.cancelled() => {
                Err(CallError::new(codes::CANCELLED, "the step was ended", ""))
            }
            answered = time::timeout(limit, self.dispatch(call, progress)) => {
                answered.unwrap_or_else(|_| Err(CallError::new(
                    codes::TIMEOUT,
                    format!("`{function}` did not answer within {}", show_duration(limit)),
                    "give it more time with `timeout`, or see whether the far side is there",
                )))
            }
        }
    }

    async fn dispatch(
        &self,
        call: Call,
        progress: mpsc::Sender<String>,
    ) -> Result<Reply, CallError> {
        let system = call.function.split("::").next().unwrap_or_default();
        match (system, call.function.as_str()) {
            ("k8s", _) => self.clusters.answer(call, &progress).await,
            ("helm", _) => helm::answer(&self.clusters, call, &progress).await,
            (_, "aws::identity") => identity(call).await,
            (_, other) => Err(CallError::new(
                codes::UNANSWERED,
                format!("nothing answers `{other}`"),
                "",
            )),
        }
    }
}

/// `aws::identity()` → `account arn user_id expires`.
async fn identity(call: Call) -> Result<Reply, CallError> {
    let identity = aws::identity(call.environment).await.map_err(|error| {
        CallError::new(
            codes::UNCONFIGURED,
            error.to_string(),
            "`runbook doctor` shows where credentials come from",
        )
    })?;
    Ok(Reply::from(json!({
        "account": identity.account,
        "arn": identity.arn,
        "expires": identity.expires.map_or(Value::Null, |at| Value::from(at.to_string())),
    })))
}
