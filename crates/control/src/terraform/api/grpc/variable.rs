//! Variables of groups and workspaces. A sensitive value is never in an answer.

use pilothouse_model::Error;
use pilothouse_store::terraform::{NewVariable, Variable, VariableCategory, VersionSort};
use tonic::{Request, Response, Status};

use super::{Entered, Grpc, Subject, proto, sort};
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

/// A variable, with its value for those who may see it.
fn shown(platform: &Entered, found: Variable) -> NamespaceVariable {
    let values = platform.may("variable.values", &found.namespace_path);
    view::variable(found, values)
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
        let id = &request.get_ref().id;
        let platform = self.enter(&request, "variable.get", Subject::Variable(id)).await?;
        let found = platform.variable_get(id).await.map_err(status)?;
        Ok(Response::new(shown(&platform, found)))
    }

    async fn get_namespace_variables(
        &self,
        request: Request<GetNamespaceVariablesRequest>,
    ) -> Result<Response<GetNamespaceVariablesResponse>, Status> {
        let path = &request.get_ref().namespace_path;
        let platform = self.enter(&request, "variable.list", Subject::Path(path)).await?;
        let found = platform.variable_list(path).await.map_err(status)?;
        // Who may see the values here may see those that it inherits.
        let values = platform.may("variable.values", path);
        let variables = found.into_iter().map(|found| view::variable(found, values)).collect();
        Ok(Response::new(GetNamespaceVariablesResponse { variables }))
    }

    async fn create_namespace_variable(
        &self,
        request: Request<CreateNamespaceVariableRequest>,
    ) -> Result<Response<NamespaceVariable>, Status> {
        let subject = Subject::Path(&request.get_ref().namespace_path);
        let platform = self.enter(&request, "variable.create", subject).await?;
        let CreateNamespaceVariableRequest {
            category: number,
            key,
            namespace_path,
            sensitive,
            value,
        } = request.into_inner();
        let new = NewVariable { category: category(number)?, key, sensitive, value };
        let created = platform.variable_create(&namespace_path, new).await.map_err(status)?;
        Ok(Response::new(shown(&platform, created)))
    }

    async fn update_namespace_variable(
        &self,
        request: Request<UpdateNamespaceVariableRequest>,
    ) -> Result<Response<NamespaceVariable>, Status> {
        let subject = Subject::Variable(&request.get_ref().id);
        let platform = self.enter(&request, "variable.update", subject).await?;
        let UpdateNamespaceVariableRequest { id, key, value } = request.into_inner();
        let updated = platform.variable_update(&id, &key, &value).await.map_err(status)?;
        Ok(Response::new(shown(&platform, updated)))
    }

    async fn delete_namespace_variable(
        &self,
        request: Request<DeleteNamespaceVariableRequest>,
    ) -> Result<Response<()>, Status> {
        let subject = Subject::Variable(&request.get_ref().id);
        let platform = self.enter(&request, "variable.delete", subject).await?;
        let DeleteNamespaceVariableRequest { id, version } = request.into_inner();
        platform.variable_delete(&id, version).await.map_err(status)?;
        Ok(Response::new(()))
    }

    async fn set_namespace_variables(
        &self,
        request: Request<SetNamespaceVariablesRequest>,
    ) -> Result<Response<()>, Status> {
        let subject = Subject::Path(&request.get_ref().namespace_path);
        let platform = self.enter(&request, "variable.set", subject).await?;
        let asked = request.into_inner();
        let category = category(asked.category)?;
        let wanted = asked.variables.into_iter().map(|wanted| NewVariable {
            category,
            key: wanted.key,
            sensitive: wanted.sensitive,
            value: wanted.value,
        });
        let set = platform.variable_set(&asked.namespace_path, category, wanted.collect());
        set.await.map_err(status)?;
        Ok(Response::new(()))
    }

    async fn get_namespace_variable_version_by_id(
        &self,
        request: Request<GetNamespaceVariableVersionByIdRequest>,
    ) -> Result<Response<NamespaceVariableVersion>, Status> {
        let subject = Subject::VariableVersion(&request.get_ref().id);
        let platform = self.enter(&request, "variable.get", subject).await?;
        let GetNamespaceVariableVersionByIdRequest { id, include_sensitive_value } =
            request.into_inner();
        keep_secret(include_sensitive_value)?;
        let found = platform.variable_version_get(&id).await.map_err(status)?;
        let values = platform.may("variable.values", &found.namespace_path);
        Ok(Response::new(view::variable_version(found, values)))
    }

    async fn get_namespace_variable_versions(
        &self,
        request: Request<GetNamespaceVariableVersionsRequest>,
    ) -> Result<Response<GetNamespaceVariableVersionsResponse>, Status> {
        use NamespaceVariableVersionSortableField as Field;
        let subject = Subject::Variable(&request.get_ref().variable_id);
        let platform = self.enter(&request, "variable.get", subject).await?;
        let asked = request.into_inner();
        let order = sort(Some(asked.sort), Field::CreatedAtAsc)?;
        let order = VersionSort { descending: order == Field::CreatedAtDesc };
        let page = cursor::request(asked.pagination_options).map_err(status)?;
        let found = platform.variable_version_list(&asked.variable_id, order, &page).await;
        let (namespace_variable_versions, page_info) =
            cursor::answer(found.map_err(status)?, |version| {
                let values = platform.may("variable.values", &version.namespace_path);
                view::variable_version(version, values)
            });
        let answer =
            GetNamespaceVariableVersionsResponse { page_info, namespace_variable_versions };
        Ok(Response::new(answer))
    }
}
