//! The live world: real processes, the system's clock, an operator.
//!
//! Only its room `shell` starts processes.

mod arguments;
mod aws;
mod calls;
mod helm;
mod http;
mod kube;
mod kubernetes;
mod private;
mod program;
mod shell;
mod terraform;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::credentials::{Environment, Identity, NoContext, NoIdentity, Profiles};

use super::{
    Answer, Boxed, Call, CallError, Chunk, Exit, Operator, Process, Question, Reply, SpawnError,
    Stdin, World,
};

/// The world as it is.
pub struct Live {
    operator: Arc<dyn Operator>,
    began: Instant,
    private: private::Private,
    clusters: kubernetes::Clusters,
    shells: shell::Shells,
}

impl Live {
    /// The live world; its questions go to `operator`.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this is where the clock is read")]
    pub fn new(operator: Arc<dyn Operator>) -> Self {
        Self {
            operator,
            began: Instant::now(),
            private: private::Private::default(),
            clusters: kubernetes::Clusters::default(),
            shells: shell::Shells::default(),
        }
    }

    /// The same with a new shell for every script.
    #[must_use]
    pub fn with_fresh_shells(self) -> Self {
        Self {
            shells: shell::Shells::fresh(),
            ..self
        }
    }
}

impl World for Live {
    fn run(
        &self,
        process: Process,
        output: mpsc::Sender<Chunk>,
        cancel: CancellationToken,
    ) -> Boxed<'_, Result<Exit, SpawnError>> {
        Box::pin(async move {
            let _lent = match process.stdin {
                Stdin::Terminal => Some(self.operator.lend().await),
                Stdin::Null | Stdin::Bytes(_) => None,
            };
            self.shells.run(process, output, cancel).await
        })
    }

    fn call(
        &self,
        call: Call,
        progress: mpsc::Sender<String>,
        cancel: CancellationToken,
    ) -> Boxed<'_, Result<Reply, CallError>> {
        Box::pin(calls::answer(
            call,
            progress,
            cancel,
            &self.private,
            &self.clusters,
        ))
    }

    #[expect(clippy::disallowed_methods, reason = "this is where the clock is read")]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    fn elapsed(&self) -> Duration {
        self.began.elapsed()
    }

    fn sleep(&self, duration: Duration) -> Boxed<'_, ()> {
        Box::pin(tokio::time::sleep(duration))
    }

    fn ask(&self, question: Question) -> Boxed<'_, Option<Answer>> {
        self.operator.ask(question)
    }

    fn identity(&self, environment: Environment) -> Boxed<'_, Result<Identity, NoIdentity>> {
        Box::pin(aws::identity(environment))
    }

    fn kube_context(
        &self,
        environment: Environment,
        directory: PathBuf,
    ) -> Boxed<'_, Result<String, NoContext>> {
        Box::pin(kube::context(environment, directory))
    }

    fn profiles(&self, environment: Environment, directory: PathBuf) -> Boxed<'_, Profiles> {
        Box::pin(async move { aws::texts(environment, directory).await.profiles() })
    }
}
