//! The hooks that `registry/tharsis/` names.

use std::future::ready;

use super::{
    configuration, diagnose, documentation, installation, job, log, plan, preview, state, workspace,
};
use crate::connector::hook::Hook;

pub(super) const HOOKS: &[(&str, Hook)] = &[
    ("configuration_version_download", |context, args| {
        Box::pin(configuration::download(context, args))
    }),
    ("configuration_version_preview", |_, args| Box::pin(ready(preview::upload(&args)))),
    ("configuration_version_upload", |context, args| {
        Box::pin(configuration::upload(context, args))
    }),
    ("documentation_get", |_, args| Box::pin(ready(documentation::get(&args)))),
    ("documentation_search", |_, args| Box::pin(ready(documentation::search(&args)))),
    ("installation_status", |context, args| Box::pin(installation::status(context, args))),
    ("job_latest", |context, args| Box::pin(job::latest(context, args))),
    ("job_logs", |context, args| Box::pin(log::part::job_logs(context, args))),
    ("plan_diff", |context, args| Box::pin(plan::diff(context, args))),
    ("run_diagnose", |context, args| Box::pin(diagnose::run_diagnose(context, args))),
    ("run_logs", |context, args| Box::pin(log::part::run_logs(context, args))),
    ("run_preview", |context, args| Box::pin(preview::run(context, args))),
    ("state_version_outputs", |context, args| Box::pin(state::outputs(context, args))),
    ("workspace_status", |context, args| Box::pin(workspace::status(context, args))),
];
