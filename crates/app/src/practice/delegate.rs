//! Delegates: one works, one has not been heard of for a while.

use axum::http::Method;
use pilothouse_model::Timestamp;
use serde_json::{Value, json};

use super::{refusal::Refusal, request::Ask, state::State};

const HOUR: i64 = 3_600_000;

pub(super) fn answer(_: &mut State, ask: &Ask) -> Option<Result<Value, Refusal>> {
    let list = "/ng/api/delegate-setup/listDelegates";
    (ask.method == Method::POST && ask.path == list).then(|| {
        let now = Timestamp::now().0;
        let delegates =
            [delegate("kubernetes-east", true, now), delegate("kubernetes-west", false, now)];
        Ok(json!({ "resource": delegates, "metaData": {}, "responseMessages": [] }))
    })
}

fn delegate(name: &str, connected: bool, now: i64) -> Value {
    let heard = if connected { now } else { now - 5 * HOUR };
    json!({
        "type": "KUBERNETES", "name": name, "tags": [name], "lastHeartBeat": heard,
        "connected": connected, "activelyConnected": connected, "legacy": false,
        "autoUpgrade": "ON", "groupImplicitSelectors": {}, "delegateReplicas": [{
            "hostName": format!("{name}-0"), "version": "26.10.84000", "lastHeartbeat": heard,
            "connected": connected, "expiringAt": now + 24 * 60 * HOUR,
        }],
    })
}
