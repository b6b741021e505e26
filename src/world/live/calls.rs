//! Who answers which call.

use serde_json::json;
use tokio::sync::mpsc;
use tokio::time;
use tokio_util::sync::CancellationToken;

use super::aws;
use crate::value::{Value, show_duration};
use crate::world::{Call, CallError, Reply, codes};

/// Answers a call within its time, unless it is cancelled.
pub(super) async fn answer(
    call: Call,
    progress: mpsc::Sender<String>,
    cancel: CancellationToken,
) -> Result<Reply, CallError> {
    let limit = call.timeout;
    let function = call.function.clone();
    tokio::select! {
        biased;
        () = cancel.cancelled() => Err(CallError::new(codes::CANCELLED, "the step was ended", "")),
        answered = time::timeout(limit, dispatch(call, progress)) => answered.unwrap_or_else(|_| {
            Err(CallError::new(
                codes::TIMEOUT,
                format!("`{function}` did not answer within {}", show_duration(limit)),
                "give it more time with `timeout`, or see whether the far side is there",
            ))
        }),
    }
}

async fn dispatch(call: Call, progress: mpsc::Sender<String>) -> Result<Reply, CallError> {
    let _ = &progress;
    match call.function.as_str() {
        "aws::identity" => identity(call).await,
        other => Err(CallError::new(
            codes::UNANSWERED,
            format!("nothing answers `{other}`"),
            "",
        )),
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
