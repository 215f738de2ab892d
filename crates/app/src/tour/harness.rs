//! The story on Harness: a deployment failed because of a mistake in its version. An agent finds
//! out why, and a person lets it deploy the right one.

use pilothouse_gateway::client::Client;
use pilothouse_model::Error;
use serde_json::{Value, json};

use super::{
    guide::{Guide, check, text},
    screen::Screen,
};

/// What was deployed, with the letter O in place of a zero, and what should have been.
const MISTAKE: &str = "1.4.O";
const RIGHT: &str = "1.4.0";
const PIPELINE: &str = "deploy_shop";
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";

pub(super) struct Story<'a> {
    guide: Guide<'a>,
}

impl<'a> Story<'a> {
    pub(super) fn new(client: &'a Client, screen: &'a Screen) -> Self {
        Self { guide: Guide { client, screen } }
    }

    pub(super) async fn tell(&self) -> Result<(), Error> {
        self.look_around().await?;
        let failed = self.find_what_failed().await?;
        self.diagnose(&failed).await?;
        self.read_the_logs(&failed).await?;
        self.see_what_a_run_asks_for().await?;
        self.run_again().await?;
        self.see_that_it_is_well().await
    }

    /// The last step, told by a server that may not write.
    pub(super) async fn tell_read_only(&self) -> Result<(), Error> {
        self.guide.screen.step("Try the same on a read-only server: it refuses");
        let tools = self.guide.client.tools().await?;
        check(!tools.iter().any(|tool| tool == "harness_create"), "no tool to create is offered")?;
        let error = self.guide.refused("harness_execute", run(RIGHT)).await?;
        self.guide.screen.show(&error.message);
        check(error.message.contains("read-only"), "the refusal says why")?;
        self.guide.screen.done("HARNESS_READ_ONLY=true keeps every write away");
        Ok(())
    }

    async fn look_around(&self) -> Result<(), Error> {
        self.guide.screen.step("Connect and look around");
        let tools = self.guide.client.tools().await?;
        self.guide.screen.show(&tools.join("  "));
        check(tools.len() == 11, "there are the eleven tools of the Harness server")?;
        let pipeline =
            self.guide.call("harness_describe", json!({ "resource_type": "pipeline" })).await?;
        check(pipeline.to_string().contains("\"run\""), "a pipeline can be run")?;
        self.guide.screen.done("the tools of the Harness server, over Streamable HTTP");
        Ok(())
    }

    async fn find_what_failed(&self) -> Result<String, Error> {
        self.guide.screen.step("See how the project does");
        let status = self.guide.call("harness_status", json!({})).await?;
        let first = &status["failed_executions"][0];
        self.guide.screen.show(&format!(
            "{}: {} failed, {} running\n{} {}",
            text(&status["summary"]["health"]),
            status["summary"]["total_failed"],
            status["summary"]["total_running"],
            text(&first["name"]),
            text(&first["openInHarness"]),
        ));
        check(status["summary"]["health"] == "degraded", "the project is degraded")?;
        let id = first["execution_id"].as_str().unwrap_or_default().to_owned();
        check(id.starts_with(PIPELINE), "a failed deployment is listed")?;
        self.guide.screen.done(&format!("{id} failed"));
        Ok(id)
    }

    async fn diagnose(&self, id: &str) -> Result<(), Error> {
        self.guide.screen.step("Ask why it failed, with a picture");
        let arguments = json!({ "execution_id": id, "visual_type": "timeline" });
        let shown = self.guide.show("harness_diagnose", arguments).await?;
        let found = &shown.value;
        self.guide.screen.show(&format!(
            "{}\nlikely cause: {}\nnext: {}\n{}",
            text(&found["summary"]),
            text(&found["likely_cause"]["cause"]),
            text(&found["likely_cause"]["next_step"]),
            text(&found["visual_summary"]),
        ));
        check(found["failure"]["step"] == "deploy/rollout", "the failed step is the rollout")?;
        check(found["likely_cause"].is_object(), "there is a likely cause")?;
        let picture = shown.pictures.first().map(Vec::as_slice).unwrap_or_default();
        check(picture.starts_with(PNG), "the timeline is a PNG")?;
        self.guide.screen.done(&format!(
            "stage, step, cause, and a timeline of {} kB",
            picture.len().div_ceil(1000)
        ));
        Ok(())
    }

    async fn read_the_logs(&self, id: &str) -> Result<(), Error> {
        self.guide.screen.step("Read what the run printed");
        let arguments =
            json!({ "resource_type": "execution_log", "params": { "execution_id": id } });
        let log = self.guide.call("harness_get", arguments).await?;
        let lines = text(&log["log_content"]);
        self.guide.screen.show(lines);
        check(lines.contains(MISTAKE), "the log names the version")?;
        self.guide.screen.done(&format!("version {MISTAKE} ends with a letter"));
        Ok(())
    }

    async fn see_what_a_run_asks_for(&self) -> Result<(), Error> {
        self.guide.screen.step("See what a run asks for");
        let arguments =
            json!({ "resource_type": "runtime_input_template", "resource_id": PIPELINE });
        let template = self.guide.call("harness_get", arguments).await?;
        let template = text(&template["inputSetTemplateYaml"]);
        self.guide.screen.show(template);
        check(template.contains("version"), "a run asks for a version")?;
        self.guide.screen.done("a version");
        Ok(())
    }

    async fn run_again(&self) -> Result<(), Error> {
        self.guide.screen.step("Deploy the right version, once a person agrees");
        let ended = self.guide.call("harness_execute", run(RIGHT)).await?;
        self.guide.screen.show(&format!(
            "{}: {}",
            text(&ended["execution_id"]),
            text(&ended["execution_status"])
        ));
        check(ended["execution_status"] == "Success", "the run ends well")?;
        self.guide.screen.done("the call waited until the run was over");
        Ok(())
    }

    async fn see_that_it_is_well(&self) -> Result<(), Error> {
        self.guide.screen.step("See that it is well again");
        let status = self.guide.show("harness_status", json!({ "include_visual": true })).await?;
        self.guide.screen.show(text(&status.value["visual_summary"]));
        let newest = &status.value["recent_activity"][0];
        check(newest["status"] == "Success", "the newest run succeeded")?;
        check(!status.pictures.is_empty(), "the dashboard is a picture")?;
        self.guide.screen.done("the newest run succeeded");
        Ok(())
    }
}

fn run(version: &str) -> Value {
    json!({
        "resource_type": "pipeline", "action": "run", "resource_id": PIPELINE,
        "inputs": { "version": version }, "wait": true,
    })
}
