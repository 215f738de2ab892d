//! `pilothouse serve`: everything over HTTP on one port, until interrupted.

use std::{
    io::{self, IsTerminal as _},
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
};

use pilothouse_access::{
    Bearers, OAuth, Rates, Site, Vault,
    federation::Issuers,
    oauth::document::{Documents, Reach},
    people,
    service_account::token::Tokens,
    signing::SigningKeys,
    token::{AdminToken, SharedToken},
    vault::KeySource,
};
use pilothouse_control::terraform::executor::Binary;
use pilothouse_gateway::{
    StoredSessions,
    mcp::{
        Endpoint, Settings, StateKey,
        http::Access,
        serve::{ServeLimits, serve},
    },
};
use pilothouse_model::{Error, Timestamp};
use pilothouse_store::Store;
use secrecy::ExposeSecret as _;
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::{
    compose::{Product, compose, warn_exposed},
    config::Config,
    exit::Exit,
    expiry,
    http::{self, ApiKeys, Credential, Door, GitHub, Identity},
    interrupt,
    mail::Mail,
    notice,
    outbound::Outbound,
    setup,
    web::provider::Providers,
};

/// A server that answers.
pub struct Running {
    /// `http://address`, without a trailing slash.
    pub url: String,
    pub token_file: PathBuf,
    /// Where the first administrator makes an account, while there is none.
    pub setup_url: Option<String>,
    shutdown: CancellationToken,
    endpoints: Vec<Arc<Endpoint>>,
    server: JoinHandle<()>,
    worker: JoinHandle<()>,
    notices: Option<JoinHandle<()>>,
    product: Product,
}

/// Serves until interrupted.
pub async fn run(config: Config) -> Result<Exit, Error> {
    warn_exposed(&config);
    let directory = config.data.directory.clone();
    let running = start(config).await?;
    let (url, token, link) = (&running.url, &running.token_file, running.setup_url.as_deref());
    if io::stderr().is_terminal() {
        notice::serving(url, token, link);
    } else {
        notice::serving_unseen(url, token, setup::leave(&directory, link)?.as_deref());
    }
    running.until_interrupted().await?;
    Ok(Exit::Done)
}

/// Opens everything and begins to answer.
pub async fn start(config: Config) -> Result<Running, Error> {
    let product = compose(&config).await?;
    let token = AdminToken::load_or_create(&config.data.directory)?;
    let token_file = token.path().to_owned();
    let listener = listen(config.server.listen).await?;
    let address = listener.local_addr().map_err(Error::internal)?;

    let settings = settings(&config, &product.store).await?;
    let site = site(&config, address);
    let vault = Arc::new(vault(&config, &product.store));
    let keys = SigningKeys::new(product.store.clone(), Arc::clone(&vault));
    let bearers = Arc::new(Bearers::new(product.store.clone(), site.clone(), keys));
    let directory = product.directory.clone();
    let keys = ApiKeys::new(directory.clone(), config.access.clone());
    let mut credentials: Vec<Box<dyn Credential>> =
        vec![Box::new(token), Box::new(keys), Box::new(Arc::clone(&bearers))];
    if let Some(token) = &config.harness.shared_token {
        credentials.push(Box::new(SharedToken::new(token.expose_secret(), "harness")));
    }
    if config.github.tokens {
        credentials.push(Box::new(GitHub::new(&config.github)?));
    }
    let arrivals = Rates::per_minute(config.limit.requests_per_minute);
    let behind_proxy = config.server.behind_proxy;
    let door = Door::new(site.clone(), credentials, directory, arrivals, behind_proxy);
    let door = Arc::new(door);
    let issuers = Issuers::new(Arc::new(Outbound::new(&config.access.private_hosts)));
    let tokens = Arc::new(Tokens::new(product.store.clone(), Arc::clone(&bearers), issuers));
    let oauth = OAuth { store: product.store.clone(), bearers, documents: documents(&config) };
    let identity =
        Arc::new(Identity::new(oauth, Providers::new(&config.sign_in), &product, behind_proxy)?);
    let (router, endpoints) =
        http::router(&product, door, identity, access(&config), &tokens, &settings)?;
    let setup = people::setup_secret(&product.store, Timestamp::now()).await?;
    let setup_url = setup.map(|secret| format!("{}/oauth/setup?secret={secret}", site.canonical()));
    let shutdown = CancellationToken::new();
    let worker = product.terraform.start(shutdown.clone());
    let mail = config.mail.as_ref().map(Mail::new).transpose()?;
    let notices = mail.map(|mail| expiry::start(product.store.clone(), mail, shutdown.clone()));
    let server = tokio::spawn(serve(listener, router, ServeLimits::default(), shutdown.clone()));
    let url = format!("http://{address}");
    Ok(Running {
        url,
        token_file,
        setup_url,
        shutdown,
        endpoints,
        server,
        worker,
        notices,
        product,
    })
}

