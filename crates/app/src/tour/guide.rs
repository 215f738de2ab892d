//! What every story needs: calls that are shown on the screen, and expectations.

use pilothouse_gateway::client::{Client, Shown};
use pilothouse_model::Error;
use serde_json::{Value, json};

use super::screen::Screen;

/// An agent that shows what it does.
#[derive(Clone, Copy)]
pub(super) struct Guide<'a> {
    pub(super) client: &'a Client,
    pub(super) screen: &'a Screen,
}

impl Guide<'_> {
    pub(super) async fn call(&self, tool: &str, arguments: Value) -> Result<Value, Error> {
        Ok(self.show(tool, arguments).await?.value)
    }

    /// As [`Guide::call`], with the pictures of the result.
    pub(super) async fn show(&self, tool: &str, arguments: Value) -> Result<Shown, Error> {
        self.screen.calling(tool, &brief(&arguments));
        let result = self.client.show(tool, arguments).await;
        self.screen.stop_spinner();
        result
    }

    /// A call that the server must refuse; gives why.
    pub(super) async fn refused(&self, tool: &str, arguments: Value) -> Result<Error, Error> {
        match self.show(tool, arguments).await {
            Err(error) => Ok(error),
            Ok(shown) => {
                let what = format!("{tool} is refused; it answered {}", shown.value);
                Err(Error::upstream(unexpected(&what)))
            }
        }
    }
}

pub(super) fn text(value: &Value) -> &str {
    value.as_str().unwrap_or("?")
}

pub(super) fn check(holds: bool, expectation: &str) -> Result<(), Error> {
    if holds { Ok(()) } else { Err(Error::upstream(unexpected(expectation))) }
}

fn unexpected(expectation: &str) -> String {
    format!("not as it should be. Expected: {expectation}")
}

/// Arguments on one line; file contents are not repeated on the screen.
fn brief(arguments: &Value) -> String {
    let mut arguments = arguments.clone();
    if let Some(files) = arguments.pointer_mut("/params/files").and_then(Value::as_object_mut) {
        for content in files.values_mut() {
            *content = json!("…");
        }
    }
    arguments.to_string()
}
