//! The bundled schemas, and the way into them.

use super::*;

const HARNESS: &str = "harness";

#[test]
fn the_bundled_schemas_are_schemas_without_a_loose_reference() {
    let names: Vec<_> = names(HARNESS).collect();
    assert_eq!(
        names,
        [
            "agent-pipeline",
            "inputSet_v1",
            "overlayInputSet_v1",
            "pipeline",
            "pipeline_v1",
            "template",
            "template_v1",
            "trigger"
        ]
    );
    for name in names {
        let document = document(HARNESS, &name).unwrap();
        jsonschema::draft202012::new(document).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(document.to_string().len() < 64 * 1024, "{name}");
        part(document, "").unwrap();
    }
    assert_eq!(super::names("nothing").count(), 0);
    assert!(document(HARNESS, "pipelin").unwrap_err().hint.unwrap().contains("pipeline, "));
}

#[test]
fn a_path_leads_through_lists_references_and_alternatives() {
    let document = document(HARNESS, "pipeline").unwrap();
    let has = |path: &str, field: &str| {
        let part = part(document, path).unwrap_or_else(|error| panic!("{path}: {error}"));
        let fields = part["properties"].as_object().unwrap_or_else(|| panic!("{path}: {part}"));
        assert!(fields.contains_key(field), "{path}: {part}");
    };
    has("", "pipeline");
    has("pipeline", "stages");
    for path in
        ["pipeline.stages.stage", "pipeline.stages[0].stage", "/pipeline/stages/items/stage"]
    {
        has(path, "failureStrategies");
    }
    has("pipeline.stages.stage.spec.CIStage", "infrastructure");
    has("pipeline.stages.stage.spec.DeploymentStage.environment", "environmentRef");
    has("pipeline.stages.stage.spec.DeploymentStage.execution.steps.step", "timeout");
    has("pipeline.stages.parallel.stage", "identifier");
    has("step", "timeout");
    let top = part(document, "").unwrap();
    assert!(top["shared"].as_array().unwrap().iter().any(|name| name == "step"));
    assert_eq!(top["properties"]["pipeline"]["definition"], "pipeline");
}

#[test]
fn a_wrong_turn_says_which_ones_there_are() {
    let document = document(HARNESS, "pipeline").unwrap();
    let error = part(document, "pipeline.stagse").unwrap_err();
    assert!(error.message.contains("no \"stagse\" at pipeline"), "{error}");
    assert!(error.hint.unwrap().starts_with("did you mean \"stages\"?"));
}

/// Platforms send schemas too, and these may be anything.
#[test]
fn a_schema_that_refers_to_itself_or_is_deep_is_searched_to_its_end() {
    let deep = 20_000;
    let chain: Map<_, _> = (0..deep)
        .map(|at| (format!("d{at}"), json!({"items": {"$ref": format!("#/$defs/d{}", at + 1)}})))
        .chain([(format!("d{deep}"), json!({"properties": {"end": {"type": "string"}}}))])
        .collect();
    let value = json!({"anyOf": [
        {"type": "object", "properties": {"found": {"type": "string"}}},
        {"type": "array", "items": {"$ref": "#/$defs/value"}},
        {"$ref": "#/$defs/value"},
    ]});
    for (document, found) in [
        (json!({"items": {"$ref": "#"}}), None),
        (json!({"$ref": "#"}), None),
        (json!({"$defs": {"value": value}, "properties": {"value": value}}), Some("value.found")),
        (json!({"$defs": chain, "items": {"$ref": "#/$defs/d0"}}), Some("end")),
    ] {
        let brief = |error: Error| error.message;
        assert!(part(&document, "nothing").map_err(brief).unwrap_err().contains("no \"nothing\""));
        if let Some(path) = found {
            assert_eq!(part(&document, path).unwrap()["type"], "string", "{path}");
        }
    }
    assert!(part(&value, "value.nothing").is_err());
}

#[test]
fn a_path_of_too_many_segments_is_refused() {
    let document = json!({"items": {"$ref": "#"}});
    part(&document, &"items.".repeat(MAX_SEGMENTS)).unwrap();
    let error = part(&document, &"items.".repeat(MAX_SEGMENTS + 1)).unwrap_err();
    assert_eq!(error.message, "path: more than 64 segments");
}

#[test]
fn the_schema_of_a_pipeline_takes_pipelines_and_refuses_mistakes() {
    let validator = jsonschema::draft202012::new(document(HARNESS, "pipeline").unwrap()).unwrap();
    let step = json!({"step": {"type": "Run", "name": "Test", "identifier": "test", "timeout": "10m",
        "spec": {"shell": "Sh", "command": "make test"}}});
    let stage = |kind: &str, spec: Value| {
        json!({"stage": {
        "name": "One", "identifier": "one", "type": kind, "spec": spec}})
    };
    let pipeline = |stages: Value| {
        json!({"pipeline": {"name": "P", "identifier": "p",
        "projectIdentifier": "x", "orgIdentifier": "default", "stages": stages}})
    };
    let ci = stage(
        "CI",
        json!({"cloneCodebase": true, "execution": {"steps": [step]},
        "platform": {"os": "Linux", "arch": "Amd64"}, "runtime": {"type": "Cloud", "spec": {}}}),
    );
    let cd = stage(
        "Deployment",
        json!({"deploymentType": "Kubernetes",
        "service": {"serviceRef": "api"},
        "environment": {"environmentRef": "prod", "infrastructureDefinitions": "<+input>"},
        "execution": {"steps": [{"stepGroup": {"name": "G", "identifier": "g", "steps": [step]}}],
                      "rollbackSteps": []}}),
    );
    for stages in [json!([ci]), json!([ci, {"parallel": [cd, ci]}])] {
        let document = pipeline(stages);
        let errors: Vec<_> = validator.iter_errors(&document).map(|it| it.to_string()).collect();
        assert!(errors.is_empty(), "{errors:?}");
    }
    for wrong in [
        json!({}),
        pipeline(json!("x")),
        json!({"pipeline": {"name": "P", "identifier": "not allowed"}}),
        pipeline(json!([{"stage": {"name": "One"}}])),
    ] {
        assert!(!validator.is_valid(&wrong), "{wrong}");
    }
}
