//! Variables of groups and workspaces. A sensitive value is never in an answer.

use pilothouse_model::Error;
use pilothouse_store::terraform::{NewVariable, VariableCategory, VersionSort};
use tonic::{Request, Response, Status};

use super::{Grpc, proto, sort};
use crate::terraform::api::{cursor, failure::status, view};
use proto::namespace_variable::{
    CreateNamespaceVariableRequest, DeleteNamespaceVariableRequest,
    GetNamespaceVariableByIdRequest, GetNamespaceVariableVersionByIdRequest,
    GetNamespaceVariableVersionsRequest, GetNamespaceVariableVersionsResponse,
    GetNamespaceVariablesRequest, GetNamespaceVariablesResponse, NamespaceVariable,
    NamespaceVariableVersion, NamespaceVariableVersionSortableField, SetNamespaceVariablesRequest,
    UpdateNamespaceVariableRequest, VariableCategory as WireCategory,
    namespace_variables_server::NamespaceVariables,
};

fn category(number: i32) -> Result<VariableCategory, Status> {
    match sort(Some(number), WireCategory::Terraform)? {
        WireCategory::Terraform => Ok(VariableCategory::Terraform),
        WireCategory::Environment => Ok(VariableCategory::Environment),
    }
}

/// Refuses to show sensitive values.
pub(super) fn keep_secret(asked: bool) -> Result<(), Status> {
    if asked {
        let error = Error::forbidden("sensitive values are never shown");
        return Err(status(error.hint("ask without them")));
    }
    Ok(())
}

#[tonic::async_trait]
impl NamespaceVariables for Grpc {
    async fn get_namespace_variable_by_id(
        &self,
        request: Request<GetNamespaceVariableByIdRequest>,
    ) -> Result<Response<NamespaceVariable>, Status> {
        let found = self.platform.variable_get(&request.get_ref().id).await.map_err(status)?;
        Ok(Response::new(view::variable(found)))
    }

    async fn get_namespace_variables(
        &self,
        request: Request<GetNamespaceVariablesRequest>,
    ) -> Result<Response<GetNamespaceVariablesResponse>, Status> {
        let found = self.platform.variable_list(&request.get_ref().namespace_path).await;
        let variables = found.map_err(status)?.into_iter().map(view::variable).collect();
        Ok(Response::new(GetNamespaceVariablesResponse { variables }))
    }

    async fn create_namespace_variable(
        &self,
        request: Request<CreateNamespaceVariableRequest>,
    ) -> Result<Response<NamespaceVariable>, Status> {
        let CreateNamespaceVariableRequest {
            category: number,
            key,
            namespace_path,
            sensitive,
            value,
        } = request.into_inner();
        let new = NewVariable { category: category(number)?, key, sensitive, value };
        let created = self.platform.variable_create(&namespace_path, new).await;
        Ok(Response::new(view::variable(created.map_err(status)?)))
    }

    async fn update_namespace_variable(
        &self,
        request: Request<UpdateNamespaceVariableRequest>,
    ) -> Result<Response<NamespaceVariable>, Status> {
        let UpdateNamespaceVariableRequest { id, key, value } = request.into_inner();
        let updated = self.platform.variable_update(&id, &key, &value).await.map_err(status)?;
        Ok(Response::new(view::variable(updated)))
    }

    async fn delete_namespace_variable(
        &self,
        request: Request<DeleteNamespaceVariableRequest>,
    ) -> Result<Response<()>, Status> {
        let DeleteNamespaceVariableRequest { id, version } = request.into_inner();
        self.platform.variable_delete(&id, version).await.map_err(status)?;
        Ok(Response::new(()))
    }

    async fn set_namespace_variables(
        &self,
        request: Request<SetNamespaceVariablesRequest>,
    ) -> Result<Response<()>, Status> {
        let asked = request.into_inner();
        let category = category(asked.category)?;
        let wanted = asked.variables.into_iter().map(|wanted| NewVariable {
            category,
            key: wanted.key,
            sensitive: wanted.sensitive,
            value: wanted.value,
        });
        let set = self.platform.variable_set(&asked.namespace_path, category, wanted.collect());
        set.await.map_err(status)?;
        Ok(Response::new(()))
    }

    async fn get_namespace_variable_version_by_id(
        &self,
        request: Request<GetNamespaceVariableVersionByIdRequest>,
    ) -> Result<Response<NamespaceVariableVersion>, Status> {
        let GetNamespaceVariableVersionByIdRequest { id, include_sensitive_value } =
            request.into_inner();
        keep_secret(include_sensitive_value)?;
        let found = self.platform.variable_version_get(&id).await.map_err(status)?;
        Ok(Response::new(view::variable_version(found)))
    }

    async fn get_namespace_variable_versions(
        &self,
        request: Request<GetNamespaceVariableVersionsRequest>,
    ) -> Result<Response<GetNamespaceVariableVersionsResponse>, Status> {
        use NamespaceVariableVersionSortableField as Field;
        let asked = request.into_inner();
        let order = sort(Some(asked.sort), Field::CreatedAtAsc)?;
        let order = VersionSort { descending: order == Field::CreatedAtDesc };
        let page = cursor::request(asked.pagination_options).map_err(status)?;
        let found = self.platform.variable_version_list(&asked.variable_id, order, &page).await;
        let (namespace_variable_versions, page_info) =
            cursor::answer(found.map_err(status)?, view::variable_version);
        let answer =
            GetNamespaceVariableVersionsResponse { page_info, namespace_variable_versions };
        Ok(Response::new(answer))
    }
}
