//! What Harness or a proxy before it does wrong.

use pilothouse_testkit::Fault;
use serde_json::json;

use super::Harness;

#[tokio::test]
async fn faults_are_outlasted_or_explained() {
    let harness = Harness::start_with(&[("HARNESS_API_TIMEOUT_MS", "400")]).await;
    let list = json!({ "resource_type": "pipeline" });
    for fault in [Fault::Limited(0), Fault::Broken, Fault::Html, Fault::HalfBody] {
        harness.fake.fail("/pipeline/api/pipelines/list", [fault]);
        let found = harness.ok("harness_list", list.clone()).await;
        assert_eq!(found["total"], 2, "{fault:?}");
        assert_eq!(harness.fake.seen().len(), 2, "{fault:?}");
    }
    harness.app.stop().await;
}

#[tokio::test]
async fn what_lasts_is_an_error_without_the_page() {
    let switches = [("HARNESS_MAX_RETRIES", "0"), ("HARNESS_API_TIMEOUT_MS", "400")];
    let harness = Harness::start_with(&switches).await;
    let list = json!({ "resource_type": "pipeline" });
    for (fault, expected) in [
        (Fault::Html, "502"),
        (Fault::Broken, "something went wrong"),
        (Fault::Limited(7), "429"),
        (Fault::Silent, "within 0.4 s"),
        (Fault::HalfBody, "harness"),
    ] {
        harness.fake.fail("/pipeline/api/pipelines/list", [fault]);
        let message = harness.refused("harness_list", list.clone()).await;
        assert!(message.contains(expected) && !message.contains('<'), "{fault:?}: {message}");
    }
    harness.app.stop().await;
}

#[tokio::test]
async fn harness_says_no_in_its_own_words() {
    let harness = Harness::start().await;
    let arguments = json!({ "resource_type": "pipeline", "resource_id": "none" });
    let message = harness.refused("harness_get", arguments).await;
    assert!(message.contains("Pipeline with identifier [none] not found"), "{message}");
    harness.app.stop().await;
}

#[tokio::test]
async fn a_search_survives_a_type_that_fails() {
    let harness = Harness::start_with(&[("HARNESS_MAX_RETRIES", "0")]).await;
    harness.fake.fail("/ng/api/servicesV2", [Fault::Html]);
    let types = json!({ "query": "shop", "resource_types": ["pipeline", "service"] });
    let found = harness.ok("harness_search", types).await;
    assert_eq!(found["failed"][0]["resource_type"], "service", "{found:#}");
    assert_eq!(found["results"][0]["item"]["identifier"], "deploy_shop", "{found:#}");
    harness.app.stop().await;
}
