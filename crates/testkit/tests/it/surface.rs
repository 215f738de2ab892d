//! What clients see: the tools of each surface, within their budgets.

use pilothouse_testkit::{FakeHarness, TestApp};
use serde_json::{Value, json};

async fn tools(app: &TestApp, path: &str) -> Vec<Value> {
    let answer = app.rpc(path, "tools/list", json!({})).await;
    answer.body["result"]["tools"].as_array().expect("a list of tools").clone()
}

#[tokio::test]
async fn the_tools_of_each_surface_are_these() {
    let fake = FakeHarness::start().await;
    let app = TestApp::start(&fake.variables()).await;
    let surfaces = [("unified", "/mcp"), ("tharsis", "/mcp/tharsis"), ("harness", "/mcp/harness")];
    for (name, path) in surfaces {
        insta::assert_json_snapshot!(name, tools(&app, path).await);
    }
    app.stop().await;
}

#[tokio::test]
async fn every_tool_is_fully_described_and_lists_stay_within_their_budget() {
    let fake = FakeHarness::start().await;
    let app = TestApp::start(&fake.variables()).await;
    // Design section 11: 16 kB for the unified surface.
    for (path, budget) in [("/mcp", 16_000), ("/mcp/tharsis", 24_000), ("/mcp/harness", 24_000)] {
        let tools = tools(&app, path).await;
        let bytes = serde_json::to_string(&tools).unwrap().len();
        assert!(bytes <= budget, "{path}: {bytes} bytes of {budget}");
        for tool in tools {
            let name = tool["name"].as_str().unwrap();
            let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
            assert!(name.len() <= 40 && name.chars().all(plain), "{name}");
            for field in ["title", "description", "inputSchema", "outputSchema"] {
                assert!(!tool[field].is_null(), "{name} has no {field}");
            }
            for hint in ["readOnlyHint", "destructiveHint", "idempotentHint", "openWorldHint"] {
                assert!(tool["annotations"][hint].is_boolean(), "{name} has no {hint}");
            }
        }
    }
    app.stop().await;
}

#[tokio::test]
async fn an_unknown_tool_is_a_protocol_error() {
    let app = TestApp::start(&[]).await;
    let params = json!({ "name": "infra_explode", "arguments": {} });
    let answer = app.rpc("/mcp", "tools/call", params).await;
    assert_eq!(answer.body["error"]["code"], -32602, "{:#}", answer.body);
    app.stop().await;
}
