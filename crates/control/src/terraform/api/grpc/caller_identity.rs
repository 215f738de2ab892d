//! Who the caller is.

use pilothouse_model::{Caller, PrincipalKind, id::ResourceType};
use tonic::{Request, Response, Status};

use super::{Grpc, caller, proto};
use crate::terraform::reference::trn;
use proto::{
    caller::{
        GetCallerIdentityResponse, caller_identity_server::CallerIdentity,
        get_caller_identity_response::Caller as View,
    },
    metadata::ResourceMetadata,
};

#[tonic::async_trait]
impl CallerIdentity for Grpc {
    async fn get_caller_identity(
        &self,
        request: Request<()>,
    ) -> Result<Response<GetCallerIdentityResponse>, Status> {
        let caller = Some(view(&caller(&request)?));
        Ok(Response::new(GetCallerIdentityResponse { caller }))
    }
}

/// The principal lives elsewhere, so its id is the principal's and it has no times here.
fn view(caller: &Caller) -> View {
    let principal = &caller.principal;
    let metadata = |kind| {
        Some(ResourceMetadata {
            created_at: None,
            updated_at: None,
            version: 1,
            id: principal.id.clone(),
            trn: trn(kind, &principal.name),
        })
    };
    match principal.kind {
        PrincipalKind::ServiceAccount => {
            View::ServiceAccount(proto::service_account::ServiceAccount {
                metadata: metadata(ResourceType::ServiceAccount),
                name: principal.name.clone(),
                ..proto::service_account::ServiceAccount::default()
            })
        }
        PrincipalKind::Operator
        | PrincipalKind::User
        | PrincipalKind::External
        | PrincipalKind::ApiKey => View::User(proto::user::User {
            metadata: metadata(ResourceType::User),
            username: principal.name.clone(),
            active: true,
            ..proto::user::User::default()
        }),
    }
}
