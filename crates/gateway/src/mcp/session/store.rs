//! The hook through which another replica can continue a legacy session.

use async_trait::async_trait;
use pilothouse_model::Result;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::mcp::context::LogLevel;

/// Everything needed to continue a session elsewhere. Streams and requests in progress stay on
/// the replica that serves them.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SavedSession {
    /// The only principal, and space, that may continue it.
    pub principal: String,
    pub space: Option<String>,
    /// The parameters of the client's `initialize`, at the negotiated version.
    pub initialize: Value,
    pub log_level: LogLevel,
    /// Resource URIs.
    pub subscriptions: Vec<String>,
}

/// Keeps sessions for other replicas. Called outside any lock; a failing store costs continuity,
/// never correctness.
#[async_trait]
pub trait SessionStore: Send + Sync + 'static {
    async fn session_load(&self, id: &str) -> Result<Option<SavedSession>>;

    /// Writes or refreshes. Called when a session is opened, changed, and now and then while it
    /// is used, so a row that was not written for [`super::SessionLimits::idle`] is stale.
    async fn session_save(&self, id: &str, session: &SavedSession) -> Result<()>;

    async fn session_delete(&self, id: &str) -> Result<()>;
}
