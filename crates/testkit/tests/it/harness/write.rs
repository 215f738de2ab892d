//! Writes: planned, confirmed, or not done.

use std::time::Duration;

use serde_json::{Value, json};

use super::{Harness, PATH};

#[tokio::test]
async fn nothing_is_written_without_a_person() {
    let harness = Harness::start().await;
    let retry = json!({ "resource_type": "pipeline", "action": "retry", "confirm": true,
                        "resource_id": "deploy_shop-run-3" });
    let result = harness.app.call_on(PATH, "harness_execute", retry).await;
    assert_eq!(result["structuredContent"]["approval_required"], true, "{result:#}");
    let seen = harness.fake.seen();
    assert!(seen.iter().all(|request| request.method != "PUT"), "{seen:?}");
    harness.app.stop().await;
}

#[tokio::test]
async fn what_a_run_lacks_is_said_before_anybody_is_asked() {
    let harness = Harness::start().await;
    let run = |inputs: Value| {
        json!({ "resource_type": "pipeline", "action": "run",
                                      "resource_id": "deploy_shop", "inputs": inputs })
    };
    for (arguments, expected) in [
        (run(Value::Null), "no value for version"),
        (run(json!({})), "no value for version"),
        (run(json!({ "tag": "1.4.0" })), "does not ask for tag"),
        (
            json!({ "resource_type": "pipeline", "action": "run", "resource_id": "nobodys" }),
            "nobodys] not found",
        ),
    ] {
        let message = harness.refused("harness_execute", arguments.clone()).await;
        assert!(message.contains(expected), "{arguments}: {message}");
    }
    let message = harness.refused("harness_execute", run(Value::Null)).await;
    assert!(message.contains("input_set_ids of release"), "{message}");

    let complete = run(json!({ "version": "1.4.0" }));
    let asked = harness.app.call_on(PATH, "harness_execute", complete).await;
    let asked = &asked["structuredContent"];
    assert_eq!(asked["approval_required"], true, "{asked:#}");
    assert!(asked["plan"]["preview"].as_str().unwrap().contains("value: \"1.4.0\""), "{asked:#}");
    let seen = harness.fake.seen();
    assert!(seen.iter().all(|request| !request.target.contains("/execute/")), "{seen:?}");
    harness.app.stop().await;
}

#[tokio::test]
async fn a_run_is_told_in_short_what_to_build() {
    let harness = Harness::start_with(&[("HARNESS_AUTO_APPROVE_RISK", "all")]).await;
    let run = |inputs: Value| {
        json!({ "resource_type": "pipeline", "action": "run", "resource_id": "nightly_tests",
                "inputs": inputs, "wait": true })
    };
    for (inputs, kind, field) in [
        (json!({ "branch": "main" }), "branch", "branch: main"),
        (json!({ "tag": "v1.4.0" }), "tag", "tag: v1.4.0"),
        (json!({ "pr_number": 12 }), "PR", "number: 12"),
        (json!({ "commit_sha": "3c1f5d" }), "commitSha", "commitSha: 3c1f5d"),
        (
            json!({ "build": { "type": "branch", "spec": { "branch": "dev" } } }),
            "branch",
            "branch: dev",
        ),
    ] {
        let ended = harness.ok("harness_execute", run(inputs)).await;
        assert_eq!(ended["execution_status"], "Success", "{ended:#}");
        let inputs = json!({ "resource_type": "execution_inputs",
                             "resource_id": ended["execution_id"] });
        let inputs = harness.ok("harness_get", inputs).await;
        let yaml = inputs["inputSetYaml"].as_str().unwrap();
        let (_, build) = yaml.split_once("build:").unwrap();
        assert!(build.contains(&format!("type: {kind}\n")) && build.contains(field), "{yaml}");
    }
    for (inputs, expected) in [
        (json!({}), "no value for build"),
        (json!({ "branch": "main", "version": "1" }), "does not ask for version"),
    ] {
        let message = harness.refused("harness_execute", run(inputs)).await;
        assert!(message.contains(expected), "{message}");
    }
    harness.app.stop().await;
}

