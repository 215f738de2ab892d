//! What stays of runs that are over, and for how long.

use pilothouse_model::id::Gid;
use tonic::Code;

use super::{
    client::{
        refused,
        run::{Run, RunStatus},
    },
    script::Step,
    world::{World, id},
};

/// How many archives are on disk.
fn archives(world: &World) -> usize {
    std::fs::read_dir(world.folder().join("terraform/configurations")).unwrap().count()
}

async fn has_plan_file(world: &World, run: &Run) -> bool {
    let plan = run.plan_id.parse::<Gid>().unwrap().uuid.hyphenated().to_string();
    world.store().report_get(&plan).await.unwrap().unwrap().plan_file.is_some()
}

#[tokio::test]
async fn a_workspace_keeps_the_newest_archives_and_the_one_of_its_state() {
    let world = World::new().await;
    let prod = world.prod().await;
    let server = world.start();
    world.applied(&prod).await;
    let oldest = world.uploaded(&prod, false).await;
    for _ in 0..19 {
        world.uploaded(&prod, false).await;
    }
    assert_eq!(archives(&world), 21);
    world.script.then(&[Step::FindsNothing]);
    let last = world.run(&prod).await;
    world.until(&last, RunStatus::PlannedAndFinished).await;
    server.shut_down().await;
    assert_eq!(archives(&world), 21, "the newest 20 and the one that was applied");

    let mut request = world.request(&prod).await;
    request.configuration_version_id = Some(id(&oldest.metadata));
    let message = refused(world.client.runs().create_run(request).await, Code::AlreadyExists);
    assert!(message.contains("its archive was removed"), "{message}");
    assert!(message.contains("upload the configuration again"), "{message}");
}

#[tokio::test]
async fn the_file_of_a_plan_goes_when_it_was_applied() {
    let world = World::new().await;
    let prod = world.prod().await;
    let server = world.start();
    let run = world.run(&prod).await;
    let planned = world.until(&run, RunStatus::Planned).await;
    assert!(has_plan_file(&world, &planned).await, "the apply needs it");
    world.apply(&planned).await;
    let applied = world.until(&planned, RunStatus::Applied).await;
    server.shut_down().await;
    assert!(!has_plan_file(&world, &applied).await);
    let diff = format!("/v1/plans/{}/diff", applied.plan_id);
    let (status, body) = world.client.json("GET", &diff, "").await;
    assert_eq!(status, 200, "what the plan said stays: {body}");
}
