//! A Tharsis whose answers are data: any gRPC method of the real protocol, answered by a function.

use std::sync::{Arc, LazyLock};

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::{Request, State},
    response::{IntoResponse as _, Response},
};
use bytes::{BufMut as _, BytesMut};
use http::{HeaderMap, HeaderValue, StatusCode, header::CONTENT_TYPE};
use http_body_util::BodyExt as _;
use pilothouse_connectors::{Connector, Options, Transport, transport::Embedded};
use pilothouse_model::{Caller, Principal};
use pilothouse_registry::Catalog;
use prost::Message as _;
use prost_reflect::{DescriptorPool, DynamicMessage, MethodDescriptor, SerializeOptions};
use serde_json::{Map, Value};
use tonic::{Code, Status};

static POOL: LazyLock<DescriptorPool> = LazyLock::new(|| {
    DescriptorPool::decode(&include_bytes!(concat!(env!("OUT_DIR"), "/tharsis.bin"))[..]).unwrap()
});

/// What one gRPC call brought.
pub(crate) struct Call {
    /// `Runs.GetRunByID`
    pub(crate) method: String,
    pub(crate) request: Value,
    pub(crate) metadata: HeaderMap,
    /// Set only by an in-process transport.
    pub(crate) caller: Option<Caller>,
}

type Handler = Arc<dyn Fn(Call) -> Result<Value, Status> + Send + Sync>;

/// A router that answers gRPC by `handler` and knows no other path.
pub(crate) fn router(
    handler: impl Fn(Call) -> Result<Value, Status> + Send + Sync + 'static,
) -> Router {
    let handler: Handler = Arc::new(handler);
    Router::new().fallback(answer).with_state(handler)
}

async fn answer(State(handler): State<Handler>, request: Request) -> Response {
    let Some((method, name)) = method(request.uri().path()) else {
        let body = r#"{"detail":"no such path"}"#;
        return (StatusCode::NOT_FOUND, [(CONTENT_TYPE, "application/json")], body).into_response();
    };
    let (parts, body) = request.into_parts();
    let bytes = to_bytes(body, 1 << 20).await.unwrap();
    let message = DynamicMessage::decode(method.input(), &bytes[5..]).unwrap();
    let options =
        SerializeOptions::new().use_proto_field_name(true).stringify_64_bit_integers(false);
    let call = Call {
        method: name,
        request: message.serialize_with_options(serde_json::value::Serializer, &options).unwrap(),
        metadata: parts.headers,
        caller: parts.extensions.get().cloned(),
    };
    match handler(call) {
        Ok(answer) => success(&DynamicMessage::deserialize(method.output(), answer).unwrap()),
        Err(status) => status.into_http::<Body>(),
    }
}

fn method(path: &str) -> Option<(MethodDescriptor, String)> {
    let (service, method) = path.strip_prefix('/')?.split_once('/')?;
    let service = POOL.get_service_by_name(service)?;
    let found = service.methods().find(|known| known.name() == method)?;
    Some((found, format!("{}.{method}", service.name())))
}

fn success(message: &DynamicMessage) -> Response {
    let encoded = message.encode_to_vec();
    let mut frame = BytesMut::with_capacity(encoded.len() + 5);
    frame.put_u8(0);
    frame.put_u32(u32::try_from(encoded.len()).unwrap());
    frame.put_slice(&encoded);
    let trailers = HeaderMap::from_iter([(
        http::HeaderName::from_static("grpc-status"),
        HeaderValue::from_static("0"),
    )]);
    let body = http_body_util::Full::new(frame.freeze())
        .with_trailers(std::future::ready(Some(Ok(trailers))));
    ([(CONTENT_TYPE, "application/grpc")], Body::new(body)).into_response()
}

/// "Not found", as the platform says it.
pub(crate) fn not_found(call: &Call) -> Status {
    Status::new(Code::NotFound, format!("{} found nothing", call.method))
}

/// A connector to an embedded router, with the product's own registry.
pub(crate) fn embedded(router: Router) -> Connector {
    connector(Transport::Embedded(Embedded::new(router)), Options::default())
}

pub(crate) fn connector(transport: Transport, options: Options) -> Connector {
    let catalog = Catalog::embedded().platform("tharsis").unwrap();
    Connector::new(catalog, "default", transport, options).unwrap()
}

pub(crate) fn caller() -> Caller {
    Caller::new(Principal::local_user("tester"))
}

pub(crate) fn args(json: Value) -> Map<String, Value> {
    match json {
        Value::Object(args) => args,
        other => panic!("arguments are an object, not {other}"),
    }
}
