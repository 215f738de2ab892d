//! A platform with a store, a clock and servers that a test starts and kills.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use pilothouse_control::terraform::{Clock, Config, Terraform, executor};
use pilothouse_model::{Caller, Principal, Timestamp};
use pilothouse_store::Store;
use tempfile::TempDir;
use tokio::{task::JoinHandle, time::timeout};
use tokio_util::sync::CancellationToken;

use super::{
    client::{
        Client,
        configuration_version::{ConfigurationVersion, CreateConfigurationVersionRequest},
        group::{CreateGroupRequest, Group},
        job::Job,
        metadata::ResourceMetadata,
        ok,
        run::{ApplyRunRequest, CreateRunRequest, GetRunByIdRequest, Run, RunStatus},
        workspace::{CreateWorkspaceRequest, GetWorkspaceByIdRequest, Workspace},
    },
    script::Script,
};

/// Long enough for anything that happens at all.
const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) struct World {
    folder: TempDir,
    store: Store,
    now: Arc<AtomicI64>,
    pub(crate) script: Script,
    pub(crate) platform: Arc<Terraform>,
    pub(crate) client: Client,
    pub(crate) config: Config,
}

/// A worker that runs until a test ends it.
pub(crate) struct Server {
    handle: JoinHandle<()>,
    shutdown: CancellationToken,
}

impl Server {
    /// As `kill -9` does: nothing is stored or cleaned up any more.
    pub(crate) async fn kill(self) {
        self.handle.abort();
        assert!(self.handle.await.unwrap_err().is_cancelled());
    }

    pub(crate) async fn shut_down(self) {
        self.shutdown.cancel();
        timeout(PATIENCE, self.handle).await.expect("the server ends").unwrap();
    }
}

