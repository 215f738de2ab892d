//! Rules about the crates' own manifests.

use crate::workspace::File;

/// What every crate takes from the workspace, so that it is stated once.
const INHERITED: [&str; 6] =
    ["version", "edition", "rust-version", "license", "repository", "publish"];

/// Crates that do not take the workspace's package fields and lints.
pub fn not_inherited(manifests: &[&File]) -> anyhow::Result<Vec<String>> {
    let mut violations = Vec::new();
    for manifest in manifests {
        let table: toml::Table = manifest.text.parse()?;
        let inherits = |section: &str, key: &str| {
            let value = table.get(section).and_then(|section| section.get(key));
            let value = if section == "package" {
                value.and_then(|value| value.get("workspace"))
            } else {
                value
            };
            value.and_then(toml::Value::as_bool) == Some(true)
        };
        for key in INHERITED {
            if !inherits("package", key) {
                violations.push(format!("{}: write `{key}.workspace = true`", manifest.path));
            }
        }
        if !inherits("lints", "workspace") {
            violations.push(format!("{}: write `[lints] workspace = true`", manifest.path));
        }
    }
    Ok(violations)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crate_inherits_from_the_workspace() {
        let inherited = INHERITED.map(|key| format!("{key}.workspace = true\n")).concat();
        let good = format!("[package]\nname = \"a\"\n{inherited}[lints]\nworkspace = true\n");
        let own_edition = good.replace("edition.workspace = true", "edition = \"2021\"");
        let no_lints = good.replace("[lints]\nworkspace = true\n", "");
        for (text, count) in [(&good, 0), (&own_edition, 1), (&no_lints, 1)] {
            let file = File::new("crates/a/Cargo.toml", text);
            assert_eq!(not_inherited(&[&file]).unwrap().len(), count, "{text}");
        }
    }
}
