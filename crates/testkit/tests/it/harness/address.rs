//! Addresses of Harness' pages: taken as arguments, and given with results.

use serde_json::{Value, json};

use super::Harness;

const PROJECT: &str = "/ng/account/practice/all/orgs/default/projects";

fn page(rest: &str) -> String {
    format!("https://shop.harness.example{PROJECT}/{rest}")
}

#[tokio::test]
async fn an_address_stands_for_type_id_and_place() {
    let harness = Harness::start_with(&[("HARNESS_ORG", ""), ("HARNESS_PROJECT", "")]).await;
    for (tool, rest, more, expected) in [
        ("harness_get", "shop/pipelines/deploy_shop/pipeline-studio", json!({}), "yamlPipeline"),
        (
            "harness_get",
            "shop/pipelines/deploy_shop/executions/deploy_shop-run-3/pipeline?stage=x",
            json!({}),
            "1.4.O",
        ),
        ("harness_get", "shop/settings/connectors/git", json!({}), "Github"),
        ("harness_list", "shop/pipelines", json!({}), "nightly_tests"),
        (
            "harness_list",
            "shop/pipelines/deploy_shop/pipeline-studio",
            json!({ "resource_type": "input_set" }),
            "Release",
        ),
        (
            "harness_diagnose",
            "shop/pipelines/deploy_shop/deployments/deploy_shop-run-3/pipeline",
            json!({}),
            "likely_cause",
        ),
        ("harness_diagnose", "shop/pipelines/deploy_shop/pipeline-studio", json!({}), "1.4.O"),
        ("harness_status", "shop/pipelines", json!({}), "degraded"),
    ] {
        let mut arguments = json!({ "url": page(rest) });
        arguments.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let found = harness.ok(tool, arguments).await.to_string();
        assert!(found.contains(expected), "{tool} {rest}: {found}");
    }
    harness.app.stop().await;
}

/// As people write addresses when account and project are clear.
#[tokio::test]
async fn an_address_may_leave_account_and_project_out() {
    let harness = Harness::start().await;
    let url = "https://app.harness.io/ng/account/.../pipelines/deploy_shop/executions/\
               deploy_shop-run-3/pipeline";
    let found = harness.ok("harness_diagnose", json!({ "url": url })).await;
    assert_eq!(found["execution_id"], "deploy_shop-run-3", "{found:#}");
    harness.app.stop().await;
}

#[tokio::test]
async fn what_a_call_says_itself_wins_over_the_address() {
    let harness = Harness::start().await;
    let pipeline = page("shop/pipelines/deploy_shop");
    let other = json!({ "url": pipeline, "resource_id": "nightly_tests" });
    let found = harness.ok("harness_get", other).await.to_string();
    assert!(found.contains("Nightly tests"), "{found}");
    let elsewhere = json!({ "url": pipeline, "resource_type": "service", "project_id": "billing" });
    assert_eq!(harness.ok("harness_list", elsewhere).await["items"], json!([]));
    let useless = json!({ "url": "https://example.com/about", "resource_type": "pipeline",
                          "resource_id": "deploy_shop" });
    harness.ok("harness_get", useless).await;
    for (url, expected) in [
        ("https://example.com/about", "no page of Harness"),
        ("https://app.harness.io/ng/account/other/all/orgs/o/projects/p/pipelines/x", "\"other\""),
    ] {
        let message = harness.refused("harness_get", json!({ "url": url })).await;
        assert!(message.contains(expected), "{url}: {message}");
    }
    harness.app.stop().await;
}

/// A page of the account or of an organization is of nothing in the configured project.
#[tokio::test]
async fn a_call_acts_on_the_level_of_the_page() {
    let harness = Harness::start().await;
    let delete = |path: &str, more: Value| {
        let url = format!("https://app.harness.io/ng/account/practice{path}");
        let mut arguments = json!({ "url": url, "dry_run": true });
        arguments.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        arguments
    };
    for (path, more, present, absent) in [
        (
            "/settings/resources/connectors/c1",
            json!({}),
            "connectors/c1",
            "orgIdentifier=|projectIdentifier=",
        ),
        ("/all/orgs/o/settings/connectors/c1", json!({}), "orgIdentifier=o", "projectIdentifier="),
        ("/settings/access-control/user-groups/g1", json!({}), "user-groups/g1", "orgIdentifier="),
        (
            "/settings/resources/connectors/c1",
            json!({ "project_id": "billing" }),
            "projectIdentifier=billing",
            "projectIdentifier=shop",
        ),
    ] {
        let plan = harness.ok("harness_delete", delete(path, more)).await.to_string();
        assert!(plan.contains(present), "{path}: {plan}");
        for absent in absent.split('|') {
            assert!(!plan.contains(absent), "{path}: {plan}");
        }
    }
    for unknown in ["/settings/some-new-page/x", "/overview"] {
        let path = format!("/all/orgs/default/projects/shop{unknown}");
        let message = harness.refused("harness_delete", delete(&path, json!({}))).await;
        assert!(message.contains("no page of Harness"), "{unknown}: {message}");
    }
    let exemptions = json!({ "url": page("shop/sto/exemptions") });
    let answer = harness.app.call_on(super::PATH, "harness_list", exemptions).await;
    let message = answer.to_string();
    assert!(!message.contains("status is required"), "{message}");
    harness.app.stop().await;
}

#[tokio::test]
async fn results_link_to_their_pages() {
    let harness = Harness::start().await;
    let shop = format!("{}{PROJECT}/shop", harness.fake.url);
    let get = |kind: &str, id: &str| json!({ "resource_type": kind, "resource_id": id });
    for (arguments, path) in [
        (get("pipeline", "deploy_shop"), "pipelines/deploy_shop/pipeline-studio"),
        (
            get("execution", "deploy_shop-run-3"),
            "pipelines/deploy_shop/deployments/deploy_shop-run-3/pipeline",
        ),
        (get("service", "shop"), "settings/services/shop"),
        (get("connector", "git"), "settings/connectors/git"),
    ] {
        let found = harness.ok("harness_get", arguments).await;
        assert_eq!(found["openInHarness"], json!(format!("{shop}/{path}")), "{found:#}");
    }
    let list = harness.ok("harness_list", json!({ "resource_type": "pipeline" })).await;
    let first = &list["items"][0];
    assert_eq!(first["name"], "Deploy shop", "a link is not a part of the name");
    let linked = json!(format!("{shop}/pipelines/deploy_shop/pipeline-studio"));
    assert_eq!(first["openInHarness"], linked);
    let status = harness.ok("harness_status", json!({})).await;
    let link = status["failed_executions"][0]["openInHarness"].as_str().unwrap_or_default();
    assert!(link.ends_with("/deployments/deploy_shop-run-3/pipeline"), "{status:#}");
    let delegates = harness.ok("harness_list", json!({ "resource_type": "delegate" })).await;
    let link = delegates["openInHarness"].as_str().unwrap_or_default();
    assert!(link.ends_with("/settings/resources/delegates"), "{delegates:#}");
    assert_eq!(delegates["items"][0].get("openInHarness"), None::<&Value>);
    harness.app.stop().await;
}