#[tokio::test]
async fn templates_are_made_changed_and_removed() {
    let harness = Harness::start_with(&[("HARNESS_AUTO_APPROVE_RISK", "all")]).await;
    let yaml = |name: &str| {
        format!("template:\n  identifier: step\n  name: {name}\n  versionLabel: v1\n  type: Step\n")
    };
    let one = json!({ "resource_type": "template", "resource_id": "step" });
    let write = |name: &str| {
        let mut arguments = one.clone();
        arguments["body"] = json!({ "template_yaml": yaml(name) });
        arguments["params"] = json!({ "version_label": "v1" });
        arguments
    };
    let mut create = write("Step");
    create.as_object_mut().unwrap().retain(|name, _| name != "resource_id" && name != "params");
    harness.ok("harness_create", create.clone()).await;
    assert!(harness.refused("harness_create", create).await.contains("already exists"));
    harness.ok("harness_update", write("Better step")).await;
    let found = harness.ok("harness_get", one.clone()).await;
    assert_eq!((&found["name"], &found["versionLabel"]), (&json!("Better step"), &json!("v1")));
    let list = json!({ "resource_type": "template", "search_term": "step" });
    assert_eq!(harness.ok("harness_list", list).await["total"], 1);
    let gone = harness.ok("harness_delete", one.clone()).await;
    assert_eq!(
        (&gone["deleted"], &gone["resource_id"]),
        (&json!(true), &json!("step")),
        "{gone:#}"
    );
    assert!(harness.refused("harness_get", one).await.contains("not found"));
    harness.app.stop().await;
}

#[tokio::test]
async fn a_flag_is_switched() {
    let harness = Harness::start_with(&[("HARNESS_SKIP_ELICITATION", "true")]).await;
    for (enable, state) in [(json!(true), "on"), (json!(false), "off"), (json!("true"), "on")] {
        let toggle = json!({ "resource_type": "feature_flag", "action": "toggle",
            "resource_id": "new_checkout", "enable": enable, "environment": "production" });
        let flag = harness.ok("harness_execute", toggle).await;
        assert_eq!(flag["envProperties"]["state"], state, "{enable}: {flag:#}");
    }
    harness.app.stop().await;
}

#[tokio::test]
async fn a_flag_that_moved_is_changed_where_it_is_now() {
    let harness = Harness::start().await;
    for (workspace, path, change) in [
        (None, "PATCH /fme/api/v4/feature-flags/checkout", json!({ "description": "new" })),
        (
            Some("w"),
            "PATCH /internal/api/v2/splits/ws/w/checkout",
            json!([{ "op": "replace", "path": "/description", "value": "new" }]),
        ),
    ] {
        let update = json!({ "resource_type": "fme_feature_flag", "resource_id": "checkout",
            "params": { "workspace_id": workspace }, "body": { "description": "new" },
            "dry_run": true });
        let plan = harness.ok("harness_update", update).await.to_string();
        assert!(plan.contains(path) && plan.contains(&change.to_string()), "{workspace:?}: {plan}");
    }
    harness.app.stop().await;
}

#[tokio::test]
async fn a_body_may_be_yaml() {
    let harness = Harness::start().await;
    let notify = "template:\n  identifier: notify\n  name: Notify # by mail\n";
    for (kind, body, expected) in [
        ("template", notify, "Notify # by mail"),
        ("trigger", "trigger:\n  identifier: nightly\n  name: Nightly\n", "identifier: nightly"),
        ("environment", "identifier: qa\nname: QA\ntype: PreProduction\n", "PreProduction"),
        (
            "connector",
            "connector:\n  identifier: c\n  name: C\n  type: Github\n  spec: {}\n",
            "Github",
        ),
    ] {
        let create = json!({ "resource_type": kind, "body": body, "dry_run": true });
        let plan = harness.ok("harness_create", create).await;
        assert!(plan.to_string().contains(expected), "{kind}: {plan:#}");
        assert!(!plan.to_string().contains("connector\":{\"connector"), "{plan:#}");
    }
    for wrong in ["just words", "a: ["] {
        let create = json!({ "resource_type": "environment", "body": wrong });
        let message = harness.refused("harness_create", create).await;
        assert!(message.starts_with("body: "), "{wrong}: {message}");
    }
    harness.app.stop().await;
}

