//! Starting a pipeline with what a caller knows, and starting it again.

use pilothouse_connectors::Connector;

use super::*;

const TEMPLATE: &str = "pipeline:\n  identifier: deploy\n  variables:\n    - name: env\n      type: String\n      value: <+input>.allowedValues(dev,prod)\n    - name: size\n      type: String\n      value: <+input>.default(small)\n";
const INPUT_SET: &str = "inputSet:\n  identifier: prod\n  pipeline:\n    identifier: deploy\n    variables:\n      - name: env\n        type: String\n        value: prod\n";

async fn platform() -> (MockServer, Connector) {
    let server = MockServer::start().await;
    for (verb, at, answer) in [
        (
            "POST",
            "/pipeline/api/inputSets/template",
            json!({"data": {"inputSetTemplateYaml": TEMPLATE}}),
        ),
        ("GET", "/pipeline/api/inputSets/prod", json!({"data": {"inputSetYaml": INPUT_SET}})),
        ("GET", "/pipeline/api/inputSets", json!({"data": {"content": [{"identifier": "prod"}]}})),
        (
            "POST",
            "/pipeline/api/pipeline/execute/deploy",
            json!({"data": {"planExecution": {"uuid": "ex1"}}}),
        ),
    ] {
        Mock::given(method(verb))
            .and(path(at))
            .respond_with(ResponseTemplate::new(200).set_body_json(answer))
            .mount(&server)
            .await;
    }
    let connector = connect(config(&server));
    (server, connector)
}

/// The body of the request that started the run, as a value.
async fn started_with(server: &MockServer) -> Option<Value> {
    let received = server.received_requests().await.unwrap();
    let run = received.iter().find(|it| it.url.path().contains("/pipeline/execute/"))?;
    assert_eq!(run.headers["content-type"], "application/yaml");
    assert!(!run.url.query().unwrap().contains("inputSetIdentifiers"));
    Some(serde_saphyr::from_slice(&run.body).unwrap())
}

#[tokio::test]
async fn a_run_starts_with_inputs_by_name_and_from_input_sets() {
    let expected = |env: &str, size: &str| {
        json!({"pipeline": {"identifier": "deploy", "variables": [
            {"name": "env", "type": "String", "value": env},
            {"name": "size", "type": "String", "value": size},
        ]}})
    };
    for (with, document) in [
        (json!({"inputs": {"env": "dev"}}), expected("dev", "small")),
        (json!({"inputs": "{\"env\": \"prod\", \"size\": \"large\"}"}), expected("prod", "large")),
        (json!({"inputs": {"size": "large"}, "input_set_ids": "prod"}), expected("prod", "large")),
        (
            json!({"input_set_ids": ["prod"]}),
            json!({"pipeline": {"identifier": "deploy", "variables": [
                {"name": "env", "type": "String", "value": "prod"}]}}),
        ),
        (
            json!({"inputs": {"pipeline": {"variables": [{"name": "env", "value": "dev"}]}},
                "input_set_ids": "prod"}),
            json!({"pipeline": {"identifier": "deploy", "variables": [
                {"name": "env", "type": "String", "value": "dev"}]}}),
        ),
    ] {
        let (server, connector) = platform().await;
        let mut with = args(with);
        with.insert("pipeline_id".into(), json!("deploy"));
        let answer = connector.call(&caller(), "pipeline.run", with.clone()).await.unwrap();
        assert_eq!(answer["planExecution"]["uuid"], "ex1");
        assert_eq!(started_with(&server).await, Some(document), "{with:?}");
    }
}

#[tokio::test]
async fn input_sets_are_looked_for_where_git_has_them() {
    const INPUTS: &str = "pipeline:\n  properties:\n    ci:\n      codebase:\n        connectorRef: git\n        repoName: shop\n        build:\n          type: branch\n          spec:\n            branch: dev\n";
    for (with, expected) in [
        (json!({"inputs": INPUTS}), "branch=dev&connectorRef=git&repoName=shop&storeType=REMOTE"),
        (
            json!({"inputs": INPUTS, "store_type": "REMOTE", "branch": "main"}),
            "branch=main&storeType=REMOTE",
        ),
        (json!({"branch": "main"}), "branch=main"),
    ] {
        let (server, connector) = platform().await;
        let mut with = args(with);
        with.extend(args(json!({"pipeline_id": "deploy", "input_set_ids": "prod"})));
        connector.call(&caller(), "pipeline.run", with.clone()).await.unwrap();
        let received = server.received_requests().await.unwrap();
        let looked = received.iter().find(|it| it.url.path().ends_with("/prod")).unwrap();
        let git = ["branch", "connectorRef", "repoName", "storeType"];
        let mut sent: Vec<String> = looked
            .url
            .query_pairs()
            .filter(|(name, _)| git.contains(&name.as_ref()))
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        sent.sort();
        assert_eq!(sent.join("&"), expected, "{with:?}");
    }
}

