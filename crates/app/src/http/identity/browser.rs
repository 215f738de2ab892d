//! A browser and its cookie. Every form carries a token made from the cookie, so that no other site
//! can send one.

use axum::http::{HeaderMap, HeaderValue, header};
use pilothouse_access::{oauth::Parameters, random};

/// One browser. Before a sign-in its cookie is only there to protect forms.
pub(super) struct Browser {
    pub(super) cookie: String,
    fresh: bool,
}

impl Browser {
    /// The browser that sent these headers; a new one gets a cookie.
    pub(super) fn of(headers: &HeaderMap, secure: bool) -> Result<Self, pilothouse_model::Error> {
        let cookies = headers.get_all(header::COOKIE).iter().filter_map(|all| all.to_str().ok());
        let mut pairs =
            cookies.flat_map(|all| all.split(';')).filter_map(|one| one.trim().split_once('='));
        let found = pairs.find(|(own, _)| *own == name(secure));
        match found {
            Some((_, cookie)) if (20..=100).contains(&cookie.len()) => {
                Ok(Self { cookie: cookie.to_owned(), fresh: false })
            }
            _ => Ok(Self { cookie: random::unmarked()?, fresh: true }),
        }
    }

    /// The token that this browser's forms carry.
    pub(super) fn csrf(&self) -> String {
        random::hash(&format!("form\n{}", self.cookie))
    }

    /// Whether a form came from one of our pages in this browser.
    pub(super) fn sent(&self, form: &Parameters) -> bool {
        !self.fresh
            && form
                .get("csrf")
                .is_some_and(|token| random::matches(&format!("form\n{}", self.cookie), token))
    }

    /// Sets the cookie, if the browser does not have it yet.
    pub(super) fn introduce(&self, headers: &mut HeaderMap, secure: bool) {
        if self.fresh {
            set(headers, &self.cookie, secure);
        }
    }
}

/// Gives the browser this cookie, until it is closed.
pub(super) fn set(headers: &mut HeaderMap, cookie: &str, secure: bool) {
    let flag = if secure { "; Secure" } else { "" };
    let text = format!("{}={cookie}; Path=/; HttpOnly; SameSite=Lax{flag}", name(secure));
    if let Ok(value) = HeaderValue::try_from(text) {
        headers.insert(header::SET_COOKIE, value);
    }
}

/// Browsers take the `__Host-` prefix over TLS only, where it keeps siblings of our host out.
fn name(secure: bool) -> &'static str {
    if secure { "__Host-pilothouse" } else { "pilothouse" }
}
