//! A browser in the middle of a visit: who it belongs to, the pages that it is shown, and what
//! happens instead when something is wrong.

use axum::{
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use minijinja::{Value, context};
use pilothouse_access::{
    oauth::{
        Parameters,
        authorize::{Authorization, Unanswerable},
    },
    people,
};
use pilothouse_model::{Error, Timestamp};
use pilothouse_store::identity::{Account, ClientKind};
use url::{Url, form_urlencoded};

use super::{
    Identity,
    browser::{self, Browser},
    form,
};

/// Where people land who wanted nothing in particular.
pub(super) const CONSOLE: &str = "/console";

/// A request in the middle of a visit of a browser.
pub(super) struct Visit<'a> {
    pub(super) identity: &'a Identity,
    pub(super) headers: &'a HeaderMap,
    pub(super) browser: Browser,
    pub(super) now: Timestamp,
}

/// The page that is shown instead of the one that was asked for.
pub(super) struct Instead(Box<Response>);

pub(super) type Answer = Result<Response, Instead>;

impl<'a> Visit<'a> {
    pub(super) fn new(identity: &'a Identity, headers: &'a HeaderMap) -> Result<Self, Instead> {
        let browser = Browser::of(headers, identity.site().is_secure());
        let failed = |_| Instead::of(StatusCode::INTERNAL_SERVER_ERROR.into_response());
        Ok(Self { identity, headers, browser: browser.map_err(failed)?, now: Timestamp::now() })
    }

    /// A form of ours; one of another site, or of a page from before a sign-in, is refused.
    pub(super) fn form(&self, body: &[u8]) -> Result<Parameters, Instead> {
        let form =
            form::body(self.headers, body).map_err(|refusal| self.problem(&refusal.description))?;
        if self.browser.sent(&form) { Ok(form) } else { Err(self.lost()) }
    }

    pub(super) async fn account(&self) -> Result<Option<Account>, Instead> {
        let store = &self.identity.oauth.store;
        let found = people::session(store, &self.browser.cookie, self.now).await;
        found.map_err(|error| self.failed(&error))
    }

    pub(super) async fn authorization(&self, query: &str) -> Result<Authorization, Instead> {
        let parameters = form::parameters(query.as_bytes())
            .map_err(|refusal| self.problem(&refusal.description))?;
        let issuer = self.identity.issuer(self.headers);
        let asked = self.identity.oauth.authorization(&parameters, issuer, self.now).await;
        asked.map_err(|unanswerable| match unanswerable {
            Unanswerable::Shown(refusal) => self.problem(&refusal.description),
            Unanswerable::Redirected(to) => Instead::of(redirect(&to)),
        })
    }

    /// Starts a session under a new cookie, and goes on.
    pub(super) async fn welcome(&self, account: &Account, next: &str) -> Answer {
        let opened = people::open_session(&self.identity.oauth.store, account, self.now).await;
        let cookie = opened.map_err(|error| self.failed(&error))?;
        let mut response = redirect(if next.is_empty() { CONSOLE } else { next });
        browser::set(response.headers_mut(), &cookie, self.identity.site().is_secure());
        Ok(response)
    }

    pub(super) fn consent_page(
        &self,
        asked: &Authorization,
        account: &Account,
        query: &str,
    ) -> Response {
        let scopes: Vec<Value> = asked
            .scopes
            .meanings()
            .map(|(name, meaning)| context! { name => name, meaning => meaning })
            .collect();
        let space = asked.resource.split_once("/mcp/spaces/").map(|(_, space)| space);
        let values = context! {
            title => "Allow access?",
            csrf => self.browser.csrf(),
            request => query,
            client => asked.client.metadata.client_name.as_str(),
            unverified => asked.client.kind == ClientKind::Dynamic,
            described => (asked.client.kind == ClientKind::Document).then_some(&asked.client.id),
            local => asked.client.is_local(),
            account => account.name.as_str(),
            scopes => scopes,
            resource => asked.resource.as_str(),
            spaces => space.unwrap_or("all that you may use"),
            redirect => asked.redirect_uri.as_str(),
        };
        self.page(StatusCode::OK, "consent.html", values, &origin(&asked.redirect_uri))
    }

    pub(super) fn sign_in_page(
        &self,
        status: StatusCode,
        problem: &str,
        next: &str,
        name: &str,
    ) -> Response {
        let to: String = form_urlencoded::byte_serialize(next.as_bytes()).collect();
        let providers: Vec<Value> = self
            .identity
            .providers
            .all
            .iter()
            .map(|provider| {
                let to = format!("/oauth/external/{}?next={to}", provider.name);
                context! { label => &provider.label, to => to }
            })
            .collect();
        let values = context! {
            title => "Sign in",
            csrf => self.browser.csrf(),
            problem => problem,
            next => next,
            name => name,
            providers => providers,
        };
        self.page(status, "sign-in.html", values, "")
    }

    pub(super) fn setup_page(
        &self,
        status: StatusCode,
        problem: &str,
        secret: &str,
        name: &str,
    ) -> Response {
        let values = context! {
            title => "Welcome",
            csrf => self.browser.csrf(),
            problem => problem,
            secret => secret,
            name => name,
            shortest => people::SHORTEST,
        };
        self.page(status, "setup.html", values, "")
    }

    pub(super) fn page(
        &self,
        status: StatusCode,
        name: &str,
        values: Value,
        beyond: &str,
    ) -> Response {
        self.introduced(self.identity.pages.show(status, name, values, beyond))
    }

    /// An answer that is no page of ours, with the browser's cookie.
    pub(super) fn introduced(&self, mut response: Response) -> Response {
        self.browser.introduce(response.headers_mut(), self.identity.site().is_secure());
        response
    }

    pub(super) fn lost(&self) -> Instead {
        let text = "The form does not belong to this browser's session. Go back, reload the page \
                    and try again.";
        Instead::of(self.identity.pages.message(StatusCode::FORBIDDEN, "Please try again", text))
    }

    pub(super) fn problem(&self, text: &str) -> Instead {
        Instead::of(self.identity.pages.message(
            StatusCode::BAD_REQUEST,
            "This does not work",
            text,
        ))
    }

    pub(super) fn failed(&self, error: &Error) -> Instead {
        tracing::error!(%error, source = ?error.source, "a page failed");
        let status = StatusCode::SERVICE_UNAVAILABLE;
        Instead::of(self.identity.pages.message(
            status,
            "Not now",
            "Something failed here; try again soon.",
        ))
    }
}

impl Instead {
    pub(super) fn of(page: Response) -> Self {
        Self(Box::new(page))
    }
}

pub(super) fn either(answer: Answer) -> Response {
    answer.unwrap_or_else(|instead| *instead.0)
}

pub(super) fn redirect(to: &str) -> Response {
    let headers = [(header::LOCATION, to), (header::CACHE_CONTROL, "no-store")];
    (StatusCode::SEE_OTHER, headers).into_response()
}

/// A page of ours to go to; anything else is nothing.
pub(super) fn local(next: Option<&str>) -> String {
    next.filter(|next| next.starts_with("/oauth/authorize?")).unwrap_or_default().to_owned()
}

/// Where a consent leads, as a content security policy names it.
fn origin(uri: &str) -> String {
    let Ok(url) = Url::parse(uri) else { return String::new() };
    match url.scheme() {
        "http" | "https" => url.origin().ascii_serialization(),
        scheme => format!("{scheme}:"),
    }
}
