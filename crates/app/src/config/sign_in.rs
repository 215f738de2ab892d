//! How people and clients prove who they are, beside accounts of our own.

use pilothouse_access::{external::Admission, oauth::document::Reach};
use secrecy::SecretString;
use url::Url;

use super::{
    parse,
    reader::Reader,
    server::Server,
    setting::{Group, Setting},
};

#[derive(Clone, Debug)]
pub struct SignIn {
    /// Where clients may describe themselves; `None` takes no such client.
    pub client_documents: Option<Reach>,
    pub openid: Option<OpenIdProvider>,
    pub github: Option<GitHubProvider>,
    /// Who gets an account when one of these vouches for them.
    pub accounts: Admission,
}

#[derive(Clone, Debug)]
pub struct OpenIdProvider {
    /// As the provider itself writes it.
    pub issuer: String,
    pub client_id: String,
    pub client_secret: Option<SecretString>,
    pub label: String,
}

#[derive(Clone, Debug)]
pub struct GitHubProvider {
    pub url: Url,
    pub api_url: Url,
    pub client_id: String,
    pub client_secret: SecretString,
}

const CLIENT_DOCUMENTS: Setting = Setting::new(
    "sign_in.client_documents",
    "PILOTHOUSE_CLIENT_DOCUMENTS",
    "public, off or loopback",
    "Whether OAuth clients may be known by the address of a document about them. `loopback` also \
     takes documents from this machine over plain http, for those who develop a client; it is \
     refused unless `serve` is reachable from this machine only.",
);
const OPENID_ISSUER: Setting = Setting::new(
    "sign_in.openid_issuer",
    "PILOTHOUSE_OPENID_ISSUER",
    "an https address, exactly as the provider writes it",
    "An OpenID provider that people may sign in with. Register there the address \
     `/oauth/external/openid/callback` of this server.",
);
const OPENID_CLIENT_ID: Setting = Setting::new(
    "sign_in.openid_client_id",
    "PILOTHOUSE_OPENID_CLIENT_ID",
    "a client id",
    "Our id at the OpenID provider.",
);
const OPENID_CLIENT_SECRET: Setting = Setting::new(
    "sign_in.openid_client_secret",
    "PILOTHOUSE_OPENID_CLIENT_SECRET",
    "a client secret",
    "Our secret at the OpenID provider; public clients have none.",
)
.secret();
const OPENID_LABEL: Setting = Setting::new(
    "sign_in.openid_label",
    "PILOTHOUSE_OPENID_LABEL",
    "up to 40 characters",
    "What people call the OpenID provider.",
);
const GITHUB_CLIENT_ID: Setting = Setting::new(
    "sign_in.github_client_id",
    "PILOTHOUSE_GITHUB_SIGN_IN_CLIENT_ID",
    "the client id of an OAuth app",
    "Lets people sign in with GitHub. The app's callback address is \
     `/oauth/external/github/callback` of this server.",
);
const GITHUB_CLIENT_SECRET: Setting = Setting::new(
    "sign_in.github_client_secret",
    "PILOTHOUSE_GITHUB_SIGN_IN_CLIENT_SECRET",
    "the client secret of that app",
    "Proves to GitHub that we are that app.",
)
.secret();
const GITHUB_URL: Setting = Setting::new(
    "sign_in.github_url",
    "PILOTHOUSE_GITHUB_SIGN_IN_URL",
    "an https address, for instance https://github.com",
    "Where people sign in to GitHub.",
);
const GITHUB_API_URL: Setting = Setting::new(
    "sign_in.github_api_url",
    "PILOTHOUSE_GITHUB_SIGN_IN_API_URL",
    "an https address, for instance https://api.github.com",
    "Where that GitHub is asked who signed in.",
);
const ACCOUNTS: Setting = Setting::new(
    "sign_in.accounts",
    "PILOTHOUSE_SIGN_IN_ACCOUNTS",
    "kim@example.com, @example.com, login:kim or *, separated by commas",
    "Who gets an account when a provider vouches for them: a verified address, a domain, a login \
     at GitHub, or everybody whom the provider knows. Nobody by default.",
);

