//! One apply of a stored plan. Whatever happens to it, the state is read back.

use pilothouse_model::Error;

use super::{
    ApplyReport, Executor, Job, LogSink, plan,
    preparation::blocking,
    secret::Mask,
    session::{Failure, Session},
};
use crate::process::Stop;

pub(super) async fn run(
    executor: &Executor,
    job: &Job,
    log: &dyn LogSink,
    stop: &Stop,
) -> ApplyReport {
    let mask = Mask::of(&job.variables);
    let mut session = Session::new(executor, job, &mask, log, stop);
    let (result, state) = match prepare(&mut session).await {
        Err(failure) => (Err(failure), None),
        Ok(plan) => {
            let result = apply(&mut session, plan).await;
            match read_state(&session).await {
                Ok(state) => (result, state),
                // Worse than anything Terraform can say.
                Err(error) => (Err(error.into()), None),
            }
        }
    };
    let cut_off = session.cut_off;
    let conclusion = session.conclude(result).await;
    ApplyReport {
        end: conclusion.end,
        error_message: conclusion.error_message,
        diagnostics: conclusion.diagnostics,
        state,
        cut_off,
    }
}

/// Everything before the first change; returns the path of the plan.
async fn prepare(session: &mut Session<'_>) -> Result<String, Failure> {
    let Some(packed) = session.job.plan_file.clone() else {
        return Err(Error::conflict("there is no plan to apply").into());
    };
    session.prepare().await?;
    let (layout, limit) = (session.layout.clone(), session.executor.settings.limits.plan_file);
    let plan = blocking(move || plan::unpack(&layout, &packed, limit)).await?;
    session.init().await?;
    Ok(plan)
}

async fn apply(session: &mut Session<'_>, plan: String) -> Result<(), Failure> {
    let options = ["-json", "-no-color", "-input=false"].map(str::to_owned);
    let arguments = options.into_iter().chain([plan]).collect();
    let exit = session.command("apply", arguments).await?;
    if exit.status.success() { Ok(()) } else { Err(Failure::Terraform { command: "apply", exit }) }
}

async fn read_state(session: &Session<'_>) -> Result<Option<Vec<u8>>, Error> {
    let (layout, limit) = (session.layout.clone(), session.executor.settings.limits.state);
    blocking(move || layout.read_state(limit)).await
}
