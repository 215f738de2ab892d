//! What a failure usually means, by what the platform calls it and by what was printed.

use pilothouse_model::text::prefix;
use serde_json::{Value, json};

/// A text (lower case; a star at its end stands for the rest of a word), the kind of failure, what
/// it means, what to do.
type Sign = (&'static str, &'static str, &'static str, &'static str);

/// Texts that mean the same in a message of the platform and in a log.
const KNOWN: [Sign; 13] = [
    (
        "no eligible delegate*",
        "delegate",
        "No connected delegate may do this task",
        "Diagnose delegates; check selectors, tags and that the delegate is connected",
    ),
    (
        "delegate is not available",
        "delegate",
        "The delegate is not connected",
        "Diagnose delegates and restart the one that is missing",
    ),
    (
        "imagepullbackoff",
        "image",
        "The cluster cannot pull the image",
        "Check the image's name and tag, and the registry's credentials in the cluster",
    ),
    (
        "errimagepull",
        "image",
        "The cluster cannot pull the image",
        "Check the image's name and tag, and the registry's credentials in the cluster",
    ),
    (
        "failed to pull image",
        "image",
        "The image cannot be pulled: mostly its name or tag is wrong",
        "Check the image's name and tag, and the registry's credentials in the cluster",
    ),
    (
        "crashloopbackoff",
        "workload",
        "The deployed program starts and ends again",
        "Read the pod's own log: the program or its configuration is at fault",
    ),
    (
        "oomkilled",
        "memory",
        "The program was ended for using too much memory",
        "Raise the memory limit of the step or the workload",
    ),
    (
        "exit code 137",
        "memory",
        "The program was killed, mostly for using too much memory",
        "Raise the memory limit of the step or the workload",
    ),
    (
        "command not found",
        "tool",
        "A program that the script calls is not in the image",
        "Use an image with the program, or install it in the step",
    ),
    (
        "unresolved expression*",
        "expression",
        "An expression has no value",
        "Check the spelling of the expression and that the step it reads from has run",
    ),
    (
        "invalid_credential*",
        "authentication",
        "A credential was refused",
        "Diagnose the connector and renew its secret",
    ),
    (
        "connection refused",
        "connectivity",
        "A server does not answer",
        "Check its address, and that the delegate can reach it",
    ),
    (
        "no such host",
        "connectivity",
        "A host name does not resolve",
        "Check the address, and the name server of the delegate",
    ),
];

/// Words that say why only where they are the platform's: a log has them for many reasons.
const IN_MESSAGE: [Sign; 4] = [
    (
        "401",
        "authentication",
        "A credential was refused",
        "Diagnose the connector and renew its secret",
    ),
    (
        "403",
        "authorization",
        "The credential lacks a permission",
        "Give the credential of the connector what the message names",
    ),
    (
        "certificate*",
        "connectivity",
        "A certificate is not trusted",
        "Add the certificate authority to the delegate or the build image",
    ),
    ("quota*", "quota", "A quota is used up", "Free what is not needed, or raise the quota"),
];

/// What the same failures print.
const IN_LOG: [Sign; 11] = [
    (
        "401 unauthorized",
        "authentication",
        "A credential was refused",
        "Diagnose the connector and renew its secret",
    ),
    (
        "status code 401",
        "authentication",
        "A credential was refused",
        "Diagnose the connector and renew its secret",
    ),
    (
        "status code: 401",
        "authentication",
        "A credential was refused",
        "Diagnose the connector and renew its secret",
    ),
    (
        "403 forbidden",
        "authorization",
        "The credential lacks a permission",
        "Give the credential of the connector what the message names",
    ),
    (
        "status code 403",
        "authorization",
        "The credential lacks a permission",
        "Give the credential of the connector what the message names",
    ),
    (
        "status code: 403",
        "authorization",
        "The credential lacks a permission",
        "Give the credential of the connector what the message names",
    ),
    (
        "certificate signed by unknown authority",
        "connectivity",
        "A certificate is not trusted",
        "Add the certificate authority to the delegate or the build image",
    ),
    (
        "certificate verify failed",
        "connectivity",
        "A certificate is not trusted",
        "Add the certificate authority to the delegate or the build image",
    ),
    (
        "certificate has expired",
        "connectivity",
        "A server's certificate has expired",
        "Renew the certificate of the server",
    ),
    (
        "exceeded quota",
        "quota",
        "A quota is used up",
        "Free what is not needed, or raise the quota",
    ),
    (
        "quota exceeded",
        "quota",
        "A quota is used up",
        "Free what is not needed, or raise the quota",
    ),
];

