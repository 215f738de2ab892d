//! What a backend knows about the request it serves, and the ways it can speak to the client
//! while it works.

mod remark;

use std::sync::{Arc, Mutex};

use pilothouse_model::Caller;
use rmcp::{
    RoleServer,
    model::{
        ClientCapabilities, Implementation, InitializeRequestParams, ProgressToken, ProtocolVersion,
    },
};
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

use super::{
    ask::Round,
    session::{EventLog, Session},
    voice::Voice,
};

/// The two ways the protocol works.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Era {
    /// 2025-11-25 and before: `initialize`, sessions, requests from server to client.
    Legacy,
    /// 2026-07-28: every request stands alone.
    Modern,
}

impl Era {
    pub(crate) fn of(version: &ProtocolVersion) -> Self {
        if version.has_initialize() { Self::Legacy } else { Self::Modern }
    }
}

/// What the client said of itself. Never a proof of anything.
#[derive(Clone, Debug, Default)]
pub struct Client {
    pub info: Option<Implementation>,
    pub capabilities: ClientCapabilities,
}

impl Client {
    fn of(request: &rmcp::service::RequestContext<RoleServer>, origin: &Origin) -> Self {
        let of_session = origin.client.as_deref();
        Self {
            info: (request.meta.client_info())
                .or_else(|| of_session.map(|client| client.client_info.clone())),
            capabilities: (request.meta.client_capabilities())
                .or_else(|| of_session.map(|client| client.capabilities.clone()))
                .unwrap_or_default(),
        }
    }
}

/// Severity of a log message to the client, least severe first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogLevel {
    Debug,
    Info,
    Notice,
    Warning,
    Error,
    Critical,
    Alert,
    Emergency,
}

/// What a transport attaches to a request before it reaches the handler.
#[derive(Clone, Debug)]
pub(crate) struct Origin {
    pub(crate) caller: Caller,
    /// The legacy session, or the stdio connection.
    pub(crate) session: Option<Arc<Session>>,
    /// The resumable stream the reply travels on.
    pub(crate) stream: Option<Arc<EventLog>>,
    /// The client takes one JSON document: nothing but the answer can be sent.
    pub(crate) answer_only: bool,
    /// The HTTP request without its body.
    pub(crate) http: Option<Arc<http::request::Parts>>,
    /// What a legacy client sent with `initialize`. A modern request carries its own.
    pub(crate) client: Option<Arc<InitializeRequestParams>>,
    pub(crate) voice: Voice,
}

/// One request, as its backend sees it.
#[derive(Debug)]
pub struct RequestContext {
    pub caller: Caller,
    pub era: Era,
    pub protocol_version: ProtocolVersion,
    pub client: Client,
    pub(super) round: Round,
    pub(super) origin: Origin,
    progress_token: Option<ProgressToken>,
    /// The last progress reported; it may only grow.
    last_progress: Mutex<f64>,
    log_level: Option<LogLevel>,
    cancelled: CancellationToken,
}

impl RequestContext {
    /// `logs` is whether the endpoint declares logging.
    pub(super) fn new(
        request: rmcp::service::RequestContext<RoleServer>,
        origin: Origin,
        round: Round,
        logs: bool,
    ) -> Self {
        let protocol_version = request.protocol_version().unwrap_or(ProtocolVersion::V_2025_03_26);
        let era = Era::of(&protocol_version);
        let log_level = match (logs, era) {
            (false, _) => None,
            (true, Era::Modern) => request.meta.log_level().map(LogLevel::from),
            (true, Era::Legacy) => origin.session.as_ref().map(|session| session.log_level()),
        };
        Self {
            caller: origin.caller.clone(),
            era,
            protocol_version,
            client: Client::of(&request, &origin),
            round,
            progress_token: request.meta.get_progress_token(),
            last_progress: Mutex::new(f64::NEG_INFINITY),
            log_level,
            cancelled: request.ct,
            origin,
        }
    }

    /// Resolves when the client gave up on the request: it closed the reply's stream (modern
    /// HTTP), sent `notifications/cancelled`, ended the session, or the server is shutting down.
    pub async fn cancelled(&self) {
        self.cancelled.cancelled().await;
    }

    pub fn is_cancelled(&self) -> bool {
        self.cancelled.is_cancelled()
    }

    /// The HTTP request's head, with the extensions that layers in front attached. None on stdio.
    pub fn http(&self) -> Option<&http::request::Parts> {
        self.origin.http.as_deref()
    }

    /// The session id of a legacy HTTP client: random, stable for one conversation, no proof.
    pub fn session_id(&self) -> Option<&str> {
        self.origin.session.as_ref().map(|session| session.id.as_ref())
    }

    /// Ends the connection the reply travels on, so that the client comes back for it later.
    /// Only a legacy HTTP client can; for others nothing happens.
    pub fn hang_up(&self) {
        if let Some(stream) = &self.origin.stream {
            stream.hang_up();
        }
    }
}
