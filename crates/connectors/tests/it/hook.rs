//! Hooks against a small story: a workspace whose first run went well and whose second failed.

mod upload;

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};

use axum::{Json, Router, body::Bytes, extract::Path, routing::get};
use pilothouse_connectors::{Connector, Scope};
use pilothouse_model::{
    Error, Kind,
    id::{Gid, ResourceType},
};
use serde_json::{Value, json};
use tonic::Status;

use self::upload::upload_target;
use crate::fake::{Call, args, caller, embedded, not_found, router};

const LOG: &str = include_str!("../data/terraform/argument.color.txt");

fn gid(kind: ResourceType, number: u128) -> String {
    Gid::new(kind, uuid::Uuid::from_u128(number)).to_string()
}

fn run_id(number: u128) -> String {
    gid(ResourceType::Run, number)
}

fn plan_id(number: u128) -> String {
    gid(ResourceType::Plan, number)
}

fn job_id(number: u128) -> String {
    gid(ResourceType::Job, number)
}

fn configuration_id(number: u128) -> String {
    gid(ResourceType::ConfigurationVersion, number)
}

fn workspace_id() -> String {
    gid(ResourceType::Workspace, 1)
}

fn metadata(id: &str, minute: u128) -> Value {
    json!({"id": id, "trn": format!("trn:run:acme/prod/{id}"), "version": "1",
        "created_at": format!("2026-01-01T00:{minute:02}:00Z"),
        "updated_at": format!("2026-01-01T00:{minute:02}:30Z")})
}

/// Run 1 was applied, run 2 failed in its plan.
fn run(number: u128) -> Value {
    let (status, plan, error) = match number {
        1 => ("APPLIED", "FINISHED", Value::Null),
        _ => ("ERRORED", "ERRORED", json!("Error: Unsupported argument")),
    };
    json!({
        "metadata": metadata(&run_id(number), number), "status": status, "created_by": "jo",
        "workspace_id": workspace_id(), "plan_id": plan_id(number),
        "configuration_version_id": configuration_id(number), "terraform_version": "1.11.4",
        "plan": {"metadata": metadata(&plan_id(number), number), "status": plan, "summary": {},
            "error_message": error, "latest_job_id": job_id(number)},
    })
}

fn job(number: u128, status: &str) -> Value {
    json!({"metadata": metadata(&job_id(number), number), "run_id": run_id(number),
        "workspace_id": workspace_id(), "type": "plan", "status": status})
}

fn text<'a>(request: &'a Value, name: &str) -> &'a str {
    request.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn number(request: &Value, name: &str) -> usize {
    usize::try_from(request.get(name).and_then(Value::as_u64).unwrap_or(0)).unwrap()
}

/// Bytes of a log as the platform cuts them: never inside a character.
fn slice(log: &str, request: &Value) -> Value {
    let start = number(request, "start_offset").min(log.len());
    let end = log.floor_char_boundary((start + number(request, "limit")).min(log.len()));
    json!({"logs": &log[start..end]})
}

fn story(call: &Call) -> Result<Value, Status> {
    let request = &call.request;
    match call.method.as_str() {
        "Runs.GetRunByID" if text(request, "id") == run_id(1) => Ok(run(1)),
        "Runs.GetRunByID" if text(request, "id") == run_id(2) => Ok(run(2)),
        "Runs.GetRuns" => Ok(json!({"runs": [run(2), run(1)], "page_info": {"total_count": 2}})),
        "Runs.GetPlanByID" => Ok(run(2)["plan"].clone()),
        "Runs.GetRunVariables" => {
            let size = if text(request, "id") == run_id(1) { "1" } else { "2" };
            Ok(json!({"variables": [{"category": "terraform", "key": "size", "value": size}]}))
        }
        "Jobs.GetJobByID" | "Jobs.GetLatestJobForPlan" => Ok(job(2, "failed")),
        "Jobs.GetJobLogs" => Ok(slice(LOG, request)),
        "Workspaces.GetWorkspaceByID" => Ok(json!({
            "metadata": metadata(&workspace_id(), 0), "full_path": "acme/prod",
            "current_state_version_id": gid(ResourceType::StateVersion, 1)})),
        "StateVersions.GetStateVersionOutputs" => Ok(json!({"state_version_outputs": [
            {"name": "url", "value": "Imh0dHA6Ly94Ig==", "type": "InN0cmluZyI="},
            {"name": "key", "value": "InMzY3JldCI=", "type": "InN0cmluZyI=", "sensitive": true},
        ]})),
        _ => Err(not_found(call)),
    }
}

