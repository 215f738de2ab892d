//! The schema that policies are validated against: the types, which are a file, and an action for
//! each operation of each platform.

use std::{collections::BTreeSet, fmt::Write as _};

use cedar_policy::Schema;
use pilothouse_model::{Error, Risk};

const TYPES: &str = include_str!("pilothouse.cedarschema");
/// Every write, whatever its risk.
pub(super) const WRITE: &str = "write";
const APPLIES_TO: &str = "appliesTo { principal: [Operator, User, ServiceAccount, ApiKey, \
     External], resource: [Namespace], context: Call }";

/// The operations that policies can name, with their risks, by name.
pub type Operations = Vec<(String, Risk)>;

/// The schema as a text, for people and their editors.
pub fn text(operations: &Operations) -> String {
    let mut groups = BTreeSet::new();
    let mut actions = String::new();
    for (name, risk) in operations {
        let (kind, platform) = above(name);
        groups.insert((platform, kind));
        let _ = writeln!(actions, "action \"{name}\" in [\"{kind}\", \"{risk}\"] {APPLIES_TO};");
    }
    let mut text = format!("{TYPES}\n");
    let mut last = "";
    for (platform, kind) in groups {
        if platform != last {
            let _ = writeln!(text, "action \"{platform}\";");
            last = platform;
        }
        let _ = writeln!(text, "action \"{kind}\" in [\"{platform}\"];");
    }
    text + &actions
}

pub(super) fn parsed(operations: &Operations) -> Result<Schema, Error> {
    let (schema, _warnings) =
        Schema::from_cedarschema_str(&text(operations)).map_err(Error::internal)?;
    Ok(schema)
}

/// An operation's resource type and platform: `tharsis.run` and `tharsis` of `tharsis.run.apply`.
pub(super) fn above(operation: &str) -> (&str, &str) {
    let kind = operation.rsplit_once('.').map_or(operation, |(kind, _)| kind);
    (kind, operation.split('.').next().unwrap_or(operation))
}
