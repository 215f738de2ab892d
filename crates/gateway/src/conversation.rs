//! The other side of one call: what the client can be told and asked while it waits.
//!
//! The call path knows only this; how each protocol era asks a question is `mcp`'s business.

use async_trait::async_trait;
use pilothouse_model::{Caller, Error};

use crate::mcp::InputRequired;

/// A question with a yes or no answer.
#[derive(Clone, Debug)]
pub struct Question {
    /// The same for the same question, so that the answer of a retried call is found again; bound
    /// to the plan's digest, so that an answer never serves another plan.
    pub key: String,
    pub message: String,
}

/// What came of a question.
#[derive(Debug)]
pub enum Answer {
    /// With an id that is unique to this answer: a client can repeat its answers, and each may
    /// count only once.
    Yes { id: String },
    /// The person said no. The question is answered and its id is spent, too.
    Declined { id: String },
    /// The person closed the question, or did not answer in time.
    Closed { id: String },
    /// This client cannot show questions.
    Unsupported,
    /// The question goes out as the result of this call; the answer comes with the next one.
    Asked(InputRequired),
}

#[async_trait]
pub trait Conversation: Send + Sync {
    fn caller(&self) -> &Caller;

    /// Resolves when the client no longer waits for the answer.
    async fn cancelled(&self);

    /// Tells a client that asked for it how far a long call is. `done` never goes down.
    async fn progress(&self, done: f64, total: Option<f64>, message: &str);

    async fn confirm(&self, question: &Question) -> Result<Answer, Error>;
}