/// Where Git keeps a definition, as callers say it in either spelling, and what is sent of it.
const GIT: [(&str, &str, &str, &str); 8] = [
    ("store_type", "storeType", "REMOTE", "REMOTE"),
    ("connector_ref", "connectorRef", "account.git", "account.git"),
    ("repo_name", "repoName", "shop", "shop"),
    ("branch", "branch", "main", "main"),
    ("file_path", "filePath", ".harness/p.yaml", ".harness%2Fp.yaml"),
    ("commit_msg", "commitMsg", "Add", "Add"),
    ("base_branch", "baseBranch", "dev", "dev"),
    ("is_harness_code_repo", "isHarnessCodeRepo", "true", "true"),
];

#[tokio::test]
async fn where_git_keeps_a_definition_is_said_in_params() {
    let harness = Harness::start().await;
    let yaml = "pipeline:\n  identifier: p\n  name: P\n";
    let pipeline = json!({ "resource_type": "pipeline", "body": yaml });
    let inputs = json!({ "resource_type": "input_set", "body": "inputSet:\n  identifier: i\n",
                      "params": { "pipeline_id": "p" } });
    let template = json!({ "resource_type": "template", "params": { "version_label": "1" },
                           "body": { "template_yaml": "template:\n  identifier: t\n" } });
    let import = json!({ "resource_type": "pipeline", "action": "import",
                         "body": { "pipelineName": "P" } });
    let moved = json!({ "resource_type": "environment", "action": "move_configs",
                        "resource_id": "e" });
    let named = |call: &Value| {
        let mut call = call.clone();
        call["resource_id"] = json!("x");
        call
    };
    let mut template_create = template.clone();
    template_create.as_object_mut().unwrap().remove("params");
    for (tool, call, left_out) in [
        ("harness_create", pipeline.clone(), &[][..]),
        ("harness_update", named(&pipeline), &[]),
        ("harness_create", inputs.clone(), &[]),
        ("harness_update", named(&inputs), &[]),
        ("harness_create", template_create, &[]),
        ("harness_update", named(&template), &[]),
        ("harness_execute", import, &["storeType", "commitMsg", "baseBranch"]),
        ("harness_execute", moved, &["storeType"]),
    ] {
        let stated = GIT.iter().filter(|(_, parameter, ..)| !left_out.contains(parameter));
        for is_camel in [false, true] {
            let mut call = call.clone();
            call["dry_run"] = json!(true);
            for (snake, camel, value, _) in stated.clone() {
                call["params"][if is_camel { camel } else { snake }] = json!(value);
            }
            let plan = harness.ok(tool, call).await;
            let request = plan["plan"]["requests"][0]["http"].as_str().unwrap();
            for (_, parameter, _, value) in stated.clone() {
                let pair = format!("{parameter}={value}");
                assert!(request.contains(&pair), "{tool} {pair}: {request}");
            }
        }
    }
    assert!(harness.fake.seen().iter().all(|request| request.method == "GET"));
    harness.app.stop().await;
}

#[tokio::test]
async fn a_dry_run_shows_what_an_input_set_brings() {
    let harness = Harness::start().await;
    let arguments = json!({ "resource_type": "pipeline", "action": "run", "dry_run": true,
                            "resource_id": "deploy_shop", "input_set_ids": ["release"] });
    let shown = harness.ok("harness_execute", arguments).await;
    assert!(shown["plan"]["preview"].as_str().unwrap().contains("1.4.0"), "{shown:#}");
    harness.app.stop().await;
}

#[tokio::test]
async fn a_dry_run_shows_the_request() {
    let harness = Harness::start().await;
    let body = json!({ "identifier": "aws", "name": "AWS", "type": "Aws", "spec": {} });
    let arguments = json!({ "resource_type": "connector", "body": body, "dry_run": true });
    let planned = harness.ok("harness_create", arguments).await;
    let request = planned["plan"]["requests"][0].to_string();
    assert!(request.contains("/ng/api/connectors") && request.contains("aws"), "{planned:#}");
    assert_eq!(harness.fake.seen().len(), 0);
    harness.app.stop().await;
}

