//! `doctor`: what is configured, reachable and missing.

use std::time::Duration;

use pilothouse_access::{Policies, github::Tenants, service_account::notice};
use pilothouse_connectors::{Connector, harness::HarnessConfig};
use pilothouse_model::{Caller, Error, Principal, Timestamp};
use pilothouse_registry::Catalog;
use pilothouse_store::Store;
use serde::Serialize;
use serde_json::{Map, json};

use super::screen;
use crate::{
    cli::Output,
    compose::{EXPOSED_HINT, compose, exposed, prepare_directory},
    config::Config,
    exit::Exit,
    operation, serve,
};

/// What one check found.
#[derive(Serialize)]
struct Finding {
    check: &'static str,
    /// `ok`, `warning`, `failed`, or `missing` for what must be installed first.
    status: &'static str,
    detail: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<String>,
}

pub(super) async fn run(config: &Config, output: Output) -> Result<Exit, Error> {
    let mut findings = state(config).await;
    findings.extend([
        terraform(config).await,
        isolation(config),
        policies(config),
        harness(config).await,
        github(config),
        listener(config).await,
    ]);
    let any = |status: &str| findings.iter().any(|finding| finding.status == status);
    let exit = match (any("failed"), any("missing")) {
        (true, _) => Exit::Failed,
        (false, true) => Exit::Missing,
        (false, false) => Exit::Done,
    };
    if output.json {
        screen::json(&findings)?;
    } else {
        let rows = findings
            .into_iter()
            .map(|finding| {
                let detail = match finding.hint {
                    Some(hint) => format!("{} ({hint})", finding.detail),
                    None => finding.detail,
                };
                vec![finding.check.to_owned(), finding.status.to_owned(), detail]
            })
            .collect();
        screen::table(&["check", "status", "detail"], rows, "")?;
    }
    Ok(exit)
}

/// The data directory and what is in it. What cannot be looked at for want of the one before is not
/// mentioned.
async fn state(config: &Config) -> Vec<Finding> {
    let directory = &config.data.directory;
    if let Err(error) = config.data.require().and_then(|()| prepare_directory(directory)) {
        return vec![failed("data directory", &error)];
    }
    let data = ok("data directory", directory.display().to_string());
    let opened = async {
        let store = compose(config).await?.store;
        store.ping().await?;
        Ok::<_, Error>(store)
    };
    match opened.await {
        Ok(store) => {
            let database = ok("database", "answers, schema is current".into());
            vec![data, database, service_accounts(&store).await]
        }
        Err(error) => vec![data, failed("database", &error)],
    }
}

/// Whose secret ends within a week.
async fn service_accounts(store: &Store) -> Finding {
    const CHECK: &str = "service accounts";
    let ending = match notice::ending(store, Timestamp::now()).await {
        Ok(ending) => ending,
        Err(error) => return failed(CHECK, &error),
    };
    let Some(first) = ending.first() else {
        return ok(CHECK, "no secret expires within a week".into());
    };
    let names: Vec<_> = ending
        .iter()
        .map(|ending| format!("{} expires at {}", ending.account.path(), ending.expires_at))
        .collect();
    let path = first.account.path();
    Finding {
        check: CHECK,
        status: "warning",
        detail: names.join("; "),
        hint: Some(format!("pilothouse accounts service rotate {path}")),
    }
}

async fn terraform(config: &Config) -> Finding {
    match serve::terraform_binary(config).await {
        Ok(found) => ok("terraform", found),
        Err(error) => missing("terraform", &error),
    }
}

/// Whether a configuration can read what is the server's.
fn isolation(config: &Config) -> Finding {
    const CHECK: &str = "job isolation";
    let Some(why) = exposed(config) else {
        return ok(CHECK, "jobs cannot read the data directory (Landlock)".into());
    };
    let detail = format!("jobs can read the server's keys and tokens: {why}");
    Finding { check: CHECK, status: "warning", detail, hint: Some(EXPOSED_HINT.into()) }
}

/// Longest that Harness may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// Which account the harness surface is for, and whether it lets the key in. Having none is no
/// fault.
async fn harness(config: &Config) -> Finding {
    const CHECK: &str = "harness";
    let Some(remote) = config.harness.remote() else {
        return ok(CHECK, "not configured: HARNESS_API_KEY connects an account".into());
    };
    let place = match remote.account() {
        Ok(account) => format!("account {account} at {}", remote.base_url),
        Err(error) => return failed(CHECK, &error),
    };
    let caller = Caller::new(Principal::local_user(&config.operator));
    match ask(remote, &caller).await {
        Ok(()) => ok(CHECK, place),
        Err(error) => {
            let finding = failed(CHECK, &error);
            Finding { detail: format!("{place}: {}", finding.detail), ..finding }
        }
    }
}

/// Asks what any key may ask, once.
async fn ask(remote: HarnessConfig, caller: &Caller) -> Result<(), Error> {
    let remote = HarnessConfig { retries: 0, timeout: remote.timeout.min(PATIENCE), ..remote };
    let catalog = Catalog::embedded().platform("harness")?;
    let connector = remote.connect(catalog, Connector::DEFAULT_INSTANCE)?;
    let one = Map::from_iter([("limit".to_owned(), json!(1))]);
    connector.call(caller, "organization.list", one).await.map(drop)
}

/// Whether the operator's own policies can be taken as they are.
fn policies(config: &Config) -> Finding {
    const CHECK: &str = "policies";
    let Some(directory) = &config.policies else {
        return ok(CHECK, "none: PILOTHOUSE_POLICIES names a directory".into());
    };
    let opened = operation::all()
        .and_then(|operations| Policies::open(directory, operations, Timestamp::now()));
    match opened {
        Ok(policies) => ok(CHECK, format!("{} in {}", policies.count(), directory.display())),
        Err(error) => failed(CHECK, &in_force_before(error)),
    }
}

fn in_force_before(error: Error) -> Error {
    let hint = "a server that runs goes on with the policies that it had, and does not start again";
    let hint = error.hint.map_or(hint.to_owned(), |own| format!("{own}; {hint}"));
    Error { hint: Some(hint), ..error }
}

/// Whose tokens of GitHub are good for what.
fn github(config: &Config) -> Finding {
    const CHECK: &str = "github tokens";
    if !config.github.tokens {
        return ok(CHECK, "not accepted: PILOTHOUSE_GITHUB_TOKENS=true accepts them".into());
    }
    let Some(repository) = &config.github.repository else {
        return ok(CHECK, "accepted; roles are given with pilothouse members alone".into());
    };
    match Tenants::new(repository).count(Timestamp::now()) {
        Ok(count) => ok(CHECK, format!("accepted; {count} tenants in {}", repository.display())),
        Err(error) => failed(CHECK, &error),
    }
}

/// Whether `serve` runs, or could.
async fn listener(config: &Config) -> Finding {
    let address = config.server.listen;
    match tokio::net::TcpListener::bind(address).await {
        Ok(_) => ok("listen address", format!("{address} is free")),
        Err(error) => Finding {
            check: "listen address",
            status: "warning",
            detail: format!("{address}: {error}"),
            hint: Some("a server may be running already; see --listen".into()),
        },
    }
}

fn ok(check: &'static str, detail: String) -> Finding {
    Finding { check, status: "ok", detail, hint: None }
}

fn failed(check: &'static str, error: &Error) -> Finding {
    Finding { check, status: "failed", detail: error.message.clone(), hint: error.hint.clone() }
}

fn missing(check: &'static str, error: &Error) -> Finding {
    Finding { status: "missing", ..failed(check, error) }
}
