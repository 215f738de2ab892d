//! What a request is made of, and what is shown of it.

use std::{collections::BTreeMap, sync::LazyLock};

use pilothouse_registry::{
    Argument, Paging, Place,
    resource::{Level, Scope},
    spec::{Arg, ArgType, Retry},
};
use proptest::prelude::*;

use super::*;
use crate::tharsis;

/// An operation `demo.thing.do` whose arguments have these places.
fn operation(binding: Binding, places: &[(&str, &str)]) -> Operation {
    let argument = |place: &str| {
        let spec = Arg { about: "what it is".into(), ..Arg::default() };
        Argument::new(spec, place.parse().unwrap())
    };
    Operation {
        id: "demo.thing.do".into(),
        name: "do".into(),
        about: String::new(),
        binding,
        routes: Vec::new(),
        body_hook: None,
        scope: Scope::default(),
        host: None,
        content_type: None,
        risk: pilothouse_model::Risk::Read,
        risk_if: BTreeMap::new(),
        retry: Retry::Safe,
        internal: false,
        target: None,
        preview: None,
        args: places.iter().map(|(name, place)| ((*name).into(), argument(place))).collect(),
        constants: Vec::new(),
        paging: None,
        items: None,
        result: None,
        masked: Vec::new(),
        starts: None,
    }
}

fn http(method: pilothouse_registry::Method, path: &str, places: &[(&str, &str)]) -> Operation {
    operation(Binding::Http { method, path: path.parse().unwrap() }, places)
}

fn paged(first_page: Option<u64>) -> Operation {
    let places = [("limit", "query:size"), ("cursor", "query:at")];
    let mut operation = http(pilothouse_registry::Method::Get, "/things", &places);
    operation.paging = Some(Paging {
        next: None,
        more: None,
        total: None,
        first_page,
        first_item: None,
        default: 20,
        max: 100,
    });
    operation
}

fn prepare(operation: &Operation, args: &Value) -> Result<Value> {
    preview(operation, &tharsis::ADAPTER, nowhere(), args.as_object().unwrap())
}

#[test]
fn arguments_go_to_their_places() {
    use pilothouse_registry::Method::{Get, Post};
    let places = [("id", "path"), ("tags", "query:tag"), ("deep", "query:deep")];
    let get = http(Get, "/v1/{id}/end", &places);
    let places = [("name", "body:/spec/name"), ("size", "body:/size"), ("scope", "header:X-Scope")];
    let mut post = http(Post, "/v1/things", &places);
    post.constants = vec![("body:/kind".parse().unwrap(), json!("thing"))];
    for (operation, args, expected) in [
        (
            &get,
            json!({"id": "a/b c?", "tags": ["x", "y&z"], "deep": true}),
            json!({"operation": "demo.thing.do",
                "http": "GET /v1/a%2Fb%20c%3F/end?deep=true&tag=x&tag=y%26z"}),
        ),
        (
            &post,
            json!({"name": "n", "size": 3, "scope": "acme"}),
            json!({"operation": "demo.thing.do", "http": "POST /v1/things",
                "headers": {"x-scope": "acme"},
                "body": {"kind": "thing", "spec": {"name": "n"}, "size": 3}}),
        ),
        (
            &post,
            json!({"name": null}),
            json!({"operation": "demo.thing.do", "http": "POST /v1/things",
                "body": {"kind": "thing"}}),
        ),
    ] {
        assert_eq!(prepare(operation, &args).unwrap(), expected);
    }
}

#[test]
fn a_grpc_message_is_built_by_field_names() {
    let binding = Binding::Grpc { service: "Runs".into(), method: "GetRuns".into() };
    let places = [
        ("workspace", "body:/workspace_id"),
        ("limit", "body:/pagination_options/first"),
        ("bad", "body:/nope"),
    ];
    let operation = operation(binding, &places);
    assert_eq!(
        prepare(&operation, &json!({"workspace": "W", "limit": 5})).unwrap(),
        json!({"operation": "demo.thing.do",
            "grpc": "/martiancloud.tharsis.api.run.Runs/GetRuns",
            "message": {"workspace_id": "W", "pagination_options": {"first": 5}}})
    );
    let error = prepare(&operation, &json!({"bad": 1})).unwrap_err();
    assert!(error.message.contains("nope"), "{error}");
}

