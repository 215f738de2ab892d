//! JSON-RPC from bytes: bounded, parsed once, and classified. Both transports start here.
//!
//! Knows nothing of HTTP or sessions.

use rmcp::model::{
    CallToolRequest, CallToolRequestMethod, CallToolRequestParams, ClientJsonRpcMessage,
    ClientRequest, ConstString as _, ErrorData, RequestId,
};
use serde::{Deserialize, de::IgnoredAny};
use serde_json::Value;

use super::error::invalid_request;

/// Bounds on what a client may send.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of one HTTP body or one line.
    pub message_bytes: usize,
    /// Nested arrays and objects.
    pub json_depth: usize,
    /// Messages in one 2025-03-26 batch.
    pub batch_messages: usize,
    /// Requests of one session in progress at the same time.
    pub requests_in_progress: usize,
    /// Requests of one principal in progress at the same time at one endpoint, in all its sessions
    /// and without one.
    pub requests_of_principal: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            message_bytes: 16 * 1024 * 1024,
            json_depth: 64,
            batch_messages: 50,
            requests_in_progress: 64,
            requests_of_principal: 256,
        }
    }
}

/// Characters of a method name or a request id.
const NAME_LENGTH: usize = 256;

/// What arrived: one message, or a batch of the 2025-03-26 revision.
#[derive(Debug)]
pub(crate) enum Incoming {
    One(Envelope),
    Batch(Vec<Value>),
}

/// One well-formed JSON-RPC message, not yet read as an MCP message.
#[derive(Debug)]
pub(crate) struct Envelope {
    pub(crate) kind: Kind,
    value: Value,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Kind {
    Request {
        id: RequestId,
        method: String,
    },
    Notification {
        method: String,
    },
    /// The client's answer to a request of ours.
    Answer {
        id: RequestId,
    },
}

/// A message that cannot be served: the error to answer, and the id it belongs to if one was read.
#[derive(Debug)]
pub(crate) struct Malformed {
    pub(crate) id: Option<RequestId>,
    pub(crate) error: Box<ErrorData>,
}

impl Malformed {
    pub(crate) fn new(id: Option<RequestId>, error: ErrorData) -> Self {
        Self { id, error: Box::new(error) }
    }
}

/// Reads `bytes` as JSON within `limits`.
pub(crate) fn parse(bytes: &[u8], limits: &Limits) -> Result<Incoming, Malformed> {
    if nests_deeper_than(limits.json_depth, bytes) {
        let message = format!("JSON is nested deeper than {} levels", limits.json_depth);
        return Err(Malformed::new(id_of(bytes), invalid_request(message)));
    }
    let value = serde_json::from_slice(bytes).map_err(|error| {
        Malformed::new(None, ErrorData::parse_error(format!("not JSON: {error}"), None))
    })?;
    match value {
        Value::Array(messages) if messages.is_empty() => {
            Err(Malformed::new(None, invalid_request("the batch is empty")))
        }
        Value::Array(messages) if messages.len() > limits.batch_messages => {
            let message = format!("a batch may hold {} messages", limits.batch_messages);
            Err(Malformed::new(None, invalid_request(message)))
        }
        Value::Array(messages) => Ok(Incoming::Batch(messages)),
        value => Envelope::read(value).map(Incoming::One),
    }
}

impl Envelope {
    /// Checks the JSON-RPC frame of one message.
    pub(crate) fn read(value: Value) -> Result<Self, Malformed> {
        let id = request_id(value.get("id"));
        let fail = |message: &str| Err(Malformed::new(id.clone(), invalid_request(message)));
        let Value::Object(message) = &value else {
            return fail("a JSON-RPC message is an object");
        };
        if message.get("jsonrpc").and_then(Value::as_str) != Some("2.0") {
            return fail("\"jsonrpc\" must be \"2.0\"");
        }
        if message.get("params").is_some_and(|params| !params.is_object()) {
            return fail("\"params\" must be an object");
        }
        let answers = message.contains_key("result") || message.contains_key("error");
        let method = match message.get("method") {
            Some(Value::String(method)) if method.len() <= NAME_LENGTH => Some(method.clone()),
            Some(_) => return fail("\"method\" must be a short string"),
            None => None,
        };
        let has_id = message.contains_key("id");
        if has_id && id.is_none() && !(answers && message["id"].is_null()) {
            return fail("\"id\" must be a short string or an integer");
        }
        let kind = match (method, answers, &id) {
            (Some(method), false, Some(id)) => Kind::Request { id: id.clone(), method },
            (Some(method), false, None) => Kind::Notification { method },
            (None, true, Some(id)) => Kind::Answer { id: id.clone() },
            // An error that answers nothing: JSON-RPC allows it, and it needs no reply.
            (None, true, None) => Kind::Notification { method: String::new() },
            _ => return fail("neither a request, a notification nor a response"),
        };
        Ok(Self { kind, value })
    }

