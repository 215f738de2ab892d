//! The protocol's methods, for any [`Backend`]: what is declared is served, what is not is not
//! found; modern results carry our name and their freshness; lists are paged.
//!
//! Arguments are not validated and permissions are not decided here.

#![expect(deprecated, reason = "logging is served until the protocol removes it")]

mod page;
mod stamp;
mod unknown;

use std::sync::Arc;

use rmcp::{
    RoleServer, ServerHandler,
    model::{
        CallToolRequestParams, CallToolResponse, CompleteRequestParams, CompleteResult,
        ConstString, CustomRequest, CustomResult, DiscoverResult, ErrorCode, ErrorData,
        GetPromptRequestMethod, GetPromptRequestParams, GetPromptResponse, JsonObject,
        ListPromptsResult, ListResourceTemplatesResult, ListResourcesResult, ListToolsResult,
        PaginatedRequestParams, ReadResourceRequestParams, ReadResourceResponse, Reference,
        ServerConfig, SetLevelRequestParams, SubscribeRequestParams, SubscriptionFilter, Tool,
        UnsubscribeRequestParams,
    },
    service::{RequestContext as RawContext, SubscriptionContext},
};
use serde_json::Value;

use super::{
    ask::{Round, Subject},
    backend::{Backend, CompletionRequest, CompletionSubject, Offer, Reply},
    change,
    context::{Era, Origin, RequestContext},
    endpoint::Endpoint,
    error::Refusal,
};
use stamp::Stamp as _;

type Answer<T> = Result<T, ErrorData>;

/// The `rmcp` handler over a backend. Cheap to clone; one serves each request.
#[derive(Clone)]
pub struct Handler {
    endpoint: Arc<Endpoint>,
}

impl Handler {
    pub(crate) fn new(endpoint: Arc<Endpoint>) -> Self {
        Self { endpoint }
    }

    fn backend(&self) -> &dyn Backend {
        self.endpoint.backend()
    }

    /// `-32601` for a method whose capability is not declared.
    fn require<M: ConstString>(&self, offer: Offer) -> Answer<()> {
        if self.backend().about().offers(offer) {
            return Ok(());
        }
        Err(Refusal::UnknownMethod(M::VALUE.to_owned()).into_data())
    }

    /// The context of a request that asks nothing of the client.
    fn context(&self, raw: RawContext<RoleServer>, method: &'static str) -> Answer<RequestContext> {
        self.asking(raw, (method, "", Value::Null), None, None)
    }

    /// The context of a request that may take several rounds.
    fn asking(
        &self,
        raw: RawContext<RoleServer>,
        (method, name, arguments): (&'static str, &str, Value),
        state: Option<&str>,
        given: Option<rmcp::model::InputResponses>,
    ) -> Answer<RequestContext> {
        let Some(origin) = raw.extensions.get::<Origin>() else {
            return Err(ErrorData::internal_error(
                "the request arrived by no known transport",
                None,
            ));
        };
        let subject =
            Subject { caller: origin.caller.clone(), method, name: name.to_owned(), arguments };
        let round = Round::open(self.endpoint.sealer(), subject, state, given)
            .map_err(Refusal::into_data)?;
        let origin = origin.clone();
        Ok(RequestContext::new(raw, origin, round, self.backend().about().offers(Offer::Logging)))
    }

    fn freshness(&self, era: Era) -> Option<u64> {
        let freshness = self.backend().about().list_freshness.as_millis();
        (era == Era::Modern).then(|| u64::try_from(freshness).unwrap_or(u64::MAX))
    }
}

impl ServerHandler for Handler {
    fn get_info(&self) -> ServerConfig {
        self.endpoint.config().clone()
    }

    async fn discover(&self, _raw: RawContext<RoleServer>) -> Answer<DiscoverResult> {
        let versions = self.supported_protocol_versions().into_owned();
        let result = DiscoverResult::from_server_info(versions, self.get_info());
        Ok(result.with_ttl_ms(self.freshness(Era::Modern).unwrap_or_default()))
    }

    // ----- tools -----

    async fn list_tools(
        &self,
        page: Option<PaginatedRequestParams>,
        raw: RawContext<RoleServer>,
    ) -> Answer<ListToolsResult> {
        self.require::<rmcp::model::ListToolsRequestMethod>(Offer::Tools)?;
        let context = self.context(raw, "tools/list")?;
        let tools = self.backend().list_tools(&context).await.map_err(Refusal::into_data)?;
        let (tools, next) = page::of(tools, page, |tool| &tool.name)?;
        let mut result = ListToolsResult::with_all_items(tools);
        result.next_cursor = next;
        Ok(result.stamped(&self.endpoint, &context, self.freshness(context.era)))
    }

