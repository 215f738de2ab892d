//! Lets nobody in without a [`Caller`]. Who that is was decided before.

use axum::{
    extract::Request,
    http::{HeaderMap, StatusCode, header::CONTENT_TYPE},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use pilothouse_model::{Caller, Error};
use tonic::{Code, Status};

use super::failure::{Failure, status};

fn speaks_grpc(headers: &HeaderMap) -> bool {
    let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    content_type.is_some_and(|value| value.starts_with("application/grpc"))
}

pub(super) async fn require_caller(request: Request, next: Next) -> Response {
    if request.extensions().get::<Caller>().is_some() {
        return next.run(request).await;
    }
    let error = Error::unauthenticated("this call carries no identity");
    if speaks_grpc(request.headers()) {
        status(error).into_http::<axum::body::Body>()
    } else {
        Failure::from(error).into_response()
    }
}

pub(super) async fn no_such_route(request: Request) -> Response {
    let path = request.uri().path();
    if speaks_grpc(request.headers()) {
        let message = format!("{path} is not served here");
        return Status::new(Code::Unimplemented, message).into_http::<axum::body::Body>();
    }
    let detail = format!("{} {path} is not served here", request.method());
    Failure { status: StatusCode::NOT_FOUND, detail, hint: None }.into_response()
}
