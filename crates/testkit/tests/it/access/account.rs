//! What a role in a Harness project says about the account around it: nothing.

use super::*;

/// Templates are those of the account unless the call says more, whatever project is configured.
#[tokio::test]
async fn a_role_in_a_project_reaches_nothing_of_the_account() {
    let fake = FakeHarness::start().await;
    let mut variables = fake.variables();
    variables.push(ALL);
    let mut app = TestApp::start(&variables).await;
    let (_, text) = key(&app, "shop", Role::Owner, "harness:default/shop").await;
    app.sign_in(&text);
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
