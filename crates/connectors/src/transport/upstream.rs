//! What an unsuccessful answer means: its status, its own words made safe, and what to do next.

use std::time::Duration;

use http::{HeaderMap, StatusCode, header::RETRY_AFTER};
use pilothouse_model::{
    Error, Kind, Timestamp,
    text::{prefix, sanitize},
};
use serde_json::Value;

use super::{Dialect, Failure, Fate, Refusal, Response};

/// Longest upstream message kept, in bytes.
const MAX_MESSAGE: usize = 1000;
const MAX_TITLE: usize = 200;

/// Turns an answer outside 200..299 into a failure that keeps status and message.
pub(super) fn accept(
    peer: &str,
    dialect: &Dialect,
    response: Response,
) -> Result<Response, Failure> {
    let status = response.status;
    if status.is_success() {
        return Ok(response);
    }
    let refusal = explain(dialect, &response);
    let mut text = format!("{peer} answered {}", status.as_u16());
    if refusal.message.is_empty() {
        text.extend(status.canonical_reason().map(|reason| format!(" {reason}")));
    } else {
        text.extend([": ", &refusal.message]);
    }
    let mut error = Error::new(refusal.kind.unwrap_or(kind(status)), text)
        .answered(Some(status.as_u16()), refusal.message);
    error.hint = refusal.hint.or_else(|| hint(status).map(str::to_owned));
    let mut failure = Failure::new(fate(dialect, status), error);
    failure.credential_refused = status == StatusCode::UNAUTHORIZED;
    failure.retry_after = retry_after(&response.headers, Timestamp::now());
    Err(failure)
}

/// An upstream text that may be shown: no control characters, no tricks, not too long.
pub(super) fn safe(text: &str) -> String {
    let text = sanitize(text);
    prefix(text.trim(), MAX_MESSAGE).to_owned()
}

fn kind(status: StatusCode) -> Kind {
    match status.as_u16() {
        // The caller is known; it is the instance's credential that was refused.
        401 | 407 => Kind::Upstream,
        403 => Kind::Forbidden,
        404 | 410 => Kind::NotFound,
        409 | 412 | 423 => Kind::Conflict,
        413 | 429 => Kind::Limited,
        400..=499 => Kind::Invalid,
        502..=504 => Kind::Unavailable,
        _ => Kind::Upstream,
    }
}

fn fate(dialect: &Dialect, status: StatusCode) -> Fate {
    match status.as_u16() {
        500 if dialect.server_error_passes => Fate::Unknown,
        429 => Fate::NotActedOn,
        502..=504 => Fate::Unknown,
        408 | 500.. => Fate::Spoiled,
        _ => Fate::Refused,
    }
}

fn hint(status: StatusCode) -> Option<&'static str> {
    match status.as_u16() {
        300..=399 => Some("redirects to another address are not followed; configure the final one"),
        401 => Some("the credential configured for this platform was refused; replace it"),
        400 | 422 => Some("correct what the message names; the schema shows what is expected"),
        403 => Some("the platform does not permit this to the configured credential"),
        404 | 410 => Some("check the identifier and where it is looked for"),
        409 | 412 | 423 => Some("get what is there now before trying again"),
        413 => Some("send less at a time"),
        429 => Some("wait before trying again"),
        _ => None,
    }
}

/// What the body says, made safe; empty where it says nothing.
fn explain(dialect: &Dialect, response: &Response) -> Refusal {
    let message = |message| Refusal { message, ..Refusal::default() };
    if response.is_html() {
        let title = html_title(&response.body).map(|title| format!("a web page, {title:?}"));
        return message(title.unwrap_or_default());
    }
    let Ok(body) = serde_json::from_slice::<Value>(&response.body) else {
        return message(std::str::from_utf8(&response.body).map(safe).unwrap_or_default());
    };
    let mut refusal = (dialect.refusal)(response.status, &body).unwrap_or_else(|| Refusal {
        message: json_message(&body).unwrap_or_default(),
        kind: None,
        hint: body.get("hint").and_then(Value::as_str).map(safe),
    });
    refusal.message = safe(&refusal.message);
    refusal
}

fn json_message(body: &Value) -> Option<String> {
    match body {
        Value::String(text) => Some(text.clone()),
        Value::Array(items) => items.first().and_then(json_message),
        Value::Object(fields) => ["detail", "message", "errors", "error", "title"]
            .into_iter()
            .find_map(|name| json_message(fields.get(name)?)),
        _ => None,
    }
}

