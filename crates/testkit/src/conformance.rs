//! The MCP conformance fixture: a backend with the tools, resources and prompts that the suite of
//! the protocol calls by name, to be served by exactly the product's transport and dispatch.
//!
//! What each must do is prescribed by `@modelcontextprotocol/conformance`.

mod prompt;
mod resource;
mod sample;
mod tool;

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use pilothouse_gateway::mcp::{
    About, Backend, Change, CompletionRequest, Offer, PromptReply, Refusal, RequestContext,
    ResourceReply, ToolReply,
    model::{CompletionInfo, JsonObject, Prompt, Resource, ResourceTemplate, Tool},
};
use serde_json::Value;
use tokio::sync::broadcast;

/// Serves everything the conformance suite asks for.
pub struct Fixture {
    about: About,
    changes: broadcast::Sender<Change>,
}

impl Default for Fixture {
    fn default() -> Self {
        let about = About {
            name: "pilothouse-conformance".to_owned(),
            title: "Pilothouse conformance fixture".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            instructions: Some("Tools for the conformance suite; none does anything.".to_owned()),
            offers: vec![
                Offer::Tools,
                Offer::Prompts,
                Offer::Resources,
                Offer::ResourceUpdates,
                Offer::ListChanges,
                Offer::Completions,
                Offer::Logging,
            ],
            list_freshness: Duration::from_mins(1),
        };
        Self { about, changes: broadcast::channel(16).0 }
    }
}

impl Fixture {
    /// Nobody may be listening, and that is fine.
    fn announce(&self, change: Change) {
        drop(self.changes.send(change));
    }
}

#[async_trait]
impl Backend for Fixture {
    fn about(&self) -> &About {
        &self.about
    }

    async fn list_tools(&self, _context: &RequestContext) -> Result<Vec<Tool>, Refusal> {
        Ok(tool::list())
    }

    async fn call_tool(
        &self,
        context: &RequestContext,
        name: &str,
        arguments: &Value,
    ) -> Result<ToolReply, Refusal> {
        tool::call(self, context, name, arguments).await
    }

    fn header_schema(&self, tool: &str) -> Option<Arc<JsonObject>> {
        tool::header_schema(tool)
    }

    async fn list_prompts(&self, _context: &RequestContext) -> Result<Vec<Prompt>, Refusal> {
        Ok(prompt::list())
    }

    async fn get_prompt(
        &self,
        context: &RequestContext,
        name: &str,
        arguments: &Value,
    ) -> Result<PromptReply, Refusal> {
        prompt::get(context, name, arguments).await
    }

    async fn list_resources(&self, _context: &RequestContext) -> Result<Vec<Resource>, Refusal> {
        Ok(resource::list())
    }

    async fn list_resource_templates(
        &self,
        _context: &RequestContext,
    ) -> Result<Vec<ResourceTemplate>, Refusal> {
        Ok(resource::templates())
    }

    async fn read_resource(
        &self,
        _context: &RequestContext,
        uri: &str,
    ) -> Result<ResourceReply, Refusal> {
        resource::read(uri).map(Into::into)
    }

    async fn follow_resource(&self, _context: &RequestContext, uri: &str) -> Result<(), Refusal> {
        resource::read(uri).map(drop)
    }

    async fn complete(
        &self,
        _context: &RequestContext,
        request: CompletionRequest,
    ) -> Result<CompletionInfo, Refusal> {
        prompt::complete(&request)
    }

    fn changes(&self) -> Option<broadcast::Receiver<Change>> {
        Some(self.changes.subscribe())
    }
}
