//! What a connector shows to its platform. It belongs to the instance: the token that a caller
//! showed to Pilothouse is never passed on.

use std::fmt;

use ::http::{HeaderName, HeaderValue};
use pilothouse_model::{Error, Result};
use secrecy::{ExposeSecret, SecretString};

/// Shorter texts are no secrets, and would be found in ordinary words. In bytes.
const MIN_SECRET: usize = 8;

/// The secret of one instance. `Debug` never shows it.
#[derive(Clone, Default)]
pub enum Credential {
    #[default]
    None,
    /// HTTP: `Authorization: Bearer …`. gRPC: metadata `authorization` with the bare token, as
    /// Tharsis reads it.
    Bearer(SecretString),
    /// The value under a header of the platform's choice, in HTTP and in gRPC metadata.
    Header { name: HeaderName, value: SecretString },
}

impl Credential {
    /// The header of an HTTP request, marked sensitive.
    pub(crate) fn http_header(&self) -> Result<Option<(HeaderName, HeaderValue)>> {
        match self {
            Self::None => Ok(None),
            Self::Bearer(token) => {
                let text = format!("Bearer {}", token.expose_secret());
                Ok(Some((::http::header::AUTHORIZATION, sensitive(&text)?)))
            }
            Self::Header { name, value } => {
                Ok(Some((name.clone(), sensitive(value.expose_secret())?)))
            }
        }
    }

    /// The metadata of a gRPC request, marked sensitive.
    pub(crate) fn grpc_metadata(&self) -> Result<Option<(HeaderName, HeaderValue)>> {
        match self {
            Self::Bearer(token) => {
                let value = sensitive(token.expose_secret())?;
                Ok(Some((::http::header::AUTHORIZATION, value)))
            }
            Self::None | Self::Header { .. } => self.http_header(),
        }
    }

    /// Takes the secret out of a text that the platform may have put it into.
    pub(crate) fn conceal(&self, text: &mut String) {
        let (Self::Bearer(secret) | Self::Header { value: secret, .. }) = self else { return };
        let secret = secret.expose_secret();
        if secret.len() >= MIN_SECRET && text.contains(secret) {
            *text = text.replace(secret, "[credential]");
        }
    }
}

fn sensitive(text: &str) -> Result<HeaderValue> {
    let mut value = HeaderValue::from_str(text).map_err(|_| {
        Error::invalid("the platform's credential contains characters that a header cannot carry")
            .hint("check it for line breaks and other control characters")
    })?;
    value.set_sensitive(true);
    Ok(value)
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("None"),
            Self::Bearer(_) => f.write_str("Bearer(…)"),
            Self::Header { name, .. } => write!(f, "Header({name}: …)"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_two_wires_spell_a_bearer_differently() {
        let bearer = Credential::Bearer("t0ken".into());
        let (name, value) = bearer.http_header().unwrap().unwrap();
        assert_eq!((name.as_str(), value.to_str().unwrap()), ("authorization", "Bearer t0ken"));
        let (name, value) = bearer.grpc_metadata().unwrap().unwrap();
        assert_eq!((name.as_str(), value.to_str().unwrap()), ("authorization", "t0ken"));
        assert!(value.is_sensitive());
    }

    #[test]
    fn a_secret_is_never_printed() {
        let name = HeaderName::from_static("x-api-key");
        let shown = format!(
            "{:?} {:?}",
            Credential::Bearer("t0ken".into()),
            Credential::Header { name, value: "k3y".into() }
        );
        assert_eq!(shown, "Bearer(…) Header(x-api-key: …)");
    }

    #[test]
    fn a_secret_is_taken_out_of_a_text() {
        for (secret, text, expected) in [
            (
                "pat.a.b.c",
                "the key pat.a.b.c (pat.a.b.c) is bad",
                "the key [credential] ([credential]) is bad",
            ),
            ("key", "monkey", "monkey"),
            ("", "text", "text"),
        ] {
            let name = HeaderName::from_static("x-api-key");
            for credential in [
                Credential::Bearer(secret.into()),
                Credential::Header { name, value: secret.into() },
            ] {
                let mut text = text.to_owned();
                credential.conceal(&mut text);
                assert_eq!(text, expected);
            }
        }
    }

    #[test]
    fn a_line_break_in_a_secret_is_refused_without_showing_it() {
        let error = Credential::Bearer("a\nb".into()).http_header().unwrap_err();
        assert!(!error.to_string().contains("a\nb"));
    }
}
