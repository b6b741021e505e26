//! `http::…`: one request and its answer.
//!
//! Proxies come from the environment of the call, never from the process's own.

use std::collections::BTreeMap;
use std::error::Error as _;
use std::time::Duration;

use reqwest::header::{HeaderMap, HeaderName, HeaderValue, LOCATION, RETRY_AFTER};
use reqwest::redirect::{Attempt, Policy};
use reqwest::{Client, Method, NoProxy, Proxy, StatusCode, Url};
use serde::Deserialize;
use serde_json::json;
use tokio::sync::mpsc;

use super::aws::pause;
use super::calls::{read, unknown};
use crate::credentials::Environment;
use crate::value::{Value, show_duration};
use crate::world::{Call, CallError, Reply, codes};

/// The longest body that is read.
const BODY: usize = 16 * 1024 * 1024;
/// How many redirects are followed, where the script does not say.
const REDIRECTS: usize = 5;
/// How often a request that only asks is sent where the far side is busy.
const ATTEMPTS: u32 = 4;
/// The longest time that the far side may ask to wait.
const LONGEST: Duration = Duration::from_secs(30);

#[derive(Deserialize)]
struct Arguments {
    url: String,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    #[serde(default)]
    query: BTreeMap<String, Value>,
    body: Option<String>,
    json: Option<Value>,
    redirects: Option<usize>,
    /// The path of a file with certificates to trust besides the system's.
    ca: Option<String>,
    /// Whether a secret is in the headers or the body.
    #[serde(default)]
    confidential: bool,
}

/// Answers a call of `http::…`.
pub(super) async fn answer(
    call: Call,
    progress: &mpsc::Sender<String>,
) -> Result<Reply, CallError> {
    let method = match call.function.as_str() {
        "http::get" => Method::GET,
        "http::head" => Method::HEAD,
        "http::post" => Method::POST,
        "http::put" => Method::PUT,
        "http::delete" => Method::DELETE,
        other => return Err(unknown(other)),
    };
    let arguments: Arguments = read(call.arguments)?;
    let url = address(&arguments)?;
    let authority = match &arguments.ca {
        Some(path) => Some(certificates(call.directory.join(path)).await?),
        None => None,
    };
    let client = client(&arguments, &call.environment, authority)?;
    let mut request = client
        .request(method.clone(), url)
        .headers(headers(&arguments)?);
    if let Some(value) = &arguments.json {
        request = request.body(value.to_string());
    } else if let Some(body) = &arguments.body {
        request = request.body(body.clone());
    }
    let request = request.build().map_err(|error| refusal(&error))?;
    let asks = method == Method::GET || method == Method::HEAD;
    for attempt in 1.. {
        // Bodies are texts, which can be sent again.
        let Some(again) = request.try_clone() else {
            break;
        };
        let response = client
            .execute(again)
            .await
            .map_err(|error| refusal(&error))?;
        let busy = response.status() == StatusCode::TOO_MANY_REQUESTS;
        if !(busy && asks && attempt < ATTEMPTS) {
            return reply(response).await;
        }
        let pause = after(&response).unwrap_or_default() + pause(attempt);
        let _ = progress.try_send(format!(
            "the far side is busy (429); asking again in {}",
            show_duration(pause)
        ));
        tokio::time::sleep(pause).await;
    }
    Err(CallError::new(
        codes::BAD_ARGUMENT,
        "the request can't be sent",
        "",
    ))
}

fn address(arguments: &Arguments) -> Result<Url, CallError> {
    let wrong = |reason: String| {
        CallError::new(
            codes::BAD_ARGUMENT,
            format!("`{}` is no address: {reason}", arguments.url),
            "an address is as `https://example.org/path`",
        )
    };
    let mut url = Url::parse(&arguments.url).map_err(|error| wrong(error.to_string()))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(wrong(format!(
            "`{}:` is neither http nor https",
            url.scheme()
        )));
    }
    if !arguments.query.is_empty() {
        let mut pairs = url.query_pairs_mut();
        for (name, value) in &arguments.query {
            match value {
                Value::String(text) => pairs.append_pair(name, text),
                value => pairs.append_pair(name, &value.to_string()),
            };
        }
    }
    Ok(url)
}

fn headers(arguments: &Arguments) -> Result<HeaderMap, CallError> {
    let mut headers = HeaderMap::new();
    if arguments.json.is_some() {
        headers.insert(
            reqwest::header::CONTENT_TYPE,
            HeaderValue::from_static("application/json"),
        );
    }
    for (name, value) in &arguments.headers {
        let wrong = |what: &str| {
            CallError::new(
                codes::BAD_ARGUMENT,
                format!("the {what} of the header `{name}` can't be sent"),
                "names are letters, digits and `-`; values have no line ends",
            )
        };
        let key = HeaderName::from_bytes(name.as_bytes()).map_err(|_| wrong("name"))?;
        let value = HeaderValue::from_str(value).map_err(|_| wrong("value"))?;
        headers.insert(key, value);
    }
    Ok(headers)
}

async fn certificates(path: std::path::PathBuf) -> Result<Vec<reqwest::Certificate>, CallError> {
    let shown = path.display().to_string();
    let wrong = |reason: String| {
        CallError::new(
            codes::BAD_ARGUMENT,
            format!("no certificates can be read from `{shown}`: {reason}"),
            "`ca` is the path of a file in PEM format",
        )
    };
    let pem = tokio::task::spawn_blocking(move || std::fs::read(path)).await;
    let pem = pem
        .unwrap_or_else(|error| Err(std::io::Error::other(error)))
        .map_err(|error| wrong(error.to_string()))?;
    let found =
        reqwest::Certificate::from_pem_bundle(&pem).map_err(|error| wrong(error.to_string()))?;
    if found.is_empty() {
        return Err(wrong("it has none".to_owned()));
    }
    Ok(found)
}

