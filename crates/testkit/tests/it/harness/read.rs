//! Reads: lists, single resources, searches, the registry.

use serde_json::{Value, json};

use super::Harness;

fn field(items: &Value, name: &str) -> Vec<String> {
    let items = items["items"].as_array().expect("a list has items");
    items.iter().map(|item| item[name].as_str().unwrap_or("?").to_owned()).collect()
}

#[tokio::test]
async fn a_log_is_found_by_its_run_or_its_key() {
    let harness = Harness::start().await;
    let log = |id: &str| json!({ "resource_type": "execution_log", "resource_id": id });
    let of_run = harness.ok("harness_get", log("deploy_shop-run-3")).await;
    let text = of_run["log_content"].as_str().unwrap();
    assert!(!text.is_empty(), "{of_run:#}");
    let of_key = harness.ok("harness_get", log(of_run["prefix"].as_str().unwrap())).await;
    assert_eq!(of_key, of_run);
    harness.app.stop().await;
}

#[tokio::test]
async fn a_page_behind_the_only_one_is_empty_and_says_how_many_there_are() {
    let harness = Harness::start().await;
    let list = |page: u64| json!({ "resource_type": "delegate", "page": page });
    let first = harness.ok("harness_list", list(0)).await;
    let count = first["items"].as_array().unwrap().len();
    assert!(count > 0, "{first:#}");
    let next = harness.ok("harness_list", list(1)).await;
    assert_eq!(next["items"], json!([]), "{next:#}");
    assert_eq!((&next["total"], &next["has_more"]), (&json!(count), &json!(false)), "{next:#}");
    harness.app.stop().await;
}

#[tokio::test]
async fn lists_page_search_and_are_short() {
    let harness = Harness::start().await;
    let list = async |arguments: Value| harness.ok("harness_list", arguments).await;
    let all = list(json!({ "resource_type": "pipeline" })).await;
    assert_eq!(field(&all, "identifier"), ["deploy_shop", "nightly_tests"]);
    assert_eq!(all["total"], 2);
    assert!(all["items"][0].get("numOfStages").is_none(), "{all:#}");
    let full = list(json!({ "resource_type": "pipeline", "compact": false })).await;
    assert_eq!(full["items"][0]["numOfStages"], 2);
    let second = list(json!({ "resource_type": "pipeline", "page": 1, "size": 1 })).await;
    assert_eq!(field(&second, "identifier"), ["nightly_tests"]);
    let among_filters =
        json!({ "resource_type": "pipeline", "filters": { "page": 1, "size": "1" } });
    assert_eq!(field(&list(among_filters).await, "identifier"), ["nightly_tests"]);
    for words in [
        json!({ "resource_type": "pipeline", "search_term": "NIGHT" }),
        json!({ "resource_type": "pipeline", "filters": { "search": "night" } }),
        json!({ "resource_type": "pipeline", "params": { "name": "night" } }),
    ] {
        assert_eq!(field(&list(words).await, "identifier"), ["nightly_tests"]);
    }
    let failed = json!({ "resource_type": "execution", "filters": { "status": "FAILED" } });
    assert_eq!(field(&list(failed).await, "planExecutionId"), ["deploy_shop-run-3"]);
    let text = json!({ "resource_type": "execution", "params": "{\"status\": \"Failed\"}" });
    assert_eq!(list(text).await["items"].as_array().unwrap().len(), 1);
    let connectors = list(json!({ "resource_type": "connector" })).await;
    assert_eq!(field(&connectors, "identifier"), ["registry", "git"]);
    for beyond in [
        json!({ "resource_type": "pipeline", "filters": { "page": u64::MAX } }),
        json!({ "resource_type": "connector", "filters": { "page": u64::MAX, "size": 100 } }),
    ] {
        let refused = harness.app.call_on("/mcp/harness", "harness_list", beyond).await;
        assert!(refused.to_string().contains("a list ends after 10000 items"), "{refused:#}");
        assert_eq!(refused["isError"], true);
    }
    let other = json!({ "resource_type": "service", "project_id": "billing" });
    assert_eq!(list(other).await["items"], json!([]));
    harness.app.stop().await;
}

