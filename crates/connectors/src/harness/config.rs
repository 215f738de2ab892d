//! How to reach one Harness account. The caller reads these from its configuration; nothing here
//! touches the environment.

use std::{fmt, num::NonZeroU32, sync::Arc, time::Duration};

use http::{HeaderName, HeaderValue};
use pilothouse_model::{Error, Result};
use pilothouse_registry::PlatformCatalog;
use secrecy::{ExposeSecret as _, SecretString};

use crate::{
    Connector, Limits, Options, Rate, ScopeDefaults,
    transport::{Credential, RemoteConfig},
};

/// What gives calls their organization and project, as messages call it.
pub(super) const ORG: &str = "HARNESS_ORG";
pub(super) const PROJECT: &str = "HARNESS_PROJECT";

/// What answers call a link to Harness' pages.
pub const LINK: &str = "openInHarness";
const API_KEY: HeaderName = HeaderName::from_static("x-api-key");
const ACCOUNT: HeaderName = HeaderName::from_static("harness-account");
/// The registry's name for the server of feature management.
const FME: &str = "fme";

/// One account.
#[derive(Clone)]
pub struct HarnessConfig {
    /// `HARNESS_API_KEY`: a personal access token, a service account's token, or an older API key.
    pub api_key: SecretString,
    /// `HARNESS_ACCOUNT_ID`; the tokens carry it.
    pub account_id: Option<String>,
    /// `HARNESS_BASE_URL`.
    pub base_url: String,
    /// `HARNESS_ORG`: where calls act that do not say so.
    pub org_id: Option<String>,
    /// `HARNESS_PROJECT`.
    pub project_id: Option<String>,
    /// `HARNESS_API_TIMEOUT_MS`: for one attempt, to the last byte of its answer.
    pub timeout: Duration,
    /// `HARNESS_MAX_RETRIES`: further attempts.
    pub retries: usize,
    /// `HARNESS_RATE_LIMIT_RPS`: requests per second.
    pub rate: NonZeroU32,
    /// `HARNESS_FME_BASE_URL`: feature management as it was before it moved into Harness.
    pub fme_base_url: String,
    /// `HARNESS_FME_API_KEY`; the API key without it.
    pub fme_api_key: Option<SecretString>,
    /// `HARNESS_CA_FILE`: certificate authorities to trust besides the well-known ones, as PEM.
    pub certificate_authority: Option<Vec<u8>>,
    /// `HARNESS_ALLOW_HTTP`: `http` to another machine is permitted.
    pub allow_plaintext: bool,
}

impl HarnessConfig {
    pub const BASE_URL: &str = "https://app.harness.io";
    pub const FME_BASE_URL: &str = "https://api.split.io";
    pub const TIMEOUT: Duration = Duration::from_secs(30);
    pub const RETRIES: usize = 3;
    pub const RATE: NonZeroU32 = NonZeroU32::new(10).expect("not zero");

    /// The account of this key at Harness' own installation.
    pub fn new(api_key: SecretString) -> Self {
        Self {
            api_key,
            account_id: None,
            base_url: Self::BASE_URL.to_owned(),
            org_id: None,
            project_id: None,
            timeout: Self::TIMEOUT,
            retries: Self::RETRIES,
            rate: Self::RATE,
            fme_base_url: Self::FME_BASE_URL.to_owned(),
            fme_api_key: None,
            certificate_authority: None,
            allow_plaintext: false,
        }
    }

    /// The connector of this account.
    ///
    /// # Errors
    /// When the account is not known, or an address is not one or would send the key in the clear.
    pub fn connect(self, catalog: Arc<PlatformCatalog>, instance: &str) -> Result<Connector> {
        let (options, defaults) = (self.options(), self.defaults()?);
        let pages = self.base_url.clone();
        let connector = Connector::new(catalog, instance, self.remote()?.into(), options)?;
        Ok(connector.acting_in(defaults).shown_at(&pages, LINK))
    }

    /// The account: the configured one, else that of the token.
    ///
    /// # Errors
    /// When neither says it.
    pub fn account(&self) -> Result<String> {
        let stated = self.account_id.as_deref().filter(|id| !id.is_empty());
        let account = stated.or_else(|| account_of(self.api_key.expose_secret()));
        account.map(str::to_owned).ok_or_else(|| {
            Error::invalid("the Harness account is not known: this API key does not carry it")
                .hint("set HARNESS_ACCOUNT_ID, or use a token of the form pat.… or sat.…")
        })
    }

