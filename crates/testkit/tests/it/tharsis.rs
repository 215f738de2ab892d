//! The drop-in tools of the Tharsis surface on a real run, and `runs logs -f` for its operator.

use pilothouse_testkit::{TestApp, operate, terraform};
use serde_json::{Value, json};

const SURFACE: &str = "/mcp/tharsis";

async fn ask(app: &TestApp, tool: &str, arguments: Value) -> Value {
    let result = app.call_on(SURFACE, tool, arguments).await;
    assert_eq!(result["isError"], false, "{tool}: {result:#}");
    result["structuredContent"].clone()
}

/// A workspace with one run of `main.tf` that has come to rest; gives the run's id.
async fn run(app: &TestApp, main: &str) -> String {
    let create = |kind: &str, body: Value| json!({ "resource_type": kind, "body": body });
    app.ok("infra_create", create("tharsis.group", json!({ "name": "acme" }))).await;
    let workspace = json!({ "name": "net", "group_id": "trn:group:acme" });
    app.ok("infra_create", create("tharsis.workspace", workspace)).await;
    let version = app
        .ok("infra_execute", json!({
            "resource_type": "tharsis.configuration_version", "action": "upload",
            "params": { "workspace_id": "trn:workspace:acme/net", "files": { "main.tf": main } },
        }))
        .await;
    let run = json!({ "workspace_id": "trn:workspace:acme/net",
                      "configuration_version_id": version["metadata"]["id"] });
    let run = app.ok("infra_create", create("tharsis.run", run)).await;
    let id = run["metadata"]["id"].as_str().unwrap().to_owned();
    let wait = json!({ "resource_type": "tharsis.run", "id": id });
    let waited = app.ok("infra_wait", wait).await;
    assert_ne!(waited["outcome"], "timed_out", "{waited:#}");
    id
}

