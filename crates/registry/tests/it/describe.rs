//! What callers read about the registry, pinned: a change to the data shows as a change here.

use pilothouse_model::Risk;
use pilothouse_registry::{Catalog, describe, schema};
use serde_json::{Map, Value, json};

fn catalog() -> std::sync::Arc<pilothouse_registry::PlatformCatalog> {
    Catalog::embedded().platform("tharsis").unwrap()
}

#[test]
fn each_type() {
    for kind in catalog().types.values() {
        let description = describe::resource_type(kind, &|_| true).unwrap();
        insta::assert_json_snapshot!(kind.id.clone(), description);
    }
}

/// Harness has too many types for a file each: one per toolset, with a line per type.
#[test]
fn each_harness_toolset() {
    let catalog = Catalog::embedded().platform("harness").unwrap();
    for toolset in catalog.toolset_names() {
        let types: Vec<String> = catalog
            .types
            .values()
            .filter(|kind| kind.toolset == *toolset)
            .map(|kind| describe::resource_type(kind, &|_| true).unwrap().to_string())
            .collect();
        insta::assert_snapshot!(format!("harness.{toolset}"), types.join("\n"));
    }
}

#[test]
fn each_tool() {
    let catalog = catalog();
    for (name, tool) in &catalog.surface.as_ref().unwrap().tool {
        let operation = catalog.operation_of(tool).unwrap();
        let shape = json!({
            "title": tool.title,
            "about": tool.about,
            "toolset": tool.toolset,
            "operation": operation.id,
            "input": schema::tool_arguments(tool),
            "output": schema::output(&tool.output).unwrap(),
        });
        insta::assert_json_snapshot!(format!("tool.{name}"), shape);
    }
}

#[test]
fn the_way_down_from_platforms_to_an_operation() {
    let catalog = catalog();
    let all: describe::Shown<'_> = &|_| true;
    insta::assert_json_snapshot!(
        "platforms",
        describe::platforms(std::slice::from_ref(&catalog), all)
    );
    insta::assert_json_snapshot!("platform", describe::platform(&catalog, all));
    insta::assert_json_snapshot!("toolset", describe::toolset(&catalog, "run", all).unwrap());
    let create = Catalog::embedded().operation("tharsis.run.create").unwrap();
    insta::assert_json_snapshot!("operation", describe::operation(create));
    insta::assert_json_snapshot!("operation.schema", schema::arguments(create));
}

#[test]
fn what_is_not_shown_does_not_exist() {
    let catalog = catalog();
    let reads: describe::Shown<'_> = &|operation| operation.risk == Risk::Read;
    for kind in catalog.types.values() {
        let Some(description) = describe::resource_type(kind, reads) else { continue };
        let operations = description["operations"].as_object().unwrap();
        assert!(operations.values().all(|it| it["risk"] == "read"), "{}", kind.id);
    }
    let nothing: describe::Shown<'_> = &|_| false;
    assert_eq!(
        describe::platforms(std::slice::from_ref(&catalog), nothing),
        json!({"platforms": []})
    );
    assert_eq!(describe::platform(&catalog, nothing)["toolsets"], Value::Object(Map::new()));
    assert!(describe::toolset(&catalog, "run", nothing).is_err());
    assert!(describe::resource_type(&catalog.types["run"], nothing).is_none());
}

#[test]
fn a_type_costs_few_tokens() {
    for kind in catalog().types.values() {
        let length = describe::resource_type(kind, &|_| true).unwrap().to_string().len();
        assert!(length < 6000, "{} takes {length} bytes", kind.id);
    }
}
