//! What every modern result carries besides its content: our name, and for how long and by whom
//! it may be kept. Lists depend on the caller, so nothing is for shared caches.

use rmcp::model::{
    CacheScope, CallToolResult, CompleteResult, GetPromptResult, InputRequiredResult,
    ListPromptsResult, ListResourceTemplatesResult, ListResourcesResult, ListToolsResult,
    MetaObject, ReadResourceResult,
};

use crate::mcp::{
    context::{Era, RequestContext},
    endpoint::Endpoint,
};

const SERVER_INFO: &str = "io.modelcontextprotocol/serverInfo";

pub(super) trait Stamp: Sized {
    fn meta(&mut self) -> &mut Option<MetaObject>;

    fn keep_for(&mut self, _ttl_ms: u64) {}

    /// Legacy results stay as they are.
    fn stamped(
        mut self,
        endpoint: &Endpoint,
        context: &RequestContext,
        ttl_ms: Option<u64>,
    ) -> Self {
        if context.era == Era::Modern {
            let meta = self.meta().get_or_insert_default();
            meta.insert(SERVER_INFO.to_owned(), endpoint.server_info().clone());
            if let Some(ttl_ms) = ttl_ms {
                self.keep_for(ttl_ms);
            }
        }
        self
    }
}

macro_rules! stamp {
    ($($result:ty),+) => {$(
        impl Stamp for $result {
            fn meta(&mut self) -> &mut Option<MetaObject> {
                &mut self.meta
            }
        }
    )+};
}

macro_rules! stamp_cacheable {
    ($($result:ty),+) => {$(
        impl Stamp for $result {
            fn meta(&mut self) -> &mut Option<MetaObject> {
                &mut self.meta
            }

            fn keep_for(&mut self, ttl_ms: u64) {
                self.ttl_ms = Some(ttl_ms);
                self.cache_scope = Some(CacheScope::Private);
            }
        }
    )+};
}

stamp!(CallToolResult, CompleteResult, GetPromptResult, InputRequiredResult);
stamp_cacheable!(
    ListPromptsResult,
    ListResourceTemplatesResult,
    ListResourcesResult,
    ListToolsResult,
    ReadResourceResult
);
