//! What the product asks of other web servers while somebody signs in: bounded in time and size,
//! and no redirect is followed.
//!
//! Platforms are asked by `connectors`, not from here.

pub(crate) mod provider;

use std::time::Duration;

use pilothouse_model::Error;
use reqwest::{ClientBuilder, Response, redirect::Policy};

/// For one request, with its answer.
const PATIENCE: Duration = Duration::from_secs(5);
const TO_CONNECT: Duration = Duration::from_secs(3);

/// Options that every client here has.
pub(crate) fn client() -> ClientBuilder {
    reqwest::Client::builder()
        .user_agent(concat!("pilothouse/", env!("CARGO_PKG_VERSION")))
        .redirect(Policy::none())
        .referer(false)
        .timeout(PATIENCE)
        .connect_timeout(TO_CONNECT)
}

/// The body of an answer, which has at most `most` bytes after decompression.
pub(crate) async fn body(mut response: Response, most: usize) -> Result<Vec<u8>, Error> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(unreachable)? {
        if body.len() + chunk.len() > most {
            return Err(Error::upstream(format!("the answer has more than {most} bytes")));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// Says as little about our network as a stranger may know; the log has the rest.
pub(crate) fn unreachable(error: reqwest::Error) -> Error {
    let what = if error.is_timeout() { "did not answer in time" } else { "cannot be reached" };
    Error::unavailable(format!("the server {what}")).source(error.without_url())
}
