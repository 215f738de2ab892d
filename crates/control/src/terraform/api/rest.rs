//! Tharsis' REST, as far as it is served, and routes of our own for what its gRPC lacks.

mod archive;
mod job;
mod report;
mod run;
mod state;
mod worker;

use std::sync::Arc;

use axum::{
    Router,
    extract::DefaultBodyLimit,
    routing::{get, post, put},
};

use crate::terraform::{Terraform, limit};

type Platform = axum::extract::State<Arc<Terraform>>;

pub(super) fn router(platform: &Arc<Terraform>) -> Router {
    let upload = "/tfe/v2/workspaces/{workspace}/configuration-versions/{id}/upload";
    Router::new()
        .route(upload, put(archive::upload))
        .route("/tfe/v2/configuration-versions/{id}/content", get(archive::download))
        .route("/tfe/v2/state-versions/{id}/content", get(state::download))
        .route("/v1/plans/{id}/diff", get(report::plan_diff))
        .route("/v1/plans/{id}/diagnostics", get(report::plan_diagnostics))
        .route("/v1/applies/{id}/diagnostics", get(report::apply_diagnostics))
        .route("/v1/jobs/{id}/log", get(job::log))
        .route("/v1/runs/{id}/discard", post(run::discard))
        .route("/v1/runs/{id}/undiscard", post(run::undiscard))
        .route("/v1/runs/{id}/retry", post(run::retry))
        .route("/v1/runs/{id}/auto-apply", put(run::set_auto_apply))
        .route("/v1/worker", get(worker::status))
        .layer(DefaultBodyLimit::max(limit::JSON_BODY))
        .with_state(Arc::clone(platform))
}