pub(super) static GROUP: Group = Group {
    title: "Signing in",
    about: "How people and clients prove who they are, beside accounts of our own.",
    settings: &[
        &CLIENT_DOCUMENTS,
        &OPENID_ISSUER,
        &OPENID_CLIENT_ID,
        &OPENID_CLIENT_SECRET,
        &OPENID_LABEL,
        &GITHUB_CLIENT_ID,
        &GITHUB_CLIENT_SECRET,
        &GITHUB_URL,
        &GITHUB_API_URL,
        &ACCOUNTS,
    ],
};

const LONGEST_LABEL: usize = 40;

impl SignIn {
    pub(super) fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let client_documents = reader.required(&CLIENT_DOCUMENTS, reach);
        let openid = openid(reader);
        let github = github(reader);
        let accounts = reader.required(&ACCOUNTS, |text| Admission::parse(&parse::words(text)));
        Some(Self { client_documents: client_documents?, openid, github, accounts: accounts? })
    }

    /// What must not be combined with how we are reached.
    pub(super) fn check(&self, server: &Server, reader: &mut Reader<'_>) {
        let private =
            server.listen.ip().is_loopback() && !server.behind_proxy && server.public_url.is_none();
        if self.client_documents == Some(Reach::Loopback) && !private {
            reader.problems.add(format!(
                "{} is loopback, which is for development; others can reach this server, so it \
                 must be public or off",
                CLIENT_DOCUMENTS.variable
            ));
        }
    }
}

fn openid(reader: &mut Reader<'_>) -> Option<OpenIdProvider> {
    let issuer = reader.optional(&OPENID_ISSUER, |text| safe(text).map(|_| text.to_owned()));
    let client_id = reader.optional(&OPENID_CLIENT_ID, word);
    let client_secret = reader.optional(&OPENID_CLIENT_SECRET, parse::secret);
    let label = reader.required(&OPENID_LABEL, |text| {
        (1..=LONGEST_LABEL).contains(&text.chars().count()).then(|| text.to_owned())
    });
    together(
        reader,
        [(&OPENID_ISSUER, issuer.is_some()), (&OPENID_CLIENT_ID, client_id.is_some())],
    );
    Some(OpenIdProvider { issuer: issuer?, client_id: client_id?, client_secret, label: label? })
}

fn github(reader: &mut Reader<'_>) -> Option<GitHubProvider> {
    let client_id = reader.optional(&GITHUB_CLIENT_ID, word);
    let client_secret = reader.optional(&GITHUB_CLIENT_SECRET, parse::secret);
    let url = reader.required(&GITHUB_URL, safe);
    let api_url = reader.required(&GITHUB_API_URL, safe);
    let given = [
        (&GITHUB_CLIENT_ID, client_id.is_some()),
        (&GITHUB_CLIENT_SECRET, client_secret.is_some()),
    ];
    together(reader, given);
    Some(GitHubProvider {
        url: url?,
        api_url: api_url?,
        client_id: client_id?,
        client_secret: client_secret?,
    })
}

/// Settings that make sense with each other only.
fn together(reader: &mut Reader<'_>, [one, other]: [(&Setting, bool); 2]) {
    if one.1 != other.1 {
        let (given, missing) = if one.1 { (one.0, other.0) } else { (other.0, one.0) };
        let text = format!("{} is not set, but {} is", missing.variable, given.variable);
        reader.problems.add(text);
    }
}

/// An address that secrets may be sent to: https, or this machine.
fn safe(text: &str) -> Option<Url> {
    parse::web_address(text).filter(|url| {
        let local = matches!(url.host_str(), Some("127.0.0.1" | "[::1]" | "localhost"));
        (url.scheme() == "https" || local) && url.query().is_none() && url.fragment().is_none()
    })
}

fn word(text: &str) -> Option<String> {
    let fits = !text.is_empty() && text.chars().all(|c| c.is_ascii_graphic());
    fits.then(|| text.to_owned())
}

#[expect(clippy::option_option, reason = "the outer one says whether the text is valid")]
fn reach(text: &str) -> Option<Option<Reach>> {
    match text {
        "public" => Some(Some(Reach::Public)),
        "loopback" => Some(Some(Reach::Loopback)),
        "off" => Some(None),
        _ => None,
    }
}
