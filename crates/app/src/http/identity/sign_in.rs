//! Pages for people: sign in, set up the first account, consent, sign out.

use std::{sync::Arc, time::Duration};

use axum::{
    body::Bytes,
    extract::{Extension, RawQuery, State},
    http::{HeaderMap, StatusCode},
    response::Response,
};
use pilothouse_access::{
    Source,
    oauth::{Parameters, document},
    people::{self, SignIn},
};
use pilothouse_model::Kind;
use url::form_urlencoded;

use super::{
    Identity, form,
    visit::{Answer, CONSOLE, Instead, Visit, either, local, redirect},
};

type Shared = State<Arc<Identity>>;

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
        if visit.account().await?.is_some() {
            return Ok(redirect(if next.is_empty() { CONSOLE } else { &next }));
        }
        Ok(visit.sign_in_page(StatusCode::OK, "", &next, ""))
    };
    either(answer.await)
}

pub(super) async fn enter(
    State(identity): Shared,
    source: Option<Extension<Source>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let answer = async {
        let visit = Visit::new(&identity, &headers)?;
        let form = visit.form(&body)?;
        let source = source.map(|Extension(source)| source).unwrap_or_default();
        entered(&visit, &form, &source).await
    };
    either(answer.await)
}

/// The store counts wrong passwords of an account, whoever sends them. Here is counted what comes
/// from one address, whatever accounts it tries.
async fn entered(visit: &Visit<'_>, form: &Parameters, source: &Source) -> Answer {
    let Visit { identity, now, .. } = *visit;
    let name = form.get("name").unwrap_or_default();
    let password = form.get("password").unwrap_or_default();
    let next = local(form.get("next"));
    let locked = |wait: Duration| {
        let problem = format!("Too many attempts. Try again in {} s.", wait.as_secs() + 1);
        Ok(visit.sign_in_page(StatusCode::TOO_MANY_REQUESTS, &problem, &next, name))
    };
    let who = source.presenting("password");
    let begun = match identity.attempts.begin(&who, now) {
        Ok(begun) => begun,
        Err(wait) => return locked(wait),
    };
    let outcome = people::sign_in(&identity.oauth.store, name, password, now).await;
    if !matches!(outcome, Ok(SignIn::Wrong)) {
        identity.attempts.right(&who, begun);
    }
    match outcome {
        Ok(SignIn::Welcome(account)) => visit.welcome(&account, &next).await,
        Ok(SignIn::Wrong) => {
            let problem = "The name or the password is wrong.";
            Ok(visit.sign_in_page(StatusCode::UNAUTHORIZED, problem, &next, name))
        }
        Ok(SignIn::Locked { until }) => locked(until.since(now)),
        Err(error) if error.kind == Kind::Limited => locked(Duration::ZERO),
        Err(error) => Err(visit.failed(&error)),
    }
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
    source: Option<Extension<Source>>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response {
    let answer = async {
        let visit = Visit::new(&identity, &headers)?;
        let query = form::parameters(query.unwrap_or_default().as_bytes()).unwrap_or_default();
        let secret = query.get("secret").unwrap_or_default();
        let who = setting_up(source, &visit)?;
        let open = people::setup_is_open(&identity.oauth.store, secret, visit.now).await;
        if !open.map_err(|error| visit.failed(&error))? {
            identity.attempts.failed(&who, visit.now);
            let text = "This link is not valid any more. A restart of the server prints another \
                        one, as long as there is no account.";
            let page = identity.pages.message(StatusCode::FORBIDDEN, "Too late", text);
            return Err(Instead::of(page));
        }
        Ok(visit.setup_page(StatusCode::OK, "", secret, ""))
    };
    either(answer.await)
}

pub(super) async fn set_up(
    State(identity): Shared,
    source: Option<Extension<Source>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let answer = async {
        let visit = Visit::new(&identity, &headers)?;
        let form = visit.form(&body)?;
        let secret = form.get("secret").unwrap_or_default();
        let name = form.get("name").unwrap_or_default();
        let password = form.get("password").unwrap_or_default();
        let store = &identity.oauth.store;
        let who = setting_up(source, &visit)?;
        match people::set_up(store, secret, name, password, visit.now).await {
            Ok(account) => visit.welcome(&account, "").await,
            Err(error) => {
                if error.kind == Kind::Forbidden {
                    identity.attempts.failed(&who, visit.now);
                }
                let problem = error.to_string();
                Ok(visit.setup_page(StatusCode::BAD_REQUEST, &problem, secret, name))
            }
        }
    };
    either(answer.await)
}

/// Who tries a setup link, unless they tried wrong ones too often.
fn setting_up(source: Option<Extension<Source>>, visit: &Visit<'_>) -> Result<String, Instead> {
    let who = source.map(|Extension(source)| source).unwrap_or_default().presenting("setup");
    let Some(wait) = visit.identity.attempts.wait(&who, visit.now) else { return Ok(who) };
    let text = format!("Try again in {} s.", wait.as_secs() + 1);
    let status = StatusCode::TOO_MANY_REQUESTS;
    Err(Instead::of(visit.identity.pages.message(status, "Too many attempts", &text)))
}

/// Whether a request comes from a client that is described elsewhere.
fn names_document(query: &str) -> bool {
    form::parameters(query.as_bytes())
        .is_ok_and(|parameters| parameters.get("client_id").is_some_and(document::is_address))
}
