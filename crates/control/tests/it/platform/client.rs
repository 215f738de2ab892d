//! The generated clients, over the router in process.

use std::{
    convert::Infallible,
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use axum::{Router, body::Body, http};
use http_body_util::BodyExt as _;
use pilothouse_model::Caller;
use tonic::{Code, Response, Status};
use tower::{Service, ServiceExt as _};

pub(crate) use self::generated::*;

#[allow(
    clippy::pedantic,
    clippy::allow_attributes_without_reason,
    clippy::enum_variant_names,
    clippy::large_enum_variant,
    unreachable_pub,
    dead_code,
    reason = "generated code, of which the tests use a part"
)]
mod generated {
    include!(concat!(env!("OUT_DIR"), "/client/tharsis.rs"));
    pub(crate) use martiancloud::tharsis::api::*;
}

/// Speaks to the router as `caller`; as nobody when there is none.
#[derive(Clone)]
pub(crate) struct Client {
    pub(crate) router: Router,
    pub(crate) caller: Option<Caller>,
}

impl Service<http::Request<tonic::body::Body>> for Client {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<tonic::body::Body>) -> Self::Future {
        Box::pin(self.send(request.map(Body::new)))
    }
}

impl Client {
    fn send(
        &self,
        mut request: http::Request<Body>,
    ) -> impl Future<Output = Result<http::Response<Body>, Infallible>> + Send + 'static {
        if let Some(caller) = &self.caller {
            request.extensions_mut().insert(caller.next_call());
        }
        self.router.clone().oneshot(request)
    }

    /// One REST call; the answer's status and body.
    pub(crate) async fn rest(
        &self,
        method: &str,
        path: &str,
        body: impl Into<Body>,
    ) -> (u16, Vec<u8>) {
        let request = http::Request::builder().method(method).uri(path).body(body.into()).unwrap();
        let response = self.send(request).await.unwrap();
        let status = response.status().as_u16();
        (status, response.into_body().collect().await.unwrap().to_bytes().to_vec())
    }

    /// One REST call that answers JSON.
    pub(crate) async fn json(
        &self,
        method: &str,
        path: &str,
        body: impl Into<Body>,
    ) -> (u16, serde_json::Value) {
        let (status, bytes) = self.rest(method, path, body).await;
        let value = serde_json::from_slice(&bytes);
        (status, value.unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&bytes))))
    }

    pub(crate) fn groups(&self) -> group::groups_client::GroupsClient<Self> {
        group::groups_client::GroupsClient::new(self.clone())
    }

    pub(crate) fn workspaces(&self) -> workspace::workspaces_client::WorkspacesClient<Self> {
        workspace::workspaces_client::WorkspacesClient::new(self.clone())
    }

    pub(crate) fn configurations(
        &self,
    ) -> configuration_version::configuration_versions_client::ConfigurationVersionsClient<Self>
    {
        configuration_version::configuration_versions_client::ConfigurationVersionsClient::new(
            self.clone(),
        )
    }

    pub(crate) fn runs(&self) -> run::runs_client::RunsClient<Self> {
        run::runs_client::RunsClient::new(self.clone())
    }

    pub(crate) fn service_accounts(
        &self,
    ) -> service_account::service_accounts_client::ServiceAccountsClient<Self> {
        service_account::service_accounts_client::ServiceAccountsClient::new(self.clone())
    }

    pub(crate) fn memberships(
        &self,
    ) -> namespace_membership::namespace_memberships_client::NamespaceMembershipsClient<Self> {
        namespace_membership::namespace_memberships_client::NamespaceMembershipsClient::new(
            self.clone(),
        )
    }

    pub(crate) fn jobs(&self) -> job::jobs_client::JobsClient<Self> {
        job::jobs_client::JobsClient::new(self.clone())
    }

    pub(crate) fn variables(
        &self,
    ) -> namespace_variable::namespace_variables_client::NamespaceVariablesClient<Self> {
        namespace_variable::namespace_variables_client::NamespaceVariablesClient::new(self.clone())
    }

    pub(crate) fn identities(
        &self,
    ) -> managed_identity::managed_identities_client::ManagedIdentitiesClient<Self> {
        managed_identity::managed_identities_client::ManagedIdentitiesClient::new(self.clone())
    }

    pub(crate) fn states(&self) -> state_version::state_versions_client::StateVersionsClient<Self> {
        state_version::state_versions_client::StateVersionsClient::new(self.clone())
    }
}

/// What a call that succeeds answers.
pub(crate) fn ok<T>(answer: Result<Response<T>, Status>) -> T {
    answer.unwrap_or_else(|status| panic!("{status:?}")).into_inner()
}

/// The message of a call that must fail with `code`, and the hint when there is one.
pub(crate) fn refused<T>(answer: Result<Response<T>, Status>, code: Code) -> String {
    match answer {
        Ok(_) => panic!("it was not refused with {code:?}"),
        Err(status) => {
            assert_eq!(status.code(), code, "{}", status.message());
            let hint = status.metadata().get("pilothouse-hint");
            let hint = hint.map(|hint| format!(" ({})", hint.to_str().unwrap()));
            format!("{}{}", status.message(), hint.unwrap_or_default())
        }
    }
}
