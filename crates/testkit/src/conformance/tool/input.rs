//! Tools that ask the client something.

use pilothouse_gateway::mcp::{
    Answers, Asked, Question, Refusal, Reply, RequestContext, Seal, ToolReply,
};
use serde_json::{Value, json};

use super::text;

pub(super) async fn call(
    context: &RequestContext,
    name: &str,
    arguments: &Value,
) -> Result<ToolReply, Refusal> {
    let (seal, questions) = match name {
        "test_input_required_result_multi_round" => return two_rounds(context).await,
        "test_input_required_result_capabilities" => {
            let all = vec![ask_name(), capital(), Question::roots("client_roots")];
            let possible = all.into_iter().filter(|question| context.can_ask(question)).collect();
            (Seal::Sealed, possible)
        }
        _ => questions(name, arguments).ok_or_else(|| Refusal::UnknownTool(name.to_owned()))?,
    };
    match context.ask(&questions, seal).await? {
        Asked::NeedsInput(input) => Ok(Reply::NeedsInput(input)),
        Asked::Answered(answers) => Ok(text(&report(name, &answers))),
        Asked::Unsupported => Err(missing(&questions)),
    }
}

/// What each tool asks, and whether the answer needs the state that was issued with it.
fn questions(tool: &str, arguments: &Value) -> Option<(Seal, Vec<Question>)> {
    let argument = |name: &str| arguments[name].as_str().unwrap_or_default();
    Some(match tool {
        "test_sampling" => (Seal::Sealed, vec![Question::sample("llm", argument("prompt"), 100)]),
        "test_missing_capability" => (Seal::Sealed, vec![capital()]),
        "test_elicitation" => {
            let fields = json!({
                "username": { "type": "string", "description": "User's response" },
                "email": { "type": "string", "description": "User's email address" },
            });
            (Seal::Sealed, vec![form("user", argument("message"), &fields, &["username", "email"])])
        }
        "test_streaming_elicitation"
        | "test_input_required_result_request_state"
        | "test_input_required_result_tampered_state" => (Seal::Sealed, vec![confirm()]),
        "test_elicitation_sep1034_defaults" => (Seal::Sealed, vec![defaults()]),
        "test_elicitation_sep1330_enums" => (Seal::Sealed, vec![choices()]),
        "test_input_required_result_elicitation" => (Seal::Open, vec![ask_name()]),
        "test_input_required_result_sampling" => (Seal::Open, vec![capital()]),
        "test_input_required_result_list_roots" => {
            (Seal::Open, vec![Question::roots("client_roots")])
        }
        "test_input_required_result_multiple_inputs" => {
            let greeting = Question::sample("greeting", "Generate a greeting", 50);
            (Seal::Sealed, vec![ask_name(), greeting, Question::roots("client_roots")])
        }
        _ => return None,
    })
}

async fn two_rounds(context: &RequestContext) -> Result<ToolReply, Refusal> {
    let name = json!({ "name": { "type": "string" } });
    let color = json!({ "color": { "type": "string" } });
    let first = form("step1", "Step 1: What is your name?", &name, &["name"]);
    let second = form("step2", "Step 2: What is your favorite color?", &color, &["color"]);
    for questions in [vec![first.clone()], vec![first, second]] {
        match context.ask(&questions, Seal::Sealed).await? {
            Asked::NeedsInput(input) => return Ok(Reply::NeedsInput(input)),
            Asked::Unsupported => return Err(missing(&questions)),
            Asked::Answered(_) => {}
        }
    }
    Ok(text("Both steps were answered"))
}

/// The words that the suite looks for.
fn report(tool: &str, answers: &Answers) -> String {
    let of = |key: &str| answers.values.get(key).unwrap_or(&Value::Null);
    match tool {
        "test_sampling" => format!("LLM response: {}", of("llm")["content"]["text"]),
        "test_elicitation" => {
            let user = of("user");
            format!("User response: <action: {}, content: {}>", user["action"], user["content"])
        }
        "test_elicitation_sep1034_defaults" | "test_elicitation_sep1330_enums" => {
            let form = of("form");
            format!("Elicitation completed: action={}, content={}", form["action"], form["content"])
        }
        "test_input_required_result_elicitation" => {
            let name = of("user_name")["content"]["name"].as_str().unwrap_or("stranger");
            format!("Hello, {name}!")
        }
        "test_input_required_result_request_state" => "state-ok".to_owned(),
        _ => serde_json::to_string(&answers.values).unwrap_or_default(),
    }
}

fn missing(questions: &[Question]) -> Refusal {
    let needed = questions.first().map(Question::needs).unwrap_or_default();
    Refusal::MissingCapability(Box::new(needed))
}

fn form(key: &str, message: &str, properties: &Value, required: &[&str]) -> Question {
    let schema = json!({ "type": "object", "properties": properties, "required": required });
    Question::form(key, message, schema)
}

fn ask_name() -> Question {
    form("user_name", "What is your name?", &json!({ "name": { "type": "string" } }), &["name"])
}

fn confirm() -> Question {
    form("confirm", "Please confirm", &json!({ "ok": { "type": "boolean" } }), &["ok"])
}

fn capital() -> Question {
    Question::sample("capital_question", "What is the capital of France?", 100)
}

fn defaults() -> Question {
    let fields = json!({
        "name": { "type": "string", "default": "John Doe" },
        "age": { "type": "integer", "default": 30 },
        "score": { "type": "number", "default": 95.5 },
        "status": { "type": "string", "enum": ["active", "inactive", "pending"], "default": "active" },
        "verified": { "type": "boolean", "default": true },
    });
    form("form", "Please check the defaults", &fields, &[])
}

fn choices() -> Question {
    let titled = json!([
        { "const": "value1", "title": "First" },
        { "const": "value2", "title": "Second" },
        { "const": "value3", "title": "Third" },
    ]);
    let options = json!(["option1", "option2", "option3"]);
    let fields = json!({
        "untitledSingle": { "type": "string", "enum": options },
        "titledSingle": { "type": "string", "oneOf": titled },
        "legacyEnum": {
            "type": "string",
            "enum": ["opt1", "opt2", "opt3"],
            "enumNames": ["Option One", "Option Two", "Option Three"],
        },
        "untitledMulti": { "type": "array", "items": { "type": "string", "enum": options } },
        "titledMulti": { "type": "array", "items": { "anyOf": titled } },
    });
    form("form", "Please choose", &fields, &[])
}
