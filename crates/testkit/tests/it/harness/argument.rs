//! Arguments: what is wrong with one is said before anything is sent.

use serde_json::{Value, json};

use super::Harness;

#[tokio::test]
async fn wrong_arguments_are_explained_and_nothing_is_sent() {
    let harness = Harness::start().await;
    for (tool, arguments, expected) in [
        ("harness_list", json!({}), "resource_type is required"),
        (
            "harness_list",
            json!({ "resource_type": "pipline" }),
            "pipeline, pipeline_v1, pipeline_summary",
        ),
        (
            "harness_get",
            json!({ "resource_type": "harness.servce", "resource_id": "x" }),
            "service",
        ),
        ("harness_get", json!({ "resource_type": "pipeline" }), "pipeline_id is required"),
        (
            "harness_list",
            json!({ "resource_type": "pipeline", "size": 101 }),
            "size: 101 is greater than the maximum of 100",
        ),
        ("harness_list", json!({ "resource_type": "pipeline", "size": 0 }), "minimum of 1"),
        (
            "harness_list",
            json!({ "resource_type": "pipeline", "page": 100, "size": 100 }),
            "a list ends after 10000 items",
        ),
        (
            "harness_list",
            json!({ "resource_type": "execution", "filters": { "status": "Faild" } }),
            "did you mean \"Failed\"?",
        ),
        (
            "harness_list",
            json!({ "resource_type": "execution", "filters": { "pipline_id": "x" } }),
            "did you mean \"pipeline_id\"?",
        ),
        (
            "harness_list",
            json!({ "resource_type": "delegate", "search_term": "east" }),
            "cannot be searched by words",
        ),
        (
            "harness_list",
            json!({ "resource_type": "pipeline", "filters": "no json" }),
            "filters: an object is expected",
        ),
        (
            "harness_execute",
            json!({ "resource_type": "pipeline", "action": "rnu", "resource_id": "x" }),
            "did you mean \"run\"?",
        ),
        (
            "harness_execute",
            json!({ "resource_type": "pipeline", "action": "delete", "resource_id": "x" }),
            "use harness_delete",
        ),
        (
            "harness_execute",
            json!({ "resource_type": "pipeline", "action": "list" }),
            "use harness_list",
        ),
        (
            "harness_execute",
            json!({ "resource_type": "pipeline", "action": "run", "resource_id": "x",
                    "wait_timeout_seconds": 60 }),
            "pass wait: true",
        ),
        (
            "harness_describe",
            json!({ "resource_type": "pipeline", "toolset": "gitops" }),
            "it is of \"pipelines\"",
        ),
        ("harness_list", json!({ "resource_type": "zzz" }), "did you mean "),
        (
            "harness_search",
            json!({ "query": "x", "resource_types": ["audit_event"] }),
            "cannot be searched by words",
        ),
        (
            "harness_get",
            json!({ "resource_type": "pipeline", "resource_id": "a", "params": { "pipeline_id": "b" } }),
            "are both given and differ",
        ),
        ("harness_describe", json!({ "resource_type": "execution_lgo" }), "execution_log"),
        ("harness_describe", json!({ "toolset": "pipline" }), "did you mean \"pipelines\"?"),
        (
            "harness_schema",
            json!({ "resource_type": "connector", "operation": "list", "path": "typ" }),
            "did you mean \"type\"?",
        ),
        ("harness_delete", json!({ "resource_type": "secret", "resource_id": "x" }), "it has"),
        ("harness_search", json!({ "query": "" , "resource_types": ["pipline"] }), "pipeline"),
    ] {
        let message = harness.refused(tool, arguments.clone()).await;
        assert!(message.contains(expected), "{tool} {arguments}: {message}");
    }
    assert_eq!(harness.fake.seen().len(), 0);
    harness.app.stop().await;
}

