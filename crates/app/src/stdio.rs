//! `pilothouse stdio`: MCP on standard input and output, for a client that starts this program.

use pilothouse_gateway::{
    ServedSurface,
    mcp::{Endpoint, Settings, stdio},
};
use pilothouse_model::Error;
use tokio_util::sync::CancellationToken;

use crate::{
    cli::StdioArguments,
    compose::{compose, warn_exposed},
    config::Config,
    exit::Exit,
    interrupt,
};

/// Serves one surface until the input ends or somebody interrupts.
pub(crate) async fn run(config: &Config, arguments: &StdioArguments) -> Result<Exit, Error> {
    if let Some(space) = &arguments.space {
        return Err(Error::not_found("agent space", space));
    }
    warn_exposed(config);
    let product = compose(config).await?;
    let surface = product.surface(arguments.surface.as_str())?;
    let served = ServedSurface::new(product.gateway.clone(), surface);
    let mut settings = Settings::default();
    settings.limits.message_bytes = config.server.max_body_bytes;
    let endpoint = Endpoint::new(served, settings);

    let shutdown = CancellationToken::new();
    let worker = product.terraform.start(shutdown.clone());
    let serving = stdio::run(endpoint.clone(), product.operator(), shutdown.clone());
    let served = tokio::select! {
        served = serving => served,
        interrupted = interrupt::received() => interrupted,
    };
    endpoint.close();
    shutdown.cancel();
    if let Err(error) = worker.await {
        tracing::error!(%error, "the worker ended badly");
    }
    product.store.close().await;
    served
        .map(|()| Exit::Done)
        .map_err(|error| Error::unavailable(format!("standard input or output failed: {error}")))
}