#[test]
fn what_is_secret_is_sent_but_not_shown() {
    let mut operation = http(
        pilothouse_registry::Method::Post,
        "/v1",
        &[("token", "body:/token"), ("a", "body:/a")],
    );
    operation.args.get_mut("token").unwrap().spec.secret = true;
    let args = json!({"token": "s3cret", "a": 1});
    let built = build(&operation, &tharsis::ADAPTER, nowhere(), args.as_object().unwrap()).unwrap();
    let shown = prepare(&operation, &args).unwrap();
    assert!(!shown.to_string().contains("s3cret"));
    assert_eq!(shown["body"], json!({"token": "***", "a": 1}));
    let Request::Http(request) = built.request else { panic!("an HTTP request") };
    assert_eq!(serde_json::from_slice::<Value>(&request.body.bytes()).unwrap(), args);
}

#[test]
fn secrets_inside_objects_and_lists_are_masked() {
    let catalog = pilothouse_registry::Catalog::embedded();
    let create = catalog.operation("tharsis.run.create").unwrap();
    let variables = json!([{"category": "environment", "key": "TOKEN", "value": "s3cret"}]);
    let args = json!({"workspace_id": "W", "configuration_version_id": "C",
        "variables": variables});
    let built = build(create, &tharsis::ADAPTER, nowhere(), args.as_object().unwrap()).unwrap();
    let shown = prepare(create, &args).unwrap();
    assert_eq!(shown["message"]["variables"][0]["key"], "TOKEN");
    assert_eq!(shown["message"]["variables"][0]["value"], "***");
    let Request::Grpc(call) = built.request else { panic!("a gRPC request") };
    assert!(crate::protocol::to_json(&call.message).to_string().contains("s3cret"));
}

#[test]
fn a_large_plan_stays_readable() {
    let catalog = pilothouse_registry::Catalog::embedded();
    let upload = catalog.operation("tharsis.configuration_version.upload").unwrap();
    for (count, size) in [(1, 1 << 20), (500, 5000)] {
        let files: Map<_, _> =
            (0..count).map(|n| (format!("{n}.tf"), json!("é".repeat(size)))).collect();
        let shown = prepare(upload, &json!({"workspace_id": "W", "files": files})).unwrap();
        assert!(shown.to_string().len() < 2 * show::MAX_SHOWN);
        let first = shown["arguments"]["files"]["0.tf"].as_str().unwrap();
        assert!(first.ends_with(&format!("({} bytes in all)", 2 * size)), "{first}");
    }
}

#[test]
fn wrong_arguments_are_named() {
    let mut operation = http(pilothouse_registry::Method::Get, "/v1/{id}", &[("id", "path")]);
    operation.args.get_mut("id").unwrap().spec.required = true;
    for (args, message) in [
        (json!({}), "id: missing (what it is)"),
        (json!({"idd": "x"}), "idd: demo.thing.do has no such argument (did you mean id?)"),
        (json!({"id": ".."}), "id: \"..\" is not a name"),
        (json!({"id": ""}), "id: \"\" is not a name"),
    ] {
        assert_eq!(prepare(&operation, &args).unwrap_err().to_string(), message);
    }
}

#[test]
fn pages_are_bounded_and_counted() {
    for (first_page, args, target) in [
        (None, json!({}), "/things?size=20"),
        (None, json!({"limit": 1000, "cursor": "c2"}), "/things?at=c2&size=100"),
        (None, json!({"limit": 0}), "/things?size=1"),
        (Some(1), json!({}), "/things?at=1&size=20"),
        (Some(1), json!({"cursor": "4"}), "/things?at=4&size=20"),
    ] {
        let shown = prepare(&paged(first_page), &args).unwrap();
        assert_eq!(shown["http"], format!("GET {target}"), "{args}");
    }
    assert!(prepare(&paged(Some(0)), &json!({"cursor": "x"})).is_err());
}

fn nowhere() -> Installation<'static> {
    static NOWHERE: ScopeDefaults = ScopeDefaults { account: None, org: None, project: None };
    Installation::new(&NOWHERE, Timestamp(0))
}

