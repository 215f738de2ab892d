//! Headers that agree with the body, and all others.

use http::{HeaderName, HeaderValue};
use serde_json::json;

use super::*;

fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in pairs {
        headers.append(
            HeaderName::from_bytes(name.as_bytes()).unwrap(),
            HeaderValue::from_bytes(value.as_bytes()).unwrap(),
        );
    }
    headers
}

fn call(arguments: &Value) -> Envelope {
    let params = json!({ "name": "deploy", "arguments": arguments, "_meta": { META_VERSION: "2026-07-28" } });
    Envelope::read(json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params }))
        .unwrap()
}

const STANDARD: [(&str, &str); 3] =
    [("MCP-Protocol-Version", "2026-07-28"), ("Mcp-Method", "tools/call"), ("Mcp-Name", "deploy")];

#[test]
fn standard_headers_must_repeat_the_body() {
    for (change, accepted) in [
        (vec![], true),
        (vec![("Mcp-Name", "  deploy\t")], true),
        (vec![("Mcp-Name", "=?base64?ZGVwbG95?=")], true),
        (vec![("Mcp-Name", "=?base64?ZGVwbG95")], false),
        (vec![("Mcp-Name", "=?base64?ZGVwbG9!?=")], false),
        (vec![("Mcp-Name", "other")], false),
        (vec![("Mcp-Name", "Deploy")], false),
        (vec![("Mcp-Method", "TOOLS/CALL")], false),
        (vec![("Mcp-Method", "tools/list")], false),
        (vec![("MCP-Protocol-Version", "2025-11-25")], false),
        (vec![("Mcp-Method", "tools/call"), ("Mcp-Method", "tools/call")], false),
        (vec![("Mcp-Name", "d\u{e9}ploy")], false),
    ] {
        let kept = STANDARD.iter().filter(|(name, _)| !change.iter().any(|(new, _)| new == name));
        let all: Vec<_> = kept.chain(&change).copied().collect();
        let result = check(&headers(&all), &call(&json!({})), None);
        assert_eq!(result.is_ok(), accepted, "{change:?} {result:?}");
        if let Err(error) = result {
            assert_eq!(error.code.0, -32020);
        }
    }
    for missing in 0..STANDARD.len() {
        let mut some = STANDARD.to_vec();
        some.remove(missing);
        assert!(check(&headers(&some), &call(&json!({})), None).is_err(), "{missing}");
    }
}

#[test]
fn marked_arguments_must_repeat_the_body() {
    let schema = json!({ "properties": {
        "region": { "type": "string", "x-mcp-header": "Region" },
        "count": { "type": "integer", "x-mcp-header": "Count" },
        "force": { "type": "boolean", "x-mcp-header": "Force" },
        "deep": { "type": "object", "properties": { "id": { "type": "string", "x-mcp-header": "Id" } } },
    }});
    for (arguments, extra, accepted) in [
        (json!({}), vec![], true),
        (json!({ "region": null }), vec![], true),
        (json!({ "region": "eu" }), vec![("Mcp-Param-Region", "eu")], true),
        (json!({ "region": "eu" }), vec![("mcp-param-REGION", "=?base64?ZXU=?=")], true),
        (json!({ "region": "eu" }), vec![], false),
        (json!({}), vec![("Mcp-Param-Region", "eu")], false),
        (json!({ "region": "eu" }), vec![("Mcp-Param-Region", "us")], false),
        (json!({ "count": 42 }), vec![("Mcp-Param-Count", "42")], true),
        (json!({ "count": 42 }), vec![("Mcp-Param-Count", "42.0")], true),
        (json!({ "count": 42 }), vec![("Mcp-Param-Count", "41")], false),
        (json!({ "force": true }), vec![("Mcp-Param-Force", "true")], true),
        (json!({ "force": true }), vec![("Mcp-Param-Force", "false")], false),
        (json!({ "deep": { "id": "x" } }), vec![("Mcp-Param-Id", "x")], true),
        (json!({ "deep": { "id": "x" } }), vec![], false),
    ] {
        let all: Vec<_> = STANDARD.iter().chain(&extra).copied().collect();
        let result = check(&headers(&all), &call(&arguments), schema.as_object());
        assert_eq!(result.is_ok(), accepted, "{arguments} {extra:?} {result:?}");
    }
}
