//! Arrays of messages, which only the 2025-03-26 revision has: served for sessions of that
//! revision, refused in words for all others. The answers come back together, as one array.

use std::sync::Arc;

use axum::response::Response;
use futures::{StreamExt, stream::FuturesOrdered};
use http::StatusCode;
use serde_json::Value;

use super::{Visit, legacy, reply};
use crate::mcp::{
    batch::{self, NOT_HERE},
    error::invalid_request,
};

pub(super) async fn serve(visit: Visit, messages: Vec<Value>) -> Response {
    let session = match legacy::session(&visit).await {
        Ok(session) if session.may_batch() => session,
        Ok(_) => {
            return reply::refusal(StatusCode::BAD_REQUEST, None, invalid_request(NOT_HERE));
        }
        Err((status, error)) => return reply::refusal(status, None, error),
    };
    let answers: FuturesOrdered<_> = messages
        .into_iter()
        .filter_map(|message| {
            let head = Some(Arc::clone(&visit.head));
            batch::take(&visit.endpoint, &session, visit.caller.next_call(), head, message)
        })
        .collect();
    let answers: Vec<String> = answers.collect().await;
    if answers.is_empty() {
        return reply::empty(StatusCode::ACCEPTED);
    }
    reply::json(StatusCode::OK, format!("[{}]", answers.join(",")))
}
