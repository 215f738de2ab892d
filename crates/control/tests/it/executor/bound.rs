//! What a job may produce at most.

use pilothouse_control::terraform::executor::{End, clean};

use super::Workspace;

#[tokio::test]
async fn a_log_that_is_too_long_keeps_its_start_and_its_errors() {
    let Some(workspace) = Workspace::new().await else { return };
    let text = "resource \"terraform_data\" \"a\" {\n  provisioner \"local-exec\" {\n    \
        command = \"i=0; while [ $i -lt 2000 ]; do echo line $i; i=$((i+1)); done; exit 9\"\n  }\n}\n";
    let mut workspace = workspace.file("main.tf", text).limits(|limits| limits.log = 20_000);
    let (plan, _) = workspace.plan().await;
    let (report, log) = workspace.apply(plan).await;
    assert_eq!(report.end, End::Failed);
    assert!(log.len() <= 20_000, "{}", log.len());
    assert!(log.contains("line 1\n") && !log.contains("line 1999\n"), "{log}");
    assert!(log.contains("the log has reached its limit"), "{log}");
    assert!(report.error_message.unwrap().contains("exit status 9"));
}

#[tokio::test]
async fn a_plan_that_is_too_large_fails_the_job() {
    let text = "resource \"terraform_data\" \"a\" {\n  input = \"some text\"\n}\n";
    let Some(workspace) = Workspace::new().await else { return };
    let mut workspace = workspace.file("main.tf", text).limits(|limits| limits.plan_json = 100);
    let (plan, _) = workspace.plan().await;
    assert_eq!((plan.end, plan.plan_file), (End::Failed, None));
    let message = plan.error_message.unwrap();
    assert!(message.starts_with("the plan is larger than 100 bytes as JSON"), "{message}");

    let mut workspace = workspace.limits(|limits| {
        limits.plan_json = 1_000_000;
        limits.plan_file = 100;
    });
    let (plan, _) = workspace.plan().await;
    assert_eq!((plan.end, plan.plan_file), (End::Failed, None));
    assert!(plan.error_message.unwrap().contains("is larger than 100 bytes"));
}

#[tokio::test]
async fn a_state_that_is_too_large_is_never_thrown_away() {
    let Some(workspace) = Workspace::new().await else { return };
    let mut workspace = workspace
        .file("main.tf", "resource \"terraform_data\" \"a\" {}\n")
        .limits(|limits| limits.state = 50);
    let (plan, _) = workspace.plan().await;
    let (report, log) = workspace.apply(plan).await;
    assert_eq!((report.end, &report.state), (End::Failed, &None), "{log}");
    assert!(report.error_message.unwrap().contains("is larger than 50 bytes"), "{log}");
    let refused = clean(&workspace.directory()).await.unwrap_err().to_string();
    assert!(refused.contains("holds a state that is stored nowhere else"), "{refused}");
    assert!(workspace.directory().join("configuration/terraform.tfstate").exists());
}
