//! Prompts and resources of the surface, for clients of today and of yesterday.

use serde_json::{Value, json};

use super::{Harness, PATH};

impl Harness {
    async fn result(&self, method: &str, params: Value) -> Value {
        let answer = self.app.rpc(PATH, method, params).await;
        assert!(answer.body.get("error").is_none(), "{method}: {:#}", answer.body);
        answer.body["result"].clone()
    }
}

fn names(list: &Value, field: &str) -> Vec<String> {
    let list = list.as_array().expect("a list").iter();
    list.map(|entry| entry[field].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn every_prompt_is_listed_and_filled_in() {
    let harness = Harness::start().await;
    let listed = harness.result("prompts/list", json!({})).await;
    let prompts = listed["prompts"].as_array().unwrap();
    assert_eq!(prompts.len(), 36);
    for prompt in prompts {
        let none = Vec::new();
        let arguments = prompt["arguments"].as_array().unwrap_or(&none).iter();
        let required = arguments.filter(|argument| argument["required"] == true);
        let given: serde_json::Map<String, Value> = required
            .map(|argument| (argument["name"].as_str().unwrap().to_owned(), json!("shop")))
            .collect();
        let params = json!({ "name": prompt["name"], "arguments": given });
        let filled = harness.result("prompts/get", params).await;
        let text = filled["messages"][0]["content"]["text"].as_str().unwrap();
        assert!(text.contains("harness_") && text.len() > 200, "{}: {text}", prompt["name"]);
    }
    harness.app.stop().await;
}

#[tokio::test]
async fn arguments_of_prompts_are_completed_from_the_account() {
    let harness = Harness::start().await;
    let listed = harness.result("prompts/list", json!({})).await;
    let prompts = listed["prompts"].as_array().unwrap();
    let of_project = prompts.iter().find(|prompt| {
        let arguments = prompt["arguments"].as_array();
        arguments.is_some_and(|all| all.iter().any(|argument| argument["name"] == "project_id"))
    });
    let name = &of_project.expect("a prompt takes a project")["name"];
    for (typed, expected) in [("", json!(["shop", "billing"])), ("bil", json!(["billing"]))] {
        let params = json!({ "ref": { "type": "ref/prompt", "name": name },
                             "argument": { "name": "project_id", "value": typed } });
        let done = harness.result("completion/complete", params).await;
        assert_eq!(done["completion"]["values"], expected, "{name} {typed:?}");
    }
    harness.app.stop().await;
}

#[tokio::test]
async fn parts_of_an_address_are_completed_one_after_the_other() {
    let harness = Harness::start().await;
    let template = "pipeline:///{orgId}/{projectId}/{pipelineId}";
    for (part, typed, chosen, expected) in [
        ("orgId", "", json!({}), json!(["default"])),
        ("projectId", "sh", json!({ "orgId": "default" }), json!(["shop"])),
        (
            "pipelineId",
            "dep",
            json!({ "orgId": "default", "projectId": "shop" }),
            json!(["deploy_shop"]),
        ),
        ("pipelineId", "", json!({ "orgId": "default", "projectId": "billing" }), json!([])),
        ("else", "", json!({}), json!([])),
    ] {
        let params = json!({ "ref": { "type": "ref/resource", "uri": template },
                             "argument": { "name": part, "value": typed },
                             "context": { "arguments": chosen } });
        let done = harness.result("completion/complete", params).await;
        assert_eq!(done["completion"]["values"], expected, "{part} after {chosen}");
    }
    harness.app.stop().await;
}

#[tokio::test]
async fn a_misspelt_prompt_is_answered_with_the_nearest() {
    let harness = Harness::start().await;
    for (name, expected) in [
        ("debug-pipelin-failure", "did you mean \"debug-pipeline-failure\"?"),
        ("zebra", "unknown prompt \"zebra\""),
    ] {
        let params = json!({ "name": name, "arguments": {} });
        let answer = harness.app.rpc(PATH, "prompts/get", params).await;
        let message = answer.body["error"]["message"].as_str().unwrap();
        assert!(message.contains(expected), "{message}");
    }
    harness.app.stop().await;
}

#[tokio::test]
async fn resources_are_listed_and_read() {
    let harness = Harness::start().await;
    let listed = harness.result("resources/list", json!({})).await;
    let uris = names(&listed["resources"], "uri");
    for expected in ["executions:///recent", "schema:///pipeline", "schema:///trigger"] {
        assert!(uris.iter().any(|uri| uri == expected), "{uris:?}");
    }
    let templates = harness.result("resources/templates/list", json!({})).await;
    let templates = names(&templates["resourceTemplates"], "uriTemplate");
    assert!(templates.iter().any(|it| it.starts_with("pipeline:///")), "{templates:?}");
    for (uri, expected) in [
        ("pipeline:///deploy_shop", "identifier: deploy_shop"),
        ("pipeline:///default/shop/deploy_shop", "identifier: deploy_shop"),
        ("executions:///recent", "deploy_shop-run-3"),
        ("schema:///pipeline", "stages"),
        ("schema:///template", "template"),
        ("schema:///trigger", "trigger"),
    ] {
        let read = harness.result("resources/read", json!({ "uri": uri })).await;
        let text = read["contents"][0]["text"].as_str().unwrap();
        assert!(text.contains(expected), "{uri}: {text}");
    }
    let missing = json!({ "uri": "pipeline:///nothing" });
    let answer = harness.app.rpc(PATH, "resources/read", missing).await;
    assert!(answer.body["error"].is_object(), "{:#}", answer.body);
    harness.app.stop().await;
}

/// A client of the version before sessions went away.
struct Legacy<'a> {
    harness: &'a Harness,
    http: reqwest::Client,
    session: Option<String>,
}

impl Legacy<'_> {
    async fn ask(&mut self, method: &str, params: Value) -> Value {
        let message = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        let mut request = self
            .http
            .post(self.harness.app.url(PATH))
            .bearer_auth(self.harness.app.token())
            .header("accept", "application/json, text/event-stream");
        if let Some(session) = &self.session {
            request = request.header("mcp-session-id", session);
        }
        let response = request.json(&message).send().await.unwrap();
        let given = response.headers().get("mcp-session-id");
        if let Some(session) = given.and_then(|session| session.to_str().ok()) {
            self.session = Some(session.to_owned());
        }
        let text = response.text().await.unwrap();
        let mut data = text.lines().filter_map(|line| line.strip_prefix("data:")).map(str::trim);
        let json = data.rfind(|data| !data.is_empty()).unwrap_or(&text);
        let answer: Value =
            serde_json::from_str(json).unwrap_or_else(|_| panic!("{method}: {text}"));
        assert!(answer.get("error").is_none(), "{method}: {answer:#}");
        answer["result"].clone()
    }
}

