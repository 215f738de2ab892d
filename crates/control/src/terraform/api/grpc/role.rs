//! The four roles and their permissions. They are the same everywhere and nobody can change them, so
//! the methods that would are not served.

use pilothouse_access::{Permission, permission::role_id};
use pilothouse_model::{Role, id::ResourceType};
use tonic::{Request, Response, Status};

use super::{Grpc, Subject, given, proto, sort};
use crate::terraform::{
    api::{cursor, failure::status},
    reference::{gid, trn},
    rule,
    service::membership::role,
};
use proto::{
    metadata::ResourceMetadata,
    role::{
        GetAvailablePermissionsResponse, GetRoleByIdRequest, GetRolesRequest, GetRolesResponse,
        Role as Wire, RoleSortableField as Field, roles_server::Roles,
    },
};

/// They came with the platform, so they have no times.
fn wire(role: Role) -> Wire {
    let held = Permission::ALL.iter().filter(|permission| permission.is_held_by(role));
    Wire {
        metadata: Some(ResourceMetadata {
            id: gid(ResourceType::Role, role_id(role)),
            trn: trn(ResourceType::Role, role.as_str()),
            version: 1,
            ..ResourceMetadata::default()
        }),
        name: role.as_str().to_owned(),
        permissions: held.map(ToString::to_string).collect(),
        ..Wire::default()
    }
}

#[tonic::async_trait]
impl Roles for Grpc {
    async fn get_role_by_id(
        &self,
        request: Request<GetRoleByIdRequest>,
    ) -> Result<Response<Wire>, Status> {
        self.enter(&request, "role.get", Subject::Everywhere).await?;
        Ok(Response::new(wire(role(&request.get_ref().id).map_err(status)?)))
    }

    async fn get_roles(
        &self,
        request: Request<GetRolesRequest>,
    ) -> Result<Response<GetRolesResponse>, Status> {
        self.enter(&request, "role.list", Subject::Everywhere).await?;
        let asked = request.get_ref();
        let search = given(asked.search.as_deref()).unwrap_or_default();
        rule::search(search).map_err(status)?;
        let mut roles: Vec<Role> = Role::ALL.into_iter().collect();
        roles.retain(|role| role.as_str().contains(&search.to_lowercase()));
        roles.sort_unstable_by_key(|role| role.as_str());
        if sort(asked.sort, Field::NameAsc)? == Field::NameDesc {
            roles.reverse();
        }
        let page_info = Some(cursor::one_page(roles.len()));
        Ok(Response::new(GetRolesResponse {
            roles: roles.into_iter().map(wire).collect(),
            page_info,
        }))
    }

    async fn get_available_permissions(
        &self,
        request: Request<()>,
    ) -> Result<Response<GetAvailablePermissionsResponse>, Status> {
        self.enter(&request, "role.list", Subject::Everywhere).await?;
        let assignable = Permission::ALL.iter().filter(|one| one.least_role().is_some());
        let permissions = assignable.map(ToString::to_string).collect();
        Ok(Response::new(GetAvailablePermissionsResponse { permissions }))
    }
}
