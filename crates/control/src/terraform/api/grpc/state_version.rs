//! State versions and their outputs.

use pilothouse_store::terraform::StateVersionSort;
use tonic::{Request, Response, Status};

use super::{Grpc, caller, given, proto, sort};
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
        let found = self.platform.state_version_get(&request.get_ref().id).await;
        Ok(Response::new(view::state_version(found.map_err(status)?)))
    }

    /// A state version never changes, so it is ordered by when it was created.
    async fn get_state_versions(
        &self,
        request: Request<GetStateVersionsRequest>,
    ) -> Result<Response<GetStateVersionsResponse>, Status> {
        use StateVersionSortableField as Field;
        let asked = request.into_inner();
        let order = sort(asked.sort, Field::UpdatedAtDesc)?;
        let order = StateVersionSort { descending: order == Field::UpdatedAtDesc };
        let page = cursor::request(asked.pagination_options).map_err(status)?;
        let found = self.platform.state_version_list(&asked.workspace_id, order, &page).await;
        let (state_versions, page_info) =
            cursor::answer(found.map_err(status)?, view::state_version);
        Ok(Response::new(GetStateVersionsResponse { state_versions, page_info }))
    }

    async fn create_state_version(
        &self,
        request: Request<CreateStateVersionRequest>,
    ) -> Result<Response<StateVersion>, Status> {
        let caller = caller(&request)?;
        let CreateStateVersionRequest { run_id, state } = request.into_inner();
        let created =
            self.platform.state_version_create(&caller, given(run_id.as_deref()), &state).await;
        Ok(Response::new(view::state_version(created.map_err(status)?)))
    }

    async fn get_state_version_output_by_id(
        &self,
        request: Request<GetStateVersionOutputByIdRequest>,
    ) -> Result<Response<StateVersionOutput>, Status> {
        let found = self.platform.state_output_get(&request.get_ref().id).await;
        let (state, output) = found.map_err(status)?;
        Ok(Response::new(view::state_output(&state, output)))
    }

    async fn get_state_version_outputs(
        &self,
        request: Request<GetStateVersionOutputsRequest>,
    ) -> Result<Response<GetStateVersionOutputsResponse>, Status> {
        let found = self.platform.state_output_list(&request.get_ref().state_version_id).await;
        let (state, outputs) = found.map_err(status)?;
        let state_version_outputs =
            outputs.into_iter().map(|output| view::state_output(&state, output)).collect();
        Ok(Response::new(GetStateVersionOutputsResponse { state_version_outputs }))
    }
}
