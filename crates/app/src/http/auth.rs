//! The network door: a request gets a [`Caller`] here or goes no further.
//!
//! What proves who calls is a table of [`Credential`]s, tried in order. Whoever adds a kind of
//! credential adds a file to `credential/` and a line to the table in `serve`.

pub(crate) mod credential;

use std::{sync::Arc, time::Duration};

use axum::{
    Json,
    body::{Body, to_bytes},
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, Version, header},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use pilothouse_access::{Attempts, Directory, Rates, Site};
use pilothouse_model::{Caller, Error, Kind, Scopes, Timestamp};
use serde_json::json;

use self::credential::{Credential, Presented, Refused};
use super::source::source;

/// How much of a refused request is read, in bytes, and for how long.
const MOST_REST: usize = 64 * 1024;
const REST_PATIENCE: Duration = Duration::from_secs(1);
/// How long who guesses is told to wait.
const GUESSING: Duration = Duration::from_mins(1);

/// What opens the door.
pub(crate) struct Door {
    site: Site,
    credentials: Vec<Box<dyn Credential>>,
    directory: Directory,
    attempts: Attempts,
    arrivals: Rates,
    behind_proxy: bool,
}

impl Door {
    pub(crate) fn new(
        site: Site,
        credentials: Vec<Box<dyn Credential>>,
        directory: Directory,
        arrivals: Rates,
        behind_proxy: bool,
    ) -> Self {
        Self { site, credentials, directory, attempts: Attempts::new(), arrivals, behind_proxy }
    }

    /// Counts a request to an MCP endpoint against the address it comes from.
    fn arrives(&self, request: &Request) -> Result<(), Refused> {
        if !is_below_mcp(request.uri().path()) {
            return Ok(());
        }
        let source = source(request.extensions(), request.headers(), self.behind_proxy);
        self.arrivals.take(&source).map_err(|wait| {
            let most = self.arrivals.at_once();
            let message = format!(
                "more than {most} requests a minute from {source}; the operator sets \
                 PILOTHOUSE_REQUESTS_PER_MINUTE"
            );
            Refused::TooFast { message, wait }
        })
    }

    /// The caller, as the first credential that knows what is presented names them, with what was
    /// granted to them.
    async fn caller(&self, presented: &Presented<'_>) -> Result<Caller, Refused> {
        for credential in &self.credentials {
            if let Some(caller) = credential.caller(presented).await? {
                return match self.directory.admit(caller, Timestamp::now()).await {
                    Err(error) if error.kind == Kind::Unauthenticated => {
                        Err(Refused::invalid(error.message))
                    }
                    admitted => Ok(admitted?),
                };
            }
        }
        Err(if presented.is_empty() {
            Refused::missing()
        } else {
            Refused::unknown("the token is not valid")
        })
    }

    /// What somebody learns who presented what nobody has; after too many of them, only to wait.
    fn unknown(&self, source: &str, message: String) -> Refused {
        let now = Timestamp::now();
        let wait = self.attempts.wait(source, now);
        self.attempts.failed(source, now);
        match wait {
            Some(_) => Refused::TooFast {
                message: "wrong secrets too often; try again in a minute".to_owned(),
                wait: GUESSING,
            },
            None => Refused::invalid(message),
        }
    }
}