#[tokio::test]
async fn a_secret_is_metadata() {
    let harness = Harness::start().await;
    let arguments = json!({ "resource_type": "secret", "resource_id": "registry_password" });
    let secret = harness.ok("harness_get", arguments).await;
    assert!(secret.to_string().contains("registry_password"), "{secret:#}");
    assert!(!secret.to_string().contains("not-a-secret"), "{secret:#}");
    let types = harness.ok("harness_describe", json!({})).await;
    let types = &types["platforms"][0]["toolsets"]["secrets"]["types"];
    let operations = types["secret"].as_str().unwrap();
    assert!(operations.starts_with("list, get"), "what can be done is no secret: {operations}");
    harness.app.stop().await;
}

#[tokio::test]
async fn one_resource_of_each_common_type_is_read() {
    let harness = Harness::start().await;
    for (kind, id, params, expected) in [
        ("organization", "default", json!({}), "Default"),
        ("project", "shop", json!({}), "Shop"),
        ("pipeline", "deploy_shop", json!({}), "<+input>"),
        ("execution", "deploy_shop-run-3", json!({}), "1.4.O"),
        ("connector", "git", json!({}), "Github"),
        ("service", "shop", json!({}), "Kubernetes"),
        ("environment", "production", json!({}), "Production"),
        ("feature_flag", "new_checkout", json!({}), "boolean"),
        ("gitops_application", "shop-worker", json!({ "agent_id": "east" }), "Degraded"),
        ("input_set", "release", json!({ "pipeline_id": "deploy_shop" }), "1.4.0"),
    ] {
        let arguments = json!({ "resource_type": kind, "resource_id": id, "params": params });
        let found = harness.ok("harness_get", arguments).await;
        assert!(found.to_string().contains(expected), "{kind}: {found:#}");
    }
    harness.app.stop().await;
}

#[tokio::test]
async fn a_search_asks_many_types_and_names_those_that_failed() {
    let harness = Harness::start().await;
    let found = harness.ok("harness_search", json!({ "query": "shop" })).await;
    let types: Vec<&str> = found["results"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|hit| hit["resource_type"].as_str())
        .collect();
    assert!(types.contains(&"pipeline") && types.contains(&"service"), "{found:#}");
    let failed = found["failed"].as_array().unwrap();
    assert!(failed.iter().any(|it| it["resource_type"] == "repository"), "{found:#}");
    assert!(failed.iter().all(|it| it["message"].as_str().unwrap().contains("404")), "{found:#}");
    let two = json!({ "query": "shop", "resource_types": ["audit_event", "service"] });
    let found = harness.ok("harness_search", two).await;
    assert_eq!(found["results"][0]["resource_type"], "service", "{found:#}");
    assert_eq!(found["failed"][0]["resource_type"], "audit_event", "{found:#}");
    assert!(found["failed"][0]["hint"].is_string(), "{found:#}");
    let about = harness.ok("harness_search", json!({ "query": "pipeline" })).await;
    assert!(!about["types"].as_array().unwrap().is_empty(), "{about:#}");
    harness.app.stop().await;
}

#[tokio::test]
async fn the_unified_surface_has_harness_too() {
    let harness = Harness::start().await;
    let arguments = json!({ "resource_type": "harness.pipeline", "id": "deploy_shop" });
    let pipeline = harness.app.ok("infra_get", arguments).await;
    assert!(pipeline.to_string().contains("deploy_shop"), "{pipeline:#}");
    let all = harness.app.ok("infra_describe", json!({})).await.to_string();
    assert!(all.contains("harness.pipeline") && all.contains("tharsis.run"));
    harness.app.stop().await;
}

