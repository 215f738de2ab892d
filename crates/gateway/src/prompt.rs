//! Prompts as MCP offers them: the registry's texts, and values for their arguments while a person
//! types.

use std::collections::BTreeMap;

use pilothouse_model::Error;
use pilothouse_registry::{
    Catalog, nearest,
    prompt::{self, Completion, Live, Prompt},
};
use rmcp::model::{
    CompletionInfo, ContentBlock, GetPromptResult, Prompt as Definition, PromptArgument,
    PromptMessage, Role,
};
use serde_json::{Map, Value};

use crate::{
    Gateway, Surface, UNIFIED, call,
    conversation::Conversation,
    mcp::{CompletionRequest, Refusal},
    verb::Invocation,
};

/// Items that a live completion looks at.
const LOOKED_AT: u64 = 50;
/// Values that a client is offered.
const MAX_VALUES: usize = 50;
/// Longest value that is offered, in bytes.
const MAX_VALUE: usize = 256;

pub(crate) fn list(surface: &Surface) -> Result<Vec<Definition>, Error> {
    Ok(prompt::of(surface.name())?.iter().map(definition).collect())
}

fn definition(prompt: &Prompt) -> Definition {
    let arguments: Vec<_> = prompt
        .arguments
        .iter()
        .map(|argument| {
            PromptArgument::new(&argument.name)
                .with_description(&argument.about)
                .with_required(argument.required)
        })
        .collect();
    let arguments = (!arguments.is_empty()).then_some(arguments);
    Definition::new(&prompt.name, Some(&prompt.about), arguments).with_title(&prompt.title)
}

pub(crate) fn get(
    surface: &Surface,
    name: &str,
    arguments: &Value,
) -> Result<GetPromptResult, Refusal> {
    let prompt = find(surface, name)?;
    let mut given = BTreeMap::new();
    for (name, value) in arguments.as_object().into_iter().flatten() {
        match value {
            Value::String(text) => given.insert(name.clone(), text.clone()),
            Value::Null => None,
            _ => {
                return Err(Refusal::InvalidParams(format!("the argument {name:?} is not a text")));
            }
        };
    }
    let text = prompt.render(&given)?;
    let message = PromptMessage::new(Role::User, ContentBlock::text(text));
    Ok(GetPromptResult::new(vec![message]).with_description(&prompt.about))
}

/// Values for an argument. What cannot be read now offers nothing: a person can still type.
pub(crate) async fn complete(
    gateway: &Gateway,
    surface: &Surface,
    conversation: &dyn Conversation,
    name: &str,
    request: &CompletionRequest,
) -> Result<CompletionInfo, Refusal> {
    let prompt = find(surface, name)?;
    let argument = prompt.arguments.iter().find(|argument| argument.name == request.argument);
    let argument = argument.ok_or_else(|| {
        Refusal::InvalidParams(format!("{name} has no argument {:?}", request.argument))
    })?;
    let values = match &argument.completion {
        None => Vec::new(),
        Some(Completion::Values(values)) => values.clone(),
        Some(Completion::Live(live)) => {
            let live = values_of(gateway, surface, conversation, live, request).await;
            live.unwrap_or_else(|error| {
                tracing::debug!(%error, prompt = name, "no values to offer");
                Vec::new()
            })
        }
    };
    Ok(offer(values, &request.value))
}

/// At most [`MAX_VALUES`] of `values` that contain what was typed, those that begin with it first.
pub(crate) fn offer(values: Vec<String>, typed: &str) -> CompletionInfo {
    let typed = typed.to_lowercase();
    let fits = |value: &String| value.len() <= MAX_VALUE && value.to_lowercase().contains(&typed);
    let mut values: Vec<_> = values.into_iter().filter(fits).collect();
    values.sort_by_key(|value| !value.to_lowercase().starts_with(&typed));
    let total = values.len();
    values.truncate(MAX_VALUES);
    let mut info = CompletionInfo::default();
    info.has_more = Some(total > values.len());
    info.total = u32::try_from(total).ok();
    info.values = values;
    info
}

async fn values_of(
    gateway: &Gateway,
    surface: &Surface,
    conversation: &dyn Conversation,
    live: &Live,
    request: &CompletionRequest,
) -> Result<Vec<String>, Error> {
    let invocation = invocation(gateway, surface, &live.operation, |takes| {
        let mut arguments = Map::new();
        if takes("limit") {
            arguments.insert("limit".into(), LOOKED_AT.into());
        }
        if let Some(search) = &live.search
            && !request.value.is_empty()
        {
            arguments.insert(search.clone(), request.value.clone().into());
        }
        for (name, value) in request.chosen.iter().filter(|(_, value)| !value.is_empty()) {
            if let Some(argument) = live.pass.get(name) {
                arguments.insert(argument.clone(), value.clone().into());
            }
        }
        arguments
    })?;
    let page = call::read(gateway, surface, conversation, "completion", invocation).await?;
    let items = page["items"].as_array().into_iter().flatten();
    let mut values = Vec::new();
    for item in items {
        let value = match live.value.get(item) {
            Some(Value::String(text)) => text.clone(),
            Some(Value::Number(number)) => number.to_string(),
            _ => continue,
        };
        if !values.contains(&value) {
            values.push(value);
        }
    }
    Ok(values)
}

/// The call of an operation written as this surface's data does: with the platform in front on the
/// unified one. `arguments` is told which arguments the operation takes.
pub(crate) fn invocation(
    gateway: &Gateway,
    surface: &Surface,
    operation: &str,
    arguments: impl FnOnce(&dyn Fn(&str) -> bool) -> Map<String, Value>,
) -> Result<Invocation, Error> {
    let (platform, rest) = if surface.name() == UNIFIED {
        operation.split_once('.').unwrap_or_default()
    } else {
        (surface.name(), operation)
    };
    let (type_name, name) = rest.rsplit_once('.').unwrap_or_default();
    let connector = gateway.connectors().get(platform, surface.instance())?;
    let spec = Catalog::embedded().operation(&format!("{platform}.{rest}"))?;
    let arguments = arguments(&|name| spec.args.contains_key(name));
    Invocation::new(gateway, connector.clone(), type_name, name, arguments)
}

fn find(surface: &Surface, name: &str) -> Result<&'static Prompt, Refusal> {
    let prompts = prompt::of(surface.name())?;
    let found = prompts.iter().find(|prompt| prompt.name == name);
    found.ok_or_else(|| {
        let known: Vec<&str> = prompts.iter().map(|prompt| prompt.name.as_str()).collect();
        match nearest(name, &known, 1).first() {
            Some(close) => {
                let message = format!("unknown prompt {name:?}; did you mean {close:?}?");
                Refusal::InvalidParams(message)
            }
            None => Refusal::UnknownPrompt(name.to_owned()),
        }
    })
}
