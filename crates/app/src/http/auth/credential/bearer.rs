//! Access tokens that our own authorization server issued.

use std::sync::Arc;

use async_trait::async_trait;
use pilothouse_access::{Bearers, bearer::Refusal};
use pilothouse_model::{Caller, Timestamp};

use super::{Credential, Presented, Refused};

#[async_trait]
impl Credential for Arc<Bearers> {
    async fn caller(&self, presented: &Presented<'_>) -> Result<Option<Caller>, Refused> {
        let Some(token) = presented.token else { return Ok(None) };
        match self.verify(token, presented.path, Timestamp::now()).await {
            Ok(caller) => Ok(Some(caller)),
            Err(Refusal::Foreign) => Ok(None),
            Err(Refusal::Failed(error)) => Err(error.into()),
            Err(refusal) => Err(Refused::invalid(format!("the token is not valid: {refusal}"))),
        }
    }
}
