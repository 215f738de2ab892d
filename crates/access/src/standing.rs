//! Where a caller stands in a namespace: the role rules.
//!
//! Of the grants of one subject the nearest counts; of several subjects (the caller and its teams)
//! any may grant. Pure: works on what the call carries.

use pilothouse_model::{Authority, Caller, Namespace, Role};

/// What a caller is in one namespace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing<'a> {
    Operator,
    /// The largest of the roles that count there, and where it was granted.
    Role {
        role: Role,
        granted_on: &'a Namespace,
    },
    /// May not even know that the namespace exists.
    Stranger,
}

/// What of a realm a list may show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Visible {
    Everything,
    /// These paths and what is below them.
    Below(Vec<String>),
}

impl Standing<'_> {
    /// Whether it is at least `least`; `None` stands for what only the operator may do.
    pub fn reaches(self, least: Option<Role>) -> bool {
        match (self, least) {
            (Self::Operator, _) => true,
            (Self::Role { role, .. }, Some(least)) => role >= least,
            (Self::Role { .. } | Self::Stranger, _) => false,
        }
    }
}

/// Where `caller` stands in `namespace`.
pub fn standing<'a>(caller: &'a Caller, namespace: &Namespace) -> Standing<'a> {
    let grants = match &caller.authority {
        Authority::Everything => return Standing::Operator,
        Authority::Granted(grants) => grants,
    };
    let mut best: Option<(Role, &Namespace)> = None;
    let mut subject: Option<&str> = None;
    for grant in grants.iter().filter(|grant| grant.namespace.holds(namespace)) {
        // Grants are ordered by subject, the nearest first.
        if subject.replace(&grant.subject) == Some(&grant.subject) {
            continue;
        }
        if best.is_none_or(|(role, _)| grant.role > role) {
            best = Some((grant.role, &grant.namespace));
        }
    }
    match best {
        Some((role, granted_on)) => Standing::Role { role, granted_on },
        None => Standing::Stranger,
    }
}

/// The largest role that `caller` has anywhere in `realm`.
pub fn standing_anywhere<'a>(caller: &'a Caller, realm: &str) -> Standing<'a> {
    let grants = match &caller.authority {
        Authority::Everything => return Standing::Operator,
        Authority::Granted(grants) => grants,
    };
    let in_realm = grants.iter().filter(|grant| grant.namespace.is_in(realm));
    match in_realm.max_by_key(|grant| grant.role) {
        Some(grant) => Standing::Role { role: grant.role, granted_on: &grant.namespace },
        None => Standing::Stranger,
    }
}

/// Whether `caller` has any role in `namespace` or below it.
pub fn stands_below(caller: &Caller, namespace: &Namespace) -> bool {
    match &caller.authority {
        Authority::Everything => true,
        Authority::Granted(grants) => grants.iter().any(|grant| namespace.holds(&grant.namespace)),
    }
}

/// What `caller` may see of `realm`: every role may look.
pub fn visible(caller: &Caller, realm: &str) -> Visible {
    let grants = match &caller.authority {
        Authority::Everything => return Visible::Everything,
        Authority::Granted(grants) => grants,
    };
    let mut paths: Vec<String> = Vec::new();
    for grant in grants.iter().filter(|grant| grant.namespace.is_in(realm)) {
        if grant.namespace.path.is_empty() {
            return Visible::Everything;
        }
        paths.push(grant.namespace.path.to_string());
    }
    paths.sort_unstable();
    paths.dedup();
    Visible::Below(paths)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use pilothouse_model::{Grant, Principal, PrincipalKind};

    use super::*;

    /// `subject role namespace`, one per line.
    fn caller(grants: &[(&str, Role, &str)]) -> Caller {
        let principal =
            Principal { id: "user:jo".into(), kind: PrincipalKind::User, name: "jo".into() };
        let grant = |(subject, role, namespace): &(&str, Role, &str)| Grant {
            subject: Arc::from(*subject),
            namespace: namespace.parse().unwrap(),
            role: *role,
        };
        Caller::new(principal).granted(grants.iter().map(grant).collect())
    }

    fn role(caller: &Caller, namespace: &str) -> Option<Role> {
        match standing(caller, &namespace.parse().unwrap()) {
            Standing::Role { role, .. } => Some(role),
            Standing::Stranger => None,
            Standing::Operator => panic!("{namespace}"),
        }
    }

    use Role::{Deployer, Owner, Publisher, Viewer};

    #[test]
    fn the_nearest_grant_of_a_subject_counts_also_when_it_is_smaller() {
        let jo = caller(&[
            ("user:jo", Owner, "acme"),
            ("user:jo", Viewer, "acme/prod"),
            ("user:jo", Deployer, "acme/prod/web"),
        ]);
        for (namespace, expected) in [
            ("acme", Some(Owner)),
            ("acme/dev", Some(Owner)),
            ("acme/prod", Some(Viewer)),
            ("acme/prod/db", Some(Viewer)),
            ("acme/prod/web/blue", Some(Deployer)),
            ("acme2", None),
            ("other", None),
            ("harness:acme", None),
        ] {
            assert_eq!(role(&jo, namespace), expected, "{namespace}");
        }
    }

    #[test]
    fn of_several_subjects_any_may_grant() {
        let jo = caller(&[
            ("user:jo", Viewer, "acme/prod"),
            ("team:ops", Publisher, "acme"),
            ("team:sre", Deployer, "*"),
            ("team:sre", Viewer, "harness:"),
        ]);
        assert_eq!(role(&jo, "acme/prod"), Some(Deployer));
        assert_eq!(role(&jo, "harness:a/b"), Some(Viewer), "a realm is nearer than everything");
        assert_eq!(role(&jo, "mctl:labs"), Some(Deployer));
    }

    #[test]
    fn a_list_shows_what_any_role_reaches() {
        let jo = caller(&[
            ("user:jo", Viewer, "acme/prod"),
            ("team:ops", Owner, "acme/prod"),
            ("user:jo", Viewer, "harness:"),
        ]);
        let below = |paths: &[&str]| Visible::Below(paths.iter().map(|p| (*p).into()).collect());
        assert_eq!(visible(&jo, "tharsis"), below(&["acme/prod"]));
        assert_eq!(visible(&jo, "harness"), Visible::Everything);
        assert_eq!(visible(&jo, "mctl"), below(&[]));
        assert_eq!(standing_anywhere(&jo, "mctl"), Standing::Stranger);
        assert!(standing_anywhere(&jo, "tharsis").reaches(Some(Owner)));
    }

    #[test]
    fn the_operator_needs_no_grant_and_nobody_else_goes_without() {
        let operator = Caller::new(Principal::local_user("root"));
        let anywhere = Namespace::terraform("acme");
        assert!(standing(&operator, &anywhere).reaches(None));
        assert_eq!(visible(&operator, "tharsis"), Visible::Everything);
        let nobody = caller(&[]);
        assert!(!standing(&nobody, &anywhere).reaches(Some(Viewer)));
        let everything = caller(&[("user:jo", Owner, "*")]);
        assert!(standing(&everything, &anywhere).reaches(Some(Owner)));
        assert!(!standing(&everything, &anywhere).reaches(None), "what no role allows");
    }
}