/// Archives of the two configurations, made by the upload hook of a scratch platform.
async fn archive(main: &str) -> Bytes {
    let taken = Arc::new(Mutex::new(Bytes::new()));
    let (connector, _) = upload_target(Arc::clone(&taken));
    let files = json!({"workspace_id": workspace_id(), "files": {"main.tf": main}});
    ask(&connector, "configuration_version.upload", files).await.unwrap();
    taken.lock().unwrap().clone()
}

async fn ask(connector: &Connector, operation: &str, arguments: Value) -> Result<Value, Error> {
    connector.call(&caller(), operation, args(arguments)).await
}

async fn platform() -> Connector {
    let before = archive("resource \"terraform_data\" \"web\" {\n  input = \"a\"\n}\n").await;
    let after = archive("resource \"terraform_data\" \"web\" {\n  inptu = \"a\"\n}\n").await;
    let content = move |Path(id): Path<String>| {
        let archive = if id == configuration_id(1) { before.clone() } else { after.clone() };
        std::future::ready(archive)
    };
    let router = router(|call| story(&call))
        .route("/tfe/v2/configuration-versions/{id}/content", get(content));
    embedded(router)
}

#[tokio::test]
async fn a_failed_run_is_diagnosed_from_its_log() {
    let connector = platform().await;
    let trn = format!("trn:run:acme/prod/{}", run_id(2));
    for id in [run_id(2), plan_id(2), job_id(2), workspace_id()] {
        let found = ask(&connector, "run.diagnose", json!({"id": id})).await.unwrap();
        assert_eq!(found["run_id"], run_id(2));
        assert_eq!(found["trn"], trn);
        assert_eq!(found["failed_stage"], "plan");
        assert_eq!(
            found["summary"],
            "The plan of this run failed: Unsupported argument at main.tf:6 (2 errors)."
        );
        assert_eq!(found["diagnostics"][0]["snippet"], "  inptu = \"a\"");
        assert_eq!(found["likely_cause"]["id"], "unsupported_argument");
        let changed = &found["changed_since_last_good_run"];
        assert_eq!(changed["since_run_id"], run_id(1));
        let diff = changed["configuration"]["changed"][0]["diff"].as_str().unwrap();
        assert!(diff.contains("-  input = \"a\"\n+  inptu = \"a\"\n"), "{diff}");
        assert_eq!(changed["variables"][0]["after"], "2");
        let timeline = found["timeline"].as_array().unwrap();
        assert_eq!(timeline[0]["event"], "run created by jo");
        let next: Vec<_> = found["next_steps"].as_array().unwrap().iter().collect();
        assert_eq!(next[1]["operation"], "tharsis.configuration_version.download");
        assert_eq!(next[1]["arguments"]["path"], "main.tf");
    }
}

#[tokio::test]
async fn the_platforms_own_diagnostics_win_over_the_log() {
    let own = json!({"diagnostics": [{"severity": "error", "summary": "From the platform",
        "file": "x.tf", "line": 1}]});
    let router = router(|call| story(&call))
        .route("/v1/plans/{id}/diagnostics", get(move || std::future::ready(Json(own))));
    let found = ask(&embedded(router), "run.diagnose", json!({"id": run_id(2)})).await.unwrap();
    assert_eq!(found["diagnostics"][0]["summary"], "From the platform");
    let notes = &found["changed_since_last_good_run"]["notes"];
    assert!(notes[0].as_str().unwrap().contains("configurations were not compared"), "{notes}");
}

#[tokio::test]
async fn a_run_that_did_not_fail_says_so() {
    let connector = platform().await;
    let found = ask(&connector, "run.diagnose", json!({"id": run_id(1)})).await.unwrap();
    assert_eq!(found["summary"], "This run has not failed.");
    let group = gid(ResourceType::Group, 1);
    let error = ask(&connector, "run.diagnose", json!({"id": group})).await.unwrap_err();
    assert_eq!(error.kind, Kind::Invalid);
}

