//! What becomes of runs.

use tonic::Code;

use super::{
    client::{
        apply::{ApplyStatus, GetApplyByIdRequest},
        ok,
        plan::{GetPlanByIdRequest, PlanStatus},
        refused,
        run::{
            ApplyRunRequest, CreateDestroyRunForWorkspaceRequest, CreateRunRequest, GetRunsRequest,
            Run, RunStatus,
        },
        workspace::{UpdateWorkspaceRequest, Workspace},
    },
    script::Step,
    world::{World, id, trn},
};

async fn post(world: &World, run: &Run, verb: &str) -> (u16, serde_json::Value) {
    let path = format!("/v1/runs/{}/{verb}", id(&run.metadata));
    world.client.json("POST", &path, "").await
}

#[tokio::test]
async fn from_configuration_to_outputs() {
    let world = World::new().await;
    let _server = world.start();
    let prod = world.prod().await;
    let run = world.run(&prod).await;
    assert_eq!((run.created_by.as_str(), run.speculative), ("jo", false));

    let planned = world.until(&run, RunStatus::Planned).await;
    #[expect(deprecated, reason = "the word that old clients read")]
    let old_status = planned.deprecated_status.clone();
    assert_eq!((old_status.as_str(), planned.has_changes), ("planned", true));
    assert_eq!(planned.terraform_version, "1.9.8");
    let plan = planned.plan.clone().unwrap();
    assert_eq!(plan.status(), PlanStatus::Finished);
    assert_eq!(plan.summary.unwrap().resource_additions, 1);
    let plan_path = format!("/v1/plans/{}", planned.plan_id);
    let (_, diff) = world.client.json("GET", &format!("{plan_path}/diff"), "").await;
    assert_eq!(diff["resources"][0]["address"], "terraform_data.a");
    let encoded = trn(&plan.metadata).replace(':', "%3A").replace('/', "%2F");
    let (_, by_trn) = world.client.json("GET", &format!("/v1/plans/{encoded}/diff"), "").await;
    assert_eq!(by_trn, diff);

    let asked = world.apply(&run).await;
    assert_eq!(asked.apply.unwrap().triggered_by, "jo");
    let applied = world.until(&run, RunStatus::Applied).await;
    assert_eq!(applied.apply.as_ref().unwrap().status(), ApplyStatus::Finished);
    let job = world.job(applied.apply.unwrap().latest_job_id()).await;
    assert_eq!(world.log(&id(&job.metadata)).await, "applying\napplied\n");

    let prod = world.reread(&prod).await;
    assert!(!prod.current_state_version_id.is_empty() && !prod.dirty_state);
    assert_eq!(prod.current_job_id, "");
    let seen = world.script.seen();
    assert_eq!((seen[0].job.plan_file.as_deref(), seen[0].job.options.refresh), (None, true));
    assert_eq!(seen[1].job.plan_file.as_deref(), Some(&b"plan"[..]));
    assert!(seen[1].job.configuration.exists());
    assert_eq!(seen[1].job.environment, [("THARSIS_GROUP_PATH".to_owned(), "acme".to_owned())]);
    world.until_cleaned(2).await;
}

