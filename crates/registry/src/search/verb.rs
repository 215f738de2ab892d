//! Which operations a word of a question asks for: people say `remove` for `delete`.

use super::term;

/// Words for the same. What an operation is called is one of them or has one in it.
const GROUPS: [&[&str]; 14] = [
    &["list", "show", "find", "see"],
    &["get", "show", "read", "view", "see"],
    &["create", "add", "new", "make"],
    &["update", "change", "edit", "modify"],
    &["delete", "remove", "destroy"],
    &["run", "start", "execute", "launch", "trigger"],
    &["retry", "rerun", "repeat"],
    &["stop", "interrupt", "abort", "cancel", "kill", "terminate"],
    &["restore", "rollback", "revert", "undo"],
    &["approve", "accept", "allow"],
    &["reject", "refuse", "deny", "decline"],
    &["test", "check", "verify", "validate"],
    &["diagnose", "debug", "troubleshoot"],
    &["toggle", "enable", "disable", "switch", "activate", "deactivate"],
];

/// Whether `word`, a term of a query, asks for the operation of this name.
pub(super) fn is_done_by(operation: &str, word: &str) -> bool {
    let parts: Vec<String> = term::all(operation).collect();
    let has = |term: &str| parts.iter().any(|part| part == term);
    let means = |group: &[&str]| group.iter().any(|it| term::phrase(it) == word);
    let in_group = |group: &[&str]| group.iter().any(|it| has(&term::phrase(it)));
    has(word) || GROUPS.iter().any(|group| means(group) && in_group(group))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_asks_for_what_does_the_same() {
        for (word, operation, asks) in [
            ("delet", "delete", true),
            ("remov", "bulk_delete", true),
            ("rerun", "retry", true),
            ("show", "list", true),
            ("show", "get", true),
            ("stop", "interrupt", true),
            ("clon", "clone", true),
            ("delet", "list", false),
            ("pipelin", "run", false),
        ] {
            assert_eq!(is_done_by(operation, word), asks, "{word} {operation}");
        }
    }
}
