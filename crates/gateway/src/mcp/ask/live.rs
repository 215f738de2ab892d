//! Questions to a legacy client: sent on the stream of the request that needs them, which waits.

use std::{collections::BTreeMap, time::Duration};

use pilothouse_model::{Error, Kind as ErrorKind};
use rmcp::{
    model::{ErrorCode, InputRequest, ServerRequest},
    service::{PeerRequestOptions, ServiceError},
};
use serde_json::{Value, json};

use super::{Answers, Asked, Question, answer, request};
use crate::mcp::{context::RequestContext, error::Refusal};

/// How long a user may take. Clients usually give up on the request well before.
const PATIENCE: Duration = Duration::from_mins(15);

impl RequestContext {
    /// One question after the other, in the order given.
    pub(super) async fn ask_live(&self, questions: &[Question]) -> Result<Asked, Refusal> {
        let mut values = BTreeMap::new();
        for question in questions {
            let Some(value) = self.ask_one(question).await? else { return Ok(Asked::Unsupported) };
            answer::check(question, &value)?;
            values.insert(question.key.clone(), value);
        }
        Ok(Asked::Answered(Answers { id: uuid::Uuid::now_v7().simple().to_string(), values }))
    }

    /// `None` when the client turns out not to know the method it declared.
    async fn ask_one(&self, question: &Question) -> Result<Option<Value>, Refusal> {
        let request = match request::of(&question.kind)? {
            InputRequest::Elicitation(request) => ServerRequest::ElicitRequest(request),
            InputRequest::CreateMessage(request) => ServerRequest::CreateMessageRequest(request),
            InputRequest::ListRoots(request) => ServerRequest::ListRootsRequest(request),
            _ => return Ok(None),
        };
        let options = PeerRequestOptions::with_timeout(PATIENCE);
        let answer = match self.peer.send_cancellable_request(request, options).await {
            Ok(handle) => handle.await_response().await,
            Err(error) => Err(error),
        };
        match answer {
            Ok(answer) => serde_json::to_value(answer)
                .map(Some)
                .map_err(|error| Error::internal(error).into()),
            Err(ServiceError::McpError(error)) if error.code == ErrorCode::METHOD_NOT_FOUND => {
                Ok(None)
            }
            Err(ServiceError::Timeout { .. }) => Ok(Some(json!({ "action": "cancel" }))),
            Err(error) => {
                let message = format!("the client did not answer {:?}", question.key);
                Err(Error::new(ErrorKind::Unavailable, message).source(error).into())
            }
        }
    }
}
