//! One MCP endpoint: a backend with the sessions, limits and secrets that serving it needs.
//! Shared by every request; both transports hold one.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use rmcp::model::{Implementation, InitializeResult, ServerCapabilities, ServerConfig};
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use super::{
    ask::{Sealer, StateKey},
    backend::{About, Backend, Offer},
    change,
    in_progress::InProgress,
    message::Limits,
    session::{SessionLimits, SessionStore, Sessions},
};

/// How an endpoint is served.
#[derive(Clone)]
pub struct Settings {
    pub limits: Limits,
    pub sessions: SessionLimits,
    /// Lets other replicas continue legacy sessions.
    pub session_store: Option<Arc<dyn SessionStore>>,
    /// Seals the state of multi-round requests.
    pub state_key: StateKey,
    /// How long a user may take to answer a modern client's question.
    pub state_ttl: Duration,
    /// How long a modern client waits for the first byte before it gets a stream to wait on.
    pub silence: Duration,
    /// The same for a legacy client, whose stream begins with an event to resume from.
    pub legacy_silence: Duration,
    /// How often an open stream carries a sign of life.
    pub keep_alive: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            limits: Limits::default(),
            sessions: SessionLimits::default(),
            session_store: None,
            state_key: StateKey::random(),
            state_ttl: Duration::from_mins(15),
            silence: Duration::from_secs(5),
            legacy_silence: Duration::from_millis(50),
            keep_alive: Duration::from_secs(15),
        }
    }
}

/// One endpoint, ready to be served over any transport.
pub struct Endpoint {
    backend: Arc<dyn Backend>,
    settings: Settings,
    sealer: Arc<Sealer>,
    sessions: Arc<Sessions>,
    config: ServerConfig,
    server_info: Value,
    in_progress: InProgress,
    closing: CancellationToken,
    announcing: AtomicBool,
}

impl Endpoint {
    pub fn new(backend: Arc<dyn Backend>, settings: Settings) -> Arc<Self> {
        let config = config(backend.about());
        let server_info = serde_json::to_value(&config.server_info).unwrap_or_default();
        let sealer = Sealer::new(&settings.state_key, settings.state_ttl, &backend.about().name);
        Arc::new(Self {
            sessions: Sessions::new(settings.sessions, settings.session_store.clone()),
            sealer: Arc::new(sealer),
            backend,
            settings,
            config,
            server_info,
            in_progress: InProgress::default(),
            closing: CancellationToken::new(),
            announcing: AtomicBool::new(false),
        })
    }

    /// Legacy sessions open on this replica.
    pub fn session_count(&self) -> usize {
        self.sessions.len()
    }

    /// Ends subscriptions and idle streams, so that their connections can close. Requests in
    /// progress go on. The endpoint serves no streams afterwards.
    pub fn close(&self) {
        self.closing.cancel();
        self.sessions.close_all();
    }

    pub(crate) fn backend(&self) -> &dyn Backend {
        self.backend.as_ref()
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.settings
    }

    pub(crate) fn sealer(&self) -> &Arc<Sealer> {
        &self.sealer
    }

    pub(crate) fn sessions(&self) -> &Arc<Sessions> {
        &self.sessions
    }

    pub(crate) fn in_progress(&self) -> &InProgress {
        &self.in_progress
    }

    pub(crate) fn config(&self) -> &ServerConfig {
        &self.config
    }

    /// Our name and version, as a modern result carries them.
    pub(crate) fn server_info(&self) -> &Value {
        &self.server_info
    }

    pub(crate) fn closing(&self) -> &CancellationToken {
        &self.closing
    }

    /// Starts telling legacy HTTP sessions of changes, once, if there is anything to tell.
    pub(crate) fn announce_changes(self: &Arc<Self>) {
        if !change::announces(self.backend()) || self.announcing.swap(true, Ordering::AcqRel) {
            return;
        }
        let Some(changes) = self.backend.changes() else { return };
        let list_changes = self.backend.about().offers(Offer::ListChanges);
        let endpoint = Arc::downgrade(self);
        tokio::spawn(async move {
            let sessions = || endpoint.upgrade().map(|endpoint| endpoint.sessions.all());
            change::announce(list_changes, changes, sessions).await;
        });
    }
}

fn config(about: &About) -> ServerConfig {
    let info = Implementation::new(&about.name, &about.version).with_title(&about.title);
    let mut config = InitializeResult::new(capabilities(about)).with_server_info(info);
    config.instructions.clone_from(&about.instructions);
    config
}

fn capabilities(about: &About) -> ServerCapabilities {
    let list_changed = about.offers(Offer::ListChanges).then_some(true);
    let mut declared = ServerCapabilities::default();
    for offer in &about.offers {
        match offer {
            Offer::Tools => declared.tools.get_or_insert_default().list_changed = list_changed,
            Offer::Prompts => declared.prompts.get_or_insert_default().list_changed = list_changed,
            Offer::Resources => {
                declared.resources.get_or_insert_default().list_changed = list_changed;
            }
            Offer::ResourceUpdates => {
                declared.resources.get_or_insert_default().subscribe = Some(true);
            }
            Offer::Completions => declared.completions = Some(serde_json::Map::new()),
            Offer::Logging => declared.logging = Some(serde_json::Map::new()),
            Offer::ListChanges => {}
        }
    }
    declared
}