    fn get_tool(&self, name: &str) -> Option<Tool> {
        let schema = self.backend().header_schema(name)?;
        Some(Tool::new_with_raw(name.to_owned(), None, schema))
    }

    async fn call_tool(
        &self,
        params: CallToolRequestParams,
        raw: RawContext<RoleServer>,
    ) -> Answer<CallToolResponse> {
        self.require::<rmcp::model::CallToolRequestMethod>(Offer::Tools)?;
        let CallToolRequestParams { name, arguments, input_responses, request_state, .. } = params;
        let subject = ("tools/call", name.as_ref(), object(arguments));
        let context = self.asking(raw, subject, request_state.as_deref(), input_responses)?;
        let reply = self
            .backend()
            .call_tool(&context, &name, &context.round.subject.arguments)
            .await
            .map_err(Refusal::into_data)?;
        Ok(match reply {
            Reply::Done(result) => result.stamped(&self.endpoint, &context, None).into(),
            Reply::NeedsInput(input) => input.0.stamped(&self.endpoint, &context, None).into(),
        })
    }

    // ----- prompts -----

    async fn list_prompts(
        &self,
        page: Option<PaginatedRequestParams>,
        raw: RawContext<RoleServer>,
    ) -> Answer<ListPromptsResult> {
        self.require::<rmcp::model::ListPromptsRequestMethod>(Offer::Prompts)?;
        let context = self.context(raw, "prompts/list")?;
        let prompts = self.backend().list_prompts(&context).await.map_err(Refusal::into_data)?;
        let (prompts, next) = page::of(prompts, page, |prompt| &prompt.name)?;
        let mut result = ListPromptsResult::with_all_items(prompts);
        result.next_cursor = next;
        Ok(result.stamped(&self.endpoint, &context, self.freshness(context.era)))
    }

    async fn get_prompt(
        &self,
        params: GetPromptRequestParams,
        raw: RawContext<RoleServer>,
    ) -> Answer<GetPromptResponse> {
        self.require::<GetPromptRequestMethod>(Offer::Prompts)?;
        let GetPromptRequestParams { name, arguments, input_responses, request_state, .. } = params;
        let subject = ("prompts/get", name.as_str(), object(arguments));
        let context = self.asking(raw, subject, request_state.as_deref(), input_responses)?;
        let reply = self
            .backend()
            .get_prompt(&context, &name, &context.round.subject.arguments)
            .await
            .map_err(Refusal::into_data)?;
        Ok(match reply {
            Reply::Done(result) => result.stamped(&self.endpoint, &context, None).into(),
            Reply::NeedsInput(input) => input.0.stamped(&self.endpoint, &context, None).into(),
        })
    }

    // ----- resources -----

    async fn list_resources(
        &self,
        page: Option<PaginatedRequestParams>,
        raw: RawContext<RoleServer>,
    ) -> Answer<ListResourcesResult> {
        self.require::<rmcp::model::ListResourcesRequestMethod>(Offer::Resources)?;
        let context = self.context(raw, "resources/list")?;
        let resources =
            self.backend().list_resources(&context).await.map_err(Refusal::into_data)?;
        let (resources, next) = page::of(resources, page, |resource| &resource.uri)?;
        let mut result = ListResourcesResult::with_all_items(resources);
        result.next_cursor = next;
        Ok(result.stamped(&self.endpoint, &context, self.freshness(context.era)))
    }

    async fn list_resource_templates(
        &self,
        page: Option<PaginatedRequestParams>,
        raw: RawContext<RoleServer>,
    ) -> Answer<ListResourceTemplatesResult> {
        self.require::<rmcp::model::ListResourceTemplatesRequestMethod>(Offer::Resources)?;
        let context = self.context(raw, "resources/templates/list")?;
        let templates =
            self.backend().list_resource_templates(&context).await.map_err(Refusal::into_data)?;
        let (templates, next) = page::of(templates, page, |template| &template.uri_template)?;
        let mut result = ListResourceTemplatesResult::with_all_items(templates);
        result.next_cursor = next;
        Ok(result.stamped(&self.endpoint, &context, self.freshness(context.era)))
    }

