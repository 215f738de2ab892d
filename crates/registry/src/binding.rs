//! What an operation sends: the parsed form of `http`, `grpc` and `hook`, and of argument places.
//!
//! Knows no HTTP or gRPC library; a connector turns these into requests.

use std::{fmt, str::FromStr};

use thiserror::Error;

use crate::pointer::{Pointer, PointerError};

/// What carries an operation out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Binding {
    Http {
        method: Method,
        path: PathTemplate,
    },
    /// The bare service name (`Runs`) and the method (`GetRunByID`).
    Grpc {
        service: String,
        method: String,
    },
    /// A function of the connector.
    Hook(String),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    Get,
    Post,
    Put,
    Patch,
    Delete,
}

impl Method {
    pub const ALL: [Self; 5] = [Self::Get, Self::Post, Self::Put, Self::Patch, Self::Delete];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }

    /// Whether an argument without a stated place travels in the body.
    pub fn has_body(self) -> bool {
        !matches!(self, Self::Get | Self::Delete)
    }
}

/// A path in order of its parts. Neither the text nor, once encoded, a value contains `?` or `#`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathTemplate(Vec<PathPart>);

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PathPart {
    /// Sent as it stands.
    Text(String),
    /// The value of the argument of this name, percent-encoded by whoever sends it.
    Argument(String),
}

impl PathTemplate {
    pub fn parts(&self) -> &[PathPart] {
        &self.0
    }

    /// The names in braces, in order.
    pub fn placeholders(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|part| match part {
            PathPart::Argument(name) => Some(name.as_str()),
            PathPart::Text(_) => None,
        })
    }
}

impl fmt::Display for PathTemplate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|part| match part {
            PathPart::Text(text) => f.write_str(text),
            PathPart::Argument(name) => write!(f, "{{{name}}}"),
        })
    }
}

#[derive(Debug, PartialEq, Eq, Error)]
pub enum BindingError {
    #[error("http {0:?} must read \"METHOD /path\" with a method of GET, POST, PUT, PATCH, DELETE")]
    Http(String),
    #[error(
        "path {0:?} must start with \"/\" and may contain neither spaces, \"?\", \"#\" nor unpaired braces"
    )]
    Path(String),
    #[error("grpc {0:?} must read \"Service.Method\"")]
    Grpc(String),
}

impl Binding {
    pub(crate) fn parse_http(text: &str) -> Result<Self, BindingError> {
        let wrong = || BindingError::Http(text.to_owned());
        let (method, path) = text.split_once(' ').ok_or_else(wrong)?;
        let method =
            Method::ALL.into_iter().find(|known| known.as_str() == method).ok_or_else(wrong)?;
        Ok(Self::Http { method, path: path.parse()? })
    }

    pub(crate) fn parse_grpc(text: &str) -> Result<Self, BindingError> {
        let word = |text: &str| {
            text.starts_with(|c: char| c.is_ascii_uppercase())
                && text.chars().all(|c| c.is_ascii_alphanumeric())
        };
        match text.split_once('.') {
            Some((service, method)) if word(service) && word(method) => {
                Ok(Self::Grpc { service: service.to_owned(), method: method.to_owned() })
            }
            _ => Err(BindingError::Grpc(text.to_owned())),
        }
    }
}

impl FromStr for PathTemplate {
    type Err = BindingError;

    fn from_str(text: &str) -> Result<Self, BindingError> {
        let wrong = || BindingError::Path(text.to_owned());
        if !text.starts_with('/') || text.contains(['?', '#', ' ']) {
            return Err(wrong());
        }
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            let (name, tail) = after.split_once('}').ok_or_else(wrong)?;
            if before.contains('}') || name.is_empty() || name.contains('{') {
                return Err(wrong());
            }
            if !before.is_empty() {
                parts.push(PathPart::Text(before.to_owned()));
            }
            parts.push(PathPart::Argument(name.to_owned()));
            rest = tail;
        }
        if rest.contains('}') {
            return Err(wrong());
        }
        if !rest.is_empty() {
            parts.push(PathPart::Text(rest.to_owned()));
        }
        Ok(Self(parts))
    }
}

/// Where a value goes in a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// The placeholder with the argument's name.
    Path,
    /// The query parameter of this name; a list repeats it.
    Query(String),
    Header(String),
    /// In the JSON body, or in the request message of a gRPC call, by its field names.
    Body(Pointer),
    /// Wherever the hook wants it.
    Hook,
}

#[derive(Debug, PartialEq, Eq, Error)]
pub enum PlaceError {
    #[error("{0:?} is not a place: use path, query:name, header:name, body:/pointer or hook")]
    Unknown(String),
    #[error(transparent)]
    Pointer(#[from] PointerError),
}

impl FromStr for Place {
    type Err = PlaceError;

    fn from_str(text: &str) -> Result<Self, PlaceError> {
        match text.split_once(':') {
            None if text == "path" => Ok(Self::Path),
            None if text == "hook" => Ok(Self::Hook),
            Some(("query", name)) if !name.is_empty() => Ok(Self::Query(name.to_owned())),
            Some(("header", name)) if !name.is_empty() => Ok(Self::Header(name.to_owned())),
            Some(("body", pointer)) => Ok(Self::Body(pointer.parse()?)),
            _ => Err(PlaceError::Unknown(text.to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_taken_apart_and_print_the_same() {
        for (text, placeholders) in [
            ("/", vec![]),
            ("/v1/runs/{id}/discard", vec!["id"]),
            ("/a/{b}:{c}/{d}", vec!["b", "c", "d"]),
        ] {
            let path: PathTemplate = text.parse().unwrap();
            assert_eq!(path.placeholders().collect::<Vec<_>>(), placeholders);
            assert_eq!(path.to_string(), text);
        }
        for text in ["", "v1", "/a b", "/a?b=c", "/a#b", "/{", "/}", "/{}", "/{a{b}}", "/a}{b}"] {
            assert!(text.parse::<PathTemplate>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn bindings_are_read_strictly() {
        assert!(Binding::parse_http("GET /a").is_ok());
        for text in ["get /a", "GET", "GET  /a", "HEAD /a", "/a"] {
            assert!(Binding::parse_http(text).is_err(), "{text:?}");
        }
        assert!(Binding::parse_grpc("Runs.GetRunByID").is_ok());
        for text in ["Runs", "runs.GetRun", "a.b.Runs.Get", "Runs.", "Runs/GetRun"] {
            assert!(Binding::parse_grpc(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn places_are_read_strictly() {
        for (text, place) in [
            ("path", Place::Path),
            ("hook", Place::Hook),
            ("query:page", Place::Query("page".into())),
            ("header:X-Scope", Place::Header("X-Scope".into())),
            ("body:", Place::Body(Pointer::default())),
        ] {
            assert_eq!(text.parse(), Ok(place));
        }
        for text in ["", "Path", "query", "query:", "body:id", "cookie:x", "path:id"] {
            assert!(text.parse::<Place>().is_err(), "{text:?}");
        }
    }
}
