//! The Harness surface, against a Harness in memory.

mod address;
mod argument;
mod diagnose;
mod fault;
mod offer;
mod read;
mod replay;
mod sweep;
mod visual;
mod write;

use pilothouse_testkit::{FakeHarness, TestApp};
use serde_json::Value;

/// The product with a Harness behind it.
pub(crate) struct Harness {
    pub(crate) app: TestApp,
    pub(crate) fake: FakeHarness,
}

pub(crate) const PATH: &str = "/mcp/harness";

impl Harness {
    /// Reads are enough for most tests.
    pub(crate) async fn start() -> Self {
        Self::start_with(&[]).await
    }

    pub(crate) async fn start_with(more: &[(&str, &str)]) -> Self {
        let fake = FakeHarness::start().await;
        let mut variables = fake.variables();
        variables.retain(|(name, _)| more.iter().all(|(other, _)| other != name));
        variables.extend(more.iter().filter(|(_, value)| !value.is_empty()));
        let app = TestApp::start(&variables).await;
        Self { app, fake }
    }

    /// A call that must succeed; gives its structured content.
    pub(crate) async fn ok(&self, tool: &str, arguments: Value) -> Value {
        let result = self.app.call_on(PATH, tool, arguments).await;
        assert_ne!(result["isError"], true, "{tool}: {result:#}");
        result["structuredContent"].clone()
    }

    /// A call that must fail; gives the message.
    pub(crate) async fn refused(&self, tool: &str, arguments: Value) -> String {
        let result = self.app.call_on(PATH, tool, arguments).await;
        assert_eq!(result["isError"], true, "{tool}: {result:#}");
        result["content"][0]["text"].as_str().expect("an error has a text").to_owned()
    }
}
