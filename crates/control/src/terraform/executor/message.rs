//! Terraform's `-json` messages, one per line, turned into the text an operator knows.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::{diagnostic::Complaint, diff::attribute, secret::MASKED};

/// One line of `-json` output. Only what is shown is read; unknown kinds show their text.
#[derive(Debug, Deserialize)]
pub(super) struct Message {
    #[serde(rename = "@message")]
    text: String,
    #[serde(rename = "type", default)]
    kind: String,
    diagnostic: Option<Complaint>,
    outputs: Option<BTreeMap<String, Output>>,
    changes: Option<Changes>,
}

#[derive(Debug, Deserialize)]
struct Output {
    #[serde(default)]
    sensitive: bool,
    #[serde(default)]
    value: Value,
    /// Only in the outputs of a plan.
    action: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Changes {
    operation: String,
}

/// What a line of output means.
#[derive(Debug)]
pub(super) enum Meaning {
    Complaint(Box<Complaint>),
    /// For the log.
    Text(String),
    /// Said elsewhere, and better: the rendered plan follows from `show`.
    Nothing,
}

impl Meaning {
    /// Reads one line; what is not one of Terraform's messages is text.
    pub(super) fn of_line(line: &str) -> Self {
        if !line.starts_with('{') {
            return Self::Text(line.to_owned());
        }
        serde_json::from_str::<Message>(line)
            .map_or_else(|_| Self::Text(line.to_owned()), Message::meaning)
    }
}

impl Message {
    fn meaning(self) -> Meaning {
        if let Some(complaint) = self.diagnostic {
            return Meaning::Complaint(Box::new(complaint));
        }
        match self.kind.as_str() {
            "version" | "planned_change" | "resource_drift" | "refresh_complete" => {
                Meaning::Nothing
            }
            "change_summary" if self.changes.is_some_and(|changes| changes.operation == "plan") => {
                Meaning::Nothing
            }
            "change_summary" => Meaning::Text(format!("\n{}", self.text)),
            "outputs" => outputs(&self.outputs.unwrap_or_default()),
            _ => Meaning::Text(self.text),
        }
    }
}

fn outputs(outputs: &BTreeMap<String, Output>) -> Meaning {
    if outputs.is_empty() || outputs.values().any(|output| output.action.is_some()) {
        return Meaning::Nothing;
    }
    let mut text = String::from("\nOutputs:\n\n");
    for (name, output) in outputs {
        let shown = if output.sensitive {
            format!("{name} = {MASKED}\n")
        } else {
            attribute(name, &output.value)
        };
        text.push_str(&shown);
    }
    Meaning::Text(text)
}
