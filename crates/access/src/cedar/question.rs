//! All that an answer of the policies depends on: the same question has the same answer for as long
//! as the policies are the same.

use std::sync::Arc;

use pilothouse_model::{Caller, Namespace, Principal, Risk, Scopes};

/// A call, as far as policies can tell it from others.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Question {
    principal: Arc<Principal>,
    teams: Arc<[String]>,
    scopes: Scopes,
    space: Option<Arc<str>>,
    operation: Box<str>,
    risk: Risk,
    place: Namespace,
    /// Whether what is below the place counts, too.
    below: bool,
}

impl Question {
    pub(super) fn new(
        caller: &Caller,
        operation: &str,
        risk: Risk,
        place: &Namespace,
        below: bool,
    ) -> Self {
        let Caller { principal, teams, scopes, space, .. } = caller;
        Self {
            principal: Arc::clone(principal),
            teams: Arc::clone(teams),
            scopes: *scopes,
            space: space.clone(),
            operation: operation.into(),
            risk,
            place: place.clone(),
            below,
        }
    }
}