/// The platform's own kinds of failure.
const TYPES: [(&str, &str, &str); 9] = [
    (
        "TIMEOUT",
        "The step took longer than it may",
        "See in the log what it waited for, or raise the step's timeout",
    ),
    ("AUTHENTICATION", "A credential was refused", "Diagnose the connector and renew its secret"),
    (
        "AUTHORIZATION",
        "The credential lacks a permission",
        "Give the credential what the message names",
    ),
    (
        "CONNECTIVITY",
        "A server could not be reached",
        "Check its address, and that the delegate can reach it",
    ),
    ("DELEGATE_PROVISIONING", "No delegate was available for the task", "Diagnose delegates"),
    (
        "VERIFICATION",
        "The verification found the deployment worse than before",
        "Look at the metrics it names before deploying again",
    ),
    (
        "APPROVAL_REJECTION",
        "Somebody rejected the approval",
        "Ask who rejected it; nothing is broken",
    ),
    ("INPUT_TIMEOUT", "Nobody gave the inputs in time", "Run it again with the inputs"),
    (
        "POLICY_EVALUATION_FAILURE",
        "A policy forbids it",
        "Read which rule failed, and change the pipeline or ask its owner",
    ),
];

/// Longest line of a log that is shown as the evidence, in bytes.
const MAX_EVIDENCE: usize = 200;

/// `{kind, cause, next_step, evidence?}`, if the failure is a known one. The evidence is the line of
/// the log that says so; the last one does.
pub(super) fn likely(types: &[&str], message: &str, log: &str) -> Option<Value> {
    let message = message.to_lowercase();
    let by_message = || {
        let mut signs = KNOWN.iter().chain(&IN_MESSAGE);
        signs.find(|(sign, ..)| contains_word(&message, sign)).map(shown)
    };
    let by_type = || {
        let known = TYPES.iter().find(|(name, ..)| types.iter().any(|it| it.starts_with(name)));
        known.map(|(name, cause, next)| {
            json!({"kind": name.to_lowercase(), "cause": cause, "next_step": next})
        })
    };
    by_message().or_else(by_type).or_else(|| log.lines().rev().find_map(by_line))
}

fn by_line(line: &str) -> Option<Value> {
    let lower = line.to_lowercase();
    let sign = KNOWN.iter().chain(&IN_LOG).find(|(sign, ..)| contains_word(&lower, sign))?;
    let mut found = shown(sign);
    found["evidence"] = json!(prefix(line.trim(), MAX_EVIDENCE));
    Some(found)
}

fn shown((_, kind, cause, next): &Sign) -> Value {
    json!({"kind": kind, "cause": cause, "next_step": next})
}

/// Whether `sign` stands in the text on its own, so that 401 is not found in 14012.
fn contains_word(text: &str, sign: &str) -> bool {
    let is_word = |c: char| c.is_ascii_alphanumeric();
    let (sign, begins) = sign.strip_suffix('*').map_or((sign, false), |sign| (sign, true));
    text.match_indices(sign).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let after = text[at + sign.len()..].chars().next();
        !before.is_some_and(is_word) && (begins || !after.is_some_and(is_word))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_message_says_more_than_the_type_and_the_log_least() {
        for (types, message, log, kind) in [
            (
                vec!["APPLICATION_ERROR"],
                "No eligible delegates in the account",
                "",
                Some("delegate"),
            ),
            (vec!["TIMEOUT_ERROR"], "Step timed out", "connection refused", Some("timeout")),
            (vec![], "Shell script failed", "sh: jq: command not found", Some("tool")),
            (vec!["AUTHENTICATION_ERROR"], "", "", Some("authentication")),
            (vec![], "status 14012", "", None),
            (vec![], "exit code 1375", "", None),
            (vec![], "two certificates are not trusted", "", Some("connectivity")),
            (vec![], "got 401 from registry", "", Some("authentication")),
            (vec![], "something else", "", None),
            (
                vec![],
                "",
                "Downloading 401 packages\nimporting certificate store: ok\nquota 3 of 5\nAssertionError",
                None,
            ),
            (vec![], "", "GET /v2: 401 Unauthorized\nexit 1", Some("authentication")),
            (vec![], "", "x509: certificate signed by unknown authority", Some("connectivity")),
            // What was printed last stopped it.
            (vec![], "", "jq: command not found\nOOMKilled\ndone", Some("memory")),
        ] {
            let found = likely(&types, message, log);
            let found = found.as_ref().and_then(|it| it["kind"].as_str());
            assert_eq!(found, kind, "{message} {log}");
        }
        let found = likely(&[], "", "first\n  dial: connection refused  \nlast").unwrap();
        assert_eq!(found["evidence"], "dial: connection refused");
    }
}
