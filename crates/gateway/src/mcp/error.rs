//! Why a request is refused, as a JSON-RPC error. A tool that ran and failed is not an error here:
//! that is a result with `isError`, so that the model can read it.

use pilothouse_model::{Error, Kind};
use rmcp::model::{ClientCapabilities, ErrorCode, ErrorData};
use serde_json::json;

/// A request that gets no result: a JSON-RPC error on the wire.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// No tool of that name, for this caller.
    #[error("unknown tool {0:?}")]
    UnknownTool(String),
    /// No prompt of that name, for this caller.
    #[error("unknown prompt {0:?}")]
    UnknownPrompt(String),
    /// No resource under that URI, for this caller.
    #[error("resource {0:?} not found")]
    UnknownResource(String),
    /// The backend does not offer this method.
    #[error("method {0:?} not found")]
    UnknownMethod(String),
    /// The parameters break a rule; the message names it.
    #[error("{0}")]
    InvalidParams(String),
    /// The request needs something of the client that it did not declare.
    #[error("the client does not declare a capability that this request needs")]
    MissingCapability(Box<ClientCapabilities>),
    /// Anything else, in the words every crate shares.
    #[error(transparent)]
    Failed(#[from] Error),
}

impl Refusal {
    /// The JSON-RPC error. Sources are logged here, once, and never sent.
    pub(crate) fn into_data(self) -> ErrorData {
        let message = self.to_string();
        match self {
            Self::UnknownMethod(_) => ErrorData::new(ErrorCode::METHOD_NOT_FOUND, message, None),
            Self::UnknownResource(uri) => {
                ErrorData::resource_not_found(message, Some(json!({ "uri": uri })))
            }
            Self::UnknownTool(_) | Self::UnknownPrompt(_) | Self::InvalidParams(_) => {
                ErrorData::invalid_params(message, None)
            }
            Self::MissingCapability(required) => {
                ErrorData::missing_required_client_capability(*required)
            }
            Self::Failed(error) => failed(&error),
        }
    }
}

/// An error of the shared vocabulary. Kinds without a code of the protocol use their HTTP status,
/// which lies outside the range that JSON-RPC reserves.
fn failed(error: &Error) -> ErrorData {
    if let Some(source) = &error.source {
        tracing::error!(kind = error.kind.as_str(), %source, "request failed");
    }
    let code = match error.kind {
        Kind::Invalid | Kind::NotFound => ErrorCode::INVALID_PARAMS,
        Kind::Internal => ErrorCode::INTERNAL_ERROR,
        kind => ErrorCode(i32::from(kind.http_status())),
    };
    ErrorData::new(code, error.to_string(), Some(json!({ "kind": error.kind })))
}

/// A protocol-level answer for a limit that was reached.
pub(crate) fn limited(message: impl Into<String>) -> ErrorData {
    Refusal::Failed(Error::limited(message)).into_data()
}

/// A message with more than `max` bytes.
pub(crate) fn too_large(max: usize) -> ErrorData {
    let message =
        format!("a message may have {max} bytes; the operator sets PILOTHOUSE_MAX_BODY_BYTES");
    refused_as(413, message)
}

/// A refusal under an HTTP status that no kind of error has.
pub(crate) fn refused_as(status: u16, message: impl Into<String>) -> ErrorData {
    ErrorData::new(ErrorCode(i32::from(status)), message.into(), None)
}

/// The code that tells an HTTP client to look at the JSON-RPC error, not to retry.
pub(crate) fn invalid_request(message: impl Into<String>) -> ErrorData {
    ErrorData::invalid_request(message.into(), None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_refusal_has_the_code_the_protocol_gives_it() {
        for (refusal, code) in [
            (Refusal::UnknownTool("x".into()), -32602),
            (Refusal::UnknownPrompt("x".into()), -32602),
            (Refusal::UnknownResource("x".into()), -32002),
            (Refusal::UnknownMethod("x".into()), -32601),
            (Refusal::InvalidParams("x".into()), -32602),
            (Refusal::MissingCapability(Box::default()), -32021),
            (Error::invalid("x").into(), -32602),
            (Error::not_found("run", "x").into(), -32602),
            (Error::forbidden("x").into(), 403),
            (Error::limited("x").into(), 429),
            (Error::unavailable("x").into(), 503),
            (Error::internal("the details").into(), -32603),
        ] {
            let name = format!("{refusal:?}");
            let data = refusal.into_data();
            assert_eq!(data.code.0, code, "{name}");
            assert!(!data.message.contains("the details"), "{name}");
        }
    }
}
