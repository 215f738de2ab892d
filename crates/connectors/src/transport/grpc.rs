//! One gRPC exchange, over either transport, and what its status means.

use std::error::Error as StdError;

use http::{HeaderName, HeaderValue, uri::PathAndQuery};
use pilothouse_model::{Error, Kind};
use prost_reflect::DynamicMessage;
use tokio::time::Instant;
use tonic::{
    Code, ConnectError, Request, Status,
    body::Body,
    client::{Grpc, GrpcService},
    metadata::{AsciiMetadataValue, MetadataKey},
};

use super::{Exchange, Failure, Fate, Transport, upstream};
use crate::{protocol::DynamicCodec, request::GrpcRequest};

/// Metadata under which an embedded platform passes what to do next.
const HINT: &str = "pilothouse-hint";

impl Exchange<'_> {
    /// Sends the message and receives the whole answer, within the limits.
    pub(crate) async fn send_grpc(&self, call: &GrpcRequest) -> Result<DynamicMessage, Failure> {
        let began = Instant::now();
        let answer = self.send_grpc_once(call).await;
        self.renewed(began, answer).await
    }

    async fn send_grpc_once(&self, call: &GrpcRequest) -> Result<DynamicMessage, Failure> {
        let mut request = Request::new(call.message.clone());
        let exchange = async {
            match self.transport {
                Transport::Remote(remote) => {
                    if let Some((name, value)) = remote.credential().await?.grpc_metadata()? {
                        let (name, value) = metadata(&name, &value)?;
                        request.metadata_mut().insert(name, value);
                    }
                    request.set_timeout(self.limits.timeout);
                    self.unary(remote.grpc().await?.clone(), call, request).await
                }
                Transport::Embedded(embedded) => {
                    request.extensions_mut().insert(self.caller.clone());
                    self.unary(embedded.service(), call, request).await
                }
            }
        };
        tokio::time::timeout(self.limits.timeout, exchange)
            .await
            .map_err(|_| Failure::timed_out(self.peer, self.limits.timeout))?
    }

    async fn unary<S>(
        &self,
        service: S,
        call: &GrpcRequest,
        request: Request<DynamicMessage>,
    ) -> Result<DynamicMessage, Failure>
    where
        S: GrpcService<Body>,
        S::ResponseBody: Send + 'static,
        <S::ResponseBody as http_body::Body>::Error: Into<Box<dyn StdError + Send + Sync>>,
    {
        let path: PathAndQuery = call.path().parse().map_err(Error::internal)?;
        let codec = DynamicCodec::new(&call.method);
        let mut client =
            Grpc::new(service).max_decoding_message_size(self.limits.max_response_bytes);
        let unavailable = |error: S::Error| {
            let status = Status::from_error(error.into());
            explain(self.peer, status, self.limits.max_response_bytes)
        };
        client.ready().await.map_err(unavailable)?;
        let answer = client
            .unary(request, path, codec)
            .await
            .map_err(|status| explain(self.peer, status, self.limits.max_response_bytes))?;
        Ok(answer.into_inner())
    }
}

fn metadata(
    name: &HeaderName,
    value: &HeaderValue,
) -> Result<(MetadataKey<tonic::metadata::Ascii>, AsciiMetadataValue), Error> {
    let name = MetadataKey::from_bytes(name.as_str().as_bytes()).map_err(Error::internal)?;
    let mut value = AsciiMetadataValue::try_from(value.as_bytes()).map_err(Error::internal)?;
    value.set_sensitive(true);
    Ok((name, value))
}

/// The failure behind a status, with the platform's message kept.
fn explain(peer: &str, status: Status, max_response_bytes: usize) -> Failure {
    let code = status.code();
    if is_caused_by::<ConnectError>(&status) {
        return Failure::unreachable(peer, status);
    }
    // tonic's own codec says OUT_OF_RANGE before any byte of the message is kept.
    if code == Code::OutOfRange && status.message().contains("decoded message length too large") {
        return Failure::too_large(peer, max_response_bytes);
    }
    let own_hint = status.metadata().get(HINT).and_then(|value| value.to_str().ok());
    let hint = own_hint.map(upstream::safe).or_else(|| hint(code).map(str::to_owned));
    let message = match upstream::safe(status.message()) {
        empty if empty.is_empty() => code.description().to_owned(),
        message => message,
    };
    let mut error = Error::new(kind(code), told(peer, code, &message)).answered(None, message);
    error.hint = hint;
    let mut failure = Failure::new(fate(code), error);
    failure.credential_refused = code == Code::Unauthenticated;
    let headers = status.metadata().clone().into_headers();
    failure.retry_after = upstream::retry_after(&headers, pilothouse_model::Timestamp::now());
    failure
}

