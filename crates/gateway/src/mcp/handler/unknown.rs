//! Requests that `rmcp` did not recognize: either the method is unknown, or its parameters do not
//! have the shape it demands. The two deserve different answers.

#![expect(deprecated, reason = "logging is served until the protocol removes it")]

use rmcp::model::{
    CallToolRequestParams, CompleteRequestParams, CustomRequest, ErrorData, GetPromptRequestParams,
    PaginatedRequestParams, ReadResourceRequestParams, SetLevelRequestParams,
    SubscribeRequestParams, SubscriptionsListenRequestParams, UnsubscribeRequestParams,
};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::mcp::{
    backend::{About, Offer},
    context::Era,
    error::Refusal,
};

/// `-32602` with the reason for a method that is served, else `-32601`.
pub(super) fn explain(about: &About, era: Era, request: &CustomRequest) -> ErrorData {
    let method = request.method.as_str();
    let params = request.params.clone().unwrap_or_default();
    let problem = match method {
        "tools/call" if about.offers(Offer::Tools) => problem::<CallToolRequestParams>(params),
        "tools/list" if about.offers(Offer::Tools) => problem::<PaginatedRequestParams>(params),
        "prompts/list" if about.offers(Offer::Prompts) => problem::<PaginatedRequestParams>(params),
        "prompts/get" if about.offers(Offer::Prompts) => problem::<GetPromptRequestParams>(params),
        "resources/list" | "resources/templates/list" if about.offers(Offer::Resources) => {
            problem::<PaginatedRequestParams>(params)
        }
        "resources/read" if about.offers(Offer::Resources) => {
            problem::<ReadResourceRequestParams>(params)
        }
        "completion/complete" if about.offers(Offer::Completions) => {
            problem::<CompleteRequestParams>(params)
        }
        "subscriptions/listen" if era == Era::Modern && about.offers(Offer::ListChanges) => {
            problem::<SubscriptionsListenRequestParams>(params)
        }
        "logging/setLevel" if era == Era::Legacy && about.offers(Offer::Logging) => {
            problem::<SetLevelRequestParams>(params)
        }
        "resources/subscribe" if era == Era::Legacy && about.offers(Offer::ResourceUpdates) => {
            problem::<SubscribeRequestParams>(params)
        }
        "resources/unsubscribe" if era == Era::Legacy && about.offers(Offer::ResourceUpdates) => {
            problem::<UnsubscribeRequestParams>(params)
        }
        _ => return Refusal::UnknownMethod(method.to_owned()).into_data(),
    };
    Refusal::InvalidParams(format!("the parameters of {method} do not fit: {problem}")).into_data()
}

fn problem<T: DeserializeOwned>(params: Value) -> String {
    match serde_json::from_value::<T>(params) {
        Ok(_) => "\"_meta\" must be an object".to_owned(),
        Err(error) => error.to_string(),
    }
}
