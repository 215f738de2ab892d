//! One plan: init, `plan -out`, and what `show` says about the result.

use std::collections::BTreeMap;

use pilothouse_model::Error;

use super::{
    Diff, Executor, Job, LogSink, PlanReport, Summary,
    archive::{self, ArchiveLimits},
    directory::{Layout, read_bounded},
    plan_json::PlanJson,
    preparation::{blocking, value_arguments},
    secret::Mask,
    session::{Failure, Session},
};
use crate::process::Stop;

/// The plan as Terraform wrote it, beside the configuration.
const PLAN: &str = "plan";
const PLAN_FROM_CONFIGURATION: &str = "../plan";

/// The provider versions, in what is kept of a plan.
const LOCK_FILE: &str = "lock.hcl";

/// What a finished plan holds beyond how it ended.
#[derive(Default)]
struct Planned {
    has_changes: bool,
    summary: Summary,
    diff: Diff,
    plan_file: Option<Vec<u8>>,
}

pub(super) async fn run(
    executor: &Executor,
    job: &Job,
    log: &dyn LogSink,
    stop: &Stop,
) -> PlanReport {
    let mask = Mask::of(&job.variables);
    let mut session = Session::new(executor, job, &mask, log, stop);
    let (planned, result) = match plan(&mut session).await {
        Ok(planned) => (planned, Ok(())),
        Err(failure) => (Planned::default(), Err(failure)),
    };
    let conclusion = session.conclude(result).await;
    PlanReport {
        end: conclusion.end,
        error_message: conclusion.error_message,
        diagnostics: conclusion.diagnostics,
        has_changes: planned.has_changes,
        summary: planned.summary,
        diff: planned.diff,
        plan_file: planned.plan_file,
    }
}

async fn plan(session: &mut Session<'_>) -> Result<Planned, Failure> {
    session.prepare().await?;
    session.init().await?;
    let exit = session.command("plan", arguments(session.job)).await?;
    let has_changes = match exit.status.code() {
        Some(0) => false,
        Some(2) => true,
        _ => return Err(Failure::Terraform { command: "plan", exit }),
    };
    describe(session).await?;
    let json = read_json(session).await?;
    let (limits, mask) = (session.executor.settings.limits.clone(), session.mask.clone());
    let layout = session.layout.clone();
    let planned = blocking(move || {
        Ok(Planned {
            has_changes,
            summary: json.summary(),
            diff: Diff::of(&json, &mask, &limits),
            plan_file: Some(pack(&layout, limits.plan_file)?),
        })
    });
    Ok(planned.await?)
}

fn arguments(job: &Job) -> Vec<String> {
    let options = &job.options;
    let mut arguments: Vec<String> =
        ["-json", "-no-color", "-input=false", "-detailed-exitcode"].map(str::to_owned).to_vec();
    arguments.push(format!("-out={PLAN_FROM_CONFIGURATION}"));
    arguments.extend(value_arguments());
    if options.destroy {
        arguments.push("-destroy".to_owned());
    }
    if options.refresh_only {
        arguments.push("-refresh-only".to_owned());
    } else if !options.refresh {
        arguments.push("-refresh=false".to_owned());
    }
    arguments.extend(options.targets.iter().map(|target| format!("-target={target}")));
    arguments
}

/// Writes the plan to the log in Terraform's own words, which the JSON messages do not have.
async fn describe(session: &mut Session<'_>) -> Result<(), Failure> {
    let limit = session.executor.settings.limits.log;
    let shown = session.capture("show", &["-no-color", PLAN_FROM_CONFIGURATION], limit).await?;
    session.transcript.say(String::from_utf8_lossy(&shown.stdout).trim_end()).await;
    Ok(())
}

async fn read_json(session: &Session<'_>) -> Result<PlanJson, Failure> {
    let limit = session.executor.settings.limits.plan_json;
    let shown = session.capture("show", &["-json", PLAN_FROM_CONFIGURATION], limit).await?;
    if shown.truncated {
        let message = format!("the plan is larger than {limit} bytes as JSON");
        return Err(Error::limited(message)
            .hint("split the configuration, or plan a part of it with targets")
            .into());
    }
    let read = blocking(move || serde_json::from_slice(&shown.stdout).map_err(Error::internal));
    Ok(read.await?)
}

