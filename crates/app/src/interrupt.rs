//! Being asked to stop.

use std::io;

/// Resolves at the first SIGINT or SIGTERM.
#[cfg(unix)]
pub(crate) async fn received() -> io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted,
        _ = terminate.recv() => Ok(()),
    }
}

#[cfg(not(unix))]
pub(crate) async fn received() -> io::Result<()> {
    tokio::signal::ctrl_c().await
}
