//! Which `terraform` or `tofu` runs, and what it can do.
//!
//! Knows where programs are and what versions mean. Knows nothing of jobs.

use std::{
    ffi::{OsStr, OsString},
    fmt,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    time::Duration,
};

use pilothouse_model::Error;

use crate::process::{self, Program, Stop};

/// How to get a binary and how to say where it is; part of every message about a missing one.
const ADVICE: &str = "install Terraform 1.x or OpenTofu 1.x so that `terraform` or `tofu` is on \
    PATH, or name the program with PILOTHOUSE_TERRAFORM or the configuration key terraform.binary";

const VERSION_TIMEOUT: Duration = Duration::from_secs(30);
const MAX_VERSION_BYTES: usize = 64 * 1024;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Product {
    Terraform,
    OpenTofu,
}

impl fmt::Display for Product {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Terraform => "Terraform",
            Self::OpenTofu => "OpenTofu",
        })
    }
}

/// `major.minor.patch`; a suffix such as `-rc1` is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version(pub u32, pub u32, pub u32);

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.0, self.1, self.2)
    }
}

/// A program that was found and told its version.
#[derive(Clone, Debug)]
pub struct Binary {
    pub path: PathBuf,
    pub product: Product,
    pub version: Version,
    /// The `PATH` it was found on, which is also the one it runs with.
    pub search_path: OsString,
}

impl Binary {
    /// The configured program, else the first `terraform`, else the first `tofu` on `PATH`. The
    /// error says what to install and how to configure it.
    pub async fn find(configured: Option<&Path>) -> Result<Self, Error> {
        let search_path = std::env::var_os("PATH").unwrap_or_default();
        Self::find_on(configured, &search_path).await
    }

    pub(super) async fn find_on(
        configured: Option<&Path>,
        search_path: &OsStr,
    ) -> Result<Self, Error> {
        let path = match configured {
            Some(named) => locate(named, search_path).ok_or_else(|| {
                let message = format!("{} is not an executable file", named.display());
                Error::unavailable(message).hint(ADVICE)
            }),
            None => ["terraform", "tofu"]
                .into_iter()
                .find_map(|name| locate(Path::new(name), search_path))
                .ok_or_else(|| {
                    Error::unavailable("neither terraform nor tofu was found").hint(ADVICE)
                }),
        }?;
        let printed = version_text(&path, search_path).await?;
        let (product, version) = parse_version(&printed).ok_or_else(|| {
            let message = format!("{} is neither Terraform nor OpenTofu", path.display());
            Error::unavailable(message).hint(ADVICE)
        })?;
        if version < Version(1, 0, 0) {
            let message = format!("{product} {version} at {} is too old", path.display());
            return Err(Error::unavailable(message).hint(ADVICE));
        }
        Ok(Self { path, product, version, search_path: search_path.to_owned() })
    }

    /// Whether `init` can report in JSON; older versions report in text only.
    pub(super) fn init_speaks_json(&self) -> bool {
        match self.product {
            Product::Terraform => self.version >= Version(1, 9, 0),
            Product::OpenTofu => self.version >= Version(1, 8, 0),
        }
    }
}

/// The executable file `named`: a path, or a bare name to look up.
fn locate(named: &Path, search_path: &OsStr) -> Option<PathBuf> {
    if named.components().count() > 1 {
        return std::path::absolute(named).ok().filter(|path| is_executable(path));
    }
    std::env::split_paths(search_path)
        .filter(|folder| folder.is_absolute())
        .map(|folder| folder.join(named))
        .find(|path| is_executable(path))
}

fn is_executable(path: &Path) -> bool {
    path.metadata().is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
}

async fn version_text(path: &Path, search_path: &OsStr) -> Result<String, Error> {
    let program = Program {
        path: path.to_owned(),
        arguments: vec!["version".into()],
        environment: vec![
            ("PATH".into(), search_path.to_owned()),
            ("CHECKPOINT_DISABLE".into(), "1".into()),
        ],
        directory: std::env::temp_dir(),
        timeout: VERSION_TIMEOUT,
        grace: Duration::from_secs(1),
        supervision: None,
    };
    let unusable = |why: String| {
        let message = format!("{} cannot be used: {why}", path.display());
        Error::unavailable(message).hint(ADVICE)
    };
    let (exit, captured) = process::capture(&program, &Stop::default(), MAX_VERSION_BYTES)
        .await
        .map_err(|error| unusable(error.to_string()))?;
    if !exit.status.success() {
        let said = String::from_utf8_lossy(&captured.stderr).trim().to_owned();
        return Err(unusable(format!("`version` ended with {}: {said}", exit.status)));
    }
    Ok(String::from_utf8_lossy(&captured.stdout).into_owned())
}