#[tokio::test]
async fn a_run_that_lacks_inputs_is_not_started() {
    for (inputs, message, hint) in [
        (json!({"size": "large"}), "inputs: no value for env", "input_set_ids of prod"),
        (json!({"env": "prod", "nope": 1}), "inputs: the pipeline does not ask for nope", ""),
        (json!({"env": "test"}), "inputs: env must be one of dev, prod", ""),
    ] {
        let (server, connector) = platform().await;
        let with = args(json!({"pipeline_id": "deploy", "inputs": inputs}));
        let error = connector.call(&caller(), "pipeline.run", with).await.unwrap_err();
        assert_eq!((error.kind, error.message.as_str()), (Kind::Invalid, message));
        assert!(error.hint.unwrap_or_default().contains(hint), "{message}");
        assert_eq!(started_with(&server).await, None);
    }
}

#[tokio::test]
async fn what_input_sets_leave_open_is_said_before_anybody_is_asked() {
    let (server, connector) = platform().await;
    let small = INPUT_SET.replace("name: env", "name: size").replace("value: prod", "value: small");
    Mock::given(path("/pipeline/api/inputSets/small"))
        .respond_with(
            ResponseTemplate::new(200).set_body_json(json!({"data": {"inputSetYaml": small}})),
        )
        .mount(&server)
        .await;
    let preview = async |set: &str| {
        let with = args(json!({"pipeline_id": "deploy", "input_set_ids": [set]}));
        connector.call(&caller(), "pipeline.preview", with).await
    };
    let shown = preview("prod").await.unwrap();
    assert!(shown["text"].as_str().unwrap().contains("value: prod"), "{shown}");
    let error = preview("small").await.unwrap_err();
    assert_eq!((error.kind, error.message.as_str()), (Kind::Invalid, "inputs: no value for env"));
}

#[tokio::test]
async fn what_cannot_be_continued_is_started_anew() {
    let server = MockServer::start().await;
    Mock::given(method("PUT"))
        .respond_with(ResponseTemplate::new(405).set_body_json(json!({"message": "no retry"})))
        .mount(&server)
        .await;
    Mock::given(path("/pipeline/api/pipelines/execution/v2/ex1"))
        .respond_with(ResponseTemplate::new(200).set_body_json(failed_run()))
        .mount(&server)
        .await;
    let started = json!({"data": {"planExecution": {"uuid": "ex2"}}});
    Mock::given(method("POST"))
        .and(path("/pipeline/api/pipeline/execute/deploy"))
        .respond_with(ResponseTemplate::new(200).set_body_json(started))
        .mount(&server)
        .await;
    let connector = connect(config(&server));
    for with in
        [json!({"execution_id": "ex1"}), json!({"execution_id": "ex1", "pipeline_id": "deploy"})]
    {
        let run = connector.call(&caller(), "pipeline.retry", args(with)).await.unwrap();
        assert_eq!(run["planExecution"]["uuid"], "ex2");
        assert!(run["_note"].as_str().unwrap().contains("started anew"));
    }
}

/// The words of a refusal are the platform's, or of somebody it quotes.
#[tokio::test]
async fn nothing_is_started_anew_because_of_words() {
    let server = MockServer::start().await;
    let words = json!({"message": "the webhook answered 405"});
    Mock::given(method("PUT"))
        .respond_with(ResponseTemplate::new(400).set_body_json(words))
        .mount(&server)
        .await;
    let connector = connect(config(&server));
    let with = args(json!({"execution_id": "ex1", "pipeline_id": "deploy"}));
    let error = connector.call(&caller(), "pipeline.retry", with).await.unwrap_err();
    assert!(error.message.contains("the webhook answered 405"), "{error}");
    assert!(error.changed_nothing);
    assert_eq!(server.received_requests().await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_run_takes_so_many_input_sets() {
    let (server, connector) = platform().await;
    let many: Vec<String> = (0..21).map(|number| format!("set_{number}")).collect();
    let with = args(json!({"pipeline_id": "deploy", "body": {"input_set_ids": many}}));
    let error = connector.call(&caller(), "pipeline.run", with).await.unwrap_err();
    assert_eq!(error.kind, Kind::Limited);
    assert_eq!(started_with(&server).await, None);
}
