//! What a client sees that starts `pilothouse stdio --surface harness` in place of the Harness server.

use std::{
    collections::BTreeSet,
    io::Write as _,
    process::{Command, Stdio},
};

use serde_json::{Value, json};

use crate::{User, text};

/// The tools of the server that ours replaces: what calls of its clients may carry.
const REPLACED: &str = include_str!("../data/harness_tools.json");

/// The answers of a server to `requests`, in their order, by a client that then leaves.
fn answers(user: &User, requests: &[(&str, Value)]) -> Vec<Value> {
    #[expect(clippy::disallowed_methods, reason = "the test starts the program under test")]
    let mut command = Command::new(env!("CARGO_BIN_EXE_pilothouse"));
    command.args(["stdio", "--surface", "harness"]).env_clear().env("HOME", user.home());
    command.env("HARNESS_API_KEY", "pat.account.token.not-a-secret");
    let pipes = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut server = pipes.spawn().unwrap();
    let mut input = server.stdin.take().unwrap();
    for (id, (method, params)) in requests.iter().enumerate() {
        let request = json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params });
        writeln!(input, "{request}").unwrap();
    }
    drop(input);
    let output = server.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    let mut answers: Vec<Value> =
        text(&output.stdout).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    answers.sort_by_key(|answer| answer["id"].as_u64());
    assert_eq!(answers.len(), requests.len(), "{answers:#?}");
    answers
}

fn tools() -> Vec<Value> {
    let hello = json!({ "protocolVersion": "2025-06-18", "capabilities": {},
                        "clientInfo": { "name": "test", "version": "1" } });
    let requests = [("initialize", hello), ("tools/list", json!({}))];
    let [welcome, list] = &answers(&User::new(), &requests)[..] else { panic!("two answers") };
    assert_eq!(welcome["result"]["serverInfo"]["name"], "harness-mcp-server");
    list["result"]["tools"].as_array().unwrap().clone()
}

fn names(value: &Value) -> BTreeSet<&str> {
    let listed = value.as_array().into_iter().flatten().filter_map(Value::as_str);
    let keys = value.as_object().into_iter().flat_map(|fields| fields.keys().map(String::as_str));
    listed.chain(keys).collect()
}

#[test]
fn the_tools_of_the_harness_server_are_these() {
    let mut lines = Vec::new();
    for tool in tools() {
        let hints = tool["annotations"].as_object().unwrap();
        let said: Vec<_> =
            hints.iter().filter(|(_, on)| **on == true).map(|(name, _)| name.as_str()).collect();
        lines.push(format!(
            "{} ({}): {}",
            tool["name"].as_str().unwrap(),
            tool["title"],
            said.join(" ")
        ));
        let schema = &tool["inputSchema"];
        let required = names(&schema["required"]);
        for name in names(&schema["properties"]) {
            let mark = if required.contains(name) { " *" } else { "" };
            lines.push(format!("  {name}{mark}"));
        }
    }
    insta::assert_snapshot!(lines.join("\n"));
}

#[test]
fn what_clients_of_the_replaced_server_send_is_taken() {
    let replaced: Value = serde_json::from_str(REPLACED).unwrap();
    let tools = tools();
    let ours: BTreeSet<_> = tools.iter().map(|tool| tool["name"].as_str().unwrap()).collect();
    assert_eq!(ours, names(&replaced));
    for tool in &tools {
        let name = tool["name"].as_str().unwrap();
        let (old, new) = (&replaced[name], &tool["inputSchema"]);
        let taken = names(&new["properties"]);
        let missing: Vec<_> = names(&old["arguments"]).difference(&taken).copied().collect();
        assert!(missing.is_empty(), "{name} does not take {missing:?}");
        assert!(
            names(&new["required"]).is_subset(&names(&old["required"])),
            "{name} asks for more"
        );
        for (argument, values) in old["values"].as_object().unwrap() {
            let known = names(&new["properties"][argument]["enum"]);
            assert!(names(values).is_subset(&known), "{name}.{argument}: {known:?}");
        }
        for (hint, value) in old["annotations"].as_object().unwrap() {
            assert_eq!(&tool["annotations"][hint], value, "{name}: {hint}");
        }
    }
}
