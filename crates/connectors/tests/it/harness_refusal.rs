//! Harness: what becomes of its refusals on their way to whoever reads them.

use serde_json::json;
use wiremock::{
    Mock, MockServer, ResponseTemplate,
    matchers::{any, path},
};

use crate::{
    fake::{args, caller},
    harness_wire::{config, connect},
};

#[tokio::test]
async fn every_reason_reaches_the_caller_and_the_key_does_not() {
    let key = "pat.acme.id.s3cret";
    let server = MockServer::start().await;
    let refusal = json!({
        "status": "FAILURE", "code": "INVALID_REQUEST", "message": format!("{key} may not"),
        "errors": [{"fieldId": "identifier", "error": "must not be blank"},
                   {"fieldId": "name", "error": "is too long"}],
    });
    for (status, at) in
        [(400, "/pipeline/api/pipelines/refused"), (200, "/pipeline/api/pipelines/disguised")]
    {
        Mock::given(path(at))
            .respond_with(ResponseTemplate::new(status).set_body_json(&refusal))
            .mount(&server)
            .await;
    }
    let connector = connect(config(&server));
    for pipeline in ["refused", "disguised"] {
        let with = args(json!({ "pipeline_id": pipeline }));
        let error = connector.call(&caller(), "pipeline.get", with).await.unwrap_err();
        let said = "[credential] may not: identifier: must not be blank; name: is too long";
        assert!(error.message.contains(said), "{error}");
        assert!(!error.to_string().contains(key), "{error}");
    }
}

#[tokio::test]
async fn a_link_that_is_refused_is_not_the_credentials_fault() {
    let (server, store) = (MockServer::start().await, MockServer::start().await);
    Mock::given(any()).respond_with(ResponseTemplate::new(403)).mount(&store).await;
    for (link, message, hint) in [
        (
            format!("{}/log.zip", store.uri()),
            "the store of logs answered 403",
            "the link has expired",
        ),
        ("file:///etc/hostname".to_owned(), "not safe to follow", ""),
    ] {
        server.reset().await;
        let answer = json!({"status": "success", "link": link});
        Mock::given(any())
            .respond_with(ResponseTemplate::new(200).set_body_json(answer))
            .expect(1)
            .mount(&server)
            .await;
        let with = args(json!({"prefix": "p"}));
        let error =
            connect(config(&server)).call(&caller(), "execution_log.get", with).await.unwrap_err();
        assert!(error.message.contains(message), "{error}");
        assert!(error.hint.as_deref().unwrap_or_default().contains(hint), "{error}");
    }
}