impl World {
    pub(crate) async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", folder.path().join("store.db").display());
        Self::with_store(folder, &url).await
    }

    /// A server of its own on the database at `url`.
    pub(crate) async fn on(url: &str) -> Self {
        Self::with_store(tempfile::tempdir().unwrap(), url).await
    }

    async fn with_store(folder: TempDir, url: &str) -> Self {
        let store = Store::open(url).await.unwrap();
        let now = Arc::new(AtomicI64::new(1_700_000_000_000));
        let script = Script::new();
        let mut config = Config::new(folder.path());
        let clock = Arc::clone(&now);
        config.clock = Clock::new(move || Timestamp(clock.load(Ordering::SeqCst)));
        let (platform, client) = open(&store, &config, &script);
        Self { folder, store, now, script, platform, client, config }
    }

    /// Another server on the same store.
    pub(crate) fn restart(&mut self) -> Server {
        (self.platform, self.client) = open(&self.store, &self.config, &self.script);
        self.start()
    }

    pub(crate) fn start(&self) -> Server {
        let shutdown = CancellationToken::new();
        Server { handle: self.platform.start(shutdown.clone()), shutdown }
    }

    pub(crate) fn pass(&self, duration: Duration) {
        let passed = i64::try_from(duration.as_millis()).unwrap();
        self.now.fetch_add(passed, Ordering::SeqCst);
    }

    pub(crate) fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    pub(crate) fn store(&self) -> Store {
        self.store.clone()
    }

    pub(crate) async fn group(&self, name: &str, parent: Option<&str>) -> Group {
        let request = CreateGroupRequest {
            name: name.to_owned(),
            parent_id: parent.map(str::to_owned),
            ..CreateGroupRequest::default()
        };
        ok(self.client.groups().create_group(request).await)
    }

    pub(crate) async fn workspace(&self, group: &Group, name: &str) -> Workspace {
        let request = CreateWorkspaceRequest {
            name: name.to_owned(),
            group_id: id(&group.metadata),
            ..CreateWorkspaceRequest::default()
        };
        ok(self.client.workspaces().create_workspace(request).await)
    }

    /// `acme/prod`.
    pub(crate) async fn prod(&self) -> Workspace {
        let acme = self.group("acme", None).await;
        self.workspace(&acme, "prod").await
    }

    pub(crate) async fn reread(&self, workspace: &Workspace) -> Workspace {
        let request = GetWorkspaceByIdRequest { id: id(&workspace.metadata) };
        ok(self.client.workspaces().get_workspace_by_id(request).await)
    }

    pub(crate) async fn configuration(
        &self,
        workspace: &Workspace,
        speculative: bool,
    ) -> ConfigurationVersion {
        let workspace_id = id(&workspace.metadata);
        let request = CreateConfigurationVersionRequest { workspace_id, speculative };
        ok(self.client.configurations().create_configuration_version(request).await)
    }

    /// An uploaded configuration.
    pub(crate) async fn uploaded(
        &self,
        workspace: &Workspace,
        speculative: bool,
    ) -> ConfigurationVersion {
        let configuration = self.configuration(workspace, speculative).await;
        self.upload(workspace, &configuration, "# nothing\n").await;
        configuration
    }

    /// Gives a configuration version its archive: a `main.tf`.
    pub(crate) async fn upload(
        &self,
        workspace: &Workspace,
        configuration: &ConfigurationVersion,
        main: &str,
    ) {
        let files = [("main.tf".to_owned(), main.as_bytes().to_vec())].into();
        let archive = executor::pack(&files, &executor::ArchiveLimits::default()).unwrap();
        let path = upload_path(workspace, configuration);
        let (status, body) = self.client.json("PUT", &path, archive).await;
        assert_eq!((status, body), (200, serde_json::json!({})));
    }

    /// What a run of a new configuration needs; a test changes what it cares about.
    pub(crate) async fn request(&self, workspace: &Workspace) -> CreateRunRequest {
        let configuration = self.uploaded(workspace, false).await;
        CreateRunRequest {
            workspace_id: id(&workspace.metadata),
            configuration_version_id: Some(id(&configuration.metadata)),
            refresh: true,
            ..CreateRunRequest::default()
        }
    }

    pub(crate) async fn run(&self, workspace: &Workspace) -> Run {
        let request = self.request(workspace).await;
        ok(self.client.runs().create_run(request).await)
    }

    pub(crate) async fn get_run(&self, run: &Run) -> Run {
        let request = GetRunByIdRequest { id: id(&run.metadata) };
        ok(self.client.runs().get_run_by_id(request).await)
    }

    /// Waits until the run is in `status`.
    pub(crate) async fn until(&self, run: &Run, status: RunStatus) -> Run {
        let mut watch = self.platform.subscribe();
        let reached = async {
            loop {
                let current = self.get_run(run).await;
                if current.status() == status {
                    return current;
                }
                watch.next().await;
            }
        };
        if let Ok(run) = timeout(PATIENCE, reached).await {
            return run;
        }
        panic!("{:?} instead of {status:?}", self.get_run(run).await.status())
    }

    /// Asks for the apply of a planned run.
    pub(crate) async fn apply(&self, run: &Run) -> Run {
        let request = ApplyRunRequest { run_id: id(&run.metadata) };
        ok(self.client.runs().apply_run(request).await)
    }

    /// A run that was planned and applied.
    pub(crate) async fn applied(&self, workspace: &Workspace) -> Run {
        let run = self.run(workspace).await;
        self.until(&run, RunStatus::Planned).await;
        self.apply(&run).await;
        self.until(&run, RunStatus::Applied).await
    }

    /// Waits until `count` jobs of the script have begun.
    pub(crate) async fn until_begun(&self, count: usize) {
        timeout(PATIENCE, self.script.until_begun(count)).await.expect("the job begins");
    }

    pub(crate) async fn until_cleaned(&self, count: usize) {
        timeout(PATIENCE, self.script.until_cleaned(count)).await.expect("directories are removed");
    }

    /// The whole log of a job.
    pub(crate) async fn log(&self, job_id: &str) -> String {
        let path = format!("/v1/jobs/{job_id}/log");
        let (status, body) = self.client.json("GET", &path, "").await;
        assert_eq!(status, 200, "{body}");
        body["logs"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn job(&self, job_id: &str) -> Job {
        let id = job_id.to_owned();
        let request = super::client::job::GetJobByIdRequest { id };
        ok(self.client.jobs().get_job_by_id(request).await)
    }
}

fn open(store: &Store, config: &Config, script: &Script) -> (Arc<Terraform>, Client) {
    let runner = Arc::new(script.clone());
    let platform = Terraform::open_with(store.clone(), config.clone(), runner).unwrap();
    let caller = Some(Caller::new(Principal::local_user("jo")));
    let client = Client { router: platform.router(), caller };
    (platform, client)
}

/// The GID of a resource.
#[expect(clippy::ref_option, reason = "it is how the wire has it")]
pub(crate) fn id(metadata: &Option<ResourceMetadata>) -> String {
    metadata.as_ref().unwrap().id.clone()
}

#[expect(clippy::ref_option, reason = "it is how the wire has it")]
pub(crate) fn trn(metadata: &Option<ResourceMetadata>) -> String {
    metadata.as_ref().unwrap().trn.clone()
}

pub(crate) fn upload_path(workspace: &Workspace, configuration: &ConfigurationVersion) -> String {
    let (workspace, configuration) = (id(&workspace.metadata), id(&configuration.metadata));
    format!("/tfe/v2/workspaces/{workspace}/configuration-versions/{configuration}/upload")
}
