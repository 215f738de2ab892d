//! The version of the server.

use tonic::{Request, Response, Status};

use super::{Grpc, proto};
use proto::versions::{GetVersionResponse, version_server::Version};

#[tonic::async_trait]
impl Version for Grpc {
    async fn get_version(
        &self,
        _request: Request<()>,
    ) -> Result<Response<GetVersionResponse>, Status> {
        Ok(Response::new(GetVersionResponse {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            ..GetVersionResponse::default()
        }))
    }
}
