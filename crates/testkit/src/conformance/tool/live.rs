//! Tools that speak while they work. The pauses are part of what the suite prescribes.

use std::time::Duration;

use pilothouse_gateway::mcp::{LogLevel, RequestContext, ToolReply};
use serde_json::json;
use tokio::time::sleep;

use super::text;

const PAUSE: Duration = Duration::from_millis(50);

pub(super) async fn log(context: &RequestContext, tool: &str) -> ToolReply {
    let messages = match tool {
        "test_logging_tool" => &["Logging tool called"][..],
        _ => &["Tool execution started", "Tool processing data", "Tool execution completed"],
    };
    for (position, message) in messages.iter().enumerate() {
        if position > 0 {
            sleep(PAUSE).await;
        }
        context.log(LogLevel::Info, None, json!(message)).await;
    }
    text("Logged while working")
}

pub(super) async fn progress(context: &RequestContext) -> ToolReply {
    for progress in [0.0, 50.0, 100.0] {
        if progress > 0.0 {
            sleep(PAUSE).await;
        }
        context.progress(progress, Some(100.0), None).await;
    }
    text("Reported progress while working")
}

pub(super) async fn reconnect(context: &RequestContext) -> ToolReply {
    sleep(PAUSE).await;
    context.hang_up();
    sleep(2 * PAUSE).await;
    text("Answered after the stream was closed")
}
