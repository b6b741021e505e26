//! One cluster as one user sees it: requests, with retries, and the kinds that it serves.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::Arc;
use std::time::Duration;

use http::{Method, StatusCode};
use http_body_util::Limited;
use jiff::Timestamp;
use kube::Client;
use kube::client::ClientBuilder;
use kube::core::{Status, WatchEvent};
use tokio::sync::Mutex;
use tokio::time;
use tower::util::MapResponseLayer;

use super::config::Found;
use super::error::{self, Refusal};
use super::kind::{Kind, Kinds};
use crate::value::Value;
use crate::world::CallError;

/// How often a request is sent at most.
const ATTEMPTS: u32 = 5;
/// Before the second attempt; doubled before each further one.
const PAUSE: Duration = Duration::from_millis(250);
/// The server may ask for more patience, but for no more than this at once.
const LONGEST_PAUSE: Duration = Duration::from_secs(20);

/// An answer may have so many bytes; the client would read any number of them into memory.
const LONGEST: usize = 128 * 1024 * 1024;

/// An answer that ends in an error where it is too long.
fn limited<B>(response: http::Response<B>) -> http::Response<Limited<B>> {
    response.map(|body| Limited::new(body, LONGEST))
}

/// A request, before it is one of HTTP.
#[derive(Clone)]
pub(in crate::world::live) struct Request {
    method: Method,
    path: String,
    query: String,
    accept: Option<&'static str>,
    body: Option<(&'static str, Vec<u8>)>,
}

impl Request {
    /// A request that only asks.
    pub(in crate::world::live) fn get(path: impl Into<String>) -> Self {
        Self::new(Method::GET, path)
    }

    pub(super) fn new(method: Method, path: impl Into<String>) -> Self {
        Self {
            method,
            path: path.into(),
            query: String::new(),
            accept: None,
            body: None,
        }
    }

    /// Adds a parameter.
    pub(in crate::world::live) fn with(mut self, name: &str, value: &str) -> Self {
        self.query
            .push(if self.query.is_empty() { '?' } else { '&' });
        self.query.push_str(name);
        self.query.push('=');
        self.query.push_str(&encoded(value));
        self
    }

    /// Adds a parameter if there is a value for it.
    pub(in crate::world::live) fn with_some(self, name: &str, value: Option<&str>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    /// Asks for another form of the answer.
    pub(in crate::world::live) fn accepting(mut self, accept: &'static str) -> Self {
        self.accept = Some(accept);
        self
    }

    pub(super) fn body(mut self, kind: &'static str, body: &Value) -> Self {
        self.body = Some((kind, body.to_string().into_bytes()));
        self
    }

    fn http(&self) -> Result<http::Request<Vec<u8>>, kube::Error> {
        let mut request = http::Request::builder()
            .method(&self.method)
            .uri(format!("{}{}", self.path, self.query));
        if let Some(accept) = self.accept {
            request = request.header(http::header::ACCEPT, accept);
        }
        if let Some((kind, _)) = &self.body {
            request = request.header(http::header::CONTENT_TYPE, *kind);
        }
        let body = self.body.as_ref().map(|(_, body)| body.clone());
        request
            .body(body.unwrap_or_default())
            .map_err(kube::Error::HttpError)
    }
}

/// A text as a part of an address (RFC 3986, 2.3): all but the unreserved is encoded.
pub(in crate::world::live) fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

/// A cluster and who we are there.
pub(in crate::world::live) struct Cluster {
    client: Client,
    pub(in crate::world::live) context: String,
    pub(super) address: String,
    /// Where a kind is looked for if the call does not say.
    pub(in crate::world::live) namespace: String,
    expires: Option<Timestamp>,
    kinds: Mutex<Option<Arc<Kinds>>>,
}

impl Cluster {
    pub(super) fn new(found: Found) -> Result<Self, CallError> {
        let Found {
            config,
            context,
            expires,
        } = found;
        let address = config.cluster_url.to_string();
        let namespace = config.default_namespace.clone();
        let client = ClientBuilder::try_from(config)
            .map_err(|error| error::unusable(&error, &context, &address))?
            .with_layer(&MapResponseLayer::new(limited))
            .build();
        Ok(Self {
            client,
            context,
            address,
            namespace,
            expires,
            kinds: Mutex::default(),
        })
    }

    /// Whether the credentials hold for a while yet.
    #[expect(clippy::disallowed_methods, reason = "this is where the clock is read")]
    pub(super) fn is_fresh(&self) -> bool {
        self.expires
            .is_none_or(|end| end > Timestamp::now() + Duration::from_secs(30))
    }

    /// Sends a request until it is answered, as often as is right, and gives the answer's text.
    ///
    /// What only asks is sent again after any fault of the server; what changes something only
    /// where the server said that it was too busy to look at it.
    pub(super) async fn text(&self, request: &Request) -> Result<String, Refusal> {
        let mut attempt = 0;
        loop {
            let failed = match request.http() {
                Ok(http) => self.client.request_text(http).await,
                Err(error) => Err(error),
            };
            let error = match failed {
                Ok(text) => return Ok(text),
                Err(error) => error,
            };
            attempt += 1;
            let pause = pause_before(&error, attempt);
            if attempt >= ATTEMPTS || !is_worth_another(&error, request.method == Method::GET) {
                return Err(error::refusal(error, self));
            }
            time::sleep(pause).await;
        }
    }

