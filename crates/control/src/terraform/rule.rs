//! Which names and texts are acceptable. An error names the field, the rule and what was given.

use std::collections::BTreeMap;

use pilothouse_model::{
    Error,
    text::{is_name, prefix},
};
use pilothouse_store::terraform::VariableCategory;

use super::{executor::steering, limit};

/// Shown of an unacceptable value.
const SHOWN: usize = 80;

fn invalid(field: &str, value: &str, rule: &str) -> Error {
    Error::invalid(format!("{field} {:?}: {rule}", prefix(value, SHOWN)))
}

/// Names of groups and workspaces, and keys of labels.
pub(crate) fn name(field: &str, value: &str) -> Result<(), Error> {
    if is_name(value, limit::NAME) {
        return Ok(());
    }
    Err(invalid(field, value, "not a valid name").hint(
        "use 1 to 64 lowercase letters, digits, - and _, with a letter or digit at both ends",
    ))
}

pub(crate) fn description(value: &str) -> Result<(), Error> {
    if value.chars().count() > limit::DESCRIPTION {
        let rule = format!("longer than {} characters", limit::DESCRIPTION);
        return Err(invalid("description", value, &rule));
    }
    if value.chars().any(|c| c.is_control() && c != '\n' && c != '\t') {
        return Err(invalid("description", value, "control characters are not allowed"));
    }
    Ok(())
}

/// A text that is not empty, not longer than `max` bytes and free of control characters.
pub(crate) fn line(field: &str, value: &str, max: usize) -> Result<(), Error> {
    if value.is_empty() {
        return Err(Error::invalid(format!("{field} is empty")));
    }
    if value.len() > max {
        return Err(invalid(field, value, &format!("longer than {max} bytes")));
    }
    if value.chars().any(char::is_control) {
        return Err(invalid(field, value, "control characters are not allowed"));
    }
    Ok(())
}

pub(crate) fn search(value: &str) -> Result<(), Error> {
    if value.is_empty() { Ok(()) } else { line("search", value, limit::SEARCH) }
}

pub(crate) fn labels(labels: &BTreeMap<String, String>) -> Result<(), Error> {
    if labels.len() > limit::LABELS {
        let count = labels.len();
        return Err(Error::invalid(format!("{count} labels, at most {} fit", limit::LABELS)));
    }
    for (key, value) in labels {
        name("label", key)?;
        line(&format!("the value of label {key:?}"), value, limit::LABEL_VALUE)?;
    }
    Ok(())
}

/// A version such as `1.9.8`, or nothing: whatever is installed.
pub(crate) fn terraform_version(value: &str) -> Result<(), Error> {
    let (numbers, _suffix) = value.split_once(['-', '+']).unwrap_or((value, ""));
    let parts: Vec<_> = numbers.split('.').collect();
    let good = value.len() <= 64
        && value.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-+".contains(&byte))
        && parts.len() == 3
        && parts.iter().all(|part| part.parse::<u32>().is_ok());
    if value.is_empty() || good {
        return Ok(());
    }
    Err(invalid("terraform_version", value, "not a version").hint("for instance 1.9.8"))
}

pub(crate) fn job_minutes(minutes: i64) -> Result<(), Error> {
    if (1..=limit::MAX_JOB_MINUTES).contains(&minutes) {
        return Ok(());
    }
    let max = limit::MAX_JOB_MINUTES;
    Err(Error::invalid(format!("max_job_duration {minutes}: give 1 to {max} minutes")))
}

pub(crate) fn variable_key(value: &str) -> Result<(), Error> {
    line("variable key", value, limit::VARIABLE_KEY)?;
    if value.chars().any(|c| c.is_whitespace() || c == '=' || c == '/') {
        return Err(invalid("variable key", value, "spaces, = and / are not allowed"));
    }
    Ok(())
}

/// Refuses environment variables that would reach past the configuration.
pub(crate) fn variable_name(category: VariableCategory, key: &str) -> Result<(), Error> {
    variable_key(key)?;
    if category == VariableCategory::Environment && steering::is_reserved(key) {
        let message = format!("the environment variable {key} cannot be set: {}", steering::RULE);
        return Err(Error::invalid(message).hint(
            "what a configuration needs is an input variable, or a setting of its provider",
        ));
    }
    Ok(())
}