#[tokio::test]
async fn a_missing_project_names_what_sets_it() {
    let harness = Harness::start_with(&[("HARNESS_PROJECT", "")]).await;
    let message = harness.refused("harness_list", json!({ "resource_type": "pipeline" })).await;
    for expected in ["project_id", "HARNESS_PROJECT"] {
        assert!(message.contains(expected), "{message}");
    }
    let arguments = json!({ "resource_type": "pipeline", "project_id": "shop" });
    assert_eq!(harness.ok("harness_list", arguments).await["items"].as_array().unwrap().len(), 2);
    harness.app.stop().await;
}

#[tokio::test]
async fn a_level_says_how_far_down_the_place_goes() {
    let harness = Harness::start().await;
    for (level, org, project) in
        [("account", false, false), ("org", true, false), ("project", true, true)]
    {
        let arguments = json!({ "resource_type": "connector", "resource_scope": level,
                                "project_id": "shop" });
        harness.ok("harness_list", arguments).await;
        let seen = harness.fake.seen();
        let [request] = seen.as_slice() else { panic!("{level}: {seen:?}") };
        let sends = |name: &str| request.target.contains(&format!("{name}="));
        assert_eq!(sends("orgIdentifier"), org, "{level}: {}", request.target);
        assert_eq!(sends("projectIdentifier"), project, "{level}: {}", request.target);
    }
    harness.app.stop().await;

    let homeless = Harness::start_with(&[("HARNESS_PROJECT", "")]).await;
    let arguments = json!({ "resource_type": "connector", "resource_scope": "project" });
    let message = homeless.refused("harness_list", arguments).await;
    assert!(message.contains("project_id: missing"), "{message}");
    assert!(homeless.fake.seen().is_empty());
    homeless.app.stop().await;
}

#[tokio::test]
async fn toolsets_that_are_off_do_not_exist() {
    let harness = Harness::start_with(&[("HARNESS_TOOLSETS", "pipelines,services")]).await;
    let all = harness.ok("harness_describe", json!({})).await.to_string();
    assert!(all.contains("\"pipeline\"") && !all.contains("\"connector\""), "{all}");
    let message = harness.refused("harness_list", json!({ "resource_type": "connector" })).await;
    assert!(message.contains("unknown resource_type"), "{message}");
    assert!(message.contains("in the toolset connectors"), "{message}");
    let found = harness.ok("harness_describe", json!({ "search_term": "connector" })).await;
    assert!(!found.to_string().contains("connector.list"), "{found}");
    harness.app.stop().await;
}

/// Calls as clients of the replaced server make them, and the request that each must become.
#[tokio::test]
async fn arguments_count_wherever_they_stand() {
    let harness = Harness::start_with(&[("HARNESS_SKIP_ELICITATION", "true")]).await;
    for (tool, arguments, expected) in [
        (
            "harness_list",
            json!({ "resource_type": "repository", "size": 20 }),
            "/code/api/v1/repos?",
        ),
        (
            "harness_list",
            json!({ "resource_type": "branch", "size": 7, "page": 1, "params": { "repo_id": "r" } }),
            "page=1",
        ),
        (
            "harness_list",
            json!({ "resource_type": "scorecard", "params": { "org_id": "o", "project_id": "p" } }),
            "/v1/scorecards?",
        ),
        (
            "harness_list",
            json!({ "resource_type": "service", "filters": { "project_id": "billing" } }),
            "projectIdentifier=billing",
        ),
        (
            "harness_list",
            json!({ "resource_type": "connector", "project_id": "own",
                    "params": { "resource_scope": "org", "project_id": "other" } }),
            "orgIdentifier=default",
        ),
        (
            "harness_execute",
            json!({ "resource_type": "chaos_fault", "action": "get_yaml",
                    "params": { "fault_id": "f" }, "body": { "fault_id": "f" } }),
            "/f",
        ),
        // The id of what a thing is in, where its own is given elsewhere.
        (
            "harness_execute",
            json!({ "resource_type": "pull_request", "action": "merge", "resource_id": "r",
                    "params": { "pr_number": 7 }, "body": { "method": "squash" } }),
            "/repos/r/pullreq/7/merge",
        ),
        (
            "harness_execute",
            json!({ "resource_type": "pipeline", "action": "retry", "resource_id": "deploy_shop",
                    "params": { "execution_id": "deploy_shop-run-3" } }),
            "/retry/deploy_shop-run-3",
        ),
        (
            "harness_update",
            json!({ "resource_type": "cost_perspective", "resource_id": "p",
                    "body": { "name": "All" } }),
            "/ccm/api/perspective?",
        ),
        (
            "harness_update",
            json!({ "resource_type": "service", "resource_id": "shop",
                    "body": { "service": { "identifier": "shop", "name": "Shop" } } }),
            "/ng/api/servicesV2?",
        ),
    ] {
        harness.app.call_on(super::PATH, tool, arguments.clone()).await;
        let seen = harness.fake.seen();
        let found = seen.iter().any(|request| request.target.contains(expected));
        assert!(found, "{tool} {arguments}: {seen:?}");
    }
    harness.app.stop().await;
}

