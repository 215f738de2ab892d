//! Serves the conformance fixture over HTTP or stdio, without authentication. For tests only.

use std::{net::SocketAddr, process::ExitCode, sync::Arc};

use axum::Extension;
use pilothouse_gateway::mcp::{
    Endpoint, Settings,
    http::{Access, router},
    serve::{ServeLimits, serve},
    stdio,
};
use pilothouse_model::{Caller, Principal};
use pilothouse_testkit::Fixture;
use tokio_util::sync::CancellationToken;

const USAGE: &str = "usage: conformance-server --listen ADDRESS:PORT | --stdio";

enum Transport {
    Http(SocketAddr),
    Stdio,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let served = match transport(&arguments) {
        Some(Transport::Stdio) => over_stdio().await,
        Some(Transport::Http(address)) => over_http(address).await,
        None => {
            say(USAGE);
            return ExitCode::from(2);
        }
    };
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&error.to_string());
            ExitCode::FAILURE
        }
    }
}

fn transport(arguments: &[String]) -> Option<Transport> {
    match arguments {
        [flag] if flag == "--stdio" => Some(Transport::Stdio),
        [flag, address] if flag == "--listen" => address.parse().ok().map(Transport::Http),
        _ => None,
    }
}

fn endpoint() -> Arc<Endpoint> {
    Endpoint::new(Arc::new(Fixture::default()), Settings::default())
}

/// Everybody who reaches the fixture.
fn anybody() -> Caller {
    Caller::new(Principal::local_user("conformance"))
}

async fn over_stdio() -> std::io::Result<()> {
    stdio::run(endpoint(), anybody(), CancellationToken::new()).await
}

async fn over_http(address: SocketAddr) -> std::io::Result<()> {
    let listener = tokio::net::TcpListener::bind(address).await?;
    say(&format!("listening on http://{}/mcp", listener.local_addr()?));
    let endpoint = endpoint();
    let router = Access::default().around(router("/mcp", Arc::clone(&endpoint)));
    let router = router.layer(Extension(anybody()));
    let shutdown = CancellationToken::new();
    let stop = shutdown.clone();
    tokio::spawn(async move {
        if tokio::signal::ctrl_c().await.is_ok() {
            endpoint.close();
            stop.cancel();
        }
    });
    serve(listener, router, ServeLimits::default(), shutdown).await;
    Ok(())
}

#[expect(clippy::print_stderr, reason = "a program for tests has no log")]
fn say(line: &str) {
    eprintln!("{line}");
}