/// The product is only told by the text form, `version -json` being the same for both.
fn parse_version(printed: &str) -> Option<(Product, Version)> {
    printed.lines().find_map(|line| {
        let (product, version) = line.split_once(" v")?;
        let product = match product {
            "Terraform" => Product::Terraform,
            "OpenTofu" => Product::OpenTofu,
            _ => return None,
        };
        let numbers = version.split(['-', '+', ' ']).next()?;
        let mut numbers = numbers.splitn(3, '.').map(str::parse);
        let mut next = || numbers.next()?.ok();
        Some((product, Version(next()?, next()?, next()?)))
    })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn program(folder: &Path, name: &str, script: &str) -> PathBuf {
        let path = folder.join(name);
        fs::write(folder.join(format!("{name}.script")), script).unwrap();
        if path.read_link().is_err() {
            let stand_in = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/terraform/program.sh");
            std::os::unix::fs::symlink(stand_in, &path).unwrap();
        }
        path
    }

    async fn found(configured: Option<&Path>, folder: &Path) -> Result<(Product, Version), String> {
        let search_path = std::env::join_paths([folder]).unwrap();
        let found = Binary::find_on(configured, &search_path).await;
        found.map(|binary| (binary.product, binary.version)).map_err(|error| error.to_string())
    }

    #[tokio::test]
    async fn the_configured_program_comes_first_then_terraform_then_tofu() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        let message = found(None, folder).await.unwrap_err();
        assert!(message.starts_with("neither terraform nor tofu was found"), "{message}");
        assert!(message.contains("PILOTHOUSE_TERRAFORM"), "{message}");

        fs::write(folder.join("terraform"), "not executable").unwrap();
        program(folder, "tofu", "echo OpenTofu v1.10.0-rc1; echo on linux_arm64");
        assert_eq!(found(None, folder).await, Ok((Product::OpenTofu, Version(1, 10, 0))));

        fs::remove_file(folder.join("terraform")).unwrap();
        program(folder, "terraform", "echo Terraform v1.11.4; echo on linux_amd64");
        assert_eq!(found(None, folder).await, Ok((Product::Terraform, Version(1, 11, 4))));

        let other = program(folder, "tf", "echo; echo 'Terraform v1.5.7 (outdated)'");
        for configured in [other.as_path(), Path::new("tf")] {
            let expected = Ok((Product::Terraform, Version(1, 5, 7)));
            assert_eq!(found(Some(configured), folder).await, expected);
        }
    }

    #[tokio::test]
    async fn a_program_that_cannot_be_used_is_named_with_the_reason() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        for (script, expected) in [
            (
                "echo broken >&2; exit 4",
                "cannot be used: `version` ended with exit status: 4: broken",
            ),
            ("echo hello", "is neither Terraform nor OpenTofu"),
            ("echo Terraform v0.15.5", "Terraform 0.15.5 at "),
        ] {
            let path = program(folder, "terraform", script);
            let message = found(Some(&path), folder).await.unwrap_err();
            assert!(message.contains(expected), "{script}: {message}");
            assert!(message.contains(path.to_str().unwrap()), "{script}: {message}");
        }
        let message = found(Some(Path::new("/no/such")), folder).await.unwrap_err();
        assert!(message.starts_with("/no/such is not an executable file"), "{message}");
    }

    #[test]
    fn json_from_init_depends_on_product_and_version() {
        for (product, version, expected) in [
            (Product::Terraform, Version(1, 8, 5), false),
            (Product::Terraform, Version(1, 9, 0), true),
            (Product::OpenTofu, Version(1, 7, 9), false),
            (Product::OpenTofu, Version(1, 8, 0), true),
        ] {
            let (path, search_path) = (PathBuf::new(), OsString::new());
            let binary = Binary { path, product, version, search_path };
            assert_eq!(binary.init_speaks_json(), expected, "{product} {version}");
        }
    }
}
