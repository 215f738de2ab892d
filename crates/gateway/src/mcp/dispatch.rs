//! From a classified message to an exchange. Shared by HTTP and stdio.

use std::sync::Arc;

use pilothouse_model::Caller;
use rmcp::{
    ServerHandler,
    model::{
        ClientJsonRpcMessage, ClientNotification, ClientRequest, ErrorData,
        InitializeRequestParams, InitializeResult, JsonRpcMessage, JsonRpcRequest, RequestId,
    },
};
use tokio_util::sync::CancellationToken;

use super::{
    context::{Era, Origin},
    endpoint::Endpoint,
    error::{Refusal, invalid_request, limited},
    exchange::{Exchange, Underway},
    handler::Handler,
    message::{Envelope, Malformed},
    outlet::Outlet,
    session::{Busy, EventLog, Session},
    voice::Voice,
};

pub(crate) const META_VERSION: &str = "io.modelcontextprotocol/protocolVersion";
/// The first revision of the modern era. Revisions are dates, so text order is time order.
pub(crate) const FIRST_MODERN: &str = "2026-07-28";
/// Bytes of `initialize` parameters that a session keeps.
const CLIENT_BYTES: usize = 64 * 1024;

/// Which era's rules a message asks for. `header` is `MCP-Protocol-Version`, where there is one.
pub(crate) fn era(envelope: &Envelope, header: Option<&str>) -> Era {
    let initializes =
        envelope.method() == Some("initialize") && envelope.param("protocolVersion").is_some();
    let modern = envelope.meta(META_VERSION).is_some()
        || envelope.method() == Some("server/discover")
        || header.is_some_and(|version| version >= FIRST_MODERN);
    if modern && !initializes { Era::Modern } else { Era::Legacy }
}

/// Everything about a request except the request.
pub(crate) struct Dispatch<'a> {
    pub(crate) endpoint: &'a Arc<Endpoint>,
    pub(crate) caller: Caller,
    pub(crate) session: Option<&'a Arc<Session>>,
    pub(crate) answer_only: bool,
    pub(crate) http: Option<Arc<http::request::Parts>>,
}

impl Dispatch<'_> {
    /// Begins to serve a request; its messages go to `outlet`.
    pub(crate) fn start(
        self,
        id: RequestId,
        request: ClientJsonRpcMessage,
        client: Option<Arc<InitializeRequestParams>>,
        outlet: Outlet,
        cancel: CancellationToken,
    ) -> Result<Underway, ErrorData> {
        let JsonRpcMessage::Request(JsonRpcRequest { request, .. }) = request else {
            return Err(invalid_request("a request is expected"));
        };
        let limits = self.endpoint.settings().limits;
        let most = limits.requests_of_principal;
        let slot = self.endpoint.in_progress().begin(&self.caller.principal.id, most);
        let slot = slot.ok_or_else(|| limited(format!("you have {most} requests in progress")))?;
        let limit = limits.requests_in_progress;
        if let Some(session) = self.session {
            session.begin(id.clone(), cancel.clone(), limit).map_err(|busy| match busy {
                Busy::Duplicate => invalid_request(format!("request {id} is still in progress")),
                Busy::TooMany => limited(format!("{limit} requests are in progress already")),
            })?;
        }
        let origin = Origin {
            caller: self.caller,
            session: self.session.cloned(),
            stream: stream_of(&outlet),
            answer_only: self.answer_only,
            http: self.http,
            client,
            voice: Voice::new(id.clone(), outlet, self.session.cloned(), cancel.clone()),
        };
        let exchange = Exchange { id, request, origin, cancel, slot };
        Ok(exchange.start(Handler::new(Arc::clone(self.endpoint))))
    }
}

fn stream_of(outlet: &Outlet) -> Option<Arc<EventLog>> {
    match outlet {
        Outlet::Log(log) => Some(Arc::clone(log)),
        Outlet::Channel(_) => None,
    }
}

/// Takes in what needs no answer: a cancellation, a reply to a question of ours.
pub(crate) fn note(session: &Session, message: ClientJsonRpcMessage) {
    match message {
        JsonRpcMessage::Notification(notification) => {
            if let ClientNotification::CancelledNotification(cancelled) = notification.notification
                && let Some(id) = cancelled.params.request_id
            {
                session.cancel(&id);
            }
        }
        answer @ (JsonRpcMessage::Response(_) | JsonRpcMessage::Error(_)) => session.answer(answer),
        JsonRpcMessage::Request(_) => {}
    }
}

/// Negotiates `initialize`. Returns what to remember of the client and what to answer.
pub(crate) fn initialize(
    endpoint: &Arc<Endpoint>,
    envelope: Envelope,
) -> Result<(InitializeRequestParams, InitializeResult), Malformed> {
    let id = envelope.id().cloned();
    let fail = |error| Malformed::new(id.clone(), error);
    let JsonRpcMessage::Request(request) = envelope.into_typed()? else {
        return Err(fail(invalid_request("initialize is a request")));
    };
    let ClientRequest::InitializeRequest(request) = request.request else {
        let problem = "initialize needs protocolVersion, capabilities and clientInfo";
        return Err(fail(Refusal::InvalidParams(problem.to_owned()).into_data()));
    };
    let params = request.params;
    let size = serde_json::to_vec(&params).map_or(usize::MAX, |bytes| bytes.len());
    if size > CLIENT_BYTES {
        return Err(fail(limited(format!("initialize parameters may have {CLIENT_BYTES} bytes"))));
    }
    let answer = Handler::new(Arc::clone(endpoint)).negotiate_initialize(&params).map_err(fail)?;
    let client = InitializeRequestParams::new(params.capabilities, params.client_info)
        .with_protocol_version(answer.protocol_version.clone());
    Ok((client, answer))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_era_follows_what_the_message_says_of_itself() {
        let modern = json!({ "_meta": { META_VERSION: "2026-07-28" } });
        let future = json!({ "_meta": { META_VERSION: "v999" } });
        let handshake =
            json!({ "protocolVersion": "2026-07-28", "_meta": { META_VERSION: "2026-07-28" } });
        for (method, params, header, expected) in [
            ("tools/list", json!({}), None, Era::Legacy),
            ("tools/list", json!({}), Some("2025-11-25"), Era::Legacy),
            ("tools/list", json!({}), Some("2026-07-28"), Era::Modern),
            ("tools/list", modern.clone(), None, Era::Modern),
            ("tools/list", future, Some("2025-11-25"), Era::Modern),
            ("server/discover", json!({}), None, Era::Modern),
            ("initialize", handshake, Some("2026-07-28"), Era::Legacy),
            ("initialize", modern, Some("2026-07-28"), Era::Modern),
        ] {
            let message = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
            let envelope = Envelope::read(message.clone()).unwrap();
            assert_eq!(era(&envelope, header), expected, "{message} {header:?}");
        }
    }
}
