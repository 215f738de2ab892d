//! Charts: beside results whose callers wish for one, and instead of the data of visual types.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde_json::{Value, json};

use super::{Harness, PATH};

/// Widest picture, in pixels: readable where clients show it.
const WIDTH: u32 = 1600;
/// Largest picture, in bytes.
const MAX_PNG: usize = 300_000;

/// The picture of a result stands after its text.
fn check_picture(result: &Value) {
    assert_ne!(result["isError"], true, "{result:#}");
    let content = result["content"].as_array().expect("a result has content");
    assert_eq!(content.len(), 2, "{result:#}");
    assert_eq!(content[0]["type"], "text");
    let image = &content[1];
    assert_eq!((&image["type"], &image["mimeType"]), (&json!("image"), &json!("image/png")));
    let png = BASE64_STANDARD.decode(image["data"].as_str().unwrap()).unwrap();
    assert!(png.starts_with(b"\x89PNG\r\n\x1a\n") && png.len() < MAX_PNG, "{}", png.len());
    let width = u32::from_be_bytes(png[16..20].try_into().unwrap());
    assert!((1..=WIDTH).contains(&width), "{width}");
}

const RUN: &str = "deploy_shop-run-3";

#[tokio::test]
async fn every_visual_type_is_a_picture_beside_a_summary() {
    let harness = Harness::start().await;
    for (kind, params, says) in [
        ("visual_timeline", json!({ "execution_id": RUN }), "Build: succeeded"),
        ("visual_stage_flow", json!({ "execution_id": RUN }), "Deploy"),
        ("visual_health_dashboard", json!({}), "failed"),
        ("visual_pie_chart", json!({}), "Failed"),
        ("visual_bar_chart", json!({}), "deploy_shop"),
        ("visual_timeseries", json!({}), "3"),
        ("visual_architecture", json!({ "pipeline_id": "deploy_shop" }), "Build"),
    ] {
        let arguments = json!({ "resource_type": kind, "params": params });
        let result = harness.app.call_on(PATH, "harness_get", arguments).await;
        check_picture(&result);
        let summary = result["structuredContent"]["summary"].as_str().unwrap_or_default();
        assert!(summary.contains(says), "{kind}: {summary}");
    }
    harness.app.stop().await;
}

#[tokio::test]
async fn results_get_the_chart_that_is_wished_for() {
    let harness = Harness::start().await;
    let executions = |visual: &str| json!({ "resource_type": "execution", "visual_type": visual });
    let diagnosis = |visual: &str| json!({ "execution_id": RUN, "include_visual": true, "visual_type": visual });
    for (name, tool, arguments, keeps) in [
        ("list_pie", "harness_list", executions("pie"), "items"),
        ("list_bar", "harness_list", executions("bar"), "items"),
        ("list_timeseries", "harness_list", executions("timeseries"), "items"),
        ("status", "harness_status", json!({ "include_visual": true }), "recent_activity"),
        ("diagnose_timeline", "harness_diagnose", diagnosis("timeline"), "stages"),
        ("diagnose_flow", "harness_diagnose", diagnosis("flow"), "stages"),
        ("diagnose_architecture", "harness_diagnose", diagnosis("architecture"), "stages"),
    ] {
        let result = harness.app.call_on(PATH, tool, arguments).await;
        check_picture(&result);
        let shown = &result["structuredContent"];
        assert!(shown[keeps].is_array(), "{name}: {shown:#}");
        assert!(!shown["visual_summary"].as_str().unwrap_or_default().is_empty(), "{name}");
    }
    harness.app.stop().await;
}

#[tokio::test]
async fn without_a_wish_or_without_data_there_is_no_picture() {
    let harness = Harness::start().await;
    for arguments in [
        json!({ "resource_type": "execution" }),
        json!({ "resource_type": "execution", "include_visual": false, "visual_type": "pie" }),
        json!({ "resource_type": "execution", "include_visual": true, "project_id": "billing" }),
        json!({ "resource_type": "pipeline", "include_visual": true }),
    ] {
        let result = harness.app.call_on(PATH, "harness_list", arguments.clone()).await;
        assert_eq!(result["content"].as_array().unwrap().len(), 1, "{arguments}: {result:#}");
    }
    let wrong = json!({ "resource_type": "execution", "visual_type": "pi" });
    assert!(harness.refused("harness_list", wrong).await.contains("pie"));
    harness.app.stop().await;
}
