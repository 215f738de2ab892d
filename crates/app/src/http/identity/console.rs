//! Where people land who are signed in: who they are, and what will need them soon.

use std::sync::Arc;

use axum::{
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse as _, Response},
};
use minijinja::{Value, context};
use pilothouse_access::{
    Action, Place, Policy, Verdict, decide, people,
    service_account::notice::{self, Ending},
};
use pilothouse_model::{Caller, Error, Namespace, Risk};
use pilothouse_store::identity::Account;

use super::{
    Identity,
    visit::{Visit, either, redirect},
};

/// What somebody must be allowed to do with an account to be told of its secrets.
const LOOK: &str = "tharsis.service_account.get";

pub(super) async fn show(State(identity): State<Arc<Identity>>, headers: HeaderMap) -> Response {
    let answer = async {
        let visit = Visit::new(&identity, &headers)?;
        let Some(account) = visit.account().await? else { return Ok(away(&headers)) };
        let endings = endings(&visit, &account).await.map_err(|error| visit.failed(&error))?;
        let values = context! {
            title => "Console",
            account => account.name.as_str(),
            endings => endings,
            csrf => visit.browser.csrf(),
        };
        Ok(visit.page(StatusCode::OK, "console.html", values, ""))
    };
    either(answer.await)
}

/// To signing in; htmx, which follows redirects itself, is told to take the whole page there.
fn away(headers: &HeaderMap) -> Response {
    const SIGN_IN: &str = "/oauth/sign-in";
    if headers.contains_key("hx-request") {
        return [("hx-redirect", SIGN_IN)].into_response();
    }
    redirect(SIGN_IN)
}

/// Secrets that end within a week, of the service accounts that this person may look at.
async fn endings(visit: &Visit<'_>, account: &Account) -> Result<Vec<Value>, Error> {
    let Identity { oauth, directory, policy, .. } = visit.identity;
    let ending = notice::ending(&oauth.store, visit.now).await?;
    let caller = directory.admit(Caller::new(people::principal(account)), visit.now).await?;
    let shown = ending.iter().filter(|ending| may_look(&caller, ending, policy));
    Ok(shown
        .map(|Ending { account, expires_at, .. }| {
            context! { account => account.path(), expires_at => expires_at.to_string() }
        })
        .collect())
}

fn may_look(caller: &Caller, ending: &Ending, policy: &Policy) -> bool {
    let group = Namespace::terraform(&ending.account.group_path);
    let action = Action { operation: LOOK, risk: Risk::Read, place: Place::In(&group) };
    decide(caller, &action, policy).verdict == Verdict::Allow
}