fn harbour() -> Installation<'static> {
    static HARBOUR: LazyLock<ScopeDefaults> = LazyLock::new(|| ScopeDefaults {
        account: Some("acc".into()),
        org: Some("home".into()),
        project: None,
    });
    Installation::new(&HARBOUR, Timestamp(0))
}

fn sent(operation: &Operation, args: &Value) -> Result<Value> {
    preview(operation, &tharsis::ADAPTER, harbour(), args.as_object().unwrap())
}

/// An operation that acts in an organization, and in a project if the call names one.
fn scoped() -> Operation {
    let places = [("id", "path"), ("org_id", "query:org"), ("project_id", "query:project")];
    let mut operation = http(pilothouse_registry::Method::Post, "/v1/{id}", &places);
    operation.scope =
        Scope { account: vec!["query:account".parse().unwrap()], required: Level::Org };
    let org = operation.args.get_mut("org_id").unwrap();
    org.also = vec!["body:/orgId".parse().unwrap()];
    org.if_given = vec!["header:x-org".parse().unwrap()];
    operation
}

#[test]
fn a_call_acts_where_it_says_or_where_the_installation_says() {
    let operation = scoped();
    for (args, target, org, header) in [
        (json!({"id": "i"}), "/v1/i?account=acc&org=home", "home", Value::Null),
        (json!({"id": "i", "org_id": "o"}), "/v1/i?account=acc&org=o", "o", json!("o")),
        (
            json!({"id": "i", "org_id": "o", "project_id": "p"}),
            "/v1/i?account=acc&org=o&project=p",
            "o",
            json!("o"),
        ),
    ] {
        let shown = sent(&operation, &args).unwrap();
        assert_eq!(shown["http"], format!("POST {target}"));
        assert_eq!(shown["body"], json!({"orgId": org}));
        assert_eq!(shown["headers"]["x-org"], header);
    }
    let mut narrow = scoped();
    narrow.scope.required = Level::Project;
    let error = sent(&narrow, &json!({"id": "i"})).unwrap_err();
    assert_eq!(
        error.to_string(),
        "project_id: missing (pass project_id, or configure a default for it)"
    );
    let error = prepare(&operation, &json!({"id": "i", "org_id": "o"})).unwrap_err();
    assert!(error.to_string().contains("account"), "{error}");
}

#[test]
fn arguments_choose_the_route() {
    let mut operation = scoped();
    operation.routes = vec![Route {
        given: vec!["project_id".into()],
        when: BTreeMap::from([("kind".into(), "old".into())]),
        method: pilothouse_registry::Method::Put,
        path: "/{account_id}/{project_id}/{id}".parse().unwrap(),
        account: Vec::new(),
        host: Some("old".into()),
        content_type: None,
        constants: vec![("query:kind".parse().unwrap(), json!("old"))],
    }];
    operation.args.get_mut("project_id").unwrap().also = vec![Place::Path];
    operation.args.insert("kind".into(), Argument::new(Arg::default(), Place::Hook));
    let old = json!({"id": "i", "project_id": "p", "kind": "old"});
    let shown = sent(&operation, &old).unwrap();
    assert_eq!(shown["http"], "PUT /acc/p/i?kind=old&org=home&project=p");
    assert_eq!(shown["host"], "old");
    for other in [
        json!({"id": "i"}),
        json!({"id": "i", "project_id": "p"}),
        json!({"id": "i", "project_id": "p", "kind": "new"}),
    ] {
        assert_eq!(sent(&operation, &other).unwrap()["host"], Value::Null, "{other}");
    }
    let error = sent(&operation, &json!({"id": "i", "kind": "old"})).unwrap_err();
    assert!(error.to_string().starts_with("project_id: missing"), "{error}");
}

#[test]
fn a_joined_list_is_one_parameter() {
    let mut operation = http(pilothouse_registry::Method::Get, "/v1", &[("kinds", "query:kinds")]);
    let kinds = operation.args.get_mut("kinds").unwrap();
    (kinds.spec.kind, kinds.spec.joined) = (ArgType::Array, true);
    for kinds in [json!(["a", "b"]), json!("a, b")] {
        let shown = sent(&operation, &json!({"kinds": kinds})).unwrap();
        assert_eq!(shown["http"], "GET /v1?kinds=a%2Cb", "{kinds}");
    }
}

