//! Service accounts. Their tokens are handed out at the network door, where nobody is signed in
//! yet.

use pilothouse_model::Timestamp;
use pilothouse_store::access::{ServiceAccountSort, TrustPolicy};
use tonic::{Request, Response, Status};

use super::{Grpc, Subject, given, proto, refuse, sort};
use crate::terraform::{
    api::{cursor, failure::status, view},
    service::service_account::{
        NewServiceAccount, ServiceAccountChange, ServiceAccountQuery, Shown,
    },
};
use proto::service_account::{
    BoundClaimsType, CreateServiceAccountRequest, DeleteServiceAccountRequest,
    GetServiceAccountByIdRequest, GetServiceAccountsRequest, GetServiceAccountsResponse,
    OidcTrustPolicy, ServiceAccount, ServiceAccountResponse, ServiceAccountSortableField,
    UpdateServiceAccountRequest, service_accounts_server::ServiceAccounts,
};

fn order(field: ServiceAccountSortableField) -> ServiceAccountSort {
    use {ServiceAccountSort as Sort, ServiceAccountSortableField as Field};
    match field {
        Field::CreatedAtAsc => Sort::CreatedAt { descending: false },
        Field::CreatedAtDesc => Sort::CreatedAt { descending: true },
        Field::UpdatedAtAsc => Sort::UpdatedAt { descending: false },
        Field::UpdatedAtDesc => Sort::UpdatedAt { descending: true },
        Field::GroupLevelAsc => Sort::GroupLevel { descending: false },
        Field::GroupLevelDesc => Sort::GroupLevel { descending: true },
    }
}

fn policies(asked: Vec<OidcTrustPolicy>) -> Result<Vec<TrustPolicy>, Status> {
    let read = |policy: OidcTrustPolicy| {
        let kind = sort(Some(policy.bound_claims_type), BoundClaimsType::String)?;
        Ok(TrustPolicy {
            issuer: policy.issuer,
            glob: kind == BoundClaimsType::Glob,
            bound_claims: policy.bound_claims.into_iter().collect(),
        })
    };
    asked.into_iter().map(read).collect()
}

fn time(at: prost_types::Timestamp) -> Timestamp {
    Timestamp(at.seconds.saturating_mul(1000).saturating_add(i64::from(at.nanos) / 1_000_000))
}

fn answer(shown: Shown) -> ServiceAccountResponse {
    let client_secret = shown.client_secret.clone();
    ServiceAccountResponse { service_account: Some(view::service_account(shown)), client_secret }
}

#[tonic::async_trait]
impl ServiceAccounts for Grpc {
    async fn get_service_account_by_id(
        &self,
        request: Request<GetServiceAccountByIdRequest>,
    ) -> Result<Response<ServiceAccount>, Status> {
        let id = &request.get_ref().id;
        let subject = Subject::ServiceAccount(id);
        let platform = self.enter(&request, "service_account.get", subject).await?;
        let found = platform.service_account_get(id).await.map_err(status)?;
        let shown = platform.service_account_show(found).await.map_err(status)?;
        Ok(Response::new(view::service_account(shown)))
    }

    async fn get_service_accounts(
        &self,
        request: Request<GetServiceAccountsRequest>,
    ) -> Result<Response<GetServiceAccountsResponse>, Status> {
        let subject = Subject::Path(&request.get_ref().namespace_path);
        let platform = self.enter(&request, "service_account.list", subject).await?;
        let asked = request.into_inner();
        let runner = given(asked.runner_id.as_deref()).is_some();
        refuse("runner_id", runner, "this server runs all jobs itself")?;
        let order = order(sort(asked.sort, ServiceAccountSortableField::CreatedAtAsc)?);
        let page = cursor::request(asked.pagination_options).map_err(status)?;
        let query = ServiceAccountQuery {
            namespace_path: &asked.namespace_path,
            include_inherited: asked.include_inherited,
            search: given(asked.search.as_deref()),
        };
        let found = platform.service_account_list(query, order, &page).await.map_err(status)?;
        let (accounts, page_info) = cursor::answer(found, |account| account);
        let mut service_accounts = Vec::with_capacity(accounts.len());
        for account in accounts {
            let shown = platform.service_account_show(account).await.map_err(status)?;
            service_accounts.push(view::service_account(shown));
        }
        Ok(Response::new(GetServiceAccountsResponse { service_accounts, page_info }))
    }

    async fn create_service_account(
        &self,
        request: Request<CreateServiceAccountRequest>,
    ) -> Result<Response<ServiceAccountResponse>, Status> {
        let subject = Subject::Group(&request.get_ref().group_id);
        let platform = self.enter(&request, "service_account.create", subject).await?;
        let asked = request.into_inner();
        let new = NewServiceAccount {
            name: &asked.name,
            description: &asked.description,
            group: &asked.group_id,
            trust_policies: policies(asked.oidc_trust_policies)?,
            client_credentials: asked.enable_client_credentials,
            secret_expires_at: asked.client_secret_expires_at.map(time),
        };
        let created = platform.service_account_create(&platform.caller, new).await;
        Ok(Response::new(answer(created.map_err(status)?)))
    }

    /// No trust policies at all leave them as they are: the wire cannot tell that from none.
    async fn update_service_account(
        &self,
        request: Request<UpdateServiceAccountRequest>,
    ) -> Result<Response<ServiceAccountResponse>, Status> {
        let subject = Subject::ServiceAccount(&request.get_ref().id);
        let platform = self.enter(&request, "service_account.update", subject).await?;
        let asked = request.into_inner();
        let trust_policies = policies(asked.oidc_trust_policies)?;
        let change = ServiceAccountChange {
            version: asked.version,
            description: asked.description,
            trust_policies: Some(trust_policies).filter(|policies| !policies.is_empty()),
            client_credentials: asked.enable_client_credentials,
            secret_expires_at: asked.client_secret_expires_at.map(time),
            ..ServiceAccountChange::default()
        };
        let updated = platform.service_account_update(&platform.caller, &asked.id, change).await;
        Ok(Response::new(answer(updated.map_err(status)?)))
    }

    async fn delete_service_account(
        &self,
        request: Request<DeleteServiceAccountRequest>,
    ) -> Result<Response<()>, Status> {
        let subject = Subject::ServiceAccount(&request.get_ref().id);
        let platform = self.enter(&request, "service_account.delete", subject).await?;
        let DeleteServiceAccountRequest { id, version } = request.into_inner();
        platform.service_account_delete(&id, version).await.map_err(status)?;
        Ok(Response::new(()))
    }
}