    /// Sends a request, and reads the answer as JSON.
    pub(in crate::world::live) async fn json(&self, request: &Request) -> Result<Value, Refusal> {
        let text = self.text(request).await?;
        serde_json::from_str(&text).map_err(|_| error::unreadable(self).into())
    }

    /// Opens a watch; its events come until the server ends it.
    pub(in crate::world::live) async fn watch(
        &self,
        request: &Request,
    ) -> Result<
        impl futures_util::Stream<Item = Result<WatchEvent<Value>, kube::Error>> + use<>,
        Refusal,
    > {
        let http = request
            .http()
            .map_err(|error| error::refusal(error, self))?;
        self.client
            .request_events::<Value>(http)
            .await
            .map_err(|error| error::refusal(error, self))
    }

    /// The kind that a word names; the server is asked again where the word is new.
    pub(in crate::world::live) async fn kind(&self, word: &str) -> Result<Kind, CallError> {
        let (kinds, new) = self.kinds(false).await?;
        match kinds.find(word) {
            Ok(kind) => Ok(kind),
            Err(error) if new => Err(error),
            Err(_) => self.kinds(true).await?.0.find(word),
        }
    }

    /// The kind that a manifest says it is of.
    pub(super) async fn kind_of(&self, version: &str, kind: &str) -> Result<Kind, CallError> {
        let (kinds, new) = self.kinds(false).await?;
        match kinds.find_exactly(version, kind) {
            Ok(kind) => Ok(kind),
            Err(error) if new => Err(error),
            Err(_) => self.kinds(true).await?.0.find_exactly(version, kind),
        }
    }

    /// What the server serves, and whether it was asked for that just now.
    async fn kinds(&self, again: bool) -> Result<(Arc<Kinds>, bool), CallError> {
        let mut kept = self.kinds.lock().await;
        if let Some(kinds) = kept.as_ref().filter(|_| !again) {
            return Ok((Arc::clone(kinds), false));
        }
        let kinds = Arc::new(Kinds::ask(self).await?);
        *kept = Some(Arc::clone(&kinds));
        Ok((kinds, true))
    }
}

/// Whether the same request may be answered if it is sent once more.
fn is_worth_another(error: &kube::Error, only_asks: bool) -> bool {
    match error {
        kube::Error::Api(status) => {
            status.code == StatusCode::TOO_MANY_REQUESTS.as_u16()
                || (only_asks && matches!(status.code, 500 | 502..=504))
        }
        // The server closed a connection that was open: it restarts, or was idle too long.
        kube::Error::HyperError(_) | kube::Error::Service(_) => {
            only_asks && !error::is_hopeless(error)
        }
        _ => false,
    }
}

/// How long to wait: what the server asks for, or twice as long each time; then less by chance,
/// so that those who were sent away together do not come back together.
fn pause_before(error: &kube::Error, attempt: u32) -> Duration {
    let asked = match error {
        kube::Error::Api(status) => asked(status),
        _ => None,
    };
    let doubled = PAUSE.saturating_mul(1 << attempt.saturating_sub(1).min(8));
    let pause = asked.unwrap_or(doubled).min(LONGEST_PAUSE);
    #[expect(clippy::cast_possible_truncation, reason = "any 16 bits are as random")]
    let chance = RandomState::new().build_hasher().finish() as u16;
    let share = f64::from(chance) / f64::from(u16::MAX);
    if asked.is_some() {
        // Not before it is welcome.
        pause + pause.mul_f64(share / 4.0)
    } else {
        pause.mul_f64(0.5 + share / 2.0)
    }
}

fn asked(status: &Status) -> Option<Duration> {
    let seconds = status.details.as_ref()?.retry_after_seconds;
    (seconds > 0).then(|| Duration::from_secs(seconds.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(code: u16) -> kube::Error {
        let mut status = Status::failure("no", "No");
        status.code = code;
        kube::Error::Api(Box::new(status))
    }

    #[test]
    fn what_changes_something_is_sent_again_only_where_the_server_was_too_busy() {
        for (code, asks, changes) in [
            (429, true, true),
            (500, true, false),
            (503, true, false),
            (504, true, false),
            (409, false, false),
            (403, false, false),
            (404, false, false),
        ] {
            assert_eq!(is_worth_another(&refused(code), true), asks, "{code}");
            assert_eq!(is_worth_another(&refused(code), false), changes, "{code}");
        }
    }

    #[test]
    fn a_pause_grows_and_differs() {
        let error = refused(503);
        for attempt in 1..5 {
            let whole = PAUSE * 2_u32.pow(attempt - 1);
            let pause = pause_before(&error, attempt);
            assert!(pause >= whole / 2 && pause <= whole, "{attempt}: {pause:?}");
        }
        let mut status = Status::failure("slow down", "TooManyRequests");
        status.code = 429;
        status.details = Some(kube::core::response::StatusDetails {
            name: String::new(),
            group: String::new(),
            kind: String::new(),
            uid: String::new(),
            causes: Vec::new(),
            retry_after_seconds: 3,
        });
        let asked = pause_before(&kube::Error::Api(Box::new(status)), 1);
        assert!(asked >= Duration::from_secs(3) && asked < Duration::from_secs(4));
    }

    #[test]
    fn a_parameter_can_hold_anything() {
        let request = Request::get("/api/v1/pods")
            .with("labelSelector", "app in (a, b)")
            .with_some("fieldSelector", None)
            .with("limit", "500");
        assert_eq!(
            format!("{}{}", request.path, request.query),
            "/api/v1/pods?labelSelector=app%20in%20%28a%2C%20b%29&limit=500"
        );
    }
}
