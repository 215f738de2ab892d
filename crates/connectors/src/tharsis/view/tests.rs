//! Tools show what their contracts promise, whatever the wire left out.

use pilothouse_registry::{Catalog, schema};

use super::*;
use crate::protocol::{THARSIS, from_json, to_json};

const RUN: &str = "Ul8wMDAwMDAwMC0wMDAwLTQwMDAtODAwMC0wMDAwMDAwMDAwMDE";

/// What the connector makes of an answer of this gRPC method.
fn answer((service, method): (&str, &str), fields: &Value) -> Value {
    let output = THARSIS.unary(service, method).unwrap().output();
    let mut answer = to_json(&from_json(output, fields).unwrap());
    reference::drop_empty_ids(&mut answer);
    answer
}

fn shown(view: &str, answer: &Value) -> Value {
    let (_, view) = VIEWS.iter().find(|(name, _)| *name == view).unwrap();
    view(answer)
}

fn metadata(id: &str, trn: &str) -> Value {
    json!({"id": id, "trn": trn, "version": 1, "created_at": "2026-01-02T03:04:05Z"})
}

#[test]
fn a_run_is_shown_in_the_words_of_both_generations() {
    let trn = format!("trn:run:acme/prod/{RUN}");
    let run = answer(
        ("Runs", "GetRunByID"),
        &json!({
            "metadata": metadata(RUN, &trn), "status": "errored", "plan_id": "P1", "apply_id": "A1",
            "created_by": "jo", "terraform_version": "1.11.4", "workspace_id": "W1",
            "configuration_version_id": "C1", "refresh": true, "module_source": null,
            "plan": {"metadata": metadata("P1", "trn"), "status": "finished", "has_changes": true,
                "summary": {"resource_additions": 2}, "latest_job_id": "J1"},
            "apply": {"metadata": metadata("A1", "trn"), "status": "errored",
                "triggered_by": "jo", "error_message": "\u{1b}[31mfailed", "latest_job_id": "J2"},
        }),
    );
    let shown = shown("run", &run);
    let run = &shown["run"];
    assert_eq!(
        (&run["run_id"], &run["plan_id"], &run["apply_id"], &run["latest_job_id"]),
        (&json!(RUN), &json!("P1"), &json!("A1"), &json!("J2"))
    );
    assert_eq!(run["plan"]["plan_id"], "P1");
    assert_eq!(run["plan"]["summary"]["resource_additions"], 2);
    assert_eq!(
        run["apply"],
        json!({"apply_id": "A1", "status": "errored", "triggered_by": "jo",
            "error_message": "failed"})
    );
}

#[test]
fn a_plan_names_its_workspace_by_trn() {
    let trn = format!("trn:plan:acme/prod/{RUN}/plan");
    let plan = answer(
        ("Runs", "GetPlanByID"),
        &json!({"metadata": metadata("P1", &trn), "deprecated_status": "finished",
            "summary": {"resource_changes": 3}}),
    );
    assert_eq!(
        shown("plan", &plan),
        json!({"plan": {"plan_id": "P1", "trn": trn, "status": "finished",
            "workspace_id": "trn:workspace:acme/prod", "resource_additions": 0,
            "resource_changes": 3, "resource_destructions": 0, "has_changes": false}})
    );
}

#[test]
fn identifiers_that_encode_nothing_are_absent() {
    let workspace = answer(
        ("Workspaces", "GetWorkspaceByID"),
        &json!({"metadata": metadata("W1", "trn"), "name": "prod", "current_job_id": "Sl8",
            "current_state_version_id": "U1Zf", "labels": {"a": "b"}}),
    );
    let shown = shown("workspace", &workspace);
    assert!(shown["workspace"].get("current_state_version_id").is_none());
    assert!(shown["workspace"].get("current_job_id").is_none());
    assert_eq!(shown["workspace"]["labels"], json!({"a": "b"}));
}

#[test]
fn a_page_of_workspaces_tells_what_follows() {
    let list = json!({"items": [{"metadata": {"id": "W1"}, "name": "a"}],
        "next_cursor": "c2", "total": 7});
    let shown = shown("workspaces", &list);
    assert_eq!(shown["workspaces"][0]["workspace_id"], "W1");
    assert_eq!(
        shown["page_info"],
        json!({"has_next_page": true, "has_previous_page": false, "end_cursor": "c2",
            "total_count": 7})
    );
}

/// Each tool's result must fit the output schema it declares, down to the sparsest answer that the
/// wire allows.
#[test]
fn every_view_fits_the_schema_of_its_tool() {
    let catalog = Catalog::embedded().platform("tharsis").unwrap();
    let metadata = metadata("X1", "trn:run:a/b/X1");
    let grpc = |service, method, parent: &str| {
        answer((service, method), &json!({"metadata": metadata, parent: "G1"}))
    };
    let job = |method| {
        let fields = json!({"metadata": metadata, "run_id": "R1", "workspace_id": "W1"});
        answer(("Jobs", method), &fields)
    };
    let with_status = |method| {
        let fields = json!({"metadata": metadata, "status": "PENDING"});
        answer(("Runs", method), &fields)
    };
    let answers = [
        ("get_run", with_status("GetRunByID")),
        ("get_plan", with_status("GetPlanByID")),
        ("get_apply", with_status("GetApplyByID")),
        ("get_job", job("GetJobByID")),
        ("get_latest_job", job("GetLatestJobForPlan")),
        ("get_workspace", grpc("Workspaces", "GetWorkspaceByID", "group_id")),
        ("get_workspaces", json!({"items": [grpc("Workspaces", "GetWorkspaceByID", "group_id")]})),
        ("get_group", grpc("Groups", "GetGroupByID", "parent_id")),
        ("get_managed_identity", grpc("ManagedIdentities", "GetManagedIdentityByID", "group_id")),
        ("get_service_account", grpc("ServiceAccounts", "GetServiceAccountByID", "group_id")),
        ("get_plan_diff", json!({"resources": [], "outputs": []})),
        (
            "get_job_logs",
            json!({"job_id": "J", "logs": "", "start": 0, "size": 0, "has_more": false}),
        ),
        ("search_documentation", json!({"items": []})),
        (
            "get_documentation_page",
            json!({"title": "t", "url": "u", "breadcrumbs": [], "content": "c"}),
        ),
    ];
    let tools = &catalog.surface.as_ref().unwrap().tool;
    assert_eq!(tools.len(), answers.len(), "every tool has an answer here");
    let mut problems = Vec::new();
    for (name, answer) in answers {
        let tool = &tools[name];
        let result = shown(tool.view.as_deref().unwrap(), &answer);
        let schema = schema::output(&tool.output).unwrap();
        let validator = jsonschema::validator_for(&schema).unwrap();
        problems.extend(validator.iter_errors(&result).map(|error| format!("{name}: {error}")));
    }
    assert_eq!(problems, Vec::<String>::new());
}
