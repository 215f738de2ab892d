//! An MCP client over Streamable HTTP: how this product speaks to MCP servers, its own included.
//!
//! Prefers the stateless protocol and falls back to the session handshake. Knows nothing of
//! surfaces, policy or platforms.

use std::sync::Arc;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use pilothouse_model::{Error, Kind};
use rmcp::{
    ClientHandler, RoleClient,
    model::{
        CallToolRequestParams, CallToolResult, ClientCapabilities, ClientConfig,
        ElicitRequestParams, ElicitResult, ElicitationAction, ErrorData, Implementation,
        ProgressNotificationParam, ProtocolVersion,
    },
    service::{
        ClientLifecycleMode, ClientServiceExt, NotificationContext, RequestContext, RunningService,
        ServiceError,
    },
    transport::{
        StreamableHttpClientTransport, streamable_http_client::StreamableHttpClientTransportConfig,
    },
};
use serde_json::{Value, json};

/// What a server may ask or tell this client while a call runs.
pub trait Person: Send + Sync + 'static {
    /// A server asks for confirmation; true accepts.
    fn confirm(&self, message: &str) -> bool;
    /// A call made progress.
    fn progress(&self, message: &str);
}

/// The result of a call.
#[derive(Debug)]
pub struct Shown {
    /// Its structured content.
    pub value: Value,
    /// The files of its pictures.
    pub pictures: Vec<Vec<u8>>,
}

/// A connection to one MCP server.
pub struct Client {
    service: RunningService<RoleClient, Handler>,
}

impl Client {
    /// Connects to `url` with `token` as bearer.
    pub async fn connect(url: &str, token: &str, person: Arc<dyn Person>) -> Result<Self, Error> {
        let config = StreamableHttpClientTransportConfig::with_uri(url).auth_header(token);
        let transport = StreamableHttpClientTransport::from_config(config);
        let lifecycle = ClientLifecycleMode::Auto {
            preferred_versions: vec![ProtocolVersion::LATEST],
            legacy_version: None,
        };
        let service = Handler { person }.serve_with_lifecycle(transport, lifecycle).await.map_err(
            |error| {
                Error::unavailable(format!("cannot reach the MCP server at {url}")).source(error)
            },
        )?;
        Ok(Self { service })
    }

    /// The names of all tools, in the server's order.
    pub async fn tools(&self) -> Result<Vec<String>, Error> {
        let tools = self.service.list_all_tools().await.map_err(service_error)?;
        Ok(tools.into_iter().map(|tool| tool.name.into_owned()).collect())
    }

    /// Calls a tool and gives its structured result. A result marked as an error becomes one.
    pub async fn call(&self, tool: &str, arguments: Value) -> Result<Value, Error> {
        Ok(self.show(tool, arguments).await?.value)
    }

    /// As [`Client::call`], with the pictures of the result.
    pub async fn show(&self, tool: &str, arguments: Value) -> Result<Shown, Error> {
        let Value::Object(arguments) = arguments else {
            return Err(Error::invalid("a tool's arguments are an object"));
        };
        let params = CallToolRequestParams::new(tool.to_owned()).with_arguments(arguments);
        let result = self.service.call_tool(params).await.map_err(service_error)?;
        let pictures = result.content.iter().filter_map(|block| block.as_image());
        let pictures = pictures
            .map(|image| BASE64_STANDARD.decode(&image.data))
            .collect::<Result<_, _>>()
            .map_err(|error| Error::upstream("a picture is not readable").source(error))?;
        Ok(Shown { value: structured(result)?, pictures })
    }

    pub async fn close(self) {
        // The server is told by closing the connection; nothing is lost if it is gone already.
        let _ = self.service.cancel().await;
    }
}

fn structured(result: CallToolResult) -> Result<Value, Error> {
    let value = result.structured_content.unwrap_or_else(|| {
        let texts = result.content.iter().filter_map(|block| block.as_text());
        let text = texts.map(|text| text.text.as_str()).collect::<Vec<_>>().join("\n");
        json!({ "text": text })
    });
    if result.is_error != Some(true) {
        return Ok(value);
    }
    let text = |name: &str| value["error"][name].as_str().map(str::to_owned);
    let mut error = Error::upstream(text("message").unwrap_or_else(|| value.to_string()));
    error.kind = serde_json::from_value(value["error"]["kind"].clone()).unwrap_or(Kind::Upstream);
    error.hint = text("hint");
    Err(error)
}

fn service_error(error: ServiceError) -> Error {
    match error {
        ServiceError::McpError(error) => Error::upstream(error.message.into_owned()),
        other => Error::unavailable("the MCP server did not answer").source(other),
    }
}

struct Handler {
    person: Arc<dyn Person>,
}

impl ClientHandler for Handler {
    fn get_info(&self) -> ClientConfig {
        ClientConfig::new(
            ClientCapabilities::builder().enable_elicitation().build(),
            Implementation::new("pilothouse", env!("CARGO_PKG_VERSION")),
        )
    }

    async fn create_elicitation(
        &self,
        request: ElicitRequestParams,
        _: RequestContext<RoleClient>,
    ) -> Result<ElicitResult, ErrorData> {
        let ElicitRequestParams::FormElicitationParams { message, .. } = request else {
            return Ok(ElicitResult::new(ElicitationAction::Decline));
        };
        if !self.person.confirm(&message) {
            return Ok(ElicitResult::new(ElicitationAction::Decline));
        }
        Ok(ElicitResult::new(ElicitationAction::Accept).with_content(json!({})))
    }

    async fn on_progress(
        &self,
        progress: ProgressNotificationParam,
        _: NotificationContext<RoleClient>,
    ) {
        self.person.progress(progress.message.as_deref().unwrap_or_default());
    }
}
