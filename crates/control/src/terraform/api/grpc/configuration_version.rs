//! Configuration versions; the archive itself comes by REST.

use tonic::{Request, Response, Status};

use super::{Grpc, Subject, proto};
use crate::terraform::api::{failure::status, view};
use proto::configuration_version::{
    ConfigurationVersion, CreateConfigurationVersionRequest, GetConfigurationVersionByIdRequest,
    configuration_versions_server::ConfigurationVersions,
};

#[tonic::async_trait]
impl ConfigurationVersions for Grpc {
    async fn get_configuration_version_by_id(
        &self,
        request: Request<GetConfigurationVersionByIdRequest>,
    ) -> Result<Response<ConfigurationVersion>, Status> {
        let id = &request.get_ref().id;
        let subject = Subject::ConfigurationVersion(id);
        let platform = self.enter(&request, "configuration_version.get", subject).await?;
        let found = platform.configuration_version_get(id).await;
        Ok(Response::new(view::configuration_version(found.map_err(status)?)))
    }

    async fn create_configuration_version(
        &self,
        request: Request<CreateConfigurationVersionRequest>,
    ) -> Result<Response<ConfigurationVersion>, Status> {
        let subject = Subject::Workspace(&request.get_ref().workspace_id);
        let platform = self.enter(&request, "configuration_version.create", subject).await?;
        let CreateConfigurationVersionRequest { workspace_id, speculative } = request.into_inner();
        let caller = &platform.caller;
        let created =
            platform.configuration_version_create(caller, &workspace_id, speculative).await;
        Ok(Response::new(view::configuration_version(created.map_err(status)?)))
    }
}
