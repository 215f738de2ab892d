//! Who is calling. A [`Caller`] travels with every call, in process as a typed request extension
//! that no network request can set.

use std::sync::{Arc, OnceLock};

use serde::{Deserialize, Serialize};

use crate::{Authority, Grant, Risk, Scopes};

/// What kind of identity a principal is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PrincipalKind {
    /// Who runs this installation: may do everything.
    Operator,
    User,
    ServiceAccount,
    External,
    /// A named key that an operator made.
    ApiKey,
}

impl PrincipalKind {
    /// What the id of a principal says that it is.
    pub fn of_id(id: &str) -> Self {
        match id.split_once(':') {
            Some(("user", _)) => Self::User,
            Some(("sa" | "client", _)) => Self::ServiceAccount,
            Some(("key", _)) => Self::ApiKey,
            _ => Self::External,
        }
    }
}

/// An authenticated identity: what a token, a socket or the operating system proved.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Principal {
    /// Stable and unique, for instance `user:root` or `sa:0193…`.
    pub id: String,
    pub kind: PrincipalKind,
    /// What people read in logs, commits and approvals.
    pub name: String,
}

impl Principal {
    /// The operating-system user, who owns a stdio server and its data directory.
    pub fn local_user(name: &str) -> Self {
        Self { id: format!("user:{name}"), kind: PrincipalKind::Operator, name: name.to_owned() }
    }
}

/// A principal in the middle of one call.
#[derive(Clone, Debug)]
pub struct Caller {
    pub principal: Arc<Principal>,
    /// The agent space the call arrived through, if any.
    pub space: Option<Arc<str>>,
    /// What the credential is limited to; everything for one that knows no scopes.
    pub scopes: Scopes,
    /// Ties together the audit rows and log lines of one call.
    pub request_id: Arc<str>,
    /// The teams that the principal is in, as subjects: `team:ops`.
    pub teams: Arc<[String]>,
    /// What the principal was granted when the call began.
    pub authority: Authority,
    /// The gateway has decided about this call: whoever carries it out applies the authority and
    /// asks no policy again.
    pub decided: bool,
    /// The scopes for want of which the call was stopped, if it was: for whoever let it in.
    pub missing: Arc<OnceLock<Scopes>>,
}

impl Caller {
    /// Everything is granted to an operator, nothing to anybody else; see [`Caller::granted`].
    pub fn new(principal: Principal) -> Self {
        let authority = match principal.kind {
            PrincipalKind::Operator => Authority::Everything,
            _ => Authority::nothing(),
        };
        Self {
            principal: Arc::new(principal),
            space: None,
            scopes: Scopes::ALL,
            request_id: uuid::Uuid::now_v7().simple().to_string().into(),
            teams: Arc::default(),
            authority,
            decided: false,
            missing: Arc::default(),
        }
    }

    /// The scopes to ask for, when the token is not good for an operation (`platform.type.name`) of
    /// this risk. The first such answer is kept in [`Caller::missing`].
    pub fn lacks(&self, operation: &str, risk: Risk) -> Option<Scopes> {
        if self.scopes.permit(operation, risk) {
            return None;
        }
        let needed = self.scopes.step_up(operation, risk);
        self.missing.get_or_init(|| needed);
        Some(needed)
    }

    /// The same caller, limited to `scopes`.
    #[must_use]
    pub fn limited_to(self, scopes: Scopes) -> Self {
        Self { scopes, ..self }
    }

    /// The same call with what was granted to its principal. An operator keeps everything.
    #[must_use]
    pub fn granted(self, grants: Vec<Grant>) -> Self {
        match self.authority {
            Authority::Everything => self,
            Authority::Granted(_) => Self { authority: Authority::granted(grants), ..self },
        }
    }

    /// The same call, once the gateway has decided about it.
    #[must_use]
    pub fn decided(self) -> Self {
        Self { decided: true, ..self }
    }

    /// The same principal in a new call.
    #[must_use]
    pub fn next_call(&self) -> Self {
        Self { request_id: uuid::Uuid::now_v7().simple().to_string().into(), ..self.clone() }
    }
}
