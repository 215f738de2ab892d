//! Harness over HTTP: what every request carries, which server it goes to, and what becomes of
//! answers that are not what they should be.

use pilothouse_connectors::{Connector, harness::HarnessConfig};
use pilothouse_model::{Error, Kind};
use pilothouse_registry::Catalog;
use serde_json::{Value, json};
use wiremock::{
    Mock, MockServer, ResponseTemplate,
    matchers::{any, header, method, path, query_param},
};

use crate::fake::{args, caller};

pub(crate) fn config(server: &MockServer) -> HarnessConfig {
    HarnessConfig {
        base_url: server.uri(),
        fme_base_url: server.uri(),
        org_id: Some("default".into()),
        project_id: Some("shop".into()),
        ..HarnessConfig::new("pat.acme.id.s3cret".into())
    }
}

pub(crate) fn connect(config: HarnessConfig) -> Connector {
    let catalog = Catalog::embedded().platform("harness").unwrap();
    config.connect(catalog, Connector::DEFAULT_INSTANCE).unwrap()
}

async fn call(server: &MockServer, operation: &str, with: Value) -> Result<Value, Error> {
    connect(config(server)).call(&caller(), operation, args(with)).await
}

async fn answers(response: ResponseTemplate) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(response).mount(&server).await;
    server
}

const GET: &str = "pipeline.get";

fn pipeline() -> Value {
    json!({"pipeline_id": "deploy"})
}

#[tokio::test]
async fn a_request_carries_key_account_and_scope() {
    let server = MockServer::start().await;
    Mock::given(method("GET"))
        .and(path("/pipeline/api/pipelines/deploy"))
        .and(header("x-api-key", "pat.acme.id.s3cret"))
        .and(header("harness-account", "acme"))
        .and(query_param("accountIdentifier", "acme"))
        .and(query_param("orgIdentifier", "default"))
        .and(query_param("projectIdentifier", "shop"))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!({"data": {"a": 1}})))
        .mount(&server)
        .await;
    let link = format!(
        "{}/ng/account/acme/all/orgs/default/projects/shop/pipelines/deploy/pipeline-studio",
        server.uri()
    );
    let answer = call(&server, GET, pipeline()).await.unwrap();
    assert_eq!(answer, json!({"a": 1, "openInHarness": link}));
}

/// What the examples of the server that we replace do not show: its paths depend on values.
#[tokio::test]
async fn a_part_of_a_thing_has_a_path_of_its_own() {
    let server = answers(ResponseTemplate::new(200).set_body_json(json!({}))).await;
    let connector = connect(config(&server));
    let period = json!({"date_start": "2026-01-01", "date_end": "2026-01-31"});
    for (operation, with, expected) in [
        ("sei_dora_metric.get", json!({}), "insights/efficiency/deploymentFrequency"),
        ("sei_dora_metric.get", json!({"metric": "lead_time"}), "insights/efficiency/leadtime"),
        ("sei_dora_metric.get", json!({"metric": "mttr"}), "insights/efficiency/mttr"),
        ("sei_ai_adoption.get", json!({"aspect": "metrics"}), "coding-assistant/adoptions"),
        (
            "sei_ai_adoption.list",
            json!({"aspect": "summary"}),
            "coding-assistant/adoptions/summary",
        ),
        ("sei_ai_impact.get", json!({}), "coding-assistant/pr-velocity/summary"),
        ("sei_ai_impact.get", json!({"aspect": "rework"}), "coding-assistant/rework/summary"),
        ("cost_commitment.get", json!({}), "accounts/acme/v1/detail/compute_coverage"),
        ("cost_commitment.get", json!({"aspect": "analysis"}), "accounts/acme/v2/spend/detail"),
        (
            "cost_commitment.get",
            json!({"aspect": "estimated_savings", "cloud_account_id": "c"}),
            "accounts/acme/v2/setup/c/estimated_savings",
        ),
        ("cost_filter_value.list", json!({"value_type": "region"}), "/ccm/api/graphql"),
        (
            "cost_filter_value.list",
            json!({"value_type": "cost_category"}),
            "/ccm/api/business-mapping",
        ),
        (
            "template_v1.get",
            json!({"template_id": "t", "org_id": "o", "project_id": "p", "global": true}),
            "/v1/templates/t",
        ),
        (
            "fme_rule_based_segment.create",
            json!({"workspace_id": "w", "traffic_type_id": "t", "body": {"name": "n"}}),
            "rule-based-segments/ws/w/trafficTypes/t",
        ),
        (
            "fme_feature_flag.archive",
            json!({"feature_flag_name": "f"}),
            "/fme/api/v4/feature-flags/f/archive",
        ),
        (
            "fme_feature_flag.archive",
            json!({"feature_flag_name": "f", "workspace_id": "w"}),
            "/internal/api/v2/splits/ws/w/f/archive",
        ),
        (
            "scs_component_enrichment.get",
            json!({"purl": "p"}),
            "ssca-manager/v1/components/details",
        ),
        // Null says that the call acts above that level.
        (
            "iacm_variable_set.get",
            json!({"variable_set_id": "v"}),
            "/iacm/api/orgs/default/projects/shop/variable-set/v",
        ),
        (
            "iacm_variable_set.get",
            json!({"variable_set_id": "v", "project_id": null}),
            "/iacm/api/orgs/default/variable-set/v",
        ),
        (
            "iacm_variable_set.get",
            json!({"variable_set_id": "v", "org_id": null, "project_id": null}),
            "/iacm/api/variable-set/v",
        ),
        (
            "idp_entity.get",
            json!({"kind": "api", "entity_id": "e", "org_id": null, "project_id": null}),
            "/v1/entities/account/api/e",
        ),
    ] {
        let mut with = args(with);
        if operation.starts_with("sei") {
            with.extend(args(period.clone()));
        }
        connector.call(&caller(), operation, with.clone()).await.unwrap();
        let sent = server.received_requests().await.unwrap();
        let path = sent.last().unwrap().url.path();
        assert!(path.ends_with(expected), "{operation} {with:?}: {path}");
        let body: Value = serde_json::from_slice(&sent.last().unwrap().body).unwrap_or_default();
        assert!(body.get("aspect").is_none() && body.get("metric").is_none(), "{body}");
    }
}

