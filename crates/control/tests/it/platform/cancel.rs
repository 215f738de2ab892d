//! Ending runs that are not over.

use std::time::Duration;

use tonic::Code;

use super::{
    client::{
        apply::ApplyStatus,
        job::JobStatus,
        ok,
        plan::PlanStatus,
        refused,
        run::{CancelRunRequest, Run, RunStatus},
    },
    script::Step,
    world::{World, id},
};

fn cancel(run: &Run, force: bool) -> CancelRunRequest {
    CancelRunRequest { id: id(&run.metadata), force: Some(force) }
}

#[tokio::test]
async fn what_has_not_begun_ends_at_once() {
    let world = World::new().await;
    let prod = world.prod().await;
    let run = world.run(&prod).await;
    assert_eq!(run.status(), RunStatus::PlanQueued);
    refused(world.client.runs().cancel_run(cancel(&run, true)).await, Code::AlreadyExists);

    let canceled = ok(world.client.runs().cancel_run(cancel(&run, false)).await);
    assert_eq!(canceled.status(), RunStatus::Canceled);
    let plan = canceled.plan.unwrap();
    assert_eq!(plan.status(), PlanStatus::Canceled);
    assert_eq!(world.job(plan.latest_job_id()).await.status(), JobStatus::Canceled);
    let again = world.client.runs().cancel_run(cancel(&run, false)).await;
    assert!(refused(again, Code::AlreadyExists).contains("nothing left to cancel"));

    let _server = world.start();
    let next = world.run(&prod).await;
    world.until(&next, RunStatus::Planned).await;
    assert_eq!(world.script.seen().len(), 1, "the canceled job is not executed");
}

#[tokio::test]
async fn a_planned_run_is_canceled() {
    let world = World::new().await;
    let _server = world.start();
    let prod = world.prod().await;
    let run = world.run(&prod).await;
    world.until(&run, RunStatus::Planned).await;
    let canceled = ok(world.client.runs().cancel_run(cancel(&run, false)).await);
    assert_eq!(canceled.status(), RunStatus::Canceled);
    assert_eq!(canceled.apply.unwrap().status(), ApplyStatus::Canceled);
}

#[tokio::test]
async fn a_running_job_is_asked_to_end() {
    let world = World::new().await;
    let _server = world.start();
    world.script.then(&[Step::RunsUntilAsked]);
    let prod = world.prod().await;
    let run = world.run(&prod).await;
    world.until_begun(1).await;
    let asked = ok(world.client.runs().cancel_run(cancel(&run, false)).await);
    assert!(asked.force_cancel_available_at.is_some());

    let canceled = world.until(&run, RunStatus::Canceled).await;
    assert!(!canceled.force_canceled);
    let job = world.job(canceled.plan.unwrap().latest_job_id()).await;
    assert_eq!((job.status(), job.cancel_requested), (JobStatus::Canceled, true));
    let prod = world.reread(&prod).await;
    assert!(!prod.dirty_state, "a plan changes nothing");
}

#[tokio::test]
async fn force_needs_a_request_and_time() {
    let world = World::new().await;
    let _server = world.start();
    world.script.then(&[Step::Works, Step::RunsUntilKilled]);
    let prod = world.prod().await;
    let run = world.run(&prod).await;
    world.until(&run, RunStatus::Planned).await;
    world.apply(&run).await;
    world.until_begun(2).await;

    let mut runs = world.client.runs();
    let message = refused(runs.cancel_run(cancel(&run, true)).await, Code::AlreadyExists);
    assert!(message.contains("without force first"), "{message}");
    let asked = ok(runs.cancel_run(cancel(&run, false)).await);
    assert_eq!(asked.status(), RunStatus::Applying);
    let again = ok(runs.cancel_run(cancel(&run, false)).await);
    assert_eq!(again.force_cancel_available_at, asked.force_cancel_available_at);
    world.pass(Duration::from_millis(14_999));
    let message = refused(runs.cancel_run(cancel(&run, true)).await, Code::AlreadyExists);
    assert!(message.contains("by force from"), "{message}");
    world.pass(Duration::from_millis(1));
    ok(runs.cancel_run(cancel(&run, true)).await);

    let canceled = world.until(&run, RunStatus::Canceled).await;
    assert!(canceled.force_canceled);
    assert_eq!(canceled.force_canceled_by.as_deref(), Some("jo"));
    let job = world.job(canceled.apply.unwrap().latest_job_id()).await;
    assert!(job.force_canceled);
    let prod = world.reread(&prod).await;
    assert!(prod.dirty_state, "nobody knows what a killed apply did");
    assert!(!prod.current_state_version_id.is_empty(), "its state is kept all the same");

    world.applied(&prod).await;
    assert!(!world.reread(&prod).await.dirty_state, "a new state is clean");
}
