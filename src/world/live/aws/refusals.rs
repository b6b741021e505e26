//! What AWS's refusals mean, and what to do about them.

use crate::world::{CallError, codes};

/// The longest message that is repeated.
const SHOWN: usize = 600;

/// The error for a code and a message of AWS.
pub(super) fn refusal(code: &str, message: &str) -> CallError {
    // Some stand-ins for AWS answer in another service's form.
    let inner = between(message, "<Code>", "</Code>").filter(|_| !is_code(code));
    let (code, message) = match inner {
        Some(code) => (
            code,
            between(message, "<Message>", "</Message>").unwrap_or_default(),
        ),
        None => (code, message),
    };
    let message: String = message
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
        .chars()
        .take(SHOWN)
        .collect();
    let message = if message.is_empty() {
        format!("AWS answers {code}")
    } else {
        message
    };
    CallError::new(code, message, help(code))
}

/// Whether it is a code of AWS, and not the number of an HTTP status.
fn is_code(code: &str) -> bool {
    code.chars().any(char::is_alphabetic)
}

/// The next action for a code
/// (<https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html>).
fn help(code: &str) -> &'static str {
    match code {
        "ExpiredToken" | "ExpiredTokenException" | "RequestExpired" => {
            "the credentials have expired: sign in again, and resume"
        }
        "InvalidClientTokenId"
        | "UnrecognizedClientException"
        | "AuthFailure"
        | "InvalidToken"
        | "InvalidSignatureException"
        | "SignatureDoesNotMatch"
        | "InvalidAccessKeyId" => {
            "`runbook doctor` shows which credentials are used and what in them is stale"
        }
        "UnauthorizedOperation"
        | "AccessDenied"
        | "AccessDeniedException"
        | "UnauthorizedAccess"
        | "AuthorizationError" => {
            "`aws::identity()` says who asks; it needs a policy that allows this"
        }
        "Throttling"
        | "ThrottlingException"
        | "ThrottledException"
        | "RequestThrottled"
        | "RequestThrottledException"
        | "RequestLimitExceeded"
        | "TooManyRequestsException"
        | "SlowDown"
        | "PriorRequestNotComplete"
        | "BandwidthLimitExceeded" => {
            "the account asks too much of this service at the moment: try again later, or give the \
             step `retry=` and `delay=`"
        }
        // `head-` operations have no body to give a code in.
        _ if code == "404" || code.contains("NotFound") || code.starts_with("NoSuch") => {
            "see whether the name, the region and the account are right"
        }
        _ => "",
    }
}

/// What stands between two texts.
pub(super) fn between<'a>(text: &'a str, start: &str, end: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(start)?;
    let (inside, _) = rest.split_once(end)?;
    Some(inside.trim())
}

/// The error where there is no region.
pub(super) fn no_region() -> CallError {
    CallError::new(
        codes::UNCONFIGURED,
        "no AWS region is set",
        "say which with `#{region: …}`, or set AWS_REGION",
    )
}
