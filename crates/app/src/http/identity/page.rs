//! The pages, rendered on the server. Those that must be current ask for themselves again with
//! htmx, which is served beside them; the others hold no script, and their headers allow none.

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use minijinja::{Environment, Value, context};
use pilothouse_model::Error;

const TEMPLATES: [(&str, &str); 6] = [
    ("layout.html", include_str!("../../../pages/layout.html")),
    ("sign-in.html", include_str!("../../../pages/sign-in.html")),
    ("setup.html", include_str!("../../../pages/setup.html")),
    ("consent.html", include_str!("../../../pages/consent.html")),
    ("console.html", include_str!("../../../pages/console.html")),
    ("message.html", include_str!("../../../pages/message.html")),
];
/// Those that keep themselves current.
const LIVE: [&str; 1] = ["console.html"];
const STYLE: &str = include_str!("../../../pages/style.css");
/// htmx 2.0.11, as npm has it; its licence is beside it.
const HTMX: &str = include_str!("../../../pages/htmx.min.js");

pub(super) struct Pages(Environment<'static>);

impl Pages {
    pub(super) fn new() -> Result<Self, Error> {
        let mut environment = Environment::new();
        environment.add_filter("sentence", sentence);
        for (name, text) in TEMPLATES {
            environment.add_template(name, text).map_err(Error::internal)?;
        }
        Ok(Self(environment))
    }

    /// A page whose forms may lead to us, and by a redirect to `beyond`.
    pub(super) fn show(
        &self,
        status: StatusCode,
        name: &str,
        values: Value,
        beyond: &str,
    ) -> Response {
        let rendered = self.0.get_template(name).and_then(|template| template.render(values));
        match rendered {
            Ok(text) => guarded(status, text, beyond, LIVE.contains(&name)),
            Err(error) => {
                tracing::error!(%error, page = name, "a page could not be rendered");
                StatusCode::INTERNAL_SERVER_ERROR.into_response()
            }
        }
    }

    /// A page that only says something.
    pub(super) fn message(&self, status: StatusCode, title: &str, text: &str) -> Response {
        self.show(status, "message.html", context! { title => title, text => text }, "")
    }
}

/// An error's message as a page says it: errors begin in lower case and end without a full stop.
fn sentence(message: &str) -> String {
    let mut rest = message.chars();
    let first = rest.next().into_iter().flat_map(char::to_uppercase);
    let stop = if message.ends_with(['.', '!', '?']) { "" } else { "." };
    first.chain(rest).chain(stop.chars()).collect()
}

fn guarded(status: StatusCode, text: String, beyond: &str, live: bool) -> Response {
    let script = if live { "script-src 'self'; connect-src 'self'; " } else { "" };
    let policy = format!(
        "default-src 'none'; style-src 'self'; {script}form-action 'self' {beyond}; \
         frame-ancestors 'none'; base-uri 'none'"
    );
    let mut response = (status, text).into_response();
    let headers = response.headers_mut();
    if let Ok(policy) = HeaderValue::try_from(policy) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    for (name, value) in [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        // Browsers send `Origin: null` with forms under a stricter one.
        (header::REFERRER_POLICY, "same-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

pub(super) async fn style() -> Response {
    let kind = [(header::CONTENT_TYPE, "text/css"), (header::CACHE_CONTROL, "max-age=3600")];
    (kind, STYLE).into_response()
}

pub(super) async fn htmx() -> Response {
    let kind = [(header::CONTENT_TYPE, "text/javascript"), (header::CACHE_CONTROL, "max-age=3600")];
    (kind, HTMX).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_live_pages_may_run_our_script() {
        let pages = Pages::new().unwrap();
        for (name, live) in [("console.html", true), ("consent.html", false)] {
            let page = pages.show(StatusCode::OK, name, context! { title => "T" }, "");
            let policy = page.headers()[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
            assert_eq!(policy.contains("script-src 'self'"), live, "{name}: {policy}");
            assert!(!policy.contains("unsafe"), "{name}: {policy}");
        }
    }

    #[test]
    fn a_message_is_shown_as_a_sentence_and_never_as_markup() {
        let pages = Pages::new().unwrap();
        for (text, shown) in [
            ("this client is not known", "<p>This client is not known.</p>"),
            ("Go back. Try again?", "<p>Go back. Try again?</p>"),
            ("no <b> here", "<p>No &lt;b&gt; here.</p>"),
        ] {
            let template = pages.0.get_template("message.html").unwrap();
            let page = template.render(context! { title => "T", text => text }).unwrap();
            assert!(page.contains(shown), "{page}");
        }
    }
}