#[tokio::test(flavor = "multi_thread")]
async fn every_tool_answers_in_the_shape_of_the_server_it_replaces() {
    let Some(terraform) = terraform() else { return };
    let app =
        TestApp::start(&[("PILOTHOUSE_AUTO_APPROVE", "all"), ("PILOTHOUSE_TERRAFORM", &terraform)])
            .await;
    let main = "resource \"terraform_data\" \"one\" {\n  input = 1\n}\n\
                output \"one\" {\n  value = terraform_data.one.output\n}\n";
    let run_id = run(&app, main).await;
    let run = &ask(&app, "get_run", json!({ "id": run_id })).await["run"];
    assert_eq!(run["status"], "planned");
    let counted = ["resource_additions", "output_additions", "output_changes"];
    let counts = counted.map(|name| run["plan"]["summary"][name].as_i64());
    assert_eq!(counts, [Some(1), Some(1), Some(0)], "{run:#}");
    let plan_id = &run["plan_id"];

    let plan = &ask(&app, "get_plan", json!({ "id": plan_id })).await["plan"];
    assert_eq!((&plan["status"], &plan["resource_additions"]), (&json!("finished"), &json!(1)));
    let diff = ask(&app, "get_plan_diff", json!({ "run_id": run_id })).await;
    assert_eq!(diff["resources"][0]["address"], "terraform_data.one");
    for of in [&json!(run_id), plan_id] {
        let job = &ask(&app, "get_latest_job", json!({ "id": of })).await["job"];
        assert_eq!((&job["type"], &job["status"]), (&json!("plan"), &json!("finished")));
        for at in ["queued", "pending", "running", "finished"] {
            assert!(job[format!("{at}_timestamp")].is_string(), "{job:#}");
        }
        assert!(job.get("cancel_requested_timestamp").is_none(), "{job:#}");
        let same = &ask(&app, "get_job", json!({ "id": job["job_id"] })).await["job"];
        assert_eq!(same["job_id"], job["job_id"]);
        let logs = ask(&app, "get_job_logs", json!({ "id": job["job_id"], "limit": 100 })).await;
        assert_eq!((&logs["start"], &logs["has_more"]), (&json!(0), &json!(true)));
    }
    let apply = &ask(&app, "get_apply", json!({ "id": run["apply_id"] })).await["apply"];
    assert_eq!(apply["status"], "created");
    for of in [plan, apply] {
        assert_eq!(of["workspace_id"], run["workspace_id"], "{of:#}");
    }
    let workspace = json!({ "id": "trn:workspace:acme/net" });
    let workspace = &ask(&app, "get_workspace", workspace).await["workspace"];
    assert_eq!(workspace["full_path"], "acme/net");
    let group = &ask(&app, "get_group", json!({ "id": "trn:group:acme" })).await["group"];
    assert_eq!(group["full_path"], "acme");
    let found = ask(&app, "get_workspaces", json!({ "search": "net", "first": 5 })).await;
    assert_eq!(found["page_info"]["total_count"], 1);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_operator_lists_shows_and_follows_the_same_run() {
    let Some(terraform) = terraform() else { return };
    let app =
        TestApp::start(&[("PILOTHOUSE_AUTO_APPROVE", "all"), ("PILOTHOUSE_TERRAFORM", &terraform)])
            .await;
    let run_id = run(&app, "output \"broken\" {\n  value = local.missing\n}\n").await;
    let data = app.data();
    let (code, listed) = operate(&data, &["runs", "list"]);
    assert_eq!(code, Some(0));
    assert!(listed.contains(&run_id) && listed.contains("errored"), "{listed}");
    let (_, shown) = operate(&data, &["runs", "show", &run_id]);
    assert!(shown.contains("main.tf:2"), "{shown}");
    let (code, log) = operate(&data, &["runs", "logs", "-f", &run_id]);
    assert_eq!(code, Some(1), "following a run that fails is a failure");
    assert_eq!(log.matches("$ terraform plan").count(), 1, "{log}");
    assert!(log.contains("undeclared local value"), "{log}");
    app.stop().await;
}

#[tokio::test]
async fn the_documentation_is_searched_and_read_without_a_network() {
    let app = TestApp::start(&[]).await;
    let query = json!({ "query": "approve a write" });
    let found = ask(&app, "search_documentation", query).await;
    let url = found["results"][0]["url"].clone();
    let page = ask(&app, "get_documentation_page", json!({ "url": url })).await;
    assert!(page["content"].as_str().unwrap().len() > 100, "{page:#}");
    app.stop().await;
}

#[tokio::test]
async fn a_managed_identity_is_recorded_assigned_and_read() {
    let app = TestApp::start(&[("PILOTHOUSE_AUTO_APPROVE", "all")]).await;
    let create = |kind: &str, body: Value| json!({ "resource_type": kind, "body": body });
    app.ok("infra_create", create("tharsis.group", json!({ "name": "acme" }))).await;
    let workspace = json!({ "name": "net", "group_id": "trn:group:acme" });
    app.ok("infra_create", create("tharsis.workspace", workspace)).await;
    let identity = json!({ "name": "aws", "group_id": "trn:group:acme", "type": "aws_federated",
                           "data": "arn:aws:iam::1:role/deploy" });
    app.ok("infra_create", create("tharsis.managed_identity", identity)).await;
    let trn = "trn:managed_identity:acme/aws";
    let act = |action: &str| {
        json!({
            "resource_type": "tharsis.managed_identity", "action": action,
            "params": { "managed_identity_id": trn, "workspace_id": "trn:workspace:acme/net" },
        })
    };
    app.ok("infra_execute", act("assign")).await;
    let list = json!({ "resource_type": "tharsis.managed_identity", "action": "list_for_workspace",
                       "params": { "workspace_id": "trn:workspace:acme/net" } });
    let used = app.ok("infra_execute", list).await;
    assert!(used.to_string().contains(trn), "{used:#}");
    let answer = ask(&app, "get_managed_identity", json!({ "id": trn })).await;
    let read = &answer["managed_identity"];
    assert_eq!((&read["type"], &read["is_alias"]), (&json!("aws_federated"), &json!(false)));
    app.ok("infra_execute", act("unassign")).await;
    app.stop().await;
}
