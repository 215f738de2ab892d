//! Values laid over templates and input sets.

use super::*;

fn template() -> Value {
    json!({
        "identifier": "deploy",
        "properties": {"ci": {"codebase": {"build": "<+input>"}}},
        "variables": [
            {"name": "env", "type": "String", "value": "<+input>.allowedValues(dev,prod)"},
            {"name": "replicas", "type": "Number", "default": 2, "value": "<+input>"},
            {"name": "region", "type": "String", "value": "<+input>.default(\"eu\")"},
        ],
        "stages": [{"stage": {"identifier": "roll", "spec": {"service": {"serviceRef": "<+input>"}}}}],
        "notes": [{"name": "remark", "required": false, "value": "<+input>"}],
    })
}

fn filled(given: &Value, sets: &Value) -> (Value, Filled) {
    let mut merged = template();
    merge::into(&mut merged, sets.clone());
    let filled = fill(&template(), &mut merged, given.as_object().unwrap());
    (merged, filled)
}

#[test]
fn values_find_their_places_by_name_path_and_short_name() {
    for (given, service) in [
        (json!({"env": "prod", "serviceref": "web", "branch": "main"}), "web"),
        (
            json!({"ENV": "dev", "stages.roll.stage.spec.service.serviceRef": "api",
            "build": {"type": "branch", "spec": {"branch": "main"}}}),
            "api",
        ),
        (json!({"variables.env": "dev", "service.serviceRef": "db", "branch": "main"}), "db"),
    ] {
        let (merged, filled) = filled(&given, &json!({}));
        assert_eq!((filled.missing, filled.unknown, filled.refused), Default::default(), "{given}");
        let at = |pointer: &str| merged.pointer(pointer).unwrap().clone();
        assert_eq!(at("/stages/0/stage/spec/service/serviceRef"), service);
        assert_eq!(
            at("/properties/ci/codebase/build"),
            json!({"type": "branch", "spec": {"branch": "main"}})
        );
        assert_eq!(
            [at("/variables/1/value"), at("/variables/2/value"), at("/notes/0/value")],
            [json!(2), json!("eu"), json!("")]
        );
    }
}

#[test]
fn values_are_laid_over_input_sets() {
    let sets = json!({
        "variables": [{"name": "env", "value": "dev"}, {"name": "region", "value": "us"}],
        "stages": [{"stage": {"identifier": "roll", "spec": {"service": {"serviceRef": "web"}}}}],
        "properties": {"ci": {"codebase": {"build": {"type": "tag", "spec": {"tag": "v1"}}}}},
    });
    let main = json!({"type": "branch", "spec": {"branch": "main"}});
    let tag = json!({"type": "tag", "spec": {"tag": "v1"}});
    for (given, env, build) in [
        (json!({}), "dev", &tag),
        (json!({"env": "prod"}), "prod", &tag),
        (json!({"env": null, "branch": "main"}), "dev", &main),
        (json!({"env": "<+input>", "branch": ""}), "dev", &tag),
    ] {
        let (merged, filled) = filled(&given, &sets);
        assert_eq!((filled.missing, filled.unknown, filled.refused), Default::default(), "{given}");
        assert_eq!(merged["variables"][0]["value"], env, "{given}");
        assert_eq!(merged["variables"][2]["value"], "us", "{given}");
        assert_eq!(&merged["properties"]["ci"]["codebase"]["build"], build, "{given}");
    }
}

#[test]
fn every_short_name_is_written_out() {
    let asked = json!({"codebase": {"build": "<+input>"}});
    for (name, kind, field) in SOURCES {
        let mut merged = asked.clone();
        fill(&asked, &mut merged, &Map::from_iter([(name.to_owned(), json!("7"))]));
        assert_eq!(merged["codebase"]["build"], json!({"type": kind, "spec": {field: "7"}}));
    }
}

#[test]
fn a_short_name_may_be_that_of_an_input() {
    let asked = json!({"codebase": {"build": "<+input>"},
        "variables": [{"name": "branch", "value": "<+input>"}]});
    for (given, kind) in
        [(json!({"branch": "x"}), "branch"), (json!({"branch": "x", "tag": "v1"}), "tag")]
    {
        let mut merged = asked.clone();
        let filled = fill(&asked, &mut merged, given.as_object().unwrap());
        assert_eq!((filled.missing, filled.unknown, filled.refused), Default::default(), "{given}");
        assert_eq!(merged["variables"][0]["value"], "x");
        assert_eq!(merged["codebase"]["build"]["type"], kind, "{given}");
    }
}

#[test]
fn what_has_no_value_is_missing() {
    for given in [json!({}), json!({"env": null}), json!({"env": ""}), json!({"env": "<+input>"})] {
        let mut given = given;
        given["serviceRef"] = json!("web");
        given["commit_sha"] = json!("");
        let (_, filled) = filled(&given, &json!({}));
        assert_eq!(filled.missing, ["build", "env"], "{given}");
        assert_eq!(filled.unknown, [""; 0], "{given}");
        assert_eq!(filled.names, ["build", "env", "replicas", "region", "serviceRef", "remark"]);
    }
    let given = json!({"env": "dev", "serviceRef": "web", "tag": "v1", "remark": "", "region": ""});
    let (merged, filled) = filled(&given, &json!({}));
    assert_eq!(filled.missing, [""; 0]);
    assert_eq!(merged["variables"][2]["value"], "");
}

#[test]
fn what_is_unknown_or_not_allowed_is_said() {
    let (_, found) = filled(&json!({"env": "test", "tag": "v1", "nope": 1}), &json!({}));
    assert_eq!(found.missing, ["serviceRef"]);
    assert_eq!(found.unknown, ["nope"]);
    assert_eq!(found.refused, ["env must be one of dev, prod"]);
    for (given, refused) in [
        (
            json!({"branch": "a", "tag": "b"}),
            "branch and tag both say what to build: pass one of them",
        ),
        (json!({"pr_number": "abc"}), "pr_number must be the number of a pull request"),
    ] {
        let (_, found) = filled(&given, &json!({}));
        assert_eq!(found.refused, [refused]);
        assert_eq!(found.unknown, [""; 0], "{given}");
    }
    let asked = json!({"variables": [
        {"name": "a", "value": "<+input>"}, {"name": "n", "value": "<+input>.allowedValues(1,2)"}]});
    let given = json!({"a": 1, "tag": "v1", "n": 5});
    let found = fill(&asked, &mut asked.clone(), given.as_object().unwrap());
    assert_eq!(found.unknown, ["tag"]);
    assert_eq!(found.refused, ["n must be one of 1, 2"]);
    assert_eq!(found.names, ["a", "n"]);
}