    /// Where calls act that do not say so.
    ///
    /// # Errors
    /// As [`HarnessConfig::account`].
    pub fn defaults(&self) -> Result<ScopeDefaults> {
        let account = Some(self.account()?);
        Ok(ScopeDefaults { account, org: self.org_id.clone(), project: self.project_id.clone() })
    }

    /// How the account is asked.
    pub fn options(&self) -> Options {
        Options {
            limits: Limits { timeout: self.timeout, ..Limits::default() },
            rate: Rate { per_second: self.rate, burst: self.rate },
            retries: self.retries,
            ..Options::default()
        }
    }

    /// # Errors
    /// As [`HarnessConfig::connect`].
    pub fn remote(self) -> Result<RemoteConfig> {
        let account = HeaderValue::from_str(&self.account()?).map_err(|error| {
            Error::invalid("the Harness account contains characters that no account has")
                .source(error)
        })?;
        let key = Credential::Header { name: API_KEY, value: self.api_key.clone() };
        let mut remote =
            RemoteConfig::new(&self.base_url, key, self.allow_plaintext)?.header(ACCOUNT, account);
        let fme_key = self.fme_api_key.unwrap_or(self.api_key);
        if !is_placeholder(fme_key.expose_secret()) {
            let fme_key = Credential::Bearer(fme_key);
            remote = remote.server(FME, &self.fme_base_url, fme_key, self.allow_plaintext)?;
        }
        if let Some(pem) = self.certificate_authority {
            remote = remote.certificate_authority(&pem)?;
        }
        Ok(remote)
    }
}

/// The account in `pat.ACCOUNT.…` and `sat.ACCOUNT.…`.
fn account_of(api_key: &str) -> Option<&str> {
    let mut parts = api_key.split('.');
    let kind = parts.next()?;
    let account = parts.next().filter(|account| !account.is_empty())?;
    parts.next()?;
    ["pat", "sat"].iter().any(|known| kind.eq_ignore_ascii_case(known)).then_some(account)
}

/// Keys that only fill a configuration's required place.
fn is_placeholder(api_key: &str) -> bool {
    let last = api_key.rsplit('.').next().unwrap_or_default();
    last.eq_ignore_ascii_case("dummy")
}

impl fmt::Debug for HarnessConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HarnessConfig")
            .field("account_id", &self.account_id)
            .field("base_url", &self.base_url)
            .field("org_id", &self.org_id)
            .field("project_id", &self.project_id)
            .field("fme_base_url", &self.fme_base_url)
            .field("allow_plaintext", &self.allow_plaintext)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_carries_its_account() {
        for (key, account) in [
            ("pat.acme.id.secret", Some("acme")),
            ("SAT.acme.id.secret", Some("acme")),
            ("pat.acme.rest", Some("acme")),
            ("pat.acme", None),
            ("pat..id.secret", None),
            ("key.acme.id.secret", None),
            ("0123456789abcdef", None),
        ] {
            assert_eq!(account_of(key), account, "{key}");
        }
        let mut config = HarnessConfig::new("plain".into());
        let error = config.clone().account().unwrap_err();
        assert!(error.hint.unwrap().contains("HARNESS_ACCOUNT_ID"));
        config.account_id = Some("given".into());
        assert_eq!(config.account().unwrap(), "given");
    }

    #[test]
    fn an_address_must_keep_the_key_safe() {
        let config = HarnessConfig::new("pat.acme.id.secret".into());
        assert!(config.clone().remote().is_ok());
        for (base_url, fme_base_url, allow_plaintext, accepted) in [
            ("http://harness.example", HarnessConfig::FME_BASE_URL, false, false),
            (HarnessConfig::BASE_URL, "http://fme.example", false, false),
            ("http://harness.example", "http://fme.example", true, true),
            ("http://127.0.0.1:1", "http://localhost:1", false, true),
            ("harness.example", HarnessConfig::FME_BASE_URL, true, false),
        ] {
            let (base_url, fme_base_url) = (base_url.to_owned(), fme_base_url.to_owned());
            let config =
                HarnessConfig { base_url, fme_base_url, allow_plaintext, ..config.clone() };
            assert_eq!(config.clone().remote().is_ok(), accepted, "{config:?}");
        }
    }

    #[test]
    fn keys_are_never_printed() {
        let config = HarnessConfig::new("pat.acme.id.s3cret".into());
        assert!(!format!("{config:?}").contains("s3cret"));
    }
}