#[tokio::test]
async fn clients_with_sessions_get_the_same() {
    let harness = Harness::start().await;
    let http = reqwest::Client::builder().build().unwrap();
    let mut legacy = Legacy { harness: &harness, http, session: None };
    let hello = json!({ "protocolVersion": "2025-06-18", "capabilities": {},
                        "clientInfo": { "name": "test", "version": "1" } });
    let welcome = legacy.ask("initialize", hello).await;
    assert_eq!(welcome["serverInfo"]["name"], "harness-mcp-server", "{welcome:#}");
    assert!(legacy.session.is_some());
    let health = legacy.http.get(harness.app.url("/health")).send().await.unwrap();
    let health: Value = serde_json::from_str(&health.text().await.unwrap()).unwrap();
    assert_eq!((&health["status"], &health["sessions"]), (&json!("ok"), &json!(1)), "{health}");
    for (method, params, pointer) in [
        ("tools/list", json!({}), "/tools"),
        ("prompts/list", json!({}), "/prompts"),
        ("resources/list", json!({}), "/resources"),
        ("resources/templates/list", json!({}), "/resourceTemplates"),
        ("resources/read", json!({ "uri": "pipeline:///deploy_shop" }), "/contents"),
        ("prompts/get", json!({ "name": "pending-approvals", "arguments": {} }), "/messages"),
    ] {
        let old = legacy.ask(method, params.clone()).await;
        let new = harness.result(method, params).await;
        assert_eq!(old.pointer(pointer), new.pointer(pointer), "{method}");
        assert!(old.pointer(pointer).and_then(Value::as_array).is_some_and(|it| !it.is_empty()));
    }
    let run = json!({ "name": "harness_get", "arguments": {
        "resource_type": "visual_pie_chart" } });
    let result = legacy.ask("tools/call", run).await;
    assert_eq!(result["content"][1]["mimeType"], "image/png", "{result:#}");
    harness.app.stop().await;
}

#[tokio::test]
async fn the_token_that_all_clients_share_is_good_for_harness_alone() {
    const TOKEN: &str = "shared-by-all-clients-0123";
    let harness = Harness::start_with(&[("HARNESS_MCP_AUTH_TOKEN", TOKEN)]).await;
    let call = |path: &'static str, tool: &'static str, arguments: Value| {
        let params = json!({ "name": tool, "arguments": arguments });
        harness.app.rpc_as(TOKEN, path, "tools/call", params)
    };
    let pipelines = call(PATH, "harness_list", json!({ "resource_type": "pipeline" })).await;
    assert_eq!(pipelines.body["result"]["structuredContent"]["total"], 2, "{:#}", pipelines.body);
    let write = json!({ "resource_type": "pipeline", "resource_id": "deploy_shop" });
    let asked = call(PATH, "harness_delete", write).await;
    assert!(asked.body.to_string().contains("must approve this"), "{:#}", asked.body);
    let other = call("/mcp", "infra_list", json!({ "resource_type": "tharsis.workspace" })).await;
    assert_eq!(other.body["result"]["isError"], true, "{:#}", other.body);
    let wrong = harness.app.rpc_as("shared-by-all-clients-0124", PATH, "tools/list", json!({}));
    assert_eq!(wrong.await.status, 401);
    harness.app.stop().await;
}
