//! Variables of the Harness server that we replace which have no effect here, and what to use
//! instead. Who sets one is told so at the start.

use crate::environment::Environment;

pub static FORGONE: [(&str, &str); 18] = [
    ("HARNESS_MCP_MODE", "everybody signs in; one server works in one account"),
    ("HARNESS_MCP_ALLOW_UNAUTHENTICATED_HTTP", "nobody is served without a credential"),
    (
        "HARNESS_MCP_TRUST_PROXY",
        "PILOTHOUSE_BEHIND_PROXY says that a proxy tells the addresses of clients",
    ),
    ("HARNESS_LOG_UNSAFE_BODIES", "bodies are never logged"),
    ("HARNESS_PIPELINE_VERSION", "both kinds are offered: pipeline and pipeline_v1"),
    ("HARNESS_AUDIT_WEBHOOK_URL", "the database keeps the trail; see `pilothouse audit`"),
    ("HARNESS_AUDIT_WEBHOOK_TOKEN", "the database keeps the trail; see `pilothouse audit`"),
    ("HARNESS_AUDIT_WEBHOOK_BATCH_SIZE", "the database keeps the trail; see `pilothouse audit`"),
    ("HARNESS_AUDIT_WEBHOOK_FLUSH_MS", "the database keeps the trail; see `pilothouse audit`"),
    ("HARNESS_DIAGNOSE_LOG_FETCH_CONCURRENCY", "three logs are fetched at a time"),
    ("HARNESS_SEARCH_PROVIDER", "types are searched in the program itself"),
    ("HARNESS_SEARCH_SERVICE_URL", "types are searched in the program itself"),
    ("HARNESS_SEARCH_SERVICE_HEADERS", "types are searched in the program itself"),
    ("HARNESS_HF_CACHE_DIR", "no model is downloaded"),
    ("HARNESS_MCP_LOG_FILE", "log lines go to standard error"),
    ("OTEL_EXPORTER_OTLP_ENDPOINT", "traces are not exported"),
    ("OTEL_SERVICE_NAME", "traces are not exported"),
    ("OTEL_RESOURCE_ATTRIBUTES", "traces are not exported"),
];

/// Why the `.env` of the current directory is not heeded.
pub(super) const UNHEEDED: &str = "it stands in the .env of a directory, which says this only \
                                   beside the key that is used; name the file with --env-file";

/// Those that are set, unless other programs' settings have the same name.
pub(super) fn set_in(environment: &Environment) -> Vec<(&'static str, &'static str)> {
    let is_set = |name: &str| environment.get(name).or(environment.nearby(name)).is_some();
    let is_ours = |name: &str| name.starts_with("HARNESS_");
    FORGONE.iter().filter(|(name, _)| is_ours(name) && is_set(name)).copied().collect()
}
