//! A product that works on another one's platform, as it would on a Tharsis installation: over
//! the network, with a credential of its own.

use pilothouse_testkit::TestApp;
use serde_json::{Value, json};

/// The platform, and a product that knows it as `remote`.
async fn pair(more: &[(&str, &str)]) -> (TestApp, TestApp) {
    let platform = TestApp::start(&[("PILOTHOUSE_AUTO_APPROVE", "all")]).await;
    let (url, token) = (platform.url(""), platform.token().to_owned());
    let mut variables = vec![
        ("PILOTHOUSE_AUTO_APPROVE", "all"),
        ("THARSIS_ENDPOINT", url.as_str()),
        ("THARSIS_STATIC_TOKEN", token.as_str()),
    ];
    variables.extend_from_slice(more);
    let product = TestApp::start(&variables).await;
    (platform, product)
}

fn group(instance: &str, name: &str) -> Value {
    json!({ "resource_type": "tharsis.group", "instance": instance, "body": { "name": name } })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_lands_on_the_instance_that_it_names() {
    let (platform, product) = pair(&[]).await;
    product.ok("infra_create", group("remote", "there")).await;
    product.ok("infra_create", group("default", "here")).await;
    let list = json!({ "resource_type": "tharsis.group" });
    let there = platform.ok("infra_list", list.clone()).await;
    assert_eq!(there["items"].as_array().unwrap().len(), 1);
    assert_eq!(there["items"][0]["full_path"], "there");

    let unnamed = product.refused("infra_list", list).await;
    assert!(unnamed.contains("default, remote"), "{unnamed}");
    let get = json!({ "id": "trn:group:there" });
    let found = product.call_on("/mcp/tharsis", "get_group", get).await;
    assert_eq!(found["structuredContent"]["group"]["full_path"], "there", "the surface means it");
    product.stop().await;
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn files_and_routes_of_its_rest_are_reached_too() {
    let (platform, product) = pair(&[]).await;
    product.ok("infra_create", group("remote", "acme")).await;
    let workspace = json!({ "resource_type": "tharsis.workspace", "instance": "remote",
                            "body": { "name": "net", "group_id": "trn:group:acme" } });
    product.ok("infra_create", workspace).await;
    let upload = json!({
        "resource_type": "tharsis.configuration_version", "action": "upload", "instance": "remote",
        "params": { "workspace_id": "trn:workspace:acme/net", "files": { "main.tf": "" } },
    });
    let uploaded = product.ok("infra_execute", upload).await;
    assert_eq!(uploaded["status"], "uploaded", "{uploaded:#}");
    let everything = product.ok("infra_status", json!({ "instance": "remote" })).await;
    let status = &everything["platforms"][0]["status"];
    assert!(status["worker"]["available"].is_boolean(), "{everything:#}");
    product.stop().await;
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_credential_is_said_and_not_shown() {
    let (platform, product) = pair(&[("THARSIS_STATIC_TOKEN", "n0t-the-token")]).await;
    let list = json!({ "resource_type": "tharsis.group", "instance": "remote" });
    let message = product.refused("infra_list", list).await;
    assert!(message.contains("credential configured for this platform was refused"), "{message}");
    assert!(!message.contains("n0t-the-token"), "{message}");
    product.stop().await;
    platform.stop().await;
}

/// The tools of the drop-in surface under these switches.
async fn tools(variables: &[(&str, &str)]) -> Vec<String> {
    let app = TestApp::start(variables).await;
    let answer = app.rpc("/mcp/tharsis", "tools/list", json!({})).await;
    app.stop().await;
    let tools = answer.body["result"]["tools"].as_array().unwrap().iter();
    tools.map(|tool| tool["name"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn the_switches_of_the_replaced_server_choose_its_tools() {
    let all = tools(&[]).await;
    assert_eq!(all.len(), 14);
    for (variables, expected) in [
        (&[("THARSIS_MCP_ENABLED_TOOLSETS", "plan")][..], &["get_plan", "get_plan_diff"][..]),
        (&[("THARSIS_MCP_TOOLSETS", "plan")], &["get_plan", "get_plan_diff"]),
        (
            &[("THARSIS_MCP_TOOLSETS", "plan"), ("THARSIS_MCP_TOOLS", "get_run")],
            &["get_plan", "get_plan_diff", "get_run"],
        ),
    ] {
        let mut offered = tools(variables).await;
        offered.sort();
        assert_eq!(offered, expected, "{variables:?}");
    }
    let only_tools = tools(&[("THARSIS_MCP_ENABLED_TOOLS", "get_run")]).await;
    assert_eq!(only_tools, all, "tools add to the toolsets, and without any those are all");
    let read_only = tools(&[("THARSIS_MCP_READ_ONLY", "true")]).await;
    assert_eq!(read_only, all, "all of them read");
}

#[tokio::test]
async fn what_a_switch_leaves_out_does_not_exist() {
    let app = TestApp::start(&[("THARSIS_MCP_TOOLSETS", "plan")]).await;
    let params = json!({ "name": "get_run", "arguments": { "id": "x" } });
    let answer = app.rpc("/mcp/tharsis", "tools/call", params).await;
    assert_eq!(answer.body["error"]["code"], -32602, "{:#}", answer.body);
    app.stop().await;
}

#[tokio::test]
async fn read_only_refuses_writes_of_every_surface_it_is_set_for() {
    let app =
        TestApp::start(&[("PILOTHOUSE_AUTO_APPROVE", "all"), ("PILOTHOUSE_READ_ONLY", "true")])
            .await;
    let listed = app.rpc("/mcp", "tools/list", json!({})).await.body.to_string();
    assert!(!listed.contains("infra_create"), "{listed}");
    let lock = json!({ "resource_type": "tharsis.workspace", "action": "lock",
                       "params": { "workspace_id": "trn:workspace:acme/net" } });
    let message = app.refused("infra_execute", lock).await;
    assert!(message.to_lowercase().contains("read"), "{message}");
    app.stop().await;
}
