//! What becomes of good and bad configurations.

use pilothouse_control::terraform::executor::{
    Category, Diff, End, Options, PlanReport, Product, Summary, Version, clean,
};

use super::Workspace;

#[tokio::test]
async fn a_workspace_lives_from_its_first_plan_to_its_destruction() {
    let Some(workspace) = Workspace::new().await else { return };
    let before = include_str!("../../data/terraform/changes/before.tf");
    let mut workspace = workspace.file("main.tf", before);
    workspace.run().await;
    assert_eq!(workspace.resources(), ["kept", "old_name", "removed", "replaced", "updated"]);

    let mut workspace = workspace.recorded("changes");
    let (plan, log) = workspace.plan().await;
    assert!(plan.has_changes);
    assert!(log.contains("Plan: 2 to add, 1 to change, 2 to destroy."), "{log}");
    assert!(log.contains("  # terraform_data.updated will be updated in-place"), "{log}");
    let summary = &plan.summary;
    assert_eq!(
        [summary.resource_additions, summary.resource_changes, summary.resource_destructions],
        [2, 1, 2]
    );
    let actions: Vec<_> =
        plan.diff.resources.iter().map(|change| (&*change.address, &*change.action)).collect();
    assert_eq!(
        actions,
        [
            ("terraform_data.created", "CREATE"),
            ("terraform_data.new_name", "NOOP"),
            ("terraform_data.removed", "DELETE"),
            ("terraform_data.replaced", "DELETE_THEN_CREATE"),
            ("terraform_data.updated", "UPDATE"),
        ]
    );
    let (report, log) = workspace.apply(plan).await;
    assert_eq!(report.end, End::Finished, "{log}");
    assert!(log.contains("Apply complete! Resources: 2 added, 1 changed, 2 destroyed."), "{log}");
    assert!(log.contains("\nOutputs:\n\nadded = \""), "{log}");
    assert_eq!(workspace.output("changed"), "after");

    let (plan, log) = workspace.plan().await;
    assert!(!plan.has_changes && plan.diff.resources.is_empty() && plan.diff.outputs.is_empty());
    assert!(log.contains("No changes."), "{log}");

    workspace.options.destroy = true;
    workspace.run().await;
    assert_eq!(workspace.resources(), [""; 0]);

    assert!(workspace.directory().exists(), "the worker decides when a directory goes");
    clean(&workspace.directory()).await.unwrap();
    assert!(!workspace.directory().exists());
}

#[tokio::test]
async fn any_backend_is_replaced() {
    let Some(workspace) = Workspace::new().await else { return };
    let mut workspace = workspace.recorded("backends");
    workspace.run().await;
    assert_eq!(workspace.output("done"), "default");
}

#[tokio::test]
async fn options_narrow_a_plan() {
    let Some(workspace) = Workspace::new().await else { return };
    let text = "resource \"terraform_data\" \"a\" {}\nresource \"terraform_data\" \"b\" {}\n";
    let mut workspace = workspace.file("main.tf", text);
    for (options, expected) in [
        (Options::default(), 2),
        (Options { refresh: false, ..Options::default() }, 2),
        (Options { targets: vec!["terraform_data.b".to_owned()], ..Options::default() }, 1),
        (Options { refresh_only: true, ..Options::default() }, 0),
        (Options { destroy: true, ..Options::default() }, 0),
    ] {
        workspace.options = options.clone();
        let (plan, log) = workspace.plan().await;
        assert_eq!(plan.end, End::Finished, "{options:?}: {log}");
        assert_eq!(plan.summary.resource_additions, expected, "{options:?}: {log}");
    }
}

#[tokio::test]
async fn errors_say_what_is_wrong_and_where() {
    for (case, summary, place) in [
        ("syntax", "Invalid multi-line string", Some(("main.tf", 2))),
        ("reference", "Reference to undeclared resource", Some(("main.tf", 6))),
        ("precondition", "Resource precondition failed", Some(("main.tf", 11))),
        ("missing_module", "Unreadable module directory", None),
    ] {
        let Some(workspace) = Workspace::new().await else { return };
        let (plan, log) = workspace.recorded(case).plan().await;
        assert_eq!((plan.end, plan.plan_file), (End::Failed, None), "{case}");
        // Terraform's own order is not always the same.
        let found = plan.diagnostics.iter().find(|found| found.summary == summary);
        let found = found.unwrap_or_else(|| panic!("{case}: {:?}", plan.diagnostics));
        assert_eq!(found.file.as_deref().zip(found.line), place, "{case}");
        assert!(log.contains(&format!("│ Error: {summary}")), "{case}: {log}");
        let message = plan.error_message.unwrap();
        assert!(message.starts_with(&plan.diagnostics[0].summary), "{case}: {message}");
    }
}

