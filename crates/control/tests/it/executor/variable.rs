//! How a run's variables and environment reach Terraform, and what does not.

use pilothouse_control::terraform::executor::Category::{Environment, Terraform};

use super::Workspace;

#[tokio::test]
async fn variables_are_read_by_their_type_and_beat_those_of_the_upload() {
    let Some(workspace) = Workspace::new().await else { return };
    let mut workspace = workspace
        .recorded("ephemeral")
        .variable(Terraform, "token", "abc123", true)
        .variable(Terraform, "zones", "[\"a\", \"b\"] # both", false)
        .variable(Terraform, "name", "${not} \"quoted\"", false)
        .variable(Terraform, "undeclared", "x", false);
    let log = workspace.run().await;
    assert_eq!(workspace.output("server"), "${not} \"quoted\" in a,b");
    assert!(!log.contains("Warning"), "an undeclared variable is nothing to warn about: {log}");
    assert!(!log.contains("abc123"), "{log}");
}

#[tokio::test]
async fn a_declared_write_only_version_tells_which_value_it_is() {
    let Some(workspace) = Workspace::new().await else { return };
    let main = "variable \"token\" {}\nvariable \"token_wo_version\" { type = number }\n\
                variable \"other_wo_version\" { type = number }\n\
                output \"versions\" {\n  value = \"${var.token_wo_version} ${var.other_wo_version}\"\n}\n";
    let mut workspace = workspace
        .file("main.tf", main)
        .variable(Terraform, "token", "abc", false)
        .variable(Terraform, "other_wo_version", "3", false)
        .version("token", 1_700_000_000_007)
        .version("other", 9)
        .version("undeclared", 9);
    workspace.run().await;
    assert_eq!(workspace.output("versions"), "1700000000007 3", "what the run sets itself wins");
}

#[tokio::test]
async fn a_value_that_is_no_expression_is_named_by_terraform() {
    let Some(workspace) = Workspace::new().await else { return };
    let mut workspace = workspace
        .file("main.tf", "variable \"zones\" { type = list(string) }\n")
        .variable(Terraform, "zones", "[\"a\"", false);
    let (plan, log) = workspace.plan().await;
    assert!(plan.error_message.unwrap().contains("zones"), "{log}");
}

#[tokio::test]
async fn secrets_are_shown_nowhere() {
    let Some(workspace) = Workspace::new().await else { return };
    let users = r#"{ ann = { key = "anns-own-key", admin = true } }"#;
    let mut workspace = workspace
        .recorded("sensitive")
        .file(
            "leak.tf",
            "variable \"leak\" {}\nresource \"terraform_data\" \"leak\" {\n  input = var.leak\n\
             provisioner \"local-exec\" {\n    command = \"echo env has $TF_VAR_leak and $CLOUD_KEY\"\n  }\n}\n",
        )
        .variable(Terraform, "password", "correct-horse", true)
        .variable(Terraform, "users", users, true)
        .variable(Terraform, "leak", "battery-staple", true)
        .variable(Environment, "CLOUD_KEY", "cloud-key-42", true);
    let (plan, planned) = workspace.plan().await;
    let shown = format!("{:?}{:?}{planned}", plan.diff, plan.diagnostics);
    let (report, applied) = workspace.apply(plan).await;
    let shown = format!("{shown}{applied}{:?}", report.diagnostics);
    assert!(applied.contains("env has (sensitive value) and (sensitive value)"), "{applied}");
    for secret in ["correct-horse", "anns-own-key", "battery-staple", "cloud-key-42"] {
        assert!(!shown.contains(secret), "{secret} in {shown}");
    }
    assert_eq!(workspace.output("password"), "correct-horse");
}

#[tokio::test]
async fn a_secret_in_a_plain_output_is_an_error_and_not_a_leak() {
    let Some(workspace) = Workspace::new().await else { return };
    let mut workspace = workspace
        .file("main.tf", "variable \"key\" {}\noutput \"key\" {\n  value = var.key\n}\n")
        .variable(Terraform, "key", "correct-horse", true);
    let (plan, log) = workspace.plan().await;
    assert!(plan.error_message.unwrap().starts_with("Output refers to sensitive values"), "{log}");
}

#[tokio::test]
async fn the_servers_environment_stays_outside() {
    let Some(workspace) = Workspace::new().await else { return };
    let mut workspace = workspace
        .file(
            "main.tf",
            "resource \"terraform_data\" \"a\" {\n  provisioner \"local-exec\" {\n    command = \"env\"\n  }\n}\n",
        )
        .variable(Environment, "REGION", "eu-west-1", false)
        .variable(Environment, "TF_DATA_DIR", "/elsewhere", false);
    let log = workspace.run().await;
    let prefix = "terraform_data.a: (local-exec): ";
    let names: Vec<_> = log
        .lines()
        .filter_map(|line| line.strip_prefix(prefix)?.split_once('=').map(|(name, _)| name))
        .collect();
    let listed = [
        "CHECKPOINT_DISABLE",
        "HOME",
        "PATH",
        "REGION",
        "TF_INPUT",
        "TF_IN_AUTOMATION",
        "TMPDIR",
        // Set by the shell itself.
        "OLDPWD",
        "PWD",
        "SHLVL",
        "_",
    ];
    assert!(names.contains(&"REGION") && names.contains(&"HOME"), "{log}");
    for name in names {
        assert!(listed.contains(&name), "{name} in {log}");
    }
    let home = workspace.directory().join("home");
    assert!(log.contains(&format!("{prefix}HOME={}\n", home.display())), "{log}");
    assert!(log.contains("The environment variable TF_DATA_DIR is ignored"), "{log}");
}
