//! The story on the embedded Terraform platform: a run fails, is diagnosed, fixed and applied.

use pilothouse_gateway::client::Client;
use pilothouse_model::Error;
use serde_json::{Value, json};

use super::{
    guide::{Guide, check, text},
    screen::Screen,
};

const BROKEN: &str = include_str!("../../tour/broken.tf");
const FIXED: &str = include_str!("../../tour/fixed.tf");
const WORKSPACE: &str = "trn:workspace:acme/network";
/// What the mistake in `broken.tf` is about.
const MISTAKE_LINE: u64 = 16;

pub(super) struct Story<'a> {
    guide: Guide<'a>,
}

impl<'a> Story<'a> {
    pub(super) fn new(client: &'a Client, screen: &'a Screen) -> Self {
        Self { guide: Guide { client, screen } }
    }

    pub(super) async fn tell(&self) -> Result<(), Error> {
        self.look_around().await?;
        self.make_a_workspace().await?;
        let run = self.run_configuration("Upload a configuration and run it", BROKEN).await?;
        self.see_it_fail(&run).await?;
        self.read_the_logs(&run).await?;
        self.diagnose(&run).await?;
        let run = self.run_configuration("Upload the fix and run it", FIXED).await?;
        self.see_the_plan(&run).await?;
        self.apply(&run).await?;
        self.read_the_outputs().await
    }

    async fn look_around(&self) -> Result<(), Error> {
        self.guide.screen.step("Connect and look around");
        let tools = self.guide.client.tools().await?;
        self.guide.screen.show(&tools.join("  "));
        check(tools.iter().any(|tool| tool == "infra_diagnose"), "infra_diagnose is offered")?;
        let types = self.guide.call("infra_describe", json!({})).await?;
        check(types.to_string().contains("tharsis.run"), "the embedded platform is described")?;
        self.guide.screen.done(&format!("{} tools over Streamable HTTP", tools.len()));
        Ok(())
    }

    async fn make_a_workspace(&self) -> Result<(), Error> {
        self.guide.screen.step("Create a group and a workspace");
        self.create("tharsis.group", json!({"name": "acme", "description": "tour"})).await?;
        let body = json!({"name": "network", "group_id": "trn:group:acme", "description": "tour"});
        let workspace = self.create("tharsis.workspace", body).await?;
        check(workspace["full_path"] == "acme/network", "the workspace is acme/network")?;
        self.guide.screen.done("acme/network exists");
        Ok(())
    }

    /// Uploads `configuration` as `main.tf`, starts a run and gives its id.
    async fn run_configuration(&self, title: &str, configuration: &str) -> Result<String, Error> {
        self.guide.screen.step(title);
        let upload = json!({
            "resource_type": "tharsis.configuration_version",
            "action": "upload",
            "params": {"workspace_id": WORKSPACE, "files": {"main.tf": configuration}},
        });
        let version = self.guide.call("infra_execute", upload).await?;
        let version = id(&version)?;
        let body = json!({"workspace_id": WORKSPACE, "configuration_version_id": version});
        let run = id(&self.create("tharsis.run", body).await?)?;
        self.guide.screen.done(&format!("run {run} started"));
        Ok(run)
    }

    async fn see_it_fail(&self, run: &str) -> Result<(), Error> {
        self.guide.screen.step("Wait for the run: it fails");
        let waited = self.wait(run).await?;
        check(waited["status"] == "errored", "the run is errored")?;
        self.guide.screen.done("status errored");
        Ok(())
    }

    async fn read_the_logs(&self, run: &str) -> Result<(), Error> {
        self.guide.screen.step("Read the logs around the error");
        let arguments = json!({"resource_type": "tharsis.run", "id": run, "mode": "error"});
        let logs = self.guide.call("infra_logs", arguments).await?;
        let text = logs["logs"].as_str().unwrap_or_default();
        self.guide.screen.show(text);
        check(text.contains("undeclared local value"), "the log names the mistake")?;
        self.guide.screen.done("the log says what Terraform saw");
        Ok(())
    }

    async fn diagnose(&self, run: &str) -> Result<(), Error> {
        self.guide.screen.step("Ask why it failed");
        let found = self
            .guide
            .call("infra_diagnose", json!({"resource_type": "tharsis.run", "id": run}))
            .await?;
        let first = &found["diagnostics"][0];
        self.guide.screen.show(&format!(
            "{} failed: {}\nat {} line {}\n{}",
            text(&found["failed_stage"]),
            text(&first["summary"]),
            text(&first["file"]),
            first["line"],
            text(&found["likely_cause"]["cause"]),
        ));
        check(found["failed_stage"] == "plan", "the plan stage failed")?;
        check(first["file"] == "main.tf", "the file is main.tf")?;
        check(first["line"] == MISTAKE_LINE, "the line is found")?;
        check(
            found["next_steps"].as_array().is_some_and(|s| !s.is_empty()),
            "there are next steps",
        )?;
        self.guide.screen.done("file, line, likely cause and next steps");
        Ok(())
    }

    async fn see_the_plan(&self, run: &str) -> Result<(), Error> {
        self.guide.screen.step("Wait for the plan and read it");
        let waited = self.wait(run).await?;
        check(waited["status"] == "planned", "the run is planned and waits")?;
        let arguments = json!({"resource_type": "tharsis.plan", "action": "diff",
                               "id": waited["result"]["plan_id"]});
        let diff = self.guide.call("infra_execute", arguments).await?;
        let resources = diff["resources"].as_array().map_or(&[][..], Vec::as_slice);
        for change in resources {
            let line = format!("{} {}", text(&change["action"]), text(&change["address"]));
            self.guide.screen.show(&line);
        }
        check(resources.len() == 3, "three resources would be created")?;
        self.guide.screen.done("3 to create, nothing to change or destroy");
        Ok(())
    }

    async fn apply(&self, run: &str) -> Result<(), Error> {
        self.guide.screen.step("Apply it, once a person agrees");
        let arguments = json!({"resource_type": "tharsis.run", "action": "apply", "id": run});
        self.guide.call("infra_execute", arguments).await?;
        let question = self.guide.screen.question();
        check(question.contains("3 to create, 0 to change"), "the person read what would happen")?;
        let waited = self.wait(run).await?;
        check(waited["status"] == "applied", "the run is applied")?;
        self.guide.screen.done("status applied");
        Ok(())
    }

    async fn read_the_outputs(&self) -> Result<(), Error> {
        self.guide.screen.step("Read the outputs of the new state");
        let arguments = json!({"resource_type": "tharsis.state_version", "action": "outputs",
                               "params": {"workspace_id": WORKSPACE}});
        let outputs = self.guide.call("infra_execute", arguments).await?;
        self.guide.screen.show(&outputs.to_string());
        check(outputs.to_string().contains("10.0.3.0/24"), "the outputs hold the subnets")?;
        self.guide.screen.done("the state is kept and readable");
        Ok(())
    }

    async fn create(&self, resource_type: &str, body: Value) -> Result<Value, Error> {
        self.guide.call("infra_create", json!({"resource_type": resource_type, "body": body})).await
    }

    async fn wait(&self, run: &str) -> Result<Value, Error> {
        let arguments = json!({"resource_type": "tharsis.run", "id": run, "timeout_seconds": 120});
        self.guide.call("infra_wait", arguments).await
    }
}

fn id(value: &Value) -> Result<String, Error> {
    let id = value["metadata"]["id"].as_str().or_else(|| value["id"].as_str());
    id.map(str::to_owned).ok_or_else(|| Error::upstream(format!("no id in the answer: {value}")))
}
