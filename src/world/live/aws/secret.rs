//! `aws::secret`: a value of Secrets Manager, asked in this process.

use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_sdk_secretsmanager::error::{ProvideErrorMetadata as _, SdkError};
use aws_sdk_secretsmanager::operation::get_secret_value::GetSecretValueError;
use serde::Deserialize;
use tokio::sync::mpsc;

use super::bounded::Bounded;
use super::{asked, cause, engine, login, refusals};
use crate::secret::is_beside;
use crate::value::{Value, show_duration};
use crate::world::live::calls::read;
use crate::world::{Call, CallError, Reply, codes};

/// For one attempt.
const ATTEMPT: Duration = Duration::from_secs(10);
/// How often AWS is asked where it does not answer or breaks off.
const ATTEMPTS: u32 = 3;

#[derive(Deserialize)]
struct Arguments {
    id: String,
    version_id: Option<String>,
    version_stage: Option<String>,
}

/// The text of a secret; binary ones are refused.
pub(super) async fn read_secret(
    call: Call,
    progress: &mpsc::Sender<String>,
) -> Result<Reply, CallError> {
    let Arguments {
        id,
        version_id,
        version_stage,
    } = read(call.arguments)?;
    let login = login(&call.environment).await.map_err(asked::no_login)?;
    if !login.placed {
        return Err(refusals::no_region());
    }
    let config = login
        .config
        .into_builder()
        // Attempts are ours, so that it is told what is waited for.
        .retry_config(RetryConfig::disabled())
        .timeout_config(
            TimeoutConfig::builder()
                .operation_attempt_timeout(ATTEMPT)
                .build(),
        )
        .build();
    let config = aws_sdk_secretsmanager::config::Builder::from(&config)
        .interceptor(Bounded)
        .build();
    let request = aws_sdk_secretsmanager::Client::from_conf(config)
        .get_secret_value()
        .secret_id(&id)
        .set_version_id(version_id)
        .set_version_stage(version_stage);
    let mut attempt = 1;
    let answer = loop {
        let error = match request.clone().send().await {
            Ok(answer) => break answer,
            Err(error) => error,
        };
        let told = refusal(&error);
        let most = match &error {
            SdkError::ServiceError(refused) if is_busy(refused.err().code()) => engine::ATTEMPTS,
            SdkError::ServiceError(refused) if !refused.raw().status().is_server_error() => 1,
            _ => ATTEMPTS,
        };
        if attempt >= most {
            return Err(told);
        }
        let pause = engine::pause(attempt);
        let _ = progress.try_send(format!(
            "{}; asking again in {}",
            told.message,
            show_duration(pause)
        ));
        tokio::time::sleep(pause).await;
        attempt += 1;
    };
    let Some(text) = answer.secret_string else {
        return Err(CallError::new(
            codes::BAD_ANSWER,
            format!("the secret `{id}` is binary, not text"),
            "read it in a shell step, into a file",
        ));
    };
    let mut secrets = vec![(id.clone(), text.clone())];
    secrets.extend(parts(&id, &text));
    Ok(Reply {
        value: Value::from(text),
        secrets,
    })
}

/// The parts of a secret that is a JSON object, each under its own name.
pub(super) fn parts(name: &str, text: &str) -> Vec<(String, String)> {
    let Ok(Value::Object(fields)) = serde_json::from_str(text) else {
        return Vec::new();
    };
    fields
        .into_iter()
        .filter(|(field, _)| !is_beside(field))
        .filter_map(|(field, value)| {
            let text = match value {
                Value::String(text) => text,
                Value::Number(number) => number.to_string(),
                _ => return None,
            };
            Some((format!("{name}.{field}"), text))
        })
        .collect()
}

fn is_busy(code: Option<&str>) -> bool {
    code.is_some_and(|code| engine::BUSY.contains(&code))
}

fn refusal(error: &SdkError<GetSecretValueError>) -> CallError {
    let SdkError::ServiceError(service) = error else {
        return CallError::new(
            codes::UNREACHABLE,
            format!("Secrets Manager can't be reached: {}", cause(error)),
            "see whether the network, the region and AWS_ENDPOINT_URL are right",
        );
    };
    let body = service.raw().body().bytes().unwrap_or_default();
    let body = String::from_utf8_lossy(body);
    let meta = service.err().meta();
    let status = service.raw().status().as_u16().to_string();
    if service.raw().status().is_success() {
        return CallError::new(
            codes::BAD_ANSWER,
            "what answers in the place of Secrets Manager is not AWS",
            "see whether a proxy, or AWS_ENDPOINT_URL, leads elsewhere",
        );
    }
    match (meta.code(), meta.message()) {
        (Some(code), message) => refusals::refusal(code, message.unwrap_or_default()),
        (None, _) => refusals::refusal(&status, &body),
    }
}