impl Running {
    /// The operator's token, as a client presents it.
    pub fn token(&self) -> Result<String, Error> {
        let text = std::fs::read_to_string(&self.token_file).map_err(|error| {
            Error::unavailable(format!("cannot read {}: {error}", self.token_file.display()))
        })?;
        Ok(text.trim().to_owned())
    }

    pub fn product(&self) -> &Product {
        &self.product
    }

    /// Serves until SIGINT or SIGTERM, then stops.
    pub async fn until_interrupted(self) -> Result<(), Error> {
        interrupt::received().await.map_err(Error::internal)?;
        notice::stopping();
        self.stop().await;
        Ok(())
    }

    /// Lets requests in progress finish, interrupts jobs, closes the store.
    pub async fn stop(self) {
        for endpoint in &self.endpoints {
            endpoint.close();
        }
        self.shutdown.cancel();
        let tasks = [("server", Some(self.server)), ("worker", Some(self.worker))];
        for (name, task) in tasks.into_iter().chain([("notices", self.notices)]) {
            let Some(task) = task else { continue };
            if let Err(error) = task.await {
                tracing::error!(%error, "the {name} ended badly");
            }
        }
        self.product.store.close().await;
    }
}

async fn listen(address: SocketAddr) -> Result<TcpListener, Error> {
    TcpListener::bind(address).await.map_err(|error| {
        Error::unavailable(format!("cannot listen on {address}: {error}"))
            .hint("choose another address with --listen; port 0 takes a free one")
    })
}

/// The addresses that clients and browsers know us by.
fn site(config: &Config, address: SocketAddr) -> Site {
    let server = &config.server;
    match (&server.public_url, server.allowed_hosts.first()) {
        (Some(url), _) => Site::new(url.as_str(), []),
        (None, Some(host)) if server.behind_proxy => Site::new(&format!("https://{host}"), []),
        _ => Site::loopback(address),
    }
}

/// Where secrets are kept; its key is read when one is needed.
pub fn vault(config: &Config, store: &Store) -> Vault {
    let source = match &config.data.master_key {
        Some(key) => KeySource::Text(key.expose_secret().into()),
        None => KeySource::in_directory(&config.data.directory),
    };
    Vault::new(store.clone(), source)
}

/// Clients that describe themselves, where the operator takes them.
fn documents(config: &Config) -> Option<Documents> {
    let reach = config.sign_in.client_documents?;
    let private: &[String] = match reach {
        Reach::Public => &[],
        Reach::Loopback => &["127.0.0.1", "[::1]", "localhost"].map(str::to_owned),
    };
    Some(Documents::new(Box::new(Outbound::new(private)), reach))
}

/// Hosts and origins beside loopback, as configured.
fn access(config: &Config) -> Access {
    let server = &config.server;
    let loopback = ["localhost", "127.0.0.1", "::1"].map(str::to_owned);
    let hosts = loopback.into_iter().chain(server.allowed_hosts.iter().cloned());
    Access::hosts(hosts).with_origins(server.allowed_origins.iter().cloned())
}

/// All replicas of one store seal and open each other's questions with the same key.
async fn settings(config: &Config, store: &Store) -> Result<Settings, Error> {
    let mut settings = Settings::default();
    settings.limits.message_bytes = config.server.max_body_bytes;
    settings.sessions.idle = config.server.session_ttl;
    settings.session_store =
        Some(Arc::new(StoredSessions::new(store.clone(), config.server.session_ttl)));
    let fresh = format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple());
    let shared = store.setting_put_if_absent("mcp.state_key", &fresh).await?;
    settings.state_key = StateKey::new(shared.as_bytes())?;
    Ok(settings)
}

/// The program that plans and applies, in words; fails when there is none.
pub async fn terraform_binary(config: &Config) -> Result<String, Error> {
    let configured: Option<&Path> = config.terraform.binary.as_deref();
    let binary = Binary::find(configured).await?;
    Ok(format!("{} {} at {}", binary.product, binary.version, binary.path.display()))
}
