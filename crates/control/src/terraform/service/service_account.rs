//! Service accounts: identities of machines, kept in a group. What a secret is and how it proves
//! an account is `access`' business.

use pilothouse_access::{service_account as rules, standing};
use pilothouse_model::{
    Caller, Error, Role, Timestamp,
    id::{ResourceType, Trn},
    text::prefix,
};
use pilothouse_store::{
    access::{
        MembershipFilter, Secret, ServiceAccount, ServiceAccountFilter, ServiceAccountSort,
        TrustPolicy,
    },
    terraform::{Meta, Page, PageRequest},
};
use url::Url;

use super::{check_version, taken};
use crate::terraform::{Terraform, limit, reference, rule};

const KIND: ResourceType = ResourceType::ServiceAccount;

pub(crate) struct NewServiceAccount<'a> {
    pub(crate) name: &'a str,
    pub(crate) description: &'a str,
    pub(crate) group: &'a str,
    pub(crate) trust_policies: Vec<TrustPolicy>,
    pub(crate) client_credentials: bool,
    pub(crate) secret_expires_at: Option<Timestamp>,
}

/// What a caller changes; an absent field stays.
#[derive(Default)]
pub(crate) struct ServiceAccountChange {
    pub(crate) version: Option<i64>,
    pub(crate) description: Option<String>,
    pub(crate) trust_policies: Option<Vec<TrustPolicy>>,
    /// Turning it on makes a secret, turning it off forgets all.
    pub(crate) client_credentials: Option<bool>,
    pub(crate) disabled: Option<bool>,
    /// Makes a new secret beside the present one.
    pub(crate) rotate: bool,
    pub(crate) secret_expires_at: Option<Timestamp>,
}

pub(crate) struct ServiceAccountQuery<'a> {
    /// Of a group or a workspace.
    pub(crate) namespace_path: &'a str,
    pub(crate) include_inherited: bool,
    pub(crate) search: Option<&'a str>,
}

/// An account with the end of its newest secret.
pub(crate) struct Shown {
    pub(crate) account: ServiceAccount,
    pub(crate) secret_expires_at: Option<Timestamp>,
    /// This once, when a secret was made.
    pub(crate) client_secret: Option<String>,
}

pub(crate) fn trn(account: &ServiceAccount) -> String {
    Trn::new(KIND, account.path()).to_string()
}

fn check_policies(policies: &[TrustPolicy]) -> Result<(), Error> {
    if policies.len() > limit::TRUST_POLICIES {
        let most = limit::TRUST_POLICIES;
        return Err(Error::invalid(format!("at most {most} trust policies fit an account")));
    }
    policies.iter().try_for_each(check_policy)
}

fn check_policy(policy: &TrustPolicy) -> Result<(), Error> {
    let issuer = &policy.issuer;
    rule::line("issuer", issuer, limit::ISSUER)?;
    let plain = |url: &Url| url.query().is_none() && url.fragment().is_none();
    let is_address = Url::parse(issuer).is_ok_and(|url| {
        matches!(url.scheme(), "https" | "http") && url.username().is_empty() && plain(&url)
    });
    if !is_address {
        let issuer = prefix(issuer, 80);
        return Err(Error::invalid(format!("issuer {issuer:?} is not an https address")));
    }
    if policy.bound_claims.is_empty() || policy.bound_claims.len() > limit::BOUND_CLAIMS {
        let most = limit::BOUND_CLAIMS;
        return Err(Error::invalid(format!("a trust policy binds 1 to {most} claims"))
            .hint("without one, whoever the issuer knows would be this account"));
    }
    for (name, value) in &policy.bound_claims {
        rule::line("a bound claim's name", name, limit::CLAIM)?;
        rule::line("a bound claim's value", value, limit::CLAIM)?;
        if policy.glob && value.chars().all(|c| c == '*') {
            return Err(Error::invalid(format!("the claim {name:?} would match everything")));
        }
    }
    Ok(())
}

fn check_proof(account: &ServiceAccount) -> Result<(), Error> {
    if account.client_credentials || !account.trust_policies.is_empty() {
        return Ok(());
    }
    Err(Error::invalid("the account could not sign in at all")
        .hint("enable client credentials or give it a trust policy"))
}