#[tokio::test]
async fn a_runs_log_is_shown_by_its_end_its_beginning_and_its_error() {
    let connector = platform().await;
    let logs = |arguments: Value| {
        let mut arguments = arguments;
        arguments["id"] = json!(run_id(2));
        ask(&connector, "run.logs", arguments)
    };
    let tail = logs(json!({"limit": 200})).await.unwrap();
    assert_eq!((&tail["stage"], &tail["job_id"]), (&json!("plan"), &json!(job_id(2))));
    assert_eq!(tail["total_size"], LOG.len());
    assert!(tail["logs"].as_str().unwrap().ends_with("│ module.\n╵\n"), "{tail}");
    let head = logs(json!({"mode": "head", "limit": 60})).await.unwrap();
    assert_eq!((&head["start"], &head["has_more"]), (&json!(0), &json!(true)));
    assert!(head["logs"].as_str().unwrap().starts_with("Initializing the backend...\n"));
    let error = logs(json!({"mode": "error", "limit": 300})).await.unwrap();
    let shown = error["logs"].as_str().unwrap();
    assert!(shown.contains("│ Error: Unsupported argument"), "{shown}");
    let found = logs(json!({"search": "undeclared RESOURCE"})).await.unwrap();
    assert_eq!(found["matches"].as_array().unwrap().len(), 1);
    let apply = logs(json!({"stage": "apply"})).await.unwrap();
    assert_eq!(apply["note"], "this run has no such stage");
}

#[tokio::test]
async fn a_jobs_log_is_shown_in_the_same_parts() {
    let connector = platform().await;
    for (part, expected) in [
        (json!({}), "│ module.\n╵\n"),
        (json!({"mode": "head", "limit": 60}), "Initializing the backend...\n"),
        (json!({"mode": "error", "limit": 300}), "│ Error: Unsupported argument"),
        (json!({"search": "undeclared RESOURCE"}), "undeclared resource"),
    ] {
        let mut args = json!({"id": job_id(2)});
        args.as_object_mut().unwrap().extend(part.as_object().unwrap().clone());
        let shown = ask(&connector, "job.logs", args).await.unwrap();
        let text =
            shown["logs"].as_str().map_or_else(|| shown["matches"].to_string(), str::to_owned);
        assert!(text.contains(expected), "{part}: {shown}");
    }
}

#[tokio::test]
async fn pieces_of_a_jobs_log_put_together_are_the_whole() {
    let connector = platform().await;
    for limit in [7, 100, 51_200] {
        let (mut start, mut whole) = (0, String::new());
        loop {
            let piece = json!({"id": job_id(2), "start": start, "limit": limit});
            let piece = ask(&connector, "job.logs", piece).await.unwrap();
            whole.push_str(piece["logs"].as_str().unwrap());
            start += piece["size"].as_u64().unwrap();
            if piece["has_more"] == false {
                break;
            }
        }
        assert_eq!(start, LOG.len() as u64);
        assert_eq!(whole, pilothouse_model::text::sanitize(LOG), "limit {limit}");
    }
}

/// A job that writes one more line at every look and is over after three.
fn growing() -> Router {
    let looks = Arc::new(AtomicUsize::new(0));
    router(move |call| match call.method.as_str() {
        "Jobs.GetJobByID" => {
            let look = looks.fetch_add(1, Ordering::SeqCst);
            Ok(job(2, if look < 2 { "running" } else { "failed" }))
        }
        "Jobs.GetJobLogs" => {
            let lines = looks.load(Ordering::SeqCst);
            let log = (1..=lines).fold(String::new(), |log, line| format!("{log}line {line}\n"));
            Ok(slice(&log, &call.request))
        }
        _ => story(&call),
    })
}

#[tokio::test(start_paused = true)]
async fn a_log_is_followed_to_its_end_with_progress() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&seen);
    let scope = Scope::new(caller()).watched(move |progress| {
        noted.lock().unwrap().push((progress.current, progress.message.to_owned()));
    });
    let follow = args(json!({"id": run_id(2), "follow": true}));
    let answer = embedded(growing()).call_in(&scope, "run.logs", &follow).await.unwrap();
    assert_eq!(answer["job_status"], "failed");
    assert_eq!(answer["logs"], "line 1\nline 2\nline 3\n");
    assert_eq!(
        *seen.lock().unwrap(),
        [(1, "running: line 1"), (2, "running: line 2"), (3, "failed: line 3")]
            .map(|(current, message)| (current, message.to_owned()))
    );
}

#[tokio::test]
async fn the_newest_job_of_a_run_or_plan_is_found() {
    let connector = platform().await;
    for id in [run_id(2), plan_id(2)] {
        let job = ask(&connector, "job.latest", json!({"id": id})).await.unwrap();
        assert_eq!(job["metadata"]["id"], job_id(2));
    }
    let error = ask(&connector, "job.latest", json!({"id": workspace_id()})).await.unwrap_err();
    assert!(error.message.ends_with("does not name a plan, apply or run"), "{error}");
}

