//! Trying a connector out: those of the scene work.

use axum::http::Method;
use pilothouse_model::Timestamp;
use serde_json::{Value, json};

use super::{refusal::Refusal, request::Ask, state::State, success};

pub(super) fn answer(state: &mut State, ask: &Ask) -> Option<Result<Value, Refusal>> {
    let id = ask.path.strip_prefix("/ng/api/connectors/testConnection/")?;
    if ask.method != Method::POST {
        return None;
    }
    Some(match state.find("connector", ask.org(), ask.project(), id) {
        Some(_) => Ok(success(json!({
            "status": "SUCCESS", "errors": null, "errorSummary": null,
            "testedAt": Timestamp::now().0, "delegateId": "kubernetes-east-0",
        }))),
        None => Err(Refusal::not_found("connector", id)),
    })
}
