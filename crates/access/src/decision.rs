//! The decision: asked once per call, before anything runs.

use pilothouse_model::{Principal, Risk};

use crate::Policy;

/// What is about to happen.
#[derive(Clone, Copy, Debug)]
pub struct Action<'a> {
    /// `platform.type.operation`, or the tool's name for what touches no platform.
    pub operation: &'a str,
    pub risk: Risk,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Allow,
    /// A person must say yes to exactly this.
    Ask,
    Deny,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    pub verdict: Verdict,
    /// The rule that decided, for the audit record.
    pub rule: &'static str,
    pub reason: String,
}

/// Decides under `policy` whether `principal` may do `action` now, may do it once a person
/// agrees, or may not do it.
pub fn decide(principal: &Principal, action: &Action<'_>, policy: &Policy) -> Decision {
    let Action { operation, risk } = action;
    if risk.is_read() {
        return allow("read", format!("{} may read", principal.name));
    }
    if policy.read_only {
        return Decision {
            verdict: Verdict::Deny,
            rule: "read_only",
            reason: format!("{operation} changes something and this endpoint is read-only"),
        };
    }
    if policy.auto_approve.covers(*risk) {
        return allow("auto_approve", format!("{risk} is within {}", policy.auto_approve));
    }
    Decision {
        verdict: Verdict::Ask,
        rule: "confirm_writes",
        reason: format!("{operation} is a {risk} and needs a person's approval"),
    }
}

fn allow(rule: &'static str, reason: String) -> Decision {
    Decision { verdict: Verdict::Allow, rule, reason }
}

#[cfg(test)]
mod tests {
    use pilothouse_model::Risk::{Destructive, HighWrite, LowWrite, MediumWrite, Read};

    use super::*;
    use crate::AutoApprove;

    fn verdict(auto_approve: AutoApprove, read_only: bool, risk: Risk) -> Verdict {
        let policy = Policy { auto_approve, read_only };
        let action = Action { operation: "tharsis.run.apply", risk };
        decide(&Principal::local_user("jo"), &action, &policy).verdict
    }

    #[test]
    fn reads_are_free_and_writes_ask_up_to_the_level() {
        use AutoApprove as A;
        use Verdict::{Allow, Ask};
        for (level, expected) in [
            (A::None, [Allow, Ask, Ask, Ask, Ask]),
            (A::LowWrite, [Allow, Allow, Ask, Ask, Ask]),
            (A::MediumWrite, [Allow, Allow, Allow, Ask, Ask]),
            (A::HighWrite, [Allow, Allow, Allow, Allow, Ask]),
            (A::All, [Allow; 5]),
        ] {
            let got = Risk::ALL.map(|risk| verdict(level, false, risk));
            assert_eq!(got, expected, "{level}");
        }
    }

    #[test]
    fn read_only_refuses_every_write_whatever_the_level() {
        assert_eq!(verdict(AutoApprove::All, true, Read), Verdict::Allow);
        for risk in [LowWrite, MediumWrite, HighWrite, Destructive] {
            assert_eq!(verdict(AutoApprove::All, true, risk), Verdict::Deny);
        }
    }
}