impl Terraform {
    pub(crate) async fn service_account_create(
        &self,
        caller: &Caller,
        new: NewServiceAccount<'_>,
    ) -> Result<Shown, Error> {
        rule::name("name", new.name)?;
        rule::description(new.description)?;
        check_policies(&new.trust_policies)?;
        let group = self.group_get(new.group).await?;
        let now = self.config.clock.now();
        let account = ServiceAccount {
            meta: Meta::new(now),
            name: new.name.to_owned(),
            description: new.description.to_owned(),
            group_id: group.meta.id,
            group_path: group.path,
            created_by: caller.principal.name.clone(),
            disabled: false,
            trust_policies: new.trust_policies,
            client_credentials: new.client_credentials,
        };
        check_proof(&account)?;
        let secret = if new.client_credentials {
            Some(rules::new_secret(&account.meta.id, new.secret_expires_at, now)?)
        } else {
            None
        };
        let most = limit::SERVICE_ACCOUNTS_PER_GROUP;
        let stored = secret.as_ref().map(|(secret, _text)| secret);
        let created = self.store.service_account_create(&account, stored, most).await;
        let what = || format!("the service account {:?}", account.name);
        created.map_err(|error| taken(error, &what()))?;
        Ok(Shown {
            secret_expires_at: stored.map(|secret| secret.expires_at),
            client_secret: secret.map(|(_secret, text)| text),
            account,
        })
    }

    pub(crate) async fn service_account_get(&self, id: &str) -> Result<ServiceAccount, Error> {
        reference::read(KIND, id)?;
        let found = rules::find(&self.store, id).await?;
        found.ok_or_else(|| reference::not_found(KIND, id))
    }

    /// With the end of its newest secret.
    pub(crate) async fn service_account_show(
        &self,
        account: ServiceAccount,
    ) -> Result<Shown, Error> {
        let now = self.config.clock.now();
        let secrets = self.store.service_account_secrets(&account.meta.id, now).await?;
        let secret_expires_at = secrets.first().map(|secret| secret.expires_at);
        Ok(Shown { account, secret_expires_at, client_secret: None })
    }

    pub(crate) async fn service_account_list(
        &self,
        query: ServiceAccountQuery<'_>,
        sort: ServiceAccountSort,
        page: &PageRequest,
    ) -> Result<Page<ServiceAccount>, Error> {
        rule::search(query.search.unwrap_or_default())?;
        let namespace = self.namespace_by_path(query.namespace_path).await?;
        let group_paths = if query.include_inherited {
            let lineage = self.store.namespace_lineage(&namespace.path).await?;
            lineage.into_iter().map(|namespace| namespace.path).collect()
        } else {
            vec![namespace.path]
        };
        let search = query.search.map(str::to_lowercase);
        let filter = ServiceAccountFilter { group_paths: Some(group_paths), search };
        Ok(self.store.service_account_list(&filter, sort, page).await?)
    }

    pub(crate) async fn service_account_update(
        &self,
        caller: &Caller,
        id: &str,
        change: ServiceAccountChange,
    ) -> Result<Shown, Error> {
        let mut account = self.service_account_get(id).await?;
        check_version(change.version, account.meta.version)?;
        self.check_no_more_than_own(caller, &account).await?;
        let had_credentials = account.client_credentials;
        if let Some(description) = change.description {
            rule::description(&description)?;
            account.description = description;
        }
        if let Some(policies) = change.trust_policies {
            check_policies(&policies)?;
            account.trust_policies = policies;
        }
        account.client_credentials = change.client_credentials.unwrap_or(had_credentials);
        account.disabled = change.disabled.unwrap_or(account.disabled);
        check_proof(&account)?;
        if change.rotate && !account.client_credentials {
            return Err(Error::conflict("the account has no client credentials to rotate")
                .hint("enable client credentials first"));
        }
        let now = self.config.clock.now();
        let needs_secret = change.rotate || (account.client_credentials && !had_credentials);
        let secret = if needs_secret {
            Some(rules::new_secret(&account.meta.id, change.secret_expires_at, now)?)
        } else {
            None
        };
        let overlap = now.after(rules::OVERLAP);
        let stored: Option<(&Secret, Timestamp)> =
            secret.as_ref().map(|(secret, _text)| (secret, overlap));
        self.store.service_account_update(&account, stored, now).await?;
        let shown = self.service_account_show(self.service_account_get(id).await?).await?;
        Ok(Shown { client_secret: secret.map(|(_secret, text)| text), ..shown })
    }

    pub(crate) async fn service_account_delete(
        &self,
        id: &str,
        version: Option<i64>,
    ) -> Result<(), Error> {
        let account = self.service_account_get(id).await?;
        check_version(version, account.meta.version)?;
        Ok(self.store.service_account_delete(&account.meta.id, account.meta.version).await?)
    }

    /// Who changes how an account signs in could become it: so they must own every namespace that
    /// it has a role in.
    async fn check_no_more_than_own(
        &self,
        caller: &Caller,
        account: &ServiceAccount,
    ) -> Result<(), Error> {
        let filter = MembershipFilter { subject: Some(account.subject()), namespace: None };
        for held in self.store.membership_list(&filter).await? {
            if !standing(caller, &held.namespace).reaches(Some(Role::Owner)) {
                let message = format!("{} has roles that you do not own", account.path());
                return Err(Error::forbidden(message)
                    .hint("an owner of every namespace that it has a role in can do this"));
            }
        }
        Ok(())
    }
}