fn client(
    arguments: &Arguments,
    environment: &Environment,
    authority: Option<Vec<reqwest::Certificate>>,
) -> Result<Client, CallError> {
    let most = arguments.redirects.unwrap_or(REDIRECTS);
    let confidential = arguments.confidential;
    let mut builder = Client::builder()
        .user_agent(concat!("runbook/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(Duration::from_secs(10))
        .redirect(Policy::custom(move |attempt| {
            follow(attempt, most, confidential)
        }))
        // Else it would ask the process's environment.
        .no_proxy();
    for proxy in proxies(environment)? {
        builder = builder.proxy(proxy);
    }
    if let Some(certificates) = authority {
        builder = builder.tls_certs_merge(certificates);
    }
    builder.build().map_err(|error| refusal(&error))
}

/// Whether a redirect is followed.
fn follow(attempt: Attempt<'_>, most: usize, confidential: bool) -> reqwest::redirect::Action {
    if most == 0 {
        return attempt.stop();
    }
    if attempt.previous().len() > most {
        return attempt.error(format!("more than {most} redirects"));
    }
    let Some(last) = attempt.previous().last() else {
        return attempt.follow();
    };
    if last.scheme() == "https" && attempt.url().scheme() != "https" {
        let to = attempt.url().to_string();
        return attempt.error(format!("a redirect from https to {to}"));
    }
    if confidential && last.origin() != attempt.url().origin() {
        let to = attempt.url().origin().ascii_serialization();
        return attempt.error(format!("a redirect that would take a secret to {to}"));
    }
    attempt.follow()
}

/// Makes a proxy of an address.
type Make = fn(&str) -> reqwest::Result<Proxy>;

/// The proxies that an environment names; lower case wins, as in curl.
fn proxies(environment: &Environment) -> Result<Vec<Proxy>, CallError> {
    let text = |lower: &str| {
        environment
            .text(lower)
            .or_else(|| environment.text(lower.to_ascii_uppercase()))
    };
    let none = text("no_proxy").and_then(NoProxy::from_string);
    let kinds: [(&str, Make); 3] = [
        ("https_proxy", |url| Proxy::https(url)),
        ("http_proxy", |url| Proxy::http(url)),
        ("all_proxy", |url| Proxy::all(url)),
    ];
    kinds
        .into_iter()
        .filter_map(|(name, make)| Some((name, make(text(name)?))))
        .map(|(name, proxy)| {
            let proxy = proxy.map_err(|_| {
                CallError::new(
                    codes::UNCONFIGURED,
                    format!("the variable `{name}` is no address of a proxy"),
                    "it is as `http://proxy.example.org:3128`",
                )
            })?;
            Ok(proxy.no_proxy(none.clone()))
        })
        .collect()
}

/// How long the far side asks to wait, where that is not too long
/// (<https://www.rfc-editor.org/rfc/rfc9110#field.retry-after>).
fn after(response: &reqwest::Response) -> Option<Duration> {
    let seconds = response.headers().get(RETRY_AFTER)?.to_str().ok()?;
    let pause = Duration::from_secs(seconds.trim().parse().ok()?);
    Some(pause.min(LONGEST))
}

async fn reply(mut response: reqwest::Response) -> Result<Reply, CallError> {
    let status = response.status();
    let mut headers: BTreeMap<String, String> = BTreeMap::new();
    for (name, value) in response.headers() {
        let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
        headers
            .entry(name.as_str().to_owned())
            .and_modify(|text| {
                text.push_str(", ");
                text.push_str(&value);
            })
            .or_insert(value);
    }
    if status.is_redirection() && !response.headers().contains_key(LOCATION) {
        headers.entry("location".to_owned()).or_default();
    }
    let url = response.url().to_string();
    let mut body = Vec::new();
    while let Some(piece) = response.chunk().await.map_err(|error| refusal(&error))? {
        if body.len() + piece.len() > BODY {
            return Err(CallError::new(
                codes::BAD_ANSWER,
                format!("the body is longer than {} MiB", BODY / 1024 / 1024),
                "fetch it in a shell step, into a file",
            ));
        }
        body.extend_from_slice(&piece);
    }
    Ok(Reply::from(json!({
        "status": status.as_u16(),
        "ok": status.is_success(),
        "url": url,
        "headers": headers,
        "body": String::from_utf8_lossy(&body),
    })))
}

/// What it means that a request failed: the innermost reason says it best.
fn refusal(error: &reqwest::Error) -> CallError {
    let mut reason = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        reason = inner.to_string();
        source = inner.source();
    }
    let host = error
        .url()
        .and_then(Url::host_str)
        .map_or_else(|| "the far side".to_owned(), |host| format!("`{host}`"));
    if error.is_builder() {
        return CallError::new(codes::BAD_ARGUMENT, reason, "");
    }
    if error.is_redirect() {
        return CallError::new(
            "Redirected",
            format!("{host} sends the request elsewhere: {reason}"),
            "ask the right address, or set `redirects`",
        );
    }
    if error.is_body() || error.is_decode() {
        return CallError::new(
            codes::BAD_ANSWER,
            format!("the answer of {host} broke off: {reason}"),
            "",
        );
    }
    let help = if reason.contains("expired") || reason.contains("not valid yet") {
        "its certificate has expired or is not valid yet: renew it, or see whether this machine's clock is right"
    } else if reason.contains("certificate") {
        "where the far side has a certificate of its own, give the authority's with `#{ca: PATH}`"
    } else {
        "see whether the address is right and the far side is up"
    };
    CallError::new(
        codes::UNREACHABLE,
        format!("{host} can't be reached: {reason}"),
        help,
    )
}