    pub(crate) fn id(&self) -> Option<&RequestId> {
        match &self.kind {
            Kind::Request { id, .. } | Kind::Answer { id } => Some(id),
            Kind::Notification { .. } => None,
        }
    }

    pub(crate) fn method(&self) -> Option<&str> {
        match &self.kind {
            Kind::Request { method, .. } | Kind::Notification { method } => Some(method),
            Kind::Answer { .. } => None,
        }
    }

    pub(crate) fn param(&self, name: &str) -> Option<&Value> {
        self.value.get("params")?.get(name)
    }

    pub(crate) fn meta(&self, key: &str) -> Option<&Value> {
        self.param("_meta")?.get(key)
    }

    /// The message as `rmcp` knows it. A known method with parameters of the wrong shape arrives
    /// as a custom request; [`super::Handler`] says what is wrong with it.
    pub(crate) fn into_typed(self) -> Result<ClientJsonRpcMessage, Malformed> {
        let id = self.id().cloned();
        // `rmcp` would take a list request with a cursor it cannot read for one without.
        if self.param("cursor").is_some_and(|cursor| !cursor.is_string() && !cursor.is_null()) {
            return Err(Malformed::new(
                id,
                ErrorData::invalid_params("\"cursor\" must be a string", None),
            ));
        }
        if let Some(call) = self.as_call() {
            return Ok(call);
        }
        serde_json::from_value(self.value)
            .map_err(|error| Malformed::new(id, invalid_request(error.to_string())))
    }

    /// A well-formed `tools/call`: most messages are, and `rmcp` would try one kind of message after
    /// the other, on copies.
    fn as_call(&self) -> Option<ClientJsonRpcMessage> {
        let Kind::Request { id, method } = &self.kind else { return None };
        if method != CallToolRequestMethod::VALUE {
            return None;
        }
        let mut params = CallToolRequestParams::deserialize(self.value.get("params")?).ok()?;
        let meta = params.meta.take();
        let mut call = CallToolRequest::new(params);
        // Where `rmcp` looks for it.
        if let Some(meta) = meta {
            call.extensions.insert(meta);
        }
        Some(ClientJsonRpcMessage::request(ClientRequest::CallToolRequest(call), id.clone()))
    }
}

/// The id of a request that is not read any further. What it holds is skipped, not built.
fn id_of(bytes: &[u8]) -> Option<RequestId> {
    #[derive(Deserialize)]
    struct Frame {
        id: Value,
        #[serde(rename = "method")]
        _method: IgnoredAny,
    }
    let frame: Frame = serde_json::from_slice(bytes).ok()?;
    request_id(Some(&frame.id))
}

/// The id of a request of which only the edges are known: clients write it before or after the
/// parameters.
pub(crate) fn id_at_an_edge(first: &[u8], last: &[u8]) -> Option<RequestId> {
    let before = find(first, b"\"params\"").map(|at| first[..at].trim_ascii_end());
    let before = before.and_then(|text| text.strip_suffix(b","));
    let before = before.map(|text| [text, b"}"].concat());
    let after = [&b"\"jsonrpc\""[..], b"\"id\""].map(|key| {
        let at = last.windows(key.len()).rposition(|window| window == key)?;
        Some([b"{", &last[at..]].concat())
    });
    let id = |text: Vec<u8>| {
        let message: Value = serde_json::from_slice(&text).ok()?;
        request_id(message.get("id"))
    };
    [before].into_iter().chain(after).flatten().find_map(id)
}

fn find(text: &[u8], key: &[u8]) -> Option<usize> {
    text.windows(key.len()).position(|window| window == key)
}

/// A string or an integer; MCP forbids null.
fn request_id(value: Option<&Value>) -> Option<RequestId> {
    match value? {
        Value::String(text) if text.len() <= NAME_LENGTH => {
            Some(RequestId::String(text.as_str().into()))
        }
        Value::Number(number) => number.as_i64().map(RequestId::Number),
        _ => None,
    }
}

/// Whether arrays and objects nest deeper than `max`, without parsing: brackets outside strings.
fn nests_deeper_than(max: usize, bytes: &[u8]) -> bool {
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    for byte in bytes {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            _ if in_string => {}
            b'[' | b'{' => {
                depth += 1;
                if depth > max {
                    return true;
                }
            }
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    false
}

#[cfg(test)]
mod tests;
