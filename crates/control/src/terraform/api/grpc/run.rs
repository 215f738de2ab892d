//! Runs, their plans and their applies.

use pilothouse_store::terraform::RunSort;
use tonic::{Request, Response, Status};

use super::{
    Grpc, Subject, given, proto, sort,
    stream::{Events, RunScope, run_events},
    variable::keep_secret,
};
use crate::terraform::{
    api::{cursor, failure::status, view},
    service::{
        run::RunQuery,
        run_create::{GivenVariable, NewRun},
    },
};
use proto::{
    apply::{Apply, GetApplyByIdRequest},
    plan::{GetPlanByIdRequest, Plan},
    run::{
        ApplyRunRequest, CancelRunRequest, CreateDestroyRunForWorkspaceRequest, CreateRunRequest,
        GetRunByIdRequest, GetRunVariablesRequest, GetRunVariablesResponse, GetRunsRequest,
        GetRunsResponse, Run, RunEvent, RunSortableField, SubscribeToRunEventsRequest,
        runs_server::Runs,
    },
};

fn order(field: RunSortableField) -> RunSort {
    use RunSortableField as Field;
    match field {
        Field::CreatedAtAsc => RunSort::CreatedAt { descending: false },
        Field::CreatedAtDesc => RunSort::CreatedAt { descending: true },
        Field::UpdatedAtAsc => RunSort::UpdatedAt { descending: false },
        Field::UpdatedAtDesc => RunSort::UpdatedAt { descending: true },
    }
}

fn new_run(asked: CreateRunRequest) -> NewRun {
    let given = |text: Option<String>| text.filter(|text| !text.is_empty());
    NewRun {
        workspace: asked.workspace_id,
        configuration_version: given(asked.configuration_version_id),
        module_source: given(asked.module_source),
        is_destroy: asked.is_destroy,
        refresh: asked.refresh,
        refresh_only: asked.refresh_only,
        auto_apply: asked.auto_apply.unwrap_or_default(),
        speculative: asked.speculative,
        terraform_version: asked.terraform_version,
        targets: asked.target_addresses,
        variables: asked
            .variables
            .into_iter()
            .map(|given| GivenVariable {
                category: given.category,
                key: given.key,
                value: given.value,
            })
            .collect(),
    }
}

#[tonic::async_trait]
impl Runs for Grpc {
    async fn get_run_by_id(
        &self,
        request: Request<GetRunByIdRequest>,
    ) -> Result<Response<Run>, Status> {
        let id = &request.get_ref().id;
        let platform = self.enter(&request, "run.get", Subject::Run(id)).await?;
        let found = platform.run_get(id).await.map_err(status)?;
        Ok(Response::new(view::run(found)))
    }

    async fn get_runs(
        &self,
        request: Request<GetRunsRequest>,
    ) -> Result<Response<GetRunsResponse>, Status> {
        let asked = request.get_ref();
        let workspace = given(asked.workspace_id.as_deref()).map(Subject::Workspace);
        let group = given(asked.group_id.as_deref()).map(Subject::Group);
        let subject = workspace.or(group).unwrap_or(Subject::Everywhere);
        let platform = self.enter(&request, "run.list", subject).await?;
        let asked = request.into_inner();
        let order = order(sort(asked.sort, RunSortableField::CreatedAtDesc)?);
        let page = cursor::request(asked.pagination_options).map_err(status)?;
        let query = RunQuery {
            workspace: given(asked.workspace_id.as_deref()),
            group: given(asked.group_id.as_deref()),
            nested: asked.include_nested_runs.unwrap_or_default(),
            visible: platform.visible(),
        };
        let found = platform.run_list(query, order, &page).await.map_err(status)?;
        let (runs, page_info) = cursor::answer(found, view::run);
        Ok(Response::new(GetRunsResponse { runs, page_info }))
    }

