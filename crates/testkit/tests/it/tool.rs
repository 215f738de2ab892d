//! The generic tools on the embedded platform, without Terraform.

use pilothouse_connectors::Rate;
use pilothouse_testkit::TestApp;
use serde_json::{Value, json};

async fn app() -> TestApp {
    let app = TestApp::start(&[("PILOTHOUSE_AUTO_APPROVE", "all")]).await;
    app.ok("infra_create", json!({ "resource_type": "tharsis.group", "body": { "name": "acme" } }))
        .await;
    app.ok(
        "infra_create",
        json!({ "resource_type": "tharsis.workspace", "body": {
        "name": "network", "group_id": "trn:group:acme" } }),
    )
    .await;
    app
}

#[tokio::test]
async fn wrong_arguments_are_explained() {
    let app = app().await;
    for (tool, arguments, expected) in [
        ("infra_get", json!({}), "resource_type is required"),
        (
            "infra_get",
            json!({ "resource_type": "tharsis.wrkspace", "id": "x" }),
            "did you mean tharsis.workspace",
        ),
        ("infra_get", json!({ "resource_type": "tharsis.run" }), "id is required"),
        (
            "infra_get",
            json!({ "resource_type": "tharsis.run", "ids": "x" }),
            "did you mean \"id\"?",
        ),
        (
            "infra_execute",
            json!({ "resource_type": "tharsis.run", "action": "aply", "id": "x" }),
            "did you mean \"apply\"?",
        ),
        (
            "infra_create",
            json!({ "resource_type": "tharsis.group", "body": { "nam": "x" } }),
            "name",
        ),
        ("infra_list", json!({ "resource_type": "tharsis.run", "limit": 1000 }), "maximum of 100"),
        (
            "infra_logs",
            json!({ "resource_type": "tharsis.run", "id": "x", "mode": "tial" }),
            "did you mean \"tail\"?",
        ),
        (
            "infra_wait",
            json!({ "resource_type": "tharsis.run", "id": "x", "timeout_seconds": 601 }),
            "maximum of 600",
        ),
        ("infra_search", json!({ "query": "x", "resource_types": vec!["x"; 41] }), "40 entries"),
        (
            "infra_get",
            json!({ "resource_type": "tharsis.run", "id": "nonsense" }),
            "id: tharsis refused",
        ),
        ("infra_get", json!({ "resource_type": 5, "id": "x" }), "resource_type: 5 is not of type"),
        (
            "infra_execute",
            json!({ "resource_type": "tharsis.configuration_version", "action": "upload",
                    "params": { "workspace_id": "trn:workspace:acme/network",
                                "files": { "main.tf": 5 } } }),
            "files.main.tf: 5 is not of type",
        ),
        (
            "infra_execute",
            json!({ "resource_type": "tharsis.configuration_version", "action": "upload",
                    "params": { "workspace_id": "trn:workspace:acme/network",
                                "files": (0..2001).map(|n| (n.to_string(), json!("")))
                                    .collect::<serde_json::Map<_, _>>() } }),
            "files has more than 2000 entries",
        ),
    ] {
        let message = app.refused(tool, arguments.clone()).await;
        assert!(message.contains(expected), "{tool} {arguments}: {message}");
    }
    app.stop().await;
}

#[tokio::test]
async fn types_are_described_searched_and_have_schemas() {
    let app = app().await;
    let all = app.ok("infra_describe", json!({})).await.to_string();
    assert!(all.contains("tharsis.run") && all.contains("tharsis.workspace"));
    let run = app.ok("infra_describe", json!({ "resource_type": "tharsis.run" })).await;
    assert!(run["operations"]["apply"].is_object(), "{run:#}");
    let found = app.ok("infra_describe", json!({ "search_term": "diagnose failed run" })).await;
    assert!(found["matches"][0]["name"].as_str().unwrap().starts_with("tharsis.run"), "{found:#}");
    let schema = app
        .ok("infra_schema", json!({ "resource_type": "tharsis.workspace", "operation": "create" }))
        .await;
    assert_eq!(schema["schema"]["properties"]["name"]["type"], "string", "{schema:#}");
    app.stop().await;
}

