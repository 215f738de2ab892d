//! Servers that die, and those that come after.

use std::time::Duration;

use super::{
    client::{
        job::JobStatus,
        ok,
        run::{CancelRunRequest, RunStatus},
    },
    script::{Step, state},
    world::{World, id},
};

#[tokio::test]
async fn a_plan_of_a_dead_server_starts_over() {
    let mut world = World::new().await;
    let dead = world.start();
    world.script.then(&[Step::Hangs]);
    let prod = world.prod().await;
    let run = world.run(&prod).await;
    world.until_begun(1).await;
    dead.kill().await;

    world.pass(world.config.lease);
    let _server = world.restart();
    let planned = world.until(&run, RunStatus::Planned).await;
    assert_eq!(world.script.seen().len(), 2);
    let log = world.log(planned.plan.unwrap().latest_job_id()).await;
    assert!(log.contains("planning €\n\nThe server that executed this job stopped."), "{log}");
    assert!(log.ends_with("starts again; nothing was changed.\n\nplanning €\nplanned\n"), "{log}");
}

#[tokio::test]
async fn an_apply_of_a_dead_server_is_never_run_again() {
    let mut world = World::new().await;
    let dead = world.start();
    world.script.then(&[Step::Works, Step::Hangs]);
    let prod = world.prod().await;
    let run = world.run(&prod).await;
    world.until(&run, RunStatus::Planned).await;
    world.apply(&run).await;
    world.until_begun(2).await;
    dead.kill().await;

    world.script.leave_over(state(7));
    world.pass(world.config.lease);
    let _server = world.restart();
    let errored = world.until(&run, RunStatus::Errored).await;
    let apply = errored.apply.unwrap();
    let message = apply.error_message();
    assert!(message.contains("the server stopped while this apply ran"), "{message}");
    assert!(message.contains("the state it had written was saved"), "{message}");
    assert_eq!(world.job(apply.latest_job_id()).await.status(), JobStatus::Failed);
    assert_eq!(world.script.applies(), 1);

    let prod = world.reread(&prod).await;
    assert!(prod.dirty_state);
    let path = format!("/tfe/v2/state-versions/{}/content", prod.current_state_version_id);
    assert_eq!(world.client.rest("GET", &path, "").await, (200, state(7)));
}

#[tokio::test]
async fn a_lease_of_a_living_server_is_left_alone() {
    let mut world = World::new().await;
    let first = world.start();
    world.script.then(&[Step::RunsUntilAsked]);
    let prod = world.prod().await;
    let run = world.run(&prod).await;
    world.until_begun(1).await;
    let second = world.restart();
    let other = world.workspace(&world.group("other", None).await, "dev").await;
    let busy = world.run(&other).await;
    world.until(&busy, RunStatus::Planned).await;
    assert_eq!(world.script.seen().len(), 2, "the second server ran only its own job");
    assert_eq!(world.get_run(&run).await.status(), RunStatus::Planning);
    second.shut_down().await;
    first.kill().await;
}

#[tokio::test]
async fn a_plan_that_kills_every_server_is_given_up() {
    let mut world = World::new().await;
    world.script.then(&[Step::Hangs; 3]);
    let prod = world.prod().await;
    let run = world.run(&prod).await;
    for begun in 1..=3 {
        let dead = world.restart();
        world.until_begun(begun).await;
        dead.kill().await;
        world.pass(world.config.lease);
    }
    let _server = world.restart();
    let errored = world.until(&run, RunStatus::Errored).await;
    let message = errored.plan.unwrap().error_message.unwrap();
    assert!(message.contains("stopped each time"), "{message}");
    assert_eq!(world.script.seen().len(), 3);
}

#[tokio::test]
async fn a_server_that_shuts_down_hands_its_plan_on() {
    let mut world = World::new().await;
    let first = world.start();
    world.script.then(&[Step::RunsUntilKilled]);
    let prod = world.prod().await;
    let run = world.run(&prod).await;
    world.until_begun(1).await;
    first.shut_down().await;
    assert_eq!(world.get_run(&run).await.status(), RunStatus::Planning);

    let _server = world.restart();
    world.until(&run, RunStatus::Planned).await;
}

#[tokio::test]
async fn a_server_that_shuts_down_waits_for_its_apply() {
    let world = World::new().await;
    let server = world.start();
    world.script.then(&[Step::Works, Step::RunsUntilAsked]);
    let prod = world.prod().await;
    let run = world.run(&prod).await;
    world.until(&run, RunStatus::Planned).await;
    world.apply(&run).await;
    world.until_begun(2).await;
    server.shut_down().await;

    let errored = world.get_run(&run).await;
    assert_eq!(errored.status(), RunStatus::Errored);
    let message = errored.apply.unwrap().error_message.unwrap();
    assert!(message.contains("the server was shut down"), "{message}");
    assert!(!world.reread(&prod).await.current_state_version_id.is_empty());
}

#[tokio::test]
async fn runs_that_waited_while_no_server_ran_proceed() {
    let world = World::new().await;
    let prod = world.prod().await;
    let first = world.run(&prod).await;
    let second = world.run(&prod).await;
    assert_eq!(first.status(), RunStatus::PlanQueued);
    assert_eq!(second.status(), RunStatus::Queuing);
    let _server = world.start();
    world.until(&second, RunStatus::Planned).await;
}

#[tokio::test]
async fn a_cancel_request_reaches_a_job_on_another_server() {
    let mut world = World::new().await;
    world.config.lease = Duration::from_millis(90);
    let first = world.restart();
    let (executing, mut watch) = (world.client.clone(), world.platform.subscribe());
    world.script.then(&[Step::RunsUntilAsked]);
    let prod = world.prod().await;
    let run = world.run(&prod).await;
    world.until_begun(1).await;

    let second = world.restart();
    let cancel = CancelRunRequest { id: id(&run.metadata), force: None };
    ok(world.client.runs().cancel_run(cancel).await);
    world.client = executing;
    while world.get_run(&run).await.status() != RunStatus::Canceled {
        watch.next().await;
    }
    second.shut_down().await;
    first.shut_down().await;
}
