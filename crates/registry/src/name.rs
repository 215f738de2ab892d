//! What names may look like. Clients and gateways prefix them, models write them, so they are
//! short, lower-case and without punctuation.

use crate::load::Report;

/// Leaves room for a gateway's prefix within the 64 characters that clients accept.
pub const MAX_NAME: usize = 40;

/// The bound on names that no client prefixes: of arguments and of hooks.
const MAX_INNER_NAME: usize = 64;

/// `[a-z][a-z0-9_]*`, at most `max` characters.
fn is_name(text: &str, max: usize) -> bool {
    text.len() <= max
        && text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

/// One spelling for what people write with capitals, spaces or hyphens.
pub(crate) fn normal(text: &str) -> String {
    text.trim()
        .chars()
        .map(|c| if matches!(c, '-' | ' ') { '_' } else { c.to_ascii_lowercase() })
        .collect()
}

/// `what` is the kind of name ("resource").
pub(crate) fn check(report: &mut Report<'_>, what: &str, name: &str) {
    check_within(report, what, name, MAX_NAME);
}

/// As [`check`], for the names of arguments and hooks.
pub(crate) fn check_inner(report: &mut Report<'_>, what: &str, name: &str) {
    check_within(report, what, name, MAX_INNER_NAME);
}

fn check_within(report: &mut Report<'_>, what: &str, name: &str, max: usize) {
    if !is_name(name, max) {
        report.fault(format!(
            "{what} {name:?} must be lower-case letters, digits and \"_\", at most {max}"
        ));
    }
}
