//! The pages, rendered on the server. They hold no script, and their headers allow none.

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
const STYLE: &str = include_str!("../../../pages/style.css");

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
            Ok(text) => guarded(status, text, beyond),
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

fn guarded(status: StatusCode, text: String, beyond: &str) -> Response {
    let policy = format!(
        "default-src 'none'; style-src 'self'; form-action 'self' {beyond}; \
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

#[cfg(test)]
mod tests {
    use super::*;

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
