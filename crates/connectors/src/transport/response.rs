//! An answer received whole: its status, headers and body, within the size limit.

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, StatusCode, header::CONTENT_TYPE};
use http_body_util::BodyExt as _;
use pilothouse_model::Error;
use serde_json::Value;

use super::{Failure, upstream};

/// How a web page begins.
const DOCTYPE: &[u8] = b"<!doctype html";

#[derive(Clone, Debug)]
pub struct Response {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Response {
    /// Reads the body to its end. One byte over `max` is an error, never a cut answer.
    pub(super) async fn receive<B>(
        peer: &str,
        response: http::Response<B>,
        max: usize,
    ) -> Result<Self, Failure>
    where
        B: http_body::Body<Data = Bytes> + Unpin,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let (parts, mut body) = response.into_parts();
        let mut received = BytesMut::new();
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|error| Failure::broken(peer, error))?;
            if let Some(data) = frame.data_ref() {
                if received.len() + data.len() > max {
                    return Err(Failure::too_large(peer, max));
                }
                received.extend_from_slice(data);
            }
        }
        Ok(Self { status: parts.status, headers: parts.headers, body: received.freeze() })
    }

    pub(super) fn content_type(&self) -> &str {
        self.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    pub(super) fn is_html(&self) -> bool {
        let start = self.body.trim_ascii_start().get(..DOCTYPE.len());
        self.content_type().starts_with("text/html")
            || start.is_some_and(|start| start.eq_ignore_ascii_case(DOCTYPE))
    }

    /// The body as JSON; an empty body is `null`. A web page is an error that says so.
    pub fn json(&self, peer: &str) -> Result<Value, Error> {
        if self.body.is_empty() {
            return Ok(Value::Null);
        }
        if self.is_html() {
            let title = upstream::html_title(&self.body)
                .map_or(String::new(), |title| format!(" titled {title:?}"));
            return Err(Error::upstream(format!("{peer} answered with a web page{title}"))
                .hint("the address may be that of a console or a sign-in page, not of the API"));
        }
        serde_json::from_slice(&self.body).map_err(|error| {
            Error::upstream(format!("{peer} answered with something that is not JSON"))
                .source(error)
        })
    }
}