#[test]
fn a_body_is_put_together_from_the_outside_in() {
    let places = [("name", "body:/name"), ("body", "body:"), ("kinds", "body:/filter/kinds")];
    let mut operation = http(pilothouse_registry::Method::Put, "/v1", &places);
    operation.constants = vec![("body:/type".parse().unwrap(), json!("T"))];
    operation.args.get_mut("kinds").unwrap().spec.kind = ArgType::Array;
    let body = operation.args.get_mut("body").unwrap();
    body.spec.kind = ArgType::Object;
    body.spec.open = true;
    body.spec.fields = BTreeMap::from_iter([
        ("id".into(), Arg { from: Some("name".into()), ..Arg::default() }),
        ("size".into(), serde_json::from_value(json!({"about": "", "default": 1})).unwrap()),
        ("branch".into(), Arg::default()),
    ]);
    body.moved = BTreeMap::from_iter([("branch".into(), vec!["query:branch".parse().unwrap()])]);
    for (args, target, body) in [
        (json!({}), "/v1", json!({"size": 1, "type": "T"})),
        (
            json!({"name": "n", "kinds": "a, b"}),
            "/v1",
            json!({"id": "n", "name": "n", "size": 1, "type": "T",
                "filter": {"kinds": ["a", "b"]}}),
        ),
        (
            json!({"name": "n", "body": {"id": "i", "size": 2, "more": true, "branch": "main"}}),
            "/v1?branch=main",
            json!({"id": "i", "size": 2, "more": true, "name": "n", "type": "T"}),
        ),
    ] {
        let shown = sent(&operation, &args).unwrap();
        assert_eq!((&shown["http"], &shown["body"]), (&json!(format!("PUT {target}")), &body));
    }
}

#[test]
fn a_field_may_be_the_whole_body() {
    let mut operation = http(pilothouse_registry::Method::Put, "/v1", &[("body", "body:")]);
    let body = operation.args.get_mut("body").unwrap();
    body.spec.kind = ArgType::Object;
    body.moved = BTreeMap::from_iter([("items".into(), vec!["body:".parse().unwrap()])]);
    let shown = sent(&operation, &json!({"body": {"items": [1, 2]}})).unwrap();
    assert_eq!(shown["body"], json!([1, 2]));
}

#[test]
fn a_text_of_another_type_travels_as_it_is() {
    let mut operation = http(pilothouse_registry::Method::Put, "/v1", &[("yaml", "body:")]);
    operation.content_type = Some("application/yaml".into());
    for (yaml, text) in [(json!("a: 1\n"), "a: 1\n"), (json!({"a": 1}), "{\"a\":1}")] {
        let args = json!({"yaml": yaml});
        let built =
            build(&operation, &tharsis::ADAPTER, harbour(), args.as_object().unwrap()).unwrap();
        let request = built.to_http().unwrap();
        assert_eq!(request.body(), text);
        assert_eq!(request.headers()["content-type"], "application/yaml");
    }
}

#[test]
fn a_body_hook_that_does_not_exist_is_an_error() {
    let mut operation = http(pilothouse_registry::Method::Put, "/v1", &[]);
    operation.body_hook = Some("thing_do".into());
    assert!(sent(&operation, &json!({})).is_err());
}

proptest! {
    #[test]
    fn whatever_is_passed_arrives_at_its_place(id in any::<String>(), name in any::<String>()) {
        let places = [("id", "path"), ("name", "body:/a~1b/c")];
        let operation = http(pilothouse_registry::Method::Put, "/v1/{id}/x", &places);
        let args = json!({"id": id, "name": name});
        match build(&operation, &tharsis::ADAPTER, nowhere(), args.as_object().unwrap()) {
            Ok(built) => {
                let Request::Http(request) = built.request else { panic!("an HTTP request") };
                let segments: Vec<_> = request.target.split('/').collect();
                prop_assert_eq!(segments.len(), 4);
                let segment = percent_encoding::percent_decode_str(segments[2]).decode_utf8();
                let segment = segment.unwrap();
                prop_assert_eq!(segment.as_ref(), id.as_str());
                let Payload::Json(body) = request.body else { panic!("a JSON body") };
                prop_assert_eq!(body, json!({"a/b": {"c": name}}));
            }
            Err(_) => prop_assert!(matches!(id.as_str(), "" | "." | "..")),
        }
    }
}
