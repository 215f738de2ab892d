//! What an argument names: both spellings of an identifier, and the empty ones that old servers
//! send.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use pilothouse_model::{
    Error, Result,
    id::{Gid, ResourceType, Trn},
    text::prefix,
};
use serde_json::Value;

/// The kind of thing that a GID or TRN names.
pub(super) fn kind(text: &str) -> Result<ResourceType> {
    if text.starts_with("trn:") {
        return Ok(text.parse::<Trn>()?.kind);
    }
    Ok(text.parse::<Gid>()?.kind)
}

/// The GID in an identifier, if it has one; needed where a path takes nothing else.
pub(super) fn gid(text: &str) -> Option<Gid> {
    text.parse::<Gid>().ok().or_else(|| text.parse::<Trn>().ok()?.gid())
}

/// The workspace that a thing with this TRN belongs to, as a TRN.
pub(super) fn workspace_of(trn: &str) -> Option<String> {
    let trn: Trn = trn.parse().ok()?;
    let namespace = trn.namespace();
    (!namespace.is_empty())
        .then(|| Trn::new(ResourceType::Workspace, namespace.to_owned()).to_string())
}

/// Refuses what a hook cannot work on.
pub(super) fn unexpected(text: &str, expected: &str) -> Error {
    Error::invalid(format!("{:?} does not name {expected}", prefix(text, 128)))
}

/// Removes identifiers that encode nothing (`U1Zf` is `SV_`): servers send them for "none".
pub(super) fn drop_empty_ids(answer: &mut Value) {
    match answer {
        Value::Object(fields) => {
            fields.retain(|name, value| {
                !((name == "id" || name.ends_with("_id")) && is_empty_gid(value))
            });
            fields.values_mut().for_each(drop_empty_ids);
        }
        Value::Array(items) => items.iter_mut().for_each(drop_empty_ids),
        _ => {}
    }
}

fn is_empty_gid(value: &Value) -> bool {
    let Some(text) = value.as_str().filter(|text| text.len() <= 8) else { return false };
    let Ok(plain) = URL_SAFE_NO_PAD.decode(text) else { return false };
    std::str::from_utf8(&plain)
        .ok()
        .and_then(|plain| plain.strip_suffix('_'))
        .is_some_and(|code| ResourceType::from_code(code).is_some())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const RUN: &str = "Ul8wMDAwMDAwMC0wMDAwLTQwMDAtODAwMC0wMDAwMDAwMDAwMDE";

    #[test]
    fn both_spellings_tell_their_kind() {
        for (text, expected) in [
            (RUN, ResourceType::Run),
            ("trn:workspace:acme/prod", ResourceType::Workspace),
            (&format!("trn:plan:acme/prod/{RUN}/plan"), ResourceType::Plan),
        ] {
            assert_eq!(kind(text).unwrap(), expected);
        }
        assert!(kind("run-abc").is_err());
        assert_eq!(gid(&format!("trn:run:acme/prod/{RUN}")).unwrap().to_string(), RUN);
        assert_eq!(gid("trn:workspace:acme/prod"), None);
    }

    #[test]
    fn a_trn_knows_its_workspace() {
        let plan = format!("trn:plan:acme/net/prod/{RUN}/plan");
        assert_eq!(workspace_of(&plan).as_deref(), Some("trn:workspace:acme/net/prod"));
        assert_eq!(workspace_of("nonsense"), None);
    }

    #[test]
    fn only_identifiers_that_encode_nothing_are_dropped() {
        let mut answer = json!({
            "current_state_version_id": "U1Zf", "group_id": RUN, "name": "U1Zf",
            "metadata": {"id": "R18"}, "list": [{"parent_id": "R18"}], "other_id": "abc"
        });
        drop_empty_ids(&mut answer);
        assert_eq!(
            answer,
            json!({"group_id": RUN, "name": "U1Zf", "metadata": {}, "list": [{}], "other_id": "abc"})
        );
    }
}
