//! The fixture's prompts.

use pilothouse_gateway::mcp::{
    Asked, CompletionRequest, CompletionSubject, PromptReply, Question, Refusal, Reply,
    RequestContext, Seal,
    model::{
        CompletionInfo, ContentBlock, GetPromptResult, Prompt, PromptArgument, PromptMessage,
        ResourceContents, Role,
    },
};
use serde_json::{Value, json};

use super::sample::PNG;

const PROMPTS: [(&str, &str, &[&str]); 5] = [
    ("test_simple_prompt", "A prompt without arguments", &[]),
    ("test_prompt_with_arguments", "A prompt with two arguments", &["arg1", "arg2"]),
    ("test_prompt_with_embedded_resource", "A prompt that embeds a resource", &["resourceUri"]),
    ("test_prompt_with_image", "A prompt with an image", &[]),
    ("test_input_required_result_prompt", "A prompt that asks for its context", &[]),
];

pub(super) fn list() -> Vec<Prompt> {
    PROMPTS
        .map(|(name, about, arguments)| {
            let arguments = arguments
                .iter()
                .map(|name| {
                    PromptArgument::new(*name)
                        .with_description("An argument for the test")
                        .with_required(true)
                })
                .collect();
            Prompt::new(name, Some(about), Some(arguments))
        })
        .into()
}

pub(super) async fn get(
    context: &RequestContext,
    name: &str,
    arguments: &Value,
) -> Result<PromptReply, Refusal> {
    let argument = |name: &str| match arguments[name].as_str() {
        Some(value) => Ok(value),
        None => Err(Refusal::InvalidParams(format!("the argument {name:?} is missing"))),
    };
    let messages = match name {
        "test_simple_prompt" => vec![text("This is a simple prompt for testing.")],
        "test_prompt_with_arguments" => {
            let (first, second) = (argument("arg1")?, argument("arg2")?);
            vec![text(&format!("Prompt with arguments: arg1='{first}', arg2='{second}'"))]
        }
        "test_prompt_with_embedded_resource" => {
            let embedded = "Embedded resource content for testing.";
            let resource = ResourceContents::text(embedded, argument("resourceUri")?)
                .with_mime_type("text/plain");
            vec![
                PromptMessage::new(Role::User, ContentBlock::resource(resource)),
                text("Please process the embedded resource above."),
            ]
        }
        "test_prompt_with_image" => {
            let image = ContentBlock::image(PNG, "image/png");
            vec![PromptMessage::new(Role::User, image), text("Please analyze the image above.")]
        }
        "test_input_required_result_prompt" => return with_context(context).await,
        _ => return Err(Refusal::UnknownPrompt(name.to_owned())),
    };
    Ok(GetPromptResult::new(messages).into())
}

async fn with_context(context: &RequestContext) -> Result<PromptReply, Refusal> {
    let schema = json!({
        "type": "object",
        "properties": { "context": { "type": "string" } },
        "required": ["context"],
    });
    let question = Question::form("user_context", "What context should the prompt use?", schema);
    match context.ask(std::slice::from_ref(&question), Seal::Open).await? {
        Asked::NeedsInput(input) => Ok(Reply::NeedsInput(input)),
        Asked::Unsupported => Err(Refusal::MissingCapability(Box::new(question.needs()))),
        Asked::Answered(answers) => {
            let given = &answers.values["user_context"]["content"]["context"];
            Ok(GetPromptResult::new(vec![text(&format!("Use this context: {given}"))]).into())
        }
    }
}

pub(super) fn complete(request: &CompletionRequest) -> Result<CompletionInfo, Refusal> {
    let known = match &request.subject {
        CompletionSubject::Prompt(name) => PROMPTS.iter().any(|(prompt, ..)| prompt == name),
        CompletionSubject::ResourceTemplate(uri) => uri == "test://template/{id}/data",
    };
    if !known {
        return Err(Refusal::InvalidParams("nothing of that name can be completed".to_owned()));
    }
    let values = ["paris", "park", "party", "testing"]
        .into_iter()
        .filter(|value| value.starts_with(&request.value))
        .map(str::to_owned)
        .collect();
    CompletionInfo::with_all_values(values).map_err(Refusal::InvalidParams)
}

fn text(text: &str) -> PromptMessage {
    PromptMessage::new_text(Role::User, text)
}
