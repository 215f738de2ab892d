//! Asking the client's user something in the middle of a request, the same way in both eras.
//!
//! A modern client gets the questions as the result, with a sealed state, and repeats the request
//! with the answers. A legacy client is asked over its stream and the request waits. A client that
//! can do neither is [`Asked::Unsupported`], and the caller decides what that means.

mod answer;
mod live;
mod request;
mod round;

use std::collections::BTreeMap;

use rmcp::model::{ClientCapabilities, InputRequiredResult, JsonObject, ProtocolVersion};
use serde_json::Value;

pub use round::StateKey;
pub(crate) use round::{Round, Sealer, Subject};

use super::{
    context::{Era, RequestContext},
    error::Refusal,
};

/// One question.
#[derive(Clone, Debug)]
pub struct Question {
    /// Names the answer. Unique within a request, over all its rounds.
    pub key: String,
    pub(crate) kind: Kind,
}

#[derive(Clone, Debug)]
pub(crate) enum Kind {
    Form { message: String, schema: Value },
    Sample { prompt: String, max_tokens: u32 },
    Roots,
}

impl Question {
    /// A form for the user. `schema` is a flat object of strings, numbers, booleans and choices,
    /// as elicitation allows.
    pub fn form(key: &str, message: &str, schema: Value) -> Self {
        let kind = Kind::Form { message: message.to_owned(), schema };
        Self { key: key.to_owned(), kind }
    }

    /// A text for the client's model to continue. Deprecated by the protocol.
    pub fn sample(key: &str, prompt: &str, max_tokens: u32) -> Self {
        let kind = Kind::Sample { prompt: prompt.to_owned(), max_tokens };
        Self { key: key.to_owned(), kind }
    }

    /// The client's root directories. Deprecated by the protocol.
    pub fn roots(key: &str) -> Self {
        Self { key: key.to_owned(), kind: Kind::Roots }
    }

    /// The capability a client needs to answer.
    pub fn needs(&self) -> ClientCapabilities {
        request::capability(&self.kind)
    }
}

/// Whether answers must prove that exactly this request asked for them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seal {
    /// An answer counts only together with the state that was issued with its question: for the
    /// same principal, space, method, name and arguments, and not yet expired.
    Sealed,
    /// Answers count as they come. For questions whose answer authorizes nothing.
    Open,
}

/// What came of asking.
#[derive(Debug)]
pub enum Asked {
    Answered(Answers),
    /// Return this as the result; the client will repeat the request.
    NeedsInput(InputRequired),
    /// The client did not declare what one of the questions needs, or cannot be reached now.
    Unsupported,
}

/// The answers, by key, each of the shape its question demands.
#[derive(Clone, Debug)]
pub struct Answers {
    /// Unique to this conversation of questions and answers. A modern client can repeat its
    /// answers until they expire: record the id where an answer may count only once.
    pub id: String,
    pub values: BTreeMap<String, Value>,
}

/// A result that says what input is missing.
#[derive(Debug)]
pub struct InputRequired(pub(crate) InputRequiredResult);

/// What came of one form.
#[derive(Debug)]
pub enum Elicited {
    Accepted(Accepted),
    /// With the id of [`Answers::id`].
    Declined(String),
    /// The user closed the form, or did not answer in time. With the id of [`Answers::id`].
    Cancelled(String),
    Unsupported,
    NeedsInput(InputRequired),
}

#[derive(Clone, Debug)]
pub struct Accepted {
    /// Valid for the schema that was asked for.
    pub content: JsonObject,
    /// See [`Answers::id`].
    pub id: String,
}

impl RequestContext {
    /// Asks one form and waits or returns, as the client's era demands.
    pub async fn elicit(
        &self,
        key: &str,
        message: &str,
        schema: Value,
    ) -> Result<Elicited, Refusal> {
        let question = Question::form(key, message, schema);
        let mut answers = match self.ask(&[question], Seal::Sealed).await? {
            Asked::Answered(answers) => answers,
            Asked::NeedsInput(required) => return Ok(Elicited::NeedsInput(required)),
            Asked::Unsupported => return Ok(Elicited::Unsupported),
        };
        let id = std::mem::take(&mut answers.id);
        Ok(match answers.values.remove(key).map(answer::choice) {
            Some(answer::Choice::Accept(content)) => Elicited::Accepted(Accepted { content, id }),
            Some(answer::Choice::Decline) => Elicited::Declined(id),
            Some(answer::Choice::Cancel) | None => Elicited::Cancelled(id),
        })
    }

    /// Asks several questions at once. An answer that does not fit its question is a refusal.
    pub async fn ask(&self, questions: &[Question], seal: Seal) -> Result<Asked, Refusal> {
        if !questions.iter().all(|question| self.can_ask(question)) {
            return Ok(Asked::Unsupported);
        }
        match self.era {
            Era::Modern => self.round.ask(questions, seal),
            Era::Legacy => self.ask_live(questions).await,
        }
    }

    /// Whether this client can answer `question`.
    pub fn can_ask(&self, question: &Question) -> bool {
        let declared = &self.client.capabilities;
        let capable = match question.kind {
            Kind::Form { .. } => declared
                .elicitation
                .as_ref()
                .is_some_and(|modes| modes.form.is_some() || modes.url.is_none()),
            Kind::Sample { .. } => declared.sampling.is_some(),
            Kind::Roots => declared.roots.is_some(),
        };
        capable && (self.era == Era::Modern || self.can_ask_live(question))
    }

    fn can_ask_live(&self, question: &Question) -> bool {
        let reachable = self.origin.session.is_some() && !self.origin.answer_only;
        let known = !matches!(question.kind, Kind::Form { .. })
            || self.protocol_version >= ProtocolVersion::V_2025_06_18;
        reachable && known
    }
}
