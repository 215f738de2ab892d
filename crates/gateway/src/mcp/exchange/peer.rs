//! What `rmcp`'s handlers want of a client besides its request: the protocol version that it
//! negotiated. They could also talk to it, but talk through the request's voice instead.

use std::{
    collections::BTreeMap,
    convert::Infallible,
    future::ready,
    sync::{Mutex, PoisonError},
};

use rmcp::{
    RoleServer, ServerHandler,
    model::{
        ClientCapabilities, ClientJsonRpcMessage, Implementation, InitializeRequestParams,
        ProtocolVersion, ServerJsonRpcMessage,
    },
    service::{Peer, serve_directly},
    transport::Transport,
};

/// One for each version that the server knows, and one for requests that stand alone.
static PEERS: Mutex<BTreeMap<Option<String>, Peer<RoleServer>>> = Mutex::new(BTreeMap::new());

/// The client of a session that negotiated `version`, or of a request that says so itself.
pub(super) fn of(version: Option<&ProtocolVersion>) -> Peer<RoleServer> {
    let mut peers = PEERS.lock().unwrap_or_else(PoisonError::into_inner);
    let key = version.map(ToString::to_string);
    peers.entry(key).or_insert_with(|| make(version)).clone()
}

/// `rmcp` makes a peer only together with a service loop; this one ends at once.
fn make(version: Option<&ProtocolVersion>) -> Peer<RoleServer> {
    let client = version.map(|version| {
        InitializeRequestParams::new(ClientCapabilities::default(), Implementation::default())
            .with_protocol_version(version.clone())
    });
    serve_directly(Nobody, Nothing, client).peer().clone()
}

struct Nobody;

impl ServerHandler for Nobody {}

/// The transport of a client that never says anything.
struct Nothing;

impl Transport<RoleServer> for Nothing {
    type Error = Infallible;

    fn send(
        &mut self,
        _message: ServerJsonRpcMessage,
    ) -> impl Future<Output = Result<(), Infallible>> + Send + 'static {
        ready(Ok(()))
    }

    async fn receive(&mut self) -> Option<ClientJsonRpcMessage> {
        None
    }

    async fn close(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
}
