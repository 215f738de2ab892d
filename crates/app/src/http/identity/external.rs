//! Signing in by way of a provider that the operator trusts: there, and back.

use std::sync::Arc;

use axum::{
    extract::{Path, RawQuery, State},
    http::HeaderMap,
    response::Response,
};
use pilothouse_access::{external, oauth::Parameters};
use pilothouse_model::{Error, Kind};

use super::{
    Identity, form,
    visit::{Answer, Instead, Visit, either, local, redirect},
};
use crate::web::provider::{Arrival, Provider};

pub(super) async fn depart(
    State(identity): State<Arc<Identity>>,
    Path(name): Path<String>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response {
    let answer = async {
        let visit = Visit::new(&identity, &headers)?;
        let provider = provider(&visit, &name)?;
        let query = parameters(query);
        let next = local(query.get("next"));
        let base = identity.issuer(&headers);
        let store = &identity.oauth.store;
        let cookie = &visit.browser.cookie;
        let left = async {
            let journey =
                external::depart(store, provider.name, cookie, (base, &next), visit.now).await?;
            let callback = callback(base, provider);
            identity.providers.departure(provider, &journey, &callback).await
        };
        let url = left.await.map_err(|error| refused(&visit, provider, &error))?;
        Ok(visit.introduced(redirect(url.as_str())))
    };
    either(answer.await)
}

pub(super) async fn arrive(
    State(identity): State<Arc<Identity>>,
    Path(name): Path<String>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response {
    let visit = match Visit::new(&identity, &headers) {
        Ok(visit) => visit,
        Err(instead) => return either(Err(instead)),
    };
    either(arrived(&identity, &visit, &name, &parameters(query)).await)
}

async fn arrived(identity: &Identity, visit: &Visit<'_>, name: &str, query: &Parameters) -> Answer {
    let provider = provider(visit, name)?;
    let store = &identity.oauth.store;
    let entered = async {
        let state = query.get("state").unwrap_or_default();
        let cookie = &visit.browser.cookie;
        let kept = external::arrive(store, provider.name, cookie, state, visit.now).await?;
        let Some(code) = query.get("code") else {
            return Err(Error::forbidden("the provider did not let you in"));
        };
        let callback = callback(&kept.base, provider);
        let arrival = Arrival { code, callback: &callback, kept: &kept };
        let vouched = identity.providers.vouched(provider, arrival, visit.now).await?;
        let admission = &identity.providers.admission;
        Ok((external::enter(store, &vouched, admission, visit.now).await?, kept.next))
    };
    match entered.await {
        Ok((account, next)) => visit.welcome(&account, &next).await,
        Err(error) => Err(refused(visit, provider, &error)),
    }
}

fn provider<'a>(visit: &Visit<'a>, name: &str) -> Result<&'a Provider, Instead> {
    let found = visit.identity.providers.named(name);
    found.ok_or_else(|| visit.problem("There is no such way to sign in."))
}

fn parameters(query: Option<String>) -> Parameters {
    form::parameters(query.unwrap_or_default().as_bytes()).unwrap_or_default()
}

/// Registered at the provider by the operator.
fn callback(base: &str, provider: &Provider) -> String {
    format!("{base}/oauth/external/{}/callback", provider.name)
}

/// People see what they can do something about; the rest is for the log.
fn refused(visit: &Visit<'_>, provider: &Provider, error: &Error) -> Instead {
    let label = &provider.label;
    match error.kind {
        Kind::Forbidden | Kind::Conflict | Kind::Invalid => {
            visit.problem(&format!("Signing in with {label}: {}.", error.message))
        }
        _ => visit.failed(error),
    }
}