#[tokio::test]
async fn a_workspaces_condition_names_its_failing_run() {
    let connector = platform().await;
    let status = ask(&connector, "workspace.status", json!({"id": workspace_id()})).await.unwrap();
    assert_eq!(status["condition"], "failing");
    assert_eq!(status["failing_run"]["run_id"], run_id(2));
    assert_eq!(status["last_good_run"]["run_id"], run_id(1));
    assert_eq!(status["recent_runs_by_status"], json!({"applied": 1, "errored": 1}));
}

#[tokio::test]
async fn outputs_are_readable_and_secrets_stay_out() {
    let connector = platform().await;
    let of = json!({"workspace_id": workspace_id()});
    let outputs = ask(&connector, "state_version.outputs", of).await.unwrap();
    assert_eq!(
        outputs["items"],
        json!([
            {"name": "url", "value": "http://x", "type": "string", "sensitive": false},
            {"name": "key", "type": "string", "sensitive": true},
        ])
    );
}

#[tokio::test]
async fn a_plans_diff_comes_over_either_wire() {
    let changes = json!({"resources": [{"address": "a.b", "resource_type": "a",
        "action": "CREATE", "unified_diff": "+ x", "provider_name": "p"}], "outputs": []});
    let rest = changes.clone();
    let own = router(|call| story(&call))
        .route("/v1/plans/{id}/diff", get(move || std::future::ready(Json(rest.clone()))));
    let graph = json!({"data": {"run": {"plan": {"changes": {"resources": [{"address": "a.b",
        "resourceType": "a", "action": "CREATE", "unifiedDiff": "+ x", "providerName": "p"}],
        "outputs": null}}}}});
    let graphql = move |Json(question): Json<Value>| {
        assert_eq!(question["variables"]["id"], run_id(2));
        std::future::ready(Json(graph.clone()))
    };
    let tharsis = router(|call| story(&call)).route("/graphql", axum::routing::post(graphql));
    for router in [own, tharsis] {
        let connector = embedded(router);
        for arguments in [json!({"run_id": run_id(2)}), json!({"id": plan_id(2)})] {
            let diff = ask(&connector, "plan.diff", arguments).await.unwrap();
            assert_eq!(diff, changes);
        }
    }
    let nowhere =
        ask(&embedded(router(|call| story(&call))), "plan.diff", json!({"id": plan_id(2)})).await;
    assert_eq!(nowhere.unwrap_err().kind, Kind::NotFound);
}

/// What the drop-in tool of this view shows of an operation's answer.
async fn shown(connector: &Connector, operation: &str, view: &str, id: &str) -> Value {
    let answer = ask(connector, operation, json!({"id": id})).await.unwrap();
    let shown = connector.show(&Scope::new(caller()), view, answer).await.unwrap();
    shown[view].clone()
}

#[tokio::test]
async fn tools_show_what_only_graphql_tells() {
    let at = "2026-01-01T00:00:00Z";
    let graphql = move |Json(question): Json<Value>| {
        let query = question["query"].as_str().unwrap().to_owned();
        let node = [
            ("on Job", json!({"timestamps": {"queuedAt": at, "finishedAt": null}})),
            ("on Run", json!({"plan": {"summary": {"outputAdditions": 4}}, "apply": null})),
            ("on Workspace", json!({"terraformVersion": "1.11.4", "preventDestroyPlan": true})),
        ]
        .into_iter()
        .find_map(|(fragment, node)| query.contains(fragment).then_some(node));
        std::future::ready(Json(json!({"data": {"n0": node}})))
    };
    let tharsis = router(|call| story(&call)).route("/graphql", axum::routing::post(graphql));
    let silent = router(|call| story(&call));
    for (router, told) in [(tharsis, true), (silent, false)] {
        let connector = embedded(router);
        let job = shown(&connector, "job.get", "job", &job_id(2)).await;
        let run = shown(&connector, "run.get", "run", &run_id(2)).await;
        let workspace = shown(&connector, "workspace.get", "workspace", &workspace_id()).await;
        let found = [
            job.get("queued_timestamp") == Some(&json!(at)),
            run.pointer("/plan/summary/output_additions") == Some(&json!(4)),
            workspace.get("terraform_version") == Some(&json!("1.11.4")),
            workspace.get("prevent_destroy_plan") == Some(&json!(true)),
        ];
        assert_eq!(found, [told; 4], "{job} {run} {workspace}");
        assert!(job.get("finished_timestamp").is_none(), "nothing was told: {job}");
        assert_eq!(workspace["full_path"], "acme/prod");
    }
}
