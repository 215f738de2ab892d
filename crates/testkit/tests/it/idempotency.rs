//! Idempotency keys of calls: one effect, one result, and the truth where neither is known.

use pilothouse_testkit::{Fault, TestApp};
use serde_json::{Value, json};
use sqlx::{Connection as _, SqliteConnection};

use crate::harness::{Harness, PATH};

const AUTO: (&str, &str) = ("PILOTHOUSE_AUTO_APPROVE", "all");

fn group(name: &str, key: &str) -> Value {
    json!({ "resource_type": "tharsis.group", "idempotency_key": key,
            "body": { "name": name, "description": "with AKIAABCDEFGHIJKLMNOP inside" } })
}

async fn database(app: &TestApp) -> SqliteConnection {
    let path = app.data().join("pilothouse.db");
    SqliteConnection::connect(&format!("sqlite://{}", path.display())).await.unwrap()
}

#[tokio::test]
async fn a_key_gives_the_first_result_again() {
    let app = TestApp::start(&[AUTO]).await;
    let first = app.ok("infra_create", group("acme", "k1")).await;
    let second = app.ok("infra_create", group("acme", "k1")).await;
    assert_eq!(first, second);
    let refused = app.refused("infra_create", group("beta", "k1")).await;
    assert!(refused.contains("different change"), "{refused}");
    app.stop().await;
}

#[tokio::test]
async fn what_is_kept_of_a_result_is_masked() {
    let app = TestApp::start(&[AUTO]).await;
    let made = app.ok("infra_create", group("acme", "k1")).await;
    assert_eq!(made["description"], "with *** inside", "{made:#}");
    let mut database = database(&app).await;
    let kept = sqlx::query_scalar::<_, String>("SELECT result FROM idempotency");
    let kept = kept.fetch_one(&mut database).await.unwrap();
    assert!(kept.contains("with *** inside"), "{kept}");
    app.stop().await;
}

#[tokio::test]
async fn a_write_that_is_done_is_told_also_when_its_key_cannot_be_kept() {
    let app = TestApp::start(&[AUTO]).await;
    let full = "CREATE TRIGGER full BEFORE UPDATE ON idempotency \
                BEGIN SELECT RAISE(ABORT, 'no room'); END";
    sqlx::raw_sql(full).execute(&mut database(&app).await).await.unwrap();
    let made = app.ok("infra_create", group("acme", "k1")).await;
    assert_eq!(made["name"], "acme", "{made:#}");
    let refused = app.refused("infra_create", group("acme", "k1")).await;
    assert!(refused.contains("its outcome is unknown"), "{refused}");
    app.stop().await;
}

#[tokio::test]
async fn a_key_is_free_again_only_if_certainly_nothing_was_done() {
    let harness = Harness::start_with(&[("HARNESS_AUTO_APPROVE_RISK", "all")]).await;
    for (fault, told, is_free) in [
        (Fault::Huge, "may have done it", false),
        (Fault::Html, "may have done it", false),
        (Fault::Broken, "may have done it", false),
        (Fault::Refused, "Not like this", true),
    ] {
        let name = format!("{fault:?}");
        let create = json!({ "resource_type": "service", "idempotency_key": name,
                             "body": { "identifier": name, "name": name } });
        harness.fake.fail("/ng/api/servicesV2", [fault]);
        let message = harness.refused("harness_create", create.clone()).await;
        assert!(message.contains(told), "{fault:?}: {message}");
        harness.fake.seen();
        let again = harness.app.call_on(PATH, "harness_create", create).await;
        let text = again["content"][0]["text"].as_str().unwrap();
        assert_eq!(again["isError"] != true, is_free, "{fault:?}: {text}");
        assert!(is_free || text.contains("its outcome is unknown"), "{fault:?}: {text}");
        assert_eq!(harness.fake.seen().is_empty(), !is_free, "{fault:?}");
    }
    harness.app.stop().await;
}