    async fn create_run(
        &self,
        request: Request<CreateRunRequest>,
    ) -> Result<Response<Run>, Status> {
        let subject = Subject::Workspace(&request.get_ref().workspace_id);
        let platform = self.enter(&request, "run.create", subject).await?;
        let created = platform.run_create(&platform.caller, new_run(request.into_inner())).await;
        Ok(Response::new(view::run(created.map_err(status)?)))
    }

    async fn create_destroy_run_for_workspace(
        &self,
        request: Request<CreateDestroyRunForWorkspaceRequest>,
    ) -> Result<Response<Run>, Status> {
        let workspace = &request.get_ref().workspace_id;
        let platform = self.enter(&request, "run.destroy", Subject::Workspace(workspace)).await?;
        let created = platform.run_create_destroy(&platform.caller, workspace).await;
        Ok(Response::new(view::run(created.map_err(status)?)))
    }

    async fn apply_run(&self, request: Request<ApplyRunRequest>) -> Result<Response<Run>, Status> {
        let id = &request.get_ref().run_id;
        let platform = self.enter(&request, "run.apply", Subject::Run(id)).await?;
        let applied = platform.run_apply(&platform.caller, id).await;
        Ok(Response::new(view::run(applied.map_err(status)?)))
    }

    async fn cancel_run(
        &self,
        request: Request<CancelRunRequest>,
    ) -> Result<Response<Run>, Status> {
        let subject = Subject::Run(&request.get_ref().id);
        let platform = self.enter(&request, "run.cancel", subject).await?;
        let CancelRunRequest { id, force } = request.into_inner();
        let (caller, force) = (&platform.caller, force.unwrap_or_default());
        let canceled = platform.run_cancel(caller, &id, force).await;
        Ok(Response::new(view::run(canceled.map_err(status)?)))
    }

    async fn get_run_variables(
        &self,
        request: Request<GetRunVariablesRequest>,
    ) -> Result<Response<GetRunVariablesResponse>, Status> {
        let subject = Subject::Run(&request.get_ref().id);
        let platform = self.enter(&request, "run.variables", subject).await?;
        let GetRunVariablesRequest { id, include_sensitive_values } = request.into_inner();
        keep_secret(include_sensitive_values)?;
        let path = platform.run_get(&id).await.map_err(status)?.run.workspace_path;
        let values = platform.may("variable.values", &path);
        let found = platform.run_variable_list(&id).await.map_err(status)?;
        let variables =
            found.into_iter().map(|variable| view::run_variable(variable, values)).collect();
        Ok(Response::new(GetRunVariablesResponse { variables }))
    }

    async fn get_plan_by_id(
        &self,
        request: Request<GetPlanByIdRequest>,
    ) -> Result<Response<Plan>, Status> {
        let id = &request.get_ref().id;
        let platform = self.enter(&request, "plan.get", Subject::Plan(id)).await?;
        let record = platform.run_of_plan(id).await.map_err(status)?;
        Ok(Response::new(view::plan(&record.run, record.plan)))
    }

    async fn get_apply_by_id(
        &self,
        request: Request<GetApplyByIdRequest>,
    ) -> Result<Response<Apply>, Status> {
        let id = &request.get_ref().id;
        let platform = self.enter(&request, "apply.get", Subject::Apply(id)).await?;
        let (run, apply) = platform.apply_get(id).await.map_err(status)?;
        Ok(Response::new(view::apply(&run, apply)))
    }

    async fn subscribe_to_run_events(
        &self,
        request: Request<SubscribeToRunEventsRequest>,
    ) -> Result<Response<Events<RunEvent>>, Status> {
        let asked = request.get_ref();
        let run = given(asked.run_id.as_deref());
        let workspace = given(asked.workspace_id.as_deref());
        let group = given(asked.ancestor_group_id.as_deref());
        let subject = run
            .map(Subject::Run)
            .or(workspace.map(Subject::Workspace))
            .or(group.map(Subject::Group))
            .unwrap_or(Subject::Everywhere);
        let platform = self.enter(&request, "run.get", subject).await?;
        let scope = RunScope::read(&platform, run, workspace, group).await.map_err(status)?;
        Ok(Response::new(run_events(&platform, scope, platform.visible())))
    }
}
