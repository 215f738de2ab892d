//! A plan: what a write would do, identified by the hash of everything that must not change
//! between a person's yes and the execution.

use pilothouse_model::{Risk, error::Error};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// What a write would do, as it is shown to the person who decides.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// Hex BLAKE3 of the [`PlanKey`].
    pub digest: String,
    /// `platform.type.operation`.
    pub operation: String,
    /// One sentence: what will happen to what.
    pub summary: String,
    pub risk: Risk,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// The exact requests, in order, with secret values masked.
    pub requests: Vec<Value>,
    /// The target as it is now, where it can be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<Value>,
    /// A unified diff of what the arguments would change in `before`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub diff: Option<String>,
    /// What it would carry out, as the platform itself tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preview: Option<String>,
}

/// Everything an approval is bound to. Any change gives another digest, which voids it.
#[derive(Clone, Debug, Serialize)]
pub struct PlanKey<'a> {
    pub principal: &'a str,
    pub space: Option<&'a str>,
    pub tool: &'a str,
    /// The call's arguments without `approval_id`, `dry_run` and `idempotency_key`.
    pub arguments: &'a Map<String, Value>,
    pub policy_revision: &'a str,
    /// Changes when the target does: its version, or a hash of what was read of it.
    pub target_version: Option<&'a str>,
}

impl PlanKey<'_> {
    /// `blake3(JCS(self))` in hex. Canonical JSON is RFC 8785.
    pub fn digest(&self) -> Result<String, Error> {
        let canonical = serde_json_canonicalizer::to_vec(self).map_err(Error::internal)?;
        Ok(blake3::hash(&canonical).to_hex().to_string())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn digest(change: impl FnOnce(&mut PlanKey<'_>)) -> String {
        let arguments = json!({"id": "x", "body": {"b": 1, "a": [1.0, "é"]}});
        let mut key = PlanKey {
            principal: "user:jo",
            space: None,
            tool: "infra_execute",
            arguments: arguments.as_object().unwrap(),
            policy_revision: "1",
            target_version: Some("7"),
        };
        change(&mut key);
        key.digest().unwrap()
    }

    #[test]
    fn the_order_of_keys_does_not_matter() {
        let reordered = json!({"body": {"a": [1, "é"], "b": 1}, "id": "x"});
        assert_eq!(digest(|_| ()), {
            let arguments = reordered.as_object().unwrap().clone();
            let key = PlanKey {
                principal: "user:jo",
                space: None,
                tool: "infra_execute",
                arguments: &arguments,
                policy_revision: "1",
                target_version: Some("7"),
            };
            key.digest().unwrap()
        });
    }

    #[test]
    fn every_part_changes_the_digest() {
        let empty = Map::new();
        let digests = [
            digest(|_| ()),
            digest(|key| key.principal = "user:al"),
            digest(|key| key.space = Some("s")),
            digest(|key| key.tool = "infra_delete"),
            digest(|key| key.policy_revision = "2"),
            digest(|key| key.target_version = None),
            {
                let key = PlanKey {
                    principal: "user:jo",
                    space: None,
                    tool: "infra_execute",
                    arguments: &empty,
                    policy_revision: "1",
                    target_version: Some("7"),
                };
                key.digest().unwrap()
            },
        ];
        let distinct: std::collections::HashSet<_> = digests.iter().collect();
        assert_eq!(distinct.len(), digests.len());
    }
}
