//! What the platform reads of a Terraform state file: who it belongs to and its outputs.

use std::collections::BTreeMap;

use pilothouse_model::{Error, Timestamp};
use pilothouse_store::terraform::{Meta, NewState, StateOutput, StateVersion};
use serde::Deserialize;
use serde_json::Value;

#[derive(Debug, Deserialize)]
struct StateFile {
    version: u64,
    #[serde(default)]
    serial: i64,
    #[serde(default)]
    lineage: String,
    #[serde(default)]
    outputs: BTreeMap<String, Output>,
}

#[derive(Debug, Deserialize)]
struct Output {
    #[serde(default)]
    value: Value,
    #[serde(default, rename = "type")]
    value_type: Value,
    #[serde(default)]
    sensitive: bool,
}

/// Where a new state version belongs.
pub(crate) struct Origin<'a> {
    pub(crate) workspace_id: &'a str,
    pub(crate) workspace_path: &'a str,
    pub(crate) run_id: Option<&'a str>,
    pub(crate) created_by: &'a str,
}

/// Reads a state file (format 4) into a new state version of `origin`.
pub(crate) fn read(
    content: Vec<u8>,
    origin: &Origin<'_>,
    now: Timestamp,
) -> Result<NewState, Error> {
    let file: StateFile = serde_json::from_slice(&content)
        .map_err(|error| Error::invalid(format!("this is not a Terraform state: {error}")))?;
    if file.version != 4 {
        let version = file.version;
        return Err(Error::invalid(format!("the state has format {version}; 4 is supported")));
    }
    let id = Meta::new(now).id;
    let outputs = file
        .outputs
        .into_iter()
        .map(|(name, output)| StateOutput {
            id: Meta::new(now).id,
            state_version_id: id.clone(),
            name,
            value: output.value.to_string(),
            value_type: output.value_type.to_string(),
            sensitive: output.sensitive,
        })
        .collect();
    let version = StateVersion {
        id,
        created_at: now,
        workspace_id: origin.workspace_id.to_owned(),
        workspace_path: origin.workspace_path.to_owned(),
        run_id: origin.run_id.map(str::to_owned),
        created_by: origin.created_by.to_owned(),
        lineage: file.lineage,
        serial: file.serial,
    };
    Ok(NewState { version, content, outputs })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ORIGIN: Origin<'_> =
        Origin { workspace_id: "w", workspace_path: "acme/prod", run_id: None, created_by: "root" };

    #[test]
    fn outputs_keep_value_type_and_sensitivity() {
        let text = r#"{"version": 4, "serial": 7, "lineage": "abc", "outputs": {
            "ids": {"value": ["a", 1.5], "type": ["tuple", ["string", "number"]]},
            "secret": {"value": "s", "type": "string", "sensitive": true}}}"#;
        let state = read(text.as_bytes().to_vec(), &ORIGIN, Timestamp(1)).unwrap();
        assert_eq!((state.version.serial, state.version.lineage.as_str()), (7, "abc"));
        let outputs: Vec<_> = state
            .outputs
            .iter()
            .map(|o| (o.name.as_str(), o.value.as_str(), o.value_type.as_str(), o.sensitive))
            .collect();
        assert_eq!(
            outputs,
            [
                ("ids", r#"["a",1.5]"#, r#"["tuple",["string","number"]]"#, false),
                ("secret", r#""s""#, r#""string""#, true),
            ]
        );
    }

    #[test]
    fn what_is_no_state_is_refused() {
        for (text, why) in [
            ("", "not a Terraform state"),
            ("[]", "not a Terraform state"),
            (r#"{"version": 3}"#, "format 3"),
            (r#"{"version": 4, "outputs": {"a": 1}}"#, "not a Terraform state"),
        ] {
            let error = read(text.as_bytes().to_vec(), &ORIGIN, Timestamp(1)).unwrap_err();
            assert!(error.message.contains(why), "{text}: {error}");
        }
    }
}
