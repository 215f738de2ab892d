//! Puts everything a job needs into its directory before Terraform runs.

use std::path::Path;

use pilothouse_model::Error;

use super::{
    Executor, Job, archive, configuration,
    directory::Layout,
    variable::{self, ValueFiles},
};

/// Where a run's values are, beside the configuration.
const LITERALS: &str = "values.tfvars.json";
const EXPRESSIONS: &str = "values.tfvars";

/// The arguments with which `plan` reads a run's values.
pub(super) fn value_arguments() -> impl Iterator<Item = String> {
    [LITERALS, EXPRESSIONS].into_iter().map(|file| format!("-var-file=../{file}"))
}

/// Unpacks the upload, writes override, values and state, and returns the names that were left
/// out of the upload.
pub(super) fn prepare(
    executor: &Executor,
    job: &Job,
    layout: &Layout,
) -> Result<Vec<String>, Error> {
    layout.create()?;
    if let Some(cache) = &executor.settings.plugin_cache {
        std::fs::create_dir_all(cache).map_err(Error::internal)?;
    }
    let root = layout.configuration();
    let limits = &executor.settings.limits;
    let inventory = archive::unpack(&job.configuration, &root, &limits.archive)?;
    let declared = configuration::prepare(&root, executor.binary.product, &job.variables)?;
    let versions = variable::versions(job, &declared);
    let variables: Vec<_> = job.variables.iter().cloned().chain(versions).collect();
    let values = ValueFiles::of(&variables, &declared);
    write(&layout.beside(LITERALS), values.literals.as_bytes())?;
    write(&layout.beside(EXPRESSIONS), values.expressions.as_bytes())?;
    if let Some(state) = &job.state {
        write(&layout.state(), state)?;
    }
    Ok(inventory.dropped)
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    std::fs::write(path, bytes).map_err(|error| {
        Error::unavailable(format!("cannot write {}: {error}", path.display())).source(error)
    })
}

/// Runs what reads and writes files where it does not hold up everything else.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    tokio::task::spawn_blocking(work).await.map_err(Error::internal)?
}
