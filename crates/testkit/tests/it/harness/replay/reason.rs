//! Why some recorded calls are refused or send something else.

use std::collections::BTreeMap;

use serde::Deserialize;

/// `otherwise.toml`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Reasons {
    reason: Vec<Reason>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Reason {
    why: String,
    /// By `operation#number`, part of what the refusal or the difference says.
    calls: BTreeMap<String, String>,
}

impl Reasons {
    pub(crate) fn stated() -> Self {
        toml::from_str(&super::data("otherwise.toml")).unwrap()
    }

    /// How many calls there are for each reason.
    pub(crate) fn summary(&self) -> String {
        let line = |reason: &Reason| format!("{:5} {}\n", reason.calls.len(), reason.why.trim());
        self.reason.iter().map(line).collect()
    }

    /// What must be said of the call, if it is listed.
    pub(crate) fn take(&mut self, call: &str) -> Option<String> {
        self.reason.iter_mut().find_map(|reason| reason.calls.remove(call))
    }

    /// Listed calls that nobody took.
    pub(crate) fn left(&self) -> impl Iterator<Item = String> {
        let calls = self.reason.iter().flat_map(|reason| reason.calls.keys());
        calls.map(|call| format!("{call}: is listed, and there is no such call"))
    }
}
