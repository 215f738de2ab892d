//! The variables of the Harness MCP server that ours replaces, under its own names.

use std::{num::NonZeroU32, path::PathBuf, time::Duration};

use pilothouse_access::AutoApprove;
use pilothouse_connectors::harness::HarnessConfig;
use pilothouse_model::Error;
use secrecy::SecretString;
use url::Url;

use super::{
    certificate, parse,
    policy::LEVELS,
    reader::Reader,
    setting::{Group, Nearby, Setting},
};
use crate::practice;

#[derive(Clone, Debug)]
pub struct Harness {
    pub api_key: Option<SecretString>,
    /// Wins over the account that a personal access token names.
    pub account_id: Option<String>,
    pub base_url: Url,
    /// Admits addresses without TLS on other machines.
    pub allow_http: bool,
    /// Feature management before it moved into Harness.
    pub fme_base_url: Url,
    pub fme_api_key: Option<SecretString>,
    pub org: String,
    pub project: Option<String>,
    /// For one attempt, with its body.
    pub timeout: Duration,
    /// Trusted beside the well-known ones, as PEM.
    pub certificate_authority: Option<Vec<u8>>,
    pub max_retries: u32,
    pub requests_per_second: NonZeroU32,
    /// Offered toolsets; empty means all.
    pub toolsets: Vec<String>,
    pub read_only: bool,
    pub auto_approve: AutoApprove,
    /// What clients of the surface may present as a bearer, all the same one.
    pub shared_token: Option<SecretString>,
    /// Gets a copy of the audit trail of the platform's calls.
    pub audit_file: Option<PathBuf>,
}

pub(super) const API_KEY: Setting = Setting::new(
    "harness.api_key",
    "HARNESS_API_KEY",
    "a personal access token or service account token",
    "The credential that Pilothouse presents to Harness.",
)
.secret();
const ACCOUNT_ID: Setting = Setting::new(
    "harness.account_id",
    "HARNESS_ACCOUNT_ID",
    "an account identifier",
    "Needed only when the key does not name its account.",
);
const BASE_URL: Setting = Setting::new(
    "harness.base_url",
    "HARNESS_BASE_URL",
    "a web address, for instance https://app.harness.io",
    "Where Harness is.",
)
.nearby(Nearby::BesideKey);
const ORG: Setting = Setting::new(
    "harness.org",
    "HARNESS_ORG",
    "an organization identifier",
    "The organization of calls that need one and name none.",
)
.aliases(&["HARNESS_DEFAULT_ORG_ID"]);
const PROJECT: Setting = Setting::new(
    "harness.project",
    "HARNESS_PROJECT",
    "a project identifier",
    "The project of calls that name none.",
)
.aliases(&["HARNESS_DEFAULT_PROJECT_ID"]);
const TIMEOUT: Setting = Setting::new(
    "harness.timeout",
    "HARNESS_API_TIMEOUT_MS",
    "milliseconds, or a duration such as 30s",
    "How long one request to Harness may take.",
);
const MAX_RETRIES: Setting = Setting::new(
    "harness.max_retries",
    "HARNESS_MAX_RETRIES",
    "a number from 0 to 10",
    "Further attempts after a transient failure.",
);
const REQUESTS_PER_SECOND: Setting = Setting::new(
    "harness.requests_per_second",
    "HARNESS_RATE_LIMIT_RPS",
    "a number of at least 1",
    "How fast we call Harness at most.",
);
const TOOLSETS: Setting = Setting::new(
    "harness.toolsets",
    "HARNESS_TOOLSETS",
    "toolset names separated by commas",
    "Toolsets that the harness surface offers: those that are named, or, with +name and -name, more \
     and fewer than all but ansible, which an empty list offers.",
)
.nearby(Nearby::Forbids);
const READ_ONLY: Setting = Setting::new(
    "harness.read_only",
    "HARNESS_READ_ONLY",
    "true or false",
    "Refuses every write of the harness surface.",
)
.nearby(Nearby::Forbids);
const SKIP_ELICITATION: Setting = Setting::new(
    "harness.skip_elicitation",
    "HARNESS_SKIP_ELICITATION",
    "true or false",
    "The older way to write HARNESS_AUTO_APPROVE_RISK=all.",
)
.nearby(Nearby::BesideKey);
const AUTO_APPROVE: Setting = Setting::new(
    "harness.auto_approve",
    "HARNESS_AUTO_APPROVE_RISK",
    LEVELS,
    "The largest risk that the harness surface runs without a person's approval.",
)
.nearby(Nearby::BesideKey);
const ALLOW_HTTP: Setting = Setting::new(
    "harness.allow_http",
    "HARNESS_ALLOW_HTTP",
    "true or false",
    "Admits addresses without TLS on other machines, for development.",
)
.nearby(Nearby::BesideKey);

const CA_FILE: Setting = Setting::new(
    "harness.ca_file",
    "HARNESS_CA_FILE",
    "a PEM file",
    "Certificate authorities to trust beside the well-known ones, for an installation of your own.",
)
.nearby(Nearby::BesideKey);

const FME_BASE_URL: Setting = Setting::new(
    "harness.fme_base_url",
    "HARNESS_FME_BASE_URL",
    "a web address",
    "Where feature flags are that did not move into Harness.",
)
.nearby(Nearby::BesideKey);
const FME_API_KEY: Setting = Setting::new(
    "harness.fme_api_key",
    "HARNESS_FME_API_KEY",
    "an API key",
    "The credential for them, if it is not HARNESS_API_KEY.",
)
.secret();