#[tokio::test]
async fn an_argument_that_has_the_name_of_the_calls_own_reaches_the_operation() {
    let harness = Harness::start().await;
    let inputs = json!([{ "name": "x", "value": "y" }]);
    let approve = |with: Value| {
        let mut call = json!({ "resource_type": "approval_instance", "action": "approve",
                               "approver_inputs": inputs, "dry_run": true });
        call.as_object_mut().unwrap().extend(with.as_object().unwrap().clone());
        call
    };
    for with in [
        json!({ "approval_id": "a1" }),
        json!({ "resource_id": "a1" }),
        json!({ "params": { "approval_id": "a1" } }),
    ] {
        let plan = harness.ok("harness_execute", approve(with)).await;
        let request = &plan["plan"]["requests"][0];
        let line = request["http"].as_str().unwrap();
        assert!(line.contains("/approvals/a1/harness/activity"), "{line}");
        assert_eq!(request["body"]["approverInputs"], inputs, "{request:#}");
    }
    let ours = json!({ "approval_id": "0190a5d4-6d1f-7c3e-8000-000000000000" });
    let message = harness.refused("harness_execute", approve(ours)).await;
    assert!(message.contains("approval_id is required") && message.contains("params"), "{message}");
    let other = json!({ "resource_type": "pipeline", "action": "run", "resource_id": "deploy_shop",
                        "approval_id": "mine" });
    let message = harness.refused("harness_execute", other).await;
    assert!(message.contains("approval_id is not the id of an approval"), "{message}");
    let described =
        harness.ok("harness_describe", json!({ "resource_type": "approval_instance" })).await;
    let line = &described["operations"]["approve"]["args"]["approval_id"];
    assert!(line.as_str().unwrap().ends_with("(pass it in params)"), "{line}");
    harness.app.stop().await;
}

#[tokio::test]
async fn what_a_body_says_is_sent_or_refused() {
    let harness = Harness::start().await;
    let toggle = |body: Value| {
        json!({ "resource_type": "freeze_window", "action": "toggle_status", "body": body,
                "dry_run": true })
    };
    let ids = json!(["a", "b"]);
    let given = json!({ "freeze_ids": ids, "status": "disabled" });
    let plan = harness.ok("harness_execute", toggle(given)).await;
    let request = &plan["plan"]["requests"][0];
    assert!(request["http"].as_str().unwrap().contains("status=Disabled"), "{request:#}");
    assert_eq!(request["body"], ids);
    for body in
        [json!({ "freeze_ids": ids, "status": "off" }), json!({ "freeze_ids": ids, "x": 1 })]
    {
        harness.refused("harness_execute", toggle(body)).await;
    }
    harness.app.stop().await;
}

#[tokio::test]
async fn a_schema_is_there_without_the_platforms_own() {
    let harness = Harness::start().await;
    let service = harness.ok("harness_schema", json!({ "resource_type": "service" })).await;
    assert!(service["note"].as_str().unwrap().contains("service.create"), "{service:#}");
    for path in ["body.connector.spec", "body.spec"] {
        let part = json!({ "resource_type": "connector", "operation": "create", "path": path });
        let found = harness.ok("harness_schema", part).await;
        assert!(found["schema"]["description"].is_string(), "{path}: {found:#}");
    }
    harness.app.stop().await;
}
