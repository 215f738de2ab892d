//! A surface as an MCP endpoint: what the protocol layer asks, answered by the call path.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use pilothouse_model::{Caller, Error};
use rmcp::model::Tool;
use serde_json::{Map, Value, json};

use crate::{
    Gateway, Surface, call,
    conversation::{Answer, Conversation, Question},
    mcp::{About, Backend, Elicited, Offer, Refusal, RequestContext, ToolReply},
};

/// How long a client may reuse the tool list. It changes with configuration only.
const LIST_FRESHNESS: Duration = Duration::from_mins(5);

/// One surface, served.
pub struct ServedSurface {
    gateway: Arc<Gateway>,
    surface: Surface,
    about: About,
}

impl ServedSurface {
    pub fn new(gateway: Arc<Gateway>, surface: Surface) -> Arc<Self> {
        let about = About {
            name: surface.server.clone(),
            title: surface.title.clone(),
            version: env!("CARGO_PKG_VERSION").into(),
            instructions: Some(surface.instructions.clone()),
            offers: vec![Offer::Tools],
            list_freshness: LIST_FRESHNESS,
        };
        Arc::new(Self { gateway, surface, about })
    }
}

#[async_trait]
impl Backend for ServedSurface {
    fn about(&self) -> &About {
        &self.about
    }

    async fn list_tools(&self, _: &RequestContext) -> Result<Vec<Tool>, Refusal> {
        Ok(self.surface.tools().iter().map(|tool| tool.definition.clone()).collect())
    }

    async fn call_tool(
        &self,
        context: &RequestContext,
        name: &str,
        arguments: &Value,
    ) -> Result<ToolReply, Refusal> {
        let arguments: Map<String, Value> = arguments.as_object().cloned().unwrap_or_default();
        match call::call(&self.gateway, &self.surface, context, name, arguments).await {
            call::Reply::Result(result) => Ok(ToolReply::Done(*result)),
            call::Reply::InputRequired(required) => Ok(ToolReply::NeedsInput(required)),
            call::Reply::UnknownTool => Err(Refusal::UnknownTool(name.to_owned())),
        }
    }
}

#[async_trait]
impl Conversation for RequestContext {
    fn caller(&self) -> &Caller {
        &self.caller
    }

    async fn cancelled(&self) {
        Self::cancelled(self).await;
    }

    async fn progress(&self, done: f64, total: Option<f64>, message: &str) {
        Self::progress(self, done, total, Some(message)).await;
    }

    async fn confirm(&self, question: &Question) -> Result<Answer, Error> {
        let schema = json!({
            "type": "object",
            "properties": {
                "confirm": {"type": "boolean", "title": "Do it", "default": false},
            },
            "required": ["confirm"],
        });
        let elicited = self.elicit(&question.key, &question.message, schema).await;
        Ok(match elicited.map_err(refused)? {
            Elicited::Accepted(accepted)
                if accepted.content.get("confirm") == Some(&Value::Bool(true)) =>
            {
                Answer::Yes { id: accepted.id }
            }
            Elicited::Accepted(_) | Elicited::Declined | Elicited::Cancelled => Answer::No,
            Elicited::Unsupported => Answer::Unsupported,
            Elicited::NeedsInput(required) => Answer::Asked(required),
        })
    }
}

fn refused(refusal: Refusal) -> Error {
    match refusal {
        Refusal::Failed(error) => error,
        other => Error::invalid(other.to_string()),
    }
}
