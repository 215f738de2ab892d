//! What a request is made of, and what is shown of it.

use std::collections::BTreeMap;

use pilothouse_registry::{
    Argument,
    spec::{Arg, Retry},
};
use proptest::prelude::*;

use super::*;
use crate::protocol::THARSIS;

/// An operation `demo.thing.do` whose arguments have these places.
fn operation(binding: Binding, places: &[(&str, &str)]) -> Operation {
    let argument = |place: &str| Argument {
        spec: Arg { about: "what it is".into(), ..Arg::default() },
        place: place.parse().unwrap(),
    };
    Operation {
        id: "demo.thing.do".into(),
        name: "do".into(),
        about: String::new(),
        binding,
        risk: pilothouse_model::Risk::Read,
        risk_if: BTreeMap::new(),
        retry: Retry::Safe,
        internal: false,
        target: None,
        args: places.iter().map(|(name, place)| ((*name).into(), argument(place))).collect(),
        constants: Vec::new(),
        paging: None,
        items: None,
        result: None,
    }
}

fn http(method: pilothouse_registry::Method, path: &str, places: &[(&str, &str)]) -> Operation {
    operation(Binding::Http { method, path: path.parse().unwrap() }, places)
}

fn paged(first_page: Option<u64>) -> Operation {
    let places = [("limit", "query:size"), ("cursor", "query:at")];
    let mut operation = http(pilothouse_registry::Method::Get, "/things", &places);
    operation.paging =
        Some(Paging { next: None, more: None, total: None, first_page, default: 20, max: 100 });
    operation
}

fn prepare(operation: &Operation, args: &Value) -> Result<Value> {
    build(operation, Some(&THARSIS), args.as_object().unwrap()).map(|built| built.to_json())
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
                "headers": {"X-Scope": "acme"},
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
    let built = build(&operation, None, args.as_object().unwrap()).unwrap();
    assert!(!built.to_json().to_string().contains("s3cret"));
    assert_eq!(built.to_json()["body"], json!({"token": "***", "a": 1}));
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
    let built = build(create, Some(&THARSIS), args.as_object().unwrap()).unwrap();
    assert_eq!(built.to_json()["message"]["variables"][0]["key"], "TOKEN");
    assert_eq!(built.to_json()["message"]["variables"][0]["value"], "***");
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
        assert!(shown.to_string().len() < 2 * MAX_SHOWN);
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

proptest! {
    #[test]
    fn whatever_is_passed_arrives_at_its_place(id in any::<String>(), name in any::<String>()) {
        let places = [("id", "path"), ("name", "body:/a~1b/c")];
        let operation = http(pilothouse_registry::Method::Put, "/v1/{id}/x", &places);
        let args = json!({"id": id, "name": name});
        match build(&operation, None, args.as_object().unwrap()) {
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
