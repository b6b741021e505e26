//! `aws::secret`: a value of Secrets Manager, asked in this process.

use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_sdk_secretsmanager::error::SdkError;
use aws_sdk_secretsmanager::operation::get_secret_value::GetSecretValueError;
use serde::Deserialize;

use super::{asked, chain, login, refusals};
use crate::secret::is_beside;
use crate::value::Value;
use crate::world::live::calls::read;
use crate::world::{Call, CallError, Reply, codes};

/// For one attempt.
const ATTEMPT: Duration = Duration::from_secs(10);
/// How often AWS is asked where it is busy; the SDK's pauses have jitter.
const ATTEMPTS: u32 = 6;

#[derive(Deserialize)]
struct Arguments {
    id: String,
    version_id: Option<String>,
    version_stage: Option<String>,
}

/// The text of a secret; binary ones are refused.
pub(super) async fn read_secret(call: Call) -> Result<Reply, CallError> {
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
        .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS))
        .timeout_config(
            TimeoutConfig::builder()
                .operation_attempt_timeout(ATTEMPT)
                .build(),
        )
        .build();
    let answer = aws_sdk_secretsmanager::Client::new(&config)
        .get_secret_value()
        .secret_id(&id)
        .set_version_id(version_id)
        .set_version_stage(version_stage)
        .send()
        .await
        .map_err(|error| refusal(&error))?;
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

fn refusal(error: &SdkError<GetSecretValueError>) -> CallError {
    let SdkError::ServiceError(service) = error else {
        return CallError::new(
            codes::UNREACHABLE,
            format!("Secrets Manager can't be reached: {}", chain(error)),
            "see whether the network, the region and AWS_ENDPOINT_URL are right",
        );
    };
    let body = service.raw().body().bytes().unwrap_or_default();
    let body = String::from_utf8_lossy(body);
    let meta = service.err().meta();
    let status = service.raw().status().as_u16().to_string();
    match (meta.code(), meta.message()) {
        (Some(code), message) => refusals::refusal(code, message.unwrap_or_default()),
        (None, _) => refusals::refusal(&status, &body),
    }
}
