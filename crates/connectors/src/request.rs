//! An operation turned into the exact request it will send, and, for a plan, into what people are
//! shown of it before anything is sent.

use bytes::Bytes;
use http::{
    HeaderMap, Method,
    header::{ACCEPT, CONTENT_TYPE, HeaderValue},
};
use pilothouse_model::{Result, Timestamp, text};
use pilothouse_registry::{Operation, resource::Scope, spec::Retry};
use prost_reflect::{DynamicMessage, MethodDescriptor};
use serde_json::{Map, Value};

use crate::connector::{adapter, page::PageRequest};

mod build;
pub(crate) mod form;
mod target;

pub(crate) use build::{Installation, build, preview, settle};
pub use target::encode_segment;
pub(crate) use target::{check_segment, target};

/// Where the calls of one installation act when they do not say so.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ScopeDefaults {
    /// Never an argument: an installation has one account.
    pub account: Option<String>,
    pub org: Option<String>,
    pub project: Option<String>,
}

impl ScopeDefaults {
    /// The value for the argument of this name.
    pub(crate) fn of(&self, name: &str) -> Option<&str> {
        match name {
            Scope::ORG => self.org.as_deref(),
            Scope::PROJECT => self.project.as_deref(),
            _ => None,
        }
    }

    /// As [`ScopeDefaults::of`], with the account under the name that paths have for it.
    pub(crate) fn known(&self, name: &str) -> Option<&str> {
        match name {
            "account_id" => self.account.as_deref(),
            _ => self.of(name),
        }
    }
}

/// The request of an operation at a given time, with nothing sent;
/// [`crate::Connector::prepare`] does this for one installation, now.
pub fn prepare(
    operation: &Operation,
    defaults: &ScopeDefaults,
    now: Timestamp,
    args: &Map<String, Value>,
) -> Result<Prepared> {
    let platform = operation.id.split('.').next().unwrap_or_default();
    build(operation, adapter::of(platform)?, Installation::new(defaults, now), args)
}

/// One operation with its arguments, ready to be sent.
#[derive(Clone, Debug)]
pub struct Prepared {
    pub(crate) operation: String,
    pub(crate) retry: Retry,
    pub(crate) request: Request,
    pub(crate) page: Option<PageRequest>,
}

impl Prepared {
    /// Exactly what will be sent, if it is a single HTTP request. Its URI is the path and query;
    /// credentials are added when it is sent.
    pub fn to_http(&self) -> Option<http::Request<Bytes>> {
        let Request::Http(request) = &self.request else { return None };
        let mut sent = http::Request::new(request.body.bytes());
        *sent.method_mut() = request.method.clone();
        *sent.uri_mut() = request.target.parse().ok()?;
        *sent.headers_mut() = request.headers();
        Some(sent)
    }

    /// The platform's server it goes to, if not the main one.
    pub fn host(&self) -> Option<&str> {
        match &self.request {
            Request::Http(request) => request.host.as_deref(),
            Request::Grpc(_) | Request::Hook { .. } => None,
        }
    }

    /// `type.operation`.
    pub fn operation(&self) -> &str {
        &self.operation
    }
}

#[derive(Clone, Debug)]
pub(crate) enum Request {
    Http(HttpRequest),
    Grpc(GrpcRequest),
    /// A function of the connector, which makes requests of its own.
    Hook {
        name: String,
        args: Map<String, Value>,
    },
}

/// `target` is the path and query, already encoded.
#[derive(Clone, Debug)]
pub(crate) struct HttpRequest {
    pub method: Method,
    /// A server of the platform other than its main one, by the registry's name for it.
    pub host: Option<String>,
    pub target: String,
    pub headers: HeaderMap,
    pub body: Payload,
}

#[derive(Clone, Debug)]
pub(crate) enum Payload {
    None,
    Json(Value),
    /// Of the type the request's headers state.
    Text(String),
    /// An encoded form; `fields` are what it was made of. The headers state its boundary.
    Form {
        fields: Value,
        bytes: Bytes,
    },
    /// Uploads.
    Raw {
        content_type: &'static str,
        bytes: Bytes,
    },
}

impl HttpRequest {
    /// A request for whatever the platform sends, usually not JSON.
    pub(crate) fn raw(method: Method, target: String, body: Payload) -> Self {
        let headers = HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static("*/*"))]);
        Self { method, host: None, target, headers, body }
    }

    /// The request's headers with those that follow from its body.
    pub(crate) fn headers(&self) -> HeaderMap {
        let mut headers = self.headers.clone();
        headers.entry(ACCEPT).or_insert(HeaderValue::from_static("application/json"));
        match &self.body {
            Payload::None | Payload::Text(_) | Payload::Form { .. } => {}
            Payload::Json(_) => {
                headers.entry(CONTENT_TYPE).or_insert(HeaderValue::from_static("application/json"));
            }
            Payload::Raw { content_type, .. } => {
                headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
            }
        }
        headers
    }
}

impl Payload {
    pub(crate) fn bytes(&self) -> Bytes {
        match self {
            Self::None => Bytes::new(),
            Self::Text(text) => Bytes::copy_from_slice(text.as_bytes()),
            Self::Json(json) => Bytes::from(text::json(json)),
            Self::Raw { bytes, .. } | Self::Form { bytes, .. } => bytes.clone(),
        }
    }
}

#[derive(Clone, Debug)]
pub(crate) struct GrpcRequest {
    pub method: MethodDescriptor,
    pub message: DynamicMessage,
}

impl GrpcRequest {
    /// `/package.Service/Method`.
    pub(crate) fn path(&self) -> String {
        format!("/{}/{}", self.method.parent_service().full_name(), self.method.name())
    }
}
