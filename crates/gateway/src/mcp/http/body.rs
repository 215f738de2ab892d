//! Reading a request body within its bounds: bytes and time.

use std::time::Duration;

use axum::{body::Body, response::Response};
use bytes::Bytes;
use http::StatusCode;
use http_body_util::{BodyExt, LengthLimitError, Limited};

use super::reply;
use crate::mcp::error::{invalid_request, refused_as, too_large};

/// How long a client may take to send its body.
const TIME: Duration = Duration::from_secs(30);

#[derive(Debug)]
pub(super) enum BodyError {
    TooLarge(usize),
    TooSlow,
    Broken,
}

pub(super) async fn read(body: Body, max_bytes: usize) -> Result<Bytes, BodyError> {
    match tokio::time::timeout(TIME, Limited::new(body, max_bytes).collect()).await {
        Err(_) => Err(BodyError::TooSlow),
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(BodyError::TooLarge(max_bytes)),
        Ok(Err(_)) => Err(BodyError::Broken),
    }
}

impl BodyError {
    pub(super) fn into_response(self) -> Response {
        let error = match self {
            Self::TooLarge(max) => too_large(max),
            Self::TooSlow => refused_as(408, "the body did not arrive in time"),
            Self::Broken => invalid_request("the body broke off"),
        };
        reply::refusal(reply::status(error.code.0, StatusCode::BAD_REQUEST), None, error)
    }
}

#[cfg(test)]
mod tests {
    use std::{convert::Infallible, io};

    use futures::stream;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn bodies_are_bounded_in_bytes_and_time() {
        let stalled = Body::from_stream(stream::pending::<Result<Bytes, Infallible>>());
        let broken = Body::from_stream(stream::iter([Err::<Bytes, _>(io::Error::other("gone"))]));
        for (body, status) in [
            (Body::from("12345"), Some(StatusCode::PAYLOAD_TOO_LARGE)),
            (stalled, Some(StatusCode::REQUEST_TIMEOUT)),
            (broken, Some(StatusCode::BAD_REQUEST)),
            (Body::from("1234"), None),
        ] {
            let refused = read(body, 4).await.err().map(|error| error.into_response().status());
            assert_eq!(refused, status);
        }
    }
}