#[tokio::test]
async fn a_failed_plan_says_where_and_can_be_retried() {
    let world = World::new().await;
    let _server = world.start();
    world.script.then(&[Step::Fails, Step::Works]);
    let prod = world.prod().await;
    let run = world.run(&prod).await;

    let errored = world.until(&run, RunStatus::Errored).await;
    let plan = errored.plan.clone().unwrap();
    assert_eq!(plan.error_message(), "Reference to undeclared input variable");
    assert_eq!(errored.apply.unwrap().status(), ApplyStatus::Skipped);
    let path = format!("/v1/plans/{}/diagnostics", errored.plan_id);
    let (_, diagnostics) = world.client.json("GET", &path, "").await;
    assert_eq!(diagnostics[0]["file"], "main.tf");
    assert_eq!(diagnostics[0]["line"], 3);
    let request = ApplyRunRequest { run_id: id(&run.metadata) };
    let message = refused(world.client.runs().apply_run(request).await, Code::AlreadyExists);
    assert_eq!(message, "the run is errored: only a planned run can be applied");

    let (status, retried) = post(&world, &run, "retry").await;
    assert_eq!((status, &retried["status"] == "errored"), (200, false), "{retried}");
    let planned = world.until(&run, RunStatus::Planned).await;
    assert_eq!(planned.plan.unwrap().error_message, None);
    let (_, diagnostics) = world.client.json("GET", &path, "").await;
    assert_eq!(diagnostics, serde_json::json!([]));
}

#[tokio::test]
async fn a_failed_apply_keeps_the_state_it_wrote() {
    let world = World::new().await;
    let _server = world.start();
    world.script.then(&[Step::Works, Step::Fails]);
    let prod = world.prod().await;
    let run = world.run(&prod).await;
    world.until(&run, RunStatus::Planned).await;
    world.apply(&run).await;

    let errored = world.until(&run, RunStatus::Errored).await;
    let apply = errored.apply.unwrap();
    assert_eq!(apply.error_message(), "Reference to undeclared input variable");
    let path = format!("/v1/applies/{}/diagnostics", errored.apply_id);
    let (_, diagnostics) = world.client.json("GET", &path, "").await;
    assert_eq!(diagnostics[0]["summary"], "Reference to undeclared input variable");
    let prod = world.reread(&prod).await;
    assert!(!prod.current_state_version_id.is_empty() && !prod.dirty_state);
}

#[tokio::test]
async fn an_apply_that_was_killed_leaves_a_doubtful_state() {
    let world = World::new().await;
    let _server = world.start();
    world.script.then(&[Step::Works, Step::IsCutOff]);
    let prod = world.prod().await;
    let run = world.run(&prod).await;
    world.until(&run, RunStatus::Planned).await;
    world.apply(&run).await;
    world.until(&run, RunStatus::Errored).await;
    let prod = world.reread(&prod).await;
    assert!(!prod.current_state_version_id.is_empty() && prod.dirty_state);
}

#[tokio::test]
async fn auto_apply_asks_nobody() {
    let world = World::new().await;
    let _server = world.start();
    let prod = world.prod().await;
    let request = CreateRunRequest { auto_apply: Some(true), ..world.request(&prod).await };
    let run = ok(world.client.runs().create_run(request).await);
    let applied = world.until(&run, RunStatus::Applied).await;
    assert_eq!(applied.apply.unwrap().triggered_by, "");
}

