//! A run as the hooks need it: its two stages, on servers of every generation.

use pilothouse_model::{Error, Kind, Result, id::ResourceType};
use serde_json::{Value, json};

use super::{
    answer::{owned_at, text_at},
    reference,
};
use crate::connector::hook::HookContext;

/// Which half of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Plan,
    Apply,
}

impl Part {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Plan => "plan",
            Self::Apply => "apply",
        }
    }
}

/// The plan or the apply of a run.
#[derive(Clone, Debug)]
pub(super) struct Stage {
    pub part: Part,
    pub id: String,
    pub status: String,
    pub error_message: Option<String>,
    pub latest_job_id: Option<String>,
    pub updated_at: Option<String>,
}

#[derive(Clone, Debug)]
pub(super) struct Run {
    pub id: String,
    pub trn: String,
    pub status: String,
    pub workspace_id: String,
    pub configuration_version_id: Option<String>,
    pub module: Option<String>,
    pub terraform_version: Option<String>,
    pub created_by: Option<String>,
    pub created_at: Option<String>,
    pub updated_at: Option<String>,
    pub is_destroy: bool,
    pub plan: Option<Stage>,
    pub apply: Option<Stage>,
}

impl Run {
    /// The run that an identifier of a run, plan, apply or job belongs to.
    pub(super) async fn find(context: &HookContext<'_>, id: &str) -> Result<Self> {
        let id = match reference::kind(id)? {
            ResourceType::Run => id.to_owned(),
            ResourceType::Job => run_of_job(&context.call("job.get", json!({"id": id})).await?)?,
            ResourceType::Plan => {
                run_of_job(&context.call("job.latest_for_plan", json!({"id": id})).await?)?
            }
            ResourceType::Apply => {
                run_of_job(&context.call("job.latest_for_apply", json!({"id": id})).await?)?
            }
            _ => return Err(reference::unexpected(id, "a run, plan, apply or job")),
        };
        let answer = context.call("run.get", json!({"id": id})).await?;
        Self::complete(context, &answer).await
    }

    /// Reads an answer of `run.get` or `run.list`; servers before v0.99 do not nest the stages in
    /// it, so they are fetched.
    pub(super) async fn complete(context: &HookContext<'_>, answer: &Value) -> Result<Self> {
        let mut run = Self::read(answer);
        for (part, operation, pointer) in
            [(Part::Plan, "plan.get", "/plan_id"), (Part::Apply, "apply.get", "/apply_id")]
        {
            if run.stage(part).is_some() {
                continue;
            }
            if let Some(id) = text_at(answer, pointer) {
                let stage = context.call(operation, json!({"id": id})).await?;
                *run.slot(part) = stage_of(part, &stage);
            }
        }
        Ok(run)
    }

    pub(super) fn read(answer: &Value) -> Self {
        let text = |pointer| owned_at(answer, pointer);
        let flag = |name: &str| answer.get(name).and_then(Value::as_bool).unwrap_or(false);
        Self {
            id: text("/metadata/id").unwrap_or_default(),
            trn: text("/metadata/trn").unwrap_or_default(),
            status: text("/status").unwrap_or_default(),
            workspace_id: text("/workspace_id").unwrap_or_default(),
            configuration_version_id: text("/configuration_version_id"),
            module: text("/module_source").map(|source| match text("/module_version") {
                Some(version) => format!("{source} {version}"),
                None => source,
            }),
            terraform_version: text("/terraform_version"),
            created_by: text("/created_by"),
            created_at: text("/metadata/created_at"),
            updated_at: text("/metadata/updated_at"),
            is_destroy: flag("is_destroy"),
            plan: answer.get("plan").and_then(|plan| stage_of(Part::Plan, plan)),
            apply: answer.get("apply").and_then(|apply| stage_of(Part::Apply, apply)),
        }
    }

    pub(super) fn stage(&self, part: Part) -> Option<&Stage> {
        match part {
            Part::Plan => self.plan.as_ref(),
            Part::Apply => self.apply.as_ref(),
        }
    }

    fn slot(&mut self, part: Part) -> &mut Option<Stage> {
        match part {
            Part::Plan => &mut self.plan,
            Part::Apply => &mut self.apply,
        }
    }

    /// The stage worth looking at: the one that failed, else the last that has started.
    pub(super) fn telling_stage(&self) -> Option<&Stage> {
        let stages = [self.apply.as_ref(), self.plan.as_ref()].into_iter().flatten();
        stages
            .clone()
            .find(|stage| stage.has_failed())
            .or_else(|| stages.clone().find(|stage| stage.has_started()))
            .or(self.plan.as_ref())
    }

    /// The stage whose log comes next: the apply as soon as somebody agreed to it.
    pub(super) fn coming_stage(&self) -> Option<&Stage> {
        let applies = matches!(self.status.as_str(), "queuing_apply" | "apply_queued" | "applying");
        self.apply.as_ref().filter(|_| applies).or_else(|| self.telling_stage())
    }

    pub(super) fn is_final(&self) -> bool {
        matches!(
            self.status.as_str(),
            "applied" | "planned_and_finished" | "errored" | "canceled" | "discarded"
        )
    }
}

impl Stage {
    pub(super) fn has_failed(&self) -> bool {
        self.status == "errored"
    }

    pub(super) fn has_started(&self) -> bool {
        !matches!(self.status.as_str(), "created" | "pending" | "queued" | "skipped")
    }

    /// The job that carries the stage out, if there is one yet.
    pub(super) async fn job_id(&self, context: &HookContext<'_>) -> Result<Option<String>> {
        if let Some(id) = &self.latest_job_id {
            return Ok(Some(id.clone()));
        }
        let operation = match self.part {
            Part::Plan => "job.latest_for_plan",
            Part::Apply => "job.latest_for_apply",
        };
        match context.call(operation, json!({"id": self.id})).await {
            Ok(job) => Ok(owned_at(&job, "/metadata/id")),
            Err(error) if error.kind == Kind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }
}

fn stage_of(part: Part, answer: &Value) -> Option<Stage> {
    Some(Stage {
        part,
        id: owned_at(answer, "/metadata/id")?,
        status: owned_at(answer, "/status").unwrap_or_default(),
        error_message: owned_at(answer, "/error_message"),
        latest_job_id: owned_at(answer, "/latest_job_id"),
        updated_at: owned_at(answer, "/metadata/updated_at"),
    })
}

fn run_of_job(job: &Value) -> Result<String> {
    owned_at(job, "/run_id").ok_or_else(|| {
        Error::new(Kind::NotFound, "the job does not say which run it belongs to")
            .hint("pass the id of the run")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_follows_a_run_follows_the_apply_as_soon_as_it_is_agreed_to() {
        let stage = |id: &str, status: &str| json!({"metadata": {"id": id}, "status": status});
        for (status, plan, apply, followed) in [
            ("planning", "running", "created", "P"),
            ("planned", "finished", "created", "P"),
            ("queuing_apply", "finished", "created", "A"),
            ("apply_queued", "finished", "queued", "A"),
            ("applying", "finished", "running", "A"),
            ("errored", "errored", "created", "P"),
        ] {
            let run = Run::read(&json!({
                "status": status, "plan": stage("P", plan), "apply": stage("A", apply),
            }));
            assert_eq!(run.coming_stage().unwrap().id, followed, "{status}");
        }
    }
}
