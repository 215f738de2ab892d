//! An operation turned into the exact request it will send: showable in a plan before anything is
//! sent, with secret arguments masked.

use bytes::Bytes;
use http::{
    HeaderMap, Method,
    header::{ACCEPT, CONTENT_TYPE, HeaderValue},
};
use pilothouse_registry::spec::Retry;
use prost_reflect::{DynamicMessage, MethodDescriptor};
use serde_json::{Map, Value};

use crate::connector::page::PageRequest;

mod build;
mod target;

pub(crate) use build::build;
pub(crate) use target::{check_segment, encode_segment, target};

/// One operation with its arguments, ready to be sent.
#[derive(Clone, Debug)]
pub struct Prepared {
    pub(crate) operation: String,
    pub(crate) retry: Retry,
    pub(crate) request: Request,
    pub(crate) page: Option<PageRequest>,
    pub(crate) shown: Value,
}

impl Prepared {
    /// What will be sent, for a person to judge: `{operation, http|grpc|hook, …}`. The values of
    /// secret arguments read `***`; long texts are cut and say how long they are.
    pub fn to_json(&self) -> Value {
        self.shown.clone()
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
    pub target: String,
    pub headers: HeaderMap,
    pub body: Payload,
}

#[derive(Clone, Debug)]
pub(crate) enum Payload {
    None,
    Json(Value),
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
        Self { method, target, headers, body }
    }

    /// The request's headers with those that follow from its body.
    pub(crate) fn headers(&self) -> HeaderMap {
        let mut headers = self.headers.clone();
        headers.entry(ACCEPT).or_insert(HeaderValue::from_static("application/json"));
        match &self.body {
            Payload::None => {}
            Payload::Json(_) => {
                headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
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
            Self::Json(json) => Bytes::from(json.to_string()),
            Self::Raw { bytes, .. } => bytes.clone(),
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