const SHARED_TOKEN: Setting = Setting::new(
    "harness.shared_token",
    "HARNESS_MCP_AUTH_TOKEN",
    "at least 16 characters",
    "A bearer token that all clients share; it is good for Harness alone. API keys say who calls.",
)
.secret()
.nearby(Nearby::BesideKey);

/// A directory could let it write to any file of the user's.
const AUDIT_FILE: Setting = Setting::new(
    "harness.audit_file",
    "HARNESS_AUDIT_FILE",
    "a file",
    "Gets a JSON line for each call of Harness, beside the audit trail in the database.",
)
.nearby(Nearby::Never);

/// What somebody else's address must not get.
pub(super) const KEYS: [&Setting; 2] = [&API_KEY, &FME_API_KEY];

/// What clients that start the program write into their files: no secrets, and no approvals, which
/// an operator gives where the program is configured.
pub(crate) fn for_clients() -> impl Iterator<Item = &'static Setting> {
    let approvals = [SKIP_ELICITATION.key, AUTO_APPROVE.key];
    GROUP.settings.iter().copied().filter(move |it| !it.secret && !approvals.contains(&it.key))
}

/// A shorter one could be guessed.
const LEAST_TOKEN: usize = 16;

pub(super) static GROUP: Group = Group {
    title: "Harness",
    about: "The names of the server that the harness surface replaces, and the account it connects \
            to. Without HARNESS_API_KEY there is no Harness.",
    settings: &[
        &API_KEY,
        &ACCOUNT_ID,
        &BASE_URL,
        &ORG,
        &PROJECT,
        &TIMEOUT,
        &MAX_RETRIES,
        &REQUESTS_PER_SECOND,
        &TOOLSETS,
        &READ_ONLY,
        &SKIP_ELICITATION,
        &AUTO_APPROVE,
        &ALLOW_HTTP,
        &CA_FILE,
        &FME_BASE_URL,
        &FME_API_KEY,
        &SHARED_TOKEN,
        &AUDIT_FILE,
    ],
};

impl Harness {
    pub(super) fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let text = |text: &str| Some(text.to_owned());
        let api_key = reader.optional(&API_KEY, parse::secret);
        let account_id = reader.optional(&ACCOUNT_ID, text);
        let allow_http = reader.required(&ALLOW_HTTP, parse::flag);
        let base_url = reader.required(&BASE_URL, parse::web_address);
        let fme_base_url = reader.required(&FME_BASE_URL, parse::web_address);
        let certificate_authority = certificate::authority(reader, &CA_FILE);
        let fme_api_key = reader.optional(&FME_API_KEY, parse::secret);
        let org = reader.required(&ORG, text);
        let project = reader.optional(&PROJECT, text);
        let timeout = reader.required(&TIMEOUT, parse::duration_in_millis);
        let max_retries = reader
            .required(&MAX_RETRIES, |text| parse::count(text).filter(|retries| *retries <= 10));
        let requests_per_second = reader.required(&REQUESTS_PER_SECOND, parse::positive);
        let toolsets = reader.required(&TOOLSETS, |text| Some(parse::words(text)));
        let read_only = reader.required(&READ_ONLY, parse::flag);
        let skip = reader.required(&SKIP_ELICITATION, parse::flag);
        let long = |text: &str| parse::secret(text).filter(|_| text.len() >= LEAST_TOKEN);
        let shared_token = reader.optional(&SHARED_TOKEN, long);
        let audit_file = reader.optional(&AUDIT_FILE, parse::path);
        let auto_approve = reader.required(&AUTO_APPROVE, |text| text.parse().ok());
        Some(Self {
            api_key,
            account_id,
            base_url: base_url?,
            allow_http: allow_http?,
            certificate_authority,
            fme_base_url: fme_base_url?,
            fme_api_key,
            org: org?,
            project,
            timeout: timeout?,
            max_retries: max_retries?,
            requests_per_second: requests_per_second?,
            toolsets: toolsets?,
            read_only: read_only?,
            auto_approve: if skip? { AutoApprove::All } else { auto_approve? },
            shared_token,
            audit_file,
        })
    }

    /// The practice server at `url` instead of any account.
    pub(super) fn for_practice(self, url: &str) -> Result<Self, Error> {
        let url = Url::parse(url).map_err(Error::internal)?;
        Ok(Self {
            api_key: Some(SecretString::from(practice::API_KEY)),
            account_id: None,
            base_url: url.clone(),
            fme_base_url: url,
            fme_api_key: None,
            certificate_authority: None,
            org: practice::ORG.to_owned(),
            project: Some(practice::PROJECT.to_owned()),
            toolsets: Vec::new(),
            read_only: false,
            auto_approve: AutoApprove::default(),
            shared_token: None,
            audit_file: None,
            ..self
        })
    }

    /// The account to connect to, if there is a key for one.
    pub fn remote(&self) -> Option<HarnessConfig> {
        Some(HarnessConfig {
            account_id: self.account_id.clone(),
            base_url: self.base_url.to_string(),
            org_id: Some(self.org.clone()),
            project_id: self.project.clone(),
            timeout: self.timeout,
            retries: self.max_retries as usize,
            rate: self.requests_per_second,
            fme_base_url: self.fme_base_url.to_string(),
            fme_api_key: self.fme_api_key.clone(),
            certificate_authority: self.certificate_authority.clone(),
            allow_plaintext: self.allow_http,
            ..HarnessConfig::new(self.api_key.clone()?)
        })
    }
}