/// The platform's message. Where it is about the request, no code makes it clearer.
fn told(peer: &str, code: Code, message: &str) -> String {
    match kind(code) {
        Kind::Invalid | Kind::NotFound | Kind::Conflict => format!("{peer} refused: {message}"),
        _ => format!("{peer} answered {}: {message}", name(code)),
    }
}

fn is_caused_by<E: StdError + 'static>(status: &Status) -> bool {
    let mut source = status.source();
    while let Some(error) = source {
        if error.is::<E>() {
            return true;
        }
        source = error.source();
    }
    false
}

fn kind(code: Code) -> Kind {
    match code {
        Code::InvalidArgument | Code::OutOfRange => Kind::Invalid,
        Code::NotFound => Kind::NotFound,
        Code::AlreadyExists | Code::Aborted | Code::FailedPrecondition => Kind::Conflict,
        Code::PermissionDenied => Kind::Forbidden,
        Code::ResourceExhausted => Kind::Limited,
        Code::Unavailable | Code::DeadlineExceeded | Code::Cancelled => Kind::Unavailable,
        // The caller is known; it is the instance's credential that was refused.
        Code::Unauthenticated
        | Code::Unimplemented
        | Code::Internal
        | Code::Unknown
        | Code::DataLoss
        | Code::Ok => Kind::Upstream,
    }
}

fn fate(code: Code) -> Fate {
    match code {
        Code::ResourceExhausted => Fate::NotActedOn,
        Code::Unavailable => Fate::Unknown,
        Code::DeadlineExceeded => Fate::TimedOut,
        Code::Cancelled | Code::Internal | Code::Unknown | Code::DataLoss | Code::Ok => {
            Fate::Spoiled
        }
        Code::InvalidArgument
        | Code::NotFound
        | Code::AlreadyExists
        | Code::PermissionDenied
        | Code::FailedPrecondition
        | Code::Aborted
        | Code::OutOfRange
        | Code::Unimplemented
        | Code::Unauthenticated => Fate::Refused,
    }
}

fn hint(code: Code) -> Option<&'static str> {
    match code {
        Code::Unauthenticated => {
            Some("the credential configured for this platform was refused; replace it")
        }
        Code::PermissionDenied => {
            Some("the platform does not permit this to the configured credential")
        }
        Code::Unimplemented => Some("this installation of the platform does not offer it"),
        Code::Aborted => Some("somebody changed it meanwhile; read it again and retry"),
        Code::ResourceExhausted => Some("wait before trying again"),
        _ => None,
    }
}

/// The code as gRPC's documentation spells it.
fn name(code: Code) -> &'static str {
    match code {
        Code::Ok => "OK",
        Code::Cancelled => "CANCELLED",
        Code::Unknown => "UNKNOWN",
        Code::InvalidArgument => "INVALID_ARGUMENT",
        Code::DeadlineExceeded => "DEADLINE_EXCEEDED",
        Code::NotFound => "NOT_FOUND",
        Code::AlreadyExists => "ALREADY_EXISTS",
        Code::PermissionDenied => "PERMISSION_DENIED",
        Code::ResourceExhausted => "RESOURCE_EXHAUSTED",
        Code::FailedPrecondition => "FAILED_PRECONDITION",
        Code::Aborted => "ABORTED",
        Code::OutOfRange => "OUT_OF_RANGE",
        Code::Unimplemented => "UNIMPLEMENTED",
        Code::Internal => "INTERNAL",
        Code::Unavailable => "UNAVAILABLE",
        Code::DataLoss => "DATA_LOSS",
        Code::Unauthenticated => "UNAUTHENTICATED",
    }
}