#[tokio::test]
async fn a_part_that_needs_an_account_says_so() {
    let server = answers(ResponseTemplate::new(200)).await;
    let aspect = json!({"aspect": "estimated_savings"});
    let error = call(&server, "cost_commitment.get", aspect).await.unwrap_err();
    assert!(error.to_string().starts_with("cloud_account_id: missing"), "{error}");
    assert!(server.received_requests().await.unwrap().is_empty());
}

#[tokio::test]
async fn feature_management_has_its_own_server_and_key() {
    let (main, fme) = (answers(ResponseTemplate::new(500)).await, MockServer::start().await);
    Mock::given(header("authorization", "Bearer fme-key"))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!({"name": "flag"})))
        .mount(&fme)
        .await;
    let config = HarnessConfig {
        fme_base_url: fme.uri(),
        fme_api_key: Some("fme-key".into()),
        ..config(&main)
    };
    let flag = json!({"workspace_id": "w", "feature_flag_name": "flag"});
    let get = "fme_feature_flag.get";
    let answer = connect(config.clone()).call(&caller(), get, args(flag.clone())).await.unwrap();
    assert_eq!(answer["name"], "flag");
    let sent = &fme.received_requests().await.unwrap()[0];
    assert!(
        !sent.headers.contains_key("x-api-key") && !sent.headers.contains_key("harness-account")
    );

    let config = HarnessConfig { fme_api_key: Some("pat.acme.dummy".into()), ..config };
    let error = connect(config).call(&caller(), get, args(flag)).await.unwrap_err();
    assert_eq!(error.kind, Kind::Unavailable);
    assert!(error.message.contains("fme"), "{error}");
}

#[tokio::test]
async fn errors_keep_status_and_words_and_say_what_to_do() {
    let missing = ResponseTemplate::new(404).set_body_json(json!({"status": "ERROR",
        "code": "ENTITY_NOT_FOUND", "message": "no such pipeline", "correlationId": "c-1"}));
    let denied = ResponseTemplate::new(403).set_body_json(json!({"message": "missing permission"}));
    let page = ResponseTemplate::new(401)
        .set_body_raw("<html><title>Sign in</title><b>internal</b></html>", "text/html");
    let signed_out =
        ResponseTemplate::new(200).set_body_raw("<!DOCTYPE html><p>app</p>", "text/html");
    let hidden = ResponseTemplate::new(200)
        .set_body_json(json!({"status": "ERROR", "code": "INVALID_REQUEST", "message": "no"}));
    for (response, kind, message, hint) in [
        (
            missing,
            Kind::NotFound,
            "harness answered 404: no such pipeline (ENTITY_NOT_FOUND, correlation c-1)",
            "org_id",
        ),
        (denied, Kind::Forbidden, "harness answered 403: missing permission", "permission"),
        (page, Kind::Upstream, "harness answered 401: a web page, \"Sign in\"", "credential"),
        (signed_out, Kind::Upstream, "harness answered with a web page", "console"),
        (hidden, Kind::Upstream, "harness refused: no (INVALID_REQUEST)", ""),
    ] {
        let error = call(&answers(response).await, GET, pipeline()).await.unwrap_err();
        assert_eq!((error.kind, error.message.as_str()), (kind, message));
        assert!(error.hint.unwrap_or_default().contains(hint), "{message}");
    }
}

