//! State versions and their outputs.

use pilothouse_store::terraform::StateVersionSort;
use tonic::{Request, Response, Status};

use super::{Grpc, Subject, given, proto, sort};
use crate::terraform::api::{cursor, failure::status, view};
use proto::{
    state_version::{
        CreateStateVersionRequest, GetStateVersionByIdRequest, GetStateVersionsRequest,
        GetStateVersionsResponse, StateVersion, StateVersionSortableField,
        state_versions_server::StateVersions,
    },
    state_version_output::{
        GetStateVersionOutputByIdRequest, GetStateVersionOutputsRequest,
        GetStateVersionOutputsResponse, StateVersionOutput,
    },
};

#[tonic::async_trait]
impl StateVersions for Grpc {
    async fn get_state_version_by_id(
        &self,
        request: Request<GetStateVersionByIdRequest>,
    ) -> Result<Response<StateVersion>, Status> {
        let id = &request.get_ref().id;
        let platform = self.enter(&request, "state_version.get", Subject::StateVersion(id)).await?;
        let found = platform.state_version_get(id).await;
        Ok(Response::new(view::state_version(found.map_err(status)?)))
    }

    /// A state version never changes, so it is ordered by when it was created.
    async fn get_state_versions(
        &self,
        request: Request<GetStateVersionsRequest>,
    ) -> Result<Response<GetStateVersionsResponse>, Status> {
        use StateVersionSortableField as Field;
        let subject = Subject::Workspace(&request.get_ref().workspace_id);
        let platform = self.enter(&request, "state_version.list", subject).await?;
        let asked = request.into_inner();
        let order = sort(asked.sort, Field::UpdatedAtDesc)?;
        let order = StateVersionSort { descending: order == Field::UpdatedAtDesc };
        let page = cursor::request(asked.pagination_options).map_err(status)?;
        let found = platform.state_version_list(&asked.workspace_id, order, &page).await;
        let (state_versions, page_info) =
            cursor::answer(found.map_err(status)?, view::state_version);
        Ok(Response::new(GetStateVersionsResponse { state_versions, page_info }))
    }

    async fn create_state_version(
        &self,
        request: Request<CreateStateVersionRequest>,
    ) -> Result<Response<StateVersion>, Status> {
        let subject = Subject::Run(request.get_ref().run_id());
        let platform = self.enter(&request, "state_version.create", subject).await?;
        let CreateStateVersionRequest { run_id, state } = request.into_inner();
        let (caller, run) = (&platform.caller, given(run_id.as_deref()));
        let created = platform.state_version_create(caller, run, &state).await;
        Ok(Response::new(view::state_version(created.map_err(status)?)))
    }

    async fn get_state_version_output_by_id(
        &self,
        request: Request<GetStateVersionOutputByIdRequest>,
    ) -> Result<Response<StateVersionOutput>, Status> {
        let id = &request.get_ref().id;
        let subject = Subject::StateOutput(id);
        let platform = self.enter(&request, "state_version.output_list", subject).await?;
        let found = platform.state_output_get(id).await;
        let (state, output) = found.map_err(status)?;
        Ok(Response::new(view::state_output(&state, output)))
    }

    async fn get_state_version_outputs(
        &self,
        request: Request<GetStateVersionOutputsRequest>,
    ) -> Result<Response<GetStateVersionOutputsResponse>, Status> {
        let id = &request.get_ref().state_version_id;
        let subject = Subject::StateVersion(id);
        let platform = self.enter(&request, "state_version.output_list", subject).await?;
        let found = platform.state_output_list(id).await;
        let (state, outputs) = found.map_err(status)?;
        let state_version_outputs =
            outputs.into_iter().map(|output| view::state_output(&state, output)).collect();
        Ok(Response::new(GetStateVersionOutputsResponse { state_version_outputs }))
    }
}
