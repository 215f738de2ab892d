//! Writes: plan, a person's word in each of the three ways, execution once.

use pilothouse_access::approval;
use pilothouse_model::Timestamp;
use pilothouse_testkit::TestApp;
use serde_json::{Value, json};

fn group(name: &str) -> Value {
    json!({ "resource_type": "tharsis.group", "body": { "name": name } })
}

async fn answer(app: &TestApp, id: &str, approve: bool) {
    let store = &app.running().product().store;
    approval::answer(store, id, approve, "user:al", None, Timestamp::now()).await.unwrap();
}

/// The approval that the refused call opened.
async fn asked(app: &TestApp, tool: &str, arguments: &Value) -> String {
    let result = app.call(tool, arguments.clone()).await;
    assert_eq!(result["isError"], true, "{result:#}");
    let content = &result["structuredContent"];
    assert_eq!(content["approval_required"], true, "{content:#}");
    content["approval_id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn without_a_way_to_ask_nothing_is_written_until_a_person_approves() {
    let app = TestApp::start(&[]).await;
    let mut create = group("acme");
    let id = asked(&app, "infra_create", &create).await;
    assert_eq!(asked(&app, "infra_create", &create).await, id, "asking again opens no second one");
    let told = app.refused("infra_create", create.clone()).await;
    create["approval_id"] = json!(id);
    let early = app.refused("infra_create", create.clone()).await;
    assert!(early.contains("still waiting"), "{early}");
    for said in [told, early] {
        assert!(said.contains("pilothouse --data /"), "another directory than the usual: {said}");
    }
    let groups = app.ok("infra_list", json!({ "resource_type": "tharsis.group" })).await;
    assert_eq!(groups["items"], json!([]));

    answer(&app, &id, true).await;
    let made = app.ok("infra_create", create.clone()).await;
    assert_eq!(made["full_path"], "acme");
    let again = app.refused("infra_create", create).await;
    assert!(again.contains("used already"), "{again}");
    app.stop().await;
}

#[tokio::test]
async fn a_changed_argument_or_a_denial_voids_the_approval() {
    let app = TestApp::start(&[]).await;
    let id = asked(&app, "infra_create", &group("acme")).await;
    answer(&app, &id, true).await;
    let mut changed = group("evil");
    changed["approval_id"] = json!(id);
    let refused = app.refused("infra_create", changed).await;
    assert!(refused.contains("different plan"), "{refused}");

    let mut denied = group("other");
    let id = asked(&app, "infra_create", &denied).await;
    answer(&app, &id, false).await;
    denied["approval_id"] = json!(id);
    let refused = app.refused("infra_create", denied).await;
    assert!(refused.contains("denied"), "{refused}");
    app.stop().await;
}

#[tokio::test]
async fn a_changed_target_voids_the_approval() {
    let app = TestApp::start(&[("PILOTHOUSE_AUTO_APPROVE", "low_write")]).await;
    app.ok("infra_create", group("acme")).await;
    let update = |description: &str| {
        json!({ "resource_type": "tharsis.group", "id": "trn:group:acme",
                "body": { "description": description } })
    };
    let mut first = update("first");
    let first_id = asked(&app, "infra_update", &first).await;
    let mut second = update("second");
    let second_id = asked(&app, "infra_update", &second).await;
    answer(&app, &first_id, true).await;
    answer(&app, &second_id, true).await;
    first["approval_id"] = json!(first_id);
    app.ok("infra_update", first).await;
    second["approval_id"] = json!(second_id);
    let refused = app.refused("infra_update", second).await;
    assert!(refused.contains("different plan"), "{refused}");
    app.stop().await;
}

#[tokio::test]
async fn a_dry_run_shows_the_exact_request_and_does_nothing() {
    let app = TestApp::start(&[("PILOTHOUSE_AUTO_APPROVE", "all")]).await;
    let mut create = group("acme");
    create["dry_run"] = json!(true);
    let planned = app.ok("infra_create", create).await;
    assert_eq!(planned["plan"]["operation"], "tharsis.group.create");
    assert_eq!(planned["plan"]["risk"], "low_write");
    assert!(planned["plan"]["requests"].to_string().contains("acme"), "{planned:#}");
    let groups = app.ok("infra_list", json!({ "resource_type": "tharsis.group" })).await;
    assert_eq!(groups["items"], json!([]));
    app.stop().await;
}

#[tokio::test]
async fn a_plan_shows_the_files_of_an_upload_and_refuses_what_could_not_be_sent() {
    let app = TestApp::start(&[("PILOTHOUSE_AUTO_APPROVE", "low_write")]).await;
    app.ok("infra_create", group("acme")).await;
    let workspace = json!({ "resource_type": "tharsis.workspace",
                            "body": { "name": "net", "group_id": "trn:group:acme" } });
    app.ok("infra_create", workspace).await;
    let upload = |files: Value| {
        json!({ "resource_type": "tharsis.configuration_version", "action": "upload",
                "params": { "workspace_id": "trn:workspace:acme/net", "files": files },
                "dry_run": true })
    };
    let planned = app.ok("infra_execute", upload(json!({ "main.tf": "locals {}" }))).await;
    assert_eq!(planned["plan"]["preview"], "1 file, 9 bytes:\n  main.tf (9)", "{planned:#}");
    let refused = app.refused("infra_execute", upload(json!({ "../up.tf": "" }))).await;
    assert!(refused.contains("../up.tf"), "{refused}");
    app.stop().await;
}

#[tokio::test]
async fn a_modern_client_is_asked_through_the_call_and_its_yes_counts_once() {
    let app = TestApp::start(&[]).await;
    let capabilities = json!({ "elicitation": { "form": {} } });
    let params = json!({ "name": "infra_create", "arguments": group("acme") });
    let asked = app.send("/mcp", "tools/call", params.clone(), capabilities.clone()).await.body;
    let result = &asked["result"];
    assert_eq!(result["resultType"], "input_required", "{asked:#}");
    let (key, question) = result["inputRequests"].as_object().unwrap().iter().next().unwrap();
    let message = question["params"]["message"].as_str().unwrap();
    for expected in ["tharsis.group.create", "low_write", "\"name\": \"acme\""] {
        assert!(message.contains(expected), "{expected}: {message}");
    }

    let answered = |action: &str| {
        let mut params = params.clone();
        params["requestState"] = result["requestState"].clone();
        params["inputResponses"] =
            json!({ key: { "action": action, "content": { "confirm": true } } });
        params
    };
    let made = app.send("/mcp", "tools/call", answered("accept"), capabilities.clone()).await;
    assert_eq!(made.body["result"]["structuredContent"]["full_path"], "acme", "{:#}", made.body);
    let again = app.send("/mcp", "tools/call", answered("accept"), capabilities).await;
    assert_eq!(again.body["result"]["isError"], true, "{:#}", again.body);
    app.stop().await;
}

/// The person clicks Accept or Decline; there is nothing to fill in.
#[tokio::test]
async fn accepting_the_question_is_enough() {
    let app = TestApp::start(&[]).await;
    let capabilities = json!({ "elicitation": {} });
    for (name, answer, done) in [
        ("empty", json!({ "action": "accept", "content": {} }), true),
        ("none", json!({ "action": "accept" }), true),
        ("yes", json!({ "action": "accept", "content": { "confirm": true } }), true),
        ("no", json!({ "action": "accept", "content": { "confirm": false } }), false),
    ] {
        let mut params = json!({ "name": "infra_create", "arguments": group(name) });
        let asked = app.send("/mcp", "tools/call", params.clone(), capabilities.clone()).await.body;
        let (key, question) =
            asked["result"]["inputRequests"].as_object().unwrap().iter().next().unwrap();
        let form = &question["params"]["requestedSchema"];
        assert_eq!(form["properties"], json!({}), "{question:#}");
        params["requestState"] = asked["result"]["requestState"].clone();
        params["inputResponses"] = json!({ key: answer });
        let made = app.send("/mcp", "tools/call", params, capabilities.clone()).await.body;
        assert_eq!(made["result"]["isError"] != true, done, "{name}: {made:#}");
    }
    app.stop().await;
}

#[tokio::test]
async fn a_no_is_an_answer_and_so_is_a_closed_question() {
    let app = TestApp::start(&[]).await;
    let capabilities = json!({ "elicitation": { "form": {} } });
    for (action, told) in [("decline", "declined"), ("cancel", "closed without an answer")] {
        let params = json!({ "name": "infra_create", "arguments": group(action) });
        let asked = app.send("/mcp", "tools/call", params.clone(), capabilities.clone()).await.body;
        let key = asked["result"]["inputRequests"].as_object().unwrap().keys().next().unwrap();
        let answer = async |action: &str| {
            let mut params = params.clone();
            params["requestState"] = asked["result"]["requestState"].clone();
            params["inputResponses"] =
                json!({ key: { "action": action, "content": { "confirm": true } } });
            let answer = app.send("/mcp", "tools/call", params, capabilities.clone()).await.body;
            assert_eq!(answer["result"]["isError"], true, "{action}: {answer:#}");
            answer["result"]["structuredContent"]["error"]["message"].as_str().unwrap().to_owned()
        };
        let first = answer(action).await;
        assert!(first.contains(told), "{action}: {first}");
        let second = answer("accept").await;
        assert!(second.contains("answered already"), "{action}: {second}");
    }
    let groups = app.ok("infra_list", json!({ "resource_type": "tharsis.group" })).await;
    assert_eq!(groups["items"], json!([]));
    app.stop().await;
}

#[tokio::test]
async fn a_read_only_endpoint_refuses_every_write() {
    let app =
        TestApp::start(&[("PILOTHOUSE_READ_ONLY", "true"), ("PILOTHOUSE_AUTO_APPROVE", "all")])
            .await;
    let listed = app.rpc("/mcp", "tools/list", json!({})).await.body;
    assert!(!listed.to_string().contains("infra_create"));
    let run = json!({ "resource_type": "tharsis.workspace", "action": "lock",
                      "params": { "workspace_id": "trn:workspace:a/b" } });
    let refused = app.refused("infra_execute", run).await;
    assert!(refused.contains("read-only"), "{refused}");
    app.stop().await;
}