pub(super) async fn authenticate(
    State(door): State<Arc<Door>>,
    mut request: Request,
    next: Next,
) -> Response {
    let path = request.uri().path().to_owned();
    let presented = Presented::new(request.headers(), &path);
    let refused = if let Err(refused) = door.arrives(&request) {
        refused
    } else if in_query(&request) {
        Refused::invalid("a token in the query string is never accepted; send it as a header")
    } else {
        match door.caller(&presented).await {
            Ok(caller) => {
                let base = base(&door.site, request.headers());
                request.extensions_mut().insert(caller.clone());
                return stepped_up(next.run(request).await, &caller, base, &path);
            }
            Err(Refused::Unknown { message }) => {
                let source = source(request.extensions(), request.headers(), door.behind_proxy);
                door.unknown(&source, message)
            }
            Err(refused) => refused,
        }
    };
    let (parts, body) = request.into_parts();
    let mut response = answer(&door.site, &parts.headers, &path, refused);
    if parts.version < Version::HTTP_2 && !drained(body).await {
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

/// Reads what is left of a refused request. A connection on which something is left unread is closed
/// after the answer, and a client that means to use it again must be told.
async fn drained(body: Body) -> bool {
    let rest = tokio::time::timeout(REST_PATIENCE, to_bytes(body, MOST_REST)).await;
    rest.is_ok_and(|rest| rest.is_ok())
}

/// RFC 6750 knows this way; it puts tokens into logs and histories.
fn in_query(request: &Request) -> bool {
    let query = request.uri().query().unwrap_or_default();
    query.split('&').any(|pair| pair.split('=').next() == Some("access_token"))
}

fn answer(site: &Site, headers: &HeaderMap, path: &str, refused: Refused) -> Response {
    if let Refused::TooFast { message, wait } = &refused {
        return slow_down(headers, message, *wait);
    }
    let Refused::Credential { message, presented } = refused else {
        return failed(headers, refused.into_error());
    };
    if is_grpc(headers) {
        return tonic::Status::unauthenticated(message).into_http();
    }
    let mut challenge = challenge(base(site, headers), path, Scopes::READ);
    if presented {
        challenge.push_str(", error=\"invalid_token\", error_description=\"");
        challenge.push_str(&message.replace(['"', '\\'], "'"));
        challenge.push('"');
    }
    let body = json!({ "error": { "kind": "unauthenticated", "message": message } });
    (StatusCode::UNAUTHORIZED, [(header::WWW_AUTHENTICATE, challenge)], Json(body)).into_response()
}

/// Tells a client whose call was stopped for want of scopes all that it needs. Who lacks a role is
/// helped by no other token.
fn stepped_up(mut response: Response, caller: &Caller, base: &str, path: &str) -> Response {
    if response.status() == StatusCode::FORBIDDEN
        && let Some(needed) = caller.missing.get()
        && let challenge = challenge(base, path, *needed) + ", error=\"insufficient_scope\""
        && let Ok(challenge) = HeaderValue::from_str(&challenge)
    {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
    }
    response
}

/// Where a client learns how to get a token for `path`, and what to ask for.
fn challenge(base: &str, path: &str, scopes: Scopes) -> String {
    let resource = if is_mcp(path) { path } else { "" };
    format!(
        "Bearer realm=\"pilothouse\", \
         resource_metadata=\"{base}/.well-known/oauth-protected-resource{resource}\", \
         scope=\"{scopes}\""
    )
}

/// The address under which a request reached us.
fn base<'a>(site: &'a Site, headers: &HeaderMap) -> &'a str {
    site.base(headers.get(header::HOST).and_then(|host| host.to_str().ok()))
}

/// Paths that go into a header as they stand.
fn is_mcp(path: &str) -> bool {
    let plain = |character: char| character.is_ascii_alphanumeric() || "/-_".contains(character);
    is_below_mcp(path) && path.chars().all(plain)
}

fn is_below_mcp(path: &str) -> bool {
    path == "/mcp" || path.starts_with("/mcp/")
}

/// Somebody guesses, or sends more than there is room for. Who guesses and then presents the right
/// thing is let in all the same.
fn slow_down(headers: &HeaderMap, message: &str, wait: Duration) -> Response {
    if is_grpc(headers) {
        return tonic::Status::resource_exhausted(message).into_http();
    }
    let body = json!({ "error": { "kind": "limited", "message": message } });
    let seconds = wait.as_millis().div_ceil(1000).max(1);
    let retry = [(header::RETRY_AFTER, seconds.to_string())];
    (StatusCode::TOO_MANY_REQUESTS, retry, Json(body)).into_response()
}

fn failed(headers: &HeaderMap, error: Error) -> Response {
    tracing::error!(%error, source = ?error.source, "a caller could not be identified");
    if is_grpc(headers) {
        return tonic::Status::unavailable(error.message).into_http();
    }
    let status =
        StatusCode::from_u16(error.kind.http_status()).unwrap_or(StatusCode::SERVICE_UNAVAILABLE);
    let body = json!({ "error": { "kind": error.kind.as_str(), "message": error.message } });
    (status, Json(body)).into_response()
}

fn is_grpc(headers: &HeaderMap) -> bool {
    headers
        .get(header::CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().starts_with(b"application/grpc"))
}