#[tokio::test]
async fn switches_of_the_old_server_let_writes_through() {
    for switch in [("HARNESS_SKIP_ELICITATION", "true"), ("HARNESS_AUTO_APPROVE_RISK", "all")] {
        let harness = Harness::start_with(&[switch]).await;
        let body = json!({ "identifier": "aws", "name": "AWS", "type": "Aws", "spec": {} });
        let create = json!({ "resource_type": "connector", "body": body.to_string() });
        harness.ok("harness_create", create).await;
        let get = json!({ "resource_type": "connector", "resource_id": "aws" });
        assert!(harness.ok("harness_get", get.clone()).await.to_string().contains("AWS"));
        harness.ok("harness_delete", get.clone()).await;
        let message = harness.refused("harness_get", get).await;
        assert!(message.contains("connector with identifier [aws] not found"), "{message}");
        harness.app.stop().await;
    }
}

#[tokio::test]
async fn a_risk_above_the_limit_still_asks() {
    let harness = Harness::start_with(&[("HARNESS_AUTO_APPROVE_RISK", "low_write")]).await;
    let arguments = json!({ "resource_type": "connector", "resource_id": "git" });
    let result = harness.app.call_on(PATH, "harness_delete", arguments).await;
    assert_eq!(result["structuredContent"]["approval_required"], true, "{result:#}");
    harness.app.stop().await;
}

#[tokio::test]
async fn read_only_offers_no_writes_and_refuses_actions() {
    let harness = Harness::start_with(&[("HARNESS_READ_ONLY", "true")]).await;
    let answer = harness.app.rpc(PATH, "tools/list", json!({})).await;
    let tools = answer.body["result"]["tools"].to_string();
    assert!(!tools.contains("harness_create") && tools.contains("harness_execute"));
    let retry = json!({ "resource_type": "pipeline", "action": "retry",
                        "resource_id": "deploy_shop-run-3" });
    let service = json!({ "resource_type": "service", "resource_id": "shop" });
    for (tool, arguments) in [
        ("harness_execute", retry),
        ("harness_delete", service),
        ("harness_create", json!({ "resource_type": "service" })),
    ] {
        let message = harness.refused(tool, arguments).await;
        assert!(message.contains("read-only"), "{tool}: {message}");
    }
    assert_eq!(harness.fake.seen().len(), 0);
    harness.app.stop().await;
}

#[tokio::test]
async fn calls_are_written_to_the_audit_file_as_well() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("audit.jsonl");
    let harness = Harness::start_with(&[("HARNESS_AUDIT_FILE", path.to_str().unwrap())]).await;
    harness.ok("harness_list", json!({ "resource_type": "pipeline" })).await;
    let delete = json!({ "resource_type": "pipeline", "resource_id": "deploy_shop" });
    harness.refused("harness_delete", delete).await;
    let both = async {
        loop {
            let text = std::fs::read_to_string(&path).unwrap();
            if text.lines().count() == 2 && text.ends_with('\n') {
                return text;
            }
            tokio::task::yield_now().await;
        }
    };
    let text = tokio::time::timeout(Duration::from_secs(10), both).await.expect("both are written");
    let lines: Vec<serde_json::Value> =
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(
        (&lines[0]["tool"], &lines[0]["outcome"]),
        (&json!("harness_list"), &json!("success"))
    );
    assert_eq!(lines[1]["resource_id"], "deploy_shop", "{text}");
    assert_eq!(lines[1]["outcome"], "blocked", "{text}");
    harness.app.stop().await;
}

#[tokio::test]
async fn a_plan_shows_what_is_there_and_what_changes() {
    let harness = Harness::start().await;
    let update = json!({ "resource_type": "connector", "resource_id": "git", "dry_run": true,
                         "body": { "identifier": "git", "name": "Git of the shop",
                                   "type": "Github", "spec": {} } });
    let plan = &harness.ok("harness_update", update).await["plan"];
    assert!(plan["diff"].as_str().unwrap().contains("+ name: \"Git of the shop\"\n"), "{plan:#}");
    assert_eq!(plan["before"]["connector"]["identifier"], "git", "{plan:#}");
    let delete =
        |id: &str| json!({ "resource_type": "pipeline", "resource_id": id, "dry_run": true });
    let plan = &harness.ok("harness_delete", delete("nightly_tests")).await["plan"];
    assert!(plan["before"].to_string().contains("nightly_tests"), "{plan:#}");
    let plan = &harness.ok("harness_delete", delete("nobodys")).await["plan"];
    assert!(plan["preview"].as_str().unwrap().contains("not seem to be there"), "{plan:#}");
    harness.app.stop().await;
}
