//! Searches: of attestations, the knowledge graph, documentation, software bills of materials.

use pilothouse_model::{Error, Result};
use serde_json::{Value, json};

use super::{BodyInput, object, read};

pub(super) fn attestations(input: BodyInput<'_>) -> Value {
    let listed = |name: &str| input.given(name).cloned().map(read::listed);
    let subject = |name: &str, field: &str, operator: &str| {
        let value = input.given(name)?;
        Some(json!({"field_name": field, "operator": operator, "value": value}))
    };
    let subjects: Vec<Value> = [
        subject("subject_name", "Name", "Contains"),
        subject("subject_digest", "Digest", "Equals"),
    ]
    .into_iter()
    .flatten()
    .collect();
    object([
        ("types", listed("types")),
        ("sources", listed("sources")),
        ("start_time", input.given("start_time").cloned()),
        ("end_time", input.given("end_time").cloned()),
        ("scopes", input.given("scopes").filter(|value| value.is_object()).cloned()),
        ("subject_filter", (!subjects.is_empty()).then(|| json!(subjects))),
    ])
}

/// A query of the knowledge graph.
pub(super) fn hql(input: BodyInput<'_>) -> Value {
    let body = input.body();
    let field = |names: &[&str]| read::first(&body, names);
    let timeout = field(&["timeout_ms", "timeoutMs"]);
    let results = field(&["max_results", "maxResults"]);
    let bounded = timeout.is_some() || results.is_some();
    let options = object([
        ("timeout_ms", timeout),
        ("max_results", results),
        ("include_stats", Some(json!(true))),
    ]);
    object([
        ("query_string", field(&["query_string", "queryString"])),
        ("options", bounded.then_some(options)),
    ])
}

/// A team where the platform takes several.
pub(super) fn teams(input: BodyInput<'_>) -> Value {
    object([("teamRefIds", input.given("team_ref_id").map(|team| json!([team])))])
}

pub(super) fn documentation(input: BodyInput<'_>) -> Result<Value> {
    let query = input.given("query").or_else(|| input.given("search_term"));
    let query = query.ok_or_else(|| {
        Error::invalid("query: missing").hint("say what to look for, in words of the documentation")
    })?;
    Ok(json!({ "query": query }))
}

/// Which bill of materials an artifact's is compared with; the last one without a choice.
pub(super) fn bill_of_materials_drift(input: BodyInput<'_>) -> Value {
    let base = input.either("base").unwrap_or_else(|| json!("last_generated_sbom"));
    object([("base", Some(base)), ("variant", input.either("variant"))])
}
