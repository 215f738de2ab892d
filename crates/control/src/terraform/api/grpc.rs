//! Tharsis' gRPC services, one file each. A method that is not served answers UNIMPLEMENTED.

mod caller_identity;
mod configuration_version;
mod group;
mod job;
mod managed_identity;
mod run;
mod state_version;
mod stream;
mod variable;
mod version;
mod workspace;

use std::{convert::Infallible, sync::Arc};

use axum::{Router, extract::Request as HttpRequest, http::Response as HttpResponse};
use pilothouse_model::{Caller, Error};
use tonic::{Request, Status, body::Body, server::NamedService};
use tower::Service;

use super::{failure::status, proto};
use crate::terraform::{Terraform, limit};

/// Implements every service.
#[derive(Clone)]
struct Grpc {
    platform: Arc<Terraform>,
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
        namespace_variable::namespace_variables_server::NamespaceVariablesServer,
        run::runs_server::RunsServer, state_version::state_versions_server::StateVersionsServer,
        versions::version_server::VersionServer, workspace::workspaces_server::WorkspacesServer,
    };
    let grpc = Grpc { platform: Arc::clone(platform) };
    let router = mount_all!(
        grpc,
        [
            CallerIdentityServer<Grpc>,
            ConfigurationVersionsServer<Grpc>,
            GroupsServer<Grpc>,
            JobsServer<Grpc>,
            ManagedIdentitiesServer<Grpc>,
            RunsServer<Grpc>,
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