#[tokio::test]
async fn types_and_schemas_are_shown_without_asking_harness() {
    let harness = Harness::start().await;
    let pipeline = harness.ok("harness_describe", json!({ "resource_type": "pipeline" })).await;
    assert_eq!(pipeline["type"], "pipeline", "{pipeline:#}");
    let words = json!({ "search_term": "start a run of a pipeline" });
    let found = harness.ok("harness_describe", words).await;
    assert!(found["matches"].to_string().contains("\"pipeline.run\""), "{found:#}");
    let within = json!({ "search_term": "delete", "toolset": "gitops" });
    let found = harness.ok("harness_describe", within).await;
    let names = found["matches"].as_array().unwrap().iter().map(|it| it["name"].as_str().unwrap());
    assert!(names.clone().count() > 3 && names.clone().all(|it| it.starts_with("gitops_")));
    let within = json!({ "search_term": "start", "resource_type": "pipeline" });
    let found = harness.ok("harness_describe", within).await;
    assert!(found["matches"].to_string().contains("\"pipeline.run\""), "{found:#}");
    assert!(found["operations"]["run"].is_object(), "{found:#}");
    for (kind, says) in [("service", "what is left out of body is lost"), ("policy", "stays")] {
        let kind = json!({ "resource_type": kind });
        let update = harness.ok("harness_describe", kind).await["operations"]["update"].to_string();
        assert!(update.contains(says), "{update}");
    }
    let schema = json!({ "resource_type": "execution", "operation": "list", "path": "status" });
    let schema = harness.ok("harness_schema", schema).await;
    assert_eq!(schema["schema"]["enum"][1], "Failed", "{schema:#}");
    let definition = json!({ "resource_type": "pipeline", "path": "pipeline" });
    let definition = harness.ok("harness_schema", definition).await;
    assert!(definition["schema"]["properties"]["stages"].is_object(), "{definition:#}");
    let top = harness.ok("harness_schema", json!({ "resource_type": "pipeline" })).await;
    assert_eq!(top["examples"][0], "build-and-push", "{top:#}");
    let definitions = harness.ok("harness_schema", json!({})).await;
    assert!(definitions["definitions"].to_string().contains("\"trigger\""), "{definitions:#}");
    let words = json!({ "example_search": "wait for a person, then deploy" });
    let found = harness.ok("harness_schema", words).await;
    assert_eq!(found["examples"][0]["example"], "build-approve-deploy", "{found:#}");
    let example = json!({ "resource_type": "connector", "example": "docker-registry" });
    let example = harness.ok("harness_schema", example).await;
    assert_eq!(example["value"]["connector"]["type"], "DockerRegistry", "{example:#}");
    assert_eq!(harness.fake.seen().len(), 0);
    harness.app.stop().await;
}

#[tokio::test]
async fn every_example_can_be_sent() {
    let harness = Harness::start().await;
    for (kind, names) in [
        ("pipeline", &["build-and-push", "kubernetes-rolling", "build-approve-deploy"][..]),
        ("template", &["step", "stage"]),
        ("trigger", &["nightly", "on-pull-request", "on-push"]),
        ("connector", &["docker-registry", "github", "kubernetes-delegate"]),
        ("service", &["kubernetes"]),
        ("environment", &["production"]),
        ("infrastructure", &["kubernetes-namespace"]),
    ] {
        for name in names {
            let example = json!({ "resource_type": kind, "example": name });
            let example = harness.ok("harness_schema", example).await;
            let create =
                json!({ "resource_type": kind, "body": example["value"], "dry_run": true });
            harness.ok("harness_create", create).await;
        }
    }
    harness.app.stop().await;
}

#[tokio::test]
async fn a_project_has_a_verdict() {
    let harness = Harness::start().await;
    harness.ok("harness_status", json!({ "limit": 50 })).await;
    let status = harness.ok("harness_status", json!({ "limit": 2 })).await;
    assert_eq!(status["summary"]["health"], "degraded", "{status:#}");
    assert_eq!(status["summary"]["failure_rate_percent"], 33, "{status:#}");
    assert_eq!(status["failed_executions"][0]["execution_id"], "deploy_shop-run-3");
    let empty = harness.ok("harness_status", json!({ "project_id": "billing" })).await;
    assert_eq!(empty["summary"]["health"], "healthy", "{empty:#}");
    let unified = harness.app.ok("infra_status", json!({ "platform": "harness" })).await;
    assert_eq!(unified["platforms"][0]["status"]["summary"]["total_failed"], 1, "{unified:#}");
    harness.app.stop().await;
}
