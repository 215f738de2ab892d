//! The log service: it does not send a log, it says where to fetch it.

use axum::http::Method;
use serde_json::{Value, json};

use super::{refusal::Refusal, request::Ask, state::State};

/// Where the files are, without authentication: the address itself is the permission.
const STORAGE: &str = "/storage/";

pub(super) fn answer(state: &mut State, ask: &Ask) -> Option<Result<Value, Refusal>> {
    let asks = ask.method == Method::POST && ask.path.ends_with("log-service/blob/download");
    if !asks {
        return None;
    }
    let prefix = ask.query("prefix").unwrap_or_default();
    if !state.logs.keys().any(|key| key.starts_with(prefix)) {
        return Some(Err(Refusal::not_found("Log", prefix)));
    }
    let link = format!("{}{STORAGE}{prefix}", ask.origin());
    Some(Ok(json!({ "status": "success", "link": link, "expire": "3600" })))
}

/// The text of a file in the storage: everything below the prefix, in order.
pub(super) fn download(state: &mut State, ask: &Ask) -> Option<String> {
    let prefix = ask.path.strip_prefix(STORAGE)?;
    let found = state.logs.iter().filter(|(key, _)| key.starts_with(prefix));
    Some(found.map(|(_, text)| text.as_str()).collect())
}
