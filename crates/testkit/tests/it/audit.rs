//! Every call leaves a record; a write leaves its intent first.

use pilothouse_model::audit::Outcome;
use pilothouse_store::AuditFilter;
use pilothouse_testkit::TestApp;
use serde_json::json;

async fn outcomes(app: &TestApp, tool: &str) -> Vec<Outcome> {
    let filter = AuditFilter { tool: Some(tool.into()), ..AuditFilter::default() };
    let rows = app.running().product().store.audit_list(&filter).await.unwrap();
    rows.iter().rev().map(|row| row.outcome).collect()
}

#[tokio::test]
async fn each_way_a_call_can_end_is_recorded() {
    let app = TestApp::start(&[("PILOTHOUSE_AUTO_APPROVE", "low_write")]).await;
    let group = json!({ "resource_type": "tharsis.group", "body": { "name": "acme" } });
    let mut dry = group.clone();
    dry["dry_run"] = json!(true);
    app.ok("infra_create", dry).await;
    app.ok("infra_create", group.clone()).await;
    app.refused("infra_create", group).await;
    assert_eq!(
        outcomes(&app, "infra_create").await,
        [Outcome::Planned, Outcome::Intent, Outcome::Done, Outcome::Intent, Outcome::Failed]
    );
    app.refused(
        "infra_delete",
        json!({ "resource_type": "tharsis.group", "id": "trn:group:acme" }),
    )
    .await;
    assert_eq!(outcomes(&app, "infra_delete").await, [Outcome::Asked]);
    app.refused("infra_get", json!({ "resource_type": "nothing" })).await;
    assert_eq!(outcomes(&app, "infra_get").await, [Outcome::Failed]);
    app.stop().await;
}

#[tokio::test]
async fn nobody_is_told_what_no_row_tells() {
    let app = TestApp::start(&[]).await;
    app.ok("infra_describe", json!({})).await;
    app.running().product().store.close().await;
    let refused = app.refused("infra_describe", json!({})).await;
    assert!(refused.contains("could not be recorded"), "{refused}");
    app.stop().await;
}

#[tokio::test]
async fn secrets_are_recorded_masked() {
    let app = TestApp::start(&[("PILOTHOUSE_AUTO_APPROVE", "all")]).await;
    app.ok("infra_create", json!({ "resource_type": "tharsis.group", "body": { "name": "acme" } }))
        .await;
    app.ok(
        "infra_create",
        json!({ "resource_type": "tharsis.variable", "body": {
        "namespace_path": "acme", "category": "terraform", "key": "password",
        "value": "correct-horse", "sensitive": true } }),
    )
    .await;
    let rows = app.running().product().store.audit_list(&AuditFilter::default()).await.unwrap();
    let all = serde_json::to_string(&rows).unwrap();
    assert!(all.contains("tharsis.variable.create"));
    assert!(!all.contains("correct-horse"), "{all}");
    app.stop().await;
}
