//! GitHub tokens as credentials, and what makes roles of a login.

use std::path::PathBuf;

use url::Url;

use super::{
    parse,
    reader::Reader,
    setting::{Group, Setting},
};

#[derive(Clone, Debug)]
pub struct GitHub {
    /// Whether GitHub tokens are accepted at all.
    pub tokens: bool,
    pub api_url: Url,
    /// A clone of the repository whose tenants say who may do what.
    pub repository: Option<PathBuf>,
    /// Logins that may do everything that a role allows.
    pub admins: Vec<String>,
}

const TOKENS: Setting = Setting::new(
    "github.tokens",
    "PILOTHOUSE_GITHUB_TOKENS",
    "true or false",
    "Accepts GitHub tokens from callers; each is checked with GitHub at least once a minute.",
);
const API_URL: Setting = Setting::new(
    "github.api_url",
    "PILOTHOUSE_GITHUB_API_URL",
    "a web address",
    "GitHub's API; of GitHub Enterprise it is https://HOST/api/v3.",
);
const REPOSITORY: Setting = Setting::new(
    "github.gitops_repository",
    "PILOTHOUSE_GITOPS_REPOSITORY",
    "a directory",
    "A clone of the GitOps repository: members of its tenants get roles on mctl:TENANT.",
);
const ADMINS: Setting = Setting::new(
    "github.admins",
    "PILOTHOUSE_GITHUB_ADMINS",
    "GitHub logins, separated by commas",
    "Owners of everything, beside the members of the tenant admins.",
);

pub(super) static GROUP: Group = Group {
    title: "GitHub",
    about: "Callers who present a GitHub token.",
    settings: &[&TOKENS, &API_URL, &REPOSITORY, &ADMINS],
};

impl GitHub {
    pub(super) fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let tokens = reader.required(&TOKENS, parse::flag);
        let api_url = reader.required(&API_URL, parse::web_address);
        let repository = reader.optional(&REPOSITORY, parse::path);
        let admins = reader.required(&ADMINS, |text| Some(parse::words(text)));
        Some(Self { tokens: tokens?, api_url: api_url?, repository, admins: admins? })
    }
}