/// The text between `<title>` and `</title>`.
pub(super) fn html_title(body: &[u8]) -> Option<String> {
    let page = String::from_utf8_lossy(&body[..body.len().min(16 << 10)]);
    let lower = page.to_ascii_lowercase();
    let start = lower.find("<title")?;
    let start = start + lower[start..].find('>')? + 1;
    let end = start + lower[start..].find("</title")?;
    let title = safe(&page[start..end].split_whitespace().collect::<Vec<_>>().join(" "));
    (!title.is_empty()).then(|| prefix(&title, MAX_TITLE).to_owned())
}

/// `Retry-After` in either of its forms: seconds, or a date. A date in the past is zero.
pub(super) fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = jiff::fmt::rfc2822::parse(text).ok()?;
    Some(Timestamp(date.timestamp().as_millisecond()).since(now))
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::header::CONTENT_TYPE;

    use super::*;

    fn refused(status: u16, content_type: &str, body: &str) -> Failure {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, content_type.parse().unwrap());
        let response = Response {
            status: StatusCode::from_u16(status).unwrap(),
            headers,
            body: Bytes::copy_from_slice(body.as_bytes()),
        };
        accept("tharsis", &Dialect::PLAIN, response).unwrap_err()
    }

    #[test]
    fn the_platforms_own_words_are_kept() {
        for (status, content_type, body, message) in [
            (404, "application/json", r#"{"detail":"no such run"}"#, "answered 404: no such run"),
            (400, "application/json", r#"{"message":"bad name"}"#, "answered 400: bad name"),
            (422, "application/json", r#"{"errors":["first","second"]}"#, "answered 422: first"),
            (
                422,
                "application/json",
                r#"{"errors":[{"title":"t","detail":"d"}]}"#,
                "answered 422: d",
            ),
            (500, "application/json", r#"{"error":{"message":"broken"}}"#, "answered 500: broken"),
            (500, "text/plain", "it \u{1b}[31mbroke\u{1b}[0m", "answered 500: it broke"),
            (503, "text/plain", "", "answered 503 Service Unavailable"),
            (
                502,
                "text/html; charset=utf-8",
                "<html><head><title> Bad \n gateway </title></head><body>secret</body></html>",
                "answered 502: a web page, \"Bad gateway\"",
            ),
            (500, "text/html", "<h1>secret</h1>", "answered 500 Internal Server Error"),
        ] {
            let failure = refused(status, content_type, body);
            assert_eq!(failure.error.message, format!("tharsis {message}"), "{body}");
            assert_eq!(failure.error.answered_status(), Some(status));
        }
    }

    #[test]
    fn a_long_message_is_cut() {
        let failure = refused(500, "text/plain", &"é".repeat(5000));
        assert!(failure.error.message.len() < 1100);
    }

    #[test]
    fn the_status_decides_kind_and_fate() {
        for (status, kind, fate) in [
            (302, Kind::Upstream, Fate::Refused),
            (400, Kind::Invalid, Fate::Refused),
            (401, Kind::Upstream, Fate::Refused),
            (403, Kind::Forbidden, Fate::Refused),
            (404, Kind::NotFound, Fate::Refused),
            (408, Kind::Invalid, Fate::Spoiled),
            (409, Kind::Conflict, Fate::Refused),
            (413, Kind::Limited, Fate::Refused),
            (429, Kind::Limited, Fate::NotActedOn),
            (500, Kind::Upstream, Fate::Spoiled),
            (503, Kind::Unavailable, Fate::Unknown),
        ] {
            let failure = refused(status, "text/plain", "");
            assert_eq!((failure.error.kind, failure.fate), (kind, fate), "{status}");
        }
    }

    #[test]
    fn every_refusal_of_a_request_says_what_to_do() {
        for status in [302, 400, 401, 403, 404, 409, 410, 412, 413, 422, 423, 429] {
            assert!(refused(status, "text/plain", "").error.hint.is_some(), "{status}");
        }
    }

    #[test]
    fn a_server_error_passes_where_the_platform_says_so() {
        let plain = fate(&Dialect::PLAIN, StatusCode::INTERNAL_SERVER_ERROR);
        let passing = Dialect { server_error_passes: true, ..Dialect::PLAIN };
        let passing = fate(&passing, StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!((plain, passing), (Fate::Spoiled, Fate::Unknown));
    }

    #[test]
    fn retry_after_reads_seconds_and_dates() {
        let now: Timestamp = Timestamp(1_445_412_480_000); // 2015-10-21T07:28:00Z
        for (text, expected) in [
            ("3", Some(Duration::from_secs(3))),
            ("Wed, 21 Oct 2015 07:28:05 GMT", Some(Duration::from_secs(5))),
            ("Wed, 21 Oct 2015 07:27:00 GMT", Some(Duration::ZERO)),
            ("soon", None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(RETRY_AFTER, text.parse().unwrap());
            assert_eq!(retry_after(&headers, now), expected, "{text}");
        }
    }
}
