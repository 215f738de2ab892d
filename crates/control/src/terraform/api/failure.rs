//! Errors as each wire spells them. Source: `contracts/tharsis/platform.json`,
//! `grpc.error_codes` and `rest.error_codes`.

use axum::{
    Json,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use pilothouse_model::{Error, Kind};
use pilothouse_store::terraform::ChangeError;
use serde_json::json;
use tonic::{Code, Status};

use crate::terraform::service::configuration_version::UploadError;

/// Metadata that carries what to do next; in REST it is the field `hint` of the body.
const HINT: &str = "pilothouse-hint";

/// Whether the caller's version was not the current one.
fn is_stale(error: &Error) -> bool {
    error
        .source
        .as_ref()
        .is_some_and(|source| matches!(source.downcast_ref(), Some(ChangeError::Stale)))
}

/// Logs what a caller does not get to see.
fn log(error: &Error) {
    if matches!(error.kind, Kind::Internal | Kind::Unavailable) {
        let source = error.source.as_deref().map(tracing::field::display);
        tracing::error!(%error, source, "a call failed");
    }
}

pub(super) fn status(error: Error) -> Status {
    log(&error);
    let code = match error.kind {
        Kind::Invalid => Code::InvalidArgument,
        Kind::Unauthenticated => Code::Unauthenticated,
        Kind::Forbidden => Code::PermissionDenied,
        Kind::NotFound => Code::NotFound,
        Kind::Conflict if is_stale(&error) => Code::Aborted,
        Kind::Conflict => Code::AlreadyExists,
        Kind::Limited => Code::ResourceExhausted,
        Kind::Upstream | Kind::Unavailable => Code::Unavailable,
        Kind::Cancelled => Code::Cancelled,
        Kind::Internal => Code::Internal,
    };
    let mut status = Status::new(code, error.message);
    if let Some(hint) = error.hint.and_then(|hint| hint.parse().ok()) {
        status.metadata_mut().insert(HINT, hint);
    }
    status
}

/// A REST answer that is an error: `{"detail": text}`, with a `hint` when there is one.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) status: StatusCode,
    pub(super) detail: String,
    pub(super) hint: Option<String>,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        log(&error);
        let status = StatusCode::from_u16(error.kind.http_status());
        Self {
            status: status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
            detail: error.message,
            hint: error.hint,
        }
    }
}

impl From<UploadError> for Failure {
    fn from(error: UploadError) -> Self {
        match error {
            UploadError::Refused(error) => error.into(),
            UploadError::TooLarge { limit } => Self {
                status: StatusCode::PAYLOAD_TOO_LARGE,
                detail: format!("the configuration is larger than {limit} bytes"),
                hint: Some(
                    "leave out what Terraform does not need, such as .terraform and .git folders"
                        .to_owned(),
                ),
            },
        }
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let body = match self.hint {
            Some(hint) => json!({ "detail": self.detail, "hint": hint }),
            None => json!({ "detail": self.detail }),
        };
        (self.status, Json(body)).into_response()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_has_its_code_on_both_wires() {
        for (kind, code, http) in [
            (Kind::Invalid, Code::InvalidArgument, 400),
            (Kind::Unauthenticated, Code::Unauthenticated, 401),
            (Kind::Forbidden, Code::PermissionDenied, 403),
            (Kind::NotFound, Code::NotFound, 404),
            (Kind::Conflict, Code::AlreadyExists, 409),
            (Kind::Limited, Code::ResourceExhausted, 429),
            (Kind::Unavailable, Code::Unavailable, 503),
            (Kind::Internal, Code::Internal, 500),
        ] {
            assert_eq!(status(Error::new(kind, "x")).code(), code, "{kind:?}");
            assert_eq!(Failure::from(Error::new(kind, "x")).status.as_u16(), http, "{kind:?}");
        }
        assert_eq!(status(ChangeError::Stale.into()).code(), Code::Aborted);
    }

    #[test]
    fn a_hint_travels_beside_the_message() {
        let error = || Error::invalid("wrong").hint("do this");
        let status = status(error());
        let hint = status.metadata().get(HINT).map(|hint| hint.to_str().unwrap());
        assert_eq!((status.message(), hint), ("wrong", Some("do this")));
        let failure = Failure::from(error());
        assert_eq!((failure.detail.as_str(), failure.hint.as_deref()), ("wrong", Some("do this")));
    }
}
