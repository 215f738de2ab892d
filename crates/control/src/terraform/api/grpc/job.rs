//! Jobs and their logs. Claiming and reporting are not served: this server runs all jobs itself.

use tonic::{Request, Response, Status};

use super::{
    Grpc, Subject, proto,
    stream::{Events, log_events},
};
use crate::terraform::api::{failure::status, view};
use proto::job::{
    GetJobByIdRequest, GetJobLogsRequest, GetJobLogsResponse, GetLatestJobForApplyRequest,
    GetLatestJobForPlanRequest, Job, JobLogStreamEvent, SubscribeToJobLogStreamRequest,
    jobs_server::Jobs,
};

#[tonic::async_trait]
impl Jobs for Grpc {
    async fn get_job_by_id(
        &self,
        request: Request<GetJobByIdRequest>,
    ) -> Result<Response<Job>, Status> {
        let id = &request.get_ref().id;
        let platform = self.enter(&request, "job.get", Subject::Job(id)).await?;
        let found = platform.job_get(id).await.map_err(status)?;
        Ok(Response::new(view::job(&found)))
    }

    async fn get_job_logs(
        &self,
        request: Request<GetJobLogsRequest>,
    ) -> Result<Response<GetJobLogsResponse>, Status> {
        let subject = Subject::Job(&request.get_ref().job_id);
        let platform = self.enter(&request, "job.log_range", subject).await?;
        let GetJobLogsRequest { job_id, start_offset, limit } = request.into_inner();
        let job = platform.job_get(&job_id).await.map_err(status)?;
        let slice = platform.job_log(&job, start_offset.into(), limit.into()).await;
        Ok(Response::new(GetJobLogsResponse { logs: slice.map_err(status)?.text }))
    }

    async fn get_latest_job_for_plan(
        &self,
        request: Request<GetLatestJobForPlanRequest>,
    ) -> Result<Response<Job>, Status> {
        let id = &request.get_ref().plan_id;
        let platform = self.enter(&request, "job.latest_for_plan", Subject::Plan(id)).await?;
        let found = platform.job_latest_for_plan(id).await;
        Ok(Response::new(view::job(&found.map_err(status)?)))
    }

    async fn get_latest_job_for_apply(
        &self,
        request: Request<GetLatestJobForApplyRequest>,
    ) -> Result<Response<Job>, Status> {
        let id = &request.get_ref().apply_id;
        let platform = self.enter(&request, "job.latest_for_apply", Subject::Apply(id)).await?;
        let found = platform.job_latest_for_apply(id).await;
        Ok(Response::new(view::job(&found.map_err(status)?)))
    }

    async fn subscribe_to_job_log_stream(
        &self,
        request: Request<SubscribeToJobLogStreamRequest>,
    ) -> Result<Response<Events<JobLogStreamEvent>>, Status> {
        let subject = Subject::Job(&request.get_ref().job_id);
        let platform = self.enter(&request, "job.log_range", subject).await?;
        let SubscribeToJobLogStreamRequest { job_id, last_seen_log_size } = request.into_inner();
        let job = platform.job_get(&job_id).await.map_err(status)?;
        let from = last_seen_log_size.unwrap_or_default().max(0).into();
        Ok(Response::new(log_events(&platform, job.meta.id, from)))
    }
}
