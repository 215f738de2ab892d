//! The bearer token that all clients of a Harness server share, as its variable
//! `HARNESS_MCP_AUTH_TOKEN` says. It is good for Harness and for nothing else.

use async_trait::async_trait;
use pilothouse_access::token::SharedToken;
use pilothouse_model::{Caller, Grant, Namespace, Role};

use super::{Credential, Presented, Refused};

/// The platform that the token opens.
const REALM: &str = "harness";

#[async_trait]
impl Credential for SharedToken {
    async fn caller(&self, presented: &Presented<'_>) -> Result<Option<Caller>, Refused> {
        let Some(principal) = presented.token.and_then(|token| self.verify(token)) else {
            return Ok(None);
        };
        let (subject, namespace) = (principal.id.clone().into(), Namespace::new(REALM, ""));
        let grant = Grant { subject, namespace, role: Role::Owner };
        Ok(Some(Caller::new(principal).granted(vec![grant])))
    }
}
