//! Takes from this thread, and from every program that it starts from then on, what the sandbox
//! hides. There is no way back.
//!
//! Landlock allows and never forbids: so everything beside the way from `/` down to what is hidden
//! is allowed, level by level. Processes outside the sandbox can neither be signalled nor looked
//! into through `/proc`. Only Linux has it.

use std::{
    io,
    path::{Path, PathBuf},
};

use super::order::Sandbox;

/// Whether this system can keep programs from the server's files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Support {
    Available,
    /// Why not.
    Missing(&'static str),
}

#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    #[error("the path {path} of a sandbox: {source}")]
    Path { path: PathBuf, source: io::Error },
    #[cfg(target_os = "linux")]
    #[error("Landlock: {0}")]
    Landlock(#[from] landlock::RulesetError),
    #[error("the rights of a sandbox: {0}")]
    Capabilities(io::Error),
}

/// What there is of the file system beside what is hidden.
#[derive(Debug, Default)]
#[cfg_attr(not(target_os = "linux"), expect(dead_code, reason = "Landlock is Linux' own"))]
struct Survey {
    /// To be used as without a sandbox, with everything below.
    open: Vec<PathBuf>,
    /// Directories with something hidden in them: only their entries can be listed.
    ancestors: Vec<PathBuf>,
}

/// What the kernel offers.
#[cfg(target_os = "linux")]
pub fn support() -> Support {
    use landlock::{
        ABI, Access as _, AccessFs, CompatLevel, Compatible as _, Ruleset, RulesetAttr as _,
    };
    let required = Ruleset::default()
        .set_compatibility(CompatLevel::HardRequirement)
        .handle_access(AccessFs::from_all(ABI::V1))
        .and_then(Ruleset::create);
    match required {
        Ok(_) => Support::Available,
        Err(_) => Support::Missing(
            "this kernel has no Landlock, which Linux has since 5.13, or it is not enabled",
        ),
    }
}

/// What the kernel offers.
#[cfg(not(target_os = "linux"))]
pub fn support() -> Support {
    Support::Missing("only Linux has Landlock")
}

/// Enters the sandbox; without [`Support`] nothing is hidden.
#[cfg(target_os = "linux")]
pub(super) fn enter(sandbox: &Sandbox) -> Result<(), SandboxError> {
    use landlock::{
        ABI, Access as _, AccessFs, Ruleset, RulesetAttr as _, RulesetCreatedAttr as _, Scope,
        path_beneath_rules,
    };
    if support() != Support::Available {
        return Ok(());
    }
    let survey = survey(&sandbox.hidden)?;
    let everything = AccessFs::from_all(ABI::V5);
    Ruleset::default()
        .handle_access(everything)?
        .scope(Scope::Signal)?
        .create()?
        .add_rules(path_beneath_rules(&survey.open, everything))?
        .add_rules(path_beneath_rules(&survey.ancestors, AccessFs::ReadDir))?
        .add_rules(path_beneath_rules(&sandbox.writable, everything))?
        .add_rules(path_beneath_rules(&sandbox.readable, AccessFs::from_read(ABI::V5)))?
        .restrict_self()?;
    give_up_capabilities()
}

/// What lets root look into the memory of processes, and so at their environment, without the
/// permission that Landlock denies. Nothing started from here gets it back: Landlock forbids to
/// gain rights.
#[cfg(target_os = "linux")]
fn give_up_capabilities() -> Result<(), SandboxError> {
    use rustix::thread::{CapabilitySet, capabilities, set_capabilities};
    let change = || {
        let mut sets = capabilities(None)?;
        for set in [&mut sets.effective, &mut sets.permitted, &mut sets.inheritable] {
            set.remove(CapabilitySet::PERFMON | CapabilitySet::SYS_ADMIN);
        }
        set_capabilities(None, sets)
    };
    change().map_err(|errno| SandboxError::Capabilities(errno.into()))
}

/// Enters the sandbox; without [`Support`] nothing is hidden.
#[cfg(not(target_os = "linux"))]
pub(super) fn enter(_sandbox: &Sandbox) -> Result<(), SandboxError> {
    Ok(())
}

/// What is not there hides nothing.
#[cfg_attr(not(target_os = "linux"), expect(dead_code, reason = "Landlock is Linux' own"))]
fn survey(hidden: &[PathBuf]) -> Result<Survey, SandboxError> {
    let mut real = Vec::new();
    for path in hidden {
        match path.canonicalize() {
            Ok(path) => real.push(path),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(source) => return Err(SandboxError::Path { path: path.clone(), source }),
        }
    }
    let mut survey = Survey::default();
    survey.walk(Path::new("/"), &real)?;
    Ok(survey)
}

impl Survey {
    /// Links are left out: what they lead to is allowed where it really is, or nowhere.
    fn walk(&mut self, directory: &Path, hidden: &[PathBuf]) -> Result<(), SandboxError> {
        let failed = |source| SandboxError::Path { path: directory.to_owned(), source };
        self.ancestors.push(directory.to_owned());
        let entries = match directory.read_dir() {
            Ok(entries) => entries,
            // The way through it is free, but nobody here can tell what else it holds.
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => return Ok(()),
            Err(error) => return Err(failed(error)),
        };
        for entry in entries {
            let entry = entry.map_err(failed)?;
            let path = entry.path();
            let is_link = entry.file_type().map_err(failed)?.is_symlink();
            if is_link || hidden.contains(&path) {
                continue;
            }
            if hidden.iter().any(|hidden| hidden.starts_with(&path)) {
                self.walk(&path, hidden)?;
            } else {
                self.open.push(path);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests;
