//! Who has which role where.

use pilothouse_access::permission::role_id;
use pilothouse_model::id::ResourceType;
use pilothouse_store::{access::Membership, terraform::NamespaceKind};
use tonic::{Request, Response, Status};

use super::{Grpc, Subject, given, proto, sort};
use crate::terraform::{
    Terraform,
    api::{cursor, failure::status, view},
    reference::{gid, trn, trn_by_id},
    service::membership::{self, Member, role},
};
use proto::namespace_membership::{
    CreateNamespaceMembershipRequest, DeleteNamespaceMembershipRequest,
    GetNamespaceMembershipByIdRequest, GetNamespaceMembershipsForNamespaceRequest,
    GetNamespaceMembershipsForNamespaceResponse, GetNamespaceMembershipsForSubjectRequest,
    GetNamespaceMembershipsForSubjectResponse, MembershipNamespace, NamespaceMembership,
    NamespaceMembershipSortableField as Field, UpdateNamespaceMembershipRequest,
    namespace_memberships_server::NamespaceMemberships,
};

fn wire(found: &Membership, place: NamespaceKind) -> NamespaceMembership {
    let kind = ResourceType::NamespaceMembership;
    let path = found.namespace.path.to_string();
    let named = trn_by_id(kind, &path, &found.meta.id);
    let namespace_id = found.namespace_id.as_deref().unwrap_or_default();
    let (group_id, workspace_id) = match place {
        NamespaceKind::Group => (Some(gid(ResourceType::Group, namespace_id)), None),
        NamespaceKind::Workspace => (None, Some(gid(ResourceType::Workspace, namespace_id))),
    };
    let (mut user_id, mut service_account_id, mut team_id) = (None, None, None);
    match found.subject.split_once(':') {
        Some(("sa", id)) => service_account_id = Some(gid(ResourceType::ServiceAccount, id)),
        Some(("team", name)) => team_id = Some(trn(ResourceType::Team, name)),
        _ => user_id = Some(membership::user_id(&found.subject)),
    }
    NamespaceMembership {
        metadata: Some(view::metadata(kind, &found.meta, named)),
        role_id: gid(ResourceType::Role, role_id(found.role)),
        namespace: Some(MembershipNamespace { path, group_id, workspace_id }),
        user_id,
        service_account_id,
        team_id,
    }
}

async fn shown(platform: &Terraform, found: Membership) -> Result<NamespaceMembership, Status> {
    let place = platform.membership_place(&found).await.map_err(status)?;
    Ok(wire(&found, place))
}

async fn all_shown(
    platform: &Terraform,
    all: Vec<Membership>,
) -> Result<Vec<NamespaceMembership>, Status> {
    let mut views = Vec::with_capacity(all.len());
    for found in all {
        views.push(shown(platform, found).await?);
    }
    Ok(views)
}

fn order(found: &mut [Membership], field: Field) {
    let path = |one: &Membership| one.namespace.path.to_string();
    match field {
        Field::UpdatedAtAsc | Field::UpdatedAtDesc => {
            found.sort_by_key(|one| one.meta.updated_at.0);
        }
        Field::NamespacePathAsc | Field::NamespacePathDesc => found.sort_by_key(path),
    }
    if matches!(field, Field::UpdatedAtDesc | Field::NamespacePathDesc) {
        found.reverse();
    }
}

#[tonic::async_trait]
impl NamespaceMemberships for Grpc {
    async fn get_namespace_membership_by_id(
        &self,
        request: Request<GetNamespaceMembershipByIdRequest>,
    ) -> Result<Response<NamespaceMembership>, Status> {
        let id = &request.get_ref().id;
        let subject = Subject::Membership(id);
        let platform = self.enter(&request, "namespace_membership.get", subject).await?;
        let found = platform.membership_get(id).await.map_err(status)?;
        Ok(Response::new(shown(&platform, found).await?))
    }

    /// With what is inherited: of each subject what counts there.
    async fn get_namespace_memberships_for_namespace(
        &self,
        request: Request<GetNamespaceMembershipsForNamespaceRequest>,
    ) -> Result<Response<GetNamespaceMembershipsForNamespaceResponse>, Status> {
        let path = &request.get_ref().namespace_path;
        let subject = Subject::Path(path);
        let platform = self.enter(&request, "namespace_membership.list", subject).await?;
        let found = platform.membership_list_of_namespace(path).await.map_err(status)?;
        let namespace_memberships = all_shown(&platform, found).await?;
        Ok(Response::new(GetNamespaceMembershipsForNamespaceResponse { namespace_memberships }))
    }

    /// In namespaces that the caller may see, on one page.
    async fn get_namespace_memberships_for_subject(
        &self,
        request: Request<GetNamespaceMembershipsForSubjectRequest>,
    ) -> Result<Response<GetNamespaceMembershipsForSubjectResponse>, Status> {
        let asked = request.get_ref();
        let account = given(asked.service_account_id.as_deref());
        let subject = account.map_or(Subject::Everywhere, Subject::ServiceAccount);
        let platform = self.enter(&request, "namespace_membership.list", subject).await?;
        let field = sort(asked.sort, Field::NamespacePathAsc)?;
        let user = given(asked.user_id.as_deref());
        let member = Member { user, service_account: account, team: None };
        let mut found = platform.membership_list_of_subject(member).await.map_err(status)?;
        found.retain(|one| platform.may("namespace_membership.get", &one.namespace.path));
        order(&mut found, field);
        let page_info = Some(cursor::one_page(found.len()));
        Ok(Response::new(GetNamespaceMembershipsForSubjectResponse {
            namespace_memberships: all_shown(&platform, found).await?,
            page_info,
        }))
    }

    async fn create_namespace_membership(
        &self,
        request: Request<CreateNamespaceMembershipRequest>,
    ) -> Result<Response<NamespaceMembership>, Status> {
        let asked = request.get_ref();
        let path = &asked.namespace_path;
        let subject = Subject::Path(path);
        let platform = self.enter(&request, "namespace_membership.create", subject).await?;
        let member = Member {
            user: given(asked.user_id.as_deref()),
            service_account: given(asked.service_account_id.as_deref()),
            team: given(asked.team_id.as_deref()),
        };
        let role = role(&asked.role_id).map_err(status)?;
        let created = platform.membership_create(&platform.caller, path, member, role).await;
        Ok(Response::new(shown(&platform, created.map_err(status)?).await?))
    }

    async fn update_namespace_membership(
        &self,
        request: Request<UpdateNamespaceMembershipRequest>,
    ) -> Result<Response<NamespaceMembership>, Status> {
        let UpdateNamespaceMembershipRequest { id, role_id, version } = request.get_ref();
        let subject = Subject::Membership(id);
        let platform = self.enter(&request, "namespace_membership.update", subject).await?;
        let role = role(role_id).map_err(status)?;
        let updated = platform.membership_update(id, *version, role).await;
        Ok(Response::new(shown(&platform, updated.map_err(status)?).await?))
    }

    async fn delete_namespace_membership(
        &self,
        request: Request<DeleteNamespaceMembershipRequest>,
    ) -> Result<Response<()>, Status> {
        let DeleteNamespaceMembershipRequest { id, version } = request.get_ref();
        let subject = Subject::Membership(id);
        let platform = self.enter(&request, "namespace_membership.delete", subject).await?;
        platform.membership_delete(id, *version).await.map_err(status)?;
        Ok(Response::new(()))
    }
}
