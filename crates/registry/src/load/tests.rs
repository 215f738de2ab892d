//! The sample files: what is valid loads with the right meaning, what is invalid is refused with
//! the message in its first line.

use std::{collections::BTreeSet, fs, path::Path};

use pilothouse_model::Risk;
use serde_json::json;

use super::*;
use crate::{
    binding::{Binding, Method, Place},
    resource::Operation,
};

fn samples(folder: &str) -> Vec<File> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/samples").join(folder);
    let mut paths: Vec<_> = fs::read_dir(root).unwrap().map(|it| it.unwrap().path()).collect();
    paths.sort();
    paths
        .iter()
        .filter(|path| path.extension().is_some_and(|extension| extension == "toml"))
        .map(|path| File {
            path: path.file_name().unwrap().to_str().unwrap().to_owned(),
            text: fs::read_to_string(path).unwrap().into(),
        })
        .collect()
}

fn load(files: Vec<File>) -> Result<PlatformCatalog, LoadError> {
    let mut all = samples("");
    all.extend(files);
    let catalog = platform("sample", all)?;
    check(&catalog)?;
    Ok(catalog)
}

fn valid() -> PlatformCatalog {
    load(samples("valid")).unwrap()
}

fn places(operation: &Operation) -> Vec<(&str, Place)> {
    operation.args.iter().map(|(name, it)| (name.as_str(), it.place.clone())).collect()
}

fn body(pointer: &str) -> Place {
    Place::Body(pointer.parse().unwrap())
}

#[test]
fn arguments_find_their_places() {
    let catalog = valid();
    let operations = &catalog.types["thing"].operations;
    let query = |name: &str| Place::Query(name.to_owned());
    for (name, expected) in [
        (
            "list",
            vec![
                ("cursor", query("page")),
                ("limit", query("size")),
                ("name", query("name")),
                ("scope", query("scopeId")),
            ],
        ),
        (
            "get",
            vec![
                ("branch", query("branch")),
                ("id", Place::Path),
                ("part", Place::Path),
                ("trace", Place::Header("X-Trace".to_owned())),
            ],
        ),
        ("delete", vec![("force", query("force")), ("id", Place::Path)]),
        ("poke", vec![("cursor", Place::Hook), ("id", Place::Hook), ("limit", Place::Hook)]),
    ] {
        assert_eq!(places(&operations[name]), expected, "{name}");
    }
    let created = places(&operations["create"]);
    assert!(created.contains(&("name", body("/name"))) && created.contains(&("body", body(""))));
}

#[test]
fn the_rest_of_an_operation_is_resolved() {
    let catalog = valid();
    let thing = catalog.resource_type("big thing").unwrap();
    let list = thing.operation("list").unwrap();
    assert_eq!((list.id.as_str(), list.type_id()), ("sample.thing.list", "sample.thing"));
    assert!(
        matches!(&list.binding, Binding::Http { method: Method::Post, path } if path.to_string() == "/things/list")
    );
    assert_eq!(list.paging.as_ref().unwrap().first_page, Some(0));
    assert_eq!(list.items.as_ref().unwrap().to_string(), "/data/content");
    assert_eq!(
        list.constants,
        [
            (body("/filterType"), json!("Things")),
            (Place::Header("Content-Type".to_owned()), json!("application/json")),
        ]
    );
    let create = thing.operation("create").unwrap();
    assert_eq!(create.target.as_deref(), Some("name"));
    for (arguments, risk) in [
        (json!({}), Risk::LowWrite),
        (json!({"loud": false}), Risk::LowWrite),
        (json!({"loud": true}), Risk::HighWrite),
    ] {
        assert_eq!(create.risk_with(arguments.as_object().unwrap()), risk, "{arguments}");
    }
    assert!(thing.operation("poke").is_err(), "internal operations are not for callers");
}

#[test]
fn scopes_routes_and_moved_fields_are_resolved() {
    let catalog = valid();
    let operations = &catalog.types["part"].operations;
    let query = |name: &str| Place::Query(name.to_owned());
    let header = |name: &str| Place::Header(name.to_owned());

    let update = &operations["update"];
    assert_eq!(update.scope.account, [query("account"), header("X-Account")]);
    assert!(update.scope.requires("org_id") && update.scope.requires("project_id"));
    let org = &update.args["org_id"];
    assert_eq!((&org.place, &org.if_given), (&query("org"), &vec![header("X-Org")]));
    let project = &update.args["project_id"];
    assert_eq!((&project.place, &project.also), (&query("project"), &vec![body("/project")]));
    let branch = &update.args["body"].moved["branch"];
    assert_eq!(branch, &[query("branch"), body("/git/branch")]);
    assert_eq!(update.args["id"].also, [body("/id")]);
    assert_eq!(update.host.as_deref(), Some("old"));
    assert_eq!(update.content_type.as_deref(), Some("application/yaml"));

    let get = &operations["get"];
    assert!(!get.scope.requires("org_id"));
    let paths: Vec<String> = get.routes.iter().map(|route| route.path.to_string()).collect();
    assert_eq!(paths, ["/orgs/{org_id}/projects/{project_id}/parts/{id}", "/old/{old_id}"]);
    assert_eq!(get.routes[1].account, update.scope.account);
    assert_eq!(get.args["org_id"].place, Place::Path);

    let create = &operations["create"];
    assert_eq!(create.body_hook.as_deref(), Some("part_create"));
    assert_eq!(create.args["yaml"].place, Place::Hook);

    let list = &operations["list"];
    assert_eq!(places(list)[0].0, "cursor");
    assert!(!list.args.contains_key("limit"), "the platform says how long a page is");
    assert_eq!(list.paging.as_ref().unwrap().total.as_ref().unwrap().to_string(), "/count");
}

#[test]
fn invalid_files_are_refused_with_a_precise_message() {
    let mut messages = BTreeSet::new();
    for (folder, alone) in [("invalid", true), ("invalid_surface", false)] {
        for mut file in samples(folder) {
            let name = file.path.clone();
            let (first, _) = file.text.split_once('\n').unwrap();
            let expected = first.strip_prefix("# ").unwrap().to_owned();
            let files = if alone {
                vec![file]
            } else {
                file.path = "surface.toml".to_owned();
                let mut files = samples("valid");
                files.push(file);
                files
            };
            let error = load(files).expect_err(&name).to_string();
            assert!(error.contains(&expected), "{name}: expected {expected:?} in:\n{error}");
            messages.insert(expected);
        }
    }
    assert!(messages.len() > 35, "only {} different faults are tested", messages.len());
}

#[test]
fn all_faults_are_reported_at_once() {
    let error = load(samples("invalid")).unwrap_err();
    assert!(error.faults.len() > 30, "{error}");
    assert!(load(Vec::new()).is_ok());
    assert!(platform("other", samples("")).is_err());
    assert!(platform("sample", Vec::new()).is_err());
}