/// The limits of what is packed here and unpacked by the apply: two files, bounded by the plan.
fn pack_limits(plan_bytes: usize) -> ArchiveLimits {
    let bytes = plan_bytes as u64 * 2 + 1024 * 1024;
    ArchiveLimits { compressed_bytes: bytes, unpacked_bytes: bytes, ..ArchiveLimits::default() }
}

/// The plan together with the provider versions it was made with: without them `init` of a later
/// apply may choose newer ones, with which Terraform refuses the plan.
fn pack(layout: &Layout, limit: usize) -> Result<Vec<u8>, Error> {
    let mut files = BTreeMap::new();
    for (name, path) in [(PLAN, layout.beside(PLAN)), (LOCK_FILE, layout.lock_file())] {
        if let Some(content) = read_bounded(&path, limit)? {
            files.insert(name.to_owned(), content);
        }
    }
    archive::pack(&files, &pack_limits(limit))
}

/// Puts back what [`pack`] packed, and returns the plan's path as seen from the configuration.
pub(super) fn unpack(layout: &Layout, packed: &[u8], limit: usize) -> Result<String, Error> {
    let (archive, folder) = (layout.beside("plan.tar.gz"), layout.beside("planned"));
    std::fs::write(&archive, packed).map_err(Error::internal)?;
    std::fs::create_dir(&folder).map_err(Error::internal)?;
    archive::unpack(&archive, &folder, &pack_limits(limit))?;
    let lock_file = folder.join(LOCK_FILE);
    if lock_file.exists() {
        std::fs::copy(&lock_file, layout.lock_file()).map_err(Error::internal)?;
    }
    Ok(format!("../planned/{PLAN}"))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{super::Options, *};

    fn layout(folder: &tempfile::TempDir, name: &str) -> Layout {
        let layout = Layout::at(folder.path().join(name));
        layout.create().unwrap();
        layout
    }

    #[test]
    fn an_apply_gets_the_provider_versions_of_its_plan() {
        let folder = tempfile::tempdir().unwrap();
        let (planned, applied) = (layout(&folder, "planned"), layout(&folder, "applied"));
        fs::write(planned.beside(PLAN), "the plan").unwrap();
        fs::write(planned.lock_file(), "version 2.0.1").unwrap();
        fs::write(applied.lock_file(), "as uploaded").unwrap();
        let packed = pack(&planned, 100).unwrap();
        let path = unpack(&applied, &packed, 100).unwrap();
        assert_eq!(fs::read(applied.configuration().join(path)).unwrap(), b"the plan");
        assert_eq!(fs::read(applied.lock_file()).unwrap(), b"version 2.0.1");
    }

    #[test]
    fn a_plan_without_providers_leaves_the_lock_file_alone() {
        let folder = tempfile::tempdir().unwrap();
        let (planned, applied) = (layout(&folder, "planned"), layout(&folder, "applied"));
        fs::write(planned.beside(PLAN), "the plan").unwrap();
        fs::write(applied.lock_file(), "as uploaded").unwrap();
        unpack(&applied, &pack(&planned, 100).unwrap(), 100).unwrap();
        assert_eq!(fs::read(applied.lock_file()).unwrap(), b"as uploaded");
        assert!(pack(&planned, 5).unwrap_err().to_string().contains("is larger than 5 bytes"));
    }

    #[test]
    fn options_become_arguments() {
        let arguments = |options: Options| -> Vec<String> {
            let job = Job {
                directory: "/job".into(),
                configuration: "/upload".into(),
                state: None,
                plan_file: None,
                variables: Vec::new(),
                versions: BTreeMap::new(),
                options,
                environment: Vec::new(),
                timeout: std::time::Duration::ZERO,
            };
            arguments(&job).split_off(7)
        };
        assert_eq!(arguments(Options::default()), [""; 0]);
        assert_eq!(
            arguments(Options { destroy: true, refresh: false, ..Options::default() }),
            ["-destroy", "-refresh=false"]
        );
        assert_eq!(
            arguments(Options { refresh_only: true, refresh: false, ..Options::default() }),
            ["-refresh-only"]
        );
        let targets = vec!["a.b".to_owned(), "-destroy".to_owned()];
        assert_eq!(
            arguments(Options { targets, ..Options::default() }),
            ["-target=a.b", "-target=-destroy"]
        );
    }
}
