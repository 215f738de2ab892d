//! The tenants of a GitOps repository that lies in a directory, and the roles of their members.

use std::{
    collections::HashMap,
    fs,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, SystemTime},
};

use pilothouse_model::{Error, Grant, Namespace, Role, Timestamp};
use serde::Deserialize;

use super::principal;

/// Where tenants are in the repository.
const FOLDER: &str = "platform-gitops/tenants";
/// The tenant whose members are administrators.
const ADMINS: &str = "admins";
/// The platform that tenants belong to.
const REALM: &str = "mctl";
/// Most tenants of a repository.
const MAX_TENANTS: usize = 1000;
/// Largest tenant file, in bytes.
const MAX_FILE: u64 = 256 * 1024;
/// Between two looks at the files.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// What the repository says, read anew when its files change.
#[derive(Debug)]
pub struct Tenants {
    folder: PathBuf,
    read: Mutex<Read>,
}

#[derive(Debug, Default)]
struct Read {
    looked_at: Option<Timestamp>,
    files: HashMap<PathBuf, (Stamp, Arc<Tenant>)>,
    tenants: Arc<[Arc<Tenant>]>,
}

/// What tells that a file changed.
type Stamp = (u64, Option<SystemTime>);

#[derive(Debug, Default, Deserialize)]
struct File {
    #[serde(default)]
    tenant: Tenant,
}

/// A file names its tenant, too; what counts is the folder it lies in, which others cannot take.
#[derive(Debug, Default, Deserialize)]
struct Tenant {
    #[serde(skip)]
    name: String,
    #[serde(default)]
    members: Vec<Member>,
    #[serde(default)]
    teams: Vec<Team>,
}

#[derive(Debug, Deserialize)]
struct Team {
    name: String,
    #[serde(default)]
    members: Vec<Member>,
}

/// A login, or a login with a role.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Member {
    Login(String),
    WithRole {
        #[serde(rename = "userId")]
        user_id: String,
        role: Option<String>,
    },
}

impl Member {
    /// The role of `login`, if the entry is about it. Members without one may deploy, as all of
    /// them could before there were roles; an unknown role may look.
    fn role_of(&self, login: &str) -> Option<Role> {
        let (user_id, role) = match self {
            Self::Login(user_id) => (user_id, None),
            Self::WithRole { user_id, role } => (user_id, role.as_deref()),
        };
        let role = match role {
            Some("owner") => Role::Owner,
            Some("developer") | None => Role::Deployer,
            Some(_) => Role::Viewer,
        };
        user_id.eq_ignore_ascii_case(login).then_some(role)
    }
}

impl Tenants {
    /// `repository` is the root of the GitOps repository.
    pub fn new(repository: &Path) -> Self {
        Self { folder: repository.join(FOLDER), read: Mutex::default() }
    }

    /// What `login` is granted by the tenants as they are now, or were a second ago.
    pub fn grants(&self, login: &str, now: Timestamp) -> Result<Vec<Grant>, Error> {
        let subject: Arc<str> = principal(login).id.into();
        let grant = |namespace, role| Grant { subject: Arc::clone(&subject), namespace, role };
        let mut grants = Vec::new();
        for tenant in &*self.tenants(now)? {
            let roles = roles(tenant, login);
            if tenant.name == ADMINS && !roles.is_empty() {
                return Ok(vec![grant(Namespace::everything(), Role::Owner)]);
            }
            grants.extend(
                roles.into_iter().map(|(name, role)| grant(Namespace::new(REALM, &name), role)),
            );
        }
        Ok(grants)
    }

    /// How many there are.
    pub fn count(&self, now: Timestamp) -> Result<usize, Error> {
        Ok(self.tenants(now)?.len())
    }

    fn tenants(&self, now: Timestamp) -> Result<Arc<[Arc<Tenant>]>, Error> {
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        if read.looked_at.is_none_or(|at| now.since(at) >= LOOK_EVERY) {
            read.look(&self.folder)?;
            read.looked_at = Some(now);
        }
        Ok(Arc::clone(&read.tenants))
    }
}

impl Read {
    /// A tenant whose file cannot be read grants nothing until it can.
    fn look(&mut self, folder: &Path) -> Result<(), Error> {
        let unreadable = |error: std::io::Error| {
            Error::unavailable(format!("cannot read the tenants in {}: {error}", folder.display()))
        };
        let mut files = HashMap::new();
        for entry in fs::read_dir(folder).map_err(unreadable)? {
            let entry = entry.map_err(unreadable)?;
            let path = entry.path().join("values.yaml");
            let Ok(about) = fs::metadata(&path) else { continue };
            if files.len() == MAX_TENANTS {
                return Err(Error::unavailable(format!(
                    "{} holds more than {MAX_TENANTS} tenants",
                    folder.display()
                )));
            }
            let stamp = (about.len(), about.modified().ok());
            let known = self.files.remove(&path).filter(|(known, _)| *known == stamp);
            let tenant = known.map_or_else(
                || {
                    Arc::new(parse(
                        &path,
                        entry.file_name().to_string_lossy().into_owned(),
                        stamp.0,
                    ))
                },
                |(_, tenant)| tenant,
            );
            files.insert(path, (stamp, tenant));
        }
        self.tenants = files.values().map(|(_, tenant)| Arc::clone(tenant)).collect();
        self.files = files;
        Ok(())
    }
}

