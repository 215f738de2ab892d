//! A Harness that writes down what it is asked and answers everything the same: for hooks, which
//! make requests of their own.

use std::sync::{Arc, Mutex};

use axum::{Json, Router, body::to_bytes, extract::Request};
use bytes::Bytes;
use pilothouse_connectors::{
    Connector, Options, Rate, ScopeDefaults, Transport, transport::Embedded,
};
use pilothouse_model::Timestamp;
use pilothouse_registry::Catalog;
use serde_json::json;

type Recorded = Arc<Mutex<Vec<http::Request<Bytes>>>>;

/// A connector to a recorder, and what it has recorded.
pub(crate) fn recorder(defaults: ScopeDefaults, clock: fn() -> Timestamp) -> (Connector, Recorded) {
    let recorded = Recorded::default();
    let written = Arc::clone(&recorded);
    let router = Router::new().fallback(move |request: Request| {
        let written = Arc::clone(&written);
        async move {
            let (parts, body) = request.into_parts();
            let body = to_bytes(body, 1 << 20).await.unwrap();
            written.lock().unwrap().push(http::Request::from_parts(parts, body));
            Json(json!({"status": "SUCCESS", "data": {}}))
        }
    });
    let catalog = Catalog::embedded().platform("harness").unwrap();
    let transport = Transport::Embedded(Embedded::new(router));
    let options = Options { rate: Rate::EMBEDDED, ..Options::default() };
    let connector = Connector::new(catalog, Connector::DEFAULT_INSTANCE, transport, options);
    (connector.unwrap().acting_in(defaults).timed_by(clock), recorded)
}