/// Does not repeat the value, which may be secret.
pub(crate) fn variable_value(key: &str, value: &str) -> Result<(), Error> {
    if value.len() > limit::VARIABLE_VALUE {
        let max = limit::VARIABLE_VALUE;
        return Err(Error::invalid(format!("the value of {key:?} is longer than {max} bytes")));
    }
    if value.contains('\0') {
        return Err(Error::invalid(format!("the value of {key:?} holds a NUL")));
    }
    Ok(())
}

pub(crate) fn targets(targets: &[String]) -> Result<(), Error> {
    if targets.len() > limit::TARGETS {
        let count = targets.len();
        return Err(Error::invalid(format!("{count} targets, at most {} fit", limit::TARGETS)));
    }
    targets.iter().try_for_each(|target| line("target_addresses", target, limit::TARGET))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_environment_variable_must_not_steer_terraform() {
        use VariableCategory::{Environment, Terraform};
        for (category, key, good) in [
            (Environment, "AWS_REGION", true),
            (Environment, "TF_CLI_ARGS_plan", false),
            (Environment, "LD_PRELOAD", false),
            (Environment, "PATH", false),
            (Environment, "A B", false),
            (Terraform, "PATH", true),
        ] {
            assert_eq!(variable_name(category, key).is_ok(), good, "{category:?} {key}");
        }
        let message = variable_name(Environment, "PATH").unwrap_err().to_string();
        assert!(message.starts_with("the environment variable PATH cannot be set"), "{message}");
    }

    #[test]
    fn names() {
        let longest = "a".repeat(64);
        for good in ["a", "0", "a-b_c9", "a--b", &longest] {
            assert!(name("name", good).is_ok(), "{good}");
        }
        let too_long = "a".repeat(65);
        for bad in ["", "-a", "a-", "_a", "a_", "A", "a b", "a/b", "ä", "a.b", &too_long] {
            let error = name("name", bad).unwrap_err().to_string();
            assert!(error.contains("not a valid name") && error.contains("1 to 64"), "{error}");
        }
    }

    #[test]
    fn versions() {
        for good in ["", "1.9.8", "0.12.31", "1.10.0-rc1", "1.9.8+ent"] {
            assert!(terraform_version(good).is_ok(), "{good}");
        }
        for bad in ["1", "1.9", "v1.9.8", "latest", "1.9.8 ", "1.9.x", "1.9.8-\u{e4}"] {
            assert!(terraform_version(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn keys_and_values() {
        for good in ["region", "TF_LOG", "a.b", "ü"] {
            assert!(variable_key(good).is_ok(), "{good}");
        }
        let too_long = "k".repeat(limit::VARIABLE_KEY + 1);
        for bad in ["", "a b", "a=b", "a/b", "a\n", &too_long] {
            assert!(variable_key(bad).is_err(), "{bad}");
        }
        let secret = "s".repeat(limit::VARIABLE_VALUE + 1);
        let error = variable_value("key", &secret).unwrap_err().to_string();
        assert!(!error.contains("ss"), "{error}");
    }

    #[test]
    fn descriptions_and_targets_are_bounded() {
        assert!(description(&"ä".repeat(limit::DESCRIPTION)).is_ok());
        assert!(description(&"a".repeat(limit::DESCRIPTION + 1)).is_err());
        assert!(description("bell\u{7}").is_err());
        assert!(targets(&vec!["a.b".to_owned(); limit::TARGETS]).is_ok());
        assert!(targets(&vec!["a.b".to_owned(); limit::TARGETS + 1]).is_err());
        assert!(targets(&[String::new()]).is_err());
    }

    #[test]
    fn labels_are_bounded() {
        let many = |count: usize| (0..count).map(|i| (format!("l{i}"), "v".to_owned())).collect();
        assert!(labels(&many(limit::LABELS)).is_ok());
        assert!(labels(&many(limit::LABELS + 1)).is_err());
        assert!(labels(&BTreeMap::from([("Up".to_owned(), "v".to_owned())])).is_err());
        assert!(labels(&BTreeMap::from([("up".to_owned(), String::new())])).is_err());
    }
}
