//! Whether a crate's licence is one that we admit.

use anyhow::{Context, Result};
use spdx::{Expression, LicenseReq, ParseMode};

use crate::{
    package::Package,
    policy::{LicenceException, Licences},
};

/// Packages whose licence is missing or not admitted, and exceptions that nothing needs.
pub fn violations(packages: &[Package], licences: &Licences) -> Result<Vec<String>> {
    let mut violations = Vec::new();
    let mut used = vec![false; licences.exceptions.len()];
    for package in packages {
        let Some(text) = &package.licence else {
            violations.push(format!("{package} states no licence"));
            continue;
        };
        let expression = parse(text).with_context(|| format!("{package}: {text}"))?;
        if admits(&expression, &licences.allow) {
            continue;
        }
        let exception = licences.exceptions.iter().position(|exception| {
            applies(exception, package) && {
                let allow = [licences.allow.as_slice(), &exception.allow].concat();
                admits(&expression, &allow)
            }
        });
        match exception {
            Some(index) => used[index] = true,
            None => violations.push(format!("{package}: licence {text} is not admitted")),
        }
    }
    let stale = licences.exceptions.iter().zip(&used).filter(|(_, used)| !**used);
    violations.extend(stale.map(|(exception, _)| {
        format!("the licence exception for {} is not needed any more", exception.name)
    }));
    Ok(violations)
}

fn applies(exception: &LicenceException, package: &Package) -> bool {
    exception.name == package.name
}

/// Accepts the older spelling with a slash, which cargo still publishes.
fn parse(text: &str) -> Result<Expression, spdx::ParseError> {
    Expression::parse_mode(text, ParseMode::LAX)
}

fn admits(expression: &Expression, allow: &[String]) -> bool {
    expression.evaluate(|requirement: &LicenseReq| allow.contains(&requirement.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(licence: Option<&str>, exceptions: &[(&str, &str)]) -> usize {
        let licences = Licences {
            allow: vec!["MIT".into(), "Apache-2.0".into(), "Unicode-3.0".into()],
            exceptions: exceptions
                .iter()
                .map(|(name, allow)| LicenceException {
                    name: (*name).into(),
                    allow: vec![(*allow).into()],
                })
                .collect(),
        };
        let package = Package {
            name: "sample".into(),
            version: "1.0.0".into(),
            licence: licence.map(Into::into),
            source: None,
        };
        violations(&[package], &licences).unwrap().len()
    }

    #[test]
    fn expressions_are_evaluated() {
        for (licence, expected) in [
            (Some("MIT"), 0),
            (Some("MIT OR Apache-2.0"), 0),
            (Some("Unlicense/MIT"), 0),
            (Some("MIT OR GPL-3.0-only"), 0),
            (Some("(MIT OR Apache-2.0) AND Unicode-3.0"), 0),
            (Some("MIT AND GPL-3.0-only"), 1),
            (Some("GPL-3.0-only"), 1),
            (Some("Apache-2.0 WITH LLVM-exception"), 1),
            (None, 1),
        ] {
            assert_eq!(check(licence, &[]), expected, "{licence:?}");
        }
    }

    #[test]
    fn an_exception_holds_for_one_crate_and_must_be_needed() {
        assert_eq!(check(Some("ISC AND MIT"), &[("sample", "ISC")]), 0);
        assert_eq!(check(Some("ISC"), &[("other", "ISC")]), 2);
        assert_eq!(check(Some("MIT"), &[("sample", "ISC")]), 1);
    }
}
