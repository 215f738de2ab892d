//! Every call leaves a record; a write leaves its intent first.

use pilothouse_model::audit::Outcome;
use pilothouse_store::AuditFilter;
use pilothouse_testkit::{TestApp, operate};
use serde_json::{Value, json};

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

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_narrows_the_trail() {
    let app = TestApp::start(&[]).await;
    app.ok("infra_list", json!({ "resource_type": "tharsis.group" })).await;
    app.refused("infra_get", json!({ "resource_type": "nothing" })).await;
    let audit = |narrowed: &[&str]| {
        let arguments: Vec<&str> = ["audit"].iter().chain(narrowed).copied().collect();
        operate(&app.data(), &arguments)
    };
    let tools = |narrowed: &[&str]| {
        let (code, text) = audit(&[narrowed, &["--json"]].concat());
        assert_eq!(code, Some(0), "{narrowed:?}");
        let rows: Vec<Value> = serde_json::from_str(&text).unwrap();
        rows.iter().map(|row| row["tool"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let rows = app.running().product().store.audit_list(&AuditFilter::default()).await.unwrap();
    let both: &[&str] = &["infra_get", "infra_list"];
    for (narrowed, expected) in [
        (&[][..], both),
        (&["--since", "1h"], both),
        (&["--since", "2026-01-01"], both),
        (&["--since", "2099-01-01T00:00:00Z"], &[]),
        (&["--outcome", "failed"], &["infra_get"]),
        (&["--operation", "tharsis.group.list"], &["infra_list"]),
        (&["--request", &rows[1].request_id], &["infra_list"]),
        (&["--tool", "infra_get", "--outcome", "done"], &[]),
        (&["--unfinished"], &[]),
    ] {
        assert_eq!(tools(narrowed), expected, "{narrowed:?}");
    }
    for (narrowed, said) in [
        (&["--outcome", "denied"][..], "No call is like this."),
        (&["--unfinished"], "Every write has its outcome."),
        (&["--unfinished", "--since", "1h"], "No call is like this."),
    ] {
        assert_eq!(audit(narrowed).1.trim(), said, "{narrowed:?}");
    }
    assert_eq!(audit(&["--since", "yesterday"]).0, Some(2));
    app.stop().await;
}
