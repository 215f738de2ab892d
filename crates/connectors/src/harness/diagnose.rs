//! Why something does not work: runs of pipelines, connectors, delegates, GitOps applications.

use pilothouse_model::Result;
use serde_json::{Map, Value, json};

use super::config::LINK;
use crate::connector::hook::HookContext;

mod application;
mod cause;
mod health;
mod outline;
mod run;

pub(super) use run::execution;

/// Events and tree nodes shown of an application.
const MAX_SHOWN: usize = 15;

type Args = Map<String, Value>;

/// What a connector is, when it last worked, and whether it works now.
pub(super) async fn connector(context: &HookContext<'_>, args: Args) -> Result<Value> {
    let found = context.call("connector.get", Value::Object(args.clone())).await?;
    let test = context.call("connector.test_connection", Value::Object(args)).await;
    let test = match test {
        Ok(test) => test,
        // The test is what is asked for: its failure is the answer.
        Err(error) => json!({"status": "FAILURE", "errorSummary": error.to_string()}),
    };
    Ok(linked(health::connector(&found, &test), &found))
}

/// Which delegates are connected, and what is wrong with those that are not.
pub(super) async fn delegates(context: &HookContext<'_>, args: Args) -> Result<Value> {
    let mut question = scope_of(&args);
    question.insert("all".to_owned(), json!(true));
    let list = context.call("delegate.list", Value::Object(question)).await?;
    let wanted = args.get("delegate_id").and_then(Value::as_str);
    let items = list["items"].as_array().map_or(&[][..], Vec::as_slice);
    health::delegates(items, wanted, context.now())
}

/// How an application is, which of its resources are not well, and what was said about them.
pub(super) async fn application(context: &HookContext<'_>, args: Args) -> Result<Value> {
    let question = Value::Object(args);
    let found = context.call("gitops_application.get", question.clone()).await?;
    let (tree, events) = tokio::join!(
        context.call("gitops_app_resource_tree.get", question.clone()),
        context.call("gitops_app_event.list", question),
    );
    let mut shown = linked(application::shown(&found), &found);
    // Both are additions: the diagnosis stands without them, and says that it does.
    let tree = tree.map(|tree| ("resource_tree", application::resources(&tree, MAX_SHOWN)));
    let events =
        events.map(|events| ("recent_warnings", application::warnings(&events, MAX_SHOWN)));
    for (part, error) in [(tree, "tree_error"), (events, "events_error")] {
        match part {
            Ok((name, value)) => shown[name] = value,
            Err(reason) => shown[error] = json!(reason.to_string()),
        }
    }
    Ok(shown)
}

/// A diagnosis with the link that the answer had.
fn linked(mut shown: Value, found: &Value) -> Value {
    if let Some(link) = found.get(LINK) {
        shown[LINK] = link.clone();
    }
    shown
}

fn scope_of(args: &Args) -> Args {
    let is_scope = |name: &str| matches!(name, "org_id" | "project_id");
    args.iter().filter(|(name, _)| is_scope(name)).map(|(k, v)| (k.clone(), v.clone())).collect()
}
