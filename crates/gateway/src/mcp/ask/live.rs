//! Questions to a legacy client: sent on the stream of the request that needs them, which waits.

use std::{collections::BTreeMap, time::Duration};

use pilothouse_model::{Error, Kind as ErrorKind};
use rmcp::model::{ErrorCode, InputRequest, ServerRequest};
use serde_json::{Value, json};

use super::{Answers, Asked, Question, answer, request};
use crate::mcp::{context::RequestContext, error::Refusal, voice::Unanswered};

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
        match self.origin.voice.ask(request, PATIENCE).await {
            Ok(answer) => serde_json::to_value(answer)
                .map(Some)
                .map_err(|error| Error::internal(error).into()),
            Err(Unanswered::Refused(error)) if error.code == ErrorCode::METHOD_NOT_FOUND => {
                Ok(None)
            }
            Err(Unanswered::Late) => Ok(Some(json!({ "action": "cancel" }))),
            Err(error) => {
                let message = format!("the client did not answer {:?}", question.key);
                Err(Error::new(ErrorKind::Unavailable, message).source(error).into())
            }
        }
    }
}
