//! Prompts and resources, as a client sees them.

use pilothouse_store::AuditFilter;
use pilothouse_testkit::TestApp;
use serde_json::{Value, json};

async fn result(app: &TestApp, method: &str, params: Value) -> Value {
    let answer = app.rpc("/mcp", method, params).await;
    assert!(answer.body.get("error").is_none(), "{method}: {:#}", answer.body);
    answer.body["result"].clone()
}

async fn refusal(app: &TestApp, method: &str, params: Value) -> Value {
    let answer = app.rpc("/mcp", method, params).await;
    assert!(answer.body["error"].is_object(), "{method}: {:#}", answer.body);
    answer.body["error"].clone()
}

fn names(list: &Value, field: &str) -> Vec<String> {
    let list = list.as_array().expect("a list").iter();
    list.map(|entry| entry[field].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn prompts_are_listed_and_filled_in() {
    let app = TestApp::start(&[]).await;
    let listed = result(&app, "prompts/list", json!({})).await;
    assert_eq!(
        names(&listed["prompts"], "name"),
        ["diagnose-failed-run", "review-plan", "roll-out-fix"]
    );
    let params = json!({"name": "roll-out-fix", "arguments": {"workspace_id": "acme/prod"}});
    let filled = result(&app, "prompts/get", params).await;
    let text = filled["messages"][0]["content"]["text"].as_str().unwrap();
    assert!(text.contains("infra_wait") && text.contains("acme/prod"), "{text}");
    for (name, arguments, complaint) in [
        ("roll-out-fix", json!({}), "needs the argument \"workspace_id\""),
        ("roll-out-fix", json!({"workspace_id": 7}), "is not a text"),
        ("roll-out-fix", json!({"workspace_id": "x", "gaol": "y"}), "did you mean \"goal\""),
        ("nothing", json!({}), "unknown prompt"),
    ] {
        let params = json!({"name": name, "arguments": arguments});
        let error = refusal(&app, "prompts/get", params).await;
        assert!(error["message"].as_str().unwrap().contains(complaint), "{error}");
    }
    app.stop().await;
}

/// What a client offers for an argument of a prompt while a person types.
async fn offered(app: &TestApp, argument: &str, typed: &str) -> Vec<Value> {
    let reference = json!({"type": "ref/prompt", "name": "roll-out-fix"});
    let params = json!({"ref": reference, "argument": {"name": argument, "value": typed}});
    let done = result(app, "completion/complete", params).await;
    done["completion"]["values"].as_array().unwrap().clone()
}

#[tokio::test]
async fn arguments_are_completed_with_what_there_is() {
    let app = TestApp::start(&[("PILOTHOUSE_AUTO_APPROVE", "all")]).await;
    assert_eq!(offered(&app, "workspace_id", "").await, [] as [Value; 0]);
    let body = json!({"name": "acme"});
    app.ok("infra_create", json!({"resource_type": "tharsis.group", "body": body})).await;
    for name in ["prod", "staging"] {
        let body = json!({"name": name, "group_id": "trn:group:acme"});
        app.ok("infra_create", json!({"resource_type": "tharsis.workspace", "body": body})).await;
    }
    assert_eq!(offered(&app, "workspace_id", "").await, ["acme/prod", "acme/staging"]);
    assert_eq!(offered(&app, "workspace_id", "stag").await, ["acme/staging"]);
    assert_eq!(offered(&app, "goal", "").await, [] as [Value; 0]);
    let filter = AuditFilter { tool: Some("completion".into()), ..AuditFilter::default() };
    let recorded = app.running().product().store.audit_list(&filter).await.unwrap();
    assert_eq!(recorded.len(), 3, "each look at the platform is recorded");
    app.stop().await;
}

#[tokio::test]
async fn documentation_is_listed_and_read() {
    let app = TestApp::start(&[]).await;
    let listed = result(&app, "resources/list", json!({})).await;
    let uris = names(&listed["resources"], "uri");
    assert!(uris.contains(&"docs:///runs".to_owned()), "{uris:?}");
    let templates = result(&app, "resources/templates/list", json!({})).await;
    assert_eq!(
        names(&templates["resourceTemplates"], "uriTemplate"),
        ["docs:///{page}", "run:///{run_id}/log"]
    );
    for uri in &uris {
        let read = result(&app, "resources/read", json!({ "uri": uri })).await;
        let text = read["contents"][0]["text"].as_str().unwrap();
        assert!(text.len() > 100, "{uri}: {text}");
    }
    for uri in ["docs:///nothing", "docs:///", "pipeline:///x", "file:///etc/passwd"] {
        let error = refusal(&app, "resources/read", json!({ "uri": uri })).await;
        assert!(error["message"].as_str().unwrap().contains("not found"), "{uri}: {error}");
    }
    let missing = json!({"uri": "run:///nothing/log"});
    let error = refusal(&app, "resources/read", missing).await;
    assert!(error["message"].as_str().unwrap().contains("not"), "{error}");
    app.stop().await;
}
