//! What answers `aws::api` and `aws::wait`: one trait, so that what stands behind it may change
//! without touching a runbook, and what is the same for all: trying again where AWS is busy.

use std::hash::{BuildHasher as _, RandomState};
use std::path::PathBuf;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::credentials::Environment;
use crate::value::{Value, show_duration};
use crate::world::live::calls::until;
use crate::world::{Boxed, CallError};

/// Codes that say to come back later, as the AWS SDKs' standard mode has them
/// (<https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html>).
pub(super) const BUSY: [&str; 13] = [
    "BandwidthLimitExceeded",
    "EC2ThrottledException",
    "PriorRequestNotComplete",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "RequestThrottled",
    "RequestThrottledException",
    "SlowDown",
    "ThrottledException",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
    "TransactionInProgressException",
];

/// How often a request is sent at most.
pub(super) const ATTEMPTS: u32 = 6;
/// The longest pause after the first refusal; it doubles with each.
const PAUSE: Duration = Duration::from_millis(500);
/// The longest pause of all.
const LONGEST: Duration = Duration::from_secs(20);

/// A request to a service of AWS, in the AWS CLI's names.
#[derive(Clone, Debug)]
pub(super) struct Request {
    /// As in `eks`.
    pub(super) service: String,
    /// As in `describe-cluster`, or a waiter as in `cluster-active`.
    pub(super) operation: String,
    /// Whether `operation` is a waiter.
    pub(super) waits: bool,
    /// An object.
    pub(super) parameters: Value,
    pub(super) environment: Environment,
    pub(super) directory: PathBuf,
    pub(super) grace: Duration,
}

/// What sends requests to AWS.
pub(super) trait Engine: Send + Sync {
    /// Sends a request and gives the answer, all pages joined; a waiter's is null.
    ///
    /// # Errors
    /// With AWS's own code, or one of [`codes`](crate::world::codes).
    fn send<'a>(
        &'a self,
        request: &'a Request,
        stop: &'a CancellationToken,
    ) -> Boxed<'a, Result<Value, CallError>>;
}

/// Sends a request, and again where AWS is busy.
pub(super) async fn send(
    engine: &dyn Engine,
    request: &Request,
    progress: &mpsc::Sender<String>,
    stop: &CancellationToken,
) -> Result<Value, CallError> {
    patiently(|| engine.send(request, stop), progress, stop, pause).await
}

/// Asks, and again where AWS is busy.
pub(super) async fn patiently<T, F: Future<Output = Result<T, CallError>>>(
    mut ask: impl FnMut() -> F,
    progress: &mpsc::Sender<String>,
    stop: &CancellationToken,
    pause: fn(u32) -> Duration,
) -> Result<T, CallError> {
    for attempt in 1.. {
        let error = match ask().await {
            Err(error) if BUSY.contains(&error.code.as_str()) && attempt < ATTEMPTS => error,
            answered => return answered,
        };
        let pause = pause(attempt);
        let _ = progress.try_send(format!(
            "AWS is busy ({}); asking again in {}",
            error.code,
            show_duration(pause)
        ));
        until(stop, async {
            tokio::time::sleep(pause).await;
            Ok(())
        })
        .await?;
    }
    Err(crate::world::live::program::ended())
}

/// A random pause, the longer the more often AWS has refused
/// (<https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/>, full jitter).
pub(in crate::world::live) fn pause(attempt: u32) -> Duration {
    let most = PAUSE
        .saturating_mul(2_u32.saturating_pow(attempt.saturating_sub(1)))
        .min(LONGEST);
    // Each `RandomState` has keys of its own.
    let random = RandomState::new().hash_one(attempt) % 1000;
    most * u32::try_from(random + 1).unwrap_or(1000) / 1000
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU32, Ordering};

    /// Refuses so many times.
    struct Busy(AtomicU32);

    impl Engine for Busy {
        fn send<'a>(
            &'a self,
            _request: &'a Request,
            _stop: &'a CancellationToken,
        ) -> Boxed<'a, Result<Value, CallError>> {
            Box::pin(async {
                let left = self.0.load(Ordering::Relaxed);
                if left == 0 {
                    return Ok(Value::Null);
                }
                self.0.store(left - 1, Ordering::Relaxed);
                Err(CallError::new("ThrottlingException", "rate exceeded", ""))
            })
        }
    }

    async fn sent(refusals: u32) -> Result<Value, CallError> {
        let request = Request {
            service: "eks".to_owned(),
            operation: "list-clusters".to_owned(),
            waits: false,
            parameters: Value::Null,
            environment: Environment::default(),
            directory: PathBuf::new(),
            grace: Duration::ZERO,
        };
        let (progress, _lines) = mpsc::channel(16);
        let stop = CancellationToken::new();
        let soon = |_| Duration::from_millis(1);
        let busy = Busy(refusals.into());
        patiently(|| busy.send(&request, &stop), &progress, &stop, soon).await
    }

    #[tokio::test]
    async fn a_busy_service_is_asked_again_and_not_for_ever() {
        assert_eq!(sent(0).await, Ok(Value::Null));
        assert_eq!(sent(5).await, Ok(Value::Null));
        assert_eq!(sent(6).await.unwrap_err().code, "ThrottlingException");
    }

    #[test]
    fn pauses_grow_and_end_somewhere() {
        for attempt in 1..40 {
            let pause = pause(attempt);
            assert!(pause > Duration::ZERO && pause <= LONGEST, "{pause:?}");
        }
        assert!(pause(1) <= PAUSE);
    }
}
