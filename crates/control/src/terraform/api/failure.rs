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

#[expect(clippy::needless_pass_by_value, reason = "it is what `map_err` hands on")]
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
        Kind::Internal => Code::Internal,
    };
    Status::new(code, error.to_string())
}

/// A REST answer that is an error: `{"detail": text}`.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) status: StatusCode,
    pub(super) detail: String,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        log(&error);
        let status = StatusCode::from_u16(error.kind.http_status());
        Self {
            status: status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
            detail: error.to_string(),
        }
    }
}

impl From<UploadError> for Failure {
    fn from(error: UploadError) -> Self {
        match error {
            UploadError::Refused(error) => error.into(),
            UploadError::TooLarge { limit } => Self {
                status: StatusCode::PAYLOAD_TOO_LARGE,
                detail: format!(
                    "the configuration is larger than {limit} bytes (leave out what Terraform \
                     does not need, such as .terraform and .git folders)"
                ),
            },
        }
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        (self.status, Json(json!({ "detail": self.detail }))).into_response()
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
}
