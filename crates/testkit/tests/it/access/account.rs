//! What a role in a Harness project says about the account around it: nothing.

use super::*;

/// A client whose key has the largest role in one project, where nobody is asked.
async fn owner_of_shop() -> (FakeHarness, TestApp) {
    let fake = FakeHarness::start().await;
    let mut variables = fake.variables();
    variables.push(ALL);
    let mut app = TestApp::start(&variables).await;
    let (_, text) = key(&app, "shop", Role::Owner, "harness:default/shop").await;
    app.sign_in(&text);
    (fake, app)
}

/// Templates are those of the account unless the call says more, whatever project is configured.
#[tokio::test]
async fn a_role_in_a_project_reaches_nothing_of_the_account() {
    let (_fake, app) = owner_of_shop().await;
    let create = |place: Value| {
        let mut arguments = json!({
            "resource_type": "template", "dry_run": true,
            "body": { "template_yaml": "template:\n  identifier: a\n" },
        });
        arguments.as_object_mut().unwrap().extend(place.as_object().unwrap().clone());
        arguments
    };
    for (place, may) in [
        (json!({}), false),
        (json!({ "resource_scope": "account" }), false),
        (json!({ "org_id": "default" }), false),
        (json!({ "org_id": "default", "project_id": "billing" }), false),
        (json!({ "org_id": "default", "project_id": "shop" }), true),
        (json!({ "resource_scope": "project" }), true),
    ] {
        let result = app.call_on("/mcp/harness", "harness_create", create(place.clone())).await;
        assert_eq!(result["isError"] != true, may, "{place}: {result:#}");
    }
    let list = json!({ "resource_type": "pipeline" });
    let found = app.call_on("/mcp/harness", "harness_list", list).await;
    assert_ne!(found["isError"], true, "a pipeline needs a project: {found:#}");
    app.stop().await;
}

/// A role counts where a call acts, whatever says so.
#[tokio::test]
async fn a_role_in_a_project_reaches_no_other_through_a_body() {
    let (_fake, app) = owner_of_shop().await;
    let shop = json!({ "org_id": "default", "project_id": "shop" });
    let inside = json!({ "orgIdentifier": "default", "projectIdentifier": "shop" });
    let outside = json!({ "orgIdentifier": "default", "projectIdentifier": "billing" });
    for (place, fields, refusal) in [
        (&shop, &inside, ""),
        (&json!({}), &inside, ""),
        (&shop, &outside, "body.projectIdentifier: \"billing\" is not where the call acts"),
        (&json!({}), &outside, "not found"),
        (&json!({ "org_id": "", "project_id": "" }), &json!({}), "org_id: empty"),
        (&json!({ "org_id": "default", "project_id": " " }), &json!({}), "project_id: empty"),
    ] {
        let mut arguments = json!({ "resource_type": "service", "dry_run": true,
            "body": { "identifier": "web", "name": "web" } });
        arguments["body"].as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        arguments.as_object_mut().unwrap().extend(place.as_object().unwrap().clone());
        let result = app.call_on("/mcp/harness", "harness_create", arguments.clone()).await;
        assert_eq!(result["isError"] != true, refusal.is_empty(), "{arguments}: {result:#}");
        assert!(
            result.to_string().replace("\\\"", "\"").contains(refusal),
            "{refusal}: {result:#}"
        );
    }
    app.stop().await;
}

/// Operations that make requests of their own are held to the place that was decided about.
#[tokio::test]
async fn a_role_in_a_project_widens_nothing() {
    let (fake, app) = owner_of_shop().await;
    let exemption = json!({ "issue_id": "i" });
    let elsewhere = json!({ "issue_id": "i", "project_id": "billing" });
    let many = |items: &[&Value]| json!({ "type": "Other", "reason": "r", "requester_id": "u", "items": items });
    for (tool, arguments, may) in [
        ("harness_execute", approval("PROJECT"), true),
        ("harness_execute", approval("ORG"), false),
        ("harness_execute", approval("ACCOUNT"), false),
        (
            "harness_create",
            json!({ "resource_type": "security_exemption_bulk", "body": many(&[&exemption]) }),
            true,
        ),
        (
            "harness_create",
            json!({ "resource_type": "security_exemption_bulk", "body": many(&[&exemption, &elsewhere]) }),
            false,
        ),
        ("harness_list", json!({ "resource_type": "idp_entity" }), true),
        (
            "harness_list",
            json!({ "resource_type": "idp_entity", "params": { "scopes": "account.default.shop" } }),
            true,
        ),
        (
            "harness_list",
            json!({ "resource_type": "idp_entity", "params": { "scopes": "account.default.*" } }),
            false,
        ),
        (
            "harness_list",
            json!({ "resource_type": "idp_entity", "params": { "scope_level": "org" } }),
            false,
        ),
    ] {
        let before = fake.seen().len();
        let mut placed = arguments.clone();
        let place = json!({ "org_id": "default", "project_id": "shop" });
        placed.as_object_mut().unwrap().extend(place.as_object().unwrap().clone());
        let result = app.call_on("/mcp/harness", tool, placed).await;
        assert_eq!(fake.seen().len() > before, may, "{arguments}: {result:#}");
        assert!(may || result.to_string().contains("not found"), "{arguments}: {result:#}");
    }
    app.stop().await;
}

fn approval(scope: &str) -> Value {
    json!({ "resource_type": "security_exemption", "action": "approve", "resource_id": "ex",
        "params": { "scope": scope }, "body": { "approver_id": "u" } })
}