/// What a request makes up is not known before it is sent, and the plan says so.
#[tokio::test]
async fn a_plan_shows_no_identifier_that_never_goes_out() {
    let server = answers(ResponseTemplate::new(200).set_body_json(json!({}))).await;
    let connector = connect(config(&server));
    for (operation, with, field) in [
        ("chaos_experiment.create", json!({"body": {"name": "n", "manifest": "m"}}), "/id"),
        ("chaos_loadtest.run", json!({"loadtest_id": "l"}), "/identity"),
    ] {
        let plan = || connector.preview(operation, &args(with.clone())).unwrap();
        let at = format!("/body{field}");
        assert_eq!(plan().pointer(&at), Some(&json!("(a new identifier)")), "{:#}", plan());
        connector.call(&caller(), operation, args(with.clone())).await.unwrap();
        let sent = server.received_requests().await.unwrap().pop().unwrap();
        let body: Value = serde_json::from_slice(&sent.body).unwrap();
        assert_eq!(body.pointer(field).unwrap().as_str().unwrap().len(), 36, "{body}");
    }
}

/// Under the status of a success as well: a message is cut, and names the instance that it is of.
#[tokio::test]
async fn a_long_refusal_is_cut() {
    let catalog = Catalog::embedded().platform("harness").unwrap();
    let body = json!({"data": null, "errors": [{"message": "n\u{1b}[2Jo".repeat(1_000_000)}]});
    for status in [200, 400] {
        let server = answers(ResponseTemplate::new(status).set_body_json(body.clone())).await;
        let connector = config(&server).connect(catalog.clone(), "eu").unwrap();
        let error = connector.call(&caller(), GET, args(pipeline())).await.unwrap_err();
        assert!(error.message.starts_with("harness (eu) "), "{error}");
        assert!(error.message.ends_with("nono") && error.message.len() < 1100, "{error}");
    }
}

#[tokio::test]
async fn a_missing_scope_says_what_sets_it() {
    let server = answers(ResponseTemplate::new(200)).await;
    let config = HarnessConfig { project_id: None, ..config(&server) };
    let error = connect(config).call(&caller(), GET, args(pipeline())).await.unwrap_err();
    assert_eq!(error.kind, Kind::Invalid);
    assert_eq!(error.hint.as_deref(), Some("pass project_id, or set HARNESS_PROJECT"));
    assert!(server.received_requests().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_read_is_repeated_as_often_as_configured() {
    let server = answers(ResponseTemplate::new(500)).await;
    let config = HarnessConfig { retries: 1, ..config(&server) };
    connect(config).call(&caller(), GET, args(pipeline())).await.unwrap_err();
    assert_eq!(server.received_requests().await.unwrap().len(), 2);
}

#[tokio::test]
async fn a_token_for_delegates_is_shown_without_its_value() {
    let token = json!({"name": "site", "status": "ACTIVE", "value": "c2VjcmV0"});
    for (operation, resource) in [
        ("delegate_token.list", json!([token])),
        ("delegate_token.get", token.clone()),
        ("delegate_token.create", token.clone()),
        ("delegate_token.revoke", token.clone()),
    ] {
        let body = json!({ "resource": resource });
        let server = answers(ResponseTemplate::new(200).set_body_json(body)).await;
        let with = match operation {
            "delegate_token.list" => json!({}),
            _ => json!({"token_name": "site"}),
        };
        let shown = call(&server, operation, with).await.unwrap().to_string();
        assert!(shown.contains("site") && shown.contains("***"), "{operation}: {shown}");
        assert!(!shown.contains("c2VjcmV0"), "{operation}: {shown}");
    }
}
