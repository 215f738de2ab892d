//! What it costs to know who calls and to decide: measured in this process, because from outside it
//! cannot be told from the rest of a call.

use std::{fs, ops::Range, path::Path, sync::Arc, time::Duration};

use anyhow::{Context, Result, anyhow, ensure};
use pilothouse_access::{
    Action, AutoApprove, Bearers, Directory, Place, Policies, Policy, Site, Vault, Verdict,
    bearer::LIFETIME, decide, membership, signing::SigningKeys, vault::KeySource,
};
use pilothouse_model::{Namespace, Risk, Role, Timestamp};
use pilothouse_store::{Store, identity::Grant};

const CALLS: u32 = 20_000;
/// A write, so that the policies speak of it.
const OPERATION: &str = "mctl.service.deploy";
const RISK: Risk = Risk::MediumWrite;
const BASE: &str = "http://127.0.0.1:7777";

/// Services that are called one after the other.
const SERVICES: u32 = 100;
/// Of the operator's own, none of which is about these services.
const POLICIES: u32 = 50;

/// What one call costs.
pub(crate) struct Cost {
    pub(crate) without_policies: Duration,
    /// With the operator's own policies, of a call like one before.
    pub(crate) with_policies: Duration,
    /// The same, the first time that somebody does this to that.
    pub(crate) first_time: Duration,
}

/// CPU time of all threads for one call: a token verified, what was granted to its principal looked
/// up, the call decided about.
pub(crate) async fn verify_and_decide() -> Result<Cost> {
    let data = tempfile::tempdir()?;
    let caller = Caller::new(data.path()).await.map_err(|error| anyhow!("{error}"))?;
    let plain = Policy::default();
    let written = written(data.path())?;
    caller.calls(0..CALLS / 20, SERVICES, &plain).await?;
    let without_policies = caller.cost(0..CALLS, SERVICES, &plain).await?;
    let first_time = caller.cost(0..CALLS / 20, u32::MAX, &written).await?;
    caller.calls(0..SERVICES, SERVICES, &written).await?;
    let with_policies = caller.cost(0..CALLS, SERVICES, &written).await?;
    Ok(Cost { without_policies, with_policies, first_time })
}

fn written(data: &Path) -> Result<Policy> {
    let directory = data.join("policies");
    let policy = |number| {
        format!(
            "@id(\"p{number}\") forbid (principal, action in Action::\"write\", \
             resource in Namespace::\"mctl:other-{number}\") \
             unless {{ principal == User::\"user:release\" }};\n"
        )
    };
    let text: String = (0..POLICIES).map(policy).collect();
    fs::create_dir(&directory)?;
    fs::write(directory.join("freeze.cedar"), text)?;
    let operations = vec![(OPERATION.to_owned(), RISK)];
    let written = Policies::open(&directory, operations, Timestamp::now());
    let written = Some(Arc::new(written.map_err(|error| anyhow!("{error}"))?));
    Ok(Policy { auto_approve: AutoApprove::All, written, ..Policy::default() })
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

    async fn cost(&self, calls: Range<u32>, services: u32, policy: &Policy) -> Result<Duration> {
        let (before, count) = (cpu()?, calls.len());
        self.calls(calls, services, policy).await?;
        Ok(cpu()?.saturating_sub(before) / u32::try_from(count)?)
    }

    async fn calls(&self, calls: Range<u32>, services: u32, policy: &Policy) -> Result<()> {
        for call in calls {
            let service = Namespace::new("mctl", &format!("labs/service-{}", call % services));
            let place = Place::In(&service);
            let action = Action { operation: OPERATION, risk: RISK, place };
            let now = Timestamp::now();
            let caller = self.bearers.verify(&self.token, "/mcp", now).await?;
            let caller = self.directory.admit(caller, now).await;
            let caller = caller.map_err(|error| anyhow!("{error}"))?;
            let verdict = decide(&caller, &action, policy).verdict;
            ensure!(matches!(verdict, Verdict::Allow | Verdict::Ask), "refused");
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
