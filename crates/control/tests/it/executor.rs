//! Jobs with the real `terraform` or `tofu` that `TEST_TERRAFORM` names. Without it these tests
//! say that they did not run.
//!
//! The configurations are those of `tests/data/terraform`, and small ones written here.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::Mutex,
    time::Duration,
};

use async_trait::async_trait;
use pilothouse_control::terraform::executor::{
    ApplyReport, Binary, Category, End, Executor, Job, Limits, LogSink, Options, PlanReport,
    Settings, Stop, Variable, pack,
};
use pilothouse_model::Error;
use serde_json::Value;
use tempfile::TempDir;

mod bound;
mod leftover;
mod outcome;
mod stop;
mod variable;

/// When to stop a job, and how.
#[derive(Clone, Copy)]
struct StopAt {
    seen: &'static str,
    act: fn(&Stop),
}

/// A log in memory, which stops the job when it shows a given text.
#[derive(Default)]
struct Memory {
    text: Mutex<String>,
    stop_at: Option<StopAt>,
    stop: Stop,
}

#[async_trait]
impl LogSink for Memory {
    async fn append(&self, bytes: &[u8]) -> Result<(), Error> {
        let mut text = self.text.lock().unwrap();
        text.push_str(std::str::from_utf8(bytes).unwrap());
        if let Some(StopAt { seen, act }) = self.stop_at
            && text.contains(seen)
        {
            act(&self.stop);
        }
        Ok(())
    }
}

/// A workspace: a state, and one job after the other.
struct Workspace {
    folder: TempDir,
    executor: Executor,
    files: BTreeMap<String, Vec<u8>>,
    state: Option<Vec<u8>>,
    variables: Vec<Variable>,
    versions: BTreeMap<String, u64>,
    options: Options,
    timeout: Duration,
    stop_at: Option<StopAt>,
    jobs: u32,
}

impl Workspace {
    /// `None` when there is no binary to test with.
    async fn new() -> Option<Self> {
        let Some(path) = std::env::var_os("TEST_TERRAFORM").filter(|path| !path.is_empty()) else {
            eprintln!("NOT RUN: set TEST_TERRAFORM to the path of a terraform or tofu");
            return None;
        };
        let binary = Binary::find(Some(Path::new(&path))).await.unwrap();
        Some(Self {
            folder: tempfile::tempdir().unwrap(),
            executor: Executor { binary, settings: Settings::default() },
            files: BTreeMap::new(),
            state: None,
            variables: Vec::new(),
            versions: BTreeMap::new(),
            options: Options::default(),
            timeout: Duration::from_mins(5),
            stop_at: None,
            jobs: 0,
        })
    }

    /// Takes the `*.tf` and `*.tfvars` of a recorded case, except those named.
    fn recorded(mut self, case: &str) -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/terraform").join(case);
        self.files.clear();
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            let wanted = path.extension().is_some_and(|end| end == "tf" || end == "tfvars");
            if wanted && name != "before.tf" {
                self.files.insert(name, fs::read(path).unwrap());
            }
        }
        self
    }

    fn file(mut self, name: &str, content: &str) -> Self {
        self.files.insert(name.to_owned(), content.as_bytes().to_vec());
        self
    }

    fn variable(mut self, category: Category, key: &str, value: &str, sensitive: bool) -> Self {
        let (key, value) = (key.to_owned(), value.to_owned());
        self.variables.push(Variable { category, key, value, sensitive });
        self
    }

    /// Which value of an input variable it is.
    fn version(mut self, name: &str, version: u64) -> Self {
        self.versions.insert(name.to_owned(), version);
        self
    }

    fn limits(mut self, change: impl FnOnce(&mut Limits)) -> Self {
        change(&mut self.executor.settings.limits);
        self
    }

    fn job(&mut self, plan_file: Option<Vec<u8>>) -> Job {
        self.jobs += 1;
        let configuration = self.folder.path().join(format!("{}.tar.gz", self.jobs));
        let limits = &self.executor.settings.limits.archive;
        fs::write(&configuration, pack(&self.files, limits).unwrap()).unwrap();
        Job {
            directory: self.folder.path().join("jobs").join(self.jobs.to_string()),
            configuration,
            state: self.state.clone(),
            plan_file,
            variables: self.variables.clone(),
            versions: self.versions.clone(),
            options: self.options.clone(),
            environment: Vec::new(),
            timeout: self.timeout,
        }
    }

    fn sink(&self) -> Memory {
        Memory { stop_at: self.stop_at, ..Memory::default() }
    }

    async fn plan(&mut self) -> (PlanReport, String) {
        let (job, sink) = (self.job(None), self.sink());
        let report = self.executor.plan(&job, &sink, &sink.stop).await;
        (report, sink.text.into_inner().unwrap())
    }

    /// Applies and keeps the state, as a worker does.
    async fn apply(&mut self, plan: PlanReport) -> (ApplyReport, String) {
        let (job, sink) = (self.job(plan.plan_file), self.sink());
        let report = self.executor.apply(&job, &sink, &sink.stop).await;
        self.state = report.state.clone().or(self.state.take());
        (report, sink.text.into_inner().unwrap())
    }

    /// Plans and applies what must succeed; the log of the apply.
    async fn run(&mut self) -> String {
        let (plan, log) = self.plan().await;
        assert_eq!(plan.end, End::Finished, "{log}");
        let (report, log) = self.apply(plan).await;
        assert_eq!((report.end, report.error_message), (End::Finished, None), "{log}");
        log
    }

    /// The directory of the last job.
    fn directory(&self) -> PathBuf {
        self.folder.path().join("jobs").join(self.jobs.to_string())
    }

    /// Addresses in the state, with `*` for tainted ones.
    fn resources(&self) -> Vec<String> {
        let Some(state) = &self.state else { return Vec::new() };
        let state: Value = serde_json::from_slice(state).unwrap();
        let mut found: Vec<_> = state["resources"]
            .as_array()
            .unwrap()
            .iter()
            .map(|resource| {
                let tainted = resource["instances"][0]["status"] == "tainted";
                format!("{}{}", resource["name"].as_str().unwrap(), if tainted { "*" } else { "" })
            })
            .collect();
        found.sort();
        found
    }

    fn output(&self, name: &str) -> Value {
        let state: Value = serde_json::from_slice(self.state.as_ref().unwrap()).unwrap();
        state["outputs"][name]["value"].clone()
    }
}
