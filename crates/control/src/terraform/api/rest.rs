//! Tharsis' REST, as far as it is served, and routes of our own for what its gRPC lacks.

mod archive;
mod job;
mod report;
mod run;
mod service_account;
mod state;
mod worker;

use std::sync::Arc;

use axum::{
    Router,
    extract::DefaultBodyLimit,
    routing::{get, post, put},
};

use super::gate::Gate;
use crate::terraform::{Terraform, limit};

/// What a handler has before anything was decided.
type Door = axum::extract::State<Gate>;

pub(super) fn router(platform: &Arc<Terraform>) -> Router {
    Router::new()
        .route(
            "/tfe/v2/workspaces/{workspace}/configuration-versions/{id}/upload",
            put(archive::upload),
        )
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
        .route("/v1/serviceaccounts/{id}/rotate", post(service_account::rotate))
        .route("/v1/serviceaccounts/{id}/disable", post(service_account::disable))
        .route("/v1/serviceaccounts/{id}/enable", post(service_account::enable))
        .layer(DefaultBodyLimit::max(limit::JSON_BODY))
        .with_state(Gate::new(platform))
}
