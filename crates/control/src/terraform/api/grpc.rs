//! Tharsis' gRPC services, one file each. A method that is not served answers UNIMPLEMENTED.

mod caller_identity;
mod configuration_version;
mod group;
mod job;
mod managed_identity;
mod membership;
mod role;
mod run;
mod service_account;
mod state_version;
mod stream;
mod team;
mod variable;
mod version;
mod workspace;

use std::{convert::Infallible, sync::Arc};

use axum::{Router, extract::Request as HttpRequest, http::Response as HttpResponse};
use pilothouse_model::{Caller, Error};
use tonic::{Request, Status, body::Body, server::NamedService};
use tower::Service;

use super::{
    failure::status,
    gate::{Entered, Gate, Subject},
    proto,
};
use crate::terraform::{Terraform, limit};

/// Implements every service.
#[derive(Clone)]
struct Grpc {
    gate: Gate,
}

impl Grpc {
    /// Lets the caller of `request` do `operation` with `subject`; see [`Gate::enter`].
    async fn enter<T: Sync>(
        &self,
        request: &Request<T>,
        operation: &str,
        subject: Subject<'_>,
    ) -> Result<Entered, Status> {
        self.gate.enter(request.extensions(), operation, subject).await.map_err(status)
    }
}

/// Mounts a service under its own name.
fn mount<S>(router: Router, service: S) -> Router
where
    S: Service<HttpRequest, Response = HttpResponse<Body>, Error = Infallible>
        + NamedService
        + Clone
        + Send
        + Sync
        + 'static,
    S::Future: Send,
{
    router.route_service(&format!("/{}/{{method}}", S::NAME), service)
}

/// Mounts services that [`Grpc`] implements.
macro_rules! mount_all {
    ($grpc:expr, [$($server:ty),* $(,)?]) => {{
        let router = Router::new();
        $(let router = mount(router, <$server>::new($grpc.clone()));)*
        router
    }};
}

pub(super) fn router(platform: &Arc<Terraform>) -> Router {
    use proto::{
        caller::caller_identity_server::CallerIdentityServer,
        configuration_version::configuration_versions_server::ConfigurationVersionsServer,
        group::groups_server::GroupsServer, job::jobs_server::JobsServer,
        managed_identity::managed_identities_server::ManagedIdentitiesServer,
        namespace_membership::namespace_memberships_server::NamespaceMembershipsServer,
        namespace_variable::namespace_variables_server::NamespaceVariablesServer,
        role::roles_server::RolesServer, run::runs_server::RunsServer,
        service_account::service_accounts_server::ServiceAccountsServer,
        state_version::state_versions_server::StateVersionsServer, team::teams_server::TeamsServer,
        versions::version_server::VersionServer, workspace::workspaces_server::WorkspacesServer,
    };
    let grpc = Grpc { gate: Gate::new(platform) };
    let router = mount_all!(
        grpc,
        [
            CallerIdentityServer<Grpc>,
            ConfigurationVersionsServer<Grpc>,
            GroupsServer<Grpc>,
            JobsServer<Grpc>,
            ManagedIdentitiesServer<Grpc>,
            NamespaceMembershipsServer<Grpc>,
            RolesServer<Grpc>,
            RunsServer<Grpc>,
            ServiceAccountsServer<Grpc>,
            TeamsServer<Grpc>,
            VersionServer<Grpc>,
            WorkspacesServer<Grpc>,
        ]
    );
    let variables = NamespaceVariablesServer::new(grpc.clone())
        .max_decoding_message_size(limit::VARIABLES_MESSAGE);
    let states = StateVersionsServer::new(grpc).max_decoding_message_size(limit::STATE_MESSAGE);
    mount(mount(router, variables), states)
}

/// Who calls; the door let nobody in without.
fn caller<T>(request: &Request<T>) -> Result<Caller, Status> {
    let caller = request.extensions().get::<Caller>().cloned();
    caller.ok_or_else(|| status(Error::unauthenticated("this call carries no identity")))
}

/// An optional argument; protocol buffers cannot tell an empty one from a missing one.
fn given(text: Option<&str>) -> Option<&str> {
    text.filter(|text| !text.is_empty())
}

/// The order that a number stands for; absent: `default`.
fn sort<S: TryFrom<i32>>(number: Option<i32>, default: S) -> Result<S, Status> {
    match number {
        None => Ok(default),
        Some(number) => S::try_from(number)
            .map_err(|_| status(Error::invalid(format!("sort {number}: there is no such order")))),
    }
}

/// Refuses what this platform has no use for instead of ignoring it.
fn refuse(field: &str, is_given: bool, why: &str) -> Result<(), Status> {
    if is_given {
        Err(status(Error::invalid(format!("{field} is not supported: {why}"))))
    } else {
        Ok(())
    }
}

/// Why runner tags are refused: they pick a runner.
const NO_RUNNERS: &str = "this server runs all jobs itself";

/// Refuses to switch on what nothing here would do. Switched off and inherited are fine.
fn refuse_background(
    drift: Option<&proto::namespace::NamespaceDriftDetectionEnabledInput>,
    mirror: Option<&proto::namespace::NamespaceProviderMirrorEnabledInput>,
) -> Result<(), Status> {
    use proto::namespace::{
        namespace_drift_detection_enabled_input::Value as Drift,
        namespace_provider_mirror_enabled_input::Value as Mirror,
    };
    let drift = drift.and_then(|input| input.value.as_ref());
    let why = "this server looks for drift when it is asked to; create a run with refresh_only";
    refuse("drift_detection_enabled", drift == Some(&Drift::Enabled(true)), why)?;
    let mirror = mirror.and_then(|input| input.value.as_ref());
    let why =
        "this server keeps no mirror of providers; name one in Terraform's own CLI configuration";
    refuse("provider_mirror_enabled", mirror == Some(&Mirror::Enabled(true)), why)
}
