//! What it costs to know who calls and to decide: measured in this process, because from outside it
//! cannot be told from the rest of a call.

use std::{fs, path::Path, sync::Arc, time::Duration};

use anyhow::{Context, Result, anyhow, ensure};
use pilothouse_access::{
    Action, Bearers, Directory, Place, Policy, Site, Vault, Verdict, bearer::LIFETIME, decide,
    membership, signing::SigningKeys, vault::KeySource,
};
use pilothouse_model::{Namespace, Risk, Role, Timestamp};
use pilothouse_store::{Store, identity::Grant};

const CALLS: u32 = 20_000;
const BASE: &str = "http://127.0.0.1:7777";

/// CPU time of all threads for one call: a token verified, what was granted to its principal looked
/// up, the call decided about.
pub(crate) async fn verify_and_decide() -> Result<Duration> {
    let data = tempfile::tempdir()?;
    let caller = Caller::new(data.path()).await.map_err(|error| anyhow!("{error}"))?;
    caller.calls(CALLS / 20).await?;
    let before = cpu()?;
    caller.calls(CALLS).await?;
    Ok(cpu()?.saturating_sub(before) / CALLS)
}

struct Caller {
    bearers: Bearers,
    directory: Directory,
    token: String,
}

impl Caller {
    async fn new(data: &Path) -> pilothouse_model::Result<Self> {
        let url = format!("sqlite://{}", data.join("access.db").display());
        let store = Store::open(&url).await?;
        let vault = Arc::new(Vault::new(store.clone(), KeySource::in_directory(data)));
        let keys = SigningKeys::new(store.clone(), vault);
        let site = Site::loopback(([127, 0, 0, 1], 7777).into());
        let bearers = Bearers::new(store.clone(), site, keys);
        let now = Timestamp::now();
        let labs: Namespace = "mctl:labs".parse()?;
        membership::grant(&store, "user:jo", Role::Deployer, &labs, "bench", now).await?;
        let grant = Grant {
            id: "bench".to_owned(),
            client: "bench".to_owned(),
            client_name: "bench".to_owned(),
            principal: "user:jo".to_owned(),
            principal_name: "jo".to_owned(),
            account: None,
            scope: "mcp:write".to_owned(),
            resource: BASE.to_owned(),
            created_at: now,
            expires_at: now.after(LIFETIME),
            revoked_at: None,
        };
        store.grant_save(&grant).await?;
        let token = bearers.mint(&grant, BASE, LIFETIME, now).await?;
        Ok(Self { bearers, directory: Directory::new(store), token })
    }

    async fn calls(&self, count: u32) -> Result<()> {
        let (labs, policy) = (Namespace::new("mctl", "labs"), Policy::default());
        let place = Place::In(&labs);
        let action = Action { operation: "mctl.service.get", risk: Risk::Read, place };
        for _ in 0..count {
            let now = Timestamp::now();
            let caller = self.bearers.verify(&self.token, "/mcp", now).await?;
            let caller = self.directory.admit(caller, now).await;
            let caller = caller.map_err(|error| anyhow!("{error}"))?;
            ensure!(decide(&caller, &action, &policy).verdict == Verdict::Allow, "refused");
        }
        Ok(())
    }
}

/// Of this process, all its threads.
fn cpu() -> Result<Duration> {
    let mut nanoseconds = 0;
    for thread in fs::read_dir("/proc/self/task")? {
        let text = fs::read_to_string(thread?.path().join("schedstat"))?;
        let on_cpu = text.split_whitespace().next().context("schedstat is empty")?;
        nanoseconds += on_cpu.parse::<u64>()?;
    }
    Ok(Duration::from_nanos(nanoseconds))
}