#[tokio::test]
async fn a_binary_whose_init_has_no_json_is_understood_as_well() {
    let Some(mut workspace) = Workspace::new().await else { return };
    workspace.executor.binary.product = Product::Terraform;
    workspace.executor.binary.version = Version(1, 8, 0);
    let mut workspace = workspace.recorded("syntax");
    let (plan, log) = workspace.plan().await;
    assert_eq!(plan.end, End::Failed);
    assert!(log.contains("Error: Invalid multi-line string"), "{log}");
    let first = &plan.diagnostics[0];
    assert_eq!((first.file.as_deref(), first.line), (Some("main.tf"), Some(2)), "{log}");

    let (plan, log) = workspace.recorded("precondition").plan().await;
    assert!(plan.error_message.unwrap().starts_with("Resource precondition failed"), "{log}");
}

#[tokio::test]
async fn an_apply_that_fails_half_way_keeps_what_it_made() {
    let Some(workspace) = Workspace::new().await else { return };
    let mut workspace = workspace.recorded("half_way").variable(
        Category::Terraform,
        "password",
        "correct-horse",
        true,
    );
    let (plan, _) = workspace.plan().await;
    let (report, log) = workspace.apply(plan).await;
    assert_eq!(report.end, End::Failed);
    assert_eq!(workspace.resources(), ["first", "second*"]);
    assert_eq!(workspace.output("first"), "made");
    let diagnostic = &report.diagnostics[0];
    assert_eq!(diagnostic.address.as_deref(), Some("terraform_data.second"));
    let message = report.error_message.unwrap();
    assert!(message.starts_with("local-exec provisioner error (main.tf line 12)"), "{message}");
    for text in [&message, &diagnostic.detail, &log] {
        assert!(!text.contains("correct-horse"), "{text}");
        assert!(text.contains("exit status 3"), "{text}");
    }
}

#[tokio::test]
async fn a_job_that_cannot_start_says_why() {
    let Some(workspace) = Workspace::new().await else { return };
    let mut workspace = workspace.file("README", "");
    let (plan, log) = workspace.plan().await;
    let expected = "the configuration has no .tf files in its root folder";
    assert!(plan.error_message.unwrap().starts_with(expected));
    assert!(log.contains(&format!("│ Error: {expected}")), "{log}");
    assert_eq!(plan.diagnostics.len(), 1);

    let mut workspace = workspace.file("main.tf", "");
    let (report, _) = workspace.apply(plan_without_file()).await;
    assert_eq!((report.end, report.state), (End::Failed, None));
    assert_eq!(report.error_message.unwrap(), "there is no plan to apply");

    let (plan, _) = workspace.plan().await;
    std::fs::create_dir_all(workspace.folder.path().join("jobs/4/configuration")).unwrap();
    let foreign = workspace.folder.path().join("jobs/4/configuration/terraform.tfstate");
    std::fs::write(&foreign, "{\"serial\":7}").unwrap();
    let (report, _) = workspace.apply(plan).await;
    assert!(report.error_message.unwrap().ends_with("jobs/4 is already there"));
    assert_eq!(report.state, None, "another job's state is not ours");
}

fn plan_without_file() -> PlanReport {
    PlanReport {
        end: End::Finished,
        error_message: None,
        diagnostics: Vec::new(),
        has_changes: true,
        summary: Summary::default(),
        diff: Diff::default(),
        plan_file: None,
    }
}

#[tokio::test]
async fn a_plan_that_the_state_has_overtaken_is_refused() {
    let Some(workspace) = Workspace::new().await else { return };
    let mut workspace = workspace.file("main.tf", "resource \"terraform_data\" \"a\" {}\n");
    let (overtaken, _) = workspace.plan().await;
    workspace.run().await;
    let state = workspace.state.clone();
    let (report, log) = workspace.apply(overtaken).await;
    assert_eq!(report.end, End::Failed);
    assert!(report.error_message.unwrap().starts_with("Saved plan is stale"), "{log}");
    assert_eq!(report.state, state);
}
