//! Puts the product together from its configuration; the only place that knows all of its parts.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use pilothouse_access::{Directory, Policies, Policy};
use pilothouse_connectors::{Connector, Connectors, Options, Rate, Transport, transport::Embedded};
use pilothouse_control::{
    process::sandbox::{self, Support},
    terraform::{self, Terraform, executor::Isolation},
};
use pilothouse_gateway::{DropIn, Gateway, Journal, Limits, Surface, UNIFIED};
use pilothouse_model::{Caller, Error, Kind, Principal, Timestamp};
use pilothouse_registry::Catalog;
use pilothouse_store::Store;
use secrecy::ExposeSecret as _;

use crate::{
    config::{Config, Harness, Tharsis},
    operation, serve,
};

const THARSIS: &str = "tharsis";
const HARNESS: &str = "harness";
/// The instance inside this process.
const EMBEDDED: &str = Connector::DEFAULT_INSTANCE;
/// The instance that `THARSIS_ENDPOINT` names.
const REMOTE: &str = "remote";

/// What follows from jobs that see what the server sees.
pub const EXPOSED_HINT: &str =
    "let only people run configurations who may have the operator's token";

/// The composed product; nothing runs until it is served.
pub struct Product {
    pub store: Store,
    pub terraform: Arc<Terraform>,
    pub gateway: Arc<Gateway>,
    /// What was granted to whom.
    pub directory: Directory,
    /// The person at this machine, who owns its data directory.
    pub operator: Principal,
    /// What the operator decided for every way in.
    pub policy: Policy,
    tharsis: Tharsis,
    harness: Harness,
}

/// Opens the store and connects what is configured. Starts nothing.
pub async fn compose(config: &Config) -> Result<Product, Error> {
    prepare_directory(&config.data.directory)?;
    let store = Store::open(config.data.database_url.expose_secret()).await?;
    let key = serve::vault(config, &store).data_key(Timestamp::now()).await?;
    let store = store.sealed_with(Arc::new(key));
    let policy = policy(config)?;
    let terraform = Terraform::open(store.clone(), terraform_config(config, &policy))?;
    let mut connectors = Connectors::default();
    let embedded = Transport::Embedded(Embedded::new(terraform.router()));
    connectors.add(tharsis(EMBEDDED, embedded, Rate::EMBEDDED)?)?;
    if let Some(remote) = config.tharsis.remote.clone() {
        connectors.add(tharsis(REMOTE, remote.remote()?.into(), Rate::default())?)?;
    }
    if let Some(remote) = config.harness.remote() {
        let catalog = Catalog::embedded().platform(HARNESS)?;
        connectors.add(remote.connect(catalog, Connector::DEFAULT_INSTANCE)?)?;
    }
    let limits = Limits::new(config.limit.calls_per_second);
    let mut gateway = Gateway::new(connectors, store.clone(), limits)
        .with_operator_command(config.data.operator_command());
    if let Some(path) = &config.harness.audit_file {
        let journal = Journal::open(path, HARNESS);
        // The operator named the file: another one is needed.
        let journal = journal.map_err(|error| Error { kind: Kind::Invalid, ..error })?;
        gateway = gateway.with_journal(journal);
    }
    Ok(Product {
        directory: Directory::new(store.clone()),
        store,
        terraform,
        gateway: Arc::new(gateway),
        operator: Principal::local_user(&config.operator),
        policy,
        tharsis: config.tharsis.clone(),
        harness: config.harness.clone(),
    })
}

fn tharsis(instance: &str, transport: Transport, rate: Rate) -> Result<Connector, Error> {
    let catalog = Catalog::embedded().platform(THARSIS)?;
    Connector::new(catalog, instance, transport, Options { rate, ..Options::default() })
}

/// With the operator's own policies, which must be valid to begin with.
fn policy(config: &Config) -> Result<Policy, Error> {
    let mut policy = config.policy.clone();
    if let Some(directory) = &config.policies {
        let written = Policies::open(directory, operation::all()?, Timestamp::now())?;
        policy.written = Some(Arc::new(written));
    }
    Ok(policy)
}

fn terraform_config(config: &Config, policy: &Policy) -> terraform::Config {
    let settings = &config.terraform;
    let mut terraform = terraform::Config::new(&config.data.directory);
    terraform.terraform.clone_from(&settings.binary);
    terraform.policy = policy.clone();
    terraform.max_jobs = settings.parallel_jobs.get() as usize;
    terraform.job_timeout = settings.job_timeout;
    terraform.executor.isolation = settings
        .supervisor
        .clone()
        .map(|supervisor| Isolation { supervisor, hidden: hidden(config) });
    terraform
}

