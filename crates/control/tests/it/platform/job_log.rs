//! Logs, in parts and as they grow.

use futures::StreamExt as _;
use serde_json::json;
use tonic::Code;

use super::{
    client::{
        job::{
            GetJobLogsRequest, GetLatestJobForApplyRequest, GetLatestJobForPlanRequest,
            SubscribeToJobLogStreamRequest,
        },
        ok, refused,
        run::{CancelRunRequest, RunStatus, SubscribeToRunEventsRequest},
    },
    script::Step,
    world::{World, id},
};

#[tokio::test]
async fn a_log_is_read_in_parts_that_cut_no_character() {
    let world = World::new().await;
    let _server = world.start();
    let prod = world.prod().await;
    let run = world.run(&prod).await;
    let planned = world.until(&run, RunStatus::Planned).await;
    let mut jobs = world.client.jobs();
    let request = GetLatestJobForPlanRequest { plan_id: planned.plan_id };
    let job_id = id(&ok(jobs.get_latest_job_for_plan(request).await).metadata);
    let part =
        |start_offset, limit| GetJobLogsRequest { job_id: job_id.clone(), start_offset, limit };
    for (offset, limit, expected) in [
        (0, 0, "planning €\nplanned\n"),
        (0, 10, "planning "),
        (9, 3, "€"),
        (10, 4, "??\np"),
        (1000, 10, ""),
    ] {
        let logs = ok(jobs.get_job_logs(part(offset, limit)).await).logs;
        assert_eq!(logs, expected, "{offset} {limit}");
    }
    for (offset, limit) in [(0, 1024 * 1024 + 1), (0, -1), (-1, 10)] {
        refused(jobs.get_job_logs(part(offset, limit)).await, Code::InvalidArgument);
    }
    let request = GetLatestJobForApplyRequest { apply_id: planned.apply_id };
    let message = refused(jobs.get_latest_job_for_apply(request).await, Code::NotFound);
    assert!(message.contains("no job until its turn comes"), "{message}");

    let path = format!("/v1/jobs/{job_id}/log");
    let (_, tail) = world.client.json("GET", &format!("{path}?tail=8"), "").await;
    assert_eq!(tail["logs"], "planned\n");
    assert_eq!((&tail["next_offset"], &tail["size"]), (&json!(21), &json!(21)));
    assert_eq!((&tail["completed"], &tail["status"]), (&json!(true), &json!("finished")));
    assert!(tail["running_at"].is_string() && tail["finished_at"].is_string());
    for bad in ["?tail=-1", "?tail=1&offset=1", "?limit=x", "?nothing=1", "?limit=9999999"] {
        let (status, error) = world.client.json("GET", &format!("{path}{bad}"), "").await;
        assert_eq!(status, 400, "{bad}: {error}");
    }
}

#[tokio::test]
async fn a_log_is_followed_until_it_is_complete() {
    let world = World::new().await;
    let _server = world.start();
    world.script.then(&[Step::RunsUntilAsked]);
    let prod = world.prod().await;
    let run = world.run(&prod).await;
    world.until_begun(1).await;
    let job_id = world.get_run(&run).await.plan.unwrap().latest_job_id.unwrap();
    let follow = SubscribeToJobLogStreamRequest { job_id, last_seen_log_size: Some(9) };
    let mut events = ok(world.client.jobs().subscribe_to_job_log_stream(follow).await);
    let first = events.next().await.unwrap().unwrap();
    let data = first.data.unwrap();
    assert_eq!((data.offset, data.logs.as_str(), first.completed), (9, "€\n", false));

    let cancel = CancelRunRequest { id: id(&run.metadata), force: None };
    ok(world.client.runs().cancel_run(cancel).await);
    let second = events.next().await.unwrap().unwrap();
    assert_eq!(second.data.unwrap().logs, "planned\n");
    let last = events.next().await.unwrap().unwrap();
    assert_eq!((last.completed, last.size, last.data), (true, 21, None));
    assert!(events.next().await.is_none());
}

#[tokio::test]
async fn a_run_is_followed() {
    let world = World::new().await;
    let prod = world.prod().await;
    let run = world.run(&prod).await;
    let follow = SubscribeToRunEventsRequest {
        run_id: Some(id(&run.metadata)),
        ..SubscribeToRunEventsRequest::default()
    };
    let mut events = ok(world.client.runs().subscribe_to_run_events(follow).await);
    let mut below = ok(world
        .client
        .runs()
        .subscribe_to_run_events(SubscribeToRunEventsRequest {
            ancestor_group_id: Some("trn:group:acme".to_owned()),
            ..SubscribeToRunEventsRequest::default()
        })
        .await);
    let first = events.next().await.unwrap().unwrap().run.unwrap();
    assert_eq!(first.status(), RunStatus::PlanQueued);
    let _server = world.start();
    for events in [&mut events, &mut below] {
        loop {
            let run = events.next().await.unwrap().unwrap().run.unwrap();
            if run.status() == RunStatus::Planned {
                break;
            }
        }
    }
}
