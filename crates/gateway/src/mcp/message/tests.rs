//! What is JSON-RPC and what is not.

use super::*;

fn read(text: &str) -> Result<Kind, i32> {
    match parse(text.as_bytes(), &Limits { batch_messages: 2, json_depth: 4, ..Limits::default() })
    {
        Ok(Incoming::One(envelope)) => Ok(envelope.kind),
        Ok(Incoming::Batch(_)) => Ok(Kind::Notification { method: "batch".into() }),
        Err(malformed) => Err(malformed.error.code.0),
    }
}

#[test]
fn frames_are_told_apart() {
    let id = RequestId::Number(1);
    for (text, kind) in [
        (
            r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#,
            Kind::Request { id: id.clone(), method: "ping".into() },
        ),
        (r#"{"jsonrpc":"2.0","method":"x"}"#, Kind::Notification { method: "x".into() }),
        (r#"{"jsonrpc":"2.0","id":1,"result":{}}"#, Kind::Answer { id: id.clone() }),
        (r#"{"jsonrpc":"2.0","id":1,"error":{"code":1,"message":""}}"#, Kind::Answer { id }),
        (
            r#"{"jsonrpc":"2.0","id":null,"error":{"code":1,"message":""}}"#,
            Kind::Notification { method: String::new() },
        ),
        (r#"[{"jsonrpc":"2.0","method":"x"}]"#, Kind::Notification { method: "batch".into() }),
    ] {
        assert_eq!(read(text), Ok(kind), "{text}");
    }
}

#[test]
fn an_id_is_found_before_or_after_parameters_that_are_cut() {
    let number = Some(RequestId::Number(7));
    for (first, last, id) in [
        (
            r#"{"jsonrpc":"2.0","id":7,"method":"m","params":{"id":1"#,
            r#"x","id":9}}"#,
            number.clone(),
        ),
        (r#"{"method":"m","params":{"id":1,"#, r#"x"},"jsonrpc":"2.0","id":7}"#, number.clone()),
        (r#"{"jsonrpc":"2.0","method":"m","params":{"#, r#"x"}, "id": 7 }"#, number),
        (
            r#"{"method":"m","params":{"#,
            r#"},"jsonrpc":"2.0","id":"a"}"#,
            Some(RequestId::String("a".into())),
        ),
        (r#"{"jsonrpc":"2.0","method":"m","params":{"#, r#""id":7}}"#, None),
        ("xxxx", "xxxx", None),
    ] {
        assert_eq!(id_at_an_edge(first.as_bytes(), last.as_bytes()), id, "{first} … {last}");
    }
}

#[test]
fn what_breaks_json_rpc_gets_the_code_for_it() {
    for (text, code) in [
        ("{", -32700),
        ("", -32700),
        ("\u{0}", -32700),
        ("1", -32600),
        ("[]", -32600),
        ("[1,2,3]", -32600),
        (r#"{"id":1,"method":"ping"}"#, -32600),
        (r#"{"jsonrpc":"2.0","id":null,"method":"ping"}"#, -32600),
        (r#"{"jsonrpc":"2.0","id":1.5,"method":"ping"}"#, -32600),
        (r#"{"jsonrpc":"2.0","id":1,"method":7}"#, -32600),
        (r#"{"jsonrpc":"2.0","id":1,"method":"x","result":1}"#, -32600),
        (r#"{"jsonrpc":"2.0","id":1}"#, -32600),
        (r#"{"jsonrpc":"2.0","id":1,"method":"x","params":[1]}"#, -32600),
        (r#"{"jsonrpc":"2.0","id":1,"method":"x","params":[[[[1]]]]}"#, -32600),
    ] {
        assert_eq!(read(text), Err(code), "{text}");
    }
}

#[test]
fn brackets_inside_strings_do_not_count_as_depth() {
    assert!(!nests_deeper_than(1, br#"{"a":"[[[[\"{{{{"}"#));
    assert!(nests_deeper_than(1, br#"{"a":[]}"#));
    assert!(!nests_deeper_than(2, br"[{},{},{}]"));
}
