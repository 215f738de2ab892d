//! Multi-round requests of the modern era: what was asked and answered so far travels with the
//! client, sealed, so that no replica has to remember it.

use std::{collections::BTreeMap, fmt, sync::Arc, time::Duration};

use pilothouse_model::{Caller, Error};
use rmcp::model::{InputRequiredResult, InputResponses, RequestStateCodec, SealOptions};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Answers, Asked, InputRequired, Question, Seal, answer, request};
use crate::mcp::error::Refusal;

/// The secret that seals request states. Replicas of one installation share it.
#[derive(Clone)]
pub struct StateKey(Vec<u8>);

impl StateKey {
    /// At least 32 bytes.
    pub fn new(secret: &[u8]) -> Result<Self, Error> {
        if secret.len() < RequestStateCodec::MIN_KEY_LENGTH {
            let message = format!("the state key has {} bytes, fewer than 32", secret.len());
            return Err(Error::invalid(message));
        }
        Ok(Self(secret.to_vec()))
    }

    /// For a server that runs alone: states do not survive its restart.
    pub fn random() -> Self {
        let halves = [uuid::Uuid::new_v4(), uuid::Uuid::new_v4(), uuid::Uuid::new_v4()];
        Self(halves.iter().flat_map(|half| *half.as_bytes()).collect())
    }
}

impl fmt::Debug for StateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StateKey(..)")
    }
}

/// Seals and opens request states for one endpoint.
#[derive(Debug)]
pub(crate) struct Sealer {
    codec: RequestStateCodec,
    ttl: Duration,
    /// The endpoint's name: a state of one endpoint means nothing to another.
    audience: String,
}

impl Sealer {
    pub(crate) fn new(key: &StateKey, ttl: Duration, audience: &str) -> Self {
        let codec = RequestStateCodec::new_unchecked(key.0.clone());
        Self { codec, ttl, audience: audience.to_owned() }
    }
}

const REFUSED_STATE: &str = "requestState is not valid for this request, or has expired; \
                             send the request without it";

/// What a sealed state says. Readable to the client, but not changeable.
#[derive(Debug, Default, Serialize, Deserialize)]
struct State {
    id: String,
    /// Keys of the questions that were open when the state was issued.
    asked: Vec<String>,
    /// Answers of earlier rounds.
    answers: BTreeMap<String, Value>,
}

/// What a state is bound to: everything about a request that must not change between rounds.
#[derive(Debug)]
pub(crate) struct Subject {
    pub(crate) caller: Caller,
    pub(crate) method: &'static str,
    /// The tool's or prompt's name, or the resource's URI.
    pub(crate) name: String,
    /// Always an object.
    pub(crate) arguments: Value,
}

impl Subject {
    fn digest_input(&self, audience: &str) -> Result<Vec<u8>, Refusal> {
        let Self { caller, method, name, arguments } = self;
        let parts = (audience, &caller.principal.id, &caller.space, method, name, arguments);
        serde_json_canonicalizer::to_vec(&parts).map_err(|error| Error::internal(error).into())
    }
}

/// One request's place in its rounds.
#[derive(Debug)]
pub(crate) struct Round {
    sealer: Arc<Sealer>,
    pub(crate) subject: Subject,
    state: State,
    given: InputResponses,
}

impl Round {
    /// Opens what the client sent along. A state that was changed, expired, or issued for another
    /// principal or request is refused, whatever the reason, in the same words.
    pub(crate) fn open(
        sealer: &Arc<Sealer>,
        subject: Subject,
        state: Option<&str>,
        given: Option<InputResponses>,
    ) -> Result<Self, Refusal> {
        let state = match state {
            None => State::default(),
            Some(text) => {
                let bound_to = subject.digest_input(&sealer.audience)?;
                sealer.codec.open_json_with(text, &bound_to).map_err(|error| {
                    let principal = &subject.caller.principal.id;
                    tracing::warn!(principal, %error, "request state refused");
                    Refusal::InvalidParams(REFUSED_STATE.to_owned())
                })?
            }
        };
        Ok(Self { sealer: Arc::clone(sealer), subject, state, given: given.unwrap_or_default() })
    }

    pub(super) fn ask(&self, questions: &[Question], seal: Seal) -> Result<Asked, Refusal> {
        let mut values = BTreeMap::new();
        let mut open = Vec::new();
        for question in questions {
            match self.answer(&question.key, seal) {
                Some(value) => {
                    answer::check(question, value)?;
                    values.insert(question.key.clone(), value.clone());
                }
                None => open.push(question),
            }
        }
        if open.is_empty() {
            return Ok(Asked::Answered(Answers { id: self.id(), values }));
        }
        self.input_required(&open, values, seal).map(Asked::NeedsInput)
    }

    fn answer(&self, key: &str, seal: Seal) -> Option<&Value> {
        let counts = seal == Seal::Open || self.state.asked.iter().any(|asked| asked == key);
        self.given.get(key).filter(|_| counts).or_else(|| self.state.answers.get(key))
    }

    fn id(&self) -> String {
        if self.state.id.is_empty() {
            uuid::Uuid::now_v7().simple().to_string()
        } else {
            self.state.id.clone()
        }
    }

    fn input_required(
        &self,
        open: &[&Question],
        fresh: BTreeMap<String, Value>,
        seal: Seal,
    ) -> Result<InputRequired, Refusal> {
        let requests = open
            .iter()
            .map(|question| Ok((question.key.clone(), request::of(&question.kind)?)))
            .collect::<Result<_, Refusal>>()?;
        if seal == Seal::Open {
            return Ok(InputRequired(InputRequiredResult::from_input_requests(requests)));
        }
        let mut answers = self.state.answers.clone();
        answers.extend(fresh);
        let asked = open.iter().map(|question| question.key.clone()).collect();
        let state = State { id: self.id(), asked, answers };
        let bound_to = self.subject.digest_input(&self.sealer.audience)?;
        let options = SealOptions::new().associated_data(&bound_to).ttl(self.sealer.ttl);
        let sealed = self.sealer.codec.seal_json_with(&state, &options).map_err(Error::internal)?;
        Ok(InputRequired(InputRequiredResult::new(Some(requests), Some(sealed))))
    }
}

#[cfg(test)]
mod tests;
