//! What the operator's own commands ask of the platform's service accounts. The operator needs no
//! grant, so nothing is decided here but that it is the operator who asks; everybody else comes
//! through the gate of `api`.

use std::time::Duration;

use pilothouse_model::{Authority, Caller, Error, Timestamp, id::ResourceType, id::Trn};
use pilothouse_store::{
    access::{ServiceAccount, ServiceAccountFilter, ServiceAccountSort, TrustPolicy},
    terraform::PageRequest,
};

use super::{
    Terraform,
    reference::gid,
    service::service_account::{NewServiceAccount, ServiceAccountChange, Shown},
};

/// The platform, for the operator alone.
pub struct Operator<'a> {
    platform: &'a Terraform,
    caller: &'a Caller,
}

/// A service account that an operator wants.
#[derive(Clone, Debug)]
pub struct NewAccount<'a> {
    /// The group's path and the account's name, joined by `/`.
    pub path: &'a str,
    pub description: &'a str,
    /// None: it signs in with a secret only.
    pub trust_policy: Option<TrustPolicy>,
    /// Makes a secret.
    pub client_credentials: bool,
    /// How long the secret lives; as long as allowed when absent.
    pub lifetime: Option<Duration>,
}

/// A service account as operators see it.
#[derive(Clone, Debug)]
pub struct Account {
    pub path: String,
    /// What clients present as their id.
    pub id: String,
    /// What roles are given to.
    pub subject: String,
    pub disabled: bool,
    /// Issuers that it trusts.
    pub issuers: Vec<String>,
    /// The end of its newest secret, if it has one.
    pub secret_expires_at: Option<Timestamp>,
    /// This once, when a secret was made.
    pub secret: Option<String>,
}

impl Terraform {
    /// Refuses every caller but the operator.
    pub fn operator<'a>(&'a self, caller: &'a Caller) -> Result<Operator<'a>, Error> {
        match caller.authority {
            Authority::Everything => Ok(Operator { platform: self, caller }),
            Authority::Granted(_) => Err(Error::forbidden("only the operator may do this")),
        }
    }
}

impl Operator<'_> {
    pub async fn account_list(&self) -> Result<Vec<Account>, Error> {
        let filter = ServiceAccountFilter::default();
        let sort = ServiceAccountSort::GroupLevel { descending: false };
        let mut page = PageRequest::default();
        let mut accounts = Vec::new();
        loop {
            let found = self.platform.store.service_account_list(&filter, sort, &page).await?;
            for account in found.items {
                accounts.push(account_of(self.platform.service_account_show(account).await?));
            }
            if !found.has_next {
                return Ok(accounts);
            }
            page.from = found.end;
        }
    }

    pub async fn account_create(&self, new: NewAccount<'_>) -> Result<Account, Error> {
        let (group, name) = new.path.rsplit_once('/').ok_or_else(|| not_a_path(new.path))?;
        let now = self.platform.config.clock.now();
        let group = Trn::new(ResourceType::Group, group).to_string();
        let account = NewServiceAccount {
            name,
            description: new.description,
            group: &group,
            trust_policies: new.trust_policy.into_iter().collect(),
            client_credentials: new.client_credentials,
            secret_expires_at: new.lifetime.map(|lifetime| now.after(lifetime)),
        };
        Ok(account_of(self.platform.service_account_create(self.caller, account).await?))
    }

    /// Makes a new secret; the present one works for a while beside it.
    pub async fn account_rotate(
        &self,
        account: &str,
        lifetime: Option<Duration>,
    ) -> Result<Account, Error> {
        let now = self.platform.config.clock.now();
        let change = ServiceAccountChange {
            rotate: true,
            secret_expires_at: lifetime.map(|lifetime| now.after(lifetime)),
            ..ServiceAccountChange::default()
        };
        self.change(account, change).await
    }

    pub async fn account_set_disabled(
        &self,
        account: &str,
        disabled: bool,
    ) -> Result<Account, Error> {
        let disabled = Some(disabled);
        self.change(account, ServiceAccountChange { disabled, ..Default::default() }).await
    }

    pub async fn account_delete(&self, account: &str) -> Result<(), Error> {
        self.platform.service_account_delete(&id_of(account)?, None).await
    }

    async fn change(&self, account: &str, change: ServiceAccountChange) -> Result<Account, Error> {
        let id = id_of(account)?;
        Ok(account_of(self.platform.service_account_update(self.caller, &id, change).await?))
    }
}

/// A path as people write it, or an identifier as it is.
fn id_of(account: &str) -> Result<String, Error> {
    if account.contains('/') && !account.starts_with("trn:") {
        return Ok(Trn::new(ResourceType::ServiceAccount, account).to_string());
    }
    if account.is_empty() { Err(not_a_path(account)) } else { Ok(account.to_owned()) }
}

fn not_a_path(text: &str) -> Error {
    let text = pilothouse_model::text::prefix(text, 80);
    Error::invalid(format!("{text:?} names no service account"))
        .hint("write the group's path and the name, as in acme/ci")
}

fn account_of(shown: Shown) -> Account {
    let Shown { account, secret_expires_at, client_secret } = shown;
    let ServiceAccount { meta, disabled, trust_policies, .. } = &account;
    Account {
        path: account.path(),
        id: gid(ResourceType::ServiceAccount, &meta.id),
        subject: account.subject(),
        disabled: *disabled,
        issuers: trust_policies.iter().map(|policy| policy.issuer.clone()).collect(),
        secret_expires_at,
        secret: client_secret,
    }
}