    async fn read_resource(
        &self,
        params: ReadResourceRequestParams,
        raw: RawContext<RoleServer>,
    ) -> Answer<ReadResourceResponse> {
        self.require::<rmcp::model::ReadResourceRequestMethod>(Offer::Resources)?;
        let ReadResourceRequestParams { uri, input_responses, request_state, .. } = params;
        let subject = ("resources/read", uri.as_str(), Value::Null);
        let context = self.asking(raw, subject, request_state.as_deref(), input_responses)?;
        let reply =
            self.backend().read_resource(&context, &uri).await.map_err(Refusal::into_data)?;
        let fresh = (context.era == Era::Modern).then_some(0);
        Ok(match reply {
            Reply::Done(result) => result.stamped(&self.endpoint, &context, fresh).into(),
            Reply::NeedsInput(input) => input.0.stamped(&self.endpoint, &context, None).into(),
        })
    }

    async fn subscribe(
        &self,
        params: SubscribeRequestParams,
        raw: RawContext<RoleServer>,
    ) -> Answer<()> {
        self.require::<rmcp::model::SubscribeRequestMethod>(Offer::ResourceUpdates)?;
        let context = self.context(raw, "resources/subscribe")?;
        self.backend().follow_resource(&context, &params.uri).await.map_err(Refusal::into_data)?;
        let Some(session) = &context.origin.session else { return Ok(()) };
        if !session.subscribe(&params.uri) {
            return Err(super::error::limited("this session follows as many resources as it may"));
        }
        self.endpoint.sessions().save(session).await;
        Ok(())
    }

    async fn unsubscribe(
        &self,
        params: UnsubscribeRequestParams,
        raw: RawContext<RoleServer>,
    ) -> Answer<()> {
        self.require::<rmcp::model::UnsubscribeRequestMethod>(Offer::ResourceUpdates)?;
        let context = self.context(raw, "resources/unsubscribe")?;
        let Some(session) = &context.origin.session else { return Ok(()) };
        session.unsubscribe(&params.uri);
        self.endpoint.sessions().save(session).await;
        Ok(())
    }

    fn accepted_subscription_filter(
        &self,
        requested: &SubscriptionFilter,
    ) -> Option<SubscriptionFilter> {
        change::accepted(self.backend(), requested)
    }

    async fn listen(&self, subscription: SubscriptionContext) -> Answer<()> {
        let context =
            self.context(subscription.request_context().clone(), "subscriptions/listen")?;
        change::listen(self.backend(), &context, &subscription, self.endpoint.closing()).await
    }

    // ----- the rest -----

    async fn complete(
        &self,
        params: CompleteRequestParams,
        raw: RawContext<RoleServer>,
    ) -> Answer<CompleteResult> {
        self.require::<rmcp::model::CompleteRequestMethod>(Offer::Completions)?;
        let context = self.context(raw, "completion/complete")?;
        let request = completion_request(params)?;
        let completion =
            self.backend().complete(&context, request).await.map_err(Refusal::into_data)?;
        Ok(CompleteResult::new(completion).stamped(&self.endpoint, &context, None))
    }

    async fn set_level(
        &self,
        params: SetLevelRequestParams,
        raw: RawContext<RoleServer>,
    ) -> Answer<()> {
        self.require::<rmcp::model::SetLevelRequestMethod>(Offer::Logging)?;
        let context = self.context(raw, "logging/setLevel")?;
        if context.era == Era::Modern {
            return Err(Refusal::UnknownMethod("logging/setLevel".to_owned()).into_data());
        }
        if let Some(session) = &context.origin.session {
            session.set_log_level(params.level.into());
            self.endpoint.sessions().save(session).await;
        }
        Ok(())
    }

    async fn on_custom_request(
        &self,
        request: CustomRequest,
        raw: RawContext<RoleServer>,
    ) -> Answer<CustomResult> {
        let era = raw.protocol_version().map_or(Era::Legacy, |version| Era::of(&version));
        Err(unknown::explain(self.backend().about(), era, &request))
    }
}

fn object(arguments: Option<JsonObject>) -> Value {
    Value::Object(arguments.unwrap_or_default())
}

fn completion_request(params: CompleteRequestParams) -> Answer<CompletionRequest> {
    let subject = match params.r#ref {
        Reference::Prompt(prompt) => CompletionSubject::Prompt(prompt.name),
        Reference::Resource(template) => CompletionSubject::ResourceTemplate(template.uri),
        _ => {
            return Err(ErrorData::new(ErrorCode::INVALID_PARAMS, "unknown kind of \"ref\"", None));
        }
    };
    let chosen = params.context.and_then(|context| context.arguments).unwrap_or_default();
    Ok(CompletionRequest {
        subject,
        argument: params.argument.name,
        value: params.argument.value,
        chosen: chosen.into_iter().collect(),
    })
}
