//! Questions as requests of the protocol.

#![expect(deprecated, reason = "sampling and roots are served until the protocol removes them")]

use pilothouse_model::Error;
use rmcp::model::{
    ClientCapabilities, CreateMessageRequest, CreateMessageRequestParams, ElicitRequest,
    ElicitRequestParams, InputRequest, ListRootsRequest, SamplingMessage,
};

use super::Kind;
use crate::mcp::error::Refusal;

/// The request that puts a question to a client. A form whose schema elicitation does not allow
/// is our own mistake.
pub(super) fn of(question: &Kind) -> Result<InputRequest, Refusal> {
    Ok(match question {
        Kind::Form { message, schema } => {
            let form = ElicitRequestParams::FormElicitationParams {
                meta: None,
                message: message.clone(),
                requested_schema: serde_json::from_value(schema.clone())
                    .map_err(Error::internal)?,
            };
            InputRequest::Elicitation(ElicitRequest::new(form))
        }
        Kind::Sample { prompt, max_tokens } => {
            let messages = vec![SamplingMessage::user_text(prompt.clone())];
            let params = CreateMessageRequestParams::new(messages, *max_tokens);
            InputRequest::CreateMessage(CreateMessageRequest::new(params))
        }
        Kind::Roots => InputRequest::ListRoots(ListRootsRequest::default()),
    })
}

/// The capability a client must declare to be asked.
pub(super) fn capability(question: &Kind) -> ClientCapabilities {
    match question {
        Kind::Form { .. } => ClientCapabilities::builder().enable_elicitation().build(),
        Kind::Sample { .. } => ClientCapabilities::builder().enable_sampling().build(),
        Kind::Roots => ClientCapabilities::builder().enable_roots().build(),
    }
}
