//! A backend whose tools do what the tests need to observe.

use std::time::Duration;

use async_trait::async_trait;
use pilothouse_gateway::mcp::{
    About, Backend, Change, Elicited, LogLevel, Offer, Refusal, Reply, RequestContext, ToolReply,
    model::{CallToolResult, ContentBlock, ReadResourceResult, Resource, ResourceContents, Tool},
};
use pilothouse_model::Error;
use serde_json::{Value, json};
use tokio::sync::{Notify, broadcast, mpsc};

pub(crate) struct TestBackend {
    about: About,
    changes: broadcast::Sender<Change>,
    /// What tools report while they work.
    reports: mpsc::UnboundedSender<String>,
    /// Lets a waiting tool go on.
    pub(crate) go_on: Notify,
}

impl TestBackend {
    pub(crate) fn new() -> (Self, mpsc::UnboundedReceiver<String>) {
        let (reports, received) = mpsc::unbounded_channel();
        let about = About {
            name: "test".to_owned(),
            title: "Test".to_owned(),
            version: "1.2.3".to_owned(),
            instructions: Some("Be careful.".to_owned()),
            offers: vec![
                Offer::Tools,
                Offer::Resources,
                Offer::ResourceUpdates,
                Offer::ListChanges,
                Offer::Logging,
            ],
            list_freshness: Duration::from_mins(1),
        };
        let backend =
            Self { about, changes: broadcast::channel(16).0, reports, go_on: Notify::new() };
        (backend, received)
    }

    pub(crate) fn change(&self, change: Change) {
        self.changes.send(change).expect("somebody follows the changes");
    }

    /// How many subscriptions and sessions hear of changes.
    pub(crate) fn followers(&self) -> usize {
        self.changes.receiver_count()
    }

    fn report(&self, what: &str) {
        self.reports.send(what.to_owned()).expect("the test reads the reports");
    }

    async fn wait(&self, context: &RequestContext) -> CallToolResult {
        self.report("started");
        tokio::select! {
            () = context.cancelled() => self.report("cancelled"),
            () = self.go_on.notified() => {}
        }
        text("waited")
    }

    async fn confirm(&self, context: &RequestContext) -> Result<ToolReply, Refusal> {
        let schema = json!({ "type": "object", "properties": { "ok": { "type": "boolean" } }, "required": ["ok"] });
        Ok(match context.elicit("confirm", "Really?", schema).await? {
            Elicited::Accepted(accepted) => {
                text(&format!("accepted {}", accepted.content["ok"])).into()
            }
            Elicited::Declined(_) => text("declined").into(),
            Elicited::Cancelled(_) => text("cancelled").into(),
            Elicited::Unsupported => text("unsupported").into(),
            Elicited::NeedsInput(input) => Reply::NeedsInput(input),
        })
    }
}

#[async_trait]
impl Backend for TestBackend {
    fn about(&self) -> &About {
        &self.about
    }

    async fn list_tools(&self, _context: &RequestContext) -> Result<Vec<Tool>, Refusal> {
        let schema = json!({ "type": "object" }).as_object().cloned().unwrap_or_default();
        Ok(["echo", "who", "wait", "progress", "log", "confirm", "hang_up", "fail"]
            .map(|name| Tool::new(name, name, schema.clone()))
            .into())
    }

    async fn call_tool(
        &self,
        context: &RequestContext,
        name: &str,
        arguments: &Value,
    ) -> Result<ToolReply, Refusal> {
        Ok(match name {
            "echo" => text(&arguments.to_string()).into(),
            "who" => text(&format!("{} {:?}", context.caller.principal.id, context.era)).into(),
            "wait" => self.wait(context).await.into(),
            "progress" => {
                for step in [0.0, 1.0, 1.0, 2.0] {
                    context.progress(step, Some(2.0), Some("working")).await;
                }
                text("done").into()
            }
            "log" => {
                context.log(LogLevel::Debug, None, json!("detail")).await;
                context.log(LogLevel::Error, Some("tool"), json!("trouble")).await;
                text("logged").into()
            }
            "confirm" => self.confirm(context).await?,
            "hang_up" => {
                context.hang_up();
                self.wait(context).await.into()
            }
            "fail" => return Err(Error::internal("the secret reason").into()),
            "break" => panic!("the secret reason"),
            _ => return Err(Refusal::UnknownTool(name.to_owned())),
        })
    }

    async fn list_resources(&self, _context: &RequestContext) -> Result<Vec<Resource>, Refusal> {
        Ok(vec![Resource::new("test://one", "one")])
    }

    async fn read_resource(
        &self,
        _context: &RequestContext,
        uri: &str,
    ) -> Result<Reply<ReadResourceResult>, Refusal> {
        match uri {
            "test://one" => {
                Ok(ReadResourceResult::new(vec![ResourceContents::text("1", uri)]).into())
            }
            _ => Err(Refusal::UnknownResource(uri.to_owned())),
        }
    }

    async fn follow_resource(&self, _context: &RequestContext, uri: &str) -> Result<(), Refusal> {
        match uri {
            "test://one" => Ok(()),
            _ => Err(Refusal::UnknownResource(uri.to_owned())),
        }
    }

    fn changes(&self) -> Option<broadcast::Receiver<Change>> {
        Some(self.changes.subscribe())
    }
}

fn text(text: &str) -> CallToolResult {
    CallToolResult::success(vec![ContentBlock::text(text)])
}
