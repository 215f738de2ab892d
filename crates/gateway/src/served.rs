//! A surface as an MCP endpoint: what the protocol layer asks, answered by the call path.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use pilothouse_model::{Caller, Error};
use rmcp::model::{CompletionInfo, Prompt, Resource, ResourceTemplate, Tool};
use serde_json::{Map, Value, json};

use crate::{
    Gateway, Surface, call,
    conversation::{Answer, Conversation, Question},
    mcp::{
        About, Accepted, Backend, CompletionRequest, CompletionSubject, Elicited, Offer,
        PromptReply, Refusal, RequestContext, ResourceReply, ToolReply,
    },
    prompt, resource, shape,
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
            offers: offers(&surface),
            list_freshness: LIST_FRESHNESS,
        };
        Arc::new(Self { gateway, surface, about })
    }
}

fn offers(surface: &Surface) -> Vec<Offer> {
    let mut offers = vec![Offer::Tools];
    if pilothouse_registry::prompt::any(surface.name()) {
        offers.push(Offer::Prompts);
    }
    if resource::any(surface) {
        offers.push(Offer::Resources);
    }
    if offers.len() > 1 {
        offers.push(Offer::Completions);
    }
    offers
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
            call::Reply::OutOfScope(error) => Err(Refusal::Failed(error)),
            call::Reply::UnknownTool if self.surface.withholds(name) => {
                let message = format!("{name} changes something and this endpoint is read-only");
                Ok(ToolReply::Done(shape::failure(&Error::forbidden(message), Map::new())))
            }
            call::Reply::UnknownTool => Err(Refusal::UnknownTool(name.to_owned())),
        }
    }

    async fn list_prompts(&self, _: &RequestContext) -> Result<Vec<Prompt>, Refusal> {
        Ok(prompt::list(&self.surface)?)
    }

    async fn get_prompt(
        &self,
        _: &RequestContext,
        name: &str,
        arguments: &Value,
    ) -> Result<PromptReply, Refusal> {
        prompt::get(&self.surface, name, arguments).map(Into::into)
    }

    async fn list_resources(&self, context: &RequestContext) -> Result<Vec<Resource>, Refusal> {
        Ok(resource::list(&self.gateway, &self.surface, context).await?)
    }

    async fn list_resource_templates(
        &self,
        _: &RequestContext,
    ) -> Result<Vec<ResourceTemplate>, Refusal> {
        Ok(resource::templates(&self.surface))
    }

    async fn read_resource(
        &self,
        context: &RequestContext,
        uri: &str,
    ) -> Result<ResourceReply, Refusal> {
        resource::read(&self.gateway, &self.surface, context, uri).await.map(Into::into)
    }

    async fn complete(
        &self,
        context: &RequestContext,
        request: CompletionRequest,
    ) -> Result<CompletionInfo, Refusal> {
        let (gateway, surface) = (&*self.gateway, &self.surface);
        match &request.subject {
            CompletionSubject::Prompt(name) => {
                prompt::complete(gateway, surface, context, name, &request).await
            }
            CompletionSubject::ResourceTemplate(uri) => {
                resource::complete(gateway, surface, context, uri, &request).await
            }
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
        // Accept and Decline say it all: a field beside them would ask the same once more.
        let schema = json!({ "type": "object", "properties": {} });
        let elicited = self.elicit(&question.key, &question.message, schema).await;
        Ok(match elicited.map_err(refused)? {
            // Clients that know the field from elsewhere send it all the same.
            Elicited::Accepted(Accepted { id, content })
                if content.get("confirm") != Some(&Value::Bool(false)) =>
            {
                Answer::Yes { id }
            }
            Elicited::Accepted(Accepted { id, .. }) | Elicited::Declined(id) => {
                Answer::Declined { id }
            }
            Elicited::Cancelled(id) => Answer::Closed { id },
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
