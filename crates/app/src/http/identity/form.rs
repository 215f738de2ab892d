//! Forms and the credentials of clients, as they arrive.

use axum::http::{HeaderMap, header};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use pilothouse_access::oauth::{Parameters, Refusal};
use url::form_urlencoded;

/// The named values of a form or a query string.
pub(super) fn parameters(text: &[u8]) -> Result<Parameters, Refusal> {
    Parameters::new(form_urlencoded::parse(text).into_owned().collect())
}

/// The body of a form; JSON and others are refused.
pub(super) fn body(headers: &HeaderMap, text: &[u8]) -> Result<Parameters, Refusal> {
    let form = headers
        .get(header::CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().starts_with(b"application/x-www-form-urlencoded"));
    if !form {
        return Err(Refusal::invalid_request("send application/x-www-form-urlencoded"));
    }
    parameters(text)
}

/// A client's id and secret from its `Authorization` header (RFC 6749, section 2.3.1): both are
/// form-encoded first.
pub(super) fn basic(headers: &HeaderMap) -> Option<(String, String)> {
    let (scheme, rest) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let text = String::from_utf8(STANDARD.decode(rest.trim()).ok()?).ok()?;
    let (id, secret) = text.split_once(':')?;
    Some((decoded(id), decoded(secret)))
}

fn decoded(text: &str) -> String {
    let pair = format!("x={text}");
    let mut pairs = form_urlencoded::parse(pair.as_bytes());
    pairs.next().map(|(_, value)| value.into_owned()).unwrap_or_default()
}