#[tokio::test]
async fn auto_apply_is_decided_before_the_plan_is_finished() {
    let world = World::new().await;
    let prod = world.prod().await;
    let run = world.run(&prod).await;
    let path = format!("/v1/runs/{}/auto-apply", id(&run.metadata));
    let (status, body) = world.client.json("PUT", &path, r#"{"auto_apply": true}"#).await;
    assert_eq!((status, body["auto_apply"].as_bool()), (200, Some(true)));
    let (status, body) = world.client.json("PUT", &path, "true").await;
    assert_eq!(status, 400, "{body}");

    let _server = world.start();
    world.until(&run, RunStatus::Applied).await;
    let (status, body) = world.client.json("PUT", &path, r#"{"auto_apply": false}"#).await;
    assert_eq!(status, 409, "{body}");
}

#[tokio::test]
async fn a_plan_without_changes_is_finished() {
    let world = World::new().await;
    let _server = world.start();
    world.script.then(&[Step::FindsNothing]);
    let prod = world.prod().await;
    let run = world.run(&prod).await;
    let finished = world.until(&run, RunStatus::PlannedAndFinished).await;
    assert!(!finished.has_changes);
    let request = ApplyRunRequest { run_id: id(&run.metadata) };
    refused(world.client.runs().apply_run(request).await, Code::AlreadyExists);
}

#[tokio::test]
async fn a_speculative_run_is_never_applied() {
    let world = World::new().await;
    let _server = world.start();
    let prod = world.prod().await;
    let configuration = world.uploaded(&prod, true).await;
    let request = CreateRunRequest {
        configuration_version_id: Some(id(&configuration.metadata)),
        ..world.request(&prod).await
    };
    let forced = CreateRunRequest { speculative: Some(false), ..request.clone() };
    refused(world.client.runs().create_run(forced).await, Code::InvalidArgument);
    let run = ok(world.client.runs().create_run(request).await);
    let finished = world.until(&run, RunStatus::PlannedAndFinished).await;
    assert_eq!((finished.apply, finished.apply_id.as_str()), (None, ""));
    assert!(finished.speculative && finished.has_changes);
}

#[tokio::test]
async fn an_apply_discards_older_plans() {
    let world = World::new().await;
    let _server = world.start();
    let prod = world.prod().await;
    let older = world.run(&prod).await;
    world.until(&older, RunStatus::Planned).await;
    world.applied(&prod).await;
    let discarded = world.get_run(&older).await;
    assert_eq!(discarded.status(), RunStatus::Discarded);
    assert_eq!(discarded.apply.unwrap().status(), ApplyStatus::Skipped);

    let (status, body) = post(&world, &older, "undiscard").await;
    assert_eq!((status, body["status"].as_str()), (200, Some("planned")));
    let (status, body) = post(&world, &older, "discard").await;
    assert_eq!((status, body["status"].as_str()), (200, Some("discarded")));
    let (status, body) = post(&world, &older, "discard").await;
    assert_eq!(status, 409);
    assert_eq!(body["detail"], "the run is discarded: only a planned run can be discarded");
}

#[tokio::test]
async fn a_destroy_run_uses_the_configuration_of_the_state() {
    let world = World::new().await;
    let _server = world.start();
    let prod = world.prod().await;
    let request = CreateDestroyRunForWorkspaceRequest { workspace_id: id(&prod.metadata) };
    let mut runs = world.client.runs();
    let destroy = runs.create_destroy_run_for_workspace(request.clone()).await;
    assert!(refused(destroy, Code::AlreadyExists).contains("no state"));

    let applied = world.applied(&prod).await;
    let destroy = ok(runs.create_destroy_run_for_workspace(request).await);
    assert!(destroy.is_destroy);
    assert_eq!(destroy.configuration_version_id, applied.configuration_version_id);
    world.until(&destroy, RunStatus::Planned).await;
    let planned = world.script.seen().pop().unwrap();
    assert!(planned.job.options.destroy && planned.job.state.is_some());
}

#[tokio::test]
async fn a_plan_and_an_apply_have_two_names_each() {
    let world = World::new().await;
    let prod = world.prod().await;
    let run = world.run(&prod).await;
    let (run_trn, mut runs) = (trn(&run.metadata), world.client.runs());
    assert_eq!(run_trn, format!("trn:run:acme/prod/{}", id(&run.metadata)));
    let plan_trn = format!("trn:plan:acme/prod/{}/plan", id(&run.metadata));
    for id in [run.plan_id.clone(), plan_trn.clone(), format!("trn:plan:acme/prod/{}", run.plan_id)]
    {
        let plan = ok(runs.get_plan_by_id(GetPlanByIdRequest { id }).await);
        assert_eq!(trn(&plan.metadata), plan_trn);
    }
    let id = format!("trn:apply:acme/prod/{}/apply", id(&run.metadata));
    let apply = ok(runs.get_apply_by_id(GetApplyByIdRequest { id }).await);
    assert_eq!(apply.status(), ApplyStatus::Created);
    let id = format!("trn:plan:acme/dev/{}", run.plan_id);
    refused(runs.get_plan_by_id(GetPlanByIdRequest { id }).await, Code::NotFound);
}

#[tokio::test]
async fn runs_that_cannot_be_are_refused() {
    let world = World::new().await;
    let prod = world.prod().await;
    let pending = world.configuration(&prod, false).await;
    let good = world.request(&prod).await;
    let with = |edit: fn(&mut CreateRunRequest)| {
        let mut request = good.clone();
        edit(&mut request);
        request
    };
    let unuploaded =
        CreateRunRequest { configuration_version_id: Some(id(&pending.metadata)), ..good.clone() };
    for (request, code, why) in [
        (unuploaded, Code::AlreadyExists, "upload the configuration first"),
        (with(|r| r.configuration_version_id = None), Code::InvalidArgument, "exactly one"),
        (with(|r| r.module_source = Some("a".to_owned())), Code::InvalidArgument, "exactly one"),
        (
            with(|r| {
                r.configuration_version_id = None;
                r.module_source = Some("acme/vpc/aws".to_owned());
            }),
            Code::InvalidArgument,
            "not supported",
        ),
        (
            with(|r| (r.is_destroy, r.refresh_only) = (true, true)),
            Code::InvalidArgument,
            "exclude each other",
        ),
        (
            with(|r| r.target_addresses = vec!["a".to_owned(); 101]),
            Code::InvalidArgument,
            "at most 100",
        ),
        (
            with(|r| r.terraform_version = Some("latest".to_owned())),
            Code::InvalidArgument,
            "not a version",
        ),
        (with(|r| r.workspace_id = String::new()), Code::InvalidArgument, "missing"),
    ] {
        let message = refused(world.client.runs().create_run(request).await, code);
        assert!(message.contains(why), "{message}");
    }

    let update = UpdateWorkspaceRequest {
        id: id(&prod.metadata),
        prevent_destroy_plan: Some(true),
        ..UpdateWorkspaceRequest::default()
    };
    ok(world.client.workspaces().update_workspace(update).await);
    let destroy = with(|r| r.is_destroy = true);
    refused(world.client.runs().create_run(destroy).await, Code::AlreadyExists);
}

#[tokio::test]
async fn runs_are_listed_newest_first_in_pages() {
    let world = World::new().await;
    let prod = world.prod().await;
    let mut ids = Vec::new();
    for _ in 0..3 {
        world.pass(std::time::Duration::from_secs(1));
        ids.insert(0, id(&world.run(&prod).await.metadata));
    }
    let list = |after: Option<String>| GetRunsRequest {
        workspace_id: Some(id(&prod.metadata)),
        pagination_options: Some(super::client::pagination::PaginationOptions {
            first: Some(2),
            after,
            ..Default::default()
        }),
        ..GetRunsRequest::default()
    };
    let first = ok(world.client.runs().get_runs(list(None)).await);
    let info = first.page_info.unwrap();
    assert_eq!((info.total_count, info.has_next_page, info.has_previous_page), (3, true, false));
    let second = ok(world.client.runs().get_runs(list(info.end_cursor)).await);
    assert!(!second.page_info.unwrap().has_next_page);
    let listed: Vec<_> =
        first.runs.iter().chain(&second.runs).map(|run| id(&run.metadata)).collect();
    assert_eq!(listed, ids);
}

#[tokio::test]
async fn runs_per_hour_have_a_limit() {
    let world = World::new().await;
    let prod: Workspace = world.prod().await;
    let request = world.request(&prod).await;
    for _ in 0..100 {
        ok(world.client.runs().create_run(request.clone()).await);
    }
    let message =
        refused(world.client.runs().create_run(request.clone()).await, Code::ResourceExhausted);
    assert_eq!(message, "the limit of 100 runs per workspace and hour is reached");
    world.pass(std::time::Duration::from_hours(1));
    ok(world.client.runs().create_run(request).await);
}
