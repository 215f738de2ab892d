//! What one MCP endpoint serves. The handler does the protocol; a backend says what there is and
//! does the work.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use rmcp::model::{
    CallToolResult, CompletionInfo, GetPromptResult, JsonObject, Prompt, ReadResourceResult,
    Resource, ResourceTemplate, Tool,
};
use serde_json::Value;
use tokio::sync::broadcast;

use super::{ask::InputRequired, change::Change, context::RequestContext, error::Refusal};

/// How an endpoint introduces itself. The same for every caller.
#[derive(Clone, Debug)]
pub struct About {
    /// Machine-readable, for instance `pilothouse`.
    pub name: String,
    /// What people read.
    pub title: String,
    pub version: String,
    /// Guidance for the model, sent once.
    pub instructions: Option<String>,
    /// What the endpoint declares. A method outside it is not found.
    pub offers: Vec<Offer>,
    /// How long a client may reuse a list before asking again.
    pub list_freshness: Duration,
}

impl About {
    pub fn offers(&self, offer: Offer) -> bool {
        self.offers.contains(&offer)
    }
}

/// A declared capability.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Offer {
    Tools,
    Prompts,
    Resources,
    /// Updates of single resources; needs [`Offer::Resources`] and [`Backend::changes`].
    ResourceUpdates,
    /// Notice that a list changed; needs [`Backend::changes`].
    ListChanges,
    Completions,
    Logging,
}

/// The outcome of a request that may need the client's input first.
#[derive(Debug)]
pub enum Reply<T> {
    Done(T),
    /// Comes from [`RequestContext::ask`] or [`RequestContext::elicit`]; hand it back as it is.
    NeedsInput(InputRequired),
}

impl<T> From<T> for Reply<T> {
    fn from(result: T) -> Self {
        Self::Done(result)
    }
}

pub type ToolReply = Reply<CallToolResult>;
pub type PromptReply = Reply<GetPromptResult>;
pub type ResourceReply = Reply<ReadResourceResult>;

/// A request to complete one argument.
#[derive(Clone, Debug)]
pub struct CompletionRequest {
    /// The prompt's name or the resource template's URI.
    pub subject: CompletionSubject,
    pub argument: String,
    /// What was typed so far.
    pub value: String,
    /// Arguments already chosen.
    pub chosen: Vec<(String, String)>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CompletionSubject {
    Prompt(String),
    ResourceTemplate(String),
}

/// One MCP endpoint's content and behaviour, for both eras and both transports.
///
/// Lists are complete and in a fixed order; the handler pages them. What a caller may not see is
/// not listed, and calling it is the same [`Refusal`] as for what does not exist. Arguments are always
/// a JSON object, otherwise as the client sent them: validating them is the backend's.
///
/// A request's future is not dropped when the client goes away; work that should stop watches
/// [`RequestContext::cancelled`].
#[async_trait]
pub trait Backend: Send + Sync + 'static {
    fn about(&self) -> &About;

    async fn list_tools(&self, _context: &RequestContext) -> Result<Vec<Tool>, Refusal> {
        Err(Refusal::UnknownMethod("tools/list".to_owned()))
    }

    async fn call_tool(
        &self,
        _context: &RequestContext,
        _name: &str,
        _arguments: &Value,
    ) -> Result<ToolReply, Refusal> {
        Err(Refusal::UnknownMethod("tools/call".to_owned()))
    }

    /// The input schema of a tool that marks arguments with `x-mcp-header`. Modern HTTP requests
    /// repeat those arguments in headers, which are checked before the call.
    fn header_schema(&self, _tool: &str) -> Option<Arc<JsonObject>> {
        None
    }

    async fn list_prompts(&self, _context: &RequestContext) -> Result<Vec<Prompt>, Refusal> {
        Err(Refusal::UnknownMethod("prompts/list".to_owned()))
    }

    async fn get_prompt(
        &self,
        _context: &RequestContext,
        _name: &str,
        _arguments: &Value,
    ) -> Result<PromptReply, Refusal> {
        Err(Refusal::UnknownMethod("prompts/get".to_owned()))
    }

    async fn list_resources(&self, _context: &RequestContext) -> Result<Vec<Resource>, Refusal> {
        Err(Refusal::UnknownMethod("resources/list".to_owned()))
    }

    async fn list_resource_templates(
        &self,
        _context: &RequestContext,
    ) -> Result<Vec<ResourceTemplate>, Refusal> {
        Ok(Vec::new())
    }

    async fn read_resource(
        &self,
        _context: &RequestContext,
        _uri: &str,
    ) -> Result<ResourceReply, Refusal> {
        Err(Refusal::UnknownMethod("resources/read".to_owned()))
    }

    /// Whether the caller may follow `uri`. Needs [`Offer::ResourceUpdates`].
    async fn follow_resource(&self, _context: &RequestContext, _uri: &str) -> Result<(), Refusal> {
        Err(Refusal::UnknownMethod("resources/subscribe".to_owned()))
    }

    async fn complete(
        &self,
        _context: &RequestContext,
        _request: CompletionRequest,
    ) -> Result<CompletionInfo, Refusal> {
        Err(Refusal::UnknownMethod("completion/complete".to_owned()))
    }

    /// What changes, as it happens. Without it the endpoint has no subscriptions.
    fn changes(&self) -> Option<broadcast::Receiver<Change>> {
        None
    }
}
