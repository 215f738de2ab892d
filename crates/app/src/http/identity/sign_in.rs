//! Pages for people: sign in, set up the first account, consent, sign out.

use std::sync::Arc;

use axum::{
    body::Bytes,
    extract::{RawQuery, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use minijinja::{Value, context};
use pilothouse_access::{
    oauth::{
        Parameters,
        authorize::{Authorization, Unanswerable},
        document,
    },
    people::{self, SignIn},
};
use pilothouse_model::{Error, Timestamp};
use pilothouse_store::identity::{Account, ClientKind};
use url::{Url, form_urlencoded};

use super::{
    Identity,
    browser::{self, Browser},
    form,
};

type Shared = State<Arc<Identity>>;

/// A request in the middle of a visit of a browser.
struct Visit<'a> {
    identity: &'a Identity,
    headers: &'a HeaderMap,
    browser: Browser,
    now: Timestamp,
}

/// The page that is shown instead of the one that was asked for.
struct Instead(Box<Response>);

type Answer = Result<Response, Instead>;

pub(super) async fn ask(
    State(identity): Shared,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response {
    let query = query.unwrap_or_default();
    let answer = async {
        let visit = Visit::new(&identity, &headers)?;
        let account = visit.account().await?;
        // Nobody makes us ask other servers before they are signed in.
        if account.is_some() || !names_document(&query) {
            let asked = visit.authorization(&query).await?;
            if let Some(account) = account {
                return Ok(visit.consent_page(&asked, &account, &query));
            }
        }
        let next = format!("/oauth/authorize?{query}");
        let next: String = form_urlencoded::byte_serialize(next.as_bytes()).collect();
        Ok(redirect(&format!("/oauth/sign-in?next={next}")))
    };
    either(answer.await)
}

pub(super) async fn answer(State(identity): Shared, headers: HeaderMap, body: Bytes) -> Response {
    let answer = async {
        let visit = Visit::new(&identity, &headers)?;
        let form = visit.form(&body)?;
        let account = visit.account().await?.ok_or_else(|| visit.lost())?;
        let asked = visit.authorization(form.get("request").unwrap_or_default()).await?;
        let issuer = identity.issuer(&headers);
        if form.get("answer") != Some("allow") {
            return Ok(redirect(&asked.refused(issuer)));
        }
        let granted = identity.oauth.consent(&asked, &account, issuer, visit.now).await;
        let to = granted.map_err(|refusal| visit.problem(&refusal.description))?;
        Ok(redirect(&to))
    };
    either(answer.await)
}

pub(super) async fn show(
    State(identity): Shared,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response {
    let answer = async {
        let visit = Visit::new(&identity, &headers)?;
        let query = form::parameters(query.unwrap_or_default().as_bytes()).unwrap_or_default();
        let next = local(query.get("next"));
        if let Some(account) = visit.account().await? {
            if !next.is_empty() {
                return Ok(redirect(&next));
            }
            let text = format!("You are signed in as {}.", account.name);
            let values =
                context! { title => "Signed in", text => text, csrf => visit.browser.csrf() };
            return Ok(visit.page(StatusCode::OK, "message.html", values, ""));
        }
        Ok(visit.sign_in_page(StatusCode::OK, "", &next, ""))
    };
    either(answer.await)
}

pub(super) async fn enter(State(identity): Shared, headers: HeaderMap, body: Bytes) -> Response {
    let answer = async {
        let visit = Visit::new(&identity, &headers)?;
        let form = visit.form(&body)?;
        let name = form.get("name").unwrap_or_default();
        let password = form.get("password").unwrap_or_default();
        let next = local(form.get("next"));
        let store = &identity.oauth.store;
        let outcome = people::sign_in(store, name, password, visit.now).await;
        match outcome.map_err(|error| visit.failed(&error))? {
            SignIn::Welcome(account) => visit.welcome(&account, &next).await,
            SignIn::Wrong => {
                let problem = "The name or the password is wrong.";
                Ok(visit.sign_in_page(StatusCode::UNAUTHORIZED, problem, &next, name))
            }
            SignIn::Locked { until } => {
                let seconds = until.since(visit.now).as_secs() + 1;
                let problem = format!("Too many attempts. Try again in {seconds} s.");
                Ok(visit.sign_in_page(StatusCode::TOO_MANY_REQUESTS, &problem, &next, name))
            }
        }
    };
    either(answer.await)
}

pub(super) async fn leave(State(identity): Shared, headers: HeaderMap, body: Bytes) -> Response {
    let answer = async {
        let visit = Visit::new(&identity, &headers)?;
        visit.form(&body)?;
        let closed = people::close_session(&identity.oauth.store, &visit.browser.cookie).await;
        closed.map_err(|error| visit.failed(&error))?;
        Ok(identity.pages.message(StatusCode::OK, "Signed out", "You can close this page."))
    };
    either(answer.await)
}

pub(super) async fn setup(
    State(identity): Shared,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response {
    let answer = async {
        let visit = Visit::new(&identity, &headers)?;
        let query = form::parameters(query.unwrap_or_default().as_bytes()).unwrap_or_default();
        let secret = query.get("secret").unwrap_or_default();
        let open = people::setup_is_open(&identity.oauth.store, secret, visit.now).await;
        if !open.map_err(|error| visit.failed(&error))? {
            let text = "This link is not valid any more. A restart of the server prints another \
                        one, as long as there is no account.";
            let page = identity.pages.message(StatusCode::FORBIDDEN, "Too late", text);
            return Err(Instead::of(page));
        }
        Ok(visit.setup_page(StatusCode::OK, "", secret, ""))
    };
    either(answer.await)
}

pub(super) async fn set_up(State(identity): Shared, headers: HeaderMap, body: Bytes) -> Response {
    let answer = async {
        let visit = Visit::new(&identity, &headers)?;
        let form = visit.form(&body)?;
        let secret = form.get("secret").unwrap_or_default();
        let name = form.get("name").unwrap_or_default();
        let password = form.get("password").unwrap_or_default();
        let store = &identity.oauth.store;
        match people::set_up(store, secret, name, password, visit.now).await {
            Ok(account) => visit.welcome(&account, "").await,
            Err(error) => {
                let problem = error.to_string();
                Ok(visit.setup_page(StatusCode::BAD_REQUEST, &problem, secret, name))
            }
        }
    };
    either(answer.await)
}

impl<'a> Visit<'a> {
    fn new(identity: &'a Identity, headers: &'a HeaderMap) -> Result<Self, Instead> {
        let browser = Browser::of(headers, identity.site().is_secure());
        let failed = |_| Instead::of(StatusCode::INTERNAL_SERVER_ERROR.into_response());
        Ok(Self { identity, headers, browser: browser.map_err(failed)?, now: Timestamp::now() })
    }

    /// A form of ours; one of another site, or of a page from before a sign-in, is refused.
    fn form(&self, body: &[u8]) -> Result<Parameters, Instead> {
        let form =
            form::body(self.headers, body).map_err(|refusal| self.problem(&refusal.description))?;
        if self.browser.sent(&form) { Ok(form) } else { Err(self.lost()) }
    }

    async fn account(&self) -> Result<Option<Account>, Instead> {
        let store = &self.identity.oauth.store;
        let found = people::session(store, &self.browser.cookie, self.now).await;
        found.map_err(|error| self.failed(&error))
    }

    async fn authorization(&self, query: &str) -> Result<Authorization, Instead> {
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
    async fn welcome(&self, account: &Account, next: &str) -> Answer {
        let opened = people::open_session(&self.identity.oauth.store, account, self.now).await;
        let cookie = opened.map_err(|error| self.failed(&error))?;
        let mut response = redirect(if next.is_empty() { "/oauth/sign-in" } else { next });
        browser::set(response.headers_mut(), &cookie, self.identity.site().is_secure());
        Ok(response)
    }

    fn consent_page(&self, asked: &Authorization, account: &Account, query: &str) -> Response {
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

    fn sign_in_page(&self, status: StatusCode, problem: &str, next: &str, name: &str) -> Response {
        let values = context! {
            title => "Sign in",
            csrf => self.browser.csrf(),
            problem => problem,
            next => next,
            name => name,
        };
        self.page(status, "sign-in.html", values, "")
    }

    fn setup_page(&self, status: StatusCode, problem: &str, secret: &str, name: &str) -> Response {
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

    fn page(&self, status: StatusCode, name: &str, values: Value, beyond: &str) -> Response {
        let mut response = self.identity.pages.show(status, name, values, beyond);
        self.browser.introduce(response.headers_mut(), self.identity.site().is_secure());
        response
    }

    fn lost(&self) -> Instead {
        let text = "The form does not belong to this browser's session. Go back, reload the page \
                    and try again.";
        Instead::of(self.identity.pages.message(StatusCode::FORBIDDEN, "Please try again", text))
    }

    fn problem(&self, text: &str) -> Instead {
        Instead::of(self.identity.pages.message(
            StatusCode::BAD_REQUEST,
            "This does not work",
            text,
        ))
    }

    fn failed(&self, error: &Error) -> Instead {
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
    fn of(page: Response) -> Self {
        Self(Box::new(page))
    }
}

fn either(answer: Answer) -> Response {
    answer.unwrap_or_else(|instead| *instead.0)
}

fn redirect(to: &str) -> Response {
    let headers = [(header::LOCATION, to), (header::CACHE_CONTROL, "no-store")];
    (StatusCode::SEE_OTHER, headers).into_response()
}

/// Whether a request comes from a client that is described elsewhere.
fn names_document(query: &str) -> bool {
    form::parameters(query.as_bytes())
        .is_ok_and(|parameters| parameters.get("client_id").is_some_and(document::is_address))
}

/// A page of ours to go to; anything else is nothing.
fn local(next: Option<&str>) -> String {
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
