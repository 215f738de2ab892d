//! What an error usually means, from the registry's knowledge of Terraform's errors.

use pilothouse_model::Result;
use pilothouse_registry::knowledge::TerraformErrors;
use serde_json::{Value, json};

use super::diagnostic::{Diagnostic, Severity};

/// The explanation of the first error that has one; of the platform's message where no error could
/// be read.
pub(super) fn likely(diagnostics: &[Diagnostic], message: Option<&str>) -> Result<Option<Value>> {
    let known = TerraformErrors::embedded()?;
    let errors = diagnostics.iter().filter(|it| it.severity == Severity::Error);
    let texts = errors.map(|it| (it.summary.as_str(), it.detail.as_str()));
    let whole = message.map(|message| (message, "")).filter(|_| diagnostics.is_empty());
    Ok(texts.chain(whole).find_map(|(summary, detail)| {
        let found = known.diagnose(summary, detail).into_iter().next()?;
        Some(json!({
            "id": found.id,
            "title": found.title,
            "category": found.category,
            "cause": found.cause,
            "next_steps": found.next_steps,
            "documentation": found.url,
            "explains": super::clean(summary),
        }))
    }))
}

#[cfg(test)]
mod tests {
    use super::{super::diagnostic, *};

    #[test]
    fn real_errors_are_explained() {
        for (log, id) in [
            (include_str!("../../tests/data/terraform/argument.color.txt"), "unsupported_argument"),
            (
                include_str!("../../tests/data/terraform/variable.color.txt"),
                "variable_without_value",
            ),
        ] {
            let cause = likely(&diagnostic::parse_log(log), None).unwrap().unwrap();
            assert_eq!(cause["id"], id);
            assert!(!cause["next_steps"].as_array().unwrap().is_empty());
        }
        assert_eq!(likely(&[], Some("something never heard of")).unwrap(), None);
        let of_message = likely(&[], Some("Error: Unsupported argument")).unwrap().unwrap();
        assert_eq!(of_message["id"], "unsupported_argument");
    }
}