/// Names of the namespaces in which `login` has a role, with the role.
fn roles(tenant: &Tenant, login: &str) -> Vec<(String, Role)> {
    let everywhere = tenant.members.iter().find_map(|member| member.role_of(login));
    let in_team = |team: &Team| team.members.iter().find_map(|member| member.role_of(login));
    if tenant.teams.len() < 2 {
        let role = everywhere.or_else(|| tenant.teams.first().and_then(in_team));
        return role.map(|role| (tenant.name.clone(), role)).into_iter().collect();
    }
    let role = |team: &Team| {
        let role = in_team(team).max(everywhere)?;
        Some((format!("{}-{}", tenant.name, team.name), role))
    };
    tenant.teams.iter().filter_map(role).collect()
}

fn parse(path: &Path, name: String, length: u64) -> Tenant {
    match parsed(path, length) {
        Ok(File { tenant }) => Tenant { name, ..tenant },
        Err(problem) => {
            tracing::error!(path = %path.display(), problem, "a tenant grants nothing");
            Tenant { name, ..Tenant::default() }
        }
    }
}

fn parsed(path: &Path, length: u64) -> Result<File, String> {
    if length > MAX_FILE {
        return Err(format!("larger than {MAX_FILE} bytes"));
    }
    let text = fs::read_to_string(path).map_err(|error| error.to_string())?;
    serde_saphyr::from_str(&text).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    const LABS: &str = "
tenant:
  name: admins
  members:
    - userId: Jo
      role: owner
    - al
";
    const SHOP: &str = "
tenant:
  name: shop
  members: [{userId: jo, role: viewer}, {userId: odd, role: emperor}]
  teams:
    - {name: web, members: [al]}
    - {name: api, members: [{userId: eve, role: viewer}, {userId: jo, role: owner}]}
";
    const ADMINISTRATORS: &str = "tenant: {name: admins, members: [root-jo]}";
    const NOW: Timestamp = Timestamp(1_790_000_000_000);

    fn repository() -> tempfile::TempDir {
        let repository = tempfile::tempdir().unwrap();
        for (name, text) in [("labs", LABS), ("shop", SHOP), ("admins", ADMINISTRATORS)] {
            write(repository.path(), name, text);
        }
        repository
    }

    fn write(repository: &Path, name: &str, text: &str) {
        let folder = repository.join(FOLDER).join(name);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("values.yaml"), text).unwrap();
    }

    fn granted(tenants: &Tenants, login: &str, now: Timestamp) -> Vec<String> {
        let grants = tenants.grants(login, now).unwrap();
        let mut words: Vec<_> =
            grants.iter().map(|grant| format!("{} {}", grant.role, grant.namespace)).collect();
        words.sort_unstable();
        words
    }

    #[test]
    fn tenants_and_teams_make_roles() {
        let repository = repository();
        let tenants = Tenants::new(repository.path());
        for (login, expected) in [
            ("jo", vec!["owner mctl:labs", "owner mctl:shop-api", "viewer mctl:shop-web"]),
            ("AL", vec!["deployer mctl:labs", "deployer mctl:shop-web"]),
            ("eve", vec!["viewer mctl:shop-api"]),
            ("odd", vec!["viewer mctl:shop-api", "viewer mctl:shop-web"]),
            ("nobody", vec![]),
            ("root-jo", vec!["owner *"]),
        ] {
            assert_eq!(granted(&tenants, login, NOW), expected, "{login}");
        }
    }

    #[test]
    fn a_changed_tenant_counts_a_second_later_and_a_broken_one_grants_nothing() {
        let repository = repository();
        let tenants = Tenants::new(repository.path());
        let mut now = NOW;
        let mut eve = |text: &str| {
            write(repository.path(), "labs", text);
            now = now.after(LOOK_EVERY);
            granted(&tenants, "eve", now)
        };
        let shop = "viewer mctl:shop-api";
        assert_eq!(eve(LABS), [shop]);
        assert_eq!(eve("tenant: {members: [eve]}"), ["deployer mctl:labs", shop]);
        assert_eq!(eve("tenant: {members: [eve"), [shop]);
        assert_eq!(eve(&format!("tenant: {{members: [eve]}} #{}", "#".repeat(256 * 1024))), [shop]);
        let gone = Tenants::new(Path::new("/nowhere"));
        assert!(gone.grants("eve", NOW).unwrap_err().message.contains("/nowhere"));
    }

    #[test]
    fn tenants_are_bounded() {
        let repository = tempfile::tempdir().unwrap();
        for number in 0..=MAX_TENANTS {
            write(repository.path(), &format!("t{number}"), "tenant: {}");
        }
        let error = Tenants::new(repository.path()).count(NOW).unwrap_err();
        assert!(error.message.contains("more than 1000 tenants"), "{error}");
    }
}