#[tokio::test]
async fn lists_page_and_search_finds_instances() {
    let app = app().await;
    for name in ["alpha", "beta", "gamma"] {
        app.ok(
            "infra_create",
            json!({ "resource_type": "tharsis.workspace", "body": {
            "name": name, "group_id": "trn:group:acme" } }),
        )
        .await;
    }
    let mut names: Vec<Value> = Vec::new();
    let mut cursor = Value::Null;
    loop {
        let mut ask = json!({ "resource_type": "tharsis.workspace", "limit": 3 });
        if !cursor.is_null() {
            ask["cursor"] = cursor;
        }
        let page = app.ok("infra_list", ask).await;
        let items = page["items"].as_array().unwrap();
        assert!(items.len() <= 3);
        if let Some(next) = page["next_cursor"].as_str() {
            for other in [
                json!({ "resource_type": "tharsis.group", "cursor": next }),
                json!({ "resource_type": "tharsis.workspace", "cursor": next,
                        "filters": { "search": "a" } }),
                json!({ "resource_type": "tharsis.workspace", "cursor": "eyJpIjoxfQ" }),
            ] {
                let refused = app.refused("infra_list", other.clone()).await;
                assert!(refused.contains("cursor: it is not of this list"), "{other}: {refused}");
            }
        }
        names.extend(items.iter().map(|item| item["name"].clone()));
        cursor = page["next_cursor"].clone();
        if cursor.is_null() {
            break;
        }
    }
    names.sort_by_key(ToString::to_string);
    assert_eq!(names, ["alpha", "beta", "gamma", "network"]);
    let found = app.ok("infra_search", json!({ "query": "gamma" })).await;
    assert!(found["results"].to_string().contains("acme/gamma"), "{found:#}");
    assert_eq!(found["failed"], json!([]));
    app.stop().await;
}

#[tokio::test]
async fn a_result_has_a_text_copy_and_its_cost() {
    let app = app().await;
    let result = app
        .call(
            "infra_get",
            json!({ "resource_type": "tharsis.workspace",
                                   "id": "trn:workspace:acme/network" }),
        )
        .await;
    let text: Value = serde_json::from_str(result["content"][0]["text"].as_str().unwrap()).unwrap();
    assert_eq!(text, result["structuredContent"]);
    assert!(result["_meta"]["dev.pilothouse/estimatedTokens"].as_u64().unwrap() > 10);
    app.stop().await;
}

#[tokio::test]
async fn uploads_that_could_escape_are_refused_with_their_entry() {
    let app = app().await;
    for (name, files) in [
        ("../x.tf", json!({ "../x.tf": "" })),
        ("/etc/x.tf", json!({ "/etc/x.tf": "" })),
        ("a/../../x.tf", json!({ "a/../../x.tf": "" })),
    ] {
        let message = app
            .refused(
                "infra_execute",
                json!({
                    "resource_type": "tharsis.configuration_version", "action": "upload",
                    "params": { "workspace_id": "trn:workspace:acme/network", "files": files },
                }),
            )
            .await;
        assert!(message.contains(name), "{name}: {message}");
    }
    app.stop().await;
}

/// It has no quota to keep, unlike a remote one.
#[tokio::test]
async fn the_embedded_platform_is_not_paced() {
    let app = TestApp::start(&[]).await;
    let connector = app.running().product().embedded_tharsis().unwrap();
    assert_eq!(connector.rate(), Rate::EMBEDDED);
    app.stop().await;
}

#[tokio::test]
async fn the_status_of_everything_can_be_narrowed() {
    let app = app().await;
    let lock = json!({ "resource_type": "tharsis.workspace", "action": "lock",
                       "params": { "workspace_id": "trn:workspace:acme/network" } });
    app.ok("infra_execute", lock).await;
    let everything = app.ok("infra_status", json!({})).await;
    let tharsis = &everything["platforms"][0];
    assert_eq!((&tharsis["platform"], &everything["failed"]), (&json!("tharsis"), &json!([])));
    let status = &tharsis["status"];
    assert_eq!(status["locked_workspaces"], json!(["acme/network"]), "{status:#}");
    assert!(status["worker"]["available"].is_boolean(), "{status:#}");

    app.ok(
        "infra_create",
        json!({ "resource_type": "tharsis.group", "body": { "name": "other" } }),
    )
    .await;
    let narrow = json!({ "platform": "tharsis", "params": { "group_id": "trn:group:other" } });
    let narrowed = app.ok("infra_status", narrow).await;
    assert_eq!(narrowed["platforms"][0]["status"]["locked_workspaces"], json!([]));

    for (arguments, expected) in [
        (json!({ "platform": "nothing" }), "configured are: tharsis"),
        (json!({ "id": "trn:workspace:acme/network" }), "resource_type is required"),
        (json!({ "params": { "grup_id": "x" } }), "group_id"),
        (json!({ "resource_type": "tharsis.workspace", "platform": "tharsis" }), "not both"),
    ] {
        let message = app.refused("infra_status", arguments.clone()).await;
        assert!(message.contains(expected), "{arguments}: {message}");
    }
    app.stop().await;
}
