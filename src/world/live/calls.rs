//! Who answers which call, and for how long.

use std::convert::Infallible;
use std::future::Future;
use std::pin::pin;
use std::time::Duration;

use serde::de::DeserializeOwned;
use tokio::sync::mpsc;
use tokio::time;
use tokio_util::sync::CancellationToken;

use super::kubernetes::Clusters;
use super::private::Private;
use super::{aws, helm, http, program, terraform};
use crate::value::{Value, show_duration};
use crate::world::{Call, CallError, Reply, codes};

/// The times after which a call that has not been answered says so; the last one repeats.
const SAID: [Duration; 4] = [
    Duration::from_secs(2),
    Duration::from_secs(10),
    Duration::from_secs(30),
    Duration::from_mins(1),
];

/// How much longer than its grace a call that was ended may take to put things in order.
const LATE: Duration = Duration::from_secs(10);

/// Answers a call within its time, unless it is cancelled.
pub(super) async fn answer(
    call: Call,
    progress: mpsc::Sender<String>,
    cancel: CancellationToken,
    private: &Private,
    clusters: &Clusters,
) -> Result<Reply, CallError> {
    let limit = call.timeout;
    let label = label(&call);
    let patience = call.grace.max(terraform::GRACE) + LATE;
    let stop = CancellationToken::new();
    let tells = matches!(call.function.as_str(), "k8s::wait" | "helm::wait");
    let mut waiting = pin!(async {
        if tells {
            // It says itself what it waits for.
            std::future::pending::<()>().await;
        }
        waiting(label.clone(), progress.clone()).await
    });
    let (tell, mut told) = mpsc::channel::<String>(16);
    let mut last = None;
    let mut end = pin!(time::sleep(limit));
    let mut work = pin!(dispatch(call, tell, &stop, private, clusters));
    let verdict = loop {
        tokio::select! {
            biased;
            () = cancel.cancelled() => break program::ended(),
            answered = &mut work => {
                while let Ok(line) = told.try_recv() {
                    let _ = progress.send(line).await;
                }
                return answered;
            }
            Some(line) = told.recv() => {
                last = Some(line.clone());
                let _ = progress.send(line).await;
            }
            () = &mut end => break late(&label, limit, last),
            never = &mut waiting => match never {},
        }
    };
    // Programs get their TERM and their grace; what is done in this process ends at once. Nobody
    // waits for what they say meanwhile.
    told.close();
    stop.cancel();
    let _ = time::timeout(patience, work).await;
    Err(verdict)
}

/// The error of a call that took too long, with what was heard of it last.
fn late(label: &str, limit: Duration, last: Option<String>) -> CallError {
    let limit = show_duration(limit);
    match last {
        Some(last) => CallError::new(
            codes::TIMEOUT,
            format!("`{label}` did not come to its end within {limit}; last heard: {last}"),
            "give it more time with `timeout`",
        ),
        None => CallError::new(
            codes::TIMEOUT,
            format!("`{label}` did not answer within {limit}"),
            "give it more time with `timeout`, or see whether the far side is there",
        ),
    }
}

async fn dispatch(
    call: Call,
    progress: mpsc::Sender<String>,
    stop: &CancellationToken,
    private: &Private,
    clusters: &Clusters,
) -> Result<Reply, CallError> {
    let (system, _) = call.function.split_once("::").unwrap_or_default();
    match system {
        "aws" => Box::pin(aws::answer(call, &progress, stop, private)).await,
        "helm" => Box::pin(helm::answer(clusters, call, &progress, stop)).await,
        "http" => until(stop, http::answer(call, &progress)).await,
        "k8s" => until(stop, clusters.answer(call, &progress)).await,
        "terraform" => terraform::answer(call, &progress, stop, private).await,
        _ => Err(unknown(&call.function)),
    }
}

/// The error for a function that nothing here answers.
pub(super) fn unknown(function: &str) -> CallError {
    CallError::new(
        codes::UNANSWERED,
        format!("nothing answers `{function}`"),
        "",
    )
}

/// Waits for what is done in this process, until the call is to end.
pub(super) async fn until<T>(
    stop: &CancellationToken,
    work: impl Future<Output = Result<T, CallError>>,
) -> Result<T, CallError> {
    tokio::select! {
        biased;
        () = stop.cancelled() => Err(program::ended()),
        done = work => done,
    }
}

/// Reads the arguments of a call.
pub(super) fn read<T: DeserializeOwned>(arguments: Value) -> Result<T, CallError> {
    serde_json::from_value(arguments)
        .map_err(|error| CallError::new(codes::BAD_ARGUMENT, error.to_string(), ""))
}

/// A call for people: its function, and what it is about.
fn label(call: &Call) -> String {
    let text = |name: &str| call.arguments.get(name).and_then(Value::as_str);
    [
        Some(call.function.as_str()),
        text("service"),
        text("operation"),
        text("kind"),
        text("name"),
    ]
    .into_iter()
    .flatten()
    .collect::<Vec<_>>()
    .join(" ")
}

/// Says now and then that there is no answer yet.
async fn waiting(label: String, progress: mpsc::Sender<String>) -> Infallible {
    let mut passed = Duration::ZERO;
    for round in 0_usize.. {
        let next = match SAID.get(round) {
            Some(at) => *at,
            None => passed + Duration::from_mins(1),
        };
        time::sleep(next.saturating_sub(passed)).await;
        passed = next;
        let _ = progress.try_send(format!(
            "`{label}` is at work since {}",
            show_duration(passed)
        ));
    }
    std::future::pending().await
}
