//! One HTTP exchange, over either transport.

use http::{HeaderMap, Method, header::LOCATION};
use pilothouse_model::{Error, Kind};
use tokio::time::Instant;
use tonic::body::Body;
use url::Url;

use super::{Exchange, Failure, Remote, Response, Transport, upstream};
use crate::request::{HttpRequest, Payload};

/// Redirects followed for one read, all within the platform's origin.
const MAX_REDIRECTS: usize = 3;

impl Exchange<'_> {
    /// Sends the request and receives the whole answer, within the limits.
    pub(crate) async fn send_http(&self, request: &HttpRequest) -> Result<Response, Failure> {
        let began = Instant::now();
        let answer = self.send_http_once(request).await;
        self.renewed(began, answer).await
    }

    async fn send_http_once(&self, request: &HttpRequest) -> Result<Response, Failure> {
        let exchange = async {
            match self.transport {
                Transport::Remote(remote) => self.send_remote(remote, request).await,
                Transport::Embedded(embedded) => {
                    let response = embedded.send(self.caller, in_process(request)?).await;
                    Response::receive(self.peer, response, self.limits.max_response_bytes).await
                }
            }
        };
        let response = tokio::time::timeout(self.limits.timeout, exchange)
            .await
            .map_err(|_| Failure::timed_out(self.peer, self.limits.timeout))??;
        upstream::accept(self.peer, self.dialect, response)
    }

    /// Fetches a link that the platform handed out: from the platform itself with its credential,
    /// from elsewhere without.
    pub(crate) async fn fetch(&self, link: &str) -> Result<Response, Failure> {
        let base = match self.transport {
            Transport::Remote(remote) => remote.url(None, "/")?,
            Transport::Embedded(_) => {
                Url::parse("https://embedded.invalid/").map_err(Error::internal)?
            }
        };
        let url = base.join(link).map_err(|_| bad_link(self.peer))?;
        let is_own = url.origin() == base.origin() || (self.dialect.is_mirrored)(&url);
        if is_own || matches!(self.transport, Transport::Embedded(_)) {
            let target = url[url::Position::BeforePath..url::Position::AfterQuery].to_owned();
            let request = HttpRequest::raw(Method::GET, target, Payload::None);
            return self.send_http(&request).await;
        }
        let Transport::Remote(remote) = self.transport else {
            return Err(bad_link(self.peer).into());
        };
        let is_spoken = match url.scheme() {
            "https" => true,
            "http" => remote.is_loopback(),
            _ => false,
        };
        if !is_spoken {
            return Err(bad_link(self.peer).into());
        }
        let client = remote.http().await?;
        let exchange = async {
            let response = client.get(url).send().await.map_err(|error| self.unsent(error))?;
            Response::receive("the store of logs", response.into(), self.limits.max_response_bytes)
                .await
        };
        let response = tokio::time::timeout(self.limits.timeout, exchange)
            .await
            .map_err(|_| Failure::timed_out(self.peer, self.limits.timeout))??;
        upstream::accept("the store of logs", self.dialect, response).map_err(refused_link)
    }

    async fn send_remote(
        &self,
        remote: &Remote,
        request: &HttpRequest,
    ) -> Result<Response, Failure> {
        let client = remote.http().await?;
        let mut headers = request.headers();
        headers.extend(remote.headers(request.host.as_deref()).await?);
        let mut url = remote.url(request.host.as_deref(), &request.target)?;
        for _ in 0..=MAX_REDIRECTS {
            let response = client
                .request(request.method.clone(), url.clone())
                .headers(headers.clone())
                .body(request.body.bytes())
                .send()
                .await
                .map_err(|error| self.unsent(error))?;
            let response =
                Response::receive(self.peer, response.into(), self.limits.max_response_bytes)
                    .await?;
            match next_location(&request.method, &url, &response) {
                Some(next) => url = next,
                None => return Ok(response),
            }
        }
        Err(Failure::refused(Error::upstream(format!(
            "{} redirects in a circle ({MAX_REDIRECTS} times)",
            self.peer
        ))))
    }

    fn unsent(&self, error: reqwest::Error) -> Failure {
        // The URL names a private address; it stays out of messages and logs.
        let error = error.without_url();
        if error.is_connect() {
            Failure::unreachable(self.peer, error)
        } else {
            Failure::broken(self.peer, error)
        }
    }
}

/// Links carry their own permission, for a time: no credential has to do with a refusal.
fn refused_link(mut failure: Failure) -> Failure {
    let is_refused = matches!(failure.error.kind, Kind::Forbidden | Kind::NotFound);
    if is_refused || failure.credential_refused {
        failure.error.hint =
            Some("the link has expired or its file is gone: ask again for a new one".to_owned());
    }
    failure
}

fn bad_link(peer: &str) -> Error {
    Error::upstream(format!("{peer} handed out a link that is not safe to follow"))
}

fn in_process(request: &HttpRequest) -> Result<http::Request<Body>, Error> {
    let body = http_body_util::Full::new(request.body.bytes());
    let mut built = http::Request::builder()
        .method(request.method.clone())
        .uri(request.target.as_str())
        .body(Body::new(body))
        .map_err(Error::internal)?;
    *built.headers_mut() = request.headers();
    Ok(built)
}

/// Where a read goes next: only within the same origin, so that the credential stays there.
fn next_location(method: &Method, url: &Url, response: &Response) -> Option<Url> {
    if !response.status.is_redirection() || !(method == Method::GET || method == Method::HEAD) {
        return None;
    }
    let next = url.join(location(&response.headers)?).ok()?;
    (next.origin() == url.origin()).then_some(next)
}

fn location(headers: &HeaderMap) -> Option<&str> {
    headers.get(LOCATION)?.to_str().ok()
}