/// What no job may read: it holds keys, tokens and other people's states.
fn hidden(config: &Config) -> Vec<PathBuf> {
    let database = config.data.database_url.expose_secret().strip_prefix("sqlite://");
    let database = database.map(|rest| rest.split('?').next().unwrap_or(rest)).map(|file| {
        // With the two files that SQLite keeps beside it.
        ["", "-wal", "-shm"].map(|suffix| PathBuf::from(format!("{file}{suffix}")))
    });
    [config.data.directory.clone()]
        .into_iter()
        .chain(database.into_iter().flatten())
        .chain(config.private.iter().cloned())
        // A job has a working directory of its own.
        .map(|path| std::path::absolute(&path).unwrap_or(path))
        .collect()
}

/// Why jobs of this program can read what the server can; `None` when they cannot.
pub fn exposed(config: &Config) -> Option<&'static str> {
    match (&config.terraform.supervisor, sandbox::support()) {
        (None, _) => Some("the program does not know its own executable"),
        (Some(_), Support::Missing(why)) => Some(why),
        (Some(_), Support::Available) => None,
    }
}

/// Says it where an operator looks.
pub fn warn_exposed(config: &Config) {
    if let Some(why) = exposed(config) {
        tracing::warn!("JOBS CAN READ THE SERVER'S KEYS AND TOKENS: {why}. {EXPOSED_HINT}");
    }
}

/// Makes the data directory, readable by its owner alone.
pub fn prepare_directory(directory: &Path) -> Result<(), Error> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(directory).map_err(|error| {
        Error::unavailable(format!(
            "cannot make the data directory {}: {error}",
            directory.display()
        ))
        .hint("choose another with --data or PILOTHOUSE_DATA")
    })
}

impl Product {
    /// The operator, in a new call.
    pub fn operator(&self) -> Caller {
        Caller::new(self.operator.clone())
    }

    /// Every MCP endpoint's path and what it offers.
    pub fn surfaces(&self) -> Result<Vec<(String, Surface)>, Error> {
        let mut surfaces = vec![("/mcp".to_owned(), self.surface(UNIFIED)?)];
        for platform in self.gateway.connectors().platforms() {
            surfaces.push((format!("/mcp/{platform}"), self.surface(platform)?));
        }
        Ok(surfaces)
    }

    /// The paths of surfaces that this program knows and this installation does not offer, and why.
    pub fn unserved(&self) -> Vec<(String, String)> {
        let served: Vec<&str> = self.gateway.connectors().platforms().collect();
        let others = Catalog::embedded().names().filter(|name| !served.contains(name));
        others
            .filter_map(|name| {
                Some((format!("/mcp/{name}"), self.surface(name).err()?.to_string()))
            })
            .collect()
    }

    /// The surface of this name.
    pub fn surface(&self, name: &str) -> Result<Surface, Error> {
        match name {
            UNIFIED => Ok(Surface::unified(&self.gateway, self.policy.clone())),
            HARNESS => self.harness_surface(),
            other => self.tharsis_surface(other),
        }
    }

    /// The switches of the server it replaces decide, and the operator's own.
    fn harness_surface(&self) -> Result<Surface, Error> {
        let Harness { toolsets, read_only, auto_approve, .. } = &self.harness;
        if self.harness.api_key.is_none() {
            return Err(Error::invalid("the surface \"harness\" needs HARNESS_API_KEY")
                .hint("set it to a personal access token or a service account's token"));
        }
        let drop_in = DropIn { platform: HARNESS, instance: None, toolsets, tools: &[] };
        let policy = Policy {
            auto_approve: self.policy.auto_approve.max(*auto_approve),
            read_only: self.policy.read_only || *read_only,
            written: self.policy.written.clone(),
        };
        Surface::drop_in(&self.gateway, &drop_in, policy)
    }

    /// The gateway refuses platforms that have none.
    fn tharsis_surface(&self, name: &str) -> Result<Surface, Error> {
        let Tharsis { toolsets, tools, read_only, remote } = &self.tharsis;
        let drop_in = DropIn {
            platform: name,
            instance: Some(if remote.is_some() { REMOTE } else { EMBEDDED }),
            toolsets,
            tools,
        };
        let mut policy = self.policy.clone();
        policy.read_only |= read_only;
        Surface::drop_in(&self.gateway, &drop_in, policy)
    }

    /// The connector of the platform inside this process.
    pub fn embedded_tharsis(&self) -> Result<&Arc<Connector>, Error> {
        self.gateway.connectors().get(THARSIS, Some(EMBEDDED))
    }
}
